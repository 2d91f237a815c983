"""`relaytrail compare`: is it over, by a case from before and one from after the fix?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from analyzer.commands.options import AsJson

EXAMPLE = "Example: relaytrail compare case-december case-january"


def compare(
    before: Annotated[
        Path, typer.Argument(help="Case of the incident, as analyze wrote it.", show_default=False)
    ],
    after: Annotated[
        Path, typer.Argument(help="Case of the time after the fix.", show_default=False)
    ],
    as_json: AsJson = False,
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit with 1 unless it is over.")
    ] = False,
) -> None:
    """Tell by two cases whether the abuse ended: clean hours, refused attempts, same hours."""
    from analyzer.folder import unaltered
    from analyzer.report import comparison, comparison_text
    from analyzer.report.end_shown import OVER

    told = comparison.compare(unaltered(before), unaltered(after))
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=True, indent=2))
    else:
        typer.echo("\n".join(comparison_text.as_text(told)))
    if fail_on_findings and told["verdict"] != OVER:
        raise typer.Exit(1)
