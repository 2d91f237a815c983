"""What does a log show of who is local, and what does it only hint at?"""

import lzma
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from analyzer.messages.grounds import denied, domains, own_hosts
from analyzer.pipeline import inferring
from analyzer.site import domain_key, load

SAMPLES = Path(__file__).parents[2] / "sample_logs"
SENT = {
    "daemon": "smtp",
    "service": None,
    "recipient": "bob@far.example",
    "orig_recipient": None,
    "status": "sent",
    "two_readings": False,
}


def told(*tried, refused=()):
    log = pd.DataFrame([SENT | row for row in tried], columns=list(SENT)).astype(object)
    said = pd.DataFrame(list(refused), columns=["recipient", "reply"]).astype(object)
    found = domains(log, said)
    return set(zip(found["key"], found["value"], found["ground"], strict=True))


def refusal(recipient, words):
    return (recipient, f"550 5.1.1 <{recipient}>: {words}")


@pytest.mark.parametrize("daemon", ["local", "virtual", "lmtp", "storedriver"])
def test_a_domain_whose_mail_ends_here_is_ours(daemon):
    assert told({"daemon": daemon, "recipient": "jo@corp.example"}) == {
        ("domains", "corp.example", "delivered")
    }


def test_a_domain_that_is_only_passed_on_is_not_ours():
    assert told({}) == set()


def test_a_domain_whose_addresses_are_rewritten_here_is_ours():
    assert told({"orig_recipient": "info@corp.example"}) == {
        ("domains", "corp.example", "rewritten")
    }


def test_a_domain_that_goes_out_by_the_service_relay_is_one_we_are_backup_of():
    assert told({"service": "relay"}) == {("relay_domains", "far.example", "relay_service")}


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("Recipient address rejected: User unknown in local recipient table", "domains"),
        ("Recipient address rejected: User unknown in virtual mailbox table", "domains"),
        ("Recipient address rejected: User unknown in virtual alias table", "domains"),
        ("Recipient address rejected: User unknown in relay recipient table", "relay_domains"),
    ],
)
def test_who_calls_a_user_unknown_in_its_own_table_has_the_domain(words, key):
    refused = [refusal("no@corp.example", words)]
    assert told(refused=refused) == {(key, "corp.example", "unknown_user")}


def test_a_strangers_address_that_reads_like_such_a_refusal_tells_nothing():
    address = '": User unknown in local recipient table"@far.example'
    assert told(refused=[refusal(address, "Relay access denied")]) == set()


def test_a_domain_for_which_relaying_is_refused_is_not_ours_but_for_routes():
    routed = refusal("bob%far.example@corp.example", "Relay access denied")
    plain = refusal("bob@far.example", "Relay access denied")
    said = pd.DataFrame([routed, plain], columns=["recipient", "reply"])
    assert denied(said) == {"far.example"}


@pytest.mark.parametrize(
    ("name", "ours"),
    [("mx1.corp.example", True), ("mx1.far.example", False), ("mx2.corp.example", False)],
    ids=["its name in our domain", "its short name elsewhere", "another name of ours"],
)
def test_a_client_is_the_server_itself_if_its_verified_name_says_so(name, ours):
    import pyarrow as pa

    row = {"rank": 1, "server": "mx1", "client_name": name, "client_ip": "192.0.2.25"}
    found = own_hosts({"client": pa.Table.from_pylist([row])}, frozenset({"corp.example"}))
    assert ("192.0.2.25" in set(found["value"])) == ours


# The samples, each with the site that the server really had.

# Mail for these is in no line of that log, or in too few; Sendmail does not log what it rewrites.
NOT_SHOWN = {
    "sendmail-open-relay": {
        "xn--weberei-mhle-llb.example",
        "partner-looms.example",
        "hilltop-dye.example",
    }
}
LOGS = {
    "postfix-clean": ["mail.log.xz"],
    "postfix-open-relay": ["mail.log.xz"],
    "sendmail-open-relay": ["maillog.xz"],
    "exchange-2016-open-relay": ["EX01", "EX02"],
    "exchange-2003-open-relay": ["20261201.log.xz", "20261202.log.xz", "20261203.log.xz"],
}


@cache
def inferred(sample):
    found = inferring.infer([SAMPLES / sample / name for name in LOGS[sample]], year=2026).found
    return found, load(SAMPLES / sample / "site.toml")


@pytest.mark.parametrize("sample", LOGS)
def test_every_domain_that_a_sample_shows_is_found_and_no_foreign_one(sample):
    found, site = inferred(sample)
    ours = set(map(domain_key, [*site.domains, *(site.relay_domains or [])]))
    names = set(found.loc[found["key"].isin(["domains", "relay_domains"]), "value"])
    assert names == ours - NOT_SHOWN.get(sample, set())


@pytest.mark.parametrize("sample", LOGS)
def test_every_network_that_a_sample_shows_is_found_and_no_foreign_one(sample):
    import ipaddress

    found, site = inferred(sample)
    names = found.loc[found["key"].eq("networks"), "value"]
    networks = [ipaddress.ip_network(name) for name in names]

    def of_site(network):
        return [n for n in site.networks if n.version == network.version and network.subnet_of(n)]

    assert all(map(of_site, networks))
    shown = {n for network in networks for n in of_site(network)}
    assert shown == {n for n in site.networks if not n.is_loopback}


@pytest.mark.parametrize("sample", ["postfix-clean", "postfix-open-relay"])
def test_the_lists_and_forwards_that_a_sample_shows_are_those_of_its_site(sample):
    found, site = inferred(sample)
    assert found.loc[found["key"].eq("lists"), "value"].tolist() == site.lists
    forwards = found[found["key"].eq("forwards")]
    targets = {target for targets in site.forwards.values() for target in targets}
    assert len(forwards)
    assert set(forwards["target"]) <= targets


def test_hosts_that_the_spammers_of_a_sample_used_are_no_hint():
    found, _ = inferred("postfix-open-relay")
    assert not found["value"].str.startswith(("203.0.113.", "198.1", "2001:db8:bad")).any()


def test_of_a_gateway_before_another_server_the_domain_that_strangers_write_to_is_a_hint():
    log = Path(__file__).with_name("gateway_before_another_server.log")
    found = inferring.infer([log], year=2026).found
    hint = found[found["key"].eq("relay_domains")]
    assert hint[["value", "confidence", "times"]].to_numpy().tolist() == [
        ["corp.example", "low", 3]
    ]


def test_an_address_that_one_next_hop_alone_quotes_is_not_believed(tmp_path):
    log = lzma.decompress((SAMPLES / "postfix-open-relay/mail.log.xz").read_bytes())
    one = b"\n".join(
        line for line in log.split(b"\n") if b"[198.51.100.11]" not in line or b"said" not in line
    )
    (tmp_path / "mail.log").write_bytes(one)
    found = inferring.infer([tmp_path / "mail.log"], year=2026).found
    assert "192.0.2.25" not in set(found["value"])


def test_sendmail_names_a_list_by_its_owner_and_forwards_by_their_end_alone():
    log = Path(__file__).with_name("sendmail_expansions.log")
    found = inferring.infer([log], year=2026).found
    rows = found[found["key"].isin(["lists", "forwards"])]
    assert rows[["value", "target", "confidence"]].fillna("").to_numpy().tolist() == [
        ["news@corp.test", "", "medium"],
        ["jo@corp.test", "jo@home.test", "high"],
        ["?", "pat@home.test", "low"],
    ]


def test_whom_sendmail_sends_on_to_in_a_sample_are_the_ends_of_its_forwards():
    found, site = inferred("sendmail-open-relay")
    ends = set(found.loc[found["key"].eq("forwards"), "target"])
    assert len(ends) == 8
    assert ends <= {target for targets in site.forwards.values() for target in targets}


FATE = "delay=00:00:01, xdelay=00:00:01, mailer={mailer}, dsn=2.0.0, stat=Sent (ok)\n"
SENT_FOR_US = (
    "Dec  {day} 05:{minute}:00 mx1 sendmail[11]: {id}: from=<{sender}@corp.example>, size=9, "
    "class=0, nrcpts=1, msgid=<{id}@pc.example>, proto=ESMTP, daemon=MTA, "
    "relay=[{ip}]\n"
    "Dec  {day} 05:{minute}:01 mx1 sendmail[13]: {id}: to=<{to}>, " + FATE
)


@pytest.mark.parametrize(
    ("senders", "said"),
    [
        (("ann", "ann"), "under ann@corp.example alone, as 1 more such address"),
        (("ann", "bob"), "a host of yours, or"),
    ],
    ids=["one sender from two addresses", "each its own"],
)
def test_an_address_without_a_name_is_told_by_itself_and_with_whose_mail_it_sent(
    tmp_path, senders, said
):
    own = {"to": "jo@corp.example", "mailer": "local, pri=1", "sender": "ann", "ip": "192.0.2.1"}
    log = SENT_FOR_US.format(day=6, minute=10, id="uB65A0A1000100", **own) + "".join(
        SENT_FOR_US.format(
            day=day,
            minute=minute,
            id=f"uB{day}5{minute}A000000{place}",
            to=f"bob@far{minute}.example",
            mailer="esmtp, pri=1, relay=mx.far.example. [192.0.2.9]",
            ip=f"203.0.113.{place}",
            sender=sender,
        )
        for day in (7, 8)
        for minute in (10, 11)
        for place, sender in enumerate(senders, 1)
    )
    (tmp_path / "mail.log").write_text(log, "ascii")
    found = inferring.infer([tmp_path / "mail.log"], year=2026).found
    reasons = found.set_index("value").loc["203.0.113.1/32", "reason"]
    assert reasons.startswith("203.0.113.1 sent to 2 domains on 2 days")
    assert said in reasons
