"""Are Sendmail's lines read under the names that its programs have, and are its own words told from
those of strangers?
"""

import pytest

from analyzer.formats.reader import read_syslog

FROM = (
    "6B7A00aa002101: from=<ann@a.example>, size=9, class=0, nrcpts=1, relay=b.example [192.0.2.7]"
)


def read(text, tag="sm-mta"):
    return read_syslog("maillog", 1, 0, f"Dec  7 05:00:00 mx1 {tag}[11]: {text}\n".encode())


@pytest.mark.parametrize(
    "tag",
    [
        "sendmail",
        "sm-mta",
        "sm-msp-queue",
        "sendmail-in",
        "sendmail_2",
        "sendmail.service",
        "sm-client.service",
    ],
)
def test_a_name_that_it_was_given_is_its_own(tag):
    assert list(read(FROM, tag).tables) == ["received"]


@pytest.mark.parametrize("tag", ["sendmailer", "opensendmail", "smtpd", "postfix/sendmail"])
def test_another_program_is_none_of_it(tag):
    assert "received" not in read(FROM, tag).tables


@pytest.mark.parametrize("sent", ["RCPT TO:<bob@b.example>... User unknown", "to=<a@b.example>"])
def test_what_a_client_sent_is_no_answer_to_it(sent):
    reading = read(f"6B7A00aa002101: <-- {sent}")
    assert (reading.tables, len(reading.unread)) == ({}, 0)


@pytest.mark.parametrize(
    "said",
    [
        "maxrcpts=25, rcpts=75, count=2, ids=6B7A00ab002101; 6B7A00ac002101",
        "count=2, ids=6B7A00ab002101; 6B7A00ac002101",
        "count=2, id(s)=6B7A00ab002101, 6B7A00ac002101",
        "count=1, id=6B7A00ab002101",
    ],
)
def test_each_message_among_which_recipients_were_divided_is_named(said):
    clones = read(f"6B7A00aa002101: split: {said}").tables["clone"]
    expected = ["6B7A00ab002101", "6B7A00ac002101"][: int(said.partition("count=")[2][0])]
    assert clones["new_queue_id"].to_pylist() == expected


@pytest.mark.parametrize("name", ["a.example", "daemon", "Warning", ""])
def test_words_that_a_stranger_chose_do_not_make_a_line_one_without_bearing(name):
    refused = f"ruleset=check_rcpt, arg1=<bob@b.example>, relay={name} [192.0.2.7], reject=550 no"
    assert list(read(refused).tables) == ["decision"]
    (told,) = read(f"6B7A00aa002101: {name} [192.0.2.7]: probable open proxy: NOOP").tables
    assert told == "suspect"


@pytest.mark.parametrize("end", ["", "NOOP", ": NOOP x"])
def test_a_command_that_is_not_known_stays_unread(end):
    assert len(read(f"NOQUEUE: a.example [192.0.2.7]{end}").unread) == 1


@pytest.mark.parametrize(
    "tls",
    ["", "tls_verify=OK, ", "tls_verify=OK, tls_version=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, "],
)
def test_what_is_said_of_encryption_does_not_hide_a_delivery(tls):
    (row,) = (
        read(
            "6B7A00aa002101: to=<bob@b.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, "
            f"{tls}pri=30411, relay=mx.b.example. [192.0.2.9], dsn=2.0.0, stat=Sent (ok)"
        )
        .tables["delivery"]
        .to_pylist()
    )
    assert (row["recipient"], row["status"], row["mailer"]) == ("bob@b.example", "sent", "esmtp")


@pytest.mark.parametrize(
    ("said", "ip"), [("", None), (", relay=a.example [192.0.2.7]", "192.0.2.7")]
)
def test_a_login_failed_whether_its_client_is_named_or_not(said, ip):
    (row,) = (
        read(
            f"6B7A00aa002101: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): x{said}"
        )
        .tables["auth_failed"]
        .to_pylist()
    )
    assert (row["auth_method"], row.get("client_ip")) == ("LOGIN", ip)


@pytest.mark.parametrize(
    ("said", "stage", "who"),
    [
        ("ruleset=check_rcpt (<bob@b.example>) rejection: 550 no", "RCPT", "bob@b.example"),
        ("Milter: cmd=data, reject=550 5.7.1 no", "DATA", None),
        ("Milter: connect: host=a, addr=192.0.2.7, rejecting commands", "CONNECT", None),
    ],
)
def test_a_refusal_is_one_in_the_words_of_other_releases(said, stage, who):
    (row,) = read(f"6B7A00aa002101: {said}").tables["decision"].to_pylist()
    assert (row["action"], row["stage"], row.get("recipient")) == ("reject", stage, who)


def test_a_delivery_to_nobody_is_one():
    (row,) = (
        read("6B7A00aa002101: to=, delay=00:00:01, mailer=local, pri=1, stat=Sent")
        .tables["delivery"]
        .to_pylist()
    )
    assert (row["recipient"], row["status"]) == ("", "sent")
