"""`relaytrail aid`: what can be done this morning, by a case?"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from analyzer.commands.options import AsJson, CaseArgument

SERVERS = ("postfix", "sendmail", "exchange")
EXAMPLE = "Example: relaytrail aid case; relaytrail aid case --ids | postsuper -d -"


def aid(
    case: CaseArgument,
    only_ids: Annotated[
        bool, typer.Option("--ids", help="Only the queue ids, one a line, for a pipe.")
    ] = False,
    mta: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(SERVERS),
            help="Of the queue, only what such a server holds.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print queue ids of abuse to delete, accounts to lock, addresses to refuse. Runs nothing."""
    from analyzer.commands.choice import chosen
    from analyzer.folder import unaltered
    from analyzer.report import first_aid, first_aid_text

    mta = chosen(mta, "--mta", SERVERS) if mta is not None else None
    told = first_aid.aid(unaltered(case))
    if mta is not None:
        told["queue"]["messages"] = [m for m in told["queue"]["messages"] if m["mta"] == mta]
    if only_ids:
        typer.echo("".join(f"{name}\n" for name in first_aid.ids(told)), nl=False)
        for line in first_aid_text.beware(told):
            typer.echo(line, err=True)  # the ids alone go into the pipe
    elif as_json:
        typer.echo(json.dumps(told, ensure_ascii=True, indent=2))
    else:
        typer.echo("\n".join(first_aid_text.as_text(told)))
