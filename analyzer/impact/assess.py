"""What harm does the whole case show, and what does it cost? Tables → impact.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from analyzer.errors import SettingsError
from analyzer.impact import (
    abuse,
    blocklists,
    harm,
    inputs,
    legal,
    listings,
    percentile,
    pressure,
    traffic,
)
from analyzer.impact.cost import GB, cost
from analyzer.impact.figures import (
    figure,
    figures,
    harm_figures,
    impaired,
    pressure_figures,
    traffic_figures,
)
from analyzer.impact.volume import hourly
from analyzer.rows import numbered, those
from analyzer.words import iso

# The sum of which figures of the log, in which factor, each input of the model takes where the user
# gives none.
MEASURED = {
    "bytes_out": (("bytes_out_abusive",), 1.0),
    "transactions": (("transactions_abusive",), 1.0),
    "queue_peak_gb": (("queue_peak_abusive_bytes",), 1 / GB),
    "queue_days": (("queue_days_abusive",), 1.0),
    "users_affected": (("own_senders",), 1.0),
    "hours_impaired": (("hours_impaired",), 1.0),
    "mails_blocked": (("own_recipients_blocked",), 1.0),
    "mails_delayed": (("own_recipients_delayed", "own_recipients_waiting"), 1.0),
    "deliveries": (("recipients_accepted_abusive",), 1.0),
}
# What of a delivery the harms ask for.
COLUMNS = """
    server queue_id received completed client_ip auth_user local_user submission sender
    origin_sender recipient
    recipient_logged original_recipient recipient_side size status relay reply flow mechanism
    verdict life origin_life cause_life source line offset orig_source orig_line orig_offset
""".split()
REFUSED = ["kind", "time", "repeat", "source", "line", "offset"]  # of attempts
NO_ABUSE = "no cost of abuse: the log shows none"
NOT_SURE = "no cost of abuse: none is confirmed, it is at best {}"


@dataclass(frozen=True)
class Found:
    """What the other rooms made of a log.

    `rows`: DELIVERIES with `life`, `origin_life`, sides and causes; `tried`: every delivery
    attempt; `dialogues`: lines on the end of a connection (`time, client_ip, repeat`), None where
    the log has none; `ends`: last line.
    """

    rows: pd.DataFrame
    tried: pd.DataFrame
    findings: pa.Table
    attempts: pa.Table
    dialogues: pd.DataFrame | None
    ends: pd.Timestamp | None


@dataclass(frozen=True)
class Measured:
    """Tables of a case, and the part of impact.json that the log alone decides."""

    volume: pa.Table
    bandwidth: pa.Table
    pressure: pa.Table
    harm: pa.Table
    impact: dict[str, Any]


def measure(found: Found) -> Measured:
    """Everything that the log gives: no price, no assumption."""
    rows, findings = found.rows[COLUMNS], found.findings.to_pandas()
    onset = abuse.onset(findings)
    elsewhere = traffic.hosts_elsewhere(found.tried, rows)
    volume = hourly(rows, elsewhere)
    samples = traffic.samples(found.tried, rows, elsewhere)
    refused = blocklists.refusals(found.tried, rows)
    listed = listings.echo(refused, found.tried, elsewhere, onset)
    gone = abuse.suspects(rows) & rows["status"].eq("delivered") & rows["relay"].isin(elsewhere)
    accepted = int(gone.sum()) if len(elsewhere) or rows.empty else None
    load = pressure.queue_load(rows, found.ends)
    hurt, counts = harm.harmed(rows, found.tried, refused, onset, found.ends)
    ends = found.ends
    refused_to_us = found.attempts.select(REFUSED).to_pandas()
    clean = abuse.since(rows, refused_to_us, ends) if ends is not None else None
    doubt = not rows["verdict"].eq("abusive").any()
    told = [
        *harm_figures(hurt, counts, harm.delay_hours(hurt)),
        *figures(volume, blocklists.own_refused(refused), accepted),
        *traffic_figures(samples, accepted),
        *pressure_figures(load, pressure.unusual(load, onset), onset is not None and doubt),
        impaired(counts["refused_at"], listed, onset),
        _senders(rows, onset),
        _connections(rows, found.dialogues),
    ]
    impact = {
        "onset": iso(onset),
        "log_ends": iso(ends),
        "clean": clean,
        "figures": told,
        "lead": "own_mail_harmed",
        "harm": harm.tallies(hurt),
        "blocklists": listed,
        "unexplained": listings.unexplained(listed, onset),
    }
    return Measured(volume, samples, load, hurt, impact)


def _senders(rows: pd.DataFrame, onset: pd.Timestamp | None) -> dict[str, Any]:
    """Own addresses that wrote to the outside: those whose mail could be impaired."""
    own = harm.ours(rows) & rows["verdict"].eq("legitimate")
    own &= rows["mechanism"].ne("forwarding")
    if onset is not None:
        own &= rows["received"].ge(onset)
    return figure("own_senders", len(numbered(rows["origin_sender"], own.to_numpy())[1]))


def _connections(rows: pd.DataFrame, dialogues: pd.DataFrame | None) -> dict[str, Any]:
    """Connections of the addresses that abused the server, while they did."""
    unknown = figure("connections_abusive", None, "not measurable: the log does not tell of it")
    if dialogues is None:
        return unknown
    asked = ["client_ip", "mechanism", "received", "completed"]
    mine = those(rows[asked], abuse.suspects(rows) & rows["client_ip"].notna())
    if mine.empty:
        return figure("connections_abusive", 0)
    clients = mine.loc[mine["mechanism"].ne(abuse.NOTICES), "client_ip"].unique()
    during = dialogues["time"].between(mine["received"].min(), mine["completed"].max())
    count = int(dialogues.loc[during & dialogues["client_ip"].isin(clients), "repeat"].sum())
    return figure("connections_abusive", count) if count or not len(clients) else unknown


def price(
    impact: dict[str, Any],
    bandwidth: pa.Table,
    findings: pa.Table,
    given: inputs.Given,
) -> dict[str, Any]:
    """impact.json whole: what was measured, and the model on top of it.

    Raises:
        SettingsError: the case lacks a figure that the model needs.
    """
    settled = inputs.settle(given, _measured(impact["figures"]))
    rows = findings.to_pandas()
    verdicts = set(rows.loc[rows["kind"].eq("abuse"), "verdict"])
    sure = rows["kind"].eq("abuse") & rows["verdict"].isin(["confirmed", "probable"])
    doors = sorted(rows.loc[sure, "mechanism"].dropna().unique())
    month = percentile.month(
        bandwidth,
        overhead=settled["overhead_share"].mid,
        dialogue=settled["dialogue_bytes"].mid,
        link=given.choice("link_mbit"),
        committed=given.choice("committed_mbit"),
    )
    tariff = {
        "name": given.choice("tariff"),
        "mbit_billed_more": month["billed_more"] if month else 0.0,
        "included_gb": given.choice("included_gb"),
        "used_gb": given.choice("used_gb"),
    }
    currency = given.choice("currency")
    bill = None
    if "confirmed" in verdicts:
        bill = cost(settled, tariff, currency=currency, seed=given.choice("seed"))
    kept = ("onset", "log_ends", "clean", "figures", "lead", "harm", "blocklists", "unexplained")
    return {
        **{name: impact[name] for name in kept},
        "bandwidth_month": month,
        "currency": currency,
        "choices": inputs.choices(given),
        "inputs": [entry.as_json(currency) for entry in settled.values()],
        "inputs_sha256": inputs.digest(settled, given),
        "unconfirmed": [key for key, entry in settled.items() if entry.label == "assumed"],
        "cost": bill,
        "no_cost": None if bill else _why(verdicts),
        "legal": legal.exposure(
            doors, pd.Timestamp(ends) if (ends := impact["log_ends"]) else None
        ),
    }


def _measured(figures: list[dict[str, Any]]) -> dict[str, tuple[float, float, float] | None]:
    """What the log gives of the inputs of the model."""
    by_name = {entry["name"]: entry for entry in figures}
    asked = [name for names, _ in MEASURED.values() for name in names]
    if missing := [name for name in asked if name not in by_name]:
        what = f"this case has no figure {missing[0]}: an earlier version made it"
        raise SettingsError(what, "impact.json", "Run `relaytrail analyze` with --force.")
    return {
        key: _three([by_name[name] for name in names], by) for key, (names, by) in MEASURED.items()
    }


def _three(entries: list[dict[str, Any]], by: float) -> tuple[float, float, float] | None:
    """Low, mid and high of a sum of figures; None where the log cannot give one of them."""
    if any(entry["value"] is None for entry in entries):
        return None
    low, mid, high = (
        sum(float(entry.get(name, entry["value"])) for entry in entries) * by
        for name in ("low", "mid", "high")
    )
    return low, mid, high


def _why(verdicts: set[str]) -> str:
    best = next((name for name in ("probable", "possible") if name in verdicts), "")
    return NOT_SURE.format(best) if best else NO_ABUSE
