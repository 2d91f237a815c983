"""How are servers asked that behave, that break, and that deceive?"""

import itertools
import socket
from dataclasses import replace

import pytest

from analyzer.probe import asking, judge, outcome, relay_test
from analyzer.probe.asking import A_CONNECTION
from analyzer.probe.forms import MOST, NO_DOMAIN, OWN_NAME, Names
from analyzer.probe.manner import Door, Manner
from tests.probe.fake_server import DENIED, HANG_UP, HELLO, OK, FakeServer, but, closed

MANNER = Manner(ehlo="probe.tester.example", pace=0, wait=None, patience=5)
QUICK = Manner(ehlo="probe.tester.example", pace=0, wait=None, patience=0.3)


def names_for(server):
    return Names(
        sender="relaytest-0@tester.example",
        recipient="user@third.example",
        host=server.address,
        address=server.address,
        domain="corp.example",
        token="relaytest-0",
    )


def asked(server, manner=MANNER, doors=None, **more):
    """The result of a whole test."""
    at = doors or [Door(server.address, server.port)]
    result, transcript = relay_test.run(
        server.address, at, names_for(server), manner, "Ann, owner of it", **more
    )
    result["text"] = transcript
    return result


def verdicts(result):
    return {r["form"]: r["verdict"] for r in result["records"]}


def grey(times=1):
    """Each envelope is told to come again so often, then relaying is refused."""
    seen = {}

    def rcpt(command):
        seen[command] = seen.get(command, 0) + 1
        return b"450 4.2.0 Greylisted\r\n" if seen[command] <= times else closed(command)

    return but(RCPT=rcpt)


def open_to_all(command):
    """An open relay that knows its own users."""
    own = command.endswith("@corp.example>") and "nobody" in command
    return b"550 5.1.1 User unknown\r\n" if own else OK


def percent(command):
    return OK if "%" in command else closed(command)


def test_a_closed_server_is_closed_for_every_form():
    with FakeServer() as server:
        result = asked(server)
    assert result["answer"] == outcome.CLOSED
    assert result["sentence"] == "Closed for 34 tested forms, 0 inconclusive."
    assert result["left"] == []


@pytest.mark.parametrize(
    ("private", "rcpt", "shown"),
    [(False, closed, True), (True, closed, False), (False, grey(9), False)],
    ids=["asked as a stranger", "asked from inside", "a plain form undecided"],
)
def test_closed_is_shown_only_to_a_stranger_who_was_refused_everywhere(private, rcpt, shown):
    with FakeServer(rcpt) as server:
        result = asked(server)
    assert relay_test.decided(result | {"client_private": private})["shown_closed"] == shown


def test_what_was_said_before_ctrl_c_is_told_and_shows_no_closed_door():
    def stop(_):
        if len(server.recipients) >= 5:
            raise KeyboardInterrupt

    with FakeServer() as server:
        result = asked(server, Manner(ehlo="x.example", pace=0, wait=None, sleep=stop))
    told = relay_test.decided(result | {"client_private": False})
    assert told["answer"] == outcome.CLOSED
    assert not told["shown_closed"]
    assert len(result["records"]) >= 5
    assert "Stopped early: by hand (Ctrl-C)." in outcome.remarks(result)


def test_an_open_server_took_strangers_mail_which_is_not_yet_proof():
    with FakeServer(but(RCPT=open_to_all)) as server:
        result = asked(server)
    assert result["answer"] == outcome.TAKES
    assert "not yet proof" in result["sentence"]


def test_a_server_that_says_yes_to_everything_is_not_called_open():
    with FakeServer(but(RCPT=OK)) as server:
        result = asked(server)
    assert result["answer"] == outcome.YES_TO_ALL
    assert verdicts(result)[OWN_NAME] == verdicts(result)[NO_DOMAIN] == judge.SUSPICIOUS_LOW


def test_a_catch_all_is_doubtful_at_most_and_its_control_says_why():
    def catch_all(command):
        return OK if command.rstrip(">").endswith("corp.example") else DENIED

    with FakeServer(but(RCPT=catch_all)) as server:
        result = asked(server)
    assert result["answer"] == outcome.DOUBTFUL
    assert any("says little" in remark for remark in outcome.remarks(result))


def test_a_percent_hack_behind_checked_recipients_is_told_with_weight():
    with FakeServer(but(RCPT=percent)) as server:
        result = asked(server)
    assert result["answer"] == outcome.DOUBTFUL
    assert any("look at these forms" in remark for remark in outcome.remarks(result))


def test_a_form_whose_sender_is_refused_is_tried_with_the_plain_sender():
    def mail(command):
        return (
            b"553 5.5.4 Real domain name required for sender address\r\n" if "[" in command else OK
        )

    with FakeServer(but(MAIL=mail, RCPT=percent)) as server:
        result = asked(server)
    by_form = {r["form"]: r for r in result["records"]}
    assert by_form["5"]["verdict"] == judge.SUSPICIOUS_LOW
    assert by_form["5"]["sender"] == "relaytest-0@tester.example"
    assert by_form["4"]["verdict"] == judge.REFUSED_OTHER
    assert len(server.recipients) <= MOST


def test_greylisting_is_waited_for_once():
    waits = []
    manner = Manner(ehlo="x.example", pace=0, wait=300, sleep=waits.append)
    with FakeServer(grey()) as server:
        result = asked(server, manner)
    assert 300 in waits
    assert result["answer"] == outcome.CLOSED
    assert verdicts(result)["2"] == judge.REFUSED


def test_forms_for_which_no_recipient_is_left_after_the_wait_were_asked_once():
    with FakeServer(grey()) as server:
        result = asked(server, replace(MANNER, wait=0))
    told = outcome.remarks(result)
    assert any(line.startswith("Not asked again: forms 5, 6") for line in told)
    assert not any(line.startswith("Not asked: ") for line in told)


def test_who_says_later_twice_is_not_decided():
    manner = Manner(ehlo="x.example", pace=0, wait=300, sleep=lambda _: None)
    with FakeServer(grey(times=9)) as server:
        result = asked(server, manner)
    assert result["answer"] == outcome.UNDECIDED
    assert len(server.recipients) == 2


def test_a_tarpit_is_given_up_within_the_patience_for_one_reply():
    with FakeServer(drip=0.05) as server:
        result = asked(server, QUICK)
    assert verdicts(result) == {"2": judge.INCONCLUSIVE}
    assert result["answer"] == outcome.UNDECIDED


@pytest.mark.parametrize(
    ("answer", "greeting"),
    [
        (but(RCPT=HANG_UP), None),
        (but(RCPT=b"\xff\xfe nonsense\r\n"), None),
        (but(RCPT=b"250-first\r\n550 second\r\n"), None),
        (but(RCPT=b"99 bottles\r\n"), None),
        (but(EHLO=b"250-" + b"x" * 70_000 + b"\r\n250 end\r\n"), None),
        (closed, b"220 " + b"A" * 1_000_000 + b"\r\n"),
        (closed, b"SSH-2.0-OpenSSH_9.2\r\n"),
    ],
    ids=[
        "it hangs up",
        "its reply has no code",
        "its reply has two codes",
        "its code has two digits",
        "its reply is endless",
        "its banner has a megabyte",
        "it is no mail server",
    ],
)
def test_nothing_is_concluded_when(answer, greeting):
    more = {"greeting": greeting} if greeting else {}
    with FakeServer(answer, **more) as server:
        result = asked(server, QUICK)
    assert set(verdicts(result).values()) == {judge.INCONCLUSIVE}
    assert result["answer"] == outcome.UNDECIDED


def test_a_server_that_breaks_the_line_again_and_again_is_left_alone():
    count = itertools.count()

    def rcpt(command):
        return closed(command) if next(count) == 0 else HANG_UP

    with FakeServer(but(RCPT=rcpt)) as server:
        result = asked(server)
    assert len(server.recipients) == 1 + asking.TROUBLES + 1
    assert "more than three times" in result["stopped"]
    assert result["sentence"] == "Closed for 1 tested form, 2 inconclusive."


def test_one_broken_connection_does_not_cost_the_other_forms():
    count = itertools.count()

    def rcpt(command):
        return HANG_UP if next(count) == 5 else closed(command)

    with FakeServer(but(RCPT=rcpt)) as server:
        result = asked(server)
    assert (result["counts"]["asked"], result["counts"]["inconclusive"]) == (34, 1)


def test_421_ends_the_test():
    count = itertools.count()

    def rcpt(command):
        return closed(command) if next(count) < 3 else b"421 4.7.0 Too many errors\r\n"

    with FakeServer(but(RCPT=rcpt)) as server:
        result = asked(server)
    assert len(server.recipients) == 4
    assert "421" in result["stopped"]
    assert result["left"]


def test_a_server_that_speaks_out_of_turn_is_not_believed():
    with FakeServer(but(MAIL=OK + b"250 2.1.5 Ok\r\n")) as server:
        result = asked(server)
    assert judge.SUSPICIOUS_HIGH not in verdicts(result).values()


def test_several_lines_are_one_reply():
    long = b"554-5.7.1 one\r\n554-5.7.1 two\r\n554 5.7.1 Relay access denied\r\n"
    with FakeServer(but(RCPT=long)) as server:
        result = asked(server)
    assert result["records"][0]["reply"] == "5.7.1 one 5.7.1 two 5.7.1 Relay access denied"
    assert verdicts(result)["2"] == judge.REFUSED


def test_a_helo_server_is_asked_too():
    with FakeServer(but(EHLO=b"502 5.5.2 Error: command not recognized\r\n")) as server:
        assert asked(server)["answer"] == outcome.CLOSED


@pytest.mark.parametrize(
    "starttls",
    [b"454 4.7.0 TLS not available\r\n", b"220 go ahead\r\nnonsense", b"220 go ahead\r\n"],
)
def test_tls_that_fails_leaves_that_door_undecided_and_the_plain_one_closed(starttls):
    hello = HELLO.replace(b"250 SIZE", b"250-SIZE") + b"250 STARTTLS\r\n"
    with FakeServer(but(EHLO=hello, STARTTLS=starttls)) as server:
        doors = [Door(server.address, server.port, tls) for tls in ("none", "starttls")]
        result = asked(server, QUICK, doors)
    by_door = {(r["door"], r["form"]): r["verdict"] for r in result["records"]}
    assert by_door[doors[0].name, "2"] == judge.REFUSED
    assert by_door[doors[1].name, "2"] in (judge.INCONCLUSIVE, judge.DEFERRED)
    assert result["sentence"] == "Closed for 34 tested forms, 1 inconclusive."


def test_the_door_behind_starttls_is_left_out_where_it_is_not_offered():
    with FakeServer() as server:
        doors = [Door(server.address, server.port, tls) for tls in ("none", "starttls")]
        result = asked(server, doors=doors)
    assert "STARTTLS" not in server.commands
    assert {r["door"] for r in result["records"]} == {doors[0].name}


def test_a_port_where_nothing_listens_is_named():
    with FakeServer() as server:
        nobody = socket.create_server(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        nobody.close()
        result = asked(server, doors=[Door("127.0.0.1", port), Door(server.address, server.port)])
    assert result["answer"] == outcome.CLOSED
    assert any(f":{port}" in remark for remark in outcome.remarks(result))


def test_a_server_is_asked_over_ipv6():
    try:
        server = FakeServer(family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with server:
        result = asked(server)
    assert result["answer"] == outcome.CLOSED
    assert "MAIL FROM:<relaytest-0@[IPv6:::1]>" in server.commands


def test_a_login_that_fails_is_tried_once_and_only_where_logins_are_offered():
    hello = HELLO.replace(b"250 SIZE", b"250-SIZE") + b"250 AUTH PLAIN\r\n"
    with FakeServer(but(EHLO=hello, AUTH=b"535 5.7.8 No\r\n")) as server:
        asked(server)
    with FakeServer() as plain:
        asked(plain)
    assert len([c for c in server.commands if c.startswith("AUTH")]) == 1
    assert [c for c in plain.commands if c.startswith("AUTH")] == []


@pytest.mark.parametrize("answer", [closed, but(RCPT=OK), grey()], ids=["closed", "open", "grey"])
def test_no_message_is_sent_and_never_more_than_forty_recipients_or_two_connections(answer):
    manner = Manner(ehlo="x.example", pace=0, wait=300, sleep=lambda _: None)
    with FakeServer(answer) as server:
        doors = [Door(server.address, server.port)] * 12
        asked(server, manner, doors)
    verbs = {command.split(" ")[0].upper() for command in server.commands}
    assert verbs <= {"EHLO", "MAIL", "RCPT", "RSET", "QUIT"}
    assert len(server.recipients) <= MOST
    assert server.most_at_once == 1


def test_a_pause_lies_between_two_forms_and_four_of_them_are_the_most_of_a_connection():
    pauses = []
    manner = Manner(ehlo="x.example", pace=2, wait=None, sleep=pauses.append)
    with FakeServer() as server:
        result = asked(server, manner)
    assert set(pauses) == {2}
    assert len(pauses) >= result["recipients_named"] - 1
    per_connection = [
        len([c for c in part if c.startswith("MAIL")])
        for part in _parted(server.commands, lambda c: c.startswith("EHLO"))
    ]
    assert max(per_connection) == A_CONNECTION


def _parted(commands, begins):
    parts = [[]]
    for command in commands:
        if begins(command):
            parts.append([])
        parts[-1].append(command)
    return parts


def test_what_the_server_says_cannot_act_on_the_transcript():
    evil = b"550 5.7.1 \x1b[2J\x00\x9b31m Relaying denied\r\n"
    with FakeServer(but(RCPT=evil)) as server:
        result = asked(server)
    assert "\x1b" not in result["text"]
    assert r"\x1b[2J\x00\x9b31m Relaying denied" in result["text"]


def test_the_server_sees_who_asks_and_the_result_warns_of_a_private_address():
    hello = b"250-mx.corp.example Hello x [192.0.2.77], pleased to meet you\r\n250 SIZE\r\n"
    with FakeServer(but(EHLO=hello)) as server:
        result = asked(server)
    assert result["client_seen"] == "192.0.2.77"
    with FakeServer() as server:
        result = asked(server)
    assert any("no public address" in remark for remark in outcome.remarks(result))


def test_one_message_is_sent_where_a_form_was_accepted_and_it_names_its_purpose():
    with FakeServer(but(RCPT=open_to_all)) as server:
        result = asked(server, send=True)
    assert server.commands.count("DATA") == 1
    assert result["delivery"]["state"] == "sent"
    assert result["answer"] == outcome.TAKES  # sent is not arrived
    letter = server.commands[server.commands.index("DATA") :]
    assert sum(map(len, letter)) < 2_000
    assert any("Ann, owner of it" in line for line in letter)


def test_the_recipient_of_the_message_is_one_of_the_forty():
    with FakeServer(but(RCPT=OK)) as server:
        at = [Door(server.address, server.port)] * 9
        result = asked(server, doors=at, send=True)
    assert result["delivery"]["state"] == "sent"
    assert len(server.recipients) == result["recipients_named"] <= MOST
    assert result["left"]


def test_no_message_is_sent_where_everything_was_refused():
    with FakeServer() as server:
        result = asked(server, send=True)
    assert "DATA" not in server.commands
    assert result["delivery"]["state"] == "not_sent"


@pytest.mark.parametrize(
    ("greeting", "why"),
    [
        (b"220 mx.google.com ESMTP x1-20020 - gsmtp\r\n", "large mailbox provider"),
        (b"220 mx.corp.example Please do not test this server\r\n", "asks not to be tested"),
    ],
    ids=["of a provider", "that asks for it"],
)
def test_a_server_is_left_alone_by_its_greeting(greeting, why):
    with FakeServer(but(RCPT=OK), greeting=greeting) as server:
        result = asked(server, send=True)
    assert server.commands == ["QUIT"]
    assert why in result["stopped"]
    assert result["answer"] == outcome.UNDECIDED
    assert result["sentence"].startswith("Not decided: no form was answered; stopped early: ")


def test_a_server_that_asks_in_an_answer_not_to_be_tested_is_asked_nothing_more():
    with FakeServer(but(RCPT=b"550 5.7.1 no relay tests, please\r\n")) as server:
        result = asked(server)
    assert len(server.recipients) == 1
    assert result["stopped"] == "the server asks not to be tested"
    assert not result["shown_closed"]


def test_a_server_that_is_late_each_time_does_not_hold_the_test_for_hours():
    with FakeServer() as server:
        result = asked(server, replace(MANNER, longest=-1.0))
    assert server.commands == []
    assert "too long" in result["stopped"]
    assert result["left"]


def test_an_address_without_a_way_to_it_breaks_nothing_and_is_no_closed_door():
    away = [Door("2001:db8:dead::1", port) for port in (25, 587, 465, 26, 27)]
    with FakeServer() as server:
        result = asked(server, doors=[Door(server.address, server.port), *away])
    told = relay_test.decided(result | {"client_private": False})
    assert (told["answer"], told["stopped"], told["left"]) == (outcome.CLOSED, "", [])
    assert {r["why"] for r in told["records"] if r["door"].startswith("[2001")} == {
        "there is no way to that address from here"
    }
    assert not told["shown_closed"]


@pytest.mark.parametrize(
    ("hello", "seen"),
    [
        (b"250-mx Hello me [203.0.113.9], pleased to meet you\r\n250 SIZE\r\n", "203.0.113.9"),
        (b"250-mx Hello [10.0.0.5] [203.0.113.9]\r\n250 SIZE\r\n", "203.0.113.9"),
        (b"250-mx.corp.example\r\n250 HELP [203.0.113.9]\r\n", ""),
        (b"250 mx at 999.1.1.1\r\n", ""),
    ],
    ids=["Sendmail", "Exim, and a name that is an address", "a later line", "no address"],
)
def test_the_server_is_asked_where_it_sees_us_and_not_what_it_repeats(hello, seen):
    echo = b"250 2.1.0 <x@[198.51.100.7]>... Sender ok\r\n"
    with FakeServer(but(EHLO=hello, MAIL=echo)) as server:
        assert asked(server)["client_seen"] == seen
