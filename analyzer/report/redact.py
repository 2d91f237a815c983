"""How does a case go to people outside: without the names of our own users?

Addresses at our domains, logins and local users become user-1, user-2, …: the same name everywhere
in the case, in tables, findings and figures. The sources of abuse, domains and servers stay.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
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
KEPT = {"root", "www-data", "apache", "nobody", "postfix", "daemon", "mail"}  # no person's


def redacted(case: Case) -> Case:
    """The case with our users' names masked. Evidence places and unread lines are untouched.

    Unread lines and events are left out: they are the log itself.
    """
    domains = _domains(case.manifest)
    masks = _Masks(domains, _names(case, domains))
    tables = {
        field.name: _table(value, masks)
        for field in fields(case)
        if isinstance(value := getattr(case, field.name), pa.Table)
    }
    tables["unread"] = case.unread.slice(0, 0)
    told = {
        name: _json(value, masks)
        for name in ("impact", "manifest", "audit")
        if (value := getattr(case, name)) is not None
    }
    return replace(case, **{**tables, **told, "events": None})


class _Masks:
    """Every name and what stands for it."""

    def __init__(self, domains: set[str], names: Iterable[str]) -> None:
        self.domains = domains
        # Numbered in the order of their hashes: the order of the alphabet would tell of the names.
        ordered = sorted(set(names), key=lambda name: hashlib.sha256(name.encode()).digest())
        self.user = {name: f"user-{number}" for number, name in enumerate(ordered, 1)}
        inside = "|".join(re.escape(domain) for domain in sorted(domains, key=len, reverse=True))
        self._address = re.compile(
            rf"(?i)(?<![\w.!#$%&'*+/=?^`{{|}}~-])[\w.!#$%&'*+/=?^`{{|}}~-]+@(?:{inside})(?![\w-])"
        )
        bare = "|".join(re.escape(name) for name in sorted(self.user, key=len, reverse=True))
        self._bare = re.compile(rf"(?i)(?<![\w.@-])(?:{bare})(?![\w@-]|\.\w)") if bare else None

    def name(self, text: str) -> str:
        """A login, or an address; of an address elsewhere nothing is masked."""
        _, at, domain = text.rpartition("@")
        if at and domain.lower() not in self.domains:
            return text
        known = self.user.get(_key(text, self.domains))
        return f"{known}@{domain}" if at and known else known or text

    def prose(self, text: str) -> str:
        """Every address and login of ours within other words."""
        if self.domains:
            text = self._address.sub(lambda found: self.name(found[0]), text)
        if self._bare is None:
            return text
        return self._bare.sub(lambda found: self.user[found[0].lower()], text)


def _domains(manifest: Mapping[str, Any]) -> set[str]:
    """What is ours, stated or inferred."""
    site = manifest.get("site") or {}
    stated = [*(site.get("domains") or []), *(site.get("relay_domains") or [])]
    inferred = [
        entry["value"]
        for entry in manifest.get("inferred") or []
        if str(entry.get("key")) in ("domains", "relay_domains")
    ]
    return {str(domain).lower() for domain in (*stated, *inferred)}


def _key(text: str, domains: set[str]) -> str:
    """What names a person: ann, for ann@corp.example and for the login ann alike."""
    local, at, domain = text.lower().rpartition("@")
    return local.partition("+")[0] if at and domain in domains else text.lower()


def _names(case: Case, domains: set[str]) -> set[str]:
    """Names of our users in the tables; not of system accounts, nor the null sender."""
    found: set[str] = set()
    for table in (case.messages, case.deliveries, case.attempts, case.queue):
        for name in (LOGINS | ADDRESSES) & set(table.column_names):
            for value in pc.unique(table[name]).to_pylist():
                ours = value and str(value).lower().rpartition("@")[2] in domains
                if value and (ours or (name in LOGINS and "@" not in value)):
                    found.add(_key(str(value), domains))
    found |= _configured(case.audit, domains)
    return {name for name in found if name and name not in KEPT}


def _configured(audit: dict[str, Any] | None, domains: set[str]) -> set[str]:
    """Names in the lines of the server's own files, in the log or not."""
    inside = "|".join(map(re.escape, sorted(domains, key=len, reverse=True)))
    if audit is None or not inside:
        return set()
    addresses = re.findall(rf"[\w.+-]+@(?:{inside})(?![\w-])", json.dumps(audit), re.IGNORECASE)
    return {_key(address, domains) for address in addresses}


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
