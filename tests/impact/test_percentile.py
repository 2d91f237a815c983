"""What does a 95th percentile bill, with the abuse and without?"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analyzer.impact.percentile import month, percentile
from analyzer.schema import BANDWIDTH, fit


def test_the_top_5_percent_are_not_billed():
    values = np.arange(1.0, 101.0)
    assert percentile(values) == 95.0
    assert percentile(np.zeros(0)) == 0.0


def link(hours, burst=60.0, base=20.0):
    """A month of steady *base* Mbit/s, and a burst of so many hours on top; as BANDWIDTH."""
    starts = pd.date_range("2026-04-01", "2026-05-01", freq="5min", inclusive="left", tz="UTC")
    to_bytes = 300 * 1e6 / 8

    def rows(which, mbit, verdict):
        zero = dict.fromkeys(BANDWIDTH.names[3:], 0)
        return pd.DataFrame({"start": which, "verdict": verdict, "mechanism": None} | zero).assign(
            bytes_out=int(mbit * to_bytes)
        )

    whole = pd.concat(
        [rows(starts, base, "legitimate"), rows(starts[500 : 500 + hours * 12], burst, "abusive")]
    )
    return fit(pa.Table.from_pandas(whole, preserve_index=False), BANDWIDTH)


def billed(hours, **changed):
    said = {"overhead": 0.0, "dialogue": 0.0, "link": 0.0, "committed": 0.0} | changed
    return month(link(hours), **said)


@pytest.mark.parametrize(
    ("hours", "rate"), [(12, 20), (24, 20), (36, 20), (37, 80), (48, 80), (120, 80)]
)
def test_36_hours_decide(hours, rate):
    found = billed(hours)
    assert (found["free"], found["filled"]) == (432, hours * 12)
    assert (found["without"], found["with"]) == (20.0, rate)
    assert found["billed_more"] == rate - 20


def test_what_is_paid_anyway_costs_nothing_more():
    assert billed(48, committed=50.0)["billed_more"] == 30.0
    assert billed(48, committed=100.0)["billed_more"] == 0.0


def test_the_link_s_own_load_stands_beside_mail_where_it_is_given():
    found = billed(48, link=200.0)
    assert (found["without"], found["with"], found["label"]) == (200.0, 260.0, "given")


def test_the_words_say_on_which_side_of_the_cliff():
    assert "432 highest of 8,640: it stays within them" in billed(36)["words"]
    assert "it goes beyond them" in billed(37)["words"]


def test_without_abuse_no_month_is_billed():
    assert month(link(0), overhead=0.0, dialogue=0.0, link=0.0, committed=0.0) is None
