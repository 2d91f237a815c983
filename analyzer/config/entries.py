"""Which entries of a site do the files give, and where does each come from?"""

from __future__ import annotations

from dataclasses import dataclass, field

from analyzer.config.given import Place, Said

LISTS = ("domains", "relay_domains", "networks", "servers")


@dataclass
class Entries:
    """Values by key of site.toml, each with its origin; a key that is missing is unknown."""

    values: dict[str, dict[str, Place]] = field(default_factory=dict)
    forwards: dict[str, tuple[list[str], Place]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, key: str, said: Said, value: str = "") -> None:
        """The first origin of a value is kept; what cannot be a domain is noted."""
        text = value or said.value
        if key in ("domains", "relay_domains") and ("@" in text or any(map(str.isspace, text))):
            self.notes.append(f"{said.place}: {text} is no domain")
            return
        self.values.setdefault(key, {}).setdefault(text, said.place)

    def know(self, key: str) -> None:
        """The files do speak of the key, even if they name nothing."""
        self.values.setdefault(key, {})

    def merge(self, other: Entries) -> None:
        for key, values in other.values.items():
            self.know(key)
            for value, place in values.items():
                self.values[key].setdefault(value, place)
        for address, target in other.forwards.items():
            self.forwards.setdefault(address, target)
        self.notes += [note for note in other.notes if note not in self.notes]
