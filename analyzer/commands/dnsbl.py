"""`relaytrail dnsbl`: do public blocklists name our addresses now?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from analyzer.commands.options import AsJson

EXAMPLE = "Example: relaytrail dnsbl 192.0.2.25 2001:db8::25 --resolver 127.0.0.1"


def dnsbl(
    addresses: Annotated[
        list[str],
        typer.Argument(
            metavar="IP...", help="The addresses from which our server sends.", show_default=False
        ),
    ],
    zone: Annotated[
        list[str] | None,
        typer.Option(
            help="Ask this list instead of those known; may be repeated.", show_default=False
        ),
    ] = None,
    resolver: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS[:PORT]",
            help="Ask through this resolver; lists refuse public ones.",
            show_default=False,
        ),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option("--case", help="Put the result into this case.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit with 1 if an address is listed.")
    ] = False,
) -> None:
    """Ask public blocklists by DNS whether they list our addresses now. Needs the extra `live`."""
    from analyzer import words
    from analyzer.errors import SettingsError
    from analyzer.impact import blocklists
    from analyzer.probe import dnsbl as lists
    from analyzer.probe import tell_dnsbl
    from analyzer.probe.dialogue import now
    from analyzer.probe.resolver import resolver as resolver_at

    asked = list(dict.fromkeys(map(lists.address, addresses)))
    known = {entry["zone"]: entry for entry in blocklists.zones()}
    zones = [known.get(name.lower()) or lists.named(name) for name in zone or known]
    if len(asked) > lists.MOST_ADDRESSES or len(zones) > lists.MOST_ZONES:
        what = f"more than {lists.MOST_ADDRESSES} addresses or {lists.MOST_ZONES} lists"
        raise SettingsError(what, "relaytrail dnsbl", "Give the addresses that send mail only.")
    if case is not None:
        from analyzer.folder import unaltered

        unaltered(case)  # refused before anything is asked
    look = resolver_at(resolver)
    typer.echo(
        f"Asking {words.count(len(zones), 'list')}; a list that is silent takes a while.", err=True
    )
    result = {"version": 1, "asked": words.iso(now()), **lists.check(asked, zones, look)}
    text = json.dumps(result, ensure_ascii=True, indent=2)
    if case is not None:
        from analyzer.pipeline import adding

        adding.add(case, {"dnsbl.json": f"{text}\n".encode("ascii")})
    typer.echo(text if as_json else "\n".join(tell_dnsbl.as_text(result)))
    if fail_on_findings and any(row["state"] == lists.LISTED for row in result["addresses"]):
        raise typer.Exit(1)
