"""What does docs/impact.md say? Derived from inputs, figures, lists and laws as declared."""

from __future__ import annotations

from typing import Any

from analyzer.impact import blocklists, inputs, legal
from analyzer.impact.cost import ITEMS, OTHERS, TARIFFS, WIRE, cost
from analyzer.impact.declared import COUNTED, HARMED, REFUSED, RESOURCES
from analyzer.schema import VOLUME

HEAD = """\
# Harm and cost

Derived from `analyzer/impact/` by `make docs`; do not edit.

`relaytrail analyze` measures the harm and writes `impact.json` with every price at its default.
`relaytrail impact CASE --inputs impact.toml` computes the cost anew with your own numbers, from the
tables of the case alone; `relaytrail impact --template` prints an `impact.toml` with every input.

Every number says from whom it is: **measured** (the log), **given** (impact.toml) or **assumed** (a
default that nobody confirmed). A result is assumed if anything in it is, else given if anything is.
Money is counted where abuse is confirmed, never else. Nothing multiplies a law's maximum by
messages, and no law is in a sum.
"""
KEYS = """\
## impact.json

- `onset`: when the abuse began, by the findings; null without abuse.
- `log_ends`: last line of the logs, or the end of the time asked about.
- `clean`: `last_received` (the last abusive message), `last_left` (the last time that a
  next host accepted one, notices too), `hours_clean` (last received to the end of the log),
  `messages_since` (other mail taken meanwhile), `refused_since` (relay attempts refused),
  `log_ends`, `evidence`; null without abuse.
- `figures`: what the log measures: `name, title, value, unit, label, ground`, and `low, mid,
  high` where there are bounds; `value` is null where the log cannot tell.
- `lead`: name of the figure to begin with.
- `harm`: `by_day` (UTC), `by_user`, `by_partner`: recipients `blocked`, `waiting`, `delayed`
  (all that was later than usual: the high of own_recipients_delayed), `notice`; row by row in
  harm.parquet.
- `blocklists`: one entry a provider: `provider, kind, meaning, page, first, last, refusals,
  own_refused (does not add up over the entries: several may refuse a recipient), own_lost (ended
  without delivery), own_waiting (in the queue when the log ends),
  permanent (recipients whose refusal was for good), before_onset, lag_hours, relisted, spells,
  taken_since, taken_from (mails that the same hosts took after the last refusal, and the first),
  ended (those are too many for chance), lists, quoted, zones (of lists not known
  here), words, evidence`.
- `unexplained`: `words, providers, ask`: who refused us though the log shows no abuse before;
  else null.
- `bandwidth_month`: the billing month with most of the abuse: `month, samples, free,
  filled, without, with, billed_more` (in `unit`: Mbit/s), `direction, words, label,
  ground`; null without abuse.
- `currency`: of all money.
- `choices`: `name, title, value, label, ground`.
- `inputs`: `name, title, low, mid, high, unit, label, ground, to_confirm`.
- `inputs_sha256`: of every input and choice; with the seed it makes the figures again.
- `unconfirmed`: names of the inputs that are assumed.
- `cost`: `items`, `total`, `wire` (GB) and `others` (harm to those who got the mail, in no
  sum): each with `low, mid, high` (5th, 50th, 95th percentile), `mean`, `at_mid` (every input
  at mid), `unit, label, how, substituted`; `drivers` (rank correlation with the total, and the
  total with that input at its ends); `draws, seed, currency`; null without confirmed abuse.
- `no_cost`: why there is no cost; null where there is one.
- `legal`: `words`, and `laws`: `law, where, maximum, currency, more, valid_from, checked_on,
  source, confirmed, stale, applies` (yes, no, unclear), `depends_on, rests_on, meaning`.
"""
# The example that the model is checked with: 2.4 million deliveries of 12 kB.
EXAMPLE = {
    "bytes_out": 2.4e6 * 12_000,
    "transactions": 2.4e6,
    "queue_peak_gb": 0.0,
    "queue_days": 0.0,
    "users_affected": 250.0,
    "mails_blocked": 800.0,
    "mails_delayed": 3000.0,
    "deliveries": 2.4e6,
}
EXAMPLE_HOURS = (24.0, 72.0, 240.0)


def example(hours: tuple[float, float, float], *, only_mid: bool = False) -> dict[str, Any]:
    """The cost of the example, in EUR at default prices; with every range at its mid if asked."""
    measured = {key: (value, value, value) for key, value in EXAMPLE.items()}
    measured["hours_impaired"] = hours
    settled = inputs.settle(inputs.Given(), measured)
    if only_mid:
        mids = {key: (entry.mid, entry.mid, entry.mid) for key, entry in settled.items()}
        settled = inputs.settle(inputs.Given(mids), measured)
    tariff = {"name": "per_gb", "mbit_billed_more": 0.0, "included_gb": 0.0, "used_gb": 0.0}
    return cost(settled, tariff, currency="EUR", seed=1)


def as_markdown() -> str:
    """docs/impact.md; a test fails while the committed page differs."""
    parts = [
        HEAD,
        KEYS,
        *_figures(),
        *_inputs(),
        *_formulas(),
        *_example(),
        *_lists(),
        *_laws(),
    ]
    return "\n".join(parts)


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    ] + [""]


def _figures() -> list[str]:
    volume = [
        (
            name,
            title,
            VOLUME.field(column).metadata[b"unit"].decode(),
            f"{which}: {how}".rstrip(": "),
        )
        for name, title, which, column, how in COUNTED
    ]
    rows = [(f"`{n}`", *rest) for n, *rest in (*HARMED, *volume, REFUSED, *RESOURCES)]
    return ["## Figures of the log", "", *_table(("name", "title", "unit", "ground"), rows)]


def _inputs() -> list[str]:
    said = inputs.declared()
    rows = [
        (
            f"`{entry['key']}`",
            entry["unit"],
            *((f"{entry[end]:g}" for end in ("low", "mid", "high")) if "mid" in entry else "***"),
            "yes" if entry.get("confirm") else "",
            entry["meaning"],
            entry["source"],
        )
        for entry in said["input"]
    ]
    chosen = [(f"`{e['key']}`", e["default"], e["meaning"]) for e in said["choice"]]
    head = ("key", "unit", "low", "mid", "high", "to confirm", "meaning", "source")
    return [
        "## Inputs: impact.toml",
        "",
        "A value is one number or `[low, mid, high]`. An unknown key is refused.",
        "",
        *_table(head, [tuple("from the log" if c == "*" else c for c in row) for row in rows]),
        *_table(("choice", "default", "meaning"), chosen),
    ]


def _formulas() -> list[str]:
    rows = [(title, f"`{formula}`") for _, title, formula in ITEMS if formula]
    rows += [(f"Bandwidth, tariff {name}", f"`{formula}`") for name, formula in TARIFFS.items()]
    rows += [("`wire_gb`", f"`{WIRE}`"), ("Harm to those who got it, in no sum", f"`{OTHERS}`")]
    return [
        "## The model",
        "",
        "Each input is drawn from its PERT distribution (a beta distribution with mean",
        "(low + 4 mid + high) / 6), 20,000 times with a seed. The hours of staff are summed over",
        "their phases and drawn once, for the phases of one incident go well or badly together.",
        "The range is the 5th to the 95th percentile: all lows or all highs at once are unlikely.",
        "",
        *_table(("item", "formula"), rows),
    ]


def _example() -> list[str]:
    by_hand, ranges = example(EXAMPLE_HOURS, only_mid=True), example(EXAMPLE_HOURS)
    rows = []
    for hand, item in zip(_lines(by_hand), _lines(ranges), strict=True):
        money = tuple(f"{item[end]:,.2f}" for end in ("low", "mid", "high"))
        rows.append((item["title"], f"`{hand['substituted']}`", f"{hand['at_mid']:,.2f}", *money))
    head = ("item", "every input at mid", "EUR", "5 %", "median", "95 %")
    return [
        "## An example, to check by hand",
        "",
        "2.4 million deliveries of 12 kB, each its own transaction; 250 users; own mail: 800",
        "refused, 3,000 late; mail impaired for 24, 72 or 240 hours; every price at its default.",
        "The third column is the second, worked out.",
        "",
        *_table(head, rows),
    ]


def _lines(bill: dict[str, Any]) -> list[dict[str, Any]]:
    return [*bill["items"], bill["total"]]


def _lists() -> list[str]:
    names = ("provider", "list", "kind", "meaning", "page", "pattern", "source")
    rows = [
        tuple(f"`{e[name]}`" if name == "pattern" else e[name] for name in names)
        for e in blocklists.entries()
    ]
    return ["## Lists and providers that refuse", "", *_table(names, rows)]


def _laws() -> list[str]:
    rows = [
        (
            law["law"],
            law["where"],
            f"{law['value']:,} {law['currency']}" if "value" in law else "",
            law["more"],
            law["meaning"],
            law["source"],
            law["checked_on"],
            "yes" if law["confirmed"] else "no",
        )
        for law in legal.laws()
    ]
    head = ("law", "where", "maximum", "which", "when it can touch you", "source", "checked")
    return [
        "## Laws, for counsel",
        "",
        legal.WORDS,
        "",
        *_table((*head, "read in the law itself"), rows),
    ]
