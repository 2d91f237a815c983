"""`relaytrail watch`: does it begin again, by the logs as they grow?"""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from analyzer.commands.options import SiteFiles

EXAMPLE = "Example: relaytrail watch /var/log/mail.log --site site.toml"


def watch(
    logs: Annotated[
        list[str],
        typer.Argument(
            metavar="LOG...", help="Growing logs: files, or quoted globs.", show_default=False
        ),
    ],
    site: SiteFiles = None,
    every: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds between two looks.")
    ] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Read on as logs grow; tell of strangers' mail that is accepted, and logins that burst."""
    from analyzer import config, words
    from analyzer.evidence.follow import Follower
    from analyzer.pipeline.watching import STRETCH, Watch
    from analyzer.report import alarm as told

    stated = config.sites(site) if site else None
    follower = Follower(logs, STRETCH)
    alarms = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no copy of a log is left behind

    def tell_notices() -> None:
        now = datetime.now(UTC)
        for notice in [*follower.notices(), *watching.notices()]:
            if as_json:
                typer.echo(json.dumps(told.notice_as_json(notice, now)))
            else:
                typer.echo("\n".join(told.notice_as_text(notice, now)), err=True)

    try:
        with Watch(stated) as watching:
            known = watching.begin(follower.look())
            typer.echo(_begun(logs, known, inferred=stated is None), err=True)
            tell_notices()
            while True:
                time.sleep(every)
                for alarm in watching.look(follower.look()):
                    alarms += 1
                    lines = [json.dumps(told.as_json(alarm))] if as_json else told.as_text(alarm)
                    typer.echo("\n".join(lines))
                tell_notices()
    except KeyboardInterrupt:
        typer.echo(f"\nThe watch ended; it told {words.count(alarms, 'time')} of abuse.", err=True)
    finally:
        follower.close()


def _begun(logs: list[str], known: int, *, inferred: bool) -> str:
    from analyzer import words
    from analyzer.display import display

    doubt = " Who is local is inferred: give --site to be sure." if inferred else ""
    before = "No abuse before now."
    if known:
        told = f"{words.count(known, 'message')} before now, abuse or perhaps abuse"
        before = f"{told}, {words.form(known, 'is', 'are')} not told again."
    return f"Watching {words.listing([display(name, 60) for name in logs])}. {before}{doubt}"
