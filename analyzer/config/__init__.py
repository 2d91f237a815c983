"""Configuration files of a mail server: who is local by them, and may a stranger relay?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from analyzer.case import Case
from analyzer.config import (
    exchange,
    exchange_audit,
    exchange_checks,
    exchange_site,
    page,
    postfix,
    postfix_audit,
    postfix_checks,
    postfix_files,
    postfix_site,
    recognise,
    sendmail,
    sendmail_audit,
    sendmail_checks,
    sendmail_site,
    tell,
)
from analyzer.config.count import Traffic
from analyzer.config.entries import Entries
from analyzer.config.findings import Audit, Check
from analyzer.config.given import Given, read
from analyzer.config.postfix_tables import Tables
from analyzer.config.toml import as_toml
from analyzer.errors import SettingsError
from analyzer.site import Site, load

__all__ = ["Configuration", "as_toml", "configuration", "servers", "site_of", "sites"]

DECLARED: dict[str, Sequence[Check]] = {
    "Postfix": postfix_checks.CHECKS,
    "Sendmail": sendmail_checks.CHECKS,
    "Exchange": exchange_checks.CHECKS,
}
_SENDMAIL_ITSELF = (recognise.SENDMAIL_MC, recognise.SENDMAIL_CF)
# Beside the settings of a Postfix, a table or a list that looks like Sendmail's is none.
_SENDMAIL = (
    *_SENDMAIL_ITSELF,
    recognise.SENDMAIL_ACCESS,
    recognise.LOCAL_NAMES,
    recognise.RELAY_NAMES,
)
_EXCHANGE = (
    recognise.ACCEPTED_DOMAINS,
    recognise.CONNECTORS,
    recognise.PERMISSIONS,
    recognise.ROUTING_55,
)


@dataclass(frozen=True)
class Configuration:
    """The given files, each with what it is."""

    files: tuple[tuple[Given, str], ...]
    skipped: tuple[str, ...] = ()

    @property
    def _all(self) -> list[Given]:
        return [given for given, _ in self.files]

    def _postfix(self) -> tuple[postfix.Postfix, Tables] | None:
        """A list or an access table may be Postfix's too: whatever its settings refer to."""
        beside = [given for given, kind in self.files if kind != recognise.POSTFIX]
        mine, _ = self._in_force
        return (postfix.parse(mine), Tables(beside)) if mine else None

    @cached_property
    def _in_force(self) -> tuple[list[Given], list[str]]:
        """Postfix's own files, and what is to be said of copies."""
        return postfix_files.in_force([g for g, kind in self.files if kind == recognise.POSTFIX])

    def _has(self, kinds: Sequence[str], used: set[str]) -> bool:
        return any(kind in kinds and given.name not in used for given, kind in self.files)

    def entries(self) -> Entries:
        """Who is local, with the origin of each entry."""
        entries = Entries()
        used: set[str] = set()
        if made := self._postfix():
            entries.merge(postfix_site.site(*made))
            used = made[1].used
        if self._has(_SENDMAIL_ITSELF if made else _SENDMAIL, used):
            entries.merge(sendmail_site.site(sendmail.parse(self._unused(used))))
        if self._has(_EXCHANGE, used):
            entries.merge(exchange_site.site(exchange.parse(self.files)))
        entries.notes += self._unused_files()
        return entries

    def audits(self) -> list[Audit]:
        """One for each kind of server among the files.

        Raises:
            SettingsError: there is none.
        """
        if not (found := self._audits()):
            names = ", ".join(given.name for given in self._all)
            raise SettingsError("no configuration of a mail server", names, WHAT_TO_GIVE)
        return found

    def _audits(self) -> list[Audit]:
        found: list[Audit] = []
        used: set[str] = set()
        if made := self._postfix():
            found.append(postfix_audit.audit(*made, self._all))
            postfix_site.site(*made)  # tables that only say who is local are of use too
            used = made[1].used
        if self._has(_SENDMAIL_ITSELF if made else _SENDMAIL, used):
            found.append(sendmail_audit.audit(sendmail.parse(self._unused(used)), self._all))
        if self._has(_EXCHANGE, used):
            found.append(exchange_audit.audit(exchange.parse(self.files), self._all))
        idle = self._unused_files()
        return [replace(audit, notes=[*audit.notes, *idle]) for audit in found[:1]] + found[1:]

    def audited(self, case: Case) -> tuple[list[Audit], dict[str, Any] | None]:
        """The audits, with the messages of the case that fit each hole, and what of it is kept in
        the case; nothing where no server is among the files.
        """
        audits = counted(self._audits(), case, site_of(self.entries()))
        return audits, tell.as_record(self._all, audits, case) if audits else None

    def _unused(self, used: set[str]) -> list[tuple[Given, str]]:
        return [(given, kind) for given, kind in self.files if given.name not in used]

    def _unused_files(self) -> list[str]:
        return [*self.skipped, *self._in_force[1], *self._idle()]

    def _idle(self) -> list[str]:
        """A table that nothing refers to was given in vain, and that is worth a word."""
        tables = [g for g, kind in self.files if kind == recognise.TABLE and g.text.strip()]
        return [
            f"{table.name}: no setting refers to this file"
            for table in tables
            if not any(PurePath(table.name).name in g.text for g in self._all if g is not table)
        ]


WHAT_TO_GIVE = (
    "Give `postconf -n` output, main.cf, sendmail.mc or .cf, or exports of Get-AcceptedDomain and "
    "Get-ReceiveConnector."
)


def configuration(paths: Sequence[Path]) -> Configuration:
    """Read the files and tell what each is.

    Raises:
        SettingsError: a file cannot be read, or is a site.toml.
    """
    texts, skipped = read(paths)
    files = [(given, recognise.recognise(given)) for given in texts]
    return Configuration(tuple(files), tuple(skipped))


def site_of(entries: Entries) -> Site:
    """The entries as a site."""
    data: dict[str, object] = {key: list(values) for key, values in entries.values.items()}
    if entries.forwards:
        data["forwards"] = {address: targets for address, (targets, _) in entries.forwards.items()}
    return Site.model_validate(data)


def sites(paths: Sequence[Path]) -> Site:
    """One site of several files: each a site.toml, or configuration of the mail server.

    Raises:
        SettingsError: a file is neither, or says who is local in no way.
    """
    given = configuration([path for path in paths if not _is_toml(path)])
    stated = [load(path) for path in paths if _is_toml(path)]
    if given.files:
        if not (entries := given.entries()).values:
            names = ", ".join(file.name for file, _ in given.files)
            raise SettingsError("nothing here says who is local", names, WHAT_TO_GIVE)
        stated.append(site_of(entries))
    merged: dict[str, object] = {}
    for site in stated:
        for key, value in site.model_dump(mode="json", exclude_none=True).items():
            merged[key] = _joined(merged.get(key), value)
    return Site.model_validate(merged)


def servers(paths: Sequence[Path]) -> Configuration:
    """The mail server's own files among those that state a site."""
    return configuration([path for path in paths if not _is_toml(path)])


def _is_toml(path: Path) -> bool:
    """A site.toml keeps its own errors, with their lines."""
    if path.suffix == ".toml" or not path.is_file():
        return True
    (given,), _ = read([path])
    return recognise.recognise(given) == recognise.SITE


def _joined(before: object, more: object) -> object:
    if isinstance(before, list) and isinstance(more, list):
        return [*before, *(value for value in more if value not in before)]
    if isinstance(before, dict) and isinstance(more, dict):
        return {**before, **more}
    return more


def counted(audits: Sequence[Audit], case: Case, site: Site) -> list[Audit]:
    """The audits with the number of messages of the case that fit each hole."""
    traffic = Traffic(case.deliveries, case.messages, site)
    return [
        replace(
            audit,
            findings=[
                f if f.hole is None else replace(f, messages=traffic.through(f.hole))
                for f in audit.findings
            ],
        )
        for audit in audits
    ]


def audit_page() -> str:
    """docs/audit.md, derived; a test fails while the committed page differs."""
    return page.as_markdown(DECLARED)
