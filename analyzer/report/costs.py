"""What stands on the terminal about harm and money, in lines of at most 80 columns?"""

from __future__ import annotations

import textwrap
from typing import Any

from analyzer import words
from analyzer.display import display

TITLE = 36  # width of the first column
NUMBER = 11
DRIVERS_SHOWN = 3


def as_text(impact: dict[str, Any]) -> list[str]:
    """Harm, cost and what to check; from impact.json."""
    lines = ["Harm, measured", *_harm(impact), "", *_unexplained(impact)]
    bill = impact["cost"]
    if bill is None:
        return [*lines, *_wrapped(words.capital(impact["no_cost"]) + ".")]
    head = f"Cost in {bill['currency']}"
    lines.append(_row(head, "5 %", "median", "95 %") + "  label")
    for item in [*bill["items"], bill["total"]]:
        low, mid, high = (_money(item[name]) for name in ("low", "mid", "high"))
        lines.append(_row(item["title"], low, mid, high) + f"  {item['label']}")
    lines += ["", *_drivers(bill), *_month(impact), *_unconfirmed(impact)]
    lines += ["", *_legal(impact["legal"]), ""]
    return [*lines, *_wrapped(f"Seed {bill['seed']}, inputs {impact['inputs_sha256'][:16]}.")]


def _harm(impact: dict[str, Any]) -> list[str]:
    shown = (
        "own_mail_harmed own_recipients_blocked own_recipients_waiting own_recipients_delayed "
        "notices_to_own_users hours_impaired"
    ).split()
    by_name = {entry["name"]: entry for entry in impact["figures"]}
    return [
        _row(entry["title"], *(_count(entry.get(end, entry["value"])) for end in _ends(entry)))
        for entry in (by_name[name] for name in shown if name in by_name)
    ]


def _unexplained(impact: dict[str, Any]) -> list[str]:
    """Who refuses us though there is no abuse, and what may be asked."""
    if not (said := impact["unexplained"]):
        return []
    who = f"{said['words']} Refused by {words.listing(said['providers'])}. What may be the cause:"
    return [*_wrapped(who), *(line for what in said["ask"] for line in _wrapped(f"- {what}")), ""]


def _ends(entry: dict[str, Any]) -> tuple[str, ...]:
    """A range is shown where there is one."""
    return ("low", "mid", "high") if entry.get("low") != entry.get("high") else ("value",)


def _row(title: str, *numbers: str) -> str:
    first, *more = textwrap.wrap(display(title, 200), TITLE) or [""]
    told = first.ljust(TITLE) + "".join(number.rjust(NUMBER) for number in numbers)
    return "\n".join([told, *more])


def _money(value: float) -> str:
    return f"{value:,.2f}" if value < 1000 else f"{value:,.0f}"


def _count(value: float | None) -> str:
    return words.NONE if value is None else f"{value:,.12g}"


def _drivers(bill: dict[str, Any]) -> list[str]:
    names = [driver["title"].lower() for driver in bill["drivers"][:DRIVERS_SHOWN]]
    return _wrapped(f"Check these first, they move the total most: {'; '.join(names)}.")


def _month(impact: dict[str, Any]) -> list[str]:
    month = impact["bandwidth_month"]
    return _wrapped(month["words"]) if month else []


def _unconfirmed(impact: dict[str, Any]) -> list[str]:
    """As on the report's first page; what is assumed besides hardly moves the total."""
    inputs = impact["inputs"]
    count = sum(bool(entry.get("to_confirm")) for entry in inputs)
    assumed = len(impact["unconfirmed"])
    if not (count or assumed):
        return []
    told = f"{words.count(count, 'input')} still to be confirmed; in all, {assumed:,} of "
    told += f"{len(inputs):,} {words.form(assumed, 'is', 'are')} assumed"
    return _wrapped(f"{told}. `relaytrail impact --template` writes them to fill in.")


def _legal(legal: dict[str, Any]) -> list[str]:
    """The laws that may apply, each with its maximum and the day it was looked up."""
    lines = _wrapped(legal["words"])
    for law in legal["laws"]:
        if law["applies"] == "no":
            continue
        most = f"{law['maximum']:,} {law['currency']} {law['more']}" if law["maximum"] else ""
        old = ", look it up again" if law["stale"] else ""
        told = f"{law['law']} ({law['where']}): {law['applies']}."
        told += f" {most}." if most else ""
        told += f" Depends on {law['depends_on']}."
        lines += textwrap.wrap(
            f"{told} Checked {law['checked_on']}{old}.", words.WIDTH, subsequent_indent="  "
        )
    return lines


def _wrapped(text: str) -> list[str]:
    return words.wrapped(display(text, 1000))
