"""Charts of harm and cost say what impact.json holds, and nothing where it holds nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.charts import draw, style
from analyzer.charts.cost_over_time import cost_over_time
from analyzer.charts.five_minutes import five_minutes
from analyzer.charts.ground import Ground
from tests.charts.rows import RELAYED, START, case


def item(name, low, mid, high, label="assumed"):
    return {"name": name, "title": name.title(), "low": low, "mid": mid, "high": high} | {
        "label": label,
        "at_mid": mid,
    }


ITEMS = [item("staff", 100, 200, 400), item("mail", 10, 50, 90, "measured"), item("none", 0, 0, 0)]
DRIVER = {
    "name": "staff_hours",
    "title": "Staff hours",
    "correlation": 0.61,
    "total_at_low": 120.0,
    "total_at_high": 480.0,
    "label": "given",
}
BILL = {"currency": "EUR", "items": ITEMS, "drivers": [DRIVER]} | {
    "total": item("total", 150, 250, 450)
}
HARM = {
    "by_day": [{"day": "2026-12-08", "blocked": 9, "waiting": 4, "delayed": 2, "notice": 31}],
    "by_partner": [{"partner": "big.example", "blocked": 9, "delayed": 0, "notice": 0}],
}
MONTH = {"month": "2026-12", "direction": "out", "filled": 2, "free": 446} | {
    "with": 0.5,
    "without": 0.1,
}
SAMPLE = {
    "start": pd.Timestamp(START),
    "verdict": "abusive",
    "mechanism": "open_relay",
    "messages_in": 1,
    "bytes_in": 1_000,
    "transactions": 10,
    "bytes_out": 3_000_000,
}
GROUND = Ground(9, pd.Timestamp(START) - style.HOUR, pd.Timestamp(START) + 9 * style.HOUR)


def chart(name, **impact):
    made = case(volume=[RELAYED])
    made.impact |= impact
    drawn = draw(made, [name])
    return drawn[0] if drawn else None


def test_the_range_of_the_total_is_the_title_and_empty_items_are_left_out():
    drawn = chart("cost_items", cost=BILL)
    assert drawn.title == "Between 150 and 450 EUR, nine times in ten; staff is the largest item"
    assert "Mail 50 (10 to 90, measured)" in drawn.alt
    assert "None" not in drawn.alt


def test_the_numbers_to_check_first_are_the_title():
    drawn = chart("cost_drivers", cost=BILL)
    assert drawn.title == "Check these first: staff hours"
    assert "Staff hours: 120 to 480, correlation 0.61" in drawn.alt


@pytest.mark.parametrize("name", ["cost_items", "cost_drivers", "cost_over_time", "five_minutes"])
def test_without_a_bill_no_cost_is_drawn(name):
    assert chart(name, cost=None, bandwidth_month=None) is None


def test_without_harm_no_harm_is_drawn():
    assert chart("harmed_mail", harm={}) is None


def test_harmed_mail_names_the_partner_that_refused_most():
    drawn = chart("harmed_mail", harm=HARM)
    assert (
        drawn.title == "Mail of ours to 13 recipients was refused, of which 4 still wait; "
        "1 partner domain, big.example most"
    )
    assert "8 Dec 2026: 9 refused, never delivered, 4 refused, still waiting when" in drawn.alt


def test_no_refusal_is_made_of_late_mail():
    late = HARM | {"by_day": [HARM["by_day"][0] | {"blocked": 0, "waiting": 0}]}
    title = chart("harmed_mail", harm=late).title
    assert title == "No mail of ours was refused; to 2 recipients it was later than usual"


def test_five_minutes_say_how_many_samples_a_percentile_leaves_free():
    drawn = five_minutes(pd.DataFrame([SAMPLE]), MONTH, 0.05, 3_000, GROUND)
    assert drawn.title.startswith("The abuse filled 2 five-minute samples; a 95th percentile")
    # (3,000,000 × 1.05 + 10 × 3,000) × 8 bit / 300 s
    assert "at most 0.0848 Mbit/s" in drawn.alt


def test_costs_are_dated_by_refusals_and_the_rest_stands_at_the_end():
    harm = pd.DataFrame({"kind": ["blocked"] * 2, "time": [pd.Timestamp(START)] * 2})
    drawn = cost_over_time(BILL, pd.DataFrame([SAMPLE]), harm, GROUND)
    assert drawn.title == "The log dates 20 % of the cost; staff and help come after it"
    assert "Mail from 8 Dec 2026, 05:00 UTC" in drawn.alt


def test_a_bill_that_the_log_dates_nothing_of_has_no_course():
    nobody = pd.DataFrame({"kind": [], "time": pd.DatetimeIndex([], tz="UTC")})
    assert cost_over_time(BILL, pd.DataFrame([SAMPLE]), nobody, GROUND) is None
