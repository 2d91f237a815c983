"""From dated events to verdicts: what was put together, and what detectors make of it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer import detect, formats, messages
from analyzer.pipeline.dating import Dated, together
from analyzer.schema import EVENTS, fit
from analyzer.site import Site
from analyzer.spool import IN_MEMORY, Spool
from analyzer.window import Window

# What of attempts is judged.
ATTEMPT = "time server client_ip auth_user recipient kind repeat source line offset".split()
HINTS = ["domains", "relay_domains", "networks"]  # keys of site.toml that decide verdicts


def joined(
    dated: Dated,
    site: Site | None,
    window: Window,
    spool: Spool = IN_MEMORY,
    show: Callable[[int, int], None] = lambda _done, _of: None,
    each: messages.Each = map,
    beside: messages.Beside = partial,
) -> messages.Assembled:
    """Messages of the time asked about; the arguments after it as of `messages.assemble`."""
    whole = messages.assemble(dated.events, site, spool, show, each, beside)
    return _asked_about(whole, window, dated.zone)


def judged(
    assembled: messages.Assembled,
    dated: Dated,
    site: Site | None,
    window: Window,
    jumps: pd.DataFrame,
) -> tuple[pd.DataFrame, detect.Judged]:
    """What of the site was inferred, and the verdicts.

    Args:
        jumps: As `clock_changes` tells of them.
    """
    inferred = _inferred(assembled, site or Site())
    return inferred, detect.judge(_evidence(assembled, inferred, dated, site, window, jumps))


def _inferred(assembled: messages.Assembled, site: Site) -> pd.DataFrame:
    """What the log says in place of keys that the site leaves out; nothing of a known site."""
    if site.known:
        return pd.DataFrame(columns=messages.INFERENCE)
    found = messages.infer(assembled)
    missing = [key for key in HINTS if getattr(site, key) is None]
    return found[found["key"].isin(missing)].reset_index(drop=True)


def _asked_about(whole: messages.Assembled, window: Window, zone: str) -> messages.Assembled:
    """What was received in the window, with all that became of it."""
    if not window.given:
        return whole
    rows = whole.deliveries
    begun = rows["received"].where(rows["received"].notna(), rows["completed"])
    return replace(
        whole,
        messages=window.table(whole.messages, "received", zone),
        deliveries=rows[window.holds(begun, zone)].reset_index(drop=True),
        attempts=window.table(whole.attempts, "time", zone),
        sessions=_sessions(whole.sessions, window, zone),
        tried=window.rows(whole.tried, "time", zone),
        server_events=window.rows(whole.server_events, "time", zone),
    )


def _sessions(sessions: pa.Table, window: Window, zone: str) -> pa.Table:
    """Those that began in the window; where no line says when, those that ended in it."""
    begun = pc.coalesce(sessions["connected"], sessions["disconnected"])
    named = sessions.append_column("begun", begun)
    return window.table(named, "begun", zone).drop_columns(["begun"])


def _evidence(
    assembled: messages.Assembled,
    inferred: pd.DataFrame,
    dated: Dated,
    site: Site | None,
    window: Window,
    jumps: pd.DataFrame,
) -> detect.Evidence:
    """What detectors look at, from what the other rooms made."""
    attempts = assembled.attempts.select(ATTEMPT).to_pandas()
    attempts["client_side"] = assembled.locality.clients(attempts["client_ip"])
    begins, ends = dated.within(window)
    return detect.Evidence(
        deliveries=assembled.deliveries,
        attempts=attempts,
        server_events=assembled.server_events,
        begins=begins,
        ends=ends,
        site_known=not assembled.locality.inferred,
        doubted_networks=tuple(map(str, site.doubted_networks)) if site else (),
        inferred_domains=tuple(sorted(assembled.locality.domains or ())),
        relay_domains_known=site is not None and site.relay_domains is not None,
        networks=tuple(map(str, site.believed_networks)) if site else (),
        hints=inferred[inferred["confidence"].ne("high")],
        lost_lines=window.rows(_lost_lines(dated.events), "time", dated.zone),
        clocks=assembled.clocks,
        jumps=window.rows(jumps, "time", dated.zone),
        absent=window.rows(formats.absent_parts(dated.logs), "until", dated.zone),
        silences=window.rows(formats.silences(dated.logs), "until", dated.zone),
    )


def clock_changes(dated: Dated) -> pd.DataFrame:
    """Where clocks are changed, and what that makes doubtful."""
    return together([formats.jumps(dated.logs), dated.doubtful])


def _lost_lines(events: dict[str, pa.Table]) -> pd.DataFrame:
    """Where the log says that lines are missing."""
    if "lines_lost" not in events:
        return pd.DataFrame()
    columns = ["time", "server", "lost", "relay", "source", "line", "offset"]
    lost: pd.DataFrame = fit(events["lines_lost"], EVENTS).select(columns).to_pandas()
    return lost
