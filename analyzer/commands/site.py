"""`relaytrail site`: who is local, from what the mail server itself says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

site_app = typer.Typer(no_args_is_help=True, help="Who is local: make a site.toml.")

ConfigFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="Output of postconf -n, main.cf, master.cf and maps; sendmail.mc or .cf and tables; "
        "exports of Get-AcceptedDomain, Get-ReceiveConnector, Get-ADPermission.",
        show_default=False,
    ),
]


@site_app.callback()
def site() -> None:
    """Who is local: make a site.toml."""


@site_app.command("import", epilog="Example: relaytrail site import main.cf virtual -o site.toml")
def import_(
    files: ConfigFiles,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write here; otherwise print.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Turn the configuration of a mail server into a site.toml, each entry with its origin."""
    from analyzer import config
    from analyzer.errors import EnvironmentTrouble, SettingsError

    entries = config.configuration(files).entries()
    if not entries.values:
        names = ", ".join(map(str, files))
        raise SettingsError("nothing here says who is local", names, config.WHAT_TO_GIVE)
    text = config.as_toml(entries)
    if output is None:
        typer.echo(text, nl=False)
        return
    if output.exists() and not force:
        raise SettingsError("the file exists", output, "Give another -o, or --force to replace it.")
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        remedy = "Give -o a file that you may write."
        raise EnvironmentTrouble(f"cannot be written: {error.strerror}", output, remedy) from None
    told = ", ".join(f"{len(values)} {key}" for key, values in entries.values.items())
    typer.echo(f"{output}: {told}")
    for note in entries.notes:
        typer.echo(f"  not in these files: {note}", err=True)
