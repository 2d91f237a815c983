"""What does docs/accuracy.md say? Every figure, the bad ones too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import groupby
from statistics import median

from benchmarks.accuracy import blocks
from benchmarks.accuracy.incidents import DOORS
from benchmarks.accuracy.intervals import share
from benchmarks.accuracy.measure import DIALECTS, Result
from benchmarks.accuracy.plans import VARIANTS

Found = list[tuple[str, Result]]
GOALS = dict.fromkeys(DOORS, (0.98, 0.95)) | {"open_relay": (0.999, 0.999)}
ALARMS_GOAL = 100  # a million honest messages
ONSET_GOAL = 300.0  # seconds, median
LOSS_GOAL = 0.02


def of(found: Found, *blocks_: str) -> list[Result]:
    return [result for block, result in found if block in blocks_]


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    names = list(heads)
    lines = [f"| {' | '.join(names)} |", "| --- |" + " ---: |" * (len(names) - 1)]
    return [*lines, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows), ""]


def told(found: tuple[float, float, float] | None, goal: float | None = None) -> str:
    """A share with its interval; bold where it misses its goal."""
    if found is None:
        return "–"
    value, low, high = found
    text = f"{value:.4f} ({low:.3f}–{high:.3f})"
    return f"**{text}**" if goal is not None and value < goal else text


def by_mechanism(results: list[Result]) -> list[str]:
    rows = []
    for door in DOORS:
        for dialect in DIALECTS:
            mine = [r for r in results if r["dialect"] == dialect]
            both = [r[f"both:{door}"] for r in mine]
            said, really = ([r[f"{what}:{door}"] for r in mine] for what in ("said", "really"))
            precise, complete = GOALS[door]
            rows.append(
                (
                    door,
                    dialect,
                    sum(really),
                    told(share(both, said), precise),
                    told(share(both, really), complete),
                )
            )
    heads = ("mechanism", "dialect", "rows", "precision (95 %)", "recall (95 %)")
    return table(heads, rows)


def onsets(results: list[Result]) -> list[str]:
    rows = []
    for door in DOORS:
        for dialect in DIALECTS:
            mine = [r for r in results if r["dialect"] == dialect and r["door"] == door]
            hit = [r for r in mine if r["found"]]
            off = sorted(abs(r["onset"]) for r in hit)
            end = sorted(abs(r["end"]) for r in hit)
            subjects = [r["subjects"] for r in mine if r["subjects"]]
            true = share([s[0] for s in subjects], [s[2] for s in subjects])
            said = share([s[0] for s in subjects], [s[1] for s in subjects])
            rows.append(
                (
                    door,
                    dialect,
                    f"{len(hit)} of {len(mine)}",
                    _seconds(off, ONSET_GOAL),
                    _seconds(end, None),
                    told(said),
                    told(true),
                )
            )
    heads = (
        "mechanism",
        "dialect",
        "found",
        "onset, error",
        "end, error",
        "sources: precision",
        "sources: recall",
    )
    return table(heads, rows)


def _seconds(values: list[float], goal: float | None) -> str:
    """Median and 95th percentile."""
    if not values:
        return "–"
    middle, high = median(values), values[min(len(values) - 1, int(0.95 * len(values)))]
    text = f"{middle:.0f} s (p95 {high:.0f} s)"
    return f"**{text}**" if goal is not None and middle > goal else text


def alarms(found: Found) -> list[str]:
    rows = []
    for name, blocks_ in (("clean logs", ("clean",)), ("logs with an incident", ("A", "B"))):
        for dialect in DIALECTS:
            mine = [r for r in of(found, *blocks_) if r["dialect"] == dialect]
            if not mine:
                continue
            part = share([r["alarms"] for r in mine], [r["honest"] for r in mine])
            assert part is not None
            value, low, high = (1e6 * figure for figure in part)
            text = f"{value:.0f} ({low:.0f}–{high:.0f})"
            logs = sum(bool(r["confirmed wrong"]) for r in mine)
            probable = sum(r["probable wrong"] > 0 for r in mine)
            rows.append(
                (
                    f"{name}, {dialect}",
                    len(mine),
                    sum(r["honest"] for r in mine),
                    text if value <= ALARMS_GOAL else f"**{text}**",
                    f"**{logs}**" if logs else 0,
                    probable,
                )
            )
    heads = (
        "logs",
        "number",
        "honest messages",
        "called abusive, a million",
        "with confirmed abuse that never was",
        "with probable abuse that never was",
    )
    kinds: Counter[str] = Counter()
    for result in of(found, "clean", "A", "B"):
        kinds.update(result["alarm kinds"])
    causes = [f"{kind.replace('_', ' ')}: {number}" for kind, number in kinds.most_common(8)]
    return [
        *table(heads, rows),
        f"Honest messages called abusive, by what they were: {'; '.join(causes) or 'none'}.",
        "",
    ]


def agreement(results: list[Result]) -> str:
    """Stories with the same findings in all: mechanism, and address or login where there is one."""
    usual = sorted((r for r in results if r["dialect"] in DIALECTS), key=lambda r: r["seed"])
    same = same_doors = total = 0
    for _, group in groupby(usual, key=lambda r: r["seed"]):
        told_ = [r["abuse"] for r in group]
        total += 1
        same += all(one == told_[0] for one in told_)
        doors = [{name.partition(" ")[0] for name in one} for one in told_]
        same_doors += all(one == doors[0] for one in doors)
    return (
        f"{same} of {total} incidents give the same findings in all dialects; "
        f"{same_doors} of {total} the same mechanisms."
    )


def lost(results: list[Result]) -> list[str]:
    rows = []
    for door in DOORS:
        whole = [r for r in results if r["dialect"] == "postfix" and r["door"] == door]
        less = [r for r in results if r["dialect"] == "postfix, lines lost" and r["door"] == door]
        before = share([r[f"both:{door}"] for r in whole], [r[f"really:{door}"] for r in whole])
        after = share([r[f"both:{door}"] for r in less], [r[f"really:{door}"] for r in less])
        if before is None or after is None:
            continue
        cost = before[0] - after[0]
        wrong = sum(
            len(set(b["confirmed wrong"]) - set(a["confirmed wrong"]))
            for a, b in zip(whole, less, strict=True)
        )
        text = f"{100 * cost:.2f} points"
        rows.append(
            (
                door,
                f"{before[0]:.4f}",
                f"{after[0]:.4f}",
                text if cost <= LOSS_GOAL else f"**{text}**",
                wrong,
            )
        )
    heads = (
        "mechanism",
        "recall, all lines",
        "recall, 1 % lost",
        "cost",
        "new confirmed findings that are wrong",
    )
    return table(heads, rows)


def edge(found: Found) -> list[str]:
    """Recall against rate, for each door and number of addresses."""
    results = of(found, "frontier")
    if not results:
        return []
    cells: dict[tuple[str, int, str], dict[float, list[Result]]] = {}
    for (door, rate, spread, form, _), result in zip(blocks.frontier(), results, strict=True):
        cells.setdefault((door, spread, form), {}).setdefault(rate, []).append(result)
    rows = []
    for (door, spread, form), by_rate in cells.items():
        count = "1 address" if spread == 1 else f"{spread} addresses"
        name = f"{door}, {count if spread else 'a new address each'}"
        row = [name + (", warm-up" if form == "warm_up" else "")]
        for rate in blocks.RATES:
            mine = by_rate[rate]
            part = share([r[f"both:{door}"] for r in mine], [r[f"really:{door}"] for r in mine])
            row.append("–" if part is None else f"{part[0]:.2f}")
        rows.append(row)
    return table(["messages an hour", *(f"{rate:g}" for rate in blocks.RATES)], rows)


def variants(results: list[Result]) -> list[str]:
    """Recall of each door in each variant of block A, all dialects together."""
    rows = []
    for door in DOORS:
        row = [door]
        for name in VARIANTS:
            mine = [r for r in results if r["door"] == door and r["variant"] == name]
            part = share([r[f"both:{door}"] for r in mine], [r[f"really:{door}"] for r in mine])
            row.append("–" if part is None else f"{part[0]:.3f}")
        rows.append(row)
    return table(["recall", *(name.replace("_", " ") for name in VARIANTS)], rows)


def summary(found: Found) -> str:
    """For the terminal."""
    present = sorted({block for block, _ in found})
    lines = []
    for block in present:
        if block not in ("clean", "frontier"):
            lines += [f"block {block}", *by_mechanism(of(found, block))]
    clean = [r for _, r in found if r["door"] is None and r["confirmed wrong"]]
    lines.append(f"clean logs with confirmed abuse: {len(clean)}")
    lines += [f"  {r['dialect']} seed {r['seed']}: {r['confirmed wrong']}" for r in clean]
    return "\n".join(lines)


def page(found: Found) -> str:
    """docs/accuracy.md."""
    seconds = sum(result["seconds"] for _, result in found)
    read = sum(result["lines"] for _, result in found)
    shared = [sum(r[name] for _, r in found) for name in ("shared", "shared said")]
    sections: list[tuple[str, Callable[[], list[str]]]] = [
        (
            "Block B: parameters drawn, run after the thresholds were committed",
            lambda: by_mechanism(of(found, "B")),
        ),
        ("Block A: every variant, used to set thresholds", lambda: by_mechanism(of(found, "A"))),
        ("Which variants are found", lambda: variants(of(found, "A"))),
        ("When it began and ended, and who it was (block B)", lambda: onsets(of(found, "B"))),
        ("False alarms", lambda: alarms(found)),
        (
            "The same incident in three dialects (blocks A and B)",
            lambda: [agreement(of(found, "A", "B")), ""],
        ),
        ("1 % of the lines lost (block B, Postfix)", lambda: lost(of(found, "B"))),
        ("The frontier: recall against rate", lambda: [*edge(found), EDGE_NOTE, ""]),
    ]
    lines = [HEAD.format(ranges=ranges())]
    for title, body in sections:
        lines += [f"## {title}", "", *body()]
    run = RUN.format(
        logs=len(found), read=read, seconds=seconds, shared=shared[0], shared_said=shared[1]
    )
    return "\n".join([*lines, run])


def ranges() -> str:
    return "; ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in blocks.RANGES.items())


HEAD = """# How accurate is it?

Derived by `make benchmark-accuracy`; do not edit. Every log is written by the generator in
`benchmarks/accuracy/` (its README says how), so the truth is known. It is an invented world: the
figures say how the rules do on it, not on the next real server. `make accuracy` compares with real
logs.

Intervals are 95 %, by bootstrap over logs. **Bold** figures miss their goal: precision and recall
0.999 for open relays, else 0.98 and 0.95; at most 100 false alarms a million honest messages; no
confirmed abuse on a clean log; a median error of the onset of 5 minutes; 2 points of recall for 1 %
of the lines.

Rows are messages and recipients. A row counts as said only if its verdict is abusive, and as right
only with the right mechanism.

Ranges of block B: {ranges}; flat, warming up, in office hours, or from the first line to the last.
"""
RUN = """## What was run

{logs} logs, {read:,} lines, {seconds:.0f} s of processor time for the analyses.

Honest mail sent by the same login, uid or host while it was abused: {shared:,} rows, of which
{shared_said:,} were called abusive. Neither precision nor false alarms count them.
"""
EDGE_NOTE = """Postfix, four days of log, 60 hours of abuse, up to ten users; three logs
a cell. A dash means that nothing was sent."""
