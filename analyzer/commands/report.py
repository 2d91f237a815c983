"""`relaytrail report`: a case told again, for whom, on which paper, with or without names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.commands.options import CaseArgument

if TYPE_CHECKING:
    from analyzer.case import Case

READERS = ("management", "technical", "delisting")
PAPERS = ("a4", "letter")


def report(
    case: CaseArgument,
    audience: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="|".join(READERS),
            help="Texts to send, instead of the report.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Folder to write to; texts are printed without.",
            show_default=False,
        ),
    ] = None,
    paper: Annotated[
        str, typer.Option(metavar="|".join(PAPERS), help="Paper of the PDF.")
    ] = PAPERS[0],
    redact: Annotated[
        bool,
        typer.Option(
            "--redact", help="Mask addresses and logins of our own users, each always alike."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Write the report of a case anew, or texts to send about it.

    The case itself stays as it is. Texts have square brackets where only you know what is true.
    """
    from analyzer.commands.choice import chosen
    from analyzer.errors import SettingsError
    from analyzer.folder import unaltered
    from analyzer.report.redact import redacted

    audience = chosen(audience, "--for", READERS) if audience is not None else None
    paper = chosen(paper, "--paper", PAPERS)
    if audience is None and output is None:
        remedy = f"Give -o FOLDER, or --for {'|'.join(READERS)} to print texts."
        raise SettingsError("where is the report to be written?", case, remedy)
    if output is not None and output.resolve().is_relative_to(case.resolve()):
        raise SettingsError("lies inside the case", output, "Give -o a folder outside the case.")
    told = unaltered(case)
    told = redacted(told) if redact else told
    files = _texts(told, audience) if audience else _files(told, paper, None if redact else case)
    if output is None:
        for number, (name, content) in enumerate(files.items()):
            typer.echo(("\n" if number else "") + f"--- {name}")
            typer.echo(content.decode().rstrip("\n"))
        return
    _write(files, output, force)
    for name in files:
        typer.echo(str(output / name))


def _texts(told: Case, audience: str) -> dict[str, bytes]:
    from analyzer.report.texts import AUDIENCES

    return {name: text.encode() for name, text in AUDIENCES[audience](told).items()}


def _files(told: Case, paper: str, events: Path | None) -> dict[str, bytes]:
    from analyzer import charts
    from analyzer import report as reporting

    return reporting.told(told, charts.draw(told), paper, events)


def _write(files: dict[str, bytes], output: Path, force: bool) -> None:
    from analyzer.errors import EnvironmentTrouble, SettingsError

    standing = [name for name in files if (output / name).exists()]
    if standing and not force:
        remedy = "Give another -o, or --force to replace it."
        raise SettingsError("the file exists", output / standing[0], remedy)
    try:
        for name, content in files.items():
            (output / name).parent.mkdir(parents=True, exist_ok=True)
            (output / name).write_bytes(content)
    except OSError as error:
        remedy = "Give -o a folder that you may write to."
        raise EnvironmentTrouble(f"cannot be written: {error.strerror}", output, remedy) from None
