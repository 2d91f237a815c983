"""Texts to send say what a case shows, and leave open what only the administrator knows."""

from __future__ import annotations

import csv
import email
import io
import json
from datetime import timedelta

import pytest

from analyzer.report.texts import AUDIENCES
from tests.report.conftest import START

LEGITIMATE = {"verdict": "legitimate", "mechanism": None}
LOGIN = {"mechanism": "stolen_account", "auth_user": "ann"}
CLEAN = {"messages_since": 240}


def flat(text):
    return " ".join(text.split())


def request(made):
    (text,) = AUDIENCES["delisting"](made).values()
    return flat(text)


def with_impact(made, **impact):
    made.impact |= impact
    return made


def test_a_delisting_request_states_cause_end_clean_hours_proof_and_their_words(case):
    told = request(with_impact(case(), clean=CLEAN))
    assert "To: Spamhaus SBL (https://check.spamhaus.org/)" in told
    assert "Cause: an open relay: the server accepted mail from outside addresses" in told
    assert "1 message for 1 recipient, from 8 Dec 2026, 05:00 UTC to 8 Dec 2026, 05:00 UTC" in told
    assert "none in the 19 h to the end of the log" in told
    assert "in which the server took 240 other messages" in told
    assert "The door is closed. 1 attempt to relay was refused" in told
    assert "“554 5.7.1 Service unavailable; Client host blocked”" in told
    assert "mail.log:7" in told


def test_the_fix_is_left_to_whoever_made_it(case):
    assert "Fix: [What was changed, and when: the log does not say it." in request(case())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"attempts": []}, "[The log does not show that the door is closed."),
        ({"inputs": [{"last": "2026-12-08T05:30:00Z"}]}, "[Do not send this yet: the log ends"),
        (
            {"attempts": [{"client_ip": "198.51.100.77"}]},
            "[The log does not show that the door is closed.",
        ),
        ({"deliveries": [LOGIN], "findings": [LOGIN]}, "[The log does not show that the door"),
    ],
    ids=[
        "nobody was refused since",
        "the abuse went on",
        "only others were refused",
        "the door was a login",
    ],
)
def test_closed_is_not_claimed_where(case, change, told):
    text = request(case(**change))
    assert told in text
    assert "The door is closed" not in text


def test_an_innocent_server_asks_what_the_list_saw(case):
    told = request(case(deliveries=[LEGITIMATE], findings=[]))
    assert "none of which was found to be abuse" in told
    assert "Cause:" not in told


def test_no_list_is_told_of_innocence_that_nobody_judged(case):
    unclear = LEGITIMATE | {"verdict": "unclear"}
    told = request(case(deliveries=[unclear], findings=[]))
    assert (
        "[Do not send this yet: too little could be judged; report.html says what helps.]" in told
    )


def test_nobody_refusing_us_is_said(case):
    assert "Nobody refuses us" in request(case(blocklists=[]))


SAID = "host mx.other.example[192.0.2.9] said: 554 blocked using zen.list.example"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("list", "Servers of others refused mail of ours from 2026-12-08 07:00:00 UTC"),
        ("provider", "You refused mail of ours from 2026-12-08 07:00:00 UTC"),
    ],
)
def test_a_list_is_not_told_that_it_refused_what_others_did_who_ask_it(case, kind, told):
    text = request(case(blocklists=[{"kind": kind, "words": SAID}]))
    assert told in text
    assert ("and named you; the first, mx.other.example[192.0.2.9], said: “554" in text) is (
        kind == "list"
    )
    assert ("first at mx.other.example[192.0.2.9], in these words: “554" in text) is (
        kind == "provider"
    )


def test_our_own_address_is_what_the_list_named(case):
    quoted = [{"address": "192.0.2.25", "recipients": 3}]
    assert "About: 192.0.2.25, mx1.example.org" in request(case(blocklists=[{"quoted": quoted}]))


def test_users_are_told_what_they_may_have_seen_without_a_name(case):
    figures = [
        {"name": "own_recipients_blocked", "value": 12},
        {"name": "notices_to_own_users", "value": 3},
    ]
    made = case(deliveries=[LOGIN], findings=[LOGIN], figures=figures)
    note = flat(AUDIENCES["management"](made)["note-to-users.txt"])
    assert "12 mails of ours did not arrive" in note
    assert "3 notices of failed delivery" in note
    assert "[That the gap is closed is not shown yet" in note
    assert "ann" not in note.split()


def test_the_misused_account_is_not_told_that_it_sent_nothing(case):
    figures = [
        {"name": "notices_to_own_users", "value": 10},
        {"name": "notices_to_the_misused", "value": 7},
    ]
    note = flat(AUDIENCES["management"](case(figures=figures))["note-to-users.txt"])
    assert "3 notices of failed delivery went to people here about mail that they never" in note
    assert "7 notices of failed delivery went to the account that was misused itself" in note
    figures[1]["value"] = 10
    note = flat(AUDIENCES["management"](case(figures=figures))["note-to-users.txt"])
    assert "your mailbox did not send" not in note


POSSIBLE = {"verdict": "possible"}
UNSURE = {"verdict": "unclear"}


def test_users_are_told_of_nothing_that_only_may_have_happened(case):
    figures = [
        {"name": "notices_to_own_users", "value": 3},
        {"name": "notices_to_the_misused", "value": 1},
    ]
    made = case(
        deliveries=[LOGIN | UNSURE], findings=[LOGIN | POSSIBLE], blocklists=[], figures=figures
    )
    note = flat(AUDIENCES["management"](made)["note-to-users.txt"])
    assert note.startswith("Strangers may have used our mail server to send mail since 8 Dec 2026")
    assert "2 notices of failed delivery went to people here about mail that they may not" in note
    assert "went to the account that may have been misused" in note
    for untold in ("refused", "somebody else", "came back", "gap", "password", "What to do"):
        assert untold not in note


def test_nobody_is_asked_to_send_again_what_did_not_come_back(case):
    again = "send it again"
    assert again not in AUDIENCES["management"](case())["note-to-users.txt"]
    lost = [{"name": "own_recipients_blocked", "value": 1}]
    assert again in AUDIENCES["management"](case(figures=lost))["note-to-users.txt"]


def test_a_note_of_an_innocent_server_says_that_others_refused(case):
    made = case(deliveries=[LEGITIMATE], findings=[])
    note = flat(AUDIENCES["management"](made)["note-to-users.txt"])
    assert note.startswith("Other servers refused mail of ours; why is being looked into.")


def test_late_mail_is_what_is_more_than_usual(case):
    late = [{"name": "own_recipients_delayed", "value": 2}]
    note = flat(AUDIENCES["management"](case(figures=late))["note-to-users.txt"])
    assert "About 2 more mails than usual arrived late, or will." in note


def test_mail_that_waits_is_not_said_to_have_come_back(case):
    figures = [{"name": "own_recipients_waiting", "value": 63}]
    note = flat(AUDIENCES["management"](case(figures=figures))["note-to-users.txt"])
    assert "63 mails of ours wait here until others take mail from us again: not lost" in note
    assert "did not arrive" not in note


ENDED = {"taken_since": 79, "taken_from": "2026-12-08T10:00:00Z", "ended": True}


def test_who_takes_our_mail_again_is_not_said_to_refuse_it_still(case):
    made = case(blocklists=[ENDED, {"provider": "Barracuda"}])
    note = flat(AUDIENCES["management"](made)["note-to-users.txt"])
    assert "These refused us, and may still: Barracuda." in note
    assert "These refused us, and take our mail again: Spamhaus SBL." in note


def test_a_request_about_a_listing_that_seems_over_says_so_first(case):
    told = request(case(blocklists=[ENDED]))
    assert "[The servers that refused took 79 mails from us after their last refusal: ask" in told
    assert "The servers that refused took" not in request(case())


PARTNERS = [
    {"partner": "=cmd.example", "blocked": 2, "waiting": 5, "delayed": 7, "notice": 0},
    {"partner": "late.example", "blocked": 0, "waiting": 0, "delayed": 3, "notice": 0},
    {"partner": "quiet.example", "blocked": 0, "waiting": 0, "delayed": 0, "notice": 4},
]


def partners(made):
    told = AUDIENCES["management"](with_impact(made, harm={"by_partner": PARTNERS}))
    return list(csv.reader(io.StringIO(told["partners.csv"])))


def test_partners_are_a_table_without_formulas(case):
    late = [{"name": "own_recipients_delayed", "value": 6}]
    assert partners(case(figures=late)) == [
        ["partner_domain", "recipients_refused", "recipients_late", "recipients_still_waiting"],
        ["'=cmd.example", "2", "7", "5"],
        ["late.example", "0", "3", "0"],
    ]


def test_partners_are_told_of_no_late_mail_where_as_much_was_late_before(case):
    none = [{"name": "own_recipients_delayed", "value": 0}]
    assert partners(case(figures=none))[1:] == [["'=cmd.example", "2", "0", "5"]]


def test_an_x_arf_mail_has_the_parts_of_rfc_5965_and_the_fields_of_version_3(case):
    texts = AUDIENCES["technical"](case())
    mail = email.message_from_string(texts["xarf/203.0.113.0_24/203.0.113.7.eml"])
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "feedback-report"
    words, feedback, attached = mail.get_payload()
    assert words.get_content_type() == "text/plain"
    assert "Feedback-Type: xarf" in feedback.as_string()
    told = json.loads(attached.get_payload(decode=True))
    assert told["Version"] == "3"
    assert told["Disclosure"] is True
    assert told["ReporterInfo"] == {
        "ReporterType": "Org",
        "ReporterOrg": "example.org",
        "ReporterOrgDomain": "example.org",
        "ReporterOrgEmail": "postmaster@example.org",
    }
    report = told["Report"]
    assert (report["ReportClass"], report["ReportType"]) == ("Activity", "Spam")
    assert report["SourceIp"] == "203.0.113.7"
    assert report["Date"] == report["FirstSeen"] == "2026-12-08T05:00:00Z"
    (sample,) = report["Samples"]
    assert set(sample) == {"ContentType", "Description", "Payload"}
    assert "4A1, 203.0.113.7, <a@strange.example>" in sample["Payload"]


def test_a_message_that_went_over_two_of_our_servers_is_one_in_an_x_arf_mail(case):
    handed_over = [{"status": "filtered"}, {"server": "mx2.example.org", "queue_id": "4C1"}]
    texts = AUDIENCES["technical"](case(deliveries=handed_over))
    (mail,) = [text for name, text in texts.items() if "xarf/" in name]
    report = json.loads(email.message_from_string(mail).get_payload()[2].get_payload(decode=True))
    assert report["Report"]["ReporterNotes"].startswith("1 message for 1 recipient;")


def test_no_line_of_an_x_arf_mail_is_longer_than_a_mail_may_have(case):
    """RFC 5322, 2.1.1: 998 octets; twenty messages with long senders are told in it."""
    sender = f"{'a' * 50}@{'b' * 50}.example"
    rows = [{"origin_queue_id": f"4A{n}", "origin_life": n, "sender": sender} for n in range(25)]
    mails = AUDIENCES["technical"](case(deliveries=rows))
    (mail,) = [text for name, text in mails.items() if "xarf/" in name]
    assert max(map(len, mail.split("\n"))) <= 78
    attached = email.message_from_string(mail).get_payload()[2]
    (sample,) = json.loads(attached.get_payload(decode=True))["Report"]["Samples"]
    assert sender in sample["Payload"]


def test_no_network_is_written_to_about_our_own_hosts(case):
    made = case(deliveries=[{"mechanism": "trusted_host", "client_ip": "10.0.0.9"}])
    assert "xarf.txt" in AUDIENCES["technical"](made)


def test_no_network_is_written_to_about_a_private_address_that_hides_a_stranger(case):
    made = case(deliveries=[{"client_ip": "172.17.0.1"}])
    assert "xarf.txt" in AUDIENCES["technical"](made)


TWO_DOORS = (
    {},
    {
        "mechanism": "stolen_account",
        "auth_user": "ann",
        "origin_queue_id": "4C1",
        "origin_life": 1,
        "received": START + timedelta(hours=9),
    },
)


def test_a_delisting_request_names_every_door_and_the_last_of_all_messages(case):
    told = request(with_impact(case(deliveries=TWO_DOORS), clean=CLEAN))
    assert "Cause: an open relay" in told
    assert "Cause: a login was used by somebody else: 1 message" in told
    assert "End: the last abusive message came on 8 Dec 2026, 14:00 UTC" in told
    assert "[The log does not show that the door is closed." in told


def test_a_delisting_request_names_notices_about_other_mail_as_a_cause(case):
    notice = {"mechanism": "backscatter", "origin_life": 1, "cause_queue_id": "4A1"}
    notice |= {"received": START + timedelta(hours=9)}
    about = request(with_impact(case(deliveries=[{}, notice]), clean=CLEAN))
    assert "Cause: the server sent notices" not in about
    assert "the last abusive message came on 8 Dec 2026, 05:00 UTC" in about
    other = notice | {"cause_queue_id": "4F1"}
    told = request(with_impact(case(deliveries=[{}, other]), clean=CLEAN))
    assert "Cause: the server sent notices to senders whose addresses were forged" in told
    assert "the last abusive message came on 8 Dec 2026, 14:00 UTC" in told


def test_a_refused_relay_attempt_shuts_no_stolen_login(case):
    told = request(with_impact(case(deliveries=TWO_DOORS), clean=CLEAN))
    assert "1 attempt to relay was refused after the last relayed message" in told
    assert "not whether the rest is shut: stolen login." in told


def test_strangers_words_cannot_add_a_header_or_a_part(case):
    made = case(deliveries=[{"sender": "a\nSubject: x\n--=_relaytrail_xarf\n@b.example"}])
    (mail,) = [text for name, text in AUDIENCES["technical"](made).items() if "xarf/" in name]
    parsed = email.message_from_string(mail)
    assert parsed.get_all("Subject") == ["Spam from 203.0.113.7, 2026-12-08T05:00:00Z"]
    assert len(parsed.get_payload()) == 3


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_empty_case_has_texts_too(case, audience):
    empty = case(deliveries=[], findings=[], attempts=[], blocklists=[], figures=[], inputs=[])
    assert all(text.strip() for text in AUDIENCES[audience](empty).values())


def test_a_network_is_told_of_a_stolen_login_as_of_one(case):
    mails = AUDIENCES["technical"](case(deliveries=TWO_DOORS[1:]))
    (mail,) = [text for name, text in mails.items() if "xarf/" in name]
    words, _, attached = email.message_from_string(mail).get_payload()
    told = " ".join(words.get_payload().split())
    assert "203.0.113.7 was submitted to our server with a stolen login" in told
    assert "relayed" not in told
    assert "DestinationPort" not in json.loads(attached.get_payload(decode=True))["Report"]


def test_a_single_message_is_written_as_one(case):
    assert (
        "203.0.113.7: 1 message, 1 recipient, 1 delivered"
        in AUDIENCES["technical"](case())["technical.txt"]
    )
