"""`relaytrail site`: who is local, from what the mail server itself says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.commands.options import Year

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

Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Write here; otherwise print.", show_default=False),
]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]
WhatIf = Annotated[
    list[str] | None,
    typer.Option(
        "--what-if",
        metavar="domain=…|network=…",
        help="How verdicts change if this were ours too; may be repeated.",
        show_default=False,
    ),
]


@site_app.callback()
def site() -> None:
    """Who is local: make a site.toml."""


@site_app.command("import", epilog="Example: relaytrail site import main.cf virtual -o site.toml")
def import_(
    files: ConfigFiles,
    output: Output = None,
    force: Force = False,
) -> None:
    """Turn the configuration of a mail server into a site.toml, each entry with its origin."""
    from analyzer import config
    from analyzer.display import display
    from analyzer.errors import SettingsError

    entries = config.configuration(files).entries()
    if not entries.values:
        names = ", ".join(map(str, files))
        raise SettingsError("nothing here says who is local", names, config.WHAT_TO_GIVE)
    text = config.as_toml(entries)
    if output is None:
        typer.echo(text, nl=False)
        return
    _write(output, text, force)
    told = ", ".join(f"{key} {len(values)}" for key, values in entries.values.items())
    typer.echo(f"{output}: {told}")
    for note in entries.notes:
        typer.echo(f"  not in these files: {display(note, 400)}", err=True)


@site_app.command(epilog="Example: relaytrail site infer /var/log/mail.log* -o site.toml")
def infer(
    evidence: Annotated[
        list[str],
        typer.Argument(
            metavar="CASE|LOG...", help="A folder that analyze wrote, or logs.", show_default=False
        ),
    ],
    output: Output = None,
    force: Force = False,
    what_if: WhatIf = None,
    year: Year = None,
) -> None:
    """Tell who is local by the logs themselves, each entry with its reason and confidence."""
    from analyzer.pipeline import inferring
    from analyzer.progress import bar
    from analyzer.report import inferred

    more = _asked(what_if or [])
    with bar() as progress:
        known = inferring.infer(evidence, year=year, progress=progress)
    if output is not None:
        _write(output, inferred.as_toml(known.found), force)
        typer.echo(f"{output}: check each entry; what is behind # may be yours\n")
    typer.echo("\n".join(inferred.as_text(known.found)))
    if known.doubts:
        typer.echo("\nWhat looks wrong in the site of this case:")
        typer.echo("\n".join(inferred.doubts(known.doubts)))
    if what_if:
        typer.echo(f"\nIf {', '.join(what_if)} were ours too:")
        changed = inferring.what_if(known, more["domain"], more["network"])
        typer.echo("\n".join(inferred.changes(changed)))


def _asked(wishes: list[str]) -> dict[str, list[str]]:
    """What --what-if names, by `domain` and `network`."""
    from analyzer.errors import SettingsError

    asked: dict[str, list[str]] = {"domain": [], "network": []}
    for wish in wishes:
        key, _, value = wish.partition("=")
        if key not in asked or not value:
            remedy = "Give --what-if domain=corp.example or --what-if network=192.0.2.0/24."
            raise SettingsError(f"{wish!r} is no question", "--what-if", remedy)
        asked[key].append(value)
    return asked


def _write(output: Path, text: str, force: bool) -> None:
    from analyzer.errors import EnvironmentTrouble, SettingsError

    if output.exists() and not force:
        raise SettingsError("the file exists", output, "Give another -o, or --force to replace it.")
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        remedy = "Give -o a file that you may write."
        raise EnvironmentTrouble(f"cannot be written: {error.strerror}", output, remedy) from None
