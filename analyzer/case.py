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
    """What an analysis found. The tables are declared in `analyzer.schema`.

    `manifest`, `impact` and `audit` are JSON as they are written to manifest.json, impact.json and
    audit.json; `audit` is None where the server's configuration is not known. `relay_test` and
    `dnsbl` are what commands of these names put into the case, None without them. All three stay
    when the case is made anew.
    """

    messages: pa.Table
    deliveries: pa.Table
    attempts: pa.Table
    findings: pa.Table
    volume: pa.Table
    unread: pa.Table
    impact: dict[str, Any]
    manifest: dict[str, Any]
    events: pa.Table | None = field(default=None, repr=False)
    queue: pa.Table = field(default_factory=QUEUE.empty_table, repr=False)
    sessions: pa.Table = field(default_factory=SESSIONS.empty_table, repr=False)
    relay_test: dict[str, Any] | None = field(default=None, repr=False)
    dnsbl: dict[str, Any] | None = field(default=None, repr=False)
    audit: dict[str, Any] | None = field(default=None, repr=False)
    bandwidth: pa.Table = field(default_factory=BANDWIDTH.empty_table, repr=False)
    pressure: pa.Table = field(default_factory=PRESSURE.empty_table, repr=False)
    harm: pa.Table = field(default_factory=HARM.empty_table, repr=False)

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
        names = ("messages", "deliveries", "attempts", "findings", "volume", "unread")
        tables = {name: pq.read_table(folder / f"{name}.parquet") for name in names}
        impact, manifest = (
            json.loads((folder / f"{name}.json").read_text("utf-8"))
            for name in ("impact", "manifest")
        )
        for name, schema in LATER.items():
            path = folder / f"{name}.parquet"
            tables[name] = pq.read_table(path) if path.is_file() else schema.empty_table()
        return cls(
            **tables,
            impact=impact,
            manifest=manifest,
            **added(folder),
        )


def added(folder: Path) -> dict[str, Any]:
    """What other commands put into a case folder, by the field of a case."""
    return {name: _json(folder / f"{name}.json") for name in ("relay_test", "dnsbl", "audit")}


def _json(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text("utf-8")) if path.is_file() else None
