"""When does a server that never rests log nothing at all?"""

import datetime

import pandas as pd
import pyarrow as pa
import pytest

from analyzer.formats import silences
from analyzer.schema import EVENTS

DAY = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)  # a Monday


def log(days, server="mx1", hours=range(8, 18)):
    """A file with a line an hour on some days."""
    times = [DAY + datetime.timedelta(days=day, hours=hour) for day in days for hour in hours]
    rows = [
        {"server": server, "time": time, "line": number, "offset": 10 * number}
        for number, time in enumerate(times, 1)
    ]
    return {"client": pa.Table.from_pylist(rows, EVENTS.empty_table().select(list(rows[0])).schema)}


def told(*logs):
    return silences({f"mail.{number}": log for number, log in enumerate(logs)})


def test_a_day_that_is_missing_is_told_with_the_first_line_after_it():
    (row,) = told(log(range(5), hours=range(24)), log(range(6, 9), hours=range(24))).to_dict(
        "records"
    )
    assert row == {
        "server": "mx1",
        "since": pd.Timestamp("2026-03-06 23:00", tz="UTC"),
        "until": pd.Timestamp("2026-03-08 00:00", tz="UTC"),
        "source": "mail.1",
        "line": 1,
        "offset": 10,
    }


def test_each_server_is_looked_at_by_itself():
    whole = log(range(9), hours=range(24))
    holed = log([0, 1, 2, 3, 5, 6, 7, 8], "mx2", range(24))
    assert told(whole, holed)["server"].tolist() == ["mx2"]


def test_a_few_hours_are_told_of_a_server_that_otherwise_never_rests():
    whole = log(range(4), hours=range(24))["client"]
    assert len(told({"client": pa.concat_tables([whole[:50], whole[60:]])})) == 1
    assert told({"client": pa.concat_tables([whole[:50], whole[52:]])}).empty


def test_of_a_long_log_several_are_told():
    days = [day for day in range(30) if day not in (7, 20)]
    assert len(told(log(days, hours=range(24)))) == 2


@pytest.mark.parametrize(
    "days",
    [
        [*range(5), *range(7, 12), *range(14, 19)],
        [0, 1, 4],
        [0, 2, 4, 6, 8],
        range(9),
    ],
    ids=["weekends", "a log of three days", "every other day", "nights"],
)
def test_an_office_may_be_closed(days):
    assert told(log(days)).empty


def test_lines_without_a_time_tell_nothing():
    table = log(range(9))["client"]
    nothing = table.set_column(
        1, table.schema.field("time"), pa.nulls(len(table), table["time"].type)
    )
    assert told({"client": nothing}).empty


def test_of_no_log_nothing_is_told():
    assert silences({}).empty
