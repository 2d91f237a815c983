"""Can a stranger's words in a Sendmail line pass for the server's own?"""

from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats import read_syslog

HEAD = "Dec  7 05:00:00 mx1 sm-mta[11]: "
ID = "7B7500Aj000011"
CLIENT = "a.example [192.0.2.7]"
FIELDS = [
    ", relay=",
    ", size=9, class=0, nrcpts=9",
    ", stat=",
    ", stat=Sent (ok)",
    ", dsn=2.0.0",
    ", msgid=<",
    ", proto=ESMTPSA, daemon=MTA",
    "localhost [127.0.0.1]",
    "[10.0.0.1]",
    "root@localhost",
    ", user=",
    ", mech=PLAIN, bits=0",
    ", delay=00:00:00, mailer=local",
    ", reject=550 5.7.1 no",
    "... User unknown",
    " (may be forged)",
    ">",
    "<",
    ",",
    "@",
    " ",
]
LETTERS = st.text(st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_characters='"\\'))
WORDS = st.lists(st.sampled_from(FIELDS) | LETTERS, max_size=8).map("".join)
QUOTED = WORDS.map(lambda words: f'"{words}"@b.example')


def read(text):
    reading = read_syslog("maillog", 1, 0, f"{HEAD}{text}\n".encode())
    assert not len(reading.unread), "the line is read"
    ((kind, table),) = reading.tables.items()
    return kind, table.to_pylist()


def received(sender="ann@a.example", message_id="1@a.example", relay=CLIENT):
    text = f"{ID}: from=<{sender}>, size=500, class=0, nrcpts=3, msgid=<{message_id}>"
    kind, rows = read(f"{text}, proto=ESMTP, daemon=MTA, relay={relay}")
    assert (kind, len(rows)) == ("received", 1)
    return rows[0]


def delivered(recipients="<bob@b.example>", end="stat=Sent", dsn="2.0.0"):
    text = f"{ID}: to={recipients}, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1"
    kind, rows = read(f"{text}, relay=mx.b.example. [192.0.2.9], dsn={dsn}, {end}")
    assert kind == "delivery"
    return rows


@given(QUOTED)
def test_a_sender_is_what_was_written_and_the_client_who_wrote_it(sender):
    row = received(sender=sender)
    assert (row["sender"], row["client_ip"], row["size"]) == (sender, "192.0.2.7", 500)
    assert (row["submission"], row["recipients"]) == ("smtp", 3)


@given(WORDS)
def test_a_message_id_names_no_other_client(message_id):
    row = received(message_id=message_id)
    assert (row["sender"], row["client_ip"]) == ("ann@a.example", "192.0.2.7")
    assert (row["size"], row["recipients"], row["submission"]) == (500, 3, "smtp")


@given(WORDS)
def test_a_user_named_by_the_client_itself_is_no_other_client(ident):
    row = received(relay=f"{ident}@{CLIENT}")
    assert (row["client_ip"], row["submission"]) == ("192.0.2.7", "smtp")
    assert row["local_user"] is None


@given(st.lists(QUOTED, min_size=1, max_size=4))
def test_recipients_are_what_was_written(recipients):
    rows = delivered(",".join(f"<{one}>" for one in recipients))
    assert [row["recipient"] for row in rows] == recipients
    assert {row["status"] for row in rows} == {"sent"}
    assert not any(row["expanded"] for row in rows)


@given(WORDS)
def test_an_answer_to_what_was_sent_changes_nothing(reply):
    (row,) = delivered(end=f"stat=Sent ({reply})")
    assert (row["status"], row["reply"] or "") == ("sent", reply)


@given(WORDS)
def test_an_answer_to_what_was_refused_makes_it_not_sent(reply):
    (row,) = delivered(end=f"reply=550 {reply}, stat=User unknown", dsn="5.1.1")
    assert (row["status"], row["dsn"], row["relay"]) == (
        "bounced",
        "5.1.1",
        "mx.b.example. [192.0.2.9]",
    )


@given(WORDS)
def test_a_login_names_no_other_client(login):
    kind, (row,) = read(f"AUTH=server, relay={CLIENT}, authid={login}, mech=PLAIN, bits=0")
    assert (kind, row["client_ip"], row["auth_user"] or "") == ("login", "192.0.2.7", login)


@given(WORDS)
def test_a_login_that_failed_names_no_other_client(login):
    kind, (row,) = read(f"{ID}: AUTH failure (LOGIN): no (-13), user={login}, relay={CLIENT}")
    assert (kind, row["client_ip"], row["auth_user"] or "") == ("auth_failed", "192.0.2.7", login)


@given(WORDS)
def test_a_refused_recipient_names_the_true_client_or_none(recipient):
    arg = f"<{recipient}>"
    refusal = f"reject=550 5.7.1 {arg}... Relaying denied"
    kind, (row,) = read(f"{ID}: ruleset=check_rcpt, arg1={arg}, relay={CLIENT}, {refusal}")
    assert (kind, row["action"], row["stage"]) == ("decision", "reject", "RCPT")
    assert row["client_ip"] in ("192.0.2.7", None)


def test_twenty_thousand_recipients_in_one_line_are_as_many_rows():
    assert len(delivered(",".join(["<bob@b.example>"] * 20_000))) == 20_000
