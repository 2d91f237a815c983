"""Are Postfix's lines read that name only its daemon or unit, and those of others passed over?"""

import pytest

from analyzer import formats

LINES = {
    "smtpd": "3F2A12CE583: client=a.example[192.0.2.7]",
    "cleanup": "3F2A12CE583: message-id=<1@a.example>",
    "qmgr": "3F2A12CE583: from=<ann@a.example>, size=652, nrcpt=1 (queue active)",
    "smtp": "3F2A12CE583: to=<bob@b.example>, relay=mx[192.0.2.9]:25, delay=0.1, dsn=2.0.0, "
    "status=sent (250 ok)",
}
KINDS = {"smtpd": "client", "cleanup": "message_id", "qmgr": "queued", "smtp": "delivery"}


def read(program, text):
    line = f"Dec  7 05:00:00 mx1 {program}[11]: {text}\n"
    reading = formats.read_syslog("mail.log", 1, 0, line.encode())
    assert reading.parsed + reading.ignored + len(reading.unread) == 1
    return reading


@pytest.mark.parametrize("daemon", LINES)
@pytest.mark.parametrize("named", ["{}", "postfix@-.service", "postfix.service", "postfix@out"])
def test_a_line_means_what_it_means_under_the_whole_name(daemon, named):
    table = read(named.format(daemon), LINES[daemon]).tables[KINDS[daemon]]
    whole = read(f"postfix/{daemon}", LINES[daemon]).tables[KINDS[daemon]]
    (row,), (meant,) = table.to_pylist(), whole.to_pylist()
    assert row == meant


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("smtpd", "c0ffee0123456789 smtp message msgid=1 size=3 nrcpt=1 proto=ESMTP"),
        ("smtpd", "delivery: Ok for 1: from=<ann@a.example>, to=<bob@b.example>, relay=b"),
        ("lmtp", "Delivered: <1@a.example> to mailbox: user.ann"),
        ("lmtp", "auditlog: append sessionid=<mx1-1> mailbox=<user.ann> uid=<7>"),
        ("master", "ready for work"),
        ("scache", "statistics: domain lookup hits=0 miss=1 success=0%"),
        ("postfix@-.service", "statistics: domain lookup hits=0 miss=1 success=0%"),
        ("smtpd", "3F2A12CE583: nothing that Postfix says"),
    ],
)
def test_a_line_that_tells_of_no_message_or_of_another_servers_is_passed_over(program, text):
    assert read(program, text).ignored == 1


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("smtpd", f"{LINES['smtpd']} and=more"),
        ("postfix/smtpd(11)", LINES["smtpd"]),
        ("mail info postfix/smtpd", LINES["smtpd"]),
        ("mta", LINES["qmgr"]),
        ("mta", "7B7500Aj000011: from=<ann@a.example>, size=9, class=0, nrcpts=1, relay=a"),
        ("mta", "7B7500Aj000011: to=<bob@b.example>,<eve@b.example>, delay=00:00:01, stat=Sent"),
        ("abc123def456", f"Dec  7 05:00:00 mail postfix/smtpd[1]: {LINES['smtpd']}"),
        ("docker/mail", f"2026-12-07T05:00:00Z INFO    postfix/smtpd[1]: {LINES['smtpd']}"),
    ],
)
def test_a_line_that_tells_of_a_message_is_not_passed_over_for_its_name(program, text):
    reading = read(program, text)
    assert (reading.tables, len(reading.unread)) == ({}, 1)


@pytest.mark.parametrize(
    "text",
    [
        "3F2A12CE583: DKIM-Signature field added (s=mail, d=a.example)",
        "3F2A12CE583: addr a.example[192.0.2.7] from <ann@a.example> to <bob@b.example> delayed",
        "Invalid user 3F2A12CE583: client=a.example[192.0.2.7]",
    ],
)
def test_a_line_of_a_program_beside_a_mail_server_is_passed_over(text):
    assert read("opendkim", text).ignored == 1
