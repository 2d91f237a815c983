"""One relay test, from the host's name to the result that goes into a case."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import secrets
import socket
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from analyzer import words
from analyzer.errors import EnvironmentTrouble, SettingsError
from analyzer.probe import asking, delivery, outcome
from analyzer.probe.by_log import BOUNCED, RELAYED
from analyzer.probe.dialogue import Transcript, now
from analyzer.probe.forms import Names
from analyzer.probe.manner import Asked, Door, Manner

PORTS = (25, 587, 465)
IMPLICIT_TLS = (465,)
# What the result of an earlier test has.
TEXTS = ("token", "host", "named", "client", "sender", "recipient", "transcript_sha256")
COUNTED = ("asked", "refused", "accepted", "inconclusive")
RECORD = set("form plain door sender recipient stage code reply verdict why".split())
# What stands in it after --deliver and --join.
LATER = {
    "delivery": set("state form reply why".split()),
    "log": set("lines refused accepted_no_data disagree message".split()),
}
MESSAGE = set("fate words place".split())
STAMP = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\dZ")
_ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]|\b(\d{1,3}(?:\.\d{1,3}){3})\b")


def resolve(host: str) -> list[str]:
    """The first IPv4 and the first IPv6 address; looked up once, and kept to.

    Raises:
        EnvironmentTrouble: the name has no address.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        remedy = "Check the name, or give the server's address."
        raise EnvironmentTrouble(
            f"has no address: {error.strerror or error}", host, remedy
        ) from None
    first: dict[int, str] = {}
    for family, _, _, _, place in found:
        first.setdefault(family, str(place[0]))
    return [
        _as_ipv4(first[family]) for family in (socket.AF_INET, socket.AF_INET6) if family in first
    ]


def _as_ipv4(address: str) -> str:
    """::ffff:192.0.2.1 is the host 192.0.2.1, and logs name it so."""
    ip = ipaddress.ip_address(address)
    return str((ip.version == 6 and ip.ipv4_mapped) or ip)


def doors(addresses: Sequence[str], ports: Sequence[int]) -> list[Door]:
    """Each port at each address, plain and after STARTTLS."""
    found = []
    for address in addresses:
        for port in ports:
            ways = ("implicit",) if port in IMPLICIT_TLS else ("none", "starttls")
            found += [Door(address, port, tls) for tls in ways]
    return found


def token() -> str:
    """What tells this run's addresses from all others."""
    return f"relaytest-{secrets.token_hex(5)}"


def own_name() -> str:
    """What this machine calls itself to others; nothing where it has no full name."""
    name = socket.getfqdn()
    return name if "." in name and not name.startswith("localhost.") else ""


def run(
    host: str,
    at: Sequence[Door],
    names: Names,
    manner: Manner,
    who: str,
    *,
    send: bool = False,
) -> tuple[dict[str, Any], str]:
    """Ask, and tell: the result as it is written to relay_test.json, and the transcript.

    Args:
        who: The written authorisation.
        send: Send one message by a form that was accepted.
    """
    begun = now()
    transcript = Transcript()
    if send:  # its recipient is one of the forty
        manner = replace(manner, most=manner.most - 1)
    asked = asking.ask(at, names, manner, transcript)
    send = send and not asked.stopped
    sent = delivery.deliver(list(at), asked, manner, who) if send else None
    result = _result(host, at, asked, who, sent)
    result["started"] = f"{begun:%Y-%m-%dT%H:%M:%SZ}"
    transcript.head = _head(result, manner)
    text = transcript.as_text()
    result["transcript_sha256"] = hashlib.sha256(text.encode("ascii")).hexdigest()
    return decided(result), text


def _result(
    host: str, at: Sequence[Door], asked: Asked, who: str, sent: dict[str, Any] | None
) -> dict[str, Any]:
    seen = _seen_by_the_server(asked)
    return {
        "version": 1,
        "tool": f"relaytrail {version('relaytrail')}",
        "host": host,
        "addresses": list(dict.fromkeys(door.address for door in at)),
        "named": asked.names.host,
        "authorised": who,
        "token": asked.names.token,
        "sender": asked.names.sender,
        "recipient": asked.names.recipient,
        "client": asked.client,
        "client_seen": seen,
        "client_private": _private(seen or asked.client),
        "started": "",
        "ended": f"{now():%Y-%m-%dT%H:%M:%SZ}",
        "recipients_named": asked.recipients,
        "counts": outcome.counts(asked.records),
        "records": asked.records,
        "left": asked.left,
        "stopped": asked.stopped,
        "delivery": sent,
        "log": None,
        "arrived": None,
        "answer": "",
        "ground": "",
        "sentence": "",
        "shown_closed": False,
        "transcript_sha256": "",
    }


def _seen_by_the_server(asked: Asked) -> str:
    """Our address in the server's words, as Sendmail, Exim and Exchange answer EHLO.

    The last one: what we call ourselves may stand before it. Later replies repeat our envelope.
    """
    for literal, bare in reversed(_ADDRESS.findall(asked.hello)):
        try:
            return str(ipaddress.ip_address(literal or bare))
        except ValueError:
            continue
    return ""


def _private(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False


def _head(result: dict[str, Any], manner: Manner) -> list[str]:
    said = {
        "test": result["tool"],
        "host": f"{result['host']} {' '.join(result['addresses'])}",
        "authorised": result["authorised"],
        "client": f"{result['client']} as {manner.ehlo or 'its address'}",
        "token": result["token"],
        "time": f"{result['started']} to {result['ended']}",
    }
    return [f"{k}: {v.encode('unicode_escape').decode()}" for k, v in said.items()]


def decided(result: dict[str, Any]) -> dict[str, Any]:
    """The result with its answer: by the dialogue, the mailbox and the server's own log."""
    answer, ground = outcome.answer(result["records"]), ""
    message = (result["log"] or {}).get("message", {})
    if result["arrived"]:
        answer, ground = outcome.OPEN, f"The message {result['token']} arrived."
    elif message.get("fate") == RELAYED:
        place = message["place"]
        answer = outcome.OPEN
        ground = f"{words.capital(message['words'])}: {place['source']}:{place['line']}."
    elif message.get("fate") == BOUNCED and answer != outcome.CLOSED:
        ground = message["words"]
    told = result | {"answer": answer, "ground": ground}
    return told | {
        "sentence": outcome.sentence(told),
        "shown_closed": outcome.shown_closed(told),
    }


def load(path: Path) -> dict[str, Any]:
    """The result of an earlier test.

    Raises:
        SettingsError: this is none.
    """
    try:
        result = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        result = None
    if not _is_result(result):
        remedy = "Give the .json file that `relaytrail test-relay HOST` wrote."
        raise SettingsError("this is no result of a relay test", path, remedy)
    told: dict[str, Any] = result
    return told


def _has(value: Any, keys: set[str]) -> bool:
    return value is None or (isinstance(value, dict) and keys <= value.keys())


def _is_result(found: Any) -> bool:
    """Has it the shape of what `run` gives?"""
    if not isinstance(found, dict):
        return False
    texts = all(isinstance(found.get(key), str) for key in TEXTS)
    stamps = all(STAMP.fullmatch(str(found.get(key))) for key in ("started", "ended"))
    counts = found.get("counts")
    numbers = isinstance(counts, dict) and all(isinstance(counts.get(k), int) for k in COUNTED)
    maybe = all(_has(found.get(name), keys) for name, keys in LATER.items())
    joined = found.get("log") or {}
    maybe = maybe and _has(joined.get("message"), MESSAGE)
    records, addresses = found.get("records"), found.get("addresses")
    return (
        texts
        and stamps
        and numbers
        and maybe
        and isinstance(addresses, list)
        and isinstance(records, list)
        and all(isinstance(record, dict) and not RECORD - record.keys() for record in records)
    )
