"""The command line: arguments in, exit code out. Wires and prints, decides nothing."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from analyzer.commands import aid, compare, dnsbl, relay_test, watch
from analyzer.commands.audit import audit
from analyzer.commands.impact import impact
from analyzer.commands.options import AsJson, SiteFiles, Year
from analyzer.commands.report import report
from analyzer.commands.site import site_app
from analyzer.commands.trace import trace
from analyzer.ending import at_once
from analyzer.errors import INTERRUPTED, AnalyzerError, EnvironmentTrouble
from analyzer.progress import bar

PURPOSE = (
    "Find out from its logs whether a mail server was abused as a relay, by whom and how much."
)
EXAMPLE = "Example: relaytrail analyze /var/log/mail.log* --site site.toml --case case"
EXIT_CODES = (
    "Exit codes: 0 done, 1 abuse found (with --fail-on-findings), 2 usage or settings, "
    "3 lines do not add up, 4 a hash does not match, 5 evidence could not all be read "
    "or mail not be judged, 6 disk, memory or permission."
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=PURPOSE,
)

Evidence = Annotated[
    list[str],
    typer.Argument(
        metavar="LOG...",
        help="Mail logs: files, folders or globs; - reads standard input.",
        show_default=False,
    ),
]
CaseFolder = Annotated[Path, typer.Option("--case", help="Folder for the results.")]
Domain = Annotated[
    list[str] | None,
    typer.Option("--domain", help="One more domain of ours; may be repeated.", show_default=False),
]
Network = Annotated[
    list[str] | None,
    typer.Option(
        "--network", help="One more network that may relay; may be repeated.", show_default=False
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Mail received from this day or moment on, by the clock of site.toml.",
        show_default=False,
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="TIME",
        help="Mail received up to the end of this day, or before this moment.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a case that was made otherwise.")]
FailOnFindings = Annotated[
    bool, typer.Option("--fail-on-findings", help="Exit with 1 if abuse was found.")
]

INCOMPLETE = 5  # some evidence could not be read to its end, or most mail not be judged
NOBODY_READS = 141  # as of a program that SIGPIPE ends


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"relaytrail {version('relaytrail')}")
        raise typer.Exit


@app.callback()
def relaytrail(
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What all commands share. Without it, a single command would take the place of the group."""


@app.command(epilog=f"{EXAMPLE}  {EXIT_CODES}")
def analyze(  # noqa: PLR0913, PLR0917 - each option of the command is an argument
    evidence: Evidence,
    site: SiteFiles = None,
    case: CaseFolder = Path("case"),
    domain: Domain = None,
    network: Network = None,
    year: Year = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    force: Force = False,
    fail_on_findings: FailOnFindings = False,
) -> None:
    """Find relay abuse in mail logs and write the case."""
    from analyzer import config, pipeline
    from analyzer.display import display
    from analyzer.report import summary
    from analyzer.site import Site
    from analyzer.window import Window

    stated = config.sites(site) if site else None
    if domain or network:
        stated = (stated or Site()).with_more(domain or [], network or [])
    with bar() as progress:
        outcome = pipeline.analyze(
            evidence,
            site=stated,
            site_path=Path(" + ".join(path.name for path in site)) if site else None,
            case=case,
            year=year,
            window=Window(since, until),
            configuration=config.servers(site) if site else None,
            force=force,
            progress=progress,
        )
    for entry in outcome.case.manifest["inputs"]:
        closed = entry["format"] in ("unreadable", "unsupported")
        if trouble := entry["damage"] or (entry["note"] if closed else ""):
            told = display(f"{entry['path']}: {trouble}", 400)
            typer.secho(f"{told}\n  What could be read is in the case.", err=True, fg="yellow")
    if as_json:
        typer.echo(json.dumps(summary.as_json(outcome.case), ensure_ascii=True, indent=2))
    else:
        if not outcome.fresh:
            typer.echo(f"{case} already holds the result for this evidence and these settings.\n")
        typer.echo("\n".join(summary.as_text(outcome.case)))
        typer.echo(f"\nReport: {case / 'report.pdf'}  {case / 'report.html'}")
    abused = "abuse" in outcome.case.findings["kind"].to_pylist()
    if not outcome.complete or not (abused or summary.judged(outcome.case)):
        raise typer.Exit(INCOMPLETE)
    if fail_on_findings and abused:
        raise typer.Exit(1)


# Commands that have a file of their own.
app.add_typer(site_app, name="site")
app.command(epilog="Example: relaytrail audit main.cf master.cf --case case")(audit)
app.command(epilog="Example: relaytrail trace case 3F2A12CE583")(trace)
app.command(epilog=aid.EXAMPLE)(aid.aid)
app.command(epilog=compare.EXAMPLE)(compare.compare)
app.command(epilog="Example: relaytrail report case --for delisting")(report)
app.command(epilog=watch.EXAMPLE)(watch.watch)
app.command(epilog=dnsbl.EXAMPLE)(dnsbl.dnsbl)
app.command("test-relay", epilog=relay_test.EXAMPLE)(relay_test.relay_test)
app.command(epilog="Example: relaytrail impact case --inputs impact.toml")(impact)


def main() -> None:
    """The one place that turns an error into an exit code."""
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # all is done by then
    # No sum here is large enough for threads, and they take the cores from others while they wait.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        _place_to_keep_fonts()
        app()
    except AnalyzerError as error:
        _complain(error)
    except MemoryError:
        _complain(
            EnvironmentTrouble(
                "out of memory",
                "this machine",
                "Give fewer logs at a time, or use a larger machine.",
            )
        )
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(NOBODY_READS) from None
    except OSError as error:  # a name too long, a disk that went away
        remedy = "Check the path, its disk and its permissions."
        what = error.strerror or type(error).__name__
        _complain(EnvironmentTrouble(what, error.filename or "this machine", remedy))
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            _interrupted()
        if isinstance(ended.__context__, BrokenPipeError):
            raise SystemExit(NOBODY_READS) from None  # typer's 1 means here that abuse was found
        raise


def program() -> None:
    """What the command runs: `main`, and the end of the process."""
    try:
        main()
    except SystemExit as ended:
        if isinstance(ended.code, int):
            at_once(ended.code)
        raise


def _interrupted() -> None:
    told = "\nInterrupted. Nothing is half-written: a case is as it was, or whole."
    typer.secho(told, err=True)
    raise SystemExit(INTERRUPTED) from None


def _place_to_keep_fonts() -> None:
    """Matplotlib and fontconfig keep what they know of fonts, and complain where they cannot."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - may have no home
    place = Path(home).absolute()
    standing = next(folder for folder in (place, *place.parents) if folder.exists())
    if standing.is_dir() and os.access(standing, os.W_OK | os.X_OK):
        return
    folder = tempfile.mkdtemp(prefix="relaytrail-fonts-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["XDG_CACHE_HOME"] = folder
    os.environ.setdefault("MPLCONFIGDIR", folder)


def _complain(error: AnalyzerError) -> None:
    from analyzer.display import display

    lines = str(error).split("\n")
    typer.secho("\n".join(display(line, 400) for line in lines), err=True, fg="red")
    raise SystemExit(error.exit_code)


if __name__ == "__main__":
    program()
