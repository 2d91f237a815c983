"""What is read of a listing of the queue, and what is not taken for one?"""

import pytest

from analyzer.formats.queue_listing import listing, read_listing, told
from analyzer.schema import QUEUE

HEAD = "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
ENTRY = "3F2A12CE583     1200 Mon Dec  7 10:00:00  ann@a.example\n"
TO = "                                         bob@far.example\n"
JSON = (
    '{"queue_name": "deferred", "queue_id": "3F2A12CE583", "arrival_time": 1796637600, '
    '"message_size": 1200, "sender": "ann@a.example", '
    '"recipients": [{"address": "bob@far.example"}]}\n'
)


@pytest.fixture
def read():
    """The reading of a listing, and its rows."""

    def of(text, first_line=1):
        data = text.encode()
        reading = read_listing(listing(data) or "mailq of Postfix", "queue", first_line, 0, data)
        return reading, told(reading.tables["queue_listing"]).to_pylist()

    return of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (HEAD, "mailq of Postfix"),
        ("\t\t/var/spool/mqueue (2 requests)\n-----Q-ID----- --Size-- -----", "mailq of Sendmail"),
        (JSON, "postqueue -j"),
        ("Dec  7 10:00:00 mx1 postfix/qmgr[1]: 3F2A12CE583: removed\n", None),
        ('{"message": "a log line"}\n', None),
    ],
)
def test_a_listing_is_recognised_by_how_it_begins(text, kind):
    assert listing(text.encode()) == kind


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("text", [HEAD + ENTRY + TO + "\n-- 1 Kbytes in 1 Request.\n", JSON])
def test_every_line_is_accounted_for_and_the_table_is_as_declared(read, text, mark):
    reading, rows = read(mark + text)
    assert len(reading.unread) == 0
    assert reading.parsed + reading.ignored + reading.blank + len(reading.unread) == reading.lines
    assert told(reading.tables["queue_listing"]).schema.names == QUEUE.names
    assert [row["recipient"] for row in rows] == ["bob@far.example"]


@pytest.mark.parametrize(("mark", "state"), [("*", "active"), ("!", "hold"), (" ", "deferred")])
def test_the_mark_tells_the_state(read, mark, state):
    _, (row,) = read(HEAD + ENTRY.replace("583 ", f"583{mark}", 1) + TO)
    assert row["state"] == state


def test_a_reason_is_of_the_recipients_after_it(read):
    text = (
        HEAD + ENTRY + "   (connect timed out)\n" + TO + "   (try later)\n" + TO.replace("b", "c")
    )
    assert [row["reason"] for row in read(text)[1]] == ["connect timed out", "try later"]


def test_a_line_that_is_no_json_is_kept_as_unread(read):
    reading, rows = read(JSON + "{broken\n")
    assert (len(rows), reading.unread["text"].to_pylist()) == (1, [b"{broken"])


def test_a_message_without_a_recipient_is_listed_all_the_same(read):
    _, (row,) = read(HEAD + ENTRY)
    assert (row["queue_id"], row["recipient"]) == ("3F2A12CE583", None)


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("1200", "1e30"),
        ("1796637600", "1e18"),
        ('"bob@far.example"', "5"),
        ('"bob@far.example"', r'"\ud800"'),
        ('"3F2A12CE583"', "null"),
        ("{", '{"queue_name":' * 20_000),
    ],
    ids=["size", "time", "address", "half a character", "no id", "depth"],
)
def test_an_entry_that_no_postfix_would_write_is_kept_as_unread(read, said, instead):
    reading, rows = read(JSON + JSON.replace(said, instead, 1))
    assert (len(rows), len(reading.unread)) == (1, 1)


def test_a_listing_of_which_nothing_can_be_read_lists_nothing(read):
    reading, rows = read('{"queue_name": "deferred", "queue_id": \n')
    assert (rows, len(reading.unread)) == ([], 1)


TOTAL = "\t\tTotal requests: "
SENDMAIL = (
    "\t\t/var/spool/mqueue (1 request)\n"
    "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n"
    "7B7500Aj000011     1200 Mon Dec  7 10:00 <ann@a.example>\n"
    "                 (Deferred: Connection timed out)\n"
    "\t\t\t\t\t <bob@far.example>\n"
    f"{TOTAL}1\n"
)


@pytest.mark.parametrize(
    "before",
    [
        "root@mx1:~# postqueue -p\n",
        "[ann@mx1 ~]$ sudo /usr/bin/mailq\r\n",
        "\n",
        f"MSP Queue status...\n/var/spool/mqueue-client is empty\n{TOTAL}0\nMTA Queue status...\n",
    ],
)
@pytest.mark.parametrize("text", [HEAD + ENTRY + TO, SENDMAIL])
def test_the_command_and_empty_queues_may_stand_before_it(read, before, text):
    reading, (row,) = read(before + text)
    told = (row["sender"], row["recipient"], row["size"])
    assert told == ("ann@a.example", "bob@far.example", 1200)
    assert row["line"] > before.count("\n")
    assert len(reading.unread) == 0


def test_a_listing_with_priorities_says_the_same(read):
    listed = SENDMAIL.replace("1200 Mon Dec", "1200     121200+Dec")
    _, (row,) = read(listed)
    assert (row["sender"], row["size"], row["arrival_logged"]) == (
        "ann@a.example",
        1200,
        "Dec  7 10:00",
    )


def test_a_log_in_which_somebody_types_the_command_is_no_listing():
    line = "Dec  7 10:00:00 mx1 bash[1]: root# mailq\n"
    assert listing((line + HEAD).encode()) is None
