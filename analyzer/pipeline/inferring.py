"""Who is local by this evidence, and how would verdicts change if something more were?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from analyzer import evidence, formats, messages
from analyzer.case import Case
from analyzer.folder import unaltered
from analyzer.pipeline.dating import ASSUMED_ZONE, Dated, date, one_table_a_kind
from analyzer.pipeline.judging import clock_changes, joined, judged
from analyzer.pipeline.reading import read_all
from analyzer.pipeline.spooling import spooled
from analyzer.progress import Show
from analyzer.schema import EVENTS
from analyzer.site import LOOPBACK_NETWORKS, Site
from analyzer.window import Window

GRAVITY = ["legitimate", "unclear", "abusive"]  # of a message the gravest of its recipients


@dataclass(frozen=True)
class Inferred:
    """What the log says of who is local (`messages.infer`); of a case also the site it was given,
    and what looks wrong in that.
    """

    found: pd.DataFrame
    stated: Site | None
    dated: Dated
    doubts: tuple[str, ...] = ()


def infer(
    arguments: Sequence[str | Path], *, year: int | None = None, progress: Show | None = None
) -> Inferred:
    """Who is local, by a case folder or by evidence.

    Raises:
        SettingsError: neither a case nor a mail log.
    """
    first = Path(arguments[0])
    if len(arguments) == 1 and (first / "manifest.json").is_file():
        return _by_case(first)
    found = evidence.find(arguments)
    with spooled(found, None) as spool:
        dated = date(read_all(found, progress, spool), year, None, spool)
        assembled = messages.assemble(dated.events, None, spool)
    return Inferred(messages.infer(assembled), None, dated)


def _by_case(folder: Path) -> Inferred:
    case = unaltered(folder)
    stated = _stated(case.site)
    zone = (stated.timezone if stated else None) or ASSUMED_ZONE
    dated = _of_case(ds.dataset(folder / "events").to_table().select(EVENTS.names), zone)
    found = messages.infer(messages.assemble(dated.events, None))
    return Inferred(found, stated, dated, _doubts(case) if stated else ())


def _doubts(case: Case) -> tuple[str, ...]:
    mine = case.findings.filter(pc.equal(case.findings["detector"], "site_doubt"))
    return tuple(mine["reason"].to_pylist())


def _stated(site: dict[str, Any]) -> Site | None:
    keys = {key: value for key, value in site.items() if key in Site.model_fields}
    return Site.model_validate(keys) if keys else None


def _of_case(table: pa.Table, zone: str) -> Dated:
    """The events of a case as they were when it was made, in the order they were written."""
    logs: dict[str, dict[str, pa.Table]] = {}
    for source in sorted(pc.unique(table["source"]).to_pylist()):
        of_file = table.filter(pc.equal(table["source"], source))
        kinds = sorted(pc.unique(of_file["kind"]).to_pylist())
        logs[source] = {
            kind: of_file.filter(pc.equal(of_file["kind"], kind)).drop("kind").sort_by("line")
            for kind in kinds
        }
    names = formats.order(logs)
    return Dated(logs, one_table_a_kind(logs, names), [], {}, zone)


def completed(found: pd.DataFrame, stated: Site | None) -> Site:
    """The site as stated; what it leaves out as inferred, but for what is only a hint."""
    sure = found[found["confidence"].ne("low")]
    by_log: dict[str, Any] = {
        str(key): of["value"].tolist() for key, of in sure.groupby("key") if key != "forwards"
    }
    by_log["networks"] = [*LOOPBACK_NETWORKS, *by_log.get("networks", [])]
    forwards = sure[sure["key"].eq("forwards")]
    by_log["forwards"] = {
        str(address): of["target"].tolist() for address, of in forwards.groupby("value")
    }
    said = stated.model_dump(mode="json", exclude_none=True) if stated else {}
    return Site.model_validate({**by_log, **said})


def what_if(inferred: Inferred, domains: Iterable[str], networks: Iterable[str]) -> pd.DataFrame:
    """How many messages change their verdict, were these ours too: `before, after, messages`.

    Both times judged as if who is local were stated: the site, completed by what was inferred.
    """
    before = completed(inferred.found, inferred.stated)
    after = before.with_more(domains, networks)
    gravest = [_gravest(inferred.dated, site) for site in (before, after)]
    both = pd.DataFrame({"before": gravest[0], "after": gravest[1]}).dropna()
    changed = both[both["before"].ne(both["after"])]
    counts = changed.value_counts().rename("messages").reset_index()
    return counts.sort_values(["messages", "before", "after"], ascending=[False, True, True])


def _gravest(dated: Dated, site: Site) -> pd.Series[str]:
    """The verdict of each message, by the life of its first leg."""
    assembled = joined(dated, site, Window())
    _, verdicts = judged(assembled, dated, site, Window(), clock_changes(dated))
    rows = verdicts.deliveries
    grave = rows["verdict"].map(GRAVITY.index).astype("int64").groupby(rows["origin_life"]).max()
    return pd.Series(np.array(GRAVITY, object)[grave.to_numpy("int64")], grave.index)
