"""Case: the tables of one investigation and the manifest of its evidence."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from analyzer.errors import SettingsError
from analyzer.schema import BANDWIDTH, HARM, PRESSURE, QUEUE, SESSIONS

TABLES = ("messages", "deliveries", "attempts", "findings", "volume", "unread")
# Tables that a case of the first version does not have.
LATER = {
    "queue": QUEUE,
    "sessions": SESSIONS,
    "bandwidth": BANDWIDTH,
    "pressure": PRESSURE,
    "harm": HARM,
}


@dataclass
class Case:
    """What an analysis found. The tables are declared in `analyzer.schema`; right after an analysis
    the texts of `deliveries` lie as `as_in_memory` says.

    `manifest`, `impact` and `audit` are JSON as they are written to manifest.json, impact.json and
    audit.json; `audit` is None where the server's configuration is not known. `relay_test` and
    `dnsbl` are what commands of these names put into the case, None without them. All three stay
    when the case is made anew. `events` are by kind, each with the columns of EVENTS that it has.
    """

    messages: pa.Table
    deliveries: pa.Table
    attempts: pa.Table
    findings: pa.Table
    volume: pa.Table
    unread: pa.Table
    impact: dict[str, Any]
    manifest: dict[str, Any]
    events: dict[str, pa.Table] | None = field(default=None, repr=False)
    queue: pa.Table = field(default_factory=QUEUE.empty_table, repr=False)
    sessions: pa.Table = field(default_factory=SESSIONS.empty_table, repr=False)
    relay_test: dict[str, Any] | None = field(default=None, repr=False)
    dnsbl: dict[str, Any] | None = field(default=None, repr=False)
    audit: dict[str, Any] | None = field(default=None, repr=False)
    bandwidth: pa.Table = field(default_factory=BANDWIDTH.empty_table, repr=False)
    pressure: pa.Table = field(default_factory=PRESSURE.empty_table, repr=False)
    harm: pa.Table = field(default_factory=HARM.empty_table, repr=False)

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """The files of the evidence as the manifest has them, each content once."""
        return [each for each in self.manifest.get("inputs", []) if not each.get("duplicate_of")]

    @property
    def site(self) -> dict[str, Any]:
        """Who is local, as the manifest has it."""
        stated: dict[str, Any] = self.manifest.get("site") or {}
        return stated

    @property
    def made_of(self) -> str:
        """SHA-256 over what decides all figures: the tool, its options, the site, the inputs."""
        told = {name: self.manifest.get(name) for name in ("tool", "options", "site", "inputs")}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @classmethod
    def load(cls, folder: str | Path) -> Case:
        """Read a case folder; events stay on disk.

        Raises:
            SettingsError: the folder is no case.
        """
        import pyarrow.parquet as pq

        folder = Path(folder)
        if not (folder / "manifest.json").is_file():
            raise SettingsError(
                "this is not a case folder",
                folder,
                "Give a folder that `relaytrail analyze` wrote.",
            )
        try:
            tables = {name: pq.read_table(folder / f"{name}.parquet") for name in TABLES}
            for name, schema in LATER.items():
                path = folder / f"{name}.parquet"
                tables[name] = pq.read_table(path) if path.is_file() else schema.empty_table()
            told = {name: _json(folder / f"{name}.json") or {} for name in ("impact", "manifest")}
            case = cls(**tables, **told, **added(folder))
        except (OSError, ValueError, RecursionError) as error:  # pyarrow's own are among them
            raise _unreadable(folder, error) from None
        site, options = (case.manifest.get(name, {}) for name in ("site", "options"))
        if not isinstance(site, dict) or not isinstance(options, dict):
            raise _unreadable(folder, "manifest.json")
        return case


def added(folder: Path) -> dict[str, Any]:
    """What other commands put into a case folder, by the field of a case."""
    return {name: _json(folder / f"{name}.json") for name in ("relay_test", "dnsbl", "audit")}


def _json(path: Path) -> dict[str, Any] | None:
    """An object; None where there is no such file.

    Raises:
        ValueError: it is something else.
    """
    if not path.is_file():
        return None
    found = json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError(path.name)
    return found


def _unreadable(folder: Path, why: object) -> SettingsError:
    remedy = "Run analyze with --force to make the case anew."
    return SettingsError(f"this case cannot be read: {why}", folder, remedy)
