"""Which of the given files does this Postfix run on, and which are copies of them?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from analyzer.config.given import Given
from analyzer.config.recognise import SERVICE_LINE, SETTING_LINE
from analyzer.errors import SettingsError


def in_force(files: Sequence[Given]) -> tuple[list[Given], list[str]]:
    """The files that count, and a word about each that does not.

    `audit /etc/postfix/*` gives main.cf.bak and main.cf.proto as well; to merge them would be to
    audit a server that nobody runs.

    Raises:
        SettingsError: several could be the one, and nothing tells which.
    """
    notes: list[str] = []
    for name, holds in (("main.cf", _settings), ("master.cf", _services)):
        alike = [given for given in files if holds(given)]
        if len(alike) < 2:
            continue
        named = [given for given in alike if PurePath(given.name).name == name]
        if len(named) != 1:
            raise SettingsError(
                f"several files could be {name}",
                ", ".join(given.name for given in named or alike),
                f"Give one {name} alone: of one server, and the one it runs on.",
            )
        copies = [given for given in alike if given is not named[0]]
        notes += [f"{copy.name}: not used, for {named[0].name} was given" for copy in copies]
        files = [given for given in files if given not in copies]
    return list(files), notes


def _settings(given: Given) -> bool:
    return any(SETTING_LINE.match(line) for line in given.lines)


def _services(given: Given) -> bool:
    return any(SERVICE_LINE.match(line) for line in given.lines)
