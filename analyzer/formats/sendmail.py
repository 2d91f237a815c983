"""What does Sendmail write? Lines of Sendmail 8, of the daemon and of the submission programs.

Source: sendmail/headers.c (logsender), deliver.c (logdelivery), parseaddr.c (rscheck), srvrsmtp.c,
savemail.c, milter.c and RELEASE_NOTES, as collected in the project's notes on formats.

What a stranger wrote stands unescaped between the fields, so a line is read from the end where the last
field is the server's own: `relay=` of a `from=` line or of a failed login names the true client.
"""

from __future__ import annotations

import re

from analyzer.formats.sendmail_columns import complete
from analyzer.formats.shapes import Dialect, Program, Shape

# Three letters and five digits up to 8.9; since 8.10 the UTC second in base 60, then process id (queue.c).
ID = (
    r"(?:[A-X][A-Z]{2}[0-9]{5}"
    r"|[0-9A-Za-x][0-9AB][1-9A-V][0-9A-N][0-9A-Za-x]{2}[0-9A-Za-z]{1,2}[0-9]{5,8})"
)
QUOTED = r'"(?:[^"\\]|\\.)*"'
# Addresses: a quoted local part may hold what looks like fields. The second form is for one that was cut.
ADDRESS = rf'(?:(?:{QUOTED}|[^"])*?|.*?)'
# host [ip], [ip], user@host [ip] (ident: the client's words), user@localhost, [RESPONSE]; read from the end.
CLIENT = r"(?:(?P<ident>.*)@)?(?P<client_name>[^\[\]@, ]*) ?(?:\[(?P<client_ip>[^\], ]*)\])?(?: \(may be forged\))?"
PEER = r"(?P<client_name>[^\[\], ]*) ?\[(?P<client_ip>[^\], ]*)\](?: \(may be forged\))?"
HEAD = "Dec  7 05:00:00 mx1 sm-mta[11]: "
A, B = "7B7500Aj000011: ", "7B7500Aj000012: "
HOST = "a.example [192.0.2.7]"


def _shape(
    kind: str, meaning: str, prefix: str, pattern: str, sample: str, **more: object
) -> Shape:
    return Shape(kind, meaning, frozenset(), prefix.encode(), HEAD + sample, pattern, **more)  # type: ignore[arg-type]


def _known(prefix: str, sample: str, pattern: str = "") -> Shape:
    """A line without bearing on any message."""
    return _shape(
        "known",
        "known, without bearing",
        prefix,
        pattern or f"^{re.escape(prefix)}",
        sample,
        bearing=False,
    )


MESSAGE_LINES = (
    _shape(
        "received",
        "a message was collected; without recipients it is an attempt that was refused or given up",
        "from=",
        rf"^from=(?P<sender>{ADDRESS}), size=(?P<size>[0-9]{{1,15}}), class=-?[0-9]{{1,9}}(?:, pri=-?[0-9]{{1,15}})?, "
        r"nrcpts=(?P<recipients>[0-9]{1,9})(?:, msgid=(?P<message_id>.*?))?(?:, bodytype=[0-9A-Z]+)?"
        rf"(?:, proto=(?P<proto>[A-Za-z0-9]+))?(?:, daemon=[^,]*)?(?:, [a-z_]+=[^,]*)*?, relay={CLIENT}$",
        f"{A}from=<ann@a.example>, size=5938, class=0, nrcpts=1, msgid=<1@a.example>, proto=ESMTP, daemon=MTA, relay={HOST}",
        fast=(
            (r'^from=(?P<sender><[^"<>,]*>)$', ", size="),
            (
                r"^(?P<size>[0-9]{1,15}), class=-?[0-9]{1,9}, nrcpts=(?P<recipients>[0-9]{1,9})$",
                ", msgid=",
            ),
            (r"^(?P<message_id><[^<>, ]*>)(?:, bodytype=[0-9A-Z]+)?$", ", proto="),
            (r"^(?P<proto>[A-Za-z0-9]+)(?:, daemon=[^,=]*)?$", ", relay="),
            (
                r"^(?P<client_name>[^\[\]@, ]*) ?\[(?P<client_ip>[^\], ]*)\](?: \(may be forged\))?$",
                "",
            ),
        ),
    ),
    _shape(
        "delivery",
        "one attempt to deliver to the recipients named, and how it ended",
        "to=",
        rf"^to=(?P<recipient>{ADDRESS})(?: \[more\])?(?:, ctladdr={ADDRESS}(?: \((?P<uid>[0-9]{{1,10}})/[0-9]{{1,10}}\))?)?"
        r", delay=(?P<age>[0-9:+]{8,15})(?:, xdelay=[0-9:+]{8,15})?(?:, mailer=(?P<mailer>[^, ]{1,64}))?"
        r"(?:, (?:tls|auth)[a-z_]*=[^,]*)*(?:, pri=-?[0-9]{1,15})?(?:, (?P<held>quarantine)=[^,]*)?"
        r"(?:, relay=(?P<relay>[^,]*))?(?:, dsn=(?P<dsn>[0-9.]{1,15}))?(?:, (?:ntries|stage)=[^,]*)*"
        rf"(?:,? ?\.\.\.)?(?:, reply=(?P<said>.*?))?, stat=(?P<stat>.*)$",
        f"{A}to=<bob@b.example>,<eve@b.example>, ctladdr=<ann@a.example> (1001/1001), delay=00:00:01, xdelay=00:00:01, "
        "mailer=esmtp, pri=30411, relay=mx.b.example. [192.0.2.9], dsn=2.0.0, stat=Sent (Ok: queued as 8F1E22D0C11)",
        fast=(
            (r'^to=(?P<envelope>[^"]*)$', ", delay="),
            (r"^(?P<age>[0-9:+]{8,15})(?:, xdelay=[0-9:+]{8,15})?$", ", mailer="),
            (r"^(?P<mailer>[^, ]{1,64})$", ", pri="),
            (r"^-?[0-9]{1,15}(?:, relay=(?P<relay>[^,]*))?$", ", dsn="),
            (r"^(?P<dsn>[0-9.]{1,15})(?:, reply=(?P<said>.*))?$", ", stat="),
            (r"^(?P<stat>.*)$", ""),
        ),
    ),
    _shape(
        "clone",
        "the message goes on under another queue id as well: a list with an owner, or too many recipients",
        "",
        rf"^(?P<new_queue_id>{ID}): clone: owner=(?P<sender>.*)$",
        f"{A}{B}clone: owner=list-owner",
    ),
    _shape(
        "clone",
        "the same, as written before 8.12",
        "clone ",
        rf"^clone (?P<new_queue_id>{ID}), owner=(?P<sender>.*)$",
        f"{A}clone {B.strip(': ')}, owner=list-owner",
    ),
    _shape(
        "clone",
        "the recipients were divided among messages",
        "split: ",
        r"^split: .*, id(?:\(s\)|s)?=(?P<new_queue_id>[0-9A-Za-z, ]*)$",
        f"{A}split: maxrcpts=2, rcpts=4, count=2, id(s)={B.strip(': ')}, 7B7500Aj000013",
    ),
    _shape(
        "notice",
        "a notice about a message was made: a message of its own, with its own queue id",
        "",
        rf"^(?P<new_queue_id>{ID}): (?P<action>DSN|return to sender|sender notify|postmaster notify|[a-z ]{{3,30}} notify): "
        r"(?P<reply>.*)$",
        f"{A}{B}DSN: User unknown",
    ),
    _shape(
        "removed",
        "the message left the queue (LogLevel 10 and more)",
        "done; ",
        r"^done; delay=[0-9:+]+, ntries=[0-9]+$",
        f"{A}done; delay=00:00:01, ntries=1",
    ),
    *(
        _shape(
            "expansion",
            f"`{how}`: an address of ours was replaced by others (LogLevel 11 and more)",
            f"{how} ",
            rf"^{how} (?P<orig_recipient>{ADDRESS}) => (?P<recipient>.*)$",
            f"{A}{how} <ann@a.example> => bob@b.example, eve@b.example",
        )
        for how in ("alias", "forward", "aliased", "forwarded")
    ),
)


def _milter(what: str, pattern: str, sample: str) -> tuple[Shape, ...]:
    return (
        _shape(
            "decision",
            f"a milter decided at {what}",
            "Milter: ",
            rf"^Milter: {pattern}, (?:(?P<action>reject|tempfail|quarantine)=(?P<reply>.*)|(?P<discard>discard))$",
            f"{A}Milter: {sample}, reject=550 5.7.1 no",
        ),
    )


DECISION_LINES = (
    _shape(
        "decision",
        "what a ruleset decided about a client, a sender or a recipient",
        "ruleset=",
        rf"^ruleset=(?P<stage>[A-Za-z_][A-Za-z0-9_]*), arg1=(?P<arg1>{ADDRESS})(?:, arg2=(?P<arg2>[^,]*))?(?:, relay={CLIENT})?, "
        r"(?:(?P<action>reject|quarantine)=(?P<reply>.*)|(?P<discard>discard))$",
        f"{A}ruleset=check_rcpt, arg1=<bob@b.example>, relay={HOST}, reject=550 5.7.1 <bob@b.example>... Relaying denied",
    ),
    *_milter("RCPT", rf"to=(?P<recipient>{ADDRESS})", "to=<bob@b.example>"),
    *_milter("MAIL", rf"from=(?P<sender>{ADDRESS})", "from=<ann@a.example>"),
    *_milter(
        "CONNECT",
        r"connect: host=(?P<client_name>[^,]*), addr=(?P<client_ip>[^,]*)",
        "connect: host=a.example, addr=192.0.2.7",
    ),
    *_milter("HELO", r"helo=(?P<helo>.*?)", "helo=pc"),
    *_milter("DATA", r"(?P<stage>data|eoh|eom|header|body|unknown)", "data"),
    _shape(
        "decision",
        "a recipient was refused, or a sender, without a ruleset",
        "<",
        rf"^(?P<recipient><{ADDRESS}>)\.\.\. (?P<reply>.*)$",
        f"{A}<bob@b.example>... User unknown",
    ),
    _shape(
        "decision",
        "the same, of an address without angle brackets",
        "",
        r"^(?P<recipient>[^ <][^ ]*)\.\.\. (?P<reply>(?:User|Invalid|No such|Unknown|Relaying|Domain|Real|Hostname|Colon|Address).*)$",
        f"{A}bob@b.example... User unknown",
    ),
)

DIALOGUE_LINES = (
    _shape(
        "login",
        "a client logged in; the line has no queue id, so it is tied to the messages of the same process and client",
        "AUTH=server",
        rf"^AUTH=server, relay={PEER}, authid=(?P<auth_user>.*), mech=(?P<auth_method>[^,]*), bits=[0-9]+$",
        f"AUTH=server, relay={HOST}, authid=ann, mech=PLAIN, bits=0",
    ),
    _shape(
        "auth_failed",
        "a login failed",
        "AUTH failure (",
        r"^AUTH failure \((?P<auth_method>[A-Za-z0-9_-]+)\): (?P<reply>.*?)(?:, user=(?P<auth_user>.*))?"
        rf", relay={CLIENT}$",
        f"{A}AUTH failure (LOGIN): authentication failure (-13) SASL(-13): authentication failure: checkpass failed, "
        f"user=ann, relay={HOST}",
    ),
    _shape(
        "disconnect",
        "a dialogue ended without a message",
        "",
        rf"^{PEER} did not issue MAIL/EXPN/VRFY/ETRN during connection to (?:[^ ]+)$",
        f"{A}{HOST} did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA",
    ),
    _shape(
        "lost",
        "a dialogue broke off",
        "lost input channel from ",
        rf"^(?P<action>lost input channel) from {PEER} to [^ ]+ after (?P<stage>[A-Za-z-]+)$",
        f"{A}lost input channel from {HOST} to MTA after rcpt",
    ),
    _shape(
        "lost",
        "a message broke off while it was sent",
        "collect: ",
        r"^collect: (?P<action>premature EOM|unexpected close|I/O error|timeout)(?P<reply>.*)$",
        f"{A}collect: premature EOM: unexpected close",
    ),
    _shape(
        "lost",
        "the server waited for the client in vain",
        "timeout waiting for input ",
        rf"^(?P<action>timeout) waiting for input from {PEER} during (?P<stage>.*)$",
        f"timeout waiting for input from {HOST} during client greeting",
    ),
    *(
        _shape(
            "suspect",
            f"`{words}`: Sendmail itself noticed a misuse of the dialogue",
            "",
            rf"^{PEER}: (?P<action>{words})(?P<reply>[:,].*)$",
            f"{A}{HOST}: {words}{rest}",
        )
        for words, rest in (
            ("possible SMTP attack", ": command=AUTH, count=5"),
            ("probable open proxy", ": command=GET / HTTP/1.1"),
            ("Possible SMTP RCPT flood", ", throttling."),
        )
    ),
    _shape(
        "suspect",
        "the client spoke before the greeting",
        "rejecting commands from ",
        rf"^(?P<action>rejecting commands) from {PEER} (?P<reply>due to .*)$",
        f"rejecting commands from {HOST} due to pre-greeting traffic after 1 seconds",
    ),
    _shape(
        "set_sender",
        "a local user chose the envelope sender: the trail of a script",
        "Authentication-Warning: ",
        r"^Authentication-Warning: [^ ]+: (?P<local_user>[^ ]+) set sender to (?P<sender>.*) using -[a-z]+$",
        f"{A}Authentication-Warning: mx1: apache set sender to ann@a.example using -f",
    ),
    *(
        _shape(
            "server",
            f"`{prefix}`: Sendmail was started or stopped",
            prefix,
            rf"^(?P<action>{action})(?P<reply>.*)$",
            prefix + rest,
        )
        for prefix, action, rest in (
            ("starting daemon ", "starting daemon", "(8.17.1): SMTP+queueing@00:10:00"),
            ("restarting ", "restarting", "/usr/sbin/sendmail due to signal"),
            ("stopping daemon", "stopping daemon", ", reason=signal"),
            ("rejecting connections ", "rejecting connections", "on daemon MTA: load average: 20"),
            ("accepting connections ", "accepting connections", "again for daemon MTA"),
        )
    ),
)

KNOWN_LINES = (
    _known(
        "STARTTLS=",
        f"STARTTLS=server, relay={HOST}, version=TLSv1.3, verify=NO, cipher=AES, bits=256/256",
    ),
    *(
        _known(prefix, prefix + rest)
        for prefix, rest in (
            ("AUTH=client, ", "relay=mx.b.example., mech=PLAIN, bits=0"),
            ("AUTH warning: ", "no mechanisms"),
            ("STARTTLS: ", "read error=timeout"),
            ("SYSERR(", "root): cannot open /etc/mail/access"),
            ("collect: relay=", "[192.0.2.7], from=<ann@a.example>, info=unexpected close"),
            ("milter=", "filter, action=mail, continue"),
            ("Milter (", "filter): error connecting to filter"),
            ("Milter add: ", "header: X-Checked: yes"),
            ("Milter insert ", "(1): header: X-Checked: yes"),
            ("Milter change", ": header Subject: from a to b"),
            ("Milter delete", ": header Subject: a"),
            ("Milter message: ", "body replaced"),
            ("Milter accept: ", "message"),
            ("Milter: init ", "success to negotiate"),
            ("Milter: no active filter", ""),
            ("connect from ", HOST),
            ("tcpwrappers (", "a.example, 192.0.2.7) rejection"),
            ("SMTP outgoing connect on ", "mx1"),
            ("alias database ", "/etc/aliases rebuilt by root"),
            ("gethostbyaddr(", "192.0.2.7) failed: 1"),
            ("unable to qualify my own domain name ", "(mx1) -- using short name"),
            ("My unqualified host name ", "(mx1) unknown; sleeping for retry"),
            ("grew WorkList for ", "/var/spool/mqueue to 2000"),
            ("unquarantine", ""),
            ("Authentication-Warning: ", "mx1: Processed from queue /var/spool/mqueue"),
            ("rejecting new messages", ": min free: 100"),
            ("timeout ", "writing message to mx.b.example."),
            ("Losing ", "./qf7B7500Aj000011: savemail panic"),
            ("Saved message ", "in /var/lib/sendmail/dead.letter"),
            ("queueup: ", "cannot lock"),
            ("low on space ", "(SMTP-DAEMON needs 1 bytes + 100 blocks)"),
            ("problem with ", "mx1"),
            ("STATS: ", "mail"),
            ("sendmail startup ", "succeeded"),
            ("sendmail shutdown ", "succeeded"),
            ("sm-client startup ", "succeeded"),
            ("sm-client shutdown ", "succeeded"),
            ("startup succeeded", ""),
            ("shutdown succeeded", ""),
        )
    ),
    _known(
        "",
        "/etc/aliases: 14 aliases, longest 10 bytes, 152 bytes total",
        r"^[^ ]+: [0-9]+ aliases, longest ",
    ),
    _known("", "VRFY root [rejected]", r"^(?:VRFY|EXPN|vrfy|expn) .*(?:\[rejected\])?$"),
    _known(
        "",
        "ruleset=trust_auth, arg1=ann, relay=a.example",
        r"^ruleset=(?:trust_auth|tls_[a-z]+), .*$",
    ),
)

# A shape without a prefix is asked about every line that is left: last.
SHAPES = tuple(
    sorted(
        (*MESSAGE_LINES, KNOWN_LINES[0], *DECISION_LINES, *DIALOGUE_LINES, *KNOWN_LINES[1:]),
        key=lambda shape: not shape.prefix,
    )
)

_TAG = re.compile(r"^(?:sendmail|sm-[\w-]{1,30})$")


def recognise(tag: str) -> Program | None:
    """Sendmail under its own name, or one given to it with -L (`sm-mta`, `sm-msp-queue`, `sm-acceptingconnections`)."""
    return Program(None, None, tag) if _TAG.match(tag) else None


SENDMAIL = Dialect(
    mta="sendmail", shapes=SHAPES, recognise=recognise, queue_id=f"^{ID}$", complete=complete
)
