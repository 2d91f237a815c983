"""What can an audit of a configuration say?

A check is declared once, and the table in docs/audit.md is derived from the declarations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from analyzer.config.given import Given, Place
from analyzer.site import Network

SEVERITIES = ("critical", "high", "medium", "info")
OPEN, CLOSED, UNKNOWN, BROKEN = "open", "closed", "unknown", "refuses all mail"


@dataclass(frozen=True)
class Check:
    """One thing that an audit looks for."""

    name: str
    severity: str
    finds: str
    why: str


@dataclass(frozen=True)
class Hole:
    """Which messages could come through? What is empty does not matter.

    Keys are written as in an access table: an address, a domain (and what is below it), `local@`,
    or a pattern (`/…/`). `names` are those of the client; a pattern is tried on its address too.
    `routed`: recipients with a route in them; `logged_in`: logins that sent as somebody else.
    """

    clients: tuple[Network, ...] = ()
    names: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    helos: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    routed: bool = False
    logged_in: bool = False


@dataclass(frozen=True)
class Change:
    """One setting, corrected; `service` where it is an override in master.cf.

    `entry`: it is a line of a table.
    """

    name: str
    value: str
    service: str = ""
    entry: bool = False

    def __str__(self) -> str:
        if self.entry:
            return f"{self.name} {self.value}"
        if self.service:
            return f"-o {self.name}={self.value.replace(', ', ',')}"
        return f"{self.name} = {self.value}".rstrip()


@dataclass(frozen=True)
class Finding:
    """A check that found something, and the very line."""

    check: Check
    place: Place
    line: str
    detail: str
    remedy: str
    where: str = ""
    severity: str = ""
    change: Change | None = None
    hole: Hole | None = None
    messages: int | None = field(default=None, compare=False)

    @property
    def weight(self) -> str:
        return self.severity or self.check.severity


@dataclass(frozen=True)
class Door:
    """One way in for mail from the network, and what a stranger gets there.

    `because` says which line decides; `reach` says who can connect, where the files tell.
    """

    name: str
    verdict: str
    because: str
    place: Place
    reach: str = ""


@dataclass(frozen=True)
class Audit:
    """Of one mail server."""

    mta: str
    doors: Sequence[Door]
    findings: Sequence[Finding]
    notes: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        mta: str,
        doors: Sequence[Door],
        findings: Iterable[Finding],
        files: Sequence[Given],
        notes: Sequence[str] = (),
    ) -> Audit:
        """Each finding with the very line that its place names, the worst first."""
        by_name = {given.name: given for given in files}
        return cls(mta, doors, ordered([_shown(by_name, f) for f in findings]), notes)

    @property
    def verdict(self) -> str:
        """The worst of all doors."""
        found = {door.verdict for door in self.doors}
        return next((v for v in (OPEN, UNKNOWN, BROKEN, CLOSED) if v in found), UNKNOWN)


def _shown(files: dict[str, Given], found: Finding) -> Finding:
    """With its line, and nothing instead of one that may stay."""
    given = files.get(found.place.file)
    line = given.line(found.place.line).strip() if given else found.line
    line = line.replace("\t", " ")
    same = "".join(line.split()) == "".join(found.remedy.split())
    return replace(found, line=line, remedy="" if same else found.remedy)


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """The worst first, then by place; what was found twice is said once."""
    unique: dict[tuple[str, Place, str, Hole | None], Finding] = {}
    for finding in findings:
        key = (finding.check.name, finding.place, finding.line, finding.hole)
        unique.setdefault(key, finding)
    return sorted(
        unique.values(), key=lambda f: (SEVERITIES.index(f.weight), f.place, f.check.name)
    )
