"""Which rows are abuse or have an innocent reason, and what are the findings?"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.detect.backscatter import BACKSCATTER, notices, ordinary, refused_too_late
from analyzer.detect.client_certificate import CLIENT_CERTIFICATE
from analyzer.detect.clock import CLOCK
from analyzer.detect.detector import Evidence
from analyzer.detect.door import DOOR
from analyzer.detect.guessing import GUESSING
from analyzer.detect.incidents import incidents
from analyzer.detect.local_injection import LOCAL_INJECTION
from analyzer.detect.local_injection import MISUSE as USER
from analyzer.detect.log_gap import LOG_GAP
from analyzer.detect.loops import LOOPS
from analyzer.detect.mail import messages
from analyzer.detect.mask import MASK
from analyzer.detect.misuse import find
from analyzer.detect.open_relay import OPEN_RELAY, relayed
from analyzer.detect.relay_probes import RELAY_PROBES
from analyzer.detect.site_doubt import SITE_DOUBT
from analyzer.detect.spikes import SPIKES
from analyzer.detect.stolen_account import MISUSE as ACCOUNT
from analyzer.detect.stolen_account import STOLEN_ACCOUNT
from analyzer.detect.trusted_host import MAILBOX, PEOPLE, TRUSTED_HOST
from analyzer.detect.trusted_host import MISUSE as HOST
from analyzer.detect.two_readings import TWO_READINGS
from analyzer.detect.unnamed_logins import may_be_ours
from analyzer.detect.weighing import CONFIRMED, PROBABLE
from analyzer.schema import DOORS, FINDINGS, fit

DETECTORS = (
    OPEN_RELAY,
    STOLEN_ACCOUNT,
    TRUSTED_HOST,
    LOCAL_INJECTION,
    BACKSCATTER,
    DOOR,
    CLIENT_CERTIFICATE,
    RELAY_PROBES,
    GUESSING,
    LOOPS,
    SPIKES,
    LOG_GAP,
    CLOCK,
    MASK,
    SITE_DOUBT,
    TWO_READINGS,
)
LISTS = ["evidence", "measured", "checks"]


@dataclass
class Judged:
    """`deliveries`: the rows with `mechanism` and `verdict`, as categories; `findings`: as
    declared.
    """

    deliveries: pd.DataFrame
    findings: pa.Table


def judge(evidence: Evidence) -> Judged:
    """Give every row its mechanism and verdict, and ask every detector."""
    rows = evidence.deliveries
    open_relay = relayed(rows)
    runs = _runs(evidence, open_relay)
    run = _run_of(rows, runs)
    # What was refused after its DATA is no abuse: nothing was accepted.
    misused = run.where(rows["status"].ne("rejected"), -1)
    mechanism = _mechanism(rows, open_relay, misused, runs)
    unexplained = mechanism.isna() & rows["flow"].isin(["third_party", "unknown"])
    # A relay_domains too wide is the very hole: that mail went by it acquits nobody.
    unexplained |= mechanism.eq("backup_mx") & rows["relay_assumed"].eq(True)
    sure = np.append(runs["score"].ge(PROBABLE).to_numpy(np.bool_), True)  # the last: of no run
    abuse = mechanism.isin(DOORS) & sure[run] & evidence.site_known
    abuse &= ~may_be_ours(rows, open_relay)
    honest = ordinary(rows, mechanism.eq("backscatter"))
    abuse, unclear = abuse & ~honest, (mechanism.isin(DOORS) | unexplained) & ~honest
    known = [("abusive", abuse), ("unclear", unclear), ("legitimate", ~unclear)]
    judged = rows.assign(mechanism=mechanism, verdict=_named(known))
    seen = replace(evidence, deliveries=judged.assign(run=run), runs=runs)
    ours = evidence.inferred_domains
    only = ours[0] if len(ours) == 1 else ""
    found = [_numbered(detector.name, detector.judge(seen), only) for detector in DETECTORS]
    findings = pa.concat_tables([table for table, _ in found])
    when = findings.select(["kind", "first_seen", "last_seen"]).to_pandas()
    ties = when.assign(keys=pd.Series([key for _, keys in found for key in keys], dtype=object))
    place = FINDINGS.get_field_index("incident")
    told = pa.array(incidents(ties), FINDINGS.field(place).type, from_pandas=True)
    return Judged(judged, findings.set_column(place, FINDINGS.field(place), told))


def _runs(evidence: Evidence, open_relay: pd.Series[bool]) -> pd.DataFrame:
    """The runs of misuse, as of `find`, each with its `mechanism`.

    A message that a stranger had relayed is abuse for all its recipients. Else a login is asked
    first, then the host, then the user of the server: who handed it in decides.
    """
    mail = messages(evidence.deliveries, open_relay, evidence.attempts)
    login = mail["auth_user"].notna()
    user = ~login & mail["user"].notna()
    brought = mail["origin_masked"] & mail["outside"].eq(0)  # a gateway brings our own mail too
    host = ~login & ~user & ~brought & mail["client_side"].eq("inside") & mail["client_ip"].notna()
    found = [_logins(mail[login]), _hosts(mail[host]), find(mail[user], USER)]
    doors = (ACCOUNT, HOST, USER)
    found = [
        runs.assign(mechanism=misuse.mechanism) for runs, misuse in zip(found, doors, strict=True)
    ]
    return pd.concat(found, ignore_index=True)


def _run_of(rows: pd.DataFrame, runs: pd.DataFrame) -> pd.Series[int]:
    """The number of the run that the message of each row is in; -1 for none."""
    life = rows["origin_life"].to_numpy(np.int64)
    found = np.full(life.max(initial=-1) + 1, -1, np.int32)
    for number, lives in enumerate(runs["lives"]):
        found[lives] = number
    return pd.Series(found[life], rows.index)


def _mechanism(
    rows: pd.DataFrame, open_relay: pd.Series[bool], run: pd.Series[int], runs: pd.DataFrame
) -> pd.Series[str]:
    """By what door each row came, or why it went on; null for ordinary mail."""
    in_a_run = run.ge(0) & np.append(runs["score"].ge(PROBABLE).to_numpy(np.bool_), False)[run]
    went_on, for_others, notice = _passed_on(rows, open_relay | in_a_run)
    told = [
        (door, run.isin(runs.index[runs["mechanism"].eq(door)]))
        for door in runs["mechanism"].unique()
    ]
    why = [
        ("forwarding", went_on),
        ("backup_mx", for_others),
        ("client_certificate", rows["by_certificate"]),
        ("backscatter", notice),
    ]
    return _named([("open_relay", open_relay), *told, *why])


def _named(asked: Sequence[tuple[str, pd.Series[bool]]]) -> pd.Series[str]:
    """The first name that is true of each row; of few different ones, so each row takes a byte."""
    index = asked[0][1].index
    names = sorted(name for name, _ in asked)
    code = np.full(len(index), -1, np.int8)
    for name, which in reversed(asked):
        code[which] = names.index(name)
    return pd.Series(pd.Categorical.from_codes(code, pd.Index(names)), index)


def _logins(mail: pd.DataFrame) -> pd.DataFrame:
    """The runs of logins, asked again where a client that misused one used others too."""
    runs = find(mail, ACCOUNT)
    if not len(runs):
        return runs
    sure = runs.loc[runs["score"].ge(CONFIRMED), "lives"].explode()
    thieves = mail["origin_life"].isin(sure) & mail["address_side"].ne("inside")
    pairs = pd.MultiIndex.from_frame(mail[["client_ip", "auth_user"]])
    misused = pairs[thieves.to_numpy()].drop_duplicates()
    logins = mail["client_ip"].map(misused.get_level_values(0).value_counts())
    others = logins.fillna(0).gt(pairs.isin(misused).astype("int64"))
    return find(mail.assign(companion=others), ACCOUNT) if others.any() else runs


def _hosts(mail: pd.DataFrame) -> pd.DataFrame:
    """The runs of hosts. Of those that send for many of us each mailbox is asked before."""
    day, ours = mail["received"].dt.floor("D"), mail["sender_side"].eq("inside")
    client, sender = mail["client_ip"], mail["origin_sender"].fillna("").str.lower()
    days = day[ours].groupby([client, sender]).nunique()
    people = days[days.gt(1)].groupby(level=0).size()
    behind = ours & client.map(people).ge(PEOPLE)
    of_one = find(mail[behind].assign(mailbox=client[behind] + " " + sender[behind]), MAILBOX)
    sure = of_one["score"].ge(PROBABLE)
    of_all = find(mail[~mail["origin_life"].isin(of_one.loc[sure, "lives"].explode())], HOST)
    told = of_one["lives"].explode().isin(of_all["lives"].explode())
    apart = ~told.groupby(level=0).any()
    return pd.concat([of_one[sure | apart], of_all], ignore_index=True)


def _passed_on(
    rows: pd.DataFrame, misused: pd.Series[bool]
) -> tuple[pd.Series[bool], pd.Series[bool], pd.Series[bool]]:
    """Why mail that nobody misused passes from outside to outside: forwarding, another's backup,
    backscatter.

    What came in for one of our addresses and went on is forwarding, even a notice. Backscatter is
    asked last.
    """
    went_on = rows["original_side"].eq("inside") & rows["recipient_side"].eq("outside")
    stranger = rows["client_side"].eq("outside") | rows["origin_masked"]
    for_others = rows["relay_domain"] & stranger
    notice = notices(rows, misused) & ~went_on
    late = refused_too_late(rows, notice) & ~for_others
    return went_on, for_others, notice | late


def _numbered(detector: str, found: pd.DataFrame, only: str) -> tuple[pa.Table, list[list[str]]]:
    """Findings of one detector in order of time, named by it and their number; what ties each."""
    if found.empty:
        return FINDINGS.empty_table(), []
    order = [column for column in ("first_seen", "subject", "reason") if column in found]
    found = found.sort_values(order, kind="stable", ignore_index=True)
    ids = [f"{detector}-{number}" for number in range(1, len(found) + 1)]
    reproduce = pd.Series(_commands(found), found.index, dtype="object")
    found = found.assign(detector=detector, finding_id=ids, reproduce=reproduce)
    plain = [name for name in FINDINGS.names if name in found and name not in LISTS]
    table = pa.Table.from_pandas(found[plain], preserve_index=False)
    for name in [name for name in LISTS if name in found]:
        lists = pa.array(found[name].tolist(), FINDINGS.field(name).type, from_pandas=True)
        table = table.append_column(name, lists)
    return fit(table, FINDINGS), _ties(found, only)


def _ties(found: pd.DataFrame, only: str) -> list[list[str]]:
    """What ties each finding to others: who it is about, and the keys that its detector adds.

    A login may be written with or without the only domain of the site, and in any case of letters.
    """
    account = found["subject"].str.lower().str.removesuffix(f"@{only}")
    subject = found["subject"].mask(found["subject_kind"].eq("account"), account)
    who = (found["subject_kind"] + " " + subject).mask(found["subject_kind"].eq("server"))
    more: Iterable[list[str]] = found["keys"] if "keys" in found else [[]] * len(found)
    return [([] if pd.isna(name) else [name]) + keys for name, keys in zip(who, more, strict=True)]


def _commands(found: pd.DataFrame) -> list[str | None]:
    """What shows the messages of each finding: by its subject, else by one of its queue ids."""
    asked = found["subject"].where(found["subject_kind"].isin(["ip", "account"]))
    if "queue_id" in found:
        asked = asked.fillna(found["queue_id"])
    return [None if pd.isna(text) else _trace(str(text)) for text in asked]


def _trace(text: str) -> str:
    return f"relaytrail trace CASE {'-- ' if text.startswith('-') else ''}{shlex.quote(text)}"
