"""When is an address listed, when not, and when is nothing known? By a DNS server of our own."""

import json

import pytest

pytest.importorskip("dns", reason="dnspython, of the extra [live], is not installed")

from analyzer.errors import SettingsError
from analyzer.impact import blocklists
from analyzer.probe import dnsbl, tell_dnsbl
from analyzer.probe.dnsbl import LISTED, NOT_LISTED, POLICY, UNKNOWN
from analyzer.probe.resolver import resolver
from tests.probe.fake_dns import REFUSED, SERVFAIL, SILENT, FakeDns

ZEN = next(zone for zone in blocklists.zones() if zone["zone"] == "zen.spamhaus.org")
OURS, SIX = "203.0.113.42", "2001:db8::25"
NAME = "42.113.0.203.zen.spamhaus.org"
NIBBLES = "5.2.0.0." + "0." * 20 + "8.b.d.0.1.0.0.2.zen.spamhaus.org"
LISTS_ITSELF, LISTS_NOBODY = "2.0.0.127.zen.spamhaus.org", "1.0.0.127.zen.spamhaus.org"
ALIVE = {LISTS_ITSELF: ["127.0.0.2"]}


def checked(names, addresses=(OURS,), zones=(ZEN,)):
    """The result, and what the list was asked."""
    with FakeDns(names) as server:
        look = resolver(server.place, patience=0.2)
        result = dnsbl.check(addresses, zones, look, sleep=lambda _: None)
    return result, server.asked


def row(names, address=OURS):
    (only,) = checked(names, [address])[0]["addresses"]
    return only


@pytest.mark.parametrize(
    ("answers", "state", "word"),
    [
        (["127.0.0.2"], LISTED, "SBL"),
        (["127.0.0.3"], LISTED, "CSS"),
        (["127.0.0.4"], LISTED, "XBL"),
        (["127.0.0.9"], LISTED, "DROP"),
        (["127.0.0.10"], POLICY, "PBL"),
        (["127.0.0.11"], POLICY, "PBL"),
        (["127.0.0.2", "127.0.0.10"], LISTED, "SBL"),
        (["127.0.0.99"], LISTED, "code 127.0.0.99"),
        (["127.255.255.252"], UNKNOWN, "written wrongly"),
        (["127.255.255.254"], UNKNOWN, "public resolvers"),
        (["127.255.255.255"], UNKNOWN, "too much"),
        (["127.255.255.7"], UNKNOWN, "error"),
        (["127.0.0.2", "127.255.255.254"], UNKNOWN, "public resolvers"),
        (["198.51.100.1"], UNKNOWN, "no list does"),
        (None, NOT_LISTED, ""),
        (["a text alone"], NOT_LISTED, ""),
        (SERVFAIL, UNKNOWN, "SERVFAIL"),
        (REFUSED, UNKNOWN, "refused"),
        (SILENT, UNKNOWN, "no answer in time"),
    ],
)
def test_an_answer_means(answers, state, word):
    told = row(ALIVE | ({} if answers is None else {NAME: answers}))
    assert told["state"] == state
    assert word in told["meaning"]


def test_a_listing_comes_with_the_lists_own_words_and_page():
    told = row(ALIVE | {NAME: ["127.0.0.3", "see https://list.example/q"]})
    assert told["text"] == "see https://list.example/q"
    assert told["page"] == ZEN["page"]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({}, "does not list 127.0.0.2"),
        ({LISTS_ITSELF: ["127.0.0.2"], LISTS_NOBODY: ["127.0.0.2"]}, "lists the world"),
        ({LISTS_ITSELF: ["127.255.255.254"]}, "public resolvers"),
        ({LISTS_ITSELF: SERVFAIL}, "SERVFAIL"),
        ({LISTS_ITSELF: SILENT}, "in time"),
        ({LISTS_ITSELF: ["127.0.0.2"], LISTS_NOBODY: REFUSED}, "refused"),
        ({LISTS_ITSELF: ["127.0.0.2"], LISTS_NOBODY: ["127.255.255.255"]}, "too much"),
    ],
)
def test_a_list_that_is_ill_is_not_believed_and_does_not_learn_our_address(names, why):
    result, asked = checked(names | {NAME: ["127.0.0.2"]})
    assert not result["zones"][0]["healthy"]
    assert result["addresses"][0]["state"] == UNKNOWN
    assert why in result["addresses"][0]["meaning"]
    assert NAME not in [name for name, _ in asked]


def test_a_pause_lies_between_any_two_questions_to_one_list():
    with FakeDns(ALIVE | {NAME: ["127.0.0.3", "see https://list.example/q"]}) as server:
        steps = []
        look = resolver(server.place, patience=0.2)
        dnsbl.check([OURS, SIX], [ZEN], look, sleep=lambda _: steps.append(len(server.asked)))
    assert server.asked[3] == (NAME, "TXT")
    assert steps == [1, 2, 3, 4, 5, 5]


def test_an_ipv6_address_is_asked_by_its_nibbles():
    assert row(ALIVE | {NIBBLES: ["127.0.0.3"]}, SIX)["state"] == LISTED


def test_a_list_without_ipv6_is_not_asked_for_it():
    result, asked = checked(ALIVE, [SIX], [ZEN | {"ipv6": False}])
    assert result["addresses"][0]["state"] == UNKNOWN
    assert NIBBLES not in [name for name, _ in asked]


@pytest.mark.parametrize(
    "text", ["10.0.0.1", "127.0.0.1", "fe80::1", "192.168.1.1", "mail.example", "x"]
)
def test_what_no_list_can_know_is_refused(text):
    with pytest.raises(SettingsError):
        dnsbl.address(text)


def test_a_mapped_address_is_its_ipv4_address():
    assert dnsbl.address("::ffff:203.0.113.42") == OURS


@pytest.mark.parametrize("zone", blocklists.zones(), ids=lambda zone: zone["zone"])
def test_every_list_of_the_data_file_is_complete(zone):
    assert set(zone) == {"zone", "provider", "ipv6", "page", "policy", "codes"}
    assert dnsbl.named(zone["zone"])["zone"] == zone["zone"]
    assert zone["page"].startswith("https://")
    assert set(zone["policy"]) <= zone["codes"].keys()
    assert zone["provider"] in {entry["provider"] for entry in blocklists.entries()} | {"PSBL"}


def test_the_words_of_a_list_cannot_act_on_the_terminal_and_no_line_is_too_wide():
    result, _ = checked(ALIVE | {NAME: ["127.0.0.3", "\x1b[2J" + "x" * 180]})
    lines = tell_dnsbl.as_text(result | {"asked": "2026-12-08T05:00:00Z"})
    assert not any("\x1b" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_the_command_tells_each_list_and_fails_only_if_asked_to(monkeypatch, relaytrail):
    monkeypatch.setattr(dnsbl, "PACE", 0)
    with FakeDns(ALIVE | {NAME: ["127.0.0.3"]}) as server:
        for more, code in (((), 0), (("--fail-on-findings",), 1)):
            arguments = ["dnsbl", OURS, "--zone", "zen.spamhaus.org", "--resolver", server.place]
            ended, out, _ = relaytrail(*arguments, "--json", *more)
            assert ended == code
            told = json.loads(out)
            assert [r["state"] for r in told["addresses"]] == [LISTED]
