"""What did it cost? Three-point inputs → PERT distributions → simulation → range and drivers."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.impact.inputs import Input

DRAWS = 20_000
PERCENTILES = (5, 50, 95)
DRIVERS_SHOWN = 8
FELT = 0.001  # of the median total, below which an input drives nothing
LABELS = ("measured", "given", "assumed")
WEIGHT = 4.0  # of the most likely value, as PERT has it
GB = 1e9
PHASES = (
    "staff_hours_triage",
    "staff_hours_fix",
    "staff_hours_delisting",
    "staff_hours_communication",
    "staff_hours_follow_up",
)
STAFF_HOURS = "staff_hours"
Value = Any  # a number, or an array of one number a draw
Draws = npt.NDArray[np.float64]

# name, title, formula: in this order everywhere.
ITEMS = (
    ("bandwidth", "Bandwidth", ""),
    ("storage", "Storage", "queue_peak_gb × queue_days / 30 × storage_price_per_gb_month"),
    ("staff", "Staff", "staff_hours × staff_rate_per_hour"),
    (
        "productivity",
        "Lost working time",
        "users_affected × loss_fraction × hours_impaired × user_rate_per_hour",
    ),
    (
        "mail",
        "Own mail refused and late",
        "mails_blocked × value_per_blocked_mail + mails_delayed × value_per_delayed_mail",
    ),
    ("external", "External help and credits", "external_help + sla_credits + lost_orders"),
    ("standing", "Loss of standing", "customers × churn_increase × margin_per_customer"),
)
WIRE = "(bytes_out × (1 + overhead_share) + transactions × dialogue_bytes) / 10^9"
OTHERS = "deliveries × inbox_share × reading_seconds / 3600 × reader_wage_per_hour"
TARIFFS = {
    "per_gb": "wire_gb × egress_price_per_gb",
    "p95": "mbit_billed_more × transit_price_per_mbit",
    "flat": "gb_above_quota × egress_price_per_gb",
}


def pert(low: float, mid: float, high: float, draws: int, seed: tuple[int, int]) -> Draws:
    """Draws of the PERT distribution: a beta distribution with mean (low + 4 mid + high) / 6."""
    if low == high:
        return np.full(draws, mid)
    width = high - low
    alpha, beta = 1 + WEIGHT * (mid - low) / width, 1 + WEIGHT * (high - mid) / width
    source = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    return low + width * source.beta(alpha, beta, draws)


def bill(value: Mapping[str, Value], tariff: Mapping[str, Any]) -> dict[str, Value]:
    """Every item of the model, of single numbers or of draws alike, with `total` their sum.

    Args:
        value: Each input by key, `staff_hours` the sum of its phases.
        tariff: `name`; `mbit_billed_more` for p95; `included_gb` and `used_gb` for flat.
    """
    body = value["bytes_out"] * (1 + value["overhead_share"])
    wire = (body + value["transactions"] * value["dialogue_bytes"]) / GB
    found = {
        "bandwidth": _traffic(wire, value, tariff),
        "storage": value["queue_peak_gb"]
        * value["queue_days"]
        / 30
        * value["storage_price_per_gb_month"],
        "staff": value[STAFF_HOURS] * value["staff_rate_per_hour"],
        "productivity": value["users_affected"]
        * value["loss_fraction"]
        * value["hours_impaired"]
        * value["user_rate_per_hour"],
        "mail": value["mails_blocked"] * value["value_per_blocked_mail"]
        + value["mails_delayed"] * value["value_per_delayed_mail"],
        "external": value["external_help"] + value["sla_credits"] + value["lost_orders"],
        "standing": value["customers"] * value["churn_increase"] * value["margin_per_customer"],
    }
    total = sum(found.values())
    seen = value["deliveries"] * value["inbox_share"]
    others = seen * value["reading_seconds"] / 3600 * value["reader_wage_per_hour"]
    return {**found, "total": total, "wire_gb": wire, "others": others}


def _traffic(wire: Value, value: Mapping[str, Value], tariff: Mapping[str, Any]) -> Value:
    if tariff["name"] == "p95":
        return tariff["mbit_billed_more"] * value["transit_price_per_mbit"]
    if tariff["name"] == "flat":
        if not tariff["included_gb"]:
            return wire * 0
        used, quota = tariff["used_gb"], tariff["included_gb"]
        above = np.maximum(used + wire - quota, 0) - np.maximum(used - quota, 0)
        return above * value["egress_price_per_gb"]
    return wire * value["egress_price_per_gb"]


def cost(
    inputs: Mapping[str, Input], tariff: Mapping[str, Any], *, currency: str, seed: int
) -> dict[str, Any]:
    """The range of every item and of the total, and which inputs drive it.

    The phases of one incident go well or badly together, so their hours are summed before they are
    drawn; every other input is drawn by itself, from a stream that its name and the seed decide.

    Returns:
        `items`, `total`, `wire`, `others` (harm to third parties, in no sum): each a figure with
        `low`, `mid`, `high` (5th, 50th, 95th percentile), `mean` and `at_mid` (all inputs at mid);
        `drivers`: inputs by rank correlation with the total, with the total at their ends.
    """
    drawn_of = _with_staff_hours(inputs)
    points = {key: (i.low, i.mid, i.high) for key, i in drawn_of.items()}
    drawn = {
        key: pert(*three, DRAWS, (seed, zlib.crc32(key.encode()))) for key, three in points.items()
    }
    middle = {key: three[1] for key, three in points.items()}
    ranges, at_mid = bill(drawn, tariff), bill(middle, tariff)

    def figure(name: str, title: str, unit: str, formula: str) -> dict[str, Any]:
        used = [i for key, i in drawn_of.items() if key in _names(formula)]
        if "wire_gb" in formula:
            used += [i for key, i in drawn_of.items() if key in _names(WIRE)]
        low, mid, high = np.percentile(ranges[name], PERCENTILES)
        digits = 2 if unit == currency else 3
        return {
            "name": name,
            "title": title,
            "low": round(float(low), digits),
            "mid": round(float(mid), digits),
            "high": round(float(high), digits),
            "mean": round(float(np.mean(ranges[name])), digits),
            "at_mid": round(float(at_mid[name]), digits),
            "unit": unit,
            "label": _weakest(i.label for i in used),
            "how": formula,
            "substituted": _substituted(formula, middle, at_mid, tariff),
        }

    formulas = {name: formula or TARIFFS[tariff["name"]] for name, _, formula in ITEMS}
    titles = {name: title for name, title, _ in ITEMS}
    items = [figure(name, titles[name], currency, formulas[name]) for name in titles]
    total = figure("total", "Total", currency, " + ".join(titles))
    labels = {item["label"] for item in items if item["high"]}
    total["label"] = _weakest(labels)
    return {
        "currency": currency,
        "draws": DRAWS,
        "seed": seed,
        "items": items,
        "total": total,
        "wire": figure("wire_gb", "Bytes on the wire", "GB", WIRE),
        "others": figure("others", "Harm to those who got it (in no sum)", currency, OTHERS),
        "drivers": _drivers(drawn_of, drawn, ranges["total"], middle, tariff),
    }


def _with_staff_hours(inputs: Mapping[str, Input]) -> dict[str, Input]:
    """The inputs with the phases' hours as one."""
    phases = [inputs[key] for key in PHASES]
    low, mid, high = (sum(getattr(p, name) for p in phases) for name in ("low", "mid", "high"))
    hours = Input(
        STAFF_HOURS,
        "Staff: hours of all phases",
        "h",
        low,
        mid,
        high,
        _weakest(p.label for p in phases),
        "sum",
    )
    rest = {key: given for key, given in inputs.items() if key not in PHASES}
    return rest | {STAFF_HOURS: hours}


def _weakest(labels: Iterable[str]) -> str:
    """A result is assumed if anything in it is, else given if anything is."""
    return max(labels, key=LABELS.index, default="measured")


def _names(formula: str) -> list[str]:
    return formula.replace("(", " ").replace(")", " ").split()


def _substituted(
    formula: str, middle: Mapping[str, float], at_mid: Mapping[str, Any], tariff: Mapping[str, Any]
) -> str:
    """The formula with its numbers, all at mid."""
    known = {**{k: v for k, v in tariff.items() if k != "name"}, **at_mid, **middle}
    words = formula.replace("(", "( ").replace(")", " )").split(" ")
    told = " ".join(f"{known[w]:,.12g}" if w in known else w for w in words)
    return told.replace("( ", "(").replace(" )", ")")


def _drivers(
    inputs: Mapping[str, Input],
    drawn: Mapping[str, Draws],
    total: Draws,
    middle: Mapping[str, float],
    tariff: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The tornado: rank correlation of each input with the total, the strongest first."""
    if not np.ptp(total):
        return []
    found: list[dict[str, Any]] = []
    ranks = _ranks(total)
    for key, given in inputs.items():
        if given.low == given.high:
            continue
        low, high = (
            float(bill({**middle, key: end}, tariff)["total"]) for end in (given.low, given.high)
        )
        if abs(high - low) < FELT * float(np.median(total)):
            continue  # its correlation is chance
        found.append(
            {
                "name": key,
                "title": given.title,
                "correlation": round(float(np.corrcoef(_ranks(drawn[key]), ranks)[0, 1]), 3),
                "total_at_low": round(low, 2),
                "total_at_high": round(high, 2),
                "label": given.label,
            }
        )
    found.sort(key=lambda driver: (-abs(driver["correlation"]), driver["name"]))
    return found[:DRIVERS_SHOWN]


def _ranks(values: Draws) -> Draws:
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks
