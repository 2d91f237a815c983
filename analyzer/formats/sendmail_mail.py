"""What does Sendmail write of messages, their recipients, and what was decided about them?

What a stranger wrote stands unescaped between the fields, so a line is read from the end where the
last field is the server's own: `relay=` of a `from=` line names the true client.

Source: sendmail/headers.c (logsender), deliver.c (logdelivery), parseaddr.c (rscheck), savemail.c,
milter.c.
"""

from __future__ import annotations

from analyzer.formats.sendmail_words import (
    ADDRESS,
    CLIENT,
    HOST,
    ID,
    NO_IDENT,
    VERDICT,
    A,
    B,
    shape,
)
from analyzer.formats.shapes import Shape

MESSAGE_LINES = (
    shape(
        "received",
        "a message was collected; without recipients it is an attempt that was refused or given up",
        "from=",
        rf"^from=(?P<sender>{ADDRESS}), size=(?P<size>[0-9]{{1,15}}), class=-?[0-9]{{1,9}}"
        r"(?:, pri=-?[0-9]{1,15})?, nrcpts=(?P<recipients>[0-9]{1,9})"
        r"(?:, msgid=(?P<message_id>.*?))?(?:, bodytype=[0-9A-Z]+)?"
        r"(?:, proto=(?P<proto>[A-Za-z0-9]+))?(?:, daemon=[^,]*)?"
        rf"(?:, [a-z_]+=[^,]*)*?, relay={CLIENT}$",
        f"{A}from=<ann@a.example>, size=5938, class=0, nrcpts=1, msgid=<1@a.example>, "
        f"proto=ESMTP, daemon=MTA, relay={HOST}",
        fast=(
            (r'^from=(?P<sender><[^"<>,]*>)$', ", size="),
            (
                r"^(?P<size>[0-9]{1,15}), class=-?[0-9]{1,9}, nrcpts=(?P<recipients>[0-9]{1,9})$",
                ", msgid=",
            ),
            (r"^(?P<message_id><[^<>, ]*>)(?:, bodytype=[0-9A-Z]+)?$", ", proto="),
            (r"^(?P<proto>[A-Za-z0-9]+)(?:, daemon=[^,=]*)?$", ", relay="),
            (rf"^{NO_IDENT}$", ""),
        ),
    ),
    shape(
        "delivery",
        "one attempt to deliver to the recipients named, and how it ended",
        "to=",
        rf"^to=(?P<recipient>{ADDRESS})(?:,? \[more\])?"
        rf"(?:, ctladdr={ADDRESS}(?: \((?P<uid>[0-9]{{1,10}})/[0-9]{{1,10}}\))?)?"
        r", delay=(?P<age>[0-9:+]{8,15})(?:, xdelay=[0-9:+]{8,15})?"
        r"(?:, mailer=(?P<mailer>[^, ]{1,64}))?(?:, (?:tls|auth|cipher)[a-z_]*=[^,]*)*"
        r"(?:, pri=-?[0-9]{1,15})?(?:, (?P<held>quarantine)=[^,]*)?(?:, relay=(?P<relay>[^,]*))?"
        r"(?:, dsn=(?P<dsn>[0-9.]{1,15}))?(?:, (?:ntries|stage)=[^,]*)*"
        r"(?:,? ?\.\.\.)?(?:, reply=(?P<said>.*?))?, stat=(?P<stat>.*)$",
        f"{A}to=<bob@b.example>,<eve@b.example>, ctladdr=<ann@a.example> (1001/1001), "
        "delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30411, "
        "relay=mx.b.example. [192.0.2.9], dsn=2.0.0, stat=Sent (Ok: queued as 8F1E22D0C11)",
        fast=(
            (r'^to=(?P<envelope>[^"]*)$', ", delay="),
            (r"^(?P<age>[0-9:+]{8,15})(?:, xdelay=[0-9:+]{8,15})?$", ", mailer="),
            (r"^(?P<mailer>[^, ]{1,64})$", ", pri="),
            (r"^-?[0-9]{1,15}(?:, relay=(?P<relay>[^,]*))?$", ", dsn="),
            (r"^(?P<dsn>[0-9.]{1,15})(?:, reply=(?P<said>.*))?$", ", stat="),
            (r"^(?P<stat>.*)$", ""),
        ),
    ),
    shape(
        "clone",
        "the message goes on under another queue id too: a list with an owner",
        "",
        rf"^(?P<new_queue_id>{ID}): clone: owner=(?P<sender>.*)$",
        f"{A}{B}clone: owner=list-owner",
    ),
    shape(
        "clone",
        "the same, as written before 8.12",
        "clone ",
        rf"^clone (?P<new_queue_id>{ID}), owner=(?P<sender>.*)$",
        f"{A}clone {B.strip(': ')}, owner=list-owner",
    ),
    shape(
        "clone",
        "the recipients were divided among messages",
        "split: ",
        r"^split: .*, id(?:\(s\)|s)?=(?P<new_queue_id>[0-9A-Za-z,; ]*)$",
        f"{A}split: maxrcpts=2, rcpts=6, count=2, ids={B.strip(': ')}; 7B7500Aj000013",
    ),
    shape(
        "notice",
        "a notice about a message was made: a message of its own, with its own queue id",
        "",
        rf"^(?P<new_queue_id>{ID}): (?P<action>DSN|return to sender|[a-z ]{{3,30}} notify): "
        r"(?P<reply>.*)$",
        f"{A}{B}DSN: User unknown",
    ),
    shape(
        "removed",
        "the message left the queue (LogLevel 10 and more)",
        "done; ",
        r"^done; delay=[0-9:+]+, ntries=[0-9]+$",
        f"{A}done; delay=00:00:01, ntries=1",
    ),
    *(
        shape(
            "expansion",
            f"`{how}`: an address of ours was replaced by others (LogLevel 11 and more)",
            f"{how} ",
            rf"^{how} (?P<orig_recipient>{ADDRESS}) => (?P<recipient>.*)$",
            f"{A}{how} <ann@a.example> => bob@b.example, eve@b.example",
        )
        for how in ("alias", "forward", "aliased", "forwarded")
    ),
)


def _milter(what: str, pattern: str, sample: str) -> Shape:
    return shape(
        "decision",
        f"a milter decided at {what}",
        "Milter: ",
        rf"^Milter: {pattern}, {VERDICT}$",
        f"{A}Milter: {sample}, reject=550 5.7.1 no",
    )


DECISION_LINES = (
    *(
        shape(
            "content_action",
            f"a milter {what} a recipient (MilterLogLevel 9 and more)",
            "Milter ",
            rf"^Milter (?:\([^)]*\) )?(?P<action>{action}): rcpt:? "
            rf"(?P<recipient>{ADDRESS}){end}$",
            f"{A}Milter (filter) {sample}",
        )
        for what, action, end, sample in (
            ("added", "add", "", "add: rcpt: <bob@b.example>"),
            ("removed", "delete", ", naddrs=[0-9-]+", "delete: rcpt <bob@b.example>, naddrs=1"),
        )
    ),
    shape(
        "decision",
        "what a ruleset decided about a client, a sender or a recipient",
        "ruleset=",
        rf"^ruleset=(?P<stage>[A-Za-z_][A-Za-z0-9_]*), arg1=(?P<arg1>{ADDRESS})"
        rf"(?:, arg2=(?P<arg2>[^,]*))?(?:, relay={CLIENT})?, {VERDICT}$",
        f"{A}ruleset=check_rcpt, arg1=<bob@b.example>, relay={HOST}, "
        "reject=550 5.7.1 <bob@b.example>... Relaying denied",
    ),
    shape(
        "decision",
        "the same, as written before 8.9",
        "ruleset=",
        rf"^ruleset=(?P<stage>check_[a-z]+) \((?P<arg1>{ADDRESS})\) rejection: (?P<reply>.*)$",
        f"{A}ruleset=check_rcpt (<bob@b.example>) rejection: 550 Relaying denied",
    ),
    _milter("RCPT", rf"to=(?P<recipient>{ADDRESS})", "to=<bob@b.example>"),
    _milter("MAIL", rf"from=(?P<sender>{ADDRESS})", "from=<ann@a.example>"),
    _milter(
        "CONNECT",
        r"connect: host=(?P<client_name>[^,]*), addr=(?P<client_ip>[^,]*)",
        "connect: host=a.example, addr=192.0.2.7",
    ),
    shape(
        "decision",
        "a milter decided at CONNECT, and Sendmail says in its own words what follows",
        "Milter: ",
        r"^Milter: connect: host=(?P<client_name>[^,]*), addr=(?P<client_ip>[^,]*), "
        r"(?P<reply>rejecting commands|temp failing commands|shutdown)$",
        f"{A}Milter: connect: host=a.example, addr=192.0.2.7, rejecting commands",
    ),
    _milter("HELO", r"helo=(?P<helo>.*?)", "helo=pc"),
    shape(
        "decision",
        "a milter had the message thrown away (LogLevel 5 to 9, which names no recipient)",
        "discarded",
        r"^(?P<stage>discarded)$",
        f"{A}discarded",
    ),
    _milter("DATA", r"(?:cmd=)?(?P<stage>data|eoh|eom|header|body|unknown)", "data"),
    shape(
        "decision",
        "a recipient was refused, or a sender, without a ruleset",
        "<",
        rf"^(?P<recipient><{ADDRESS}>)\.\.\. (?P<reply>.*)$",
        f"{A}<bob@b.example>... User unknown",
    ),
    shape(
        "decision",
        "the same, of an address without angle brackets",
        "",
        r"^(?P<recipient>[^ <][^ ]*)\.\.\. (?P<reply>(?:User|Invalid|No such|Unknown|Relaying"
        r"|Domain|Real|Hostname|Colon|Address).*)$",
        f"{A}bob@b.example... User unknown",
    ),
)
