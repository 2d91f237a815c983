"""What does each reply mean? The decision table, in the words of real servers."""

import pytest

from analyzer.probe import judge
from analyzer.probe.dialogue import BROKEN, DROPPED, NO_SERVICE, NO_TLS, TIMEOUT, Reply
from analyzer.probe.forms import Form

PLAIN = Form("2", "a@out.example", "b@far.example", "", plain=True)
NESTED = Form("5", "a@[192.0.2.1]", "b%far.example@[192.0.2.1]", "")


def verdict(words, *, form=PLAIN, stage="rcpt", port=25):
    code, _, text = words.partition(" ")
    return judge.judge(form, stage, Reply(int(code), (text,)), port)


@pytest.mark.parametrize(
    "words",
    [
        "554 5.7.1 <b@far.example>: Relay access denied",
        "550 5.7.1 <b@far.example>... Relaying denied",
        "550 5.7.1 <b@far.example>... Relaying denied. Proper authentication required.",
        "550 5.7.1 Unable to relay",
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
        "550 Relay not permitted",
        "550 relay not permitted",
        "550 Relaying not allowed",
        "553 SMTP Relaying Denied",
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
        "550 5.7.1 Relaying to <b@far.example> prohibited",
        "530 5.7.0 Must issue a STARTTLS command first",
        "530 5.7.1 Client was not authenticated",
        "550 5.7.1 Authentication required",
    ],
)
@pytest.mark.parametrize("form", [PLAIN, NESTED], ids=["plain", "nested"])
def test_relaying_is_refused(words, form):
    assert verdict(words, form=form).name == judge.REFUSED


def test_a_refusal_with_a_temporary_code_is_closed_all_the_same():
    said = "454 4.7.1 <b@far.example>: Relay access denied"
    assert verdict(said).name == judge.REFUSED_FOR_NOW


@pytest.mark.parametrize("words", ["250 2.1.5 Ok", "251 User not local; will forward", "252 maybe"])
def test_a_plain_recipient_elsewhere_that_is_accepted_is_highly_suspicious(words):
    assert verdict(words).name == judge.SUSPICIOUS_HIGH


def test_a_nested_one_that_is_accepted_may_be_a_name_of_its_own():
    assert verdict("250 2.1.5 Ok", form=NESTED).name == judge.SUSPICIOUS_LOW


@pytest.mark.parametrize("words", ["550 5.1.1 User unknown", "501 5.1.3 Bad recipient address"])
def test_a_refusal_for_another_reason_counts_as_refused(words):
    assert verdict(words, form=NESTED).name == judge.REFUSED_OTHER


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (
            "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using pbl.test",
            "elsewhere",
        ),
        ("550 5.7.1 <x[192.0.2.9]>: Client host rejected: Access denied", "elsewhere"),
        ("450 4.7.25 Client host rejected: cannot find your reverse hostname", "elsewhere"),
        ("450 4.7.1 <me>: Helo command rejected: Host not found", "--ehlo"),
        ("504 5.5.2 <me>: Helo command rejected: need fully-qualified hostname", "--ehlo"),
        ("550 5.1.8 <a@out.example>: Sender address rejected: Domain not found", "--sender"),
        ("553 5.1.8 <a@out.example>... Domain of sender address does not exist", "--sender"),
        ("556 5.1.10 <b@far.example>: Recipient address rejected: nullMX", "--recipient"),
        ("450 4.1.2 <b@far.example>: Recipient address rejected: Domain not found", "--recipient"),
        ("452 4.5.3 Too many recipients", "too many"),
        ("552 5.2.2 Mailbox full", "full"),
        ("503 5.5.1 Error: need MAIL command", "does not answer"),
        ("500 5.5.2 Error: bad syntax", "does not answer"),
        ("354 go on", "does not answer"),
    ],
)
def test_a_refusal_that_would_hit_any_recipient_decides_nothing(words, hint):
    said = verdict(words)
    assert said.name == judge.INCONCLUSIVE
    assert hint in said.why


@pytest.mark.parametrize("port", judge.SUBMISSION)
def test_a_submission_port_that_takes_nothing_from_strangers_is_closed(port):
    said = "554 5.7.1 <x[192.0.2.9]>: Client host rejected: Access denied"
    assert verdict(said, port=port).name == judge.REFUSED


@pytest.mark.parametrize("stage", ["connect", "ehlo", "mail", "rcpt"])
@pytest.mark.parametrize("words", ["450 4.2.0 Greylisted", "451 4.7.1 Try later", "421 4.7.0 Busy"])
def test_later_is_no_refusal(stage, words):
    assert verdict(words, stage=stage).name == judge.DEFERRED


@pytest.mark.parametrize("stage", ["connect", "ehlo"])
def test_a_server_that_takes_no_mail_from_us_shows_nothing_of_relaying(stage):
    assert verdict("554 5.5.0 No service for you", stage=stage).name == judge.INCONCLUSIVE


@pytest.mark.parametrize(
    ("words", "stage"),
    [
        ("553 5.5.4 <a@[192.0.2.1]>... Real domain name required for sender address", "mail"),
        ("550 5.1.8 <a@[192.0.2.1]>: Sender address rejected: Domain not found", "rcpt"),
    ],
)
def test_a_forged_sender_that_is_refused_is_a_form_refused(words, stage):
    forged = Form("4", "a@[192.0.2.1]", "b@far.example", "", plain=True, forged=True)
    assert verdict(words, form=forged, stage=stage).name == judge.REFUSED_OTHER


def test_a_refused_sender_decides_nothing():
    assert verdict("550 5.0.0 No", stage="mail").name == judge.INCONCLUSIVE


@pytest.mark.parametrize("trouble", [TIMEOUT, DROPPED, BROKEN, NO_TLS])
def test_a_connection_that_fails_decides_nothing(trouble):
    said = judge.judge(PLAIN, "rcpt", Reply(0, ("x",), trouble))
    assert said.name == judge.INCONCLUSIVE


def test_a_port_where_nothing_listens_is_no_open_question():
    assert judge.judge(PLAIN, "connect", Reply(0, ("",), NO_SERVICE)).name == judge.NOT_LISTENING
