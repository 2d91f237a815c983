"""What does Postfix write about a dialogue: refusals, logins, how it ended, and about itself?

Source: smtpd.c, smtpd_check.c, smtpd_sasl_glue.c, cleanup_message.c, cleanup_milter.c, master.c.
"""

from __future__ import annotations

from analyzer.formats.postfix_words import CLEANUP, CLIENT, GATES, HEAD, SASL, SMTPD, STRICT, sample
from analyzer.formats.shapes import Shape, programs

ACTIONS = "reject reject_warning permit hold discard filter redirect bcc info warn hangup delay"
AFTER_DATA = "milter-reject milter-discard milter-hold proxy-reject proxy-accept"
CONTENT = "reject warning info hold discard redirect filter replace prepend bcc strip pass"
LOOKED_AT = "header body mime-header nested-header mime-error content"
JUDGED = "Untrusted Trusted Verified"  # what is said of a client's certificate
HEADERS = f"add change delete insert {CONTENT}"  # milter_header_checks knows the actions of others
ENVELOPE = "from=<ann@a.example> to=<bob@b.example> proto=ESMTP helo=<pc>"


def _gate(action: str, line: str) -> Shape:
    """A decision about a client or recipient; its text is written by maps, milters and others."""
    return Shape(
        kind="decision",
        meaning=f"`{action}`: what was decided about a client, a sender or a recipient",
        programs=GATES,
        prefix=action.encode() + b": ",
        fast=(
            (r"^(?P<action>[a-z_-]+): (?P<stage>[A-Z-]+)$", " from "),
            (r"^(?P<client_name>[^\[]*)\[(?P<client_ip>[^\]]*)$", "]: "),
            (r"^(?P<reply>.*)$", "; from=<"),
            (
                (
                    r'^(?P<sender>[^">]*)> to=<(?P<recipient>[^">]*)> proto=(?P<proto>[A-Z]+) '
                    r'helo=<(?P<helo>[^">]*)>$'
                ),
                "",
            ),
        ),
        complete=(
            r"^(?P<action>[a-z_-]+): (?P<stage>[A-Z-]+)(?: from "
            rf"{CLIENT})?: (?P<reply>.*?)(?:; (?P<has_sender>from=)<(?P<sender>{STRICT})>)?"
            rf"(?:[;,]? to=<(?P<recipient>{STRICT})>)?(?:[;,]? proto=(?P<proto>[A-Z]+))?"
            rf"(?:,? helo=<(?P<helo>[^>]*)>)?{SASL}$"
        ),
        sample=line,
    )


def _content(action: str) -> Shape:
    """header_checks and body_checks; everything after the action is the sender's text."""
    return Shape(
        kind="content_action",
        meaning=f"`{action}`: header_checks, body_checks or a milter acted on the content",
        programs=CLEANUP,
        prefix=action.encode() + b": ",
        complete=(
            rf"^(?P<action>{action}): (?P<stage>{LOOKED_AT.replace(' ', '|')}) "
            r"(?P<reply>.*)$"
        ),
        sample=sample(
            "cleanup",
            f"{action}: header Subject: cheap from a.example[192.0.2.7]; {ENVELOPE}: no spam here",
        ),
    )


def _lost(words: str) -> Shape:
    return Shape(
        kind="lost",
        meaning="a dialogue broke off",
        programs=SMTPD,
        prefix=words.encode()[:8],
        complete=(rf"^(?P<action>{words}) after (?P<stage>[A-Z-]+)(?: \([^)]*\))? from {CLIENT}$"),
        sample=f"{HEAD}smtpd[11]: {words} after DATA (9 bytes) from unknown[192.0.2.7]",
    )


# Older releases do not say here whether the certificate is trusted. CN and issuer are the client's
# words, so what follows them is looked for from the end.
CERTIFICATE = Shape(
    kind="tls",
    meaning="a client showed a certificate",
    programs=SMTPD,
    prefix=b"",
    complete=(
        rf"^{CLIENT}: (?:(?P<certificate>{JUDGED.replace(' ', '|')}): )?subject_CN=.*, "
        r"fingerprint=(?P<fingerprint>[0-9A-Fa-f:]+)(?:, pkey_fingerprint=[0-9A-Fa-f:]*)?$"
    ),
    sample=f"{HEAD}smtpd[11]: a.example[192.0.2.7]: Trusted: subject_CN=a.example, issuer=Our CA, "
    "fingerprint=C3:24:01:FB, pkey_fingerprint=53:93:BB:E1",
)

DIALOGUE_LINES = (
    Shape(
        kind="connect",
        meaning="a client connected",
        programs=SMTPD,
        prefix=b"connect from ",
        fast=((r"^connect from (?P<client_name>[^\[]*)\[(?P<client_ip>[^\]]*)\]$", ""),),
        complete=rf"^connect from {CLIENT}$",
        sample=f"{HEAD}smtpd[11]: connect from a.example[192.0.2.7]",
    ),
    *(
        Shape(
            kind="tls",
            meaning="STARTTLS was done with a client; since 3.4 with the name that it asked for",
            programs=SMTPD,
            prefix=words.encode(),
            complete=(
                rf"^{said} TLS connection established from {CLIENT}(?: to [^ ]+)?: (?P<reply>.*)$"
            ),
            sample=f"{HEAD}smtpd[11]: {words} TLS connection established from a.example"
            "[192.0.2.7]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
        )
        for words, said in (
            ("Anonymous", "Anonymous"),  # it showed no certificate
            *((words, f"(?P<certificate>{words})") for words in JUDGED.split()),
        )
    ),
    Shape(
        kind="auth_failed",
        meaning="a login failed",
        programs=SMTPD | programs("postscreen"),
        prefix=b"warning: ",
        complete=(
            rf"^warning: {CLIENT}: SASL (?P<auth_method>[A-Za-z0-9_-]+) authentication failed:"
            r" ?(?P<reply>.*?)(?:, sasl_username=(?P<auth_user>.*))?$"
        ),
        sample=f"{HEAD}smtpd[11]: warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: "
        "authentication failure, sasl_username=ann",
    ),
    Shape(
        kind="disconnect",
        meaning="a dialogue ended; since 3.0 with what was asked, as done/asked",
        programs=SMTPD,
        prefix=b"disconnect from ",
        fast=(
            (r"^disconnect from (?P<client_name>[^\[]*)\[(?P<client_ip>.*)$", "]"),
            (r"^(?: (?P<counters>.*))?$", ""),
        ),
        complete=rf"^disconnect from {CLIENT}(?: (?P<counters>.*))?$",
        sample=f"{HEAD}smtpd[11]: disconnect from a.example[192.0.2.7] ehlo=1 mail=1 rcpt=0/1 "
        "quit=1 commands=3/4",
    ),
    *map(_lost, ("lost connection", "timeout", "too many errors")),
    Shape(
        kind="compatible",
        meaning="mail got through only because of an old, unsafe default: names the hole itself",
        programs=SMTPD,
        prefix=b"using backwards-compatible default setting ",
        complete=r"^using backwards-compatible default setting (?P<reply>.*)$",
        sample=f"{HEAD}smtpd[11]: using backwards-compatible default setting "
        'mynetworks_style=subnet to permit request from client "192.0.2.7"',
    ),
    Shape(
        kind="server",
        meaning="Postfix was started, reloaded or stopped",
        programs=programs("master"),
        prefix=b"",
        complete=r"^(?P<action>daemon started|reload|terminating on signal)(?P<reply>.*)$",
        sample=f"{HEAD}master[11]: reload -- version 3.7.11, configuration /etc/postfix",
    ),
)

_REFUSED = "RCPT from unknown[192.0.2.7]: 554 5.7.1 <bob@b.example>: Relay access denied"
_AT_END = "END-OF-MESSAGE from a.example[192.0.2.7]: 5.7.1 Command rejected"

DECISION_LINES = (
    *(
        _gate(action, f"{HEAD}smtpd[11]: NOQUEUE: {action}: {_REFUSED}; {ENVELOPE}")
        for action in ACTIONS.split()
    ),
    *(
        _gate(action, sample("cleanup", f"{action}: {_AT_END}; {ENVELOPE}"))
        for action in AFTER_DATA.split()
    ),
    *map(_content, CONTENT.split()),
    *(_content(f"milter-header-{action}") for action in HEADERS.split()),
)
