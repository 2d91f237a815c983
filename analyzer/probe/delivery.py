"""Does a message that the server accepted arrive? One message, to the tester's own mailbox."""

from __future__ import annotations

import email
import email.policy
import re
from typing import Any

from analyzer.probe import judge
from analyzer.probe.dialogue import now
from analyzer.probe.forms import Names, literal
from analyzer.probe.manner import Asked, Door, Manner

NOT_SENT, SENT, REFUSED = "not_sent", "sent", "refused"


def accepted_form(records: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The form to send the message by: the plainest that was accepted."""
    for verdict in judge.ACCEPTED:
        for record in records:
            if record["verdict"] == verdict and not record["form"].startswith("control"):
                return record
    return None


def deliver(doors: list[Door], asked: Asked, manner: Manner, who: str) -> dict[str, Any]:
    """Send one message by a form that was accepted; what the server said of it."""
    form = accepted_form(asked.records)
    if form is None:
        return {"state": NOT_SENT, "form": None, "reply": "", "why": "no form was accepted"}
    door = next(d for d in doors if d.name == form["door"])
    asked.recipients += 1
    reply = _send(door, form, asked, manner, who)
    state = SENT if 200 <= reply.code < 300 else REFUSED
    return {"state": state, "form": form["form"], "reply": f"{reply.code} {reply.text}", "why": ""}


def _send(door: Door, form: dict[str, Any], asked: Asked, manner: Manner, who: str) -> Any:
    talk = asked.dialogue(door, manner)
    reply = talk.open(tls=door.tls == "implicit")
    ehlo = form["ehlo"] or manner.ehlo or literal(talk.client)
    steps = [f"EHLO {ehlo}"]
    steps += ["STARTTLS", f"EHLO {ehlo}"] if door.tls == "starttls" else []
    steps += [f"MAIL FROM:<{form['sender']}>", f"RCPT TO:<{form['recipient']}>", "DATA"]
    for step in steps:
        if not 200 <= reply.code < 300:
            break
        reply = talk.start_tls() if step == "STARTTLS" else talk.say(step)
    if reply.code == 354:
        reply = talk.send_message(letter(asked.names, form, who))
    talk.close()
    return reply


def letter(names: Names, form: dict[str, Any], who: str) -> list[str]:
    """Under 2 kB of plain text: who, why, when."""
    stamp = now().strftime("%a, %d %b %Y %H:%M:%S +0000")
    return [
        f"From: <{names.sender}>",
        f"To: <{names.recipient}>",
        f"Subject: Relay test {names.token}",
        f"Date: {stamp}",
        f"Message-ID: <{names.token}@{names.sender.rpartition('@')[2]}>",
        "Auto-Submitted: auto-generated",
        "",
        f"This message tests whether {names.host} [{names.address}] carries mail for strangers.",
        "It was asked for by the owner of this mailbox, who runs that server:",
        who.encode("ascii", "replace").decode(),
        f"If it reached you, the server is an open relay (form {form['form']}).",
        f"Token: {names.token}",
        "If this is not for you, tell the sender; no more will come.",
    ]


def arrived(message: bytes, result: dict[str, Any]) -> str | None:
    """The line that proves that the message came through the server; None if it does not.

    A returned notice quotes the token too, so the token must be the message's own id, and a
    Received line has to name the server.
    """
    parsed = email.message_from_bytes(message, policy=email.policy.compat32)
    if str(parsed.get("Message-ID", "")).strip().startswith(f"<{result['token']}@"):
        names = [re.escape(n) for n in (result["host"], result["named"], *result["addresses"]) if n]
        through = re.compile(rf"(?:^|[\s\[(:])(?:{'|'.join(names)})(?:[\s\])]|$)", re.IGNORECASE)
        for line in parsed.get_all("Received", []):
            flat = " ".join(str(line).split())
            if through.search(flat):
                return f"Received: {flat}"
    return None
