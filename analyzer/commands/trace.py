"""`relaytrail trace`: which way did a message go, by the lines of a case?"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer

from analyzer.commands.options import AsJson, CaseArgument

SEARCHED = ("messages.parquet", "deliveries.parquet", "attempts.parquet")


def trace(
    case: CaseArgument,
    query: Annotated[
        str,
        typer.Argument(
            help="A message-id, queue id, address, IP address, login or domain.",
            show_default=False,
        ),
    ],
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Messages, and attempts, to show.")
    ] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the path of each message that fits, with the evidence of every step."""
    from analyzer.folder import untouched

    with ThreadPoolExecutor(1) as thread:  # hashing takes as long as loading pandas
        checked = thread.submit(untouched, case, SEARCHED)
        from analyzer.report import trace as traced

        checked.result()
    told = traced.trace(case, query, limit)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=True, indent=2))
    else:
        typer.echo(traced.as_text(told).rstrip("\n"))
