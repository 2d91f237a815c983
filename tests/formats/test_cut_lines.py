"""Is a line that Sendmail cut into pieces read as what it said when whole?"""

import pytest

from analyzer.formats import read_syslog

HEAD = "Dec  7 05:00:00 mx1 sm-mta[11]: 7B7500Aj000011"
PIECES = [
    f"{HEAD}[1]: to=<bob@b.example>, delay=00:00:01, ...",
    f"{HEAD}[2]: mailer=esmtp, pri=1, relay=mx.b.example. [192.0.2.9], ...",
    f"{HEAD}[3]:  dsn=2.0.0, stat=Sent (ok)",
]
ANOTHER = "Dec  7 05:00:00 mx1 sm-mta[12]: 7B7500Aj000012: done; delay=00:00:01, ntries=1"


def read(*lines):
    reading = read_syslog("maillog", 1, 0, "".join(f"{line}\n" for line in lines).encode())
    assert reading.parsed + len(reading.unread) == reading.lines == len(lines)
    return reading


def test_the_pieces_are_one_line_at_the_place_of_the_first():
    reading = read(ANOTHER, *PIECES)
    (row,) = reading.tables["delivery"].to_pylist()
    assert (row["recipient"], row["status"], row["relay"]) == (
        "bob@b.example",
        "sent",
        "mx.b.example. [192.0.2.9]",
    )
    assert (row["line"], row["offset"]) == (2, len(ANOTHER) + 1)
    assert not len(reading.unread)


def test_lines_of_others_may_stand_between_them():
    reading = read(PIECES[0], ANOTHER, *PIECES[1:])
    assert len(reading.tables["delivery"]) == 1


@pytest.mark.parametrize("lost", [0, 1, 2], ids=["first", "second", "last"])
def test_without_all_pieces_none_is_read(lost):
    left = [piece for number, piece in enumerate(PIECES) if number != lost]
    reading = read(*left)
    assert reading.tables == {}
    assert len(reading.unread) == 2


def test_what_follows_the_last_piece_is_no_part_of_it():
    reading = read(*PIECES, f"{HEAD}[2]: alone")
    assert len(reading.tables["delivery"]) == 1
    assert reading.unread["line"].to_pylist() == [4]


@pytest.mark.parametrize("pids", [(9, 11), (11, 9)], ids=str)
def test_processes_may_write_in_any_order(pids):
    first, second = ([line.replace("[11]", f"[{pid}]") for line in PIECES] for pid in pids)
    table = read(*first, ANOTHER, *second).tables["delivery"]
    assert table["line"].to_pylist() == [1, 5]
    assert table["pid"].to_pylist() == [*pids]


def test_a_line_that_no_shape_fits_hides_no_other():
    odd = ["7B7500Aj000013[1]: something ...", "7B7500Aj000013[2]: that nobody knows"]
    reading = read(*(f"Dec  7 05:00:00 mx1 sm-mta[13]: {text}" for text in odd), *PIECES)
    assert [row["line"] for row in reading.tables["delivery"].to_pylist()] == [3]
    assert reading.unread["line"].to_pylist() == [1, 2]
