"""When does the time of a file go back, and when are lines only late?"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.formats.jumps import jumps


@pytest.fixture
def found():
    """Jumps of a file whose lines were written at these minutes."""

    def of(minutes, servers="mx1"):
        time = pd.Timestamp("2026-12-07", tz="UTC") + pd.to_timedelta(minutes, unit="min")
        table = pa.table(
            {
                "server": pa.array(
                    np.broadcast_to(servers, len(minutes)).tolist()
                ).dictionary_encode(),
                "line": pa.array(range(1, len(minutes) + 1), pa.int64()),
                "offset": pa.array([100 * n for n in range(len(minutes))], pa.int64()),
                "time": pa.array(time, pa.timestamp("us", "UTC")),
            }
        )
        return jumps({"mail.log": {"client": table}}).to_dict("records")

    return of


@pytest.mark.parametrize(
    "minutes",
    [
        list(range(20)),
        [0, 1, 2, 500, 501, 502, 503],
        [0, 10, 20, 1, 2, 30, 40, 50],
        [0, 4, 1, 5, 2, 6, 3, 7],
        [pd.NaT],
    ],
    ids=["it goes on", "it is silent for long", "a few lines are late", "a little", "no time"],
)
def test_it_does_not_jump_where(found, minutes):
    assert found(minutes) == []


def test_a_clock_that_is_set_back_is_told_with_place_and_size(found):
    (jump,) = found([120, 121, 122, *range(3, 12)])
    assert (jump["line"], jump["seconds"], jump["lines"]) == (4, 119 * 60, 9)


def test_two_servers_in_one_file_have_a_clock_each(found):
    minutes = [n + hour for n in range(10) for hour in (0, 60)]
    assert found(minutes, ["mx1", "mx2"] * 10) == []
