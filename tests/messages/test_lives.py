"""Which message does a line belong to, where queue ids are used again?"""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from analyzer.messages.lives import live

START = datetime.datetime(2026, 12, 7, 10, tzinfo=datetime.UTC)
FIRST_LIFE = ["client", "message_id", "queued", "delivery", "removed"]


def events(*lines):
    """Events by kind, of lines in order: a kind, or a kind with what differs from the plain."""
    rows = {}
    for order, line in enumerate(lines):
        kind, more = (line, {}) if isinstance(line, str) else line
        minute = more.get("minute", order / 1000)
        rows.setdefault(kind, []).append(
            {
                "order": order,
                "time": START + datetime.timedelta(minutes=minute),
                "mta": "postfix",
                "server": more.get("server", "mx1"),
                "instance": more.get("instance", "postfix"),
                "daemon": more.get("daemon", "qmgr"),
                "queue_id": more.get("queue_id", "3F2A12CE583"),
            }
        )
    utc = pa.timestamp("us", tz="UTC")
    texts = ("mta", "server", "instance", "daemon", "queue_id")
    schema = pa.schema([("order", pa.int64()), ("time", utc), *((n, pa.string()) for n in texts)])
    # As read from files: columns in chunks.
    return {
        kind: pa.Table.from_batches([pa.RecordBatch.from_pylist(r, schema)])
        for kind, r in rows.items()
    }


def lives_of(*lines):
    """The number of the message of each line, in order of lines."""
    tables, _ = live(events(*lines))
    found = [
        (order, life)
        for table in tables.values()
        for order, life in zip(table["order"].to_pylist(), table["life"].to_pylist(), strict=True)
    ]
    return [life for _, life in sorted(found)]


def after(minutes, kind, **more):
    return kind, {"minute": minutes, **more}


def test_the_lines_of_a_message_are_of_one():
    assert lives_of(*FIRST_LIFE) == [0] * 5


def test_lines_without_a_queue_id_are_of_none():
    assert lives_of(("disconnect", {"queue_id": None})) == [-1]


def test_a_retry_is_of_the_same_message():
    assert set(lives_of(*FIRST_LIFE[:-1], after(60, "queued"), after(60, "delivery"))) == {0}


@pytest.mark.parametrize("kind", ["client", "pickup", "message_id", "queued"])
def test_after_the_end_a_new_message_begins_with(kind):
    assert lives_of(*FIRST_LIFE, kind)[-1] == 1


@pytest.mark.parametrize("kind", ["client", "pickup"])
def test_a_lost_end_is_no_hindrance_for_a_new(kind):
    assert lives_of(*FIRST_LIFE[:-1], kind, "message_id")[-2:] == [1, 1]


def test_a_second_message_id_after_deliveries_is_a_new_message():
    assert lives_of("client", "message_id", "queued", "delivery", "message_id") == [0, 0, 0, 0, 1]


def test_a_line_of_another_process_may_come_shortly_after_the_end():
    assert lives_of(*FIRST_LIFE, "delivery")[-1] == 0


@pytest.mark.parametrize("late", ["message_id", "queued", "delivery", "notice"])
def test_a_line_displaced_past_the_end_is_of_the_message_that_ended(late):
    others = [kind for kind in FIRST_LIFE if kind != late]
    assert set(lives_of(*others, late)) == {0}
    assert set(lives_of(*[after(1, kind) for kind in others], late)) == {0}


def test_after_a_line_displaced_past_the_end_a_new_message_may_begin():
    again = [after(9, kind) for kind in FIRST_LIFE[2:]]
    assert lives_of(*FIRST_LIFE, "delivery", *again)[-4:] == [0, 1, 1, 1]


def test_a_retry_displaced_past_the_end_is_told_by_its_stamp():
    assert set(lives_of(*(after(1, kind) for kind in FIRST_LIFE), "queued")) == {0}


def test_the_line_that_took_it_may_be_written_after_the_next():
    at_once = [(kind, {"minute": 0}) for kind in ("message_id", "client", "queued", "removed")]
    assert set(lives_of(*at_once)) == {0}


def test_a_message_id_may_be_written_after_the_next_line():
    assert set(lives_of("client", "queued", "message_id", "delivery", "removed")) == {0}


def test_a_line_long_after_the_end_is_of_a_message_whose_beginning_is_lost():
    assert lives_of(*FIRST_LIFE, after(5, "delivery"))[-1] == 1


@pytest.mark.parametrize("name", ["server", "instance", "queue_id"])
def test_it_is_another_message_on_another(name):
    lines = [(kind, {name: value}) for kind in FIRST_LIFE for value in ("one11111", "two22222")]
    if name == "queue_id":
        lines = [(kind, {name: v}) for kind in FIRST_LIFE for v in ("AAAAAA1", "BBBBBB2")]
    assert lives_of(*lines) == [0, 1] * 5


def test_a_service_with_a_name_of_its_own_feeds_the_one_queue_of_its_server():
    smtpd = ("client", {"instance": "postfix-submission", "daemon": "smtpd"})
    assert lives_of(smtpd, "message_id", "queued") == [0, 0, 0]


def test_where_two_instances_have_a_queue_a_service_name_is_given_to_neither():
    smtpd = ("client", {"instance": "postfix-submission", "daemon": "smtpd"})
    other = ("queued", {"instance": "postfix-out"})
    assert len(set(lives_of(smtpd, "queued", other))) == 3


def test_but_to_the_one_that_writes_of_the_id():
    smtpd = ("client", {"instance": "postfix-submission", "daemon": "smtpd"})
    hub = {"instance": "postfix-hub", "daemon": "qmgr"}
    elsewhere = ("queued", {"queue_id": "5D7712CE585"})
    assert lives_of(smtpd, ("queued", hub), elsewhere) == [0, 0, 1]


def found(rank, *lines):
    """The message that the queue id names at a line."""
    tables, lives = live(events(*lines))
    queue = next(iter(tables.values()))["queue"].to_numpy()[:1]
    name = pa.array(["3F2A12CE583"])
    return int(lives.find(queue, name, np.array([rank]))[0])


TWICE = [*FIRST_LIFE, *FIRST_LIFE]


@pytest.mark.parametrize(("rank", "life"), [(0, 0), (4, 0), (5, 1), (9, 1), (20, 1)])
def test_a_queue_id_names_the_message_that_lives_at_that_line(rank, life):
    assert found(rank, *TWICE) == life


def test_between_two_lives_it_names_the_next():
    unrelated = ("disconnect", {"queue_id": None})
    assert found(5, *FIRST_LIFE, unrelated, *FIRST_LIFE) == 1


def test_no_events_are_no_lives():
    tables, lives = live({})
    assert tables == {}
    assert len(lives) == 0


@pytest.mark.parametrize("kind", ["client", "message_id", "queued"])
def test_a_line_that_is_there_twice_begins_no_message(kind):
    life = [(each, {"minute": n}) for n, each in enumerate(FIRST_LIFE)]
    twice = [line for line in life for _ in range(1 + (line[0] == kind))]
    assert set(lives_of(*twice)) == {0}


def test_nor_do_all_lines_once_more():
    life = [(kind, {"minute": n}) for n, kind in enumerate(FIRST_LIFE)]
    assert set(lives_of(*life, *life)) == {0}
