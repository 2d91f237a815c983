"""What is read of the programs beside a mail server, and of what syslog says of itself?"""

# ruff: noqa: E501 (a log line is as long as it is)

import pytest

from analyzer import formats
from analyzer.formats.losses import LOSSES
from analyzer.formats.neighbours import NEIGHBOURS

HEAD = "Dec  7 05:00:00 mx1 "
SHAPES = [
    pytest.param(shape, id=f"{dialect.mta} {shape.kind}")
    for dialect in (*NEIGHBOURS, LOSSES)
    for shape in dialect.shapes
]


def read(line):
    return formats.read_syslog("mail.log", 1, 0, (HEAD + line + "\n").encode())


def only(line, kind, *names):
    """Columns of the one event that the line is."""
    reading = read(line)
    assert list(reading.tables) == [kind]
    (row,) = reading.tables[kind].to_pylist()
    return tuple(row.get(name) for name in names)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_sample_is_of_its_own_kind(shape):
    reading = read(shape.sample.removeprefix(HEAD))
    assert len(reading.unread) == 0
    assert list(reading.tables) == ([shape.kind] if shape.bearing else [])


LOGIN = "dovecot: imap-login: Login: user=<{}>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, TLS"
FAILED = "dovecot: {}: user=<{}>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, TLS, session=<x>"


def test_a_login_names_account_and_address():
    assert only(LOGIN.format("ann"), "mailbox_login", "auth_user", "client_ip", "proto") == (
        "ann",
        "192.0.2.7",
        "imap",
    )


@pytest.mark.parametrize(
    "program",
    ["pop3d", "imapd", "pop3d-ssl", "imapd-ssl", "courier-pop3d", "courier-imaps", "imaplogin"],
)
@pytest.mark.parametrize("user", ["ann@corp.example", "x, ip=[203.0.113.9], port=[1]"])
@pytest.mark.parametrize("end", ["", ", port=[4711]", ", port=[4711], protocol=IMAP"])
def test_courier_names_account_and_address(program, user, end):
    line = f"{program}: LOGIN, user={user}, ip=[::ffff:192.0.2.7]{end}"
    assert only(line, "mailbox_login", "auth_user", "client_ip") == (user, "::ffff:192.0.2.7")


@pytest.mark.parametrize(
    "words",
    [
        "imap-login: Disconnected (auth failed, 3 attempts in 12 secs)",
        "pop3-login: Aborted login (auth failed, 3 attempts in 12 secs)",
        "submission-login: Disconnected: Connection closed (auth failed, 3 attempts in 12 secs)",
        "imap-login: Disconnected: Connection closed: read(size=1007) failed: Connection reset by peer (auth failed, 3 attempts in 12 secs)",
        "imap-login: Login aborted: Connection closed (auth failed, 3 attempts in 12 secs) (auth_failed)",
    ],
)
def test_a_failed_login_counts_as_often_as_it_was_tried(words):
    told = only(FAILED.format(words, "ann"), "auth_failed", "auth_user", "client_ip", "repeat")
    assert told == ("ann", "192.0.2.7", 3)


@pytest.mark.parametrize(
    "line",
    [
        LOGIN,
        FAILED.replace("{}", "imap-login: Aborted login (auth failed, 1 attempts in 2 secs)", 1),
    ],
)
def test_a_user_who_types_an_address_is_not_believed(line):
    kind = "mailbox_login" if line == LOGIN else "auth_failed"
    user = "x>, method=PLAIN, rip=203.0.113.9, lip=1.1.1.1"
    assert only(line.format(user), kind, "auth_user", "client_ip") == (user, "192.0.2.7")


def test_saslauthd_names_the_account():
    line = "saslauthd[11]: do_auth         : auth failure: [user=ann] [service=smtp] [realm=] [mech=pam] [reason=no]"
    assert only(line, "auth_failed", "auth_user", "client_ip") == ("ann", None)


AMAVIS = (
    "amavis[11]: (00011-01) {}, [192.0.2.7]:4711 [192.0.2.7] <{}> -> <bob@b.example>,<c@b.example>, "
    "Queue-ID: 3F2A12CE583, Message-ID: <Queue-ID: FAKE, Message-ID: x>, mail_id: q1, Hits: -1.9, size: 652, "
    "queued_as: 3F2A12CE584, 210 ms"
)


@pytest.mark.parametrize(
    "verdict",
    [
        "Passed CLEAN {RelayedInbound}",
        "Blocked SPAM {DiscardedInbound,Quarantined}",
        "Passed CLEAN",
    ],
)
def test_a_filter_names_client_and_both_queue_ids(verdict):
    columns = ("client_ip", "orig_queue_id", "new_queue_id", "queue_id", "size")
    told = only(AMAVIS.format(verdict, "ann@a.example"), "filter_verdict", *columns)
    assert told == ("192.0.2.7", "3F2A12CE583", "3F2A12CE584", None, 652)


def test_a_sender_in_quotes_is_not_believed_to_be_the_rest_of_the_line():
    reading = read(AMAVIS.format("Passed CLEAN", '"> -> <x>, Queue-ID: FAKE"@a.example'))
    assert (reading.tables, reading.ignored) == ({}, 1)


FROM = (
    "7B7500Aj000011: from=<ann@a.example>, size=9, class=0, nrcpts=1, relay=b.example [192.0.2.7]"
)


@pytest.mark.parametrize("program", ["plesk sendmail", "relay1 plesk sendmail", "plesk: sendmail"])
@pytest.mark.parametrize(
    "text",
    [
        "handlers_stderr: PASS",
        "SKIP during call 'check-quota' handler",
        "Unable to get sender domain by sender mailname",
        "S11: from=<ann@a.example> to=<bob@b.example>",
    ],
)
def test_a_wrapper_of_the_sendmail_command_is_no_mail_server(program, text):
    reading = read(f"{program}[11]: {text}")
    assert (reading.tables, reading.ignored) == ({}, 1)


def test_sendmail_on_a_host_with_the_name_of_a_wrapper_is_not_passed_over():
    behind_a_relay = read(f"plesk sendmail[11]: {FROM}")
    assert (behind_a_relay.ignored, len(behind_a_relay.unread)) == (0, 1)
    plain = f"{HEAD}sendmail[11]: {FROM}\n".replace("mx1", "plesk").encode()
    assert list(formats.read_syslog("mail.log", 1, 0, plain).tables) == ["received"]


@pytest.mark.parametrize(
    ("line", "lost", "whose"),
    [
        ("rsyslogd: imuxsock lost 1234 messages from pid 11 due to rate-limiting", 1234, None),
        (
            "rsyslogd-2177: imuxsock lost 5 messages from pid 11 due to rate-limiting [try x]",
            5,
            None,
        ),
        (
            "rsyslogd: imuxsock[pid: 11, name: postfix/smtpd]: 7 messages lost due to rate-limiting (200 allowed within 5 seconds)",
            7,
            "postfix/smtpd",
        ),
        (
            "rsyslogd[11]: imjournal: 9 messages lost due to rate-limiting (20000 allowed within 600 seconds)",
            9,
            None,
        ),
        ("rsyslogd: imjournal: begin to drop messages due to rate-limiting", None, None),
        (
            "rsyslogd[11]: imjournal from <mx1:postfix/smtpd>: begin to drop messages due to rate-limiting",
            None,
            None,
        ),
        (
            "rsyslogd: imuxsock[pid: 11, name: postfix/smtpd] from <mx1:postfix/smtpd>: begin to drop messages due to rate-limiting",
            None,
            "postfix/smtpd",
        ),
        (
            "rsyslogd: imudp: 7 messages lost due to rate-limiting (200 allowed within 5 seconds)",
            7,
            None,
        ),
        (
            "rsyslogd-2177: imuxsock begins to drop messages from pid 11 due to rate-limiting",
            None,
            None,
        ),
        (
            "systemd-journald[11]: Suppressed 42 messages from postfix@-.service",
            42,
            "postfix@-.service",
        ),
        (
            "systemd-journal[11]: Suppressed 42 messages from /system.slice/cron.service",
            42,
            "/system.slice/cron.service",
        ),
        ("journal: Suppressed 42 messages from unit postfix.service", 42, "postfix.service"),
    ],
)
def test_lost_lines_are_counted(line, lost, whose):
    assert only(line, "lines_lost", "lost", "relay") == (lost, whose)
