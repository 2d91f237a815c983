"""`relaytrail audit`: may a stranger relay, by the configuration of the mail server?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from analyzer.commands.options import AsJson
from analyzer.commands.site import ConfigFiles


def audit(
    files: ConfigFiles,
    case: Annotated[
        Path | None,
        typer.Option(
            "--case",
            help="Count the messages of this case that fit each hole; add a page to its report.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find what lets strangers relay in the configuration of a mail server, line by line."""
    from analyzer import config
    from analyzer.config import tell
    from analyzer.display import display

    given = config.configuration(files)
    if case is None:
        audits = given.audits()
    else:
        from analyzer.pipeline import auditing

        audits = auditing.add(case, given)
    if as_json:
        typer.echo(json.dumps(tell.as_json(audits), ensure_ascii=True, indent=2))
    else:
        typer.echo("\n".join(display(line, 2000) for line in tell.as_text(audits)))
        if case is not None:
            typer.echo(f"Report: {case / 'report.pdf'}  {case / 'report.html'}")
