"""How right is the analysis of one log? Counts that can be added up over logs."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from analyzer import pipeline
from analyzer import site as sites
from analyzer.case import Case
from benchmarks.accuracy.generate import WRITERS, Story, put, tell
from benchmarks.accuracy.incidents import DOORS
from benchmarks.accuracy.samples import NOT_DELIVERIES, matched, truth_rows
from benchmarks.accuracy.words import seeded

MECHANISM = {"forward": "forwarding", "backup_mx": "backup_mx"} | {door: door for door in DOORS}
INCIDENT_OF = {
    "stolen_account": "sasl_username",
    "local_injection": "uid",
    "trusted_host": "client_ip",
}
LISTED = {"stolen_account": "accounts", "local_injection": "uids", "trusted_host": "clients"}
LOST = 0.01  # share of lines left out

Result = dict[str, Any]


def story(what: Story, dialects: tuple[str, ...], lose: bool = False) -> list[Result]:
    """One story in several dialects. `lose`: Postfix once more, with lines missing."""
    company, history = tell(what)
    results = []
    for dialect in dialects:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            put(what, company, history, dialect, folder)
            results.append(_log(what, dialect, folder))
            if lose and dialect == "postfix":
                _leave_out(folder, what.seed)
                results.append(_log(what, "postfix, lines lost", folder))
    return results


def _leave_out(folder: Path, seed: int) -> None:
    rng = seeded(seed)
    for log in _logs(folder):
        kept = [line for line in log.read_bytes().splitlines(True) if rng.random() >= LOST]
        log.write_bytes(b"".join(kept))


def _logs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".log")


def _log(what: Story, dialect: str, folder: Path) -> Result:
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    began = time.process_time()
    case = pipeline.analyze(
        _logs(folder),
        site=sites.load(folder / "site.toml"),
        site_path=folder / "site.toml",
        year=truth["year"],
    ).case
    seconds = time.process_time() - began
    rows = joined(case, truth)
    return {
        "seed": what.seed,
        "door": what.door,
        "variant": what.variant if isinstance(what.variant, str) else "drawn",
        "dialect": dialect,
        "seconds": seconds,
        "lines": sum(item.get("lines", 0) for item in case.manifest["inputs"]),
        "unread": len(case.unread),
        **_by_mechanism(rows),
        **_false_alarms(rows),
        **_found(case, truth),
    }


def joined(case: Case, truth: dict[str, Any]) -> pd.DataFrame:
    """Truth and deliveries side by side: `really` and `said` (mechanisms), `abusive`, `shared`."""
    rows = case.deliveries.to_pandas()
    counted = rows[~rows["status"].isin(NOT_DELIVERIES)].reset_index(drop=True)
    expected = truth_rows(truth)
    both = matched(expected, counted)
    rest = counted.drop(index=both["found"]).assign(label="", seq=-1)
    lost = expected[~expected["row"].isin(both["row"])].assign(mechanism=None, verdict="")
    names = ["label", "seq", "mechanism", "verdict"]
    told = ["sasl_username", "uid", "time", "kind"]
    both = both.assign(client_ip=both["client_ip_truth"])
    frame = pd.concat(
        [both[[*names, *told, "client_ip"]], lost[[*names, *told, "client_ip"]], rest[names]],
        ignore_index=True,
    )
    really = frame["label"].map(MECHANISM).fillna("")
    abusive = frame["verdict"].isin(["abusive"])
    said = frame["mechanism"].astype("object").fillna("").where(abusive, "")
    frame = frame.assign(really=really, said=said, abusive=abusive, shared=False)
    for incident in truth["incidents"]:
        frame["shared"] |= _of_the_owner(frame, incident)
    return pd.DataFrame(frame)


def _of_the_owner(frame: pd.DataFrame, incident: dict[str, Any]) -> pd.Series:
    """Honest mail of the same login, uid or host while it was abused."""
    column = INCIDENT_OF.get(incident["mechanism"])
    if column is None:
        return pd.Series(False, frame.index)
    same = frame[column].isin(incident[LISTED[incident["mechanism"]]])
    during = frame["time"].between(incident["first"], incident["last"])
    return same & during & ~frame["really"].isin(DOORS)


def _by_mechanism(rows: pd.DataFrame) -> Result:
    judged = rows[~rows["shared"]]
    return {
        f"{what}:{door}": int(count)
        for door in DOORS
        for what, count in (
            ("really", judged["really"].eq(door).sum()),
            ("said", judged["said"].eq(door).sum()),
            ("both", (judged["really"].eq(door) & judged["said"].eq(door)).sum()),
        )
    }


def _false_alarms(rows: pd.DataFrame) -> Result:
    """Honest messages, and those of them that were called abusive."""
    honest = rows[rows["seq"].ge(0) & ~rows["really"].isin(DOORS) & ~rows["shared"]]
    mixed = rows.loc[rows["really"].isin(DOORS), "seq"]
    by_message = honest[~honest["seq"].isin(mixed)].groupby("seq")["abusive"].any()
    wrong = honest[honest["abusive"]].drop_duplicates(["seq", "said"])
    kinds = (wrong["kind"] + " as " + wrong["said"]).value_counts()
    shared = rows[rows["shared"]]
    return {
        "honest": len(by_message),
        "alarms": int(by_message.sum()),
        "alarm kinds": {str(kind): int(number) for kind, number in sorted(kinds.items())},
        "shared": len(shared),
        "shared said": int(shared["abusive"].sum()),
        "unmatched": int(rows["seq"].lt(0).sum()),
    }


def _found(case: Case, truth: dict[str, Any]) -> Result:
    """Findings against incidents: subjects, onset, end, and confirmed abuse that never was."""
    findings = case.findings.to_pandas()
    abuse = findings[findings["kind"].eq("abuse")]
    labels = {MECHANISM.get(row["label"], "") for row in truth["messages"]}
    sure = abuse[abuse["verdict"].eq("confirmed")]
    wrong = sure[~sure["mechanism"].isin(labels)]
    result: Result = {
        "confirmed wrong": sorted(set(wrong["mechanism"] + " " + wrong["subject"])),
        "probable wrong": int(
            (abuse["verdict"].eq("probable") & ~abuse["mechanism"].isin(labels)).sum()
        ),
        "abuse": sorted(
            {_finding(row) for _, row in abuse[abuse["verdict"].ne("possible")].iterrows()}
        ),
        "subjects": None,
        "onset": None,
        "end": None,
        "found": None,
    }
    for incident in truth["incidents"]:
        door = incident["mechanism"]
        mine = abuse[abuse["mechanism"].eq(door) & abuse["verdict"].ne("possible")]
        true = {_plain(name) for name in incident[LISTED.get(door, "clients")]}
        said = {_plain(name) for name in mine["subject"]}
        if door != "backscatter" and true:
            result["subjects"] = [len(true & said), len(said), len(true)]
        result["found"] = not mine.empty
        if not mine.empty:
            first, last = mine["first_seen"].min(), mine["last_seen"].max()
            result["onset"] = first.timestamp() - _second(incident["first"], truth)
            result["end"] = last.timestamp() - _second(incident["last"], truth)
    return result


def _second(at: float, truth: dict[str, Any]) -> float:
    return at if truth["fractions"] else float(int(at))


def _plain(subject: object) -> str:
    """A login with or without its realm; anything else as it is."""
    return str(subject).lower().partition("@")[0]


def _finding(row: pd.Series) -> str:
    named = row["mechanism"] in ("open_relay", "stolen_account", "trusted_host")
    return f"{row['mechanism']} {_plain(row['subject'])}" if named else str(row["mechanism"])


DIALECTS = tuple(WRITERS)
