"""The list of what to do speaks the language of the server that was abused."""

import pytest

from analyzer.report import repairs, tell
from analyzer.report.first_aid import aid, ids
from analyzer.report.first_aid_text import as_text
from analyzer.report.texts import AUDIENCES
from tests.report.conftest import listing

DOORS = ("open_relay", "trusted_host", "gateway", "local_injection", "backscatter")


@pytest.mark.parametrize("mta", repairs.REPAIRS)
@pytest.mark.parametrize("door", DOORS)
def test_every_server_has_steps_for_every_door(mta, door):
    assert repairs.of(mta, door)


@pytest.mark.parametrize("mta", ["sendmail", "exchange", "exchange_2003"])
def test_no_postfix_setting_is_told_to_another_server(mta):
    told = str(repairs.REPAIRS[mta])
    assert not [word for word in ("postconf", "postsuper", "main.cf", "mynetworks") if word in told]


def test_words_in_braces_stand_for_what_the_case_holds():
    (first, second) = repairs.of("exchange", "open_relay", addresses="192.0.2.7")
    assert "192.0.2.7" in second["text"]
    assert "{addresses}" not in str(first) + str(second["text"])


OLD = {"format": "exchange", "ignored_by_program": {"event 1020": 5, "heading": 3}}
NEWER = {"format": "exchange", "ignored_by_program": {"SMTP HAREDIRECT": 5, "heading": 5}}


@pytest.mark.parametrize(
    ("inputs", "shell"), [([OLD], False), ([NEWER], True), ([OLD, NEWER], True)]
)
def test_exchange_2003_is_told_of_no_shell_which_it_has_not(case, inputs, shell):
    made = case(deliveries=[{"mta": "exchange"} | WAITS], inputs=inputs)
    page, aided = on_page_and_by_aid(made)
    for told in (page, aided):
        assert any(name in told for name in ("Get-", "Add-IP")) is shell
        assert ("Exchange System Manager" in told) is not shell


WAITS = {"status": "deferred"}
SCRIPT = {"mechanism": "local_injection", "client_ip": None}
NOTICE = {
    "origin_life": 1,
    "queue_id": "4C1",
    "mechanism": "backscatter",
    "cause_queue_id": "4A1",
}
HONEST = {"origin_life": 2, "queue_id": "4D1", "verdict": "legitimate", "mechanism": None}
UNSURE = {"verdict": "unclear"}


def on_page_and_by_aid(made):
    """Headline of the end, decisions, titles and texts of steps; and the lines of first aid."""
    story = tell(made)
    steps = [f"{s['title']}. {s['text']} {' '.join(s['lines'])}" for s in story["steps"]]
    page = "\n".join([story["closing"]["headline"], *story["decisions"], *steps])
    return page, " ".join(as_text(aid(made)))


@pytest.mark.parametrize(
    ("subject", "kind", "told"),
    [
        ("10014", "uid", ["getent passwd 10014", "authorized_submit_users = !NAME, static:all"]),
        ("127.0.0.1", "ip", []),
    ],
    ids=["a user id", "a program by SMTP, which the setting does not ask"],
)
def test_the_user_of_the_log_is_kept_from_submitting_and_no_other(case, subject, kind, told):
    finding = SCRIPT | {"subject": subject, "subject_kind": kind}
    steps = tell(case(deliveries=[SCRIPT], findings=[finding]))["steps"]
    submit = [step["lines"] for step in steps if step["title"].startswith("Keep that user")]
    assert submit == ([told] if told else [])


@pytest.mark.parametrize(
    ("row", "finding", "told"),
    [
        ({}, {}, True),
        ({"client_ip": "172.18.0.1"}, {}, False),
        ({"client_ip": "198.51.100.20", "mechanism": "trusted_host"}, {}, False),
        (SCRIPT, {}, False),
        (NOTICE, {}, False),
        (UNSURE, {"verdict": "possible"}, False),
    ],
    ids=["a stranger", "a gateway", "a host of ours", "a script", "notices", "what is possible"],
)
def test_a_network_is_told_only_of_mail_that_surely_came_from_outside(case, row, finding, told):
    made = case(deliveries=[row], findings=[finding])
    last = tell(made)["steps"][-1]
    assert ("abuse desks" in last["text"]) == told
    assert any(name.endswith(".eml") for name in AUDIENCES["technical"](made)) == told


@pytest.mark.parametrize("mta", ["postfix", "sendmail", "exchange"])
def test_page_and_first_aid_name_the_same_messages_that_wait_and_no_mail_of_others(case, mta):
    rows = [WAITS, WAITS | NOTICE, WAITS | HONEST]
    made = case(deliveries=[row | {"mta": mta} for row in rows])
    page, aided = on_page_and_by_aid(made)
    assert "2 messages of it (1 notice among them) still wait in the queue" in page
    assert "Who deletes the 2 messages of the abuse (1 notice among them)" in page
    for told in (page, aided):
        assert "2 messages of the abuse (1 notice among them) still" in told
        assert "for 2 recipients" in told
        assert repairs.delete(mta)[0] in told
    assert "parquet" not in page
    assert ids(aid(made)) == ["4A1", "4C1"]


def test_what_may_be_honest_is_to_be_looked_at_and_never_to_be_deleted(case):
    made = case(deliveries=[WAITS | UNSURE], findings=[{"verdict": "possible"}])
    page, aided = on_page_and_by_aid(made)
    assert "1 message that may be of it still waits in the queue" in page
    for told in (page, aided):
        assert "1 message that may be abuse" in told
        assert "it may be honest" in told
        assert "--ids" not in told
        assert "Who deletes" not in told
        assert "To delete" not in told


def test_page_and_first_aid_believe_a_listing_of_the_queue_before_the_log(case):
    made = case(deliveries=[WAITS])
    made.queue = listing({"queue_id": "4D1", "verdict": "legitimate"})
    page, aided = on_page_and_by_aid(made)
    assert "Stop what still waits" not in page
    assert "Who deletes" not in page
    assert page.startswith("Yes, and the door is shown shut")
    assert "By the listing of the queue, no message of the abuse is still queued." in aided
    made.queue = listing({}, {"queue_id": "4A2"})
    page, aided = on_page_and_by_aid(made)
    assert page.startswith("Not yet: 2 messages of it still wait")
    assert "2 messages of the abuse still waited when the queue was listed" in page


def test_what_has_no_end_in_the_log_is_told_apart(case):
    made = case(deliveries=[{"status": "unknown"}])
    page, aided = on_page_and_by_aid(made)
    assert "Stop what still waits" not in page
    assert "Of 1 message of the abuse the log shows no end, by the end of the log." in aided


def test_each_kind_of_server_is_told_to_delete_its_own(case):
    made = case(deliveries=[WAITS, WAITS | {"mta": "sendmail", "queue_id": "x4", "origin_life": 1}])
    page, aided = on_page_and_by_aid(made)
    for told in (page, aided):
        assert "relaytrail aid CASE --ids --mta postfix | postsuper -d -" in told
        assert "relaytrail aid CASE --ids --mta sendmail | while" in told
