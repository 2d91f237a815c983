"""What does the cost model take, from whom is each number, and how is impact.toml read?"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from analyzer.errors import SettingsError
from analyzer.site import line_of

SHARES = "share"
NOTHING = (0.0, 0.0, 0.0)
NOT_TOLD = "not measurable in this log, so it counts as nothing: give it if you know it"
MOST = 1e15  # beyond this nothing is money or time, and doubles lose their cents
TEMPLATE = """\
# What an incident cost: inputs of `relaytrail impact CASE --inputs impact.toml`.
#
# Every number is one value, or [low, mid, high]: hardly less, most likely, hardly more.
# A line that begins with # is not read: the default stands and is called assumed (or measured,
# where the log gives the number). Take the # away where you have checked a number, even if it
# stays as it is: it is then called given.
# GB is 10^9 bytes, Mbit is 10^6 bits, money is in the currency named here; nothing is converted.
"""


@dataclass(frozen=True)
class Input:
    """One number of the model: `low <= mid <= high`, in `unit`; `label` says from whom it is."""

    key: str
    title: str
    unit: str
    low: float
    mid: float
    high: float
    label: str  # measured, given, assumed
    ground: str
    confirm: bool = False

    def as_json(self, currency: str) -> dict[str, Any]:
        return {
            "name": self.key,
            "title": self.title,
            **{name: _tidy(getattr(self, name)) for name in ("low", "mid", "high")},
            "unit": self.unit.replace("money", currency),
            "label": self.label,
            "ground": self.ground,
            "to_confirm": self.confirm and self.label != "given",
        }


@dataclass(frozen=True)
class Given:
    """impact.toml as it was read: ranges by key, and choices; what is not there is not given."""

    ranges: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)

    def choice(self, key: str) -> Any:
        return self.choices.get(key, _by_key("choice")[key]["default"])


def _tidy(value: float) -> float | int:
    """Whole numbers without a point; others with 12 digits, which any machine agrees on."""
    rounded = float(f"{value:.12g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < MOST else rounded


@functools.cache
def declared() -> dict[str, Any]:
    """The inputs, as inputs.toml declares them."""
    text = resources.files("analyzer.impact").joinpath("inputs.toml").read_text("utf-8")
    return tomllib.loads(text)


def _by_key(kind: str) -> dict[str, dict[str, Any]]:
    return {entry["key"]: entry for entry in declared()[kind]}


def load(path: Path) -> Given:
    """Read impact.toml.

    Raises:
        SettingsError: no TOML, an unknown key (the nearest known one is named), a bad value.
    """
    remedy = "`relaytrail impact --template` writes one with every key."
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        raise SettingsError("this is not a text file", path, remedy) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"not valid TOML: {error}", path, remedy) from None
    except OSError as error:
        remedy = "Check the path and its permissions."
        raise SettingsError(f"cannot be read: {error.strerror}", path, remedy) from None
    ranges, choices = _by_key("input"), _by_key("choice")
    known = [*choices, *ranges]
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            hint = f'Did you mean "{near[0]}"? ' if near else ""
            place = f"{path}:{line_of(key, text)}"
            raise SettingsError(f'unknown key "{key}"', place, hint + remedy)
    try:
        return Given(
            {key: _range(key, data[key], ranges[key]["unit"]) for key in ranges if key in data},
            {key: _choice(data[key], choices[key]) for key in choices if key in data},
        )
    except _BadValue as bad:
        place = f"{path}:{line_of(bad.key, text)}"
        raise SettingsError(f'bad value of "{bad.key}": {bad.what}', place, remedy) from None


class _BadValue(Exception):
    def __init__(self, key: str, what: str) -> None:
        super().__init__(key, what)
        self.key, self.what = key, what


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _BadValue(key, "a number is wanted")
    if not 0 <= value <= MOST:
        raise _BadValue(key, f"{value} is not between 0 and {MOST:.0e}")
    return float(value)


def _range(key: str, value: Any, unit: str) -> tuple[float, float, float]:
    if isinstance(value, list) and len(value) != 3:
        raise _BadValue(key, "one number, or [low, mid, high]")
    low, mid, high = (
        _number(key, n) for n in (value if isinstance(value, list) else [value, value, value])
    )
    if not low <= mid <= high:
        raise _BadValue(key, "low, mid and high do not rise")
    if unit == SHARES and high > 1:
        raise _BadValue(key, "a share is at most 1; 5 % is 0.05")
    return low, mid, high


def _choice(value: Any, entry: dict[str, Any]) -> Any:
    key, default = entry["key"], entry["default"]
    if key == "currency":
        if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
            raise _BadValue(key, "three capital letters such as EUR are wanted")
    elif options := entry.get("options"):
        if value not in options:
            raise _BadValue(key, f"one of {', '.join(options)} is wanted")
    elif isinstance(default, float):
        return _number(key, value)
    elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise _BadValue(key, "a whole number from 0 to 4294967295 is wanted")
    return value


def settle(
    given: Given, measured: Mapping[str, tuple[float, float, float] | None]
) -> dict[str, Input]:
    """Every input with its number: the user's, else the log's, else the default.

    Args:
        measured: None for what the log cannot give: it counts as nothing, and that is assumed.
    """
    found = {}
    for key, entry in _by_key("input").items():
        if key in given.ranges:
            values, label, ground = given.ranges[key], "given", "impact.toml"
        elif "mid" in entry:
            values = (float(entry["low"]), float(entry["mid"]), float(entry["high"]))
            label, ground = "assumed", entry["source"]
        elif (told := measured[key]) is not None:
            values, label, ground = told, "measured", entry["meaning"]
        else:
            values, label, ground = NOTHING, "assumed", NOT_TOLD
        confirm = bool(entry.get("confirm"))
        found[key] = Input(key, entry["title"], entry["unit"], *values, label, ground, confirm)
    return found


def choices(given: Given) -> list[dict[str, Any]]:
    """The choices and single numbers, as impact.json has them."""
    return [
        {
            "name": key,
            "title": entry["title"],
            "value": given.choice(key),
            "label": "given" if key in given.choices else "assumed",
            "ground": "impact.toml" if key in given.choices else entry["meaning"],
        }
        for key, entry in _by_key("choice").items()
    ]


def digest(inputs: Mapping[str, Input], given: Given) -> str:
    """SHA-256 of every number and choice that decides the figures."""
    said = {key: [_tidy(i.low), _tidy(i.mid), _tidy(i.high)] for key, i in inputs.items()}
    chosen = {key: given.choice(key) for key in _by_key("choice")}
    text = json.dumps({"inputs": said, "choices": chosen}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def template() -> str:
    """impact.toml with every key, none of them in force."""
    lines = [TEMPLATE]
    for entry in declared()["choice"]:
        default = entry["default"]
        shown = json.dumps(default) if isinstance(default, str) else f"{default:g}"
        lines += [f"# {entry['title']}: {entry['meaning']}.", f"#{entry['key']} = {shown}", ""]
    for entry in declared()["input"]:
        check = " Please check." if entry.get("confirm") else ""
        lines.append(f"# {entry['title']}, {entry['unit']}: {entry['meaning']}.{check}")
        if "mid" in entry:
            shown = ", ".join(f"{entry[name]:g}" for name in ("low", "mid", "high"))
            lines += [f"# Default: {entry['source']}.", f"#{entry['key']} = [{shown}]", ""]
        else:
            lines += ["# Default: what the log gives.", f"#{entry['key']} = [0, 0, 0]", ""]
    return "\n".join(lines)
