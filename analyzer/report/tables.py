"""How are the tables of a case written, for other programs to read?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer import schema
from analyzer.case import Case

TABLES = tuple(name for name in schema.TABLES if name != "events")
ROWS_A_GROUP = 1 << 16  # what is read at least to find one row
AT_ONCE = 2  # tables: of each a group of rows is in memory
# Of what nearly each row has its own, a dictionary makes larger files, more slowly.
ITS_OWN = """
    line offset orig_line orig_offset life origin_life queue_id origin_queue_id legs queue_ids
    message_id sender origin_sender recipient recipient_logged original_recipient client_ip
    client_name received completed ended connected disconnected
""".split()
BOUNDED = "line received ended completed connected time hour start".split()  # mostly rise
NOT_HASHED = ("manifest.json", "run.log")  # the manifest itself, and what tells of the run


def write_tables(case: Case, folder: Path) -> None:
    """Every table that does not lie there as Parquet, and what people read with a text editor as
    JSON.
    """
    missing = [name for name in TABLES if not _path(folder, name).exists()]
    write_rows({name: getattr(case, name) for name in missing}, folder)
    write_json(findings(case.findings), folder / "findings.json")


def write_rows(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Tables of a case as Parquet, by name."""

    def write(name: str) -> None:
        write_table(tables[name], schema.TABLES[name], _path(folder, name))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(write, tables))


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def write_table(table: pa.Table, declared: pa.Schema, path: Path) -> None:
    """A group of rows at a time; how they lie in memory leaves no mark in the file."""
    words, bounded = set(declared.names) - {*ITS_OWN}, set(declared.names) & {*BOUNDED}
    with pq.ParquetWriter(
        path,
        declared,
        compression="zstd",
        use_dictionary=sorted(words),
        write_statistics=sorted(bounded),
    ) as file:
        for begin in range(0, max(len(table), 1), ROWS_A_GROUP):
            rows = schema.fit(table.slice(begin, ROWS_A_GROUP), declared)
            file.write_table(rows.combine_chunks(), ROWS_A_GROUP)


def findings(table: pa.Table) -> list[dict[str, Any]]:
    """Findings as JSON: times in ISO 8601, UTC."""
    rows: list[dict[str, Any]] = schema.fit(table, schema.FINDINGS).to_pylist()
    for row in rows:
        for name in ("first_seen", "last_seen", "baseline_first", "baseline_last"):
            row[name] = row[name] and row[name].isoformat().replace("+00:00", "Z")
    return rows


def write_json(data: object, path: Path) -> None:
    """ASCII, so that a file name that is no UTF-8 survives; no NaN, which is no JSON."""
    path.write_text(json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False) + "\n", "ascii")


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of everything in the folder, by its path there."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in NOT_HASHED:
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
