"""Which numbers does a case hold? Computed once, so that all outputs agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.case import Case
from analyzer.report import mailbox, tried
from analyzer.report.doors import DOORS
from analyzer.report.untracked import untracked
from analyzer.schema import NOT_DELIVERIES

OUTCOMES = ("delivered", "bounced", "deferred", "expired")  # every other status is `other`
TO_US = ("inbound", "internal")
ACCOUNT = ("lines", "parsed", "ignored", "blank", "unread")
GRADES = ("confirmed", "probable", "possible")
MADE_HERE = "made on this server"
ORDER = tuple(DOORS)
COLUMNS = [
    *(
        "mta",
        "server",
        "origin_life",
        "cause_queue_id",
        "client_ip",
        "auth_user",
        "origin_sender",
    ),
    *("received", "completed", "size", "status", "flow", "mechanism"),
]


@dataclass(frozen=True)
class Total:
    """Messages, recipients, what became of them, and when."""

    messages: int
    recipients: int
    elsewhere: int  # of `recipients`: those that are not ours
    delivered: int
    bounced: int
    deferred: int
    expired: int
    other: int
    discarded: int  # of `other`: thrown away by a filter or rule of ours, delivered to nobody
    bytes: int
    addresses: list[str]
    accounts: list[str]
    first: pd.Timestamp | None
    last: pd.Timestamp | None


@dataclass(frozen=True)
class Facts:
    """What the sentences are made of."""

    servers: list[str]
    mtas: list[str]  # of the abuse, the busiest first
    verdict: (
        str  # the best of the abuse findings: confirmed, probable, possible; `none` without abuse
    )
    site_known: bool
    lower_bound: bool  # lines are missing: counts are at least so high
    mailbox: tuple[str, int] | None  # of ours, and messages under it: nearly all, without a login
    total: Total  # the abuse itself; of notices alone them, and whose mail brought them about
    notices: Total | None  # to strangers about it; None where notices are all there is
    doors: dict[str, Total]
    graded: dict[str, dict[str, Total]]  # of each door, by the verdict of the findings; best first
    grades: dict[str, int]  # messages of `total` by verdict, best first
    sources: pd.DataFrame
    unclear: int  # messages, beside those that are told of
    messages_read: int
    deliveries_read: int
    log_first: pd.Timestamp | None
    log_last: pd.Timestamp | None
    peak: tuple[pd.Timestamp, int] | None
    attempts: pd.DataFrame
    denied: int  # relay attempts that were refused
    let_in: int  # recipients accepted from strangers who had nothing carried
    untracked: int  # messages that Exchange took by SMTP, and no row of tracking tells of them
    first_denied: tuple[pd.Timestamp, str | None] | None  # when, and who
    denied_after: tuple[int, pd.Timestamp] | None
    queued: tuple[int, int] | None  # recipients listed as waiting, and those of the abuse
    findings: pd.DataFrame
    lines: dict[str, int]
    closed: list[str]  # files of the evidence that could not be read, or not to their end

    @property
    def found(self) -> bool:
        return self.verdict != "none"


def gather(case: Case) -> Facts:
    """All numbers of the case."""
    findings = case.findings.to_pandas().sort_values(
        ["first_seen", "finding_id"], ignore_index=True
    )
    abuse = findings[findings["kind"] == "abuse"]
    rows = _rows(case.deliveries, "abusive")
    unclear = _rows(case.deliveries, "unclear")
    unclear_messages = int(unclear["message"].nunique())
    if rows.empty and len(abuse):  # doubted throughout: the doubtful rows are what there is to tell
        of_a_door = unclear["mechanism"].ne("unclear")  # no finding accuses the others
        rows = unclear[of_a_door] if of_a_door.any() else unclear
        unclear_messages -= int(rows["message"].nunique())
    rows["grade"] = _grades(rows, abuse)
    doors = {str(door): _total(_itself(part)) for door, part in rows.groupby("mechanism")}
    graded = {str(door): _by_grade(_itself(part)) for door, part in rows.groupby("mechanism")}
    cause = rows[rows["mechanism"] != "backscatter"]
    followed = bool(len(cause)) and len(cause) < len(rows)
    told = cause if followed else _itself(rows)
    # Notices alone come from here: what brought them about came from elsewhere.
    total = replace(_total(told), addresses=_by_weight((cause if followed else rows)["client_ip"]))
    by_grade = _by_grade(told)
    attempts = case.attempts.select(tried.ATTEMPT).to_pandas()
    inputs = _inputs(case)
    times = [
        pd.Timestamp(entry[key]) for entry in inputs for key in ("first", "last") if entry.get(key)
    ]
    return Facts(
        servers=_servers(case),
        mtas=_by_weight(rows["mta"]),
        verdict=_verdict(abuse, bool(len(rows))),
        site_known=case.manifest.get("site", {}).get("origin") == "given",
        lower_bound=bool((findings["detector"] == "log_gap").any()),
        mailbox=mailbox.told(told, case.manifest.get("site", {}).get("domains") or []),
        total=total,
        notices=doors["backscatter"] if followed else None,
        doors={door: doors[door] for door in sorted(doors, key=lambda door: _rank(door, doors))},
        graded=graded,
        grades={grade: part.messages for grade, part in by_grade.items()},
        sources=_sources(rows),
        unclear=unclear_messages,
        messages_read=len(case.messages),
        deliveries_read=_deliveries_read(case.deliveries),
        log_first=min(times, default=None),
        log_last=max(times, default=None),
        peak=_peak(told),
        attempts=tried.by_kind(attempts),
        denied=int(attempts.loc[attempts["kind"] == "relay_denied", "repeat"].sum()),
        let_in=tried.let_in(attempts, unclear, findings),
        untracked=untracked(case),
        first_denied=tried.first_denied(attempts),
        denied_after=tried.denied_after(attempts, doors.get("open_relay", total).last),
        queued=_queued(case.queue),
        findings=findings,
        lines=lines_of(case),
        closed=[
            str(entry["path"])
            for entry in inputs
            if entry.get("damage") or entry.get("format") in ("unreadable", "unsupported")
        ],
    )


def lines_of(case: Case) -> dict[str, int]:
    """What became of the lines of all files, each content once."""
    return {key: sum(int(entry.get(key) or 0) for entry in _inputs(case)) for key in ACCOUNT}


def _inputs(case: Case) -> list[dict[str, Any]]:
    return [entry for entry in case.manifest.get("inputs", []) if not entry.get("duplicate_of")]


def _itself(rows: pd.DataFrame) -> pd.DataFrame:
    """Of backscatter the notices alone, where there are any: not the mail that caused them."""
    notices = rows["mechanism"].eq("backscatter") & rows["cause_queue_id"].notna()
    return rows[notices] if notices.any() else rows


def _deliveries_read(deliveries: pa.Table) -> int:
    replaced = pc.is_in(deliveries["status"], pa.array(NOT_DELIVERIES))
    return len(deliveries) - int(pc.sum(replaced, min_count=0).as_py())


def _rows(deliveries: pa.Table, verdict: str) -> pd.DataFrame:
    """Rows of that verdict, with a number for each message, whichever server delivered it."""
    rows: pd.DataFrame = (
        deliveries.select([*COLUMNS, "verdict"])
        .filter(pc.equal(deliveries["verdict"], verdict))
        .to_pandas()
    )
    rows["received"] = rows["received"].fillna(rows["completed"])
    rows["message"] = rows["origin_life"]
    rows["mechanism"] = rows["mechanism"].fillna("unclear")
    rows["counted"] = ~rows["status"].isin(NOT_DELIVERIES)
    rows["outcome"] = rows["status"].where(rows["status"].isin(OUTCOMES), "other")
    return rows


def _total(rows: pd.DataFrame) -> Total:
    counted = rows[rows["counted"]]
    outcomes = counted["outcome"].value_counts()
    sizes = rows.groupby("message")["size"].max().sum()
    times = rows["received"].dropna()
    return Total(
        messages=int(rows["message"].nunique()),
        recipients=len(counted),
        elsewhere=int((~counted["flow"].isin(TO_US)).sum()),
        **{name: int(outcomes.get(name, 0)) for name in (*OUTCOMES, "other")},
        discarded=int(counted["status"].eq("discarded").sum()),
        bytes=int(sizes),
        addresses=_by_weight(rows["client_ip"]),
        accounts=_by_weight(rows["auth_user"]),
        first=times.min() if len(times) else None,
        last=times.max() if len(times) else None,
    )


def _grades(rows: pd.DataFrame, abuse: pd.DataFrame) -> pd.Series[str]:
    """The verdict of the finding that tells of each row: by its client, its login, its server.

    Where several findings may, or none is found, the weakest word of that door counts.
    """
    weight = {grade: number for number, grade in enumerate(GRADES)}
    told = abuse.assign(weight=abuse["verdict"].map(weight))
    weakest = told.groupby("mechanism")["weight"].max()
    of_subject = told.groupby(["mechanism", "subject"])["weight"].max()
    found = pd.Series(float("nan"), rows.index)
    for column in ("client_ip", "auth_user", "server"):
        keys = pd.MultiIndex.from_frame(rows[["mechanism", column]])
        found = found.fillna(pd.Series(of_subject.reindex(keys).to_numpy(), rows.index))
    found = found.fillna(rows["mechanism"].map(weakest)).fillna(len(GRADES) - 1)
    return found.map(dict(enumerate(GRADES)))


def _by_grade(rows: pd.DataFrame) -> dict[str, Total]:
    """What the findings of each verdict tell of, the best first."""
    parts = dict(list(rows.groupby("grade")))
    return {grade: _total(parts[grade]) for grade in GRADES if grade in parts}


def _by_weight(values: pd.Series[str]) -> list[str]:
    """Distinct values, the most frequent first, equal ones by name."""
    counts = values.dropna().value_counts().rename_axis("value").reset_index(name="rows")
    return counts.sort_values(["rows", "value"], ascending=[False, True])["value"].tolist()


def _rank(door: str, doors: dict[str, Total]) -> tuple[bool, int, int, str]:
    """The door through which most came is told first, doubts and notices about it last."""
    known = ORDER.index(door) if door in ORDER else len(ORDER)
    return door in ("backup_mx", "backscatter"), -doors[door].messages, known, door


def _sources(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each source of the abuse, the heaviest first."""
    rows = rows.assign(source=rows["client_ip"].fillna(MADE_HERE))
    for name in (*OUTCOMES, "other"):
        rows[name] = rows["counted"] & (rows["outcome"] == name)
    once = rows.sort_values("size", na_position="first").drop_duplicates(
        ["source", "message"], keep="last"
    )
    table = (
        rows.groupby("source", sort=True)
        .agg(
            messages=("message", "nunique"),
            recipients=("counted", "sum"),
            **{name: (name, "sum") for name in (*OUTCOMES, "other")},
            first=("received", "min"),
            last=("received", "max"),
        )
        .assign(bytes=once.groupby("source")["size"].sum().astype("int64"))
        .reset_index()
    )
    return table.sort_values(
        ["recipients", "messages", "source"], ascending=[False, False, True], ignore_index=True
    )


def _peak(rows: pd.DataFrame) -> tuple[pd.Timestamp, int] | None:
    firsts = rows.dropna(subset=["received"]).groupby("message")["received"].min()
    if firsts.empty:
        return None
    hourly = firsts.dt.floor("h").value_counts().sort_index()
    return hourly.idxmax(), int(hourly.max())


def _queued(queue: pa.Table) -> tuple[int, int] | None:
    if not len(queue):
        return None
    listed = queue["recipient"].is_valid()
    abusive = pc.and_(listed, pc.fill_null(pc.equal(queue["verdict"], "abusive"), False))
    everybody, theirs = (int(pc.sum(part, min_count=0).as_py()) for part in (listed, abusive))
    return everybody, theirs


def _verdict(abuse: pd.DataFrame, rows: bool) -> str:
    given = set(abuse["verdict"])
    best = next(
        (verdict for verdict in ("confirmed", "probable", "possible") if verdict in given), "none"
    )
    return "possible" if rows and best == "none" else best


def _servers(case: Case) -> list[str]:
    """Hosts by the number of their messages; the site's own name where the log holds none."""
    counts = pc.value_counts(case.messages["server"]).to_pylist()
    if not counts:
        counts = pc.value_counts(case.attempts["server"]).to_pylist()
    if not counts:
        return [str(name) for name in (case.manifest.get("site", {}).get("servers") or [])[:1]]
    counts.sort(key=lambda count: (-count["counts"], str(count["values"])))
    stated = case.manifest.get("site", {}).get("servers") or []
    return [_in_full(str(count["values"]), stated) for count in counts]


def _in_full(name: str, stated: list[str]) -> str:
    """Syslog cuts a host's name at its first dot; the site may know the whole."""
    whole = [server for server in stated if server.startswith(f"{name}.")]
    return whole[0] if len(whole) == 1 else name
