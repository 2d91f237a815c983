"""Whose mail was hurt, what does it cost, and which laws are named? From impact.json, in words."""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.schema import HARM_KINDS

Dict = dict[str, Any]
NO_MODEL = "The cost model was not run for this case"
ROWS_SHOWN = 10


def money(impact: Dict) -> Dict | None:
    """The range for page 1; None where there is no bill."""
    bill = impact.get("cost")
    if not bill:
        return None
    total, unit = bill["total"], display(str(bill["currency"]), 12)
    unsure = [entry for entry in impact.get("inputs", []) if entry.get("to_confirm")]
    note = f"the median is about {_round(total['mid'])} {unit}"
    if unsure:
        note += f"; {words.count(len(unsure), 'input')} still to be confirmed"
    return {
        "range": f"{_round(total['low'])} to {_round(total['high'])} {unit}",
        "note": note,
    }


def _round(value: float) -> str:
    """Two digits that mean something: a range of guesses is no invoice."""
    if value <= 0:
        return "0"
    power = max(0, len(str(int(value))) - 2)
    return f"{round(value / 10**power) * 10**power:,}"


def page(impact: Dict) -> Dict:
    """Everything that the section on harm and cost shows."""
    bill = impact.get("cost")
    harm = impact.get("harm") or {}
    return {
        "partners": _rows(harm.get("by_partner"), "partner"),
        "days": _rows(harm.get("by_day"), "day", most=14),
        "late": _late(impact),
        "cost": None if not bill else _bill(bill),
        "no_cost": ""
        if bill
        else words.capital(display(str(impact.get("no_cost") or NO_MODEL), 200)),
        "month": _month(impact.get("bandwidth_month")),
        "assumptions": [_input(entry) for entry in impact.get("inputs", [])] if bill else [],
        "legal": _legal(impact.get("legal")) if bill else None,
        "unexplained": _unexplained(impact.get("unexplained")),
        "sha256": display(str(impact.get("inputs_sha256") or ""), 64),
    }


def _rows(found: list[Dict] | None, name: str, most: int = ROWS_SHOWN) -> list[Dict]:
    return [
        {
            "name": display(str(row[name]), 70),
            # An earlier version knew fewer kinds.
            **{kind: words.thousands(row.get(kind, 0)) for kind in HARM_KINDS},
        }
        for row in (found or [])[:most]
    ]


def _late(impact: Dict) -> str:
    """The tables hold all late mail, the figure what the abuse explains of it: which is which?"""
    found = {figure.get("name"): figure for figure in impact.get("figures", [])}
    entry = found.get("own_recipients_delayed") or {}
    late = int(entry.get("high") or 0)
    if not late:
        return ""
    low, mid = int(entry["low"]), int(entry["value"])
    sure = f"about {mid:,} of them" if mid else "none of them for sure"
    least = f"at least {low:,} and " if low else ""
    return (
        f"Mail is late on other days too. Later than usual was mail to "
        f"{words.count(late, 'recipient')}; the abuse explains {sure} ({least}at most {late:,})."
    )


def _bill(bill: Dict) -> Dict:
    unit = display(str(bill["currency"]), 12)
    items = [item for item in bill["items"] if item["high"]]
    rows = [_item(item) for item in [*items, bill["total"]]]
    return {
        "unit": unit,
        "rows": rows,
        "others": _item(bill["others"]) if bill.get("others") else None,
        "draws": words.thousands(bill["draws"]),
        "seed": str(bill["seed"]),
        "formulas": [
            {
                "title": display(str(item["title"]), 60),
                "how": display(str(item["how"]), 300),
                "substituted": display(str(item["substituted"]), 400),
                "result": f"{item['at_mid']:,.2f} {unit}",
            }
            for item in items
        ],
    }


def _item(item: Dict) -> Dict:
    cells = {name: f"{item[name]:,.0f}" for name in ("low", "mid", "high")}
    return {"title": display(str(item["title"]), 60), "label": item["label"], **cells}


def _input(entry: Dict) -> Dict:
    three = [f"{entry[name]:,.12g}" for name in ("low", "mid", "high")]
    return {
        "title": display(str(entry["title"]), 80),
        "range": three[1] if len(set(three)) == 1 else " / ".join(three),
        "unit": display(str(entry["unit"]), 30),
        "label": display(str(entry["label"]), 12),
        "ground": display(str(entry["ground"]), 200),
        "confirm": bool(entry.get("to_confirm")),
    }


def _month(month: Dict | None) -> str:
    if not month:
        return ""
    said = month.get("words") or ""
    rates = f"{month['with']:,.3g} {month['unit']} with the abuse, {month['without']:,.3g} without"
    return f"{display(str(said), 300)} It is {rates} ({display(str(month['ground']), 200)})."


def _legal(legal: Dict | None) -> Dict | None:
    if not legal:
        return None
    return {
        "words": display(str(legal["words"]), 300),
        "laws": [
            {
                "law": display(f"{law['law']}, {law['where']}", 100),
                "maximum": f"{law['maximum']:,} {law['currency']}"
                if law["maximum"]
                else words.NONE,
                "more": display(str(law["more"]), 300),
                "applies": display(str(law["applies"]), 12),
                "depends": display(str(law["depends_on"]), 200),
                "checked": display(str(law["checked_on"]), 12) + (" (old)" if law["stale"] else ""),
            }
            for law in legal["laws"]
        ],
    }


def _unexplained(found: Dict | None) -> Dict | None:
    if not found:
        return None
    names = words.listing([display(str(name), 40) for name in found["providers"]], 6)
    return {
        "text": f"{names}: {display(str(found['words']), 600)}",
        "ask": [display(str(question), 300) for question in found["ask"]],
    }
