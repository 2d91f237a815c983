"""How is it told on a terminal whether it is over, in words that fit the counts?"""

from __future__ import annotations

from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.report.end_shown import LIKELY, NOT_OVER, NOT_SHOWN, OVER

TITLES = {
    OVER: "It is over",
    LIKELY: "It is likely over",
    NOT_OVER: "It is not over",
    NOT_SHOWN: "It is not shown that it is over",
}


def as_text(told: dict[str, Any]) -> list[str]:
    """At most 80 columns; strangers' words are safe to print."""
    old, new, same, refused = (told[key] for key in ("before", "after", "same", "refused"))
    lines = [*words.wrapped(f"{TITLES[told['verdict']]}: {told['reason']}."), ""]
    lines.append(f"{'':32}{'before':>22}  {'after':>22}")
    lines += [
        _line(title, old[key], new[key])
        for title, key in (
            ("log begins (UTC)", "first"),
            ("log ends (UTC)", "last"),
            ("messages", "messages"),
            ("abusive", "abusive"),
            ("notices about it", "notices"),
            ("unclear", "unclear"),
            ("hours with mail", "hours_with_mail"),
            ("of them with abuse", "abusive_hours"),
            ("of them clean", "clean_hours"),
            ("last abusive message", "last_abuse"),
        )
    ]
    lines.append(_line("own mail that waits", *map(_percent, told["deferred"].values())))
    lines.append(_line("own mail an hour, same hours", same["own_before"], same["own_after"]))
    lines += ["", *words.wrapped(_refusals(refused)), *words.wrapped(_slots(same))]
    for provider in dict.fromkeys([*told["blocklists"]["before"], *told["blocklists"]["after"]]):
        last = told["blocklists"]["after"].get(provider)
        said = f"still refused us at {last}" if last else "refused nothing in the second case"
        lines += words.wrapped(display(f"{provider} {said}.", 120))
    lines += [
        line for doubt in told["doubts"] for line in words.wrapped(f"Beware: {display(doubt)}.")
    ]
    return lines


def _line(title: str, before: Any, after: Any) -> str:
    said = [
        words.NONE if v is None else f"{v:,}" if isinstance(v, int) else str(v)
        for v in (before, after)
    ]
    return f"{title:32}{said[0]:>22}  {said[1]:>22}"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f} %"


def _refusals(refused: dict[str, Any]) -> str:
    if not refused["attempts"]:
        return "Nobody was refused at that door later."
    tries = words.count(refused["attempts"], "attempt")
    by = _tried_by(refused["addresses"], refused["known"])
    return f"{tries} at that door refused later, from {by}; the last at {refused['last']}."


def _tried_by(addresses: int, known: int) -> str:
    """Who tried it, and how many of them are known from the incident."""
    by = words.count(addresses, "address")
    if addresses < 2:
        kind = "a source" if known else "no source"
        return f"{by}, {kind} of the incident" if addresses else "addresses that no line names"
    sources = words.form(max(known, 1), "a source", "sources")
    some = words.form(addresses - 1, "both", "all") if known == addresses else known or "none"
    return f"{by}, {some} of them {sources} of the incident"


def _slots(same: dict[str, Any]) -> str:
    if not same["slots"]:
        return "The first case has no abuse to compare with."
    ran = f"The abuse ran in {words.count(same['slots'], 'hour')} of the week. The second case has"
    if not same["seen"]:
        return f"{ran} no mail in {words.form(same['slots'], 'it', 'any of them')}."
    if same["slots"] == 1:
        return f"{ran} mail in it, and {'abuse too' if same['abusive'] else 'no abuse'}."
    return f"{ran} mail in {same['seen']} of them, and abuse in {same['abusive'] or 'none'}."
