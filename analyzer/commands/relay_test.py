"""`relaytrail test-relay`: may a stranger relay through our server, by asking it?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.commands.options import AsJson
from analyzer.errors import INTERRUPTED

if TYPE_CHECKING:
    from analyzer.probe.forms import Names
    from analyzer.probe.manner import Manner

EXAMPLE = (
    'Example: relaytrail test-relay mail.corp.example --authorised "Ann Meyer, I run '
    'mail.corp.example" --domain corp.example'
)


def relay_test(  # noqa: PLR0913, PLR0917 - each option of the command is an argument
    host: Annotated[
        str,
        typer.Argument(
            metavar="HOST|RESULT",
            help="One server of yours, or the .json file of an earlier test (for --join and "
            "--arrived).",
            show_default=False,
        ),
    ],
    authorised: Annotated[
        str | None,
        typer.Option(
            help='Who allows it and why, naming the host: "NAME, reason". Goes into the record.',
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            max=65535,
            help="Ports to ask; may be repeated. 25, 587 and 465 without it.",
            show_default=False,
        ),
    ] = None,
    domain: Annotated[
        str | None,
        typer.Option(
            help="A domain that the server serves: more forms, and a control.", show_default=False
        ),
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option(
            help="An address of yours elsewhere; one at example.com without it.",
            show_default=False,
        ),
    ] = None,
    recipient: Annotated[
        str | None,
        typer.Option(
            help="An address of yours elsewhere; one at example.org without it.",
            show_default=False,
        ),
    ] = None,
    deliver: Annotated[
        str | None,
        typer.Option(
            metavar="OWN-ADDRESS",
            help="Send one message to this mailbox of yours, if a form is accepted.",
            show_default=False,
        ),
    ] = None,
    ehlo: Annotated[
        str | None,
        typer.Option(help="What to call this machine; its name without it.", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Ask from this address of ours.", show_default=False)
    ] = None,
    wait: Annotated[
        bool, typer.Option(help="Ask once more, after five minutes, whoever said later.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent; send nothing.")
    ] = False,
    join: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LOG", help="The server's own log of the test's time; may be repeated."
        ),
    ] = None,
    arrived: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The message of --deliver, as it arrived."),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option(
            "--case", help="Put result and transcript into this case.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit with 1 unless it is closed.")
    ] = False,
) -> None:
    """Ask a server of ours whether it carries a stranger's mail elsewhere. No message is sent."""
    from analyzer.probe import guards, outcome, tell
    from analyzer.probe import relay_test as probe
    from analyzer.probe.manner import BY_HAND

    earlier = host.endswith(".json")
    if earlier:
        kept = Path(host)
        result = probe.load(kept)
    else:
        bare = guards.one_host(host)
        names, manner = _asked(bare, domain, sender, deliver or recipient, deliver, ehlo, source)
        ports = port or list(probe.PORTS)
        if dry_run:
            doors = probe.doors([bare], ports)
            who = (authorised or "(your --authorised)") if deliver else None
            typer.echo("\n".join(tell.dry_run(doors, names, manner, who)))
            return
        result, transcript = _test(
            bare, names, manner, authorised, ports, case, send=deliver is not None, wait=wait
        )
        # Before anything else can fail: a test is not repeated lightly.
        kept = _written(result, transcript)
    if join:
        result["log"] = _by_log(result, join)
    if arrived is not None:
        result["arrived"] = _arrival(result, arrived)
    result = probe.decided(result)
    _keep(result, kept, case)
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=True, indent=2))
    else:
        typer.echo("\n".join(tell.as_text(result)))
        typer.echo(f"\nSHA-256 of the transcript:\n{result['transcript_sha256']}")
    if result.get("stopped") == BY_HAND and not earlier:
        raise typer.Exit(INTERRUPTED)
    if fail_on_findings and result["answer"] != outcome.CLOSED:
        raise typer.Exit(1)


def _asked(
    host: str,
    domain: str | None,
    sender: str | None,
    recipient: str | None,
    deliver: str | None,
    ehlo: str | None,
    source: str | None,
) -> tuple[Names, Manner]:
    """The names and the manner of the test, checked."""
    from analyzer.probe import guards
    from analyzer.probe import relay_test as probe
    from analyzer.probe.forms import Names
    from analyzer.probe.manner import Manner

    token = probe.token()
    if deliver is not None:
        guards.a_mailbox(deliver, domain)
    names = Names(
        sender=guards.own_address(sender or f"{token}@example.com", "--sender"),
        recipient=guards.own_address(recipient or f"{token}@example.org", "--recipient"),
        host=host,
        address=host,
        domain=domain and guards.own_address(f"a@{domain}", "--domain").partition("@")[2],
        token=token,
    )
    return names, Manner(ehlo=guards.one_host(ehlo) if ehlo else probe.own_name(), source=source)


def _test(
    host: str,
    names: Names,
    manner: Manner,
    authorised: str | None,
    ports: list[int],
    case: Path | None,
    *,
    send: bool,
    wait: bool,
) -> tuple[dict[str, Any], str]:
    """Guards first; then the dialogue."""
    from dataclasses import replace

    from analyzer.probe import guards
    from analyzer.probe import relay_test as probe
    from analyzer.probe.dialogue import now

    who = guards.authorised(authorised, host)
    addresses = guards.from_here(manner.source, probe.resolve(host))
    here = all(map(guards.on_this_machine, addresses))
    if not here:
        guards.rested(host, addresses, Path(), now())
    if case is not None:
        guards.not_a_client(addresses, *_clients(case))
    manner = replace(manner, pace=0.0) if here else manner
    manner = manner if wait else replace(manner, wait=None)
    names = replace(names, address=addresses[0])
    at = probe.doors(addresses, ports)
    later = "" if manner.wait is None else ", and five more where the server says later"
    typer.echo(f"Asking {', '.join(addresses)}: a minute or two{later}.", err=True)
    return probe.run(host, at, names, manner, who, send=send)


def _clients(case: Path) -> tuple[set[str], list[str]]:
    """The clients of a case, and what its site calls ours."""
    from analyzer.folder import unaltered

    known = unaltered(case)
    seen = {*known.messages["client_ip"].to_pylist(), *known.attempts["client_ip"].to_pylist()}
    site = known.site
    return seen - {None}, [*(site.get("servers") or []), *(site.get("networks") or [])]


def _by_log(result: dict[str, Any], logs: list[str]) -> dict[str, Any]:
    from analyzer import pipeline
    from analyzer.probe import by_log

    told = pipeline.analyze(logs, year=int(result["started"][:4])).case
    return by_log.join(result, told.attempts.to_pandas(), told.deliveries.to_pandas())


def _arrival(result: dict[str, Any], message: Path) -> str:
    from analyzer.errors import SettingsError
    from analyzer.probe import delivery

    line = delivery.arrived(message.read_bytes(), result)
    if line is None:
        remedy = "Give the message itself, with all its headers, as the mailbox has it."
        what = "this is not the test's message, or it did not come through the server"
        raise SettingsError(what, message, remedy)
    return line


def _as_json(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=True, indent=2) + "\n"


def _written(result: dict[str, Any], transcript: str) -> Path:
    """Result and transcript, beside each other in this folder; where the result is."""
    from analyzer import words
    from analyzer.probe import guards

    stamp = result["started"].replace("-", "").replace(":", "")
    path = Path(f"{guards.stem(result['host'])}-{stamp}.json")
    path.with_suffix(".txt").write_text(transcript, "ascii")
    path.write_text(_as_json(result), "ascii")
    told = f"{path} keeps the result, the .txt beside it the transcript."
    typer.echo("\n".join(words.wrapped(told)), err=True)
    return path


def _keep(result: dict[str, Any], path: Path, case: Path | None) -> None:
    """The result with what it was joined with; both files into the case where one is named."""
    path.write_text(_as_json(result), "ascii")
    if case is not None:
        from analyzer.pipeline import adding

        files = {"relay_test.json": _as_json(result).encode("ascii")}
        transcript = path.with_suffix(".txt")
        if transcript.is_file():
            files["relay_test.txt"] = transcript.read_bytes()
        adding.add(case, files)
