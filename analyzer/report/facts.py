"""Which numbers does a case hold? Computed once, so that all outputs agree."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.case import Case
from analyzer.report import hosts, mailbox, tried
from analyzer.report.course import Course, course
from analyzer.report.dialect import without_shell
from analyzer.report.doors import DOORS, Door, door
from analyzer.report.forwards import Forwards, forwards
from analyzer.report.stories import shared
from analyzer.report.totals import (
    OUTCOMES,
    Total,
    by_grade,
    by_weight,
    following,
    grades,
    itself,
    peak,
    sources,
    total_of,
)
from analyzer.report.untracked import untracked
from analyzer.report.waiting import Waiting, waiting
from analyzer.schema import NOT_DELIVERIES
from analyzer.site import ours_alone
from analyzer.window import Window

ACCOUNT = ("lines", "parsed", "ignored", "blank", "unread", "outside_window")
ORDER = tuple(DOORS)
COLUMNS = """
    mta server origin_life orig_source orig_line cause_queue_id queue_id origin_queue_id client_ip
    auth_user origin_sender received completed size status flow mechanism verdict
""".split()


@dataclass(frozen=True)
class Facts:
    """What the sentences are made of."""

    servers: list[str]  # of the log
    took_in: list[str]  # of these, which took in what is told of first; the busiest first
    mtas: list[str]  # of the abuse, the busiest first
    without_shell: bool  # Exchange is of 2003 or before
    verdict: str  # the best of the abuse: confirmed, probable, possible; `none` without abuse
    site_known: bool
    lower_bound: bool  # lines are missing: counts are at least so high
    mailbox: tuple[str, int] | None  # of ours, and messages under it: nearly all, without a login
    total: Total  # the abuse itself, with notices about mail that is none
    notices: Total | None  # to strangers about it; None where there are none
    brought: list[str]  # addresses whose mail the other notices are about; it came in, no more
    doors: dict[str, Total]
    causes: dict[str, Total]  # of `doors` what `total` has: each has to be shut by itself
    graded: dict[str, dict[str, Total]]  # of each door, by the verdict of the findings; best first
    grades: dict[str, int]  # messages of `total` by verdict, best first
    sources: pd.DataFrame
    own_machine: bool  # the login was used from private addresses, from each by it alone
    logins_named: bool  # of those who sent by SMTP, where the abuse came in
    refusals_shown: bool  # by some log; Exchange's message tracking tells of none
    forwards: Forwards  # what notices to strangers are about
    shared: int  # addresses that had a part in more than one incident
    unclear: int  # messages, beside those that are told of
    unjudged: int  # unclear messages that this server took
    came_before: int  # of these: taken before the first line of the log
    messages_read: int
    deliveries_read: int
    log_first: pd.Timestamp | None
    log_last: pd.Timestamp | None
    year_guessed: bool  # of some log: the file's own time alone tells it
    peak: tuple[pd.Timestamp, int] | None
    course: Course
    attempts: pd.DataFrame
    denied: int  # relay attempts that were refused
    let_in: int  # recipients accepted from strangers who had nothing carried
    untracked: int  # messages that Exchange took by SMTP, and no row of tracking tells of them
    first_denied: tuple[pd.Timestamp, str | None] | None  # when, and who
    denied_after: tuple[int, pd.Timestamp] | None  # of an open relay: after its last message
    waiting: Waiting  # of what is told of, in the queue
    queued: tuple[int, int] | None  # recipients listed as waiting, and those of the abuse
    findings: pd.DataFrame
    lines: dict[str, int]
    closed: list[str]  # files of the evidence that could not be read, or not to their end

    @property
    def found(self) -> bool:
        return self.verdict != "none"

    @property
    def main_door(self) -> str:
        """The door to tell of first."""
        return next(iter(self.doors), "unclear")

    @property
    def users(self) -> list[str]:
        """User ids on the server itself that sent it."""
        user = self.findings["kind"].eq("abuse") & self.findings["subject_kind"].eq("uid")
        return [str(name) for name in self.findings.loc[user, "subject"].drop_duplicates()]

    @property
    def gateways(self) -> set[str]:
        """Addresses that hide who sent."""
        return set(self.findings.loc[self.findings["detector"].eq("mask"), "subject"])

    @property
    def by_owner(self) -> bool:
        """Whether the mail of the logins may be their owners' own: no more than possible, or from
        their own machines.
        """
        return self.own_machine or set(self.graded.get("stolen_account", ())) == {"possible"}

    def door(self, mechanism: str) -> Door:
        """The words for one of the doors."""
        hosts = set(self.doors[mechanism].addresses) if mechanism in self.doors else set()
        return door(
            mechanism,
            gateway=bool(hosts) and hosts <= self.gateways,
            unnamed=not self.logins_named,
            own_machine=self.own_machine,
        )


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
    sure = bool(rows["verdict"].eq("abusive").any())
    rows["grade"] = grades(rows, abuse)
    everything, rows = rows, itself(rows)
    follow = following(rows)
    told = rows[~follow]
    doors, causes = _by_door(rows), _by_door(told)
    total = total_of(told)
    graded_told = by_grade(told)
    attempts = case.attempts.select(tried.ATTEMPT).to_pandas()
    log_first, log_last = asked_about(case)
    return Facts(
        servers=hosts.of_the_log(case),
        took_in=hosts.took_in(case, told[told["mechanism"].eq(next(iter(causes), ""))]),
        mtas=by_weight(rows["mta"]),
        without_shell=without_shell(case),
        verdict=_verdict(abuse, bool(len(rows))),
        site_known=case.site.get("origin") == "given",
        lower_bound=bool((findings["detector"] == "log_gap").any()),
        mailbox=mailbox.told(told, mailbox.ours(case)),
        total=total,
        notices=total_of(rows[follow]) if follow.any() else None,
        brought=by_weight(everything.drop(rows.index)["client_ip"]),
        doors=doors,
        causes=causes,
        graded={str(door): by_grade(part) for door, part in told.groupby("mechanism")},
        grades={grade: part.messages for grade, part in graded_told.items()},
        sources=sources(rows),
        own_machine=_own_machine(case, total),
        logins_named=_logins_named(case, set(told["mta"])),
        refusals_shown=_refusals_shown(case),
        forwards=forwards(case.deliveries, rows),
        shared=shared(findings, rows),
        unclear=unclear_messages,
        unjudged=unjudged(case.deliveries),
        came_before=unjudged(case.deliveries, before_the_log=True),
        messages_read=len(case.messages),
        deliveries_read=_deliveries_read(case.deliveries),
        log_first=log_first,
        log_last=log_last,
        year_guessed=any(e.get("year_guessed") for e in case.manifest.get("clock", [])),
        peak=peak(told),
        course=course(told, attempts, log_first),
        attempts=tried.by_kind(attempts),
        denied=int(attempts.loc[attempts["kind"] == "relay_denied", "repeat"].sum()),
        let_in=tried.let_in(attempts, unclear, findings),
        untracked=untracked(case),
        first_denied=tried.first_denied(attempts),
        denied_after=tried.denied_after(attempts, doors["open_relay"].last)
        if "open_relay" in doors
        else None,
        waiting=waiting(case, sure=sure),
        queued=_queued(case.queue),
        findings=findings,
        lines=lines_of(case),
        closed=[
            str(entry["path"])
            for entry in case.inputs
            if entry.get("damage") or entry.get("format") in ("unreadable", "unsupported")
        ],
    )


def _own_machine(case: Case, total: Total) -> bool:
    private = bool(total.addresses) and all(map(ours_alone, total.addresses))
    return private and mailbox.one_login_each(case, total.addresses)


def _logins_named(case: Case, mtas: set[str]) -> bool:
    """Postfix names each login in the line that names the client; others may name none at all."""
    mail = case.messages.select(["mta", "submission", "auth_user"])
    mine = pc.and_(
        pc.is_in(mail["mta"].cast(pa.string()), pa.array(sorted(mtas), pa.string())),
        pc.and_(pc.equal(mail["submission"], "smtp"), pc.is_valid(mail["auth_user"])),
    )
    return not mtas or "postfix" in mtas or bool(pc.any(mine).as_py())


def _refusals_shown(case: Case) -> bool:
    """Of what only the deliveries tell, too."""
    tables = (case.messages, case.deliveries)
    mtas = {
        mta for table in tables for mta in pc.unique(table["mta"].cast(pa.string())).to_pylist()
    }
    return mtas != {"exchange"} or bool(len(case.attempts) or len(case.sessions))


def unjudged(deliveries: pa.Table, *, before_the_log: bool = False) -> int:
    """Messages that this server took and nobody can judge; all, or those taken before the log."""
    which = pc.equal(deliveries["verdict"], "unclear")
    which = pc.and_(which, pc.not_equal(deliveries["status"], "rejected"))
    if before_the_log:
        which = pc.and_(which, pc.is_null(deliveries["received"]))
    return int(pc.count_distinct(deliveries["origin_life"].filter(which)).as_py())


def asked_about(case: Case) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """First and last moment of the logs, within the time asked about."""
    times = [
        pd.Timestamp(entry[key])
        for entry in case.inputs
        for key in ("first", "last")
        if entry.get(key)
    ]
    if not times:
        return None, None
    asked = case.manifest.get("options", {})
    window = Window(asked.get("since"), asked.get("until"))
    since, until = window.bounds(case.site.get("timezone") or "UTC")
    return max(min(times), since or min(times)), min(max(times), until or max(times))


def lines_of(case: Case) -> dict[str, int]:
    """What became of the lines of all files, each content once."""
    return {key: sum(int(entry.get(key) or 0) for entry in case.inputs) for key in ACCOUNT}


def _deliveries_read(deliveries: pa.Table) -> int:
    replaced = pc.is_in(deliveries["status"], pa.array(NOT_DELIVERIES))
    return len(deliveries) - int(pc.sum(replaced, min_count=0).as_py())


def _rows(deliveries: pa.Table, verdict: str) -> pd.DataFrame:
    """Rows of that verdict, with a number for each message, whichever server delivered it."""
    chosen = pc.equal(deliveries["verdict"], verdict)
    rows: pd.DataFrame = deliveries.select(COLUMNS).filter(chosen).to_pandas()
    rows["received"] = rows["received"].fillna(rows["completed"])
    rows["message"] = rows["origin_life"]
    rows["mechanism"] = rows["mechanism"].fillna("unclear")
    rows["counted"] = ~rows["status"].isin(NOT_DELIVERIES)
    rows["outcome"] = rows["status"].where(rows["status"].isin(OUTCOMES), "other")
    return rows


def _by_door(rows: pd.DataFrame) -> dict[str, Total]:
    doors = {str(door): total_of(part) for door, part in rows.groupby("mechanism")}
    return {door: doors[door] for door in sorted(doors, key=lambda door: _rank(door, doors))}


def _rank(door: str, doors: dict[str, Total]) -> tuple[bool, int, int, str]:
    """The door through which most came is told first, doubts and notices last."""
    known = ORDER.index(door) if door in ORDER else len(ORDER)
    return door in ("backup_mx", "backscatter"), -doors[door].messages, known, door


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
