"""What is offered for deleting, locking and refusing, and what is better left alone?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from analyzer.report.first_aid import aid, ids
from analyzer.report.first_aid_text import as_text
from tests.report.conftest import START, listing

WAITS = {"status": "deferred"}
LATER = {"origin_life": 1}


@pytest.mark.parametrize("status", ["deferred", "held", "unknown"])
def test_abuse_that_waits_at_the_end_of_the_log_is_offered_for_deleting(case, status):
    told = aid(case(deliveries=[{"status": status}]))
    assert ids(told) == ["4A1"]
    assert told["queue"]["ground"] == "log"


@pytest.mark.parametrize(
    "row",
    [
        {"status": "delivered"},
        {"status": "bounced"},
        WAITS | {"verdict": "legitimate"},
        WAITS | {"verdict": "unclear"},
    ],
    ids=["delivered", "bounced", "innocent", "unclear"],
)
def test_nothing_is_deleted_that_is(case, row):
    assert ids(aid(case(deliveries=[row]))) == []


def test_what_is_unclear_and_waits_is_counted(case):
    assert aid(case(deliveries=[WAITS | {"verdict": "unclear"}]))["queue"]["not_sure"] == 1


def test_an_id_that_an_innocent_message_has_by_now_is_not_deleted(case):
    told = aid(case(deliveries=[WAITS, LATER | {"verdict": "legitimate", "status": "delivered"}]))
    assert ids(told) == []


def test_an_id_is_not_deleted_that_a_message_has_by_now_of_which_no_delivery_is_logged(case):
    later = {"received": START + timedelta(hours=1)}
    newer = case(deliveries=[WAITS, later]).messages
    made = replace(case(deliveries=[WAITS]), messages=newer)
    assert ids(aid(made)) == []
    assert ids(aid(replace(made, messages=newer.slice(0, 1)))) == ["4A1"]


def test_lines_that_nobody_read_are_told_of_and_never_look_like_peace(case):
    told = aid(case(deliveries=[]))
    assert told["unread"] == 1
    assert "Beware: 1 line of mail servers could not be read and may hide more." in as_text(told)
    assert not any("Beware" in line for line in as_text(told | {"unread": 0}))


def test_a_message_for_many_counts_once(case):
    told = aid(case(deliveries=[WAITS, WAITS | {"recipient": "c@other.example"}]))
    (message,) = told["queue"]["messages"]
    assert message["recipients"] == 2


def test_a_listing_of_the_queue_is_believed_before_the_log(case):
    made = case(deliveries=[WAITS])
    made.queue = listing({"queue_id": "4B7"}, {"queue_id": "4C9", "verdict": "legitimate"})
    told = aid(made)
    assert (told["queue"]["ground"], ids(told)) == ("listing", ["4B7"])


def test_an_id_cannot_smuggle_a_command_into_the_pipe(case):
    made = case()
    made.queue = listing({"queue_id": "4B7; rm -rf /"}, {"queue_id": "ALL\nx"}, {"queue_id": "4C9"})
    assert ids(aid(made)) == ["4C9"]


def test_a_stolen_account_is_locked_with_its_count(case):
    stolen = {"mechanism": "stolen_account", "auth_user": "ann"}
    (account,) = aid(case(deliveries=[stolen, stolen | LATER]))["accounts"]
    assert (account["account"], account["messages"]) == ("ann", 2)


HERE = "1 program of the mail server's own machine sent it:"
INSIDE = {"mechanism": "trusted_host", "client_ip": "10.0.0.9", "detector": "trusted_host"}
OF_ANN = INSIDE | {"origin_sender": "ann@example.org"}


@pytest.mark.parametrize(
    ("detector", "subject", "kind", "words"),
    [
        ("trusted_host", "10.0.0.9", "ip", "1 host of yours sent it:"),
        ("local_injection", "33", "uid", "1 local user sent it:"),
        (
            "local_injection",
            "127.0.0.1",
            "ip",
            "1 program of the mail server's own machine sent it:",
        ),
        (
            "local_injection",
            "EX01",
            "server",
            "1 program of the mail server's own machine sent it:",
        ),
    ],
    ids=["a host", "a local user", "a program by SMTP", "a program by the pickup folder"],
)
def test_what_sent_it_inside_is_named(case, detector, subject, kind, words):
    finding = {"detector": detector, "subject": subject, "subject_kind": kind, "messages": 7}
    told = aid(case(findings=[finding]))
    assert [(one["subject"], one["messages"]) for one in told["inside"]] == [(subject, 7)]
    assert words in as_text(told)


@pytest.mark.parametrize(
    ("count", "them", "honest"),
    [(1, "it", "it may be honest"), (2, "them", "honest mail may be among them")],
)
def test_what_can_be_done_is_told_in_words_that_fit_the_count(case, count, them, honest):
    ways = [
        {"detector": "trusted_host", "subject": f"10.0.0.{n}", "subject_kind": "ip"}
        for n in range(count)
    ]
    waiting = [WAITS | {"origin_life": n, "queue_id": f"4A{n}"} for n in range(count)]
    unsure = [row | {"verdict": "unclear", "queue_id": f"{row['queue_id']}F"} for row in waiting]
    text = " ".join(" ".join(as_text(aid(case(deliveries=waiting, findings=ways)))).split())
    assert f"To delete {them}:" in text
    assert f"take {them} off the network" in text
    text = " ".join(" ".join(as_text(aid(case(deliveries=unsure, findings=ways)))).split())
    assert f"look first, {honest}." in text


@pytest.mark.parametrize(
    "finding", [{"verdict": "possible"}, {"kind": "attempt"}], ids=["doubtful", "refused"]
)
def test_what_did_not_surely_send_it_is_not_stopped(case, finding):
    assert aid(case(findings=[INSIDE | {"subject": "10.0.0.9"} | finding]))["inside"] == []


def test_a_gateway_is_not_stopped(case):
    finding = {"detector": "trusted_host", "subject": "10.0.0.9", "subject_kind": "ip"}
    rows = [INSIDE | {"origin_masked": True}]
    assert aid(case(deliveries=rows, findings=[finding]))["inside"] == []


def test_a_sender_of_ours_of_nearly_all_is_the_account_behind_a_webmail(case):
    told = aid(case(deliveries=[OF_ANN, OF_ANN | LATER]))
    assert told["mailbox"] == {"sender": "ann@example.org", "messages": 2}
    assert "ann@example.org" in "\n".join(as_text(told))
    finding = {"detector": "trusted_host", "subject": "10.0.0.9", "subject_kind": "ip"}
    lines = as_text(aid(case(deliveries=[OF_ANN], findings=[finding])))
    assert any("look first in the log there" in line for line in lines)
    both = [OF_ANN, OF_ANN | LATER | {"origin_sender": "ben@example.org"}]
    assert aid(case(deliveries=both))["mailbox"] is None


def test_a_strangers_address_is_refused(case):
    (address,) = aid(case())["addresses"]
    assert (address["ip"], address["messages"]) == ("203.0.113.7", 1)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{"origin_masked": True}], "gateway"),
        ([{"client_ip": "10.1.2.3"}], "ours"),
        ([{"client_ip": "127.0.0.1"}], "ours"),
        ([{"client_ip": "172.17.0.1"}], "private"),
        ([{"client_ip": "fe80::1"}], "private"),
        ([{}, LATER | {"verdict": "legitimate", "mechanism": None}], "1 innocent message"),
    ],
    ids=["a gateway", "of our networks", "the server", "a private one", "a link's", "a shared one"],
)
def test_an_address_is_not_offered_that_is(case, rows, reason):
    told = aid(case(deliveries=rows))
    assert told["addresses"] == []
    assert reason in told["not_offered"][0]["reason"]


def test_a_finding_of_a_mask_protects_its_address(case):
    mask = {"detector": "mask", "kind": "limit", "mechanism": None, "finding_id": "mask-1"}
    assert aid(case(findings=[{}, mask]))["addresses"] == []


@pytest.mark.parametrize("network", ["0.0.0.0/0", "203.0.0.0/8"])
def test_a_network_too_wide_to_be_anybodys_own_protects_nobody(case, network):
    site = {"origin": "given", "networks": [network], "timezone": "UTC"}
    assert len(aid(case(site=site))["addresses"]) == 1


@pytest.mark.parametrize("mta", ["postfix", "sendmail", "exchange"])
def test_the_words_are_those_of_the_mail_server_and_no_line_is_too_wide(case, mta):
    evil = {"mta": mta, "queue_id": "4Z9", "auth_user": "\x1b[2Jann", "mechanism": "stolen_account"}
    lines = as_text(aid(case(deliveries=[WAITS | {"mta": mta}, LATER | evil])))
    words = {"postfix": "postsuper -d", "sendmail": "-Qabuse", "exchange": "Remove-Message"}[mta]
    assert words in "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert not any("\x1b" in line for line in lines)


def block(lines, first):
    """The lines after that one, up to an empty one."""
    begins = lines.index(first) + 1
    rest = lines[begins:]
    return rest[: rest.index("")]


@pytest.mark.parametrize(
    ("mta", "head", "said"),
    [
        (
            "postfix",
            "In a cidr table that check_client_access names, before any permit:",
            "203.0.113.7/32 REJECT",
        ),
        ("sendmail", "In /etc/mail/access, then makemap:", "Connect:203.0.113.7 REJECT"),
        ("exchange", "In the Exchange shell:", "Add-IPBlockListEntry -IPAddress 203.0.113.7"),
    ],
)
def test_addresses_can_be_pasted_for_counts_are_comments(case, mta, head, said):
    lines = as_text(aid(case(deliveries=[{"mta": mta}])))
    assert block(lines, head) == ["# 1 message", said]


def test_a_local_user_is_stopped_by_his_own_name_and_no_other(case):
    finding = {"detector": "local_injection", "subject_kind": "uid", "mechanism": "local_injection"}
    named = [{"subject": "10014"}, {"subject": "$(reboot)", "finding_id": "local_injection-2"}]
    lines = as_text(aid(case(findings=[finding | name for name in named])))
    assert "    getent passwd 10014    # begins with NAME" in lines
    assert "    authorized_submit_users = !NAME, static:all" in lines
    assert not [line for line in lines if "reboot" in line and "uid" not in line]
