"""How is the test told on a terminal, and what would be sent?"""

from __future__ import annotations

import textwrap
from typing import Any

from analyzer import words
from analyzer.display import display
from analyzer.probe import judge, outcome
from analyzer.probe.asking import connections
from analyzer.probe.delivery import NOT_SENT, SENT, letter
from analyzer.probe.forms import MOST, Form, Names, all_but_plain, plain
from analyzer.probe.manner import Door, Manner

NAMELESS = "[this machine's address]"
NAMES = {
    judge.REFUSED: "refused",
    judge.REFUSED_FOR_NOW: "refused (4xx)",
    judge.REFUSED_OTHER: "refused (other)",
    judge.SUSPICIOUS_HIGH: "ACCEPTED",
    judge.SUSPICIOUS_LOW: "accepted",
    judge.DEFERRED: "deferred",
    judge.INCONCLUSIVE: "inconclusive",
    judge.NOT_LISTENING: "not listening",
}


def as_text(result: dict[str, Any]) -> list[str]:
    """At most 80 columns; the server's words are safe to print."""
    lines = textwrap.wrap(display(outcome.sentence(result), 1000), words.WIDTH)
    where = ", ".join(f"[{a}]" for a in result["addresses"])
    lines += [
        "",
        *words.wrapped(f"Host {display(result['host'])}, {where}, as {display(result['named'])}."),
    ]
    lines += words.wrapped(f"Asked from {result['client'] or 'nowhere'}, {result['started']}.")
    for remark in outcome.remarks(result):
        lines += words.wrapped(remark)
    lines += ["", *_table(result["records"])]
    lines += ["", *_reasons(result["records"])]
    if result["delivery"]:
        lines += ["", *_of_the_message(result)]
    if result["log"]:
        lines += ["", *_of_the_log(result["log"])]
    return lines


def _table(records: list[dict[str, Any]]) -> list[str]:
    """One line a form, headed by its door."""
    lines, door = [], None
    for record in records:
        if record["door"] != door:
            door = record["door"]
            lines.append(door)
        verdict = NAMES[record["verdict"]]
        said = f"{record['code']} " if record["code"] else ""
        reply = record["reply"].replace(f"<{record['recipient']}>: ", "")
        form = record["form"] if not record["form"].startswith("control") else "ctrl"
        line = f"  {form:4} {record['idea'][:30]:30} {verdict:15} {said}{reply}"
        lines.append(display(line, words.WIDTH))
    return lines


def _reasons(records: list[dict[str, Any]]) -> list[str]:
    """What each verdict means, where it is no plain refusal."""
    whys = dict.fromkeys((r["verdict"], r["why"]) for r in records if r["verdict"] != judge.REFUSED)
    return [line for v, why in whys for line in words.wrapped(f"{NAMES[v]}: {why}.")]


def _of_the_message(result: dict[str, Any]) -> list[str]:
    sent = result["delivery"]
    if sent["state"] == NOT_SENT:
        return [f"No message was sent: {sent['why']}."]
    said = display(sent["reply"], 200)
    told = f"One message was sent by form {display(sent['form'])}: {sent['state']}, {said}."
    if sent["state"] == SENT and not result["ground"]:
        told += (
            f" Look for {result['token']} in the mailbox of {display(result['recipient'])}, and "
            "give the message with --arrived FILE, or the server's log with --join LOG."
        )
    return words.wrapped(told)


def _of_the_log(log: dict[str, Any]) -> list[str]:
    lines = words.wrapped(
        f"By the server's log: {words.count(log['lines'], 'line')} of this test, "
        f"{words.count(len(log['refused']), 'form')} refused, "
        f"{words.count(log['accepted_no_data'], 'recipient')} accepted without a message."
    )
    if log["disagree"]:
        named = outcome.forms_named(log["disagree"])
        lines += words.wrapped(f"Accepted by its words and refused by its log: {named}.")
    message = log["message"]
    if message["place"]:
        at = f"{display(message['place']['source'])}:{message['place']['line']}"
        lines += words.wrapped(f"The message: {message['words']} ({at}).")
    return lines


def dry_run(doors: list[Door], names: Names, manner: Manner, who: str | None) -> list[str]:
    """What would be sent, in order; nothing is looked up and nothing is sent.

    Args:
        who: The authorisation, where one message is to be sent by a form that is accepted.
    """
    lines = ["Nothing was sent. This would be:"]
    left = MOST if who is None else MOST - 1
    for door in doors:
        lines += ["", f"{door.name}{' (where it is offered)' if door.tls == 'starttls' else ''}"]
        lines += [*_greeted(manner, None, door.tls), *_envelope(plain(names)), "  QUIT"]
        left -= 1
    lines += ["", "at the first door that answers, in so many connections:"]
    wanted = []
    for form in all_but_plain(names):
        if form.recipients > left:
            lines.append(f"  form {form.name} is left out: {MOST} recipients are the most")
            continue
        left -= form.recipients
        wanted.append(form)
    for group in connections(wanted):
        lines += ["", *_greeted(manner, group[0].ehlo, "none")]
        for form in group:
            lines.append(f"  # {form.name}: {form.idea}")
            lines += ["  AUTH PLAIN (a login that nobody has, once)"] if form.login else []
            lines += _envelope(form)
        lines.append("  QUIT")
    if who is not None:
        lines += ["", "and where a form was accepted, once, after EHLO, MAIL and RCPT of it:"]
        lines += [f"  {line}" for line in ["DATA", *letter(names, {"form": "…"}, who), ".", "QUIT"]]
    return [display(line, 400) for line in lines]


def _greeted(manner: Manner, ehlo: str | None, tls: str) -> list[str]:
    hello = f"  EHLO {ehlo or manner.ehlo or NAMELESS}"
    return [hello, "  STARTTLS", hello] if tls == "starttls" else [hello]


def _envelope(form: Form) -> list[str]:
    first = [f"  RCPT TO:<{form.first}>"] if form.first else []
    return [
        f"  MAIL FROM:<{form.sender}>",
        *first,
        f"  RCPT TO:<{form.recipient}>",
        "  RSET",
    ]
