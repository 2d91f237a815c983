"""`relaytrail impact`: what did it cost, by the tables of a case and the user's own prices?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def impact(
    case: Annotated[
        Path | None, typer.Argument(help="Folder that analyze wrote.", show_default=False)
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", help="impact.toml: prices, hours, rates.", show_default=False),
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print an impact.toml with every input, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print impact.json.")] = False,
) -> None:
    """Compute harm and cost anew, without reading a log, and write impact.json of the case."""
    if template:
        from analyzer.impact import inputs as declared

        typer.echo(declared.template(), nl=False)
        return
    if case is None:
        raise typer.BadParameter("give the folder of a case, or --template")
    from analyzer import pipeline
    from analyzer.report import costs

    told = pipeline.reprice(case, inputs).impact
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=True, indent=2))
    else:
        typer.echo("\n".join(costs.as_text(told)))
