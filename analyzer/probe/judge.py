"""What does a reply to a form mean? Refused, accepted, to be asked again, or no answer at all.

Acceptance is no proof: a server may take `user%third@here` for a name of its own, or say yes to all
and decide later. So what was accepted is suspicious, and only mail that arrived is open relay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.probe.dialogue import BROKEN, DROPPED, NO_SERVICE, NO_TLS, NO_WAY, TIMEOUT, Reply
from analyzer.probe.forms import Form

# Verdicts of a form.
REFUSED = "refused"
REFUSED_FOR_NOW = "refused_temporary_code"  # closed, but the client will come again
REFUSED_OTHER = "refused_other"  # not for relaying: unknown user, syntax, policy
SUSPICIOUS_HIGH = "suspicious_high"  # took a recipient that is elsewhere by any reading
SUSPICIOUS_LOW = "suspicious_low"  # took one that may be a name of its own
DEFERRED = "deferred"
INCONCLUSIVE = "inconclusive"
NOT_LISTENING = "not_listening"

SENDER = "the sender is refused, whatever the recipient: give --sender"

CLOSED = (REFUSED, REFUSED_FOR_NOW, REFUSED_OTHER)
ACCEPTED = (SUSPICIOUS_HIGH, SUSPICIOUS_LOW)

# How servers say it: Postfix, Sendmail, Exchange, qmail, Exim, and what copies them.
_RELAY = re.compile(
    r"relay(?:ing)?\b.{0,40}\b(?:den(?:ied|y)|not (?:permitted|allowed)|prohibited|rejected)"
    r"|(?:unable|not permitted|cannot|refus\w+) to relay|not a relay|no relay|do not relay"
    r"|isn't in my (?:list of )?(?:allowed )?rcpthosts|\b5\.7\.54\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"authenticat(?:e|ion) (?:is )?required|must authenticate|must issue a starttls|"
    r"not authenticated|authentication needed|\blog ?in first",
    re.IGNORECASE,
)
_CLIENT = re.compile(r"client host rejected|access denied", re.IGNORECASE)
# Refusals that hide the answer: whatever the recipient, they would be the same.
_HIDES = [
    (re.compile(pattern, re.IGNORECASE), why)
    for pattern, why in (
        (
            (
                r"blocked (?:using|by|at|because)|(?:block|black|deny) ?list"
                r"|\blisted (?:at|in|by|on)\b|spamhaus|spamcop|barracuda|dnsbl|\brbl\b"
                r"|reputation|reverse (?:dns|host)|no ptr"
            ),
            "this client is refused for its reputation: test from elsewhere",
        ),
        (
            r"\bhelo\b.*\brejected|invalid (?:helo|ehlo)",
            "the name in EHLO is refused: give --ehlo a name that resolves",
        ),
        (
            (
                r"sender address rejected|domain of sender|\b[45]\.1\.[78]\b"
                r"|sender (?:domain|address|verify).{0,30}(?:reject|fail|not|invalid|exist)"
            ),
            SENDER,
        ),
        (
            (
                r"domain (?:\S+ )?(?:not found|does not (?:accept mail|exist))|null ?mx"
                r"|\b[45]\.1\.(?:2|10)\b"
            ),
            "the recipient's domain is refused: give --recipient",
        ),
    )
]
_NETWORK = {
    TIMEOUT: "no whole reply in time",
    DROPPED: "the connection broke",
    BROKEN: "what came is no SMTP reply",
    NO_TLS: "TLS could not be started",
    NO_WAY: "there is no way to that address from here",
}
SUBMISSION = (465, 587)  # RFC 6409, 8314: for people who log in


@dataclass(frozen=True)
class Verdict:
    """`name` as above, and why in one sentence."""

    name: str
    why: str


def judge(form: Form, stage: str, reply: Reply, port: int = 25) -> Verdict:
    """The verdict of one form.

    Args:
        stage: What the reply answers: `connect`, `ehlo`, `starttls`, `mail`, `rcpt`.
        port: On a submission port a stranger is refused whatever he asks; that is an answer.
    """
    if reply.trouble == NO_SERVICE:
        return Verdict(NOT_LISTENING, "nothing listens here")
    if reply.trouble:
        return Verdict(INCONCLUSIVE, _NETWORK[reply.trouble])
    if reply.code == 530 or (reply.code >= 400 and _LOGIN.search(reply.text)):
        return Verdict(REFUSED, "only for people who log in")
    if stage in ("connect", "ehlo", "starttls"):
        return _before_the_envelope(stage, reply)
    if stage == "rcpt" and 200 <= reply.code < 300:
        return _accepted(form)
    return _refused(form, stage, reply, port)


def _before_the_envelope(stage: str, reply: Reply) -> Verdict:
    if reply.code < 400:
        return Verdict(INCONCLUSIVE, "the reply does not answer the command")
    if reply.code < 500:
        return Verdict(DEFERRED, "the server asks to come again later")
    if stage == "starttls":
        return Verdict(INCONCLUSIVE, "TLS was offered and refused")
    return Verdict(INCONCLUSIVE, "the server takes no mail from this client: test from elsewhere")


def _accepted(form: Form) -> Verdict:
    if form.plain:
        return Verdict(SUSPICIOUS_HIGH, "took a recipient elsewhere from a stranger")
    return Verdict(SUSPICIOUS_LOW, "took it, maybe for a name of its own")


def _refused(form: Form, stage: str, reply: Reply, port: int) -> Verdict:
    """A refusal after the greeting, by its words."""
    verdict = _by_its_words(stage, reply, port)
    if form.forged and verdict.why == SENDER and reply.code >= 500:
        return Verdict(REFUSED_OTHER, "the forged sender is refused")
    return verdict


def _by_its_words(stage: str, reply: Reply, port: int) -> Verdict:
    """What hides the answer comes before what may be one."""
    if reply.code < 400 or reply.code in (500, 502, 503):
        return Verdict(INCONCLUSIVE, "the reply does not answer the command")
    if _RELAY.search(reply.text):
        if reply.code < 500:
            return Verdict(REFUSED_FOR_NOW, "relaying refused, with a temporary code")
        return Verdict(REFUSED, "relaying refused")
    if hidden := next((why for pattern, why in _HIDES if pattern.search(reply.text)), None):
        return Verdict(INCONCLUSIVE, hidden)
    if reply.code < 500 and reply.code != 452:
        return Verdict(DEFERRED, "the server asks to come again later")
    return _refused_for_good(stage, reply, port)


def _refused_for_good(stage: str, reply: Reply, port: int) -> Verdict:
    if reply.code in (452, 552):
        return Verdict(INCONCLUSIVE, "the server is full or counts too many recipients")
    if _CLIENT.search(reply.text):
        if port in SUBMISSION:
            return Verdict(REFUSED, "nothing is taken from a stranger on this port")
        why = "this client is refused, whatever it asks: test from elsewhere"
        return Verdict(INCONCLUSIVE, why)
    if stage == "mail":
        return Verdict(INCONCLUSIVE, SENDER)
    return Verdict(REFUSED_OTHER, "refused, and not for relaying: taken as a name of its own")
