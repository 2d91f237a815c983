"""Are Postfix's lines read in the forms that its versions and settings give them?"""

import pytest

from analyzer.formats.reader import read_syslog

ID = "3F2A12CE583"
ENVELOPE = "from=<ann@a.example> to=<bob@b.example> proto=ESMTP helo=<pc>"
REFUSED = "554 5.7.1 <bob@b.example>: Recipient address rejected: asked"


def read(line):
    """What the line is, and the row that it makes, without what it does not say."""
    reading = read_syslog("mail.log", 1, 0, f"Dec  7 05:00:00 mx1 postfix/{line}\n".encode())
    assert not len(reading.unread)
    told = [(kind, row) for kind, table in reading.tables.items() for row in table.to_pylist()]
    ((kind, row),) = told or [(None, {})]
    return kind, {name: value for name, value in row.items() if value is not None}


@pytest.mark.parametrize(
    "line",
    [
        f"smtpd[11]: {ID}: client=a.example[192.0.2.7]",
        f"smtpd[11]: {ID}: client=a.example[192.0.2.7]:4711",
        f"smtpd[11]: {ID}: client=a.example[192.0.2.7]:unknown",
        "smtpd[11]: connect from a.example[192.0.2.7]:unknown",
        "smtpd[11]: disconnect from a.example[192.0.2.7]:unknown ehlo=1 commands=1",
        "smtpd[11]: lost connection after CONNECT from a.example[192.0.2.7]:unknown",
        f"smtpd[11]: NOQUEUE: reject: RCPT from a.example[192.0.2.7]:4711: {REFUSED}; {ENVELOPE}",
    ],
)
def test_a_client_is_named_with_or_without_its_port(line):
    _, row = read(line)
    assert (row["client_name"], row["client_ip"]) == ("a.example", "192.0.2.7")


def test_whose_mail_it_was_is_named_with_or_without_a_port():
    _, row = read(
        f"smtpd[11]: {ID}: client=localhost[::1], orig_client=b.example[192.0.2.9]:unknown"
    )
    assert (row["orig_client_name"], row["orig_client_ip"]) == ("b.example", "192.0.2.9")


@pytest.mark.parametrize("port", ["", ":4711"])
def test_a_bracket_in_an_answer_does_not_end_the_client(port):
    said = "554 5.7.1 refused by [our list]: ask us"
    _, row = read(f"smtpd[11]: NOQUEUE: reject: RCPT from a[192.0.2.7]{port}: {said}; {ENVELOPE}")
    assert (row["client_ip"], row["reply"]) == ("192.0.2.7", said)


@pytest.mark.parametrize(
    ("said", "reply"), [(" no mechanism available", "no mechanism available"), ("", None)]
)
def test_a_login_failed_whatever_is_said_of_it(said, reply):
    failed = f"warning: a[192.0.2.7]: SASL LOGIN authentication failed:{said}"
    kind, row = read(f"smtpd[11]: {failed}")
    assert (kind, row["client_ip"], row.get("reply")) == ("auth_failed", "192.0.2.7", reply)


@pytest.mark.parametrize("recipients", ["", ", nrcpt=1"])
def test_old_releases_do_not_count_recipients(recipients):
    kind, row = read(f"qmgr[11]: {ID}: from=<ann@a.example>, size=652{recipients} (queue active)")
    assert (kind, row["sender"], row["size"]) == ("queued", "ann@a.example", 652)


@pytest.mark.parametrize("times", ["", ", conn_use=2", ", conn_use=2,"])
def test_how_often_a_connection_was_used_does_not_hide_a_delivery(times):
    rest = "delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (250 ok)"
    comma = "" if times.endswith(",") or times[-1:].isdigit() else ","
    kind, row = read(
        f"smtp[11]: {ID}: to=<bob@b.example>, relay=mx[192.0.2.9]:25{times}{comma} {rest}"
    )
    assert (kind, row["relay"], row["status"]) == ("delivery", "mx[192.0.2.9]:25", "sent")


@pytest.mark.parametrize("action", ["redirect", "filter", "bcc", "warning", "replace"])
def test_what_is_done_by_a_header_of_a_milter_is_what_is_done_by_others(action):
    text = f"milter-header-{action}: header X-Spam: Yes from a[192.0.2.7]; {ENVELOPE}: our@vault"
    kind, row = read(f"cleanup[11]: {ID}: {text}")
    assert (kind, row["action"], row["stage"]) == (
        "content_action",
        f"milter-header-{action}",
        "header",
    )


@pytest.mark.parametrize("service", ["submission", "10025", "127.0.0.1:10025", "a/b"])
def test_a_service_has_the_name_that_master_cf_gives_it(service):
    kind, row = read(f"{service}/smtpd[11]: connect from a[192.0.2.7]")
    assert (kind, row["service"]) == ("connect", service)


@pytest.mark.parametrize(
    "line",
    [
        "smtpd[11]: sql_select option missing",
        "smtpd[11]: auxpropfunc error no mechanism available",
        "smtp[11]: Unverified: subject_CN=mx.b.example, issuer=Our CA",
        f"smtp[11]: {ID}: enabling PIX <CRLF>.<CRLF> workaround for mx.b.example[192.0.2.9]:25",
        f"smtp[11]: {ID}: SASL authentication failed; cannot authenticate to server mx[192.0.2.9]",
        f"smtp[11]: {ID}: replace: header From: Ann <ann@a.example>: From: us@a.example",
        f"qmgr[11]: {ID}: status=deferred (bounce failed)",
        f"bounce[11]: {ID}: not sending trace/success notification for double-bounce message",
        "smtpd[11]: a.example[192.0.2.7]: Issuing session ticket, key expiration: 1796619600",
        "smtp[11]: smtp&b.example&192.0.2.9&&AB: looking up session AB in smtp cache",
        "postscreen[11]: DATA without valid RCPT from [192.0.2.7]:4711",
    ],
)
def test_what_tells_nothing_of_a_message_is_known(line):
    assert read(line) == (None, {})


DAEMONS = [
    f"smtpd[11]: {ID}: client=a.example[192.0.2.7], sasl_method=PLAIN, sasl_username=ann",
    f"smtpd[11]: NOQUEUE: reject: RCPT from a[192.0.2.7]: {REFUSED}; {ENVELOPE}",
    f"cleanup[11]: {ID}: milter-reject: END-OF-MESSAGE from a[192.0.2.7]: 5.7.1 no; {ENVELOPE}",
    f"cleanup[11]: {ID}: message-id=<1@a.example>",
    f"cleanup[11]: {ID}: hold: header Subject: x from a[192.0.2.7]; {ENVELOPE}",
    f"pickup[11]: {ID}: uid=33 from=<www-data>",
    f"qmgr[11]: {ID}: from=<ann@a.example>, size=652, nrcpt=1 (queue active)",
    f"qmgr[11]: {ID}: removed",
    f"postsuper[11]: {ID}: placed on hold",
    f"bounce[11]: {ID}: sender non-delivery notification: 3F2A12CE584",
    *(
        f"{agent}[11]: {ID}: to=<bob@b.example>, relay={relay}, delay=1, delays=1/0/0/0, {ends}"
        for agent, relay, ends in (
            ("smtp", "mx.b.example[192.0.2.9]:25", "dsn=2.0.0, status=sent (250 ok)"),
            ("smtp", "none", "dsn=4.4.1, status=deferred (connect to mx.b.example: no)"),
            ("lmtp", "mx1[private/dovecot-lmtp]", "dsn=2.0.0, status=sent (250 ok)"),
            ("local", "local", "dsn=2.0.0, status=sent (delivered to mailbox)"),
            ("virtual", "virtual", "dsn=2.0.0, status=sent (delivered to maildir)"),
            ("pipe", "dovecot", "dsn=2.0.0, status=sent (delivered via dovecot service)"),
            ("discard", "none", "dsn=2.0.0, status=sent (b.example)"),
        )
    ),
]


@pytest.mark.parametrize("line", DAEMONS)
def test_a_line_tells_which_daemon_wrote_it_where_its_header_does_not(line):
    named, row = read(line)
    text = f"Dec  7 05:00:00 mx1 postfix{line[line.index('[') :]}\n"
    (table,) = (reading := read_syslog("mail.log", 1, 0, text.encode())).tables.items()
    assert (table[0], len(reading.unread)) == (named, 0)
    (told,) = table[1].to_pylist()
    assert {k: v for k, v in told.items() if v is not None} == row | {"offset": told["offset"]}


def test_what_else_the_command_postfix_says_tells_nothing():
    reading = read_syslog("mail.log", 1, 0, b"Dec  7 05:00:00 mx1 postfix[11]: Postfix is here\n")
    assert (reading.ignored, len(reading.unread)) == (1, 0)


def test_a_line_without_a_daemon_that_seems_to_tell_of_mail_and_is_not_understood_is_unread():
    line = b"Dec  7 05:00:00 mx1 postfix[11]: 3F2A12: to=<jo@corp.example>, and no more"
    assert read_syslog("mail.log", 1, 0, line + b"\n").unread["text"].to_pylist() == [line]


@pytest.mark.parametrize("asked_for", ["", " to mx1.corp.example"])
@pytest.mark.parametrize("port", ["", ":4711"])
def test_a_trusted_certificate_counts_whatever_name_the_client_asked_for(asked_for, port):
    said = f"Trusted TLS connection established from a[192.0.2.7]{port}{asked_for}: TLSv1.3 x"
    kind, row = read(f"smtpd[11]: {said}")
    assert (kind, row["certificate"], row["client_ip"], row["reply"]) == (
        "tls",
        "Trusted",
        "192.0.2.7",
        "TLSv1.3 x",
    )
