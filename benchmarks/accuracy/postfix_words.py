"""How does Postfix put it? Delays, queue ids, a remote's words, what was asked in a dialogue."""

from __future__ import annotations

from datetime import UTC, datetime

from benchmarks.accuracy.model import Attempt, Message, Session

BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


def seconds(value: float) -> str:
    """A delay as Postfix logs it: two digits."""
    if value >= 10:
        return str(round(value))
    return f"{round(value, 2):.2g}"


def digits(number: int, base: int, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, base)
        digits = BASE52[digit] + digits
    return digits.rjust(width, "0")


def end_of(message: Message) -> float:
    last = max((r.attempts[-1].after for r in message.recipients), default=0.0)
    return message.time + last + 0.1 + (0.1 if message.children else 0.0)


def given_id(message: Message, queue_id: str, host: str) -> str:
    stamp = datetime.fromtimestamp(message.time, UTC)
    return f"{queue_id}@{host}" if "z" in queue_id else f"{stamp:%Y%m%d%H%M%S}.{queue_id}@{host}"


def quoted(attempt: Attempt) -> str:
    """The remote's words as Postfix quotes them."""
    exchanger = attempt.exchanger
    if attempt.outcome == "sent" or not attempt.stage or exchanger is None:
        return attempt.words
    peer = f"{exchanger.host}[{exchanger.ip}]"
    if attempt.stage == "refused":
        return f"host {peer} refused to talk to me: {attempt.words}"
    return f"host {peer} said: {attempt.words} (in reply to {attempt.stage} command)"


def counters(session: Session) -> str:
    """What was asked, as `disconnect from` counts it."""
    if session.lost == "CONNECT":
        return " commands=0/0"
    taken = sum(len({r.address for r in m.recipients}) for m in session.messages)
    taken += sum(r.accepted for r in session.refusals)
    refused = sum(not r.accepted for r in session.refusals)
    mails = len(session.messages) + len(session.refusals)
    counts: list[tuple[str, int, int]] = [("ehlo", 2 if session.tls else 1, 0)]
    if session.tls:
        counts.append(("starttls", 1, 0))
    if session.login or session.failed_logins:
        counts.append(("auth", 1 if session.login else 0, len(session.failed_logins)))
    if mails:
        counts += [("mail", mails, 0), ("rcpt", taken, refused)]
    if session.messages:
        counts.append(("data", len(session.messages), 0))
    elif mails:
        counts.append(("rset", 1, 0))
    if not session.lost:
        counts.append(("quit", 1, 0))
    done, asked = sum(ok for _, ok, _ in counts), sum(ok + bad for _, ok, bad in counts)
    said = [f"{name}={ok}" if not bad else f"{name}={ok}/{ok + bad}" for name, ok, bad in counts]
    return f" {' '.join(said)} commands={done if done == asked else f'{done}/{asked}'}"
