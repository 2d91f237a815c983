"""Is a line read the same, whichever way is the quick one?"""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analyzer.formats import shapes
from analyzer.formats.reader import read_syslog

HEAD = "Dec  7 05:00:00 mx1 postfix/"


def read(*lines):
    data = "".join(f"{HEAD}{line}\n" for line in lines).encode()
    return read_syslog("mail.log", 1, 0, data).tables


def test_words_that_repeat_are_read_as_those_that_do_not():
    pattern = r"^(?P<name>[a-z]+)=(?P<value>[0-9]*)$"
    distinct = [f"{chr(97 + n % 26)}={n}".encode() for n in range(900)] + [b"a=", b"?"]
    texts = pa.array(distinct + 9 * distinct)
    assert shapes.captures(texts, pattern) == pc.extract_regex(texts, pattern)
    assert shapes.captures(pa.array(9 * [b"a=1"]), pattern).to_pylist() == 9 * [
        {"name": b"a", "value": b"1"}
    ]


def test_a_word_is_found_within_texts_and_not_across_two():
    texts = pa.array(["", "a>, b", None, "x>,", " y", "", ">, >, "])
    assert shapes.rows_with(b">, ", texts).tolist() == [1, 6]
    assert shapes.rows_with(b">, ", texts.slice(2, 4)).tolist() == []
    assert shapes.rows_with(b">, ", pa.array([], pa.string())).tolist() == []


@pytest.mark.parametrize(
    ("tag", "pid"), [("smtpd[7]", 7), ("smtpd[1234567890]", 1234567890), ("smtpd", None)]
)
def test_a_process_id_has_up_to_ten_digits(tag, pid):
    assert read(f"{tag}: connect from a.example[192.0.2.7]")["connect"]["pid"].to_pylist() == [pid]


def test_a_recipient_that_holds_the_words_between_the_fields_is_read_as_a_whole():
    held = "a, relay=b, dsn=c (d)@b.example"
    ends = "relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (later)"
    delivery = read(f"smtp[1]: 3F2A12CE583: to=<{held}>, {ends}")["delivery"]
    assert delivery["recipient"].to_pylist() == [held]
    assert delivery["relay"].to_pylist() == ["none"]
    assert delivery["reply"].to_pylist() == ["later"]


def test_lines_of_several_shapes_of_one_kind_stand_in_their_order():
    ends = "delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (ok)"
    lines = [
        f"smtp[1]: 3F2A12CE583: to=<{n}@b.example>, relay=c[192.0.2.9]:25, {ends}" for n in "ac"
    ]
    lines.insert(1, f"local[1]: 3F2A12CE583: to=<b@b.example>, relay=local, {ends}")
    delivery = read(*lines)["delivery"]
    assert delivery["line"].to_pylist() == [1, 2, 3]
    assert delivery["relay"].to_pylist() == ["c[192.0.2.9]:25", "local", "c[192.0.2.9]:25"]


@pytest.mark.parametrize(
    ("daemon", "end"),
    [
        ("qmgr", "dsn=4.3.0, status=deferred (mail transport unavailable)"),
        ("cleanup", "dsn=5.7.1, status=bounced (no such mail here)"),
    ],
    ids=["the queue manager has no agent for it", "cleanup refuses what it has taken in"],
)
def test_a_delivery_ends_before_any_agent_where(daemon, end):
    to = "to=<bob@b.example>, relay=none, delay=0.5, delays=0.5/0/0/0"
    (row,) = read(f"{daemon}[1]: 3F2A12CE583: {to}, {end}")["delivery"].to_pylist()
    assert (row["recipient"], row["relay"]) == ("bob@b.example", "none")
    assert f"status={row['status']} ({row['reply']})" in end


@pytest.mark.parametrize(
    ("line", "said", "fingerprint"),
    [
        ("Trusted TLS connection established from {}: TLSv1.3 with cipher A", "Trusted", None),
        ("Anonymous TLS connection established from {}: TLSv1.3 with cipher A", None, None),
        ("{}: Untrusted: subject_CN=x, issuer=y, fingerprint=AA:01", "Untrusted", "AA:01"),
        ("{}: subject_CN=x, issuer=y, fingerprint=AA:01, pkey_fingerprint=BB", None, "AA:01"),
        ("{}: Trusted: subject_CN=x, fingerprint=00, issuer=y, fingerprint=AA", "Trusted", "AA"),
    ],
)
def test_the_certificate_of_a_client_is_read_and_its_names_are_not_believed(
    line, said, fingerprint
):
    (row,) = read(f"smtpd[1]: {line.format('a.example[192.0.2.7]')}")["tls"].to_pylist()
    assert row["client_ip"] == "192.0.2.7"
    assert (row.get("certificate"), row.get("fingerprint")) == (said, fingerprint)


@pytest.mark.parametrize(
    "line",
    [
        "tlsproxy[1]: SSL_accept error from [192.0.2.7]:4711: lost connection",
        "bounce[1]: 3F2A12CE583: undeliverable postmaster notification discarded",
        "smtp[1]: a.example[192.0.2.7]:25: Untrusted: subject_CN=x, issuer=y, fingerprint=AA",
        "smtp[1]: a.example[192.0.2.7]:25: subject_CN=x, issuer_CN=y, fingerprint=AA",
        "smtpd[1]: a.example[192.0.2.7]: re-using session with untrusted certificate, look for",
        "smtp[1]: b.example[192.0.2.9]:25: certificate verification failed",
    ],
)
def test_what_is_said_of_encryption_and_lost_notices_is_known_and_ignored(line):
    reading = read_syslog("mail.log", 1, 0, f"{HEAD}{line}\n".encode())
    assert (reading.ignored, len(reading.unread)) == (1, 0)
