"""How does a case go to people outside: without the names of our own users?

Addresses at our domains, logins and local users become user-1, user-2, …: the same name everywhere
in the case, in tables, findings and figures. The sources of abuse, domains and servers stay.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.case import Case

# Names of people, whole: column → how it is read.
LOGINS = {"auth_user", "local_user"}
ADDRESSES = {"sender", "origin_sender", "recipient", "original_recipient", "user"}
# Words in which a name may stand.
PROSE = {"reply", "reason", "subject", "helo", "message_id", "note"}
TOLD = ("impact", "manifest", "audit", "relay_test", "dnsbl")
WORD = re.compile(r"\w(?:[\w.-]*\w)?")
ADDRESS = re.compile(r"(?<![\w.@-])(?P<name>\w[\w.+-]*@[\w.-]*\w)(?P<at>)(?![\w@-])")
KEPT = {"root", "www-data", "apache", "nobody", "postfix", "daemon", "mail"}  # no person's


def redacted(case: Case) -> Case:
    """The case with our users' names masked. Evidence places and unread lines are untouched.

    Unread lines and events are left out: they are the log itself.
    """
    domains = _domains(case)
    masks = _Masks(domains, _names(case, domains))
    tables = {
        field.name: _table(value, masks)
        for field in fields(case)
        if isinstance(value := getattr(case, field.name), pa.Table)
    }
    tables["unread"] = case.unread.slice(0, 0)
    told = {
        name: _json(value, masks) for name in TOLD if (value := getattr(case, name)) is not None
    }
    return replace(case, **{**tables, **told, "events": None})


class _Masks:
    """Every name and what stands for it."""

    def __init__(self, domains: set[str], names: Iterable[str]) -> None:
        self.domains = domains
        # Numbered in the order of their hashes: the order of the alphabet would tell of the names.
        ordered = sorted(set(names), key=lambda name: hashlib.sha256(name.encode()).digest())
        self.user = {name: f"user-{number}" for number, name in enumerate(ordered, 1)}
        # Logins are the attacker's choice too, with blanks, quotes and tags. So words and
        # addresses are looked up, and what is neither is searched for as it stands.
        inside = rf"(?P<at>@(?:{_one_of(domains)})(?![\w-]))"
        ends = r"(?![\w@-]|\.\w)"
        plain = (WORD.fullmatch, ADDRESS.fullmatch)
        odd = [name for name in self.user if not any(fits(name) for fits in plain)]
        odd = [name for name in odd if re.search(r"\w", name)]
        self._odd = re.compile(rf"(?i)(?P<name>{_one_of(odd)})(?:{inside}|{ends})")
        self._word = re.compile(
            rf"(?i)(?<![\w.@-])(?P<name>{WORD.pattern})"
            rf"(?:(?:\+[^\s@<>]{{0,64}})?{inside}|{ends})"
        )

    def name(self, text: str) -> str:
        """A login, or an address; one elsewhere is masked where it is a login too."""
        _, at, domain = text.rpartition("@")
        known = self.user.get(_key(text, self.domains))
        ours = at and domain.lower() in self.domains
        return f"{known}@{domain}" if known and ours else known or text

    def prose(self, text: str) -> str:
        """Every address and login of ours within other words."""
        for pattern in (self._odd, ADDRESS, self._word):
            text = pattern.sub(self._mask, text)
        return text

    def _mask(self, found: re.Match[str]) -> str:
        known = self.user.get(found["name"].lower())
        return found[0] if known is None else known + (found["at"] or "")


def _one_of(texts: Iterable[str]) -> str:
    """A pattern of the texts, the longest first; of none, one that fits nothing."""
    return "|".join(map(re.escape, sorted(texts, key=lambda text: (-len(text), text)))) or "(?!)"


def _domains(case: Case) -> set[str]:
    """What is ours, stated or inferred."""
    site = case.site
    stated = [*(site.get("domains") or []), *(site.get("relay_domains") or [])]
    inferred = [
        entry["value"]
        for entry in case.manifest.get("inferred") or []
        if str(entry.get("key")) in ("domains", "relay_domains")
    ]
    return {str(domain).lower() for domain in (*stated, *inferred)}


def _key(text: str, domains: set[str]) -> str:
    """What names a person: ann, for ann@corp.example and for the login ann alike."""
    local, at, domain = text.lower().rpartition("@")
    return local.partition("+")[0] or local if at and domain in domains else text.lower()


def _names(case: Case, domains: set[str]) -> set[str]:
    """Names of our users, in the tables and in words; not of system accounts, nor the null
    sender.
    """
    found: set[str] = set()
    for table in (case.messages, case.deliveries, case.attempts, case.sessions, case.queue):
        for name in (LOGINS | ADDRESSES) & set(table.column_names):
            for value in pc.unique(table[name]).to_pylist():
                if value and (name in LOGINS or value.lower().rpartition("@")[2] in domains):
                    found.add(_key(str(value), domains))
    written = re.compile(rf"(?i)[\w.+-]+@(?:{_one_of(domains)})(?![\w-]|\.\w)")
    told = _strings([*(getattr(case, name) for name in TOLD), case.findings["reason"].to_pylist()])
    found |= {_key(address, domains) for text in told for address in written.findall(text)}
    return {name for name in found if name and name not in KEPT}


def _strings(value: Any) -> Iterator[str]:
    """Every text in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _table(table: pa.Table, masks: _Masks) -> pa.Table:
    for name in table.column_names:
        if name in LOGINS | ADDRESSES:
            table = _mapped(table, name, masks.name)
        elif name in PROSE:
            table = _mapped(table, name, masks.prose)
    return table


def _mapped(table: pa.Table, name: str, mask: Any) -> pa.Table:
    """The column with every distinct value masked once."""
    column = table[name].combine_chunks().dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    values = pa.array(
        [None if value is None else mask(value) for value in column.dictionary.to_pylist()],
        pa.string(),
    )
    changed = pa.DictionaryArray.from_arrays(column.indices, values).cast(pa.string())
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(name), changed)


def _json(value: Any, masks: _Masks) -> Any:
    """Every text in it; keys stay."""
    if isinstance(value, str):
        return masks.prose(value)
    if isinstance(value, list):
        return [_json(item, masks) for item in value]
    if isinstance(value, dict):
        return {key: _json(item, masks) for key, item in value.items()}
    return value
