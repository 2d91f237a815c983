"""Is the model the one of the page, to the cent, and are its ranges those of PERT?"""

import re
from pathlib import Path

import numpy as np
import pytest

from analyzer.impact import inputs
from analyzer.impact.cost import bill, cost, pert
from analyzer.impact.page import EXAMPLE, EXAMPLE_HOURS, example

PER_GB = {"name": "per_gb", "mbit_billed_more": 0.0, "included_gb": 0.0, "used_gb": 0.0}
PAGE = Path(__file__).parents[2] / "docs" / "impact.md"

# 2.4 million deliveries of 12 kB, each its own transaction, worked out with pencil and paper:
# (28.8e9 * 1.05 + 2.4e6 * 3000) / 1e9 = 37.44 GB, at 0.05; 40 h at 75; 250 * 0.02 * 72 * 45;
# 800 * 15 + 3000 * 0.5; 1500 + 0 + 0.
BY_HAND = {
    "bandwidth": 1.872,
    "storage": 0.0,
    "staff": 3000.0,
    "productivity": 16200.0,
    "mail": 13500.0,
    "external": 1500.0,
    "standing": 0.0,
}
# Percentiles of the worked example of which the model was taken: 5 %, median, 95 %.
WORKED = {
    "wire_gb": (35.0, 38.7, 44.1),
    "staff": (1702, 3749, 7500),
    "productivity": (6340, 21998, 64579),
    "mail": (7006, 17900, 33988),
    "external": (433, 2402, 5826),
    "total": (26225, 48753, 92207),
}


def settled(**changed):
    measured = {key: (value,) * 3 for key, value in EXAMPLE.items()}
    measured["hours_impaired"] = EXAMPLE_HOURS
    return inputs.settle(inputs.Given(changed), measured)


def priced(tariff=PER_GB, seed=1, **changed):
    return cost(settled(**changed), tariff, currency="EUR", seed=seed)


def figures(bill):
    found = {item["name"]: item for item in bill["items"]}
    return found | {"total": bill["total"], "wire_gb": bill["wire"]}


def test_with_every_range_at_its_mid_the_model_is_the_sum_done_by_hand():
    found = figures(example(EXAMPLE_HOURS, only_mid=True))
    for name, value in BY_HAND.items():
        ends = {round(found[name][end], 2) for end in ("low", "mid", "high", "mean", "at_mid")}
        assert ends == {round(value, 2)}, name
    assert found["total"]["mid"] == 34201.87


def test_the_page_prints_the_sum_done_by_hand():
    page = PAGE.read_text("utf-8")
    assert re.search(r"^\| Staff \| `40 × 75` \| 3,000.00 \|", page, re.MULTILINE)
    assert re.search(r"^\| Total \| `1.872 \+ .*` \| 34,201.87 \|", page, re.MULTILINE)


@pytest.mark.parametrize("name", WORKED)
def test_the_ranges_are_those_of_the_worked_example_within_5_percent(name):
    found = figures(example((24.0, 60.0, 240.0)))[name]
    assert [found[end] for end in ("low", "mid", "high")] == pytest.approx(WORKED[name], rel=0.05)


@pytest.mark.parametrize(("low", "mid", "high"), [(2, 15, 60), (0, 0, 10), (1, 9, 9), (0.3, 1, 5)])
def test_draws_have_mean_and_variance_of_pert(low, mid, high):
    draws = pert(low, mid, high, 200_000, (1, 7))
    mean = (low + 4 * mid + high) / 6
    assert draws.min() >= low
    assert draws.max() <= high
    assert draws.mean() == pytest.approx(mean, rel=0.01)
    assert draws.var() == pytest.approx((mean - low) * (high - mean) / 7, rel=0.02)


def test_the_percentiles_of_a_one_sided_range_are_those_of_its_closed_form():
    """With the mid at the low end it is Beta(1, 5), whose distribution is 1 - (1 - x)^5."""
    found = np.percentile(pert(0, 0, 1, 400_000, (1, 7)), (5, 50, 95))
    assert found == pytest.approx([1 - (1 - p) ** 0.2 for p in (0.05, 0.5, 0.95)], rel=0.02)


def test_the_same_seed_gives_the_same_figures_and_another_gives_others():
    assert priced() == priced()
    assert priced(seed=2)["total"]["mid"] != priced()["total"]["mid"]


def test_an_input_that_is_fixed_changes_the_draws_of_no_other():
    fixed = figures(priced(value_per_blocked_mail=(15.0, 15.0, 15.0)))
    assert fixed["productivity"] == figures(priced())["productivity"]


def test_in_every_draw_the_total_is_the_sum_of_the_items():
    rising = {key: np.linspace(i.low, i.high, 9) for key, i in settled().items()}
    found = bill(rising | {"staff_hours": np.linspace(16, 120, 9)}, PER_GB)
    np.testing.assert_allclose(sum(found[name] for name in BY_HAND), found["total"], rtol=1e-12)


def test_no_mail_no_hours_and_no_help_cost_nothing():
    nothing = dict.fromkeys([*EXAMPLE, "hours_impaired", "external_help"], (0.0, 0.0, 0.0))
    nothing |= {key: (0.0, 0.0, 0.0) for key in settled() if key.startswith("staff_hours")}
    found = priced(**nothing)
    assert (found["total"]["low"], found["total"]["high"], found["drivers"]) == (0.0, 0.0, [])


def test_the_input_that_moves_the_total_most_stands_first():
    names = [driver["name"] for driver in priced()["drivers"]]
    assert names[:3] == ["loss_fraction", "hours_impaired", "value_per_blocked_mail"]


def test_what_hardly_moves_the_total_is_no_driver():
    names = [driver["name"] for driver in priced()["drivers"]]
    assert not {"egress_price_per_gb", "overhead_share", "storage_price_per_gb_month"} & set(names)


def test_a_wider_range_drives_more():
    wide = priced(external_help=(0.0, 1500.0, 900_000.0))["drivers"]
    assert wide[0]["name"] == "external_help"
    assert wide[0]["total_at_high"] - wide[0]["total_at_low"] == pytest.approx(900_000)


@pytest.mark.parametrize(
    ("tariff", "expected"),
    [
        ({"name": "p95", "mbit_billed_more": 33.0}, 33.0),
        ({"name": "flat", "included_gb": 0.0}, 0.0),
        ({"name": "flat", "included_gb": 100.0, "used_gb": 20.0}, 0.0),
        ({"name": "flat", "included_gb": 100.0, "used_gb": 90.0}, (37.44 - 10) * 0.05),
        ({"name": "flat", "included_gb": 100.0, "used_gb": 130.0}, 37.44 * 0.05),
    ],
    ids=["p95", "without limit", "within the quota", "over the quota", "above it anyway"],
)
def test_traffic_costs_by_tariff(tariff, expected):
    found = figures(priced(PER_GB | tariff))["bandwidth"]
    assert found["at_mid"] == round(expected, 2)


def test_a_result_is_assumed_if_anything_in_it_is_else_given():
    rates = {"staff_rate_per_hour": (80.0, 80.0, 80.0)}
    assert figures(priced(**rates))["staff"]["label"] == "assumed"
    hours = {key: (1.0, 1.0, 1.0) for key in settled() if key.startswith("staff_hours")}
    assert figures(priced(**rates, **hours))["staff"]["label"] == "given"


def test_harm_to_others_is_in_no_sum():
    dear = priced(reader_wage_per_hour=(9e6, 9e6, 9e6))
    assert dear["others"]["mid"] > 1e6
    assert dear["total"] == priced()["total"]
