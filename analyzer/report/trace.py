"""What does `relaytrail trace` say: which messages answer, and the way each went?"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from analyzer import words
from analyzer.display import display
from analyzer.errors import SettingsError
from analyzer.report.paths import Dict, paths, plain
from analyzer.report.queries import of_attempts, of_messages, recognised

RECIPIENTS_SHOWN = 20  # of one leg; --json has all
ATTEMPTED = ["time", "server", "kind", "client_ip", "auth_user", "sender", "recipient", "reply"]
REFUSED = {
    "relay_denied": "relaying refused",
    "unknown_user": "unknown user refused",
    "blocklist": "refused as blocklisted",
    "auth_failed": "login failed",
    "accepted_no_data": "recipient accepted, message never sent",
}


def trace(folder: Path, text: str, limit: int) -> Dict:
    """All that a case knows of a message-id, queue id, address, IP, login or domain.

    Args:
        limit: Messages, and attempts, that are told; all are counted.

    Raises:
        SettingsError: the folder is no case, or nothing is asked for.
    """
    if not (folder / "manifest.json").is_file():
        remedy = "Give a folder that `relaytrail analyze` wrote."
        raise SettingsError("this is not a case folder", folder, remedy)
    query = recognised(text)
    found, attempts = of_messages(folder, query), of_attempts(folder, query)
    return {
        "query": query.text,
        "taken_for": list(query.kinds),
        "searched": query.searched,
        "messages_found": len(found),
        "messages": paths(folder, found.head(limit)),
        "attempts_found": len(attempts),
        "attempts": [_attempt(row) for _, row in attempts.head(limit).iterrows()],
    }


def _attempt(row: Any) -> Dict:
    place = {name: plain(row[name]) for name in ("source", "line", "offset")}
    return {**{name: plain(row[name]) for name in ATTEMPTED}, "place": place}


def as_text(told: Dict) -> str:
    """The same for people: a tree a message, in lines of at most 80 columns."""
    out = Console(
        file=io.StringIO(), width=words.WIDTH, color_system=None, highlight=False, markup=False
    )
    taken = " or ".join(told["taken_for"])
    out.print(Text(f"{display(told['query'])}, taken for {taken}: {_counted(told)}."))
    for message in told["messages"]:
        out.print()
        out.print(_tree(message, told["query"]))
    if told["messages_found"] > len(told["messages"]):
        more = told["messages_found"] - len(told["messages"])
        them = words.form(more, "it", "them")
        out.print(Text(f"\n{words.count(more, 'message')} more; --limit shows {them}."))
    if told["attempts"]:
        tree = Tree(Text("Refused, failed or never sent, times in UTC"))
        for attempt in told["attempts"]:
            tree.add(Text(_tried(attempt)))
        if told["attempts_found"] > len(told["attempts"]):
            more = told["attempts_found"] - len(told["attempts"])
            tree.add(Text(f"{more:,} more; --limit shows {words.form(more, 'it', 'them')}"))
        out.print()
        out.print(tree)
    if not told["messages_found"] and not told["attempts_found"]:
        out.print(Text(f"Nothing in this case has it. Searched: {', '.join(told['searched'])}."))
    assert isinstance(out.file, io.StringIO)
    return "\n".join(line.rstrip() for line in out.file.getvalue().split("\n"))


def _counted(told: Dict) -> str:
    attempts = words.count(told["attempts_found"], "attempt")
    return f"{words.count(told['messages_found'], 'message')}, {attempts}"


def _tried(attempt: Dict) -> str:
    kind = REFUSED.get(attempt["kind"], "refused")
    who = [
        f"from {_shown(attempt['client_ip'])}" if attempt["client_ip"] else "",
        f"login {_shown(attempt['auth_user'])}" if attempt["auth_user"] else "",
        f"to {_angled(attempt['recipient'])}" if attempt["recipient"] else "",
    ]
    said = f": {_shown(attempt['reply'])}" if attempt["reply"] else ""
    return f"{_stamp(attempt['time'])} {' '.join([kind, *filter(None, who)])}{said}{_at(attempt)}"


def _tree(message: Dict, query: str) -> Tree:
    first, *others = message["legs"]
    tree = Tree(Text(_accepted(message)))
    _fill(tree, first, others, query.lower())
    for notice in message["notices"]:
        what = notice["what"] or "notice"
        tree.add(
            Text(
                f"caused {what} {notice['queue_id']} to {_angled(notice['recipient'])}: "
                f"{notice['status']}{_at(notice)}"
            )
        )
    return tree


def _accepted(message: Dict) -> str:
    who = {
        "local": f"from uid {message.get('uid')} on the server itself",
        "internal": "by the server itself",
    }.get(str(message.get("submission")))
    if who is None:
        name = _shown(message.get("client_name") or "unknown")
        who = f"from {name}[{_shown(message.get('client_ip') or 'not in the log')}]"
        who += f" as {_shown(message['helo'])}" if message.get("helo") else ""
    masked = ", a gateway that hides who sent" if message.get("origin_masked") else ""
    login = f", login {_shown(message['auth_user'])}" if message.get("auth_user") else ""
    size = f", {words.size(message['size'])}" if message["size"] is not None else ""
    ident = f"<{_shown(message['message_id'])}>" if message["message_id"] else "no Message-ID"
    where = f"{_shown(message['server'])} {message['queue_id']}"
    return (
        f"{ident}\n{where} accepted {_stamp(message['received'])} UTC {who}"
        f"{masked}{login}, sender {_angled(message['sender'])}{size}{_at(message)}"
    )


def _fill(tree: Tree, leg: Dict, others: list[Dict], query: str) -> None:
    """What became of a leg, and of the legs that were made of it; who was asked for comes first."""
    recipients = sorted(leg["recipients"], key=lambda to: not _asked_for(to, query))
    for to in recipients[:RECIPIENTS_SHOWN]:
        branch = tree.add(Text(_recipient(to)))
        for attempt in to["attempts"]:
            branch.add(Text(_delivery(attempt)))
    if len(leg["recipients"]) > RECIPIENTS_SHOWN:
        more = len(leg["recipients"]) - RECIPIENTS_SHOWN
        them = words.form(more, "it", "them")
        tree.add(Text(f"{words.count(more, 'recipient')} more; --json has {them}"))
    for child in others:
        if child["parent"] == leg["queue_id"]:
            client = f" from {_shown(child['client'])}" if child["client"] else ""
            branch = tree.add(
                Text(
                    f"leg {child['queue_id']} on {_shown(child['server'])}, "
                    f"{_stamp(child['began'])}{client} ({child['ground']}){_at(child)}"
                )
            )
            _fill(branch, child, [one for one in others if one is not child], query)
    for end in leg["ends"]:
        tree.add(Text(f"{_stamp(end['time'])} {_shown(end['what'])}{_at(end)}"))
    for wait in leg["queue_now"]:
        whom = f" for {_angled(wait['recipient'])}" if wait["recipient"] else ""
        why = f": {_shown(wait['reason'])}" if wait["reason"] else ""
        tree.add(Text(f"still in the queue, {wait['state']}{whom}{why} [{_named(wait)}]"))


def _asked_for(to: Dict, query: str) -> bool:
    """Is it the address, or of the domain?"""
    whom = [str(to[name]).lower() for name in ("recipient", "original_recipient")]
    return any(query in (address, address.rpartition("@")[2]) for address in whom)


def _recipient(to: Dict) -> str:
    before = to["original_recipient"]
    was = f" (sent to {_angled(before)})" if before and before != to["recipient"] else ""
    judged = f", {to['mechanism'].replace('_', ' ')}" if to["mechanism"] else ""
    verdict = f" [{to['verdict']}{judged}]" if to["verdict"] != "legitimate" or judged else ""
    return f"to {_angled(to['recipient'])}{was}: {to['status']}{verdict}"


def _delivery(attempt: Dict) -> str:
    delay = f" after {attempt['delay']:g} s" if attempt["delay"] is not None else ""
    steps = f" ({_shown(attempt['delays'])})" if attempt["delays"] else ""
    by = f" by {_shown(attempt['relay'])}" if attempt["relay"] else ""
    said = f": {_shown(attempt['reply'])}" if attempt["reply"] else ""
    return (
        f"{_stamp(attempt['time'])} {_shown(attempt['status'] or 'tried')}"
        f"{delay}{steps}{by}{said}{_at(attempt)}"
    )


def _angled(text: Any) -> str:
    return f"<{_shown(text)}>" if text is not None else "<not in the log>"


def _shown(text: Any) -> str:
    return display(str(text))


def _stamp(time: str | None) -> str:
    return words.stamp(pd.Timestamp(time)) if time else "at an unknown time"


def _at(row: Dict) -> str:
    place = row["place"]
    return f" [{_named(place)}]" if place else ""


def _named(place: Dict) -> str:
    return f"{display(str(place['source']), 60)}:{place['line']}"
