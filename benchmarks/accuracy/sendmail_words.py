"""How does Sendmail put it? Clients, intervals, shortened texts, the answer of a remote."""

from __future__ import annotations

import re

from benchmarks.accuracy.model import Attempt, Client, Recipient

CODE = re.compile(r"^\d{3}[ -](?:\d\.\d\.\d+ )?")
NEXT_LINE = re.compile(r" \d{3}[ -](?:\d\.\d\.\d+ |No |Bad |For )")


def short(text: str, most: int) -> str:
    """The middle of what is too long is left out, as shortenstring() does."""
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"


def interval(seconds: float) -> str:
    whole = int(seconds)
    days = f"{whole // 86400}+" if whole >= 86400 else ""
    return f"{days}{whole % 86400 // 3600:02}:{whole % 3600 // 60:02}:{whole % 60:02}"


def bracketed(ip: str) -> str:
    if ":" not in ip:
        return f"[{ip}]"
    head, _, tail = ip.partition("::")
    groups = head.split(":") if head else []
    rest = tail.split(":") if tail else []
    return f"[IPv6:{':'.join(groups + ['0'] * (8 - len(groups) - len(rest)) + rest)}]"


def peer(client: Client) -> str:
    if client.name == "unknown":
        return bracketed(client.ip)
    return f"{client.name} {bracketed(client.ip)}{' (may be forged)' if client.forged else ''}"


def named(recipient: Recipient, local: bool) -> str:
    """In brackets as the envelope had it, without what expansion produced."""
    if recipient.via == "virtual":
        return f"<{recipient.address}>"  # Sendmail does not log what virtusertable made of it
    if local or recipient.final != recipient.address:
        return recipient.final
    return f"<{recipient.final}>"


def denied(client: Client) -> str:
    if client.forged:
        return f"Relaying denied. IP name possibly forged [{client.ip}]"
    if client.name == "unknown":
        return f"Relaying denied. IP name lookup failed [{client.ip}]"
    return "Relaying denied. Proper authentication required."


def status(attempt: Attempt) -> str:
    mx = attempt.exchanger
    if mx is None:
        return "User unknown"
    if not attempt.stage:
        return f"Host unknown (Name server: {mx.domain}: host not found)"
    return "User unknown" if attempt.stage == "RCPT TO" else "Service unavailable"


def answer(attempt: Attempt) -> list[str]:
    """relay=, dsn=, reply=, stat= of a try outside."""
    mx = attempt.exchanger
    assert mx is not None
    relay = f"relay={short(mx.host + '.', 40)} {bracketed(mx.ip)}"
    if attempt.outcome == "sent":
        stat = short(f"Sent ({CODE.sub('', attempt.words)})", 203)
        return [relay, f"dsn={attempt.dsn}", f"stat={stat}"]
    if not attempt.stage:
        if attempt.outcome == "bounced":
            return [f"relay={mx.domain}", "dsn=5.1.2", f"stat={status(attempt)}"]
        if attempt.words.startswith("connect to"):
            return [relay, "dsn=4.4.1", f"stat=Deferred: Connection refused by {mx.host}."]
        return [
            f"relay={mx.domain}",
            "dsn=4.4.3",
            f"stat=Deferred: Name server: {mx.domain}: host name lookup failure",
        ]
    first = NEXT_LINE.split(attempt.words)[0]
    stat = f"Deferred: {first}" if attempt.outcome == "deferred" else status(attempt)
    return [relay, f"dsn={attempt.dsn}", f"reply={first}", f"stat={short(stat, 203)}"]
