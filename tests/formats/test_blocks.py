"""Does it matter where a log is cut into blocks, or how many lines are looked at at a time?"""

import importlib
import itertools

import pandas as pd
import pyarrow as pa
import pytest

from analyzer import formats
from analyzer.pipeline.dating import one_table_a_kind

in_turn = importlib.import_module("analyzer.formats.in_turn")
alike = importlib.import_module("analyzer.formats.alike")


TOLD = {
    "a clock that leaps ahead": ["ahead", "ahead"],
    "a clock that is ahead for a while": ["back", "back"],
    "a clock that goes back again and again": ["back"] * 4,
}


def logged(stamps, server="mx1"):
    """Dialogues, each of two lines; every third has a message under way, with a long queue id."""
    for number, stamp in enumerate(stamps):
        text = [
            f"smtpd[{number // 2}]: connect from unknown[203.0.113.7]",
            f"smtpd[{number // 2}]: disconnect from unknown[203.0.113.7]",
            f"smtpd[{number // 2}]: 4jBzSw{number:04}z9rxc: client=unknown[203.0.113.7]",
        ]
        yield f"{stamp} {server} postfix/{text[number % 3]}\n"


def clock(begin, *minutes):
    start = pd.Timestamp(begin)
    return [
        f"{start + pd.Timedelta(minutes=m):%b %d %H:%M:%S}".replace(" 0", "  ", 1) for m in minutes
    ]


STAMPS = {
    "new year": clock("2026-12-31 23:30", *range(0, 90, 3)),
    "an hour shown twice": [
        *clock("2026-10-25 01:30", *range(0, 90, 7)),
        *clock("2026-10-25 02:00", *range(0, 90, 7)),
    ],
    "a clock that leaps ahead": [
        *clock("2026-12-07 05:00", *range(19)),
        *clock("2026-12-07 09:00", *range(20)),
    ],
    "a clock that is ahead for a while": [
        *clock("2026-12-07 05:00", *range(20)),
        *clock("2026-12-07 09:00", *range(9)),
        *clock("2026-12-07 05:20", *range(20)),
    ],
    "a clock that goes back again and again": [
        *clock("2026-12-07 05:00", *range(20)),
        *clock("2026-12-07 04:40", *range(9)),
        *clock("2026-12-07 05:20", *range(2)),
        *clock("2026-12-07 05:00", *range(9)),
    ],
}


def read(lines, size, name="mail.log"):
    """The log, read in blocks of so many lines."""
    readings, offset = [], 0
    for first in range(0, len(lines), size):
        block = "".join(lines[first : first + size]).encode()
        readings.append(formats.read_syslog(name, first + 1, offset, block))
        offset += len(block)
    return formats.joined(name, readings)


def cut(table, size):
    """In chunks of so many rows, each with dictionaries of its own, as blocks are laid on disk."""
    plain = pa.table(
        {
            name: column.cast(column.type.value_type)
            if pa.types.is_dictionary(column.type)
            else column
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )
    parts = [plain.slice(at, size).combine_chunks() for at in range(0, len(plain), size)]
    for column in ("source", "server", "queue_id"):
        at = plain.column_names.index(column)
        parts = [p.set_column(at, column, p[column].dictionary_encode()) for p in parts]
    return pa.concat_tables(parts)


def dated(log, zone="Europe/Berlin"):
    year = formats.years([log], None, {}).get(log.name, formats.Year(2026, "given"))
    return formats.dated(log, year, zone)


def rows(tables):
    return {kind: table.to_pylist() for kind, table in tables.items()}


@pytest.fixture
def look_at(monkeypatch):
    """So many lines are looked at at a time."""

    def look_at(lines):
        monkeypatch.setattr(in_turn, "LINES_AT_A_TIME", lines)
        monkeypatch.setattr(alike, "AT_A_TIME", lines)
        monkeypatch.setattr(alike, "ONE_IN", 1)

    return look_at


@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize("stamps", STAMPS.values(), ids=STAMPS)
def test_times_and_doubts_do_not_change_with_the_blocks(stamps, size):
    lines = list(logged(stamps))
    whole, doubtful = dated(read(lines, len(lines)))
    tables, doubts = dated(read(lines, size))
    assert rows(tables) == rows(whole)
    pd.testing.assert_frame_equal(doubts, doubtful)


@pytest.mark.parametrize("name", STAMPS)
def test_jumps_do_not_change_with_the_blocks_and_lines_at_a_time(look_at, name):
    one, other = logged(STAMPS[name]), logged(STAMPS[name], "mx2")
    lines = [line for pair in zip(one, other, strict=True) for line in pair]
    tables, _ = dated(read(lines, len(lines)))
    whole = formats.jumps({"mail.log": tables})
    assert whole["what"].tolist() == TOLD.get(name, [])
    for size, at_a_time in itertools.product([1, 7, len(lines)], [1, 7, 1000]):
        look_at(at_a_time)
        pieces = {kind: cut(table, size) for kind, table in tables.items()}
        pd.testing.assert_frame_equal(formats.jumps({"mail.log": pieces}), whole)


def test_lines_that_stand_twice_do_not_change_with_the_blocks_and_lines_at_a_time(look_at):
    lines = list(logged(clock("2026-12-07 05:00", *[m / 30 for m in range(60)])))
    late = list(logged(clock("2026-12-07 05:00", *[m / 30 + 1 / 60 for m in range(60)])))
    logs = {
        "a.log": read(lines[:40], 40, "a.log"),
        "b.log": read(lines[20:] + lines[-3:], 43, "b.log"),
        "c.log": read(late[10:50], 40, "c.log"),
    }
    tables = {name: dated(log, "UTC")[0] for name, log in logs.items()}
    names = formats.order(tables)
    whole, repeated = formats.once(tables, names, {})
    assert repeated["b.log"]["a.log"] == 20
    assert repeated["b.log"].keys() == {"a.log", "c.log"}
    assert repeated["c.log"].keys() == {"a.log"}
    for size, at_a_time in itertools.product([1, 7, 1000], [1, 7, 1000]):
        look_at(at_a_time)
        pieces = {
            name: {kind: cut(table, size) for kind, table in of.items()}
            for name, of in tables.items()
        }
        kept, told = formats.once(pieces, names, {})
        assert told == repeated
        assert {name: rows(of) for name, of in kept.items()} == {
            name: rows(of) for name, of in whole.items()
        }


def test_lines_received_twice_do_not_change_with_the_blocks_and_lines_at_a_time(look_at):
    lines = list(logged(clock("2026-12-07 05:00", *[m / 4 for m in range(60)])))
    late = list(logged(clock("2026-12-07 05:00", *[m / 4 + 1 / 16 for m in range(60)])))
    both = [line for pair in zip(lines, late, strict=True) for line in pair]
    tables = dated(read(both, len(both)), "UTC")[0]
    whole, told, apart = formats.received_once({"a.log": tables}, ["a.log"])
    assert (told, apart) == ({"a.log": 60}, {"mx1": 3})
    for size, at_a_time in itertools.product([1, 7, 1000], [1, 7, 1000]):
        look_at(at_a_time)
        pieces = {kind: cut(table, size) for kind, table in tables.items()}
        kept = formats.received_once({"a.log": pieces}, ["a.log"])
        assert kept[1:] == (told, apart)
        assert rows(kept[0]["a.log"]) == rows(whole["a.log"])


def numbered(*chunks):
    return pa.concat_tables(
        [
            pa.table(
                {
                    "order": pa.array(chunk, pa.int64()),
                    "text": pa.array(map(str, chunk), pa.string()),
                }
            )
            for chunk in chunks
        ]
    )


def addresses(table):
    return {chunk.buffers()[1].address for chunk in table["order"].chunks}


@pytest.mark.parametrize(
    "chunks",
    [
        ([1, 2], [3, 4], [5]),
        ([1, 2], [4, 3], [5, 6]),
        ([1, 3], [2, 4], [5, 6]),
        ([5, 6], [3, 4], [1, 2]),
        ([2, 2], [2, 3], [3, 1]),
        ([], [1, 2]),
        ([],),
    ],
)
def test_chunks_are_put_in_order(chunks):
    told = formats.in_order(numbered(*chunks), "order")
    assert told["order"].to_pylist() == sorted(itertools.chain(*chunks))
    assert told["text"].to_pylist() == [str(n) for n in told["order"].to_pylist()]


def test_a_chunk_in_order_stays_where_it_lies_beside_one_that_is_not():
    table = numbered([1, 2], [4, 3], [5, 6])
    assert len(addresses(formats.in_order(table, "order")) & addresses(table)) == 2


def test_rows_of_the_same_number_stay_as_they_are():
    table = pa.concat_tables(
        [
            pa.table({"order": [2, 1], "text": ["a", "b"]}),
            pa.table({"order": [1, 1], "text": ["c", "d"]}),
        ]
    )
    assert formats.in_order(table, "order")["text"].to_pylist() == ["b", "c", "d", "a"]


def test_a_column_that_a_file_lacks_is_null_in_its_lines():
    one = pa.table({"line": [1, 2], "relay": pa.array(["x", "y"]).dictionary_encode()})
    one = one.append_column("time", pa.array([1, 2]))
    other = pa.table({"line": [1, 2, 3], "time": [1, 2, 3]})
    other = pa.concat_tables([other.slice(0, 1), other.slice(1)])
    told = one_table_a_kind({"a": {"delivery": one}, "b": {"delivery": other}}, ["a", "b"])
    table = told["delivery"]
    assert table["relay"].to_pylist() == ["x", "y", None, None, None]
    assert table["order"].to_pylist() == sorted(table["order"].to_pylist())
