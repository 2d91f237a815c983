"""How right are the verdicts? Compares an analysis of the sample logs with what really happened.

    make accuracy

The truth (`truth.json.xz` beside each log) comes from what was sent, what the server answered and
what arrived; the log was not read for it. Exits with 1 if a figure misses its goal.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from analyzer import pipeline, site
from analyzer.case import Case

SAMPLES = Path(__file__).parents[2] / "sample_logs"
REFUSED = re.compile(r": Relay access denied|>?\.\.\. Relaying denied|SMTP; Unable to relay")
NOT_DELIVERIES = ("expanded", "filtered")
# Sendmail does not log what a virtusertable made of an address.
FOUND = {"postfix": 0.995, "sendmail": 0.985, "exchange": 0.999}
LABELS = {
    "open_relay": "open_relay",
    "backscatter": "backscatter",
    "forward": "forwarding",
    "backup_mx": "backup_mx",
}


@dataclass
class Scores:
    """What was measured, with its goal; a figure without a goal is told only."""

    lines: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def say(self, what: str, value: object, goal: str = "", reached: bool = True) -> None:
        mark = "" if not goal else ("  ok" if reached else "  MISSED")
        self.lines.append(f"  {what:<52} {value!s:>14}  {goal}{mark}")
        if not reached:
            self.missed.append(what)

    def at_least(self, what: str, part: int, whole: int, goal: float) -> None:
        share = part / whole if whole else 1.0
        self.say(what, f"{part}/{whole} {share:.4f}", f"goal {goal}", share >= goal)

    def equal(self, what: str, found: Any, truth: Any) -> None:
        self.say(what, found, f"truth {truth}", found == truth)


def truth_rows(truth: dict[str, Any]) -> pd.DataFrame:
    """One row a message and final recipient, with each of its queue ids in `queue_ids`."""
    rows = pd.DataFrame(truth["messages"])
    rows["final"] = rows["final_recipient"].str.lower()
    return rows.reset_index(names="row")


def matched(truth: pd.DataFrame, deliveries: pd.DataFrame) -> pd.DataFrame:
    """Truth rows joined with the delivery of the same message and recipient.

    Queue ids are used again, so the time must agree too.
    """
    mine = deliveries.assign(
        final=deliveries["recipient"].str.lower(), found=range(len(deliveries))
    )
    legs = truth.explode("queue_ids").rename(columns={"queue_ids": "leg"})
    by = [
        legs.merge(mine, left_on=["leg", "final"], right_on=[key, "final"], suffixes=("_truth", ""))
        for key in ("queue_id", "origin_queue_id")
    ]
    both = pd.concat(by, ignore_index=True)
    sent = pd.to_datetime(both["time"], unit="s", utc=True)
    away = (both["received"] - sent).abs().dt.total_seconds().fillna(0)
    both = both.assign(away=away).sort_values(["away", "row", "found"])
    both = both[both["away"] < 3600].drop_duplicates("row").drop_duplicates("found")
    return both.sort_values("row")


def why_not_in_truth(row: pd.Series, notices: set[str], rewritten: set[tuple[str, str]]) -> str:
    """Deliveries that the log shows and the truth leaves out, by their reason."""
    if (row["queue_id"], row["recipient"]) in rewritten:
        return "logged as the envelope has it, by its virtusertable result in truth"
    if row["submission"] == "internal" and row["queue_id"] in notices:
        return "notice to an alias, named by the main address in truth"
    if row["submission"] == "internal" and row["status"] in ("expired", "deferred", "bounced"):
        return "notice that never arrived anywhere"
    return "unexplained"


def common(scores: Scores, case: Case, truth: dict[str, Any]) -> pd.DataFrame:
    """What is measured of every sample."""
    rows = case.deliveries.to_pandas()
    counted = rows[~rows["status"].isin(NOT_DELIVERIES)].reset_index(drop=True)
    expected = truth_rows(truth)
    both = matched(expected, counted)
    scores.at_least("truth rows found", len(both), len(expected), FOUND[truth["mta"]])
    rest = counted.drop(index=both["found"])
    scores.say(
        "rows not in truth",
        f"{len(rest)}/{len(counted)}",
        "goal <= 0.02",
        len(rest) <= 0.02 * len(counted),
    )
    missing = expected[~expected["row"].isin(both["row"])]
    notices = set(missing.loc[missing["how_received"].eq("mta"), "queue_id"])
    virtual = missing[missing["via"].eq("virtual")]
    rewritten = set(zip(virtual["queue_id"], virtual["recipient"], strict=True))
    reasons = Counter(why_not_in_truth(row, notices, rewritten) for _, row in rest.iterrows())
    for reason, number in sorted(reasons.items()):
        scores.say(f"  {reason}", number, "", reason != "unexplained")
    scores.equal(
        "doubled rows (server, queue_id, recipient)",
        int(rows.duplicated(["server", "queue_id", "recipient"]).sum()),
        0,
    )
    same = both["status_truth"] == both["status"]
    utf8 = (
        both["kind"].eq("smtputf8_out")
        & both["status"].eq("bounced")
        & both["status_truth"].eq("expired")
    )
    scores.say(
        "status as in truth",
        f"{int(same.sum())}/{len(both)}",
        f"{int((utf8 & ~same).sum())} SMTPUTF8 rows differ in truth",
        bool((same | utf8).all()),
    )
    ip_known = both["client_ip_truth"].notna()
    right = both["client_ip_truth"].fillna("") == both["client_ip"].fillna("")
    scores.at_least("client IP right", int(right.sum()), len(both), 0.999)
    login = both["sasl_username"].str.partition("@")[0].fillna("") == both[
        "auth_user"
    ].str.partition("@")[0].fillna("")
    scores.at_least("login right", int((login & ip_known).sum()), int(ip_known.sum()), 0.999)
    label = both["label"].map(LABELS).fillna("") == both["mechanism"].fillna("")
    scores.at_least("mechanism right", int(label.sum()), len(both), 0.995)
    wrong = both[~label].groupby(["label", "kind", "mechanism"], dropna=False).size()
    for (truth_label, kind, mechanism), number in wrong.items():
        scores.say(f"  {truth_label}/{kind} taken for {mechanism}", number)
    accounts = [e for e in case.manifest["inputs"] if e["lines"]]
    sums = all(
        sum(e[k] for k in ("parsed", "ignored", "blank", "unread")) == e["lines"] for e in accounts
    )
    scores.say("every line accounted for", sum(e["lines"] for e in accounts), "", sums)
    scores.equal("unread lines", len(case.unread), 0)
    return both


def incident(scores: Scores, case: Case, truth: dict[str, Any], both: pd.DataFrame) -> None:
    """What is measured of an incident."""
    findings = case.findings.to_pandas()
    rows = case.deliveries.to_pandas()
    relayed = rows[rows["mechanism"].eq("open_relay") & ~rows["status"].isin(NOT_DELIVERIES)]
    really = both["label"].eq("open_relay")
    said = both["mechanism"].eq("open_relay")
    scores.at_least("verdict precision", int((said & really).sum()), len(relayed), 0.995)
    total = sum(message["label"] == "open_relay" for message in truth["messages"])
    scores.at_least("verdict recall", int((said & really).sum()), total, 0.995)
    abuse = truth["abuse"]["open_relay"]
    found = findings[findings["detector"].eq("open_relay")]
    scores.equal("sources", sorted(found["subject"]), sorted(abuse["clients"]))
    scores.equal(
        "first abusive message",
        _second(found["first_seen"].min().timestamp()),
        _second(abuse["first"]),
    )
    told = [table for table in (case.events or {}).values() if "recipient" in table.column_names]
    logged = {name.lower() for table in told for name in table["recipient"].to_pylist() if name}
    abusive = [message for message in truth["messages"] if message["label"] == "open_relay"]
    silent = [message for message in abusive if message["recipient"].lower() not in logged]
    if silent:
        scores.say("recipients of the run that no line names", len(silent))
    outcomes = Counter(message["status"] for message in abusive if message not in silent)
    scores.equal("recipients", int(found["recipients"].sum()), sum(outcomes.values()))
    for status in ("delivered", "bounced", "deferred", "expired"):
        scores.equal(status, int(found[status].sum()), outcomes[status])
    once = both[really].drop_duplicates(["origin_queue_id", "origin_life"])
    header = once["size"] - once["size_truth"]
    scores.say(
        "bytes of the run, as logged",
        int(found["bytes"].sum()),
        f"truth {int(once['size_truth'].sum())} as sent",
    )
    scores.say(
        "  more a message: the Received header the server adds",
        f"{header.min():.0f} to {header.max():.0f}",
    )
    scores.equal(
        "  bytes less these headers",
        int(found["bytes"].sum() - header.sum()),
        int(once["size_truth"].sum()),
    )
    changes = [note["t"] for note in truth["notes"]]
    door = findings[findings["detector"].eq("door")].sort_values("first_seen")
    if truth["mta"] == "exchange":  # logs no change of configuration: only the answers around it
        doors(scores, door, changes)
    else:
        for name, moment, change in zip(
            ("opened", "closed"), door.itertuples(), changes, strict=True
        ):
            scores.equal(f"door {name}", _second(moment.last_seen.timestamp()), _second(change))
    probes(scores, case, truth)


def doors(scores: Scores, door: pd.DataFrame, changes: list[float]) -> None:
    """The time in which the door is said to have moved, and when it moved."""
    if not len(changes):
        return
    for name, moment, change in zip(("opened", "closed"), door.itertuples(), changes, strict=True):
        within = moment.first_seen.timestamp() <= change <= moment.last_seen.timestamp()
        span = (
            f"{_second(moment.first_seen.timestamp())} to {_second(moment.last_seen.timestamp())}"
        )
        scores.say(f"door {name}", span, f"truth {_second(change)}", within)


def probes(scores: Scores, case: Case, truth: dict[str, Any]) -> None:
    """Relay attempts by source, up to the last probe; those accepted told apart."""
    attempts = case.attempts.to_pandas()
    asked = [p for p in truth["probes"] if not p["rejected"] or REFUSED.search(p["answer"])]
    scores.say("probes refused for another reason than relaying", len(truth["probes"]) - len(asked))
    tried = Counter((p["client_ip"], not p["rejected"]) for p in asked)
    spam = Counter(
        (r["client_ip"], False)
        for r in truth["rejects"]
        if r["kind"] == "relay_denied" or REFUSED.search(r["text"])
    )
    told = attempts[
        attempts["kind"].isin(["relay_denied", "accepted_no_data"]) & attempts["auth_user"].isna()
    ]
    found = Counter(zip(told["client_ip"], told["kind"].eq("accepted_no_data"), strict=True))
    scores.equal(
        "probes and refused abuse, by source and answer",
        sum(found.values()),
        sum((tried + spam).values()),
    )
    scores.equal("  by source the same", found == tried + spam, True)
    scores.equal(
        "  probes accepted, from",
        sorted(ip for ip, accepted in found if accepted),
        sorted(ip for ip, accepted in tried if accepted),
    )


def _second(stamp: float) -> str:
    return datetime.fromtimestamp(int(stamp), UTC).isoformat()


def logs_of(folder: Path) -> list[Path]:
    """One log (what lies beside it are the same lines), or all files of an Exchange server."""
    whole = [folder / name for name in ("mail.log.xz", "maillog.xz") if (folder / name).is_file()]
    return whole[:1] or sorted(
        path for path in folder.rglob("*.xz") if path.suffixes[0].lower() == ".log"
    )


def measure(name: str) -> Scores:
    """One sample log against its truth."""
    folder = SAMPLES / name
    truth = json.loads(lzma.decompress((folder / "truth.json.xz").read_bytes()))
    case = pipeline.analyze(
        logs_of(folder), site=site.load(folder / "site.toml"), site_path=folder / "site.toml"
    ).case
    scores = Scores()
    both = common(scores, case, truth)
    if truth["abuse"]:
        incident(scores, case, truth, both)
    else:
        abuse = case.findings.to_pandas().query("kind == 'abuse'")
        scores.equal("findings of kind abuse", len(abuse), 0)
    return scores


def main() -> int:
    missed = 0
    for folder in sorted(path.parent for path in SAMPLES.glob("*/truth.json.xz")):
        scores = measure(folder.name)
        print(f"{folder.name}\n" + "\n".join(scores.lines), flush=True)
        missed += len(scores.missed)
    print(f"{missed} goals missed" if missed else "all goals reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
