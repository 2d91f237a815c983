"""What does Postfix write? Lines of Postfix 2.x to 3.11, by daemon.

Source: Postfix src/ (smtpd.c, smtpd_check.c, cleanup_message.c, qmgr_active.c, log_adhoc.c, bounce_*.c,
postscreen*.c) and postconf(5), as collected in the project's notes on formats.
"""

from __future__ import annotations

import re

from analyzer.formats.shapes import Dialect, Program, Shape, programs

SMTPD = programs("smtpd qmqpd")
CLEANUP = programs("cleanup")
QMGR = programs("qmgr nqmgr oqmgr")
REMOTE = programs("smtp lmtp")
AGENTS = programs("smtp lmtp local virtual pipe error retry discard maildrop spawn")
BOUNCE = programs("bounce defer trace")
GATES = programs("smtpd qmqpd cleanup postscreen")  # whoever may refuse
OTHERS = programs(
    "pickup postscreen dnsblog tlsproxy anvil scache master postfix-script trivial-rewrite verify tlsmgr proxymap "
    "proxywrite flush postsuper postdrop sendmail postqueue showq postlog postlogd postalias postmap postmulti postcat "
    "postkick postconf nqmgr postfix-wrapper post-install postfix-tls-script postlock bounce"
)
DAEMONS = SMTPD | CLEANUP | QMGR | AGENTS | BOUNCE | OTHERS

# An address as logged since 3.5: a quoted string may hold anything. Older releases log it raw, so a lone
# quote or angle bracket is allowed too, where the rest of the line still fits.
QUOTED = r'"(?:[^"\\]|\\.)*"'
ADDRESS = rf"(?:{QUOTED}|.)*?"
STRICT = rf'(?:{QUOTED}|[^"])*?'
CLIENT = r"(?P<client_name>[^\[,]*)\[(?P<client_ip>[^\]]*)\](?::[0-9]+)?"
SASL = r"(?:,? sasl_method=(?P<auth_method>[^, ]*))?(?:,? sasl_username=(?P<auth_user>.*?))?(?:,? sasl_sender=.*)?"
HEAD = "Dec  7 05:00:00 mx1 postfix/"


def _gate(programs_: frozenset[str], action: str, sample: str) -> Shape:
    """A decision about a client or recipient; its text is written by maps, milters and strangers."""
    return Shape(
        kind="decision",
        meaning=f"`{action}`: what was decided about a client, a sender or a recipient, before or after DATA",
        programs=programs_,
        prefix=action.encode() + b": ",
        fast=(
            (r"^(?P<action>[a-z_-]+): (?P<stage>[A-Z-]+)$", " from "),
            (r"^(?P<client_name>[^\[]*)\[(?P<client_ip>.*)$", "]: "),
            (r"^(?P<reply>.*)$", "; from=<"),
            (
                r'^(?P<sender>[^">]*)> to=<(?P<recipient>[^">]*)> proto=(?P<proto>[A-Z]+) helo=<(?P<helo>[^">]*)>$',
                "",
            ),
        ),
        complete=(
            r"^(?P<action>[a-z_-]+): (?P<stage>[A-Z-]+)(?: from "
            rf"{CLIENT})?: (?P<reply>.*?)(?:; (?P<has_sender>from=)<(?P<sender>{STRICT})>)?"
            rf"(?:[;,]? to=<(?P<recipient>{STRICT})>)?(?:[;,]? proto=(?P<proto>[A-Z]+))?"
            rf"(?:,? helo=<(?P<helo>[^>]*)>)?{SASL}$"
        ),
        sample=sample,
    )


def _gates() -> tuple[Shape, ...]:
    rcpt = "RCPT from unknown[192.0.2.7]"
    tail = "from=<ann@a.example> to=<bob@b.example> proto=ESMTP helo=<pc>"
    at_rcpt = f"{HEAD}smtpd[11]: NOQUEUE: {{}}: {rcpt}: 554 5.7.1 <bob@b.example>: Relay access denied; {tail}"
    at_end = f"{HEAD}cleanup[11]: 3F2A12CE583: {{}}: END-OF-MESSAGE from a.example[192.0.2.7]: 5.7.1 Command rejected; {tail}"
    actions = "reject reject_warning permit hold discard filter redirect bcc info warn hangup delay"
    return (
        *(_gate(GATES, action, at_rcpt.format(action)) for action in actions.split()),
        *(
            _gate(GATES, action, at_end.format(action))
            for action in ("milter-reject", "milter-discard", "milter-hold")
        ),
        *(
            _gate(GATES, action, at_end.format(action))
            for action in ("proxy-reject", "proxy-accept")
        ),
    )


def _content(action: str) -> Shape:
    """header_checks and body_checks; everything after the action is the sender's text."""
    return Shape(
        kind="content_action",
        meaning=f"`{action}`: header_checks, body_checks or a milter acted on the content",
        programs=CLEANUP,
        prefix=action.encode() + b": ",
        complete=rf"^(?P<action>{action}): (?P<stage>header|body|mime-header|nested-header) (?P<reply>.*)$",
        sample=f"{HEAD}cleanup[11]: 3F2A12CE583: {action}: header Subject: cheap from a.example[192.0.2.7]; "
        "from=<ann@a.example> to=<bob@b.example> proto=ESMTP helo=<pc>: no spam here",
    )


def _known(daemons: frozenset[str], prefix: str, sample: str, pattern: str = "") -> Shape:
    """A line without bearing on any message."""
    return Shape(
        "known",
        "known, without bearing",
        daemons,
        prefix.encode(),
        HEAD + sample,
        pattern,
        bearing=False,
    )


MESSAGE_LINES = (
    Shape(
        kind="client",
        meaning="smtpd accepted the first recipient of a message from this client: the message begins",
        programs=SMTPD,
        prefix=b"client=",
        fast=(
            (
                r"^client=(?P<client_name>[^\[,]*)\[(?P<client_ip>[^\]]*)\]"
                r"(?:, sasl_method=(?P<auth_method>[^,]*), sasl_username=(?P<auth_user>[^,]*))?$",
                "",
            ),
        ),
        complete=(
            rf"^client={CLIENT}(?:, sasl_method=(?P<auth_method>[^,]*))?(?:, sasl_username=(?P<auth_user>.*?))?"
            r"(?:, sasl_sender=.*?)?(?:, orig_queue_id=(?P<orig_queue_id>[0-9A-Za-z]+))?"
            r"(?:, orig_client=(?P<orig_client_name>[^\[,]*)\[(?P<orig_client_ip>[^\]]*)\](?::[0-9]+)?)?$"
        ),
        sample=HEAD + "smtpd[11]: 3F2A12CE583: client=a.example[192.0.2.7]",
    ),
    Shape(
        kind="pickup",
        meaning="a local program handed a message to the sendmail command: the message begins",
        programs=programs("pickup"),
        prefix=b"uid=",
        fast=((r'^uid=(?P<uid>[0-9]{1,15}) from=<(?P<sender>[^">]*)>$', ""),),
        complete=r"^uid=(?P<uid>[0-9]{1,15}) from=<(?P<sender>.*?)>(?: orig_id=(?P<orig_queue_id>[0-9A-Za-z]+))?$",
        sample=HEAD + "pickup[11]: 3F2A12CE583: uid=33 from=<www-data>",
    ),
    Shape(
        kind="message_id",
        meaning="cleanup read the header; where no smtpd or pickup line precedes, Postfix made the message itself",
        programs=CLEANUP,
        prefix=b"message-id=",
        fast=((r"^message-id=<(?P<message_id>[^<>]*)>$", ""),),
        complete=r"^message-id=<?(?P<message_id>.*?)>?$",
        sample=HEAD + "cleanup[11]: 3F2A12CE583: message-id=<1@a.example>",
    ),
    Shape(
        kind="queued",
        meaning="the queue manager took the message up, once an activation: repeated at every retry",
        programs=QMGR,
        prefix=b"from=<",
        fast=(
            (
                r'^from=<(?P<sender>[^">]*)>, size=(?P<size>[0-9]{1,18}), nrcpt=(?P<recipients>[0-9]{1,18}) '
                r"\(queue active\)$",
                "",
            ),
        ),
        complete=r"^from=<(?P<sender>.*)>, size=(?P<size>[0-9]{1,18}), nrcpt=(?P<recipients>[0-9]{1,18}) ?(?:\(queue active\))?$",
        sample=HEAD
        + "qmgr[11]: 3F2A12CE583: from=<ann@a.example>, size=652, nrcpt=1 (queue active)",
    ),
    Shape(
        kind="expired",
        meaning="the queue lifetime is over: what is still deferred is returned to the sender",
        programs=QMGR,
        prefix=b"from=<",
        complete=r"^from=<(?P<sender>.*)>, status=(?P<status>(?:force-)?expired), returned to sender$",
        sample=HEAD
        + "qmgr[11]: 3F2A12CE583: from=<ann@a.example>, status=expired, returned to sender",
    ),
    Shape(
        kind="removed",
        meaning="the message left the queue: its queue id may be used again",
        programs=QMGR | CLEANUP,
        prefix=b"removed",
        complete=r"^removed$",
        sample=HEAD + "qmgr[11]: 3F2A12CE583: removed",
    ),
    Shape(
        kind="cancelled",
        meaning="the client never completed the message (3.10 and later)",
        programs=CLEANUP | SMTPD,
        prefix=b"canceled",
        complete=r"^canceled$",
        sample=HEAD + "cleanup[11]: 3F2A12CE583: canceled",
    ),
    Shape(
        kind="delivery",
        meaning="one attempt to deliver to one recipient, and how it ended",
        programs=AGENTS,
        prefix=b"to=",
        closing=True,
        fast=(
            (
                r'^to=<(?P<recipient>[^">]*)>, (?:orig_to=<(?P<orig_recipient>[^">]*)>, )?'
                r"relay=(?P<relay>[^,]*)(?:, conn_use=[0-9]+)?$",
                ", delay=",
            ),
            (
                r"^(?P<delay>[0-9.]{1,18})(?:, delays=(?P<delays>[0-9./]*))?(?:, tls=[^ ]*)?$",
                ", dsn=",
            ),
            (r"^(?P<dsn>[0-9.]*), status=(?P<status>[A-Za-z-]*) \((?P<reply>.*)$", ""),
        ),
        complete=(
            rf"^to=<?(?P<recipient>{ADDRESS})>?, (?:orig_to=<?(?P<orig_recipient>{ADDRESS})>?, )?relay=(?P<relay>[^,]*)"
            r"(?:, conn_use=[0-9]+)?, delay=(?P<delay>[0-9.]{1,18})(?:, delays=(?P<delays>[0-9./]*))?(?:, tls=[^ ]*)?"
            r"(?:, dsn=(?P<dsn>[0-9.]*))?, status=(?P<status>[A-Za-z-]+)(?: \((?P<reply>.*))?$"
        ),
        sample=HEAD
        + "smtp[11]: 3F2A12CE583: to=<bob@b.example>, relay=mx.b.example[192.0.2.9]:25, delay=0.1, "
        "delays=0.01/0/0.05/0.04, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 8F1E22D0C11)",
    ),
    Shape(
        kind="remote_reply",
        meaning="another host refused or answered while an attempt went on; the delivery line has the outcome",
        programs=REMOTE,
        prefix=b"host ",
        complete=r"^host (?P<relay>[^ ]+) (?:said: |refused to talk to me: )(?P<reply>.*)$",
        sample=HEAD
        + "smtp[11]: 3F2A12CE583: host mx.b.example[192.0.2.9] refused to talk to me: 421 4.7.0 later",
    ),
    Shape(
        kind="notice",
        meaning="a notice about a message was made: a message of its own, with its own queue id",
        programs=BOUNCE,
        prefix=b"sender ",
        complete=r"^(?P<action>sender (?:non-delivery|delay|delivery status) notification): (?P<new_queue_id>[0-9A-Za-z]+)$",
        sample=HEAD + "bounce[11]: 3F2A12CE583: sender non-delivery notification: 3F2A12CE584",
    ),
    Shape(
        kind="notice",
        meaning="a notice for the postmaster was made",
        programs=BOUNCE,
        prefix=b"postmaster ",
        complete=r"^(?P<action>postmaster [a-z -]*notification): (?P<new_queue_id>[0-9A-Za-z]+)$",
        sample=HEAD + "bounce[11]: 3F2A12CE583: postmaster non-delivery notification: 3F2A12CE584",
    ),
    Shape(
        kind="administered",
        meaning="an administrator used postsuper on the message",
        programs=programs("postsuper"),
        prefix=b"",
        complete=r"^(?P<action>removed|requeued|placed on hold|released from hold|expired|force-expired)$",
        sample=HEAD + "postsuper[11]: 3F2A12CE583: placed on hold",
    ),
)

DIALOGUE_LINES = (
    Shape(
        kind="auth_failed",
        meaning="a login failed",
        programs=SMTPD | programs("postscreen"),
        prefix=b"warning: ",
        complete=(
            rf"^warning: {CLIENT}: SASL (?P<auth_method>[A-Za-z0-9_-]+) authentication failed: "
            r"(?P<reply>.*?)(?:, sasl_username=(?P<auth_user>.*))?$"
        ),
        sample=HEAD + "smtpd[11]: warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: "
        "authentication failure, sasl_username=ann",
    ),
    Shape(
        kind="disconnect",
        meaning="a dialogue ended; since 3.0 with what was asked, as done/asked",
        programs=SMTPD,
        prefix=b"disconnect from ",
        fast=(
            (
                r"^disconnect from (?P<client_name>[^\[]*)\[(?P<client_ip>[^\]]*)\](?: (?P<counters>.*))?$",
                "",
            ),
        ),
        complete=rf"^disconnect from {CLIENT}(?: (?P<counters>.*))?$",
        sample=HEAD
        + "smtpd[11]: disconnect from a.example[192.0.2.7] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
    ),
    *(
        Shape(
            kind="lost",
            meaning="a dialogue broke off",
            programs=SMTPD,
            prefix=words.encode()[:8],
            complete=rf"^(?P<action>{words}) after (?P<stage>[A-Z-]+)(?: \([^)]*\))? from {CLIENT}$",
            sample=HEAD + f"smtpd[11]: {words} after DATA (9 bytes) from unknown[192.0.2.7]",
        )
        for words in ("lost connection", "timeout", "too many errors")
    ),
    Shape(
        kind="compatible",
        meaning="mail got through only because of an old, unsafe default: names the hole itself",
        programs=SMTPD,
        prefix=b"using backwards-compatible default setting ",
        complete=r"^using backwards-compatible default setting (?P<reply>.*)$",
        sample=HEAD
        + "smtpd[11]: using backwards-compatible default setting mynetworks_style=subnet to permit "
        'request from client "192.0.2.7"',
    ),
    Shape(
        kind="server",
        meaning="Postfix was started, reloaded or stopped",
        programs=programs("master"),
        prefix=b"",
        complete=r"^(?P<action>daemon started|reload|terminating on signal)(?P<reply>.*)$",
        sample=HEAD + "master[11]: reload -- version 3.7.11, configuration /etc/postfix",
    ),
)

KNOWN_LINES = (
    _known(SMTPD, "connect from ", "smtpd[11]: connect from a.example[192.0.2.7]"),
    *(
        _known(SMTPD | REMOTE | programs("tlsproxy postscreen"), f"{trust} TLS connection ", f"smtpd[11]: {trust} TLS connection established from a.example[192.0.2.7]: TLSv1.3")
        for trust in ("Anonymous", "Untrusted", "Trusted", "Verified")
    ),
    *(
        _known(frozenset(), f"{severity}: ", f"smtpd[11]: {severity}: something about the server itself")
        for severity in ("warning", "error", "fatal", "panic")
    ),
    _known(CLEANUP, "resent-message-id=", "cleanup[11]: 3F2A12CE583: resent-message-id=<1@a.example>"),
    _known(QMGR, "skipped, ", "qmgr[11]: 3F2A12CE583: skipped, still being delivered"),
    _known(QMGR, "scheduler ", "qmgr[11]: scheduler summary"),
    _known(programs("anvil scache"), "statistics: ", "anvil[11]: statistics: max connection rate 1/60s for (smtp:192.0.2.7) at Dec  7 05:00:00"),
    _known(BOUNCE, "sender notification failed to ", "bounce[11]: 3F2A12CE583: sender notification failed to ann@a.example"),
    _known(programs("postscreen"), "", "postscreen[11]: CONNECT from [192.0.2.7]:4711 to [192.0.2.25]:25", r"^(?:CONNECT|PASS|PREGREET|DNSBL|HANGUP|COMMAND|NON-SMTP|BARE|DISCONNECT|ALLOWLISTED|DENYLISTED|WHITELISTED|BLACKLISTED|NOQUEUE|WHITELIST|ALLOWLIST|cache|close|entering|enabling) ?.*$"),
    _known(programs("dnsblog"), "addr ", "dnsblog[11]: addr 192.0.2.7 listed by domain zen.example as 127.0.0.4"),
    _known(programs("dnsblog tlsproxy"), "", "tlsproxy[11]: CONNECT from [192.0.2.7]:4711", r"^(?:CONNECT|DISCONNECT) .*$"),
    _known(programs("postfix-script master postsuper postlog postlogd postmulti postfix-wrapper post-install postfix-tls-script"), "", "postfix-script[11]: starting the Postfix mail system"),
    _known(programs("trivial-rewrite verify tlsmgr proxymap proxywrite flush postdrop sendmail postqueue showq postalias postmap postcat postkick postconf postlock"), "", "trivial-rewrite[11]: table hash:/etc/postfix/virtual has changed -- restarting"),
    *(
        _known(REMOTE, words, f"smtp[11]: {words}mx.b.example[192.0.2.9]:25: something went wrong")
        for words in ("connect to ", "lost connection with ", "conversation with ", "Host offered STARTTLS: ", "enabling PIX workarounds: ", "SSL_connect error to ", "certificate verification failed for ", "server certificate verification failed for ", "Server certificate not ", "Cannot start TLS: ", "TLS is required, ", "TLSA lookup of ", "SASL authentication failed; server ", "mail for ", "breaking line ", "delivery temporarily suspended: ", "replacing command ", "Verified TLS ", "looks like ", "passing ", "initializing the client-side TLS engine", "setting up TLS connection ", "using ")
    ),
    *(
        _known(SMTPD, words, f"smtpd[11]: {words}a.example[192.0.2.7]: something happened")
        for words in ("improper command pipelining after ", "SSL_accept error from ", "SSL_accept:", "setting up TLS connection from ", "initializing the server-side TLS engine", "bare <LF> received after ", "disabling PIX ", "enabling PIX ", "certificate verification failed for ", "fingerprint=", "subject_CN=", "reject_ratelimit", "discarding EHLO keywords: ", "client certificate ", "TLS ", "idle timeout")
    ),
    *(
        _known(frozenset(), words, f"smtpd[11]: {words} something")
        for words in ("statistics:", "table ", "auto_clnt", "name_mask:", "dict_", "private/", "public/", "watchdog ", "open_limit", "postfix-", "-- MARK --")
    ),
    _known(programs("local virtual pipe"), "passing ", "local[11]: 3F2A12CE583: passing <bob@b.example> to transport=lmtp"),
    _known(frozenset(), "passing <", "error[11]: 3F2A12CE583: passing <bob@b.example> to transport=lmtp"),
)  # fmt: skip

SHAPES = (
    *MESSAGE_LINES,
    *DIALOGUE_LINES,
    *_gates(),
    *(
        _content(a)
        for a in "reject warning info hold discard redirect filter replace prepend bcc strip pass".split()
    ),
    *(
        _content(f"milter-header-{action}")
        for action in "add change delete insert reject discard hold".split()
    ),
    *KNOWN_LINES,
)

_TAG = re.compile(
    r"^(?P<instance>[^/\[\]: ]{1,64})/(?:(?P<service>[^\[\]: ]{1,128})/)?(?P<daemon>[a-z][a-z-]{1,30})$"
)


def recognise(tag: str) -> Program | None:
    """Instance, service and daemon of a Postfix tag (`postfix/submission/smtpd`); None for another program.

    A site may choose any syslog_name, so it is the daemon's own name that tells.
    """
    found = _TAG.match(tag)
    if found and found["daemon"] in DAEMONS:
        return Program(found["instance"], found["service"], found["daemon"])
    return None


POSTFIX = Dialect(
    mta="postfix",
    shapes=SHAPES,
    recognise=recognise,
    # Short ids are upper-case hex, long ones base 52 without vowels (mail_queue.h).
    queue_id=r"^(?:[0-9A-F]{6,40}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,40})$",
)
