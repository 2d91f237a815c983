"""What do the programs beside a mail server tell of logins and of where mail came from?

Only lines that name an account or an address are read; all others of these programs are known and
without bearing. Queue ids stand in `orig_queue_id` and `new_queue_id`: the lines are not the
queue's own.
"""

from __future__ import annotations

from analyzer.formats.mailbox_logins import HEAD, MAILBOX_SERVERS
from analyzer.formats.shapes import Dialect, Shape, known, programs, tagged

BARE = r'[^">]*'  # an address without quotes: what is quoted may look like the rest of the line


def _others(program: str, sample: str, pattern: str = "") -> Shape:
    return known(programs(program), "", HEAD + sample, pattern)


def _dialect(program: str, *shapes: Shape, tag: str = "") -> Dialect:
    return Dialect(program, shapes, tagged(program, tag or program))


SASLAUTHD = _dialect(
    "saslauthd",
    Shape(
        kind="auth_failed",
        meaning="a login failed; who tried it, the mail server's own line may say",
        programs=programs("saslauthd"),
        prefix=b"do_auth ",
        complete=(
            r"^do_auth +: auth failure: \[user=(?P<auth_user>.*)\] \[service=[^\]]*\] "
            r"\[realm=[^\]]*\] \[mech=(?P<auth_method>[^\]]*)\] \[reason=(?P<reply>[^\]]*)\]$"
        ),
        sample=f"{HEAD}saslauthd[11]: do_auth         : auth failure: [user=ann] [service=smtp] "
        "[realm=] [mech=pam] [reason=PAM auth error]",
    ),
    _others("saslauthd", "saslauthd[11]: detach_tty      : master pid is: 11"),
)

AMAVIS = _dialect(
    "amavis",
    Shape(
        kind="filter_verdict",
        meaning="a content filter names the client of a message, its queue id and the one after it",
        programs=programs("amavis"),
        prefix=b"(",
        complete=(
            r"^\([^)]*\) (?P<action>(?:Passed|Blocked) [A-Z-]+)[^\[<]*, (?:[A-Z0-9/ ]+ )?"
            r"\[(?P<client_ip>[0-9A-Fa-f.:]+)\](?::[0-9]+)? (?:\[[^\]]*\](?::[0-9]+)? )?"
            rf"<(?P<sender>{BARE})> -> <{BARE}>(?:,<{BARE}>)*, (?:quarantine: [^ ,]+, )?"
            r"(?:Queue-ID: (?P<orig_queue_id>[0-9A-Za-z]+), )?(?:Message-ID: <[^>]*>, )?"
            r"(?:Resent-Message-ID: <[^>]*>, )?mail_id: [^ ,]+, Hits: [^ ,]+, "
            r"size: (?P<size>[0-9]{1,18})(?:, queued_as: (?P<new_queue_id>[0-9A-Za-z]+))?"
            r"(?:[,/].*)?$"
        ),
        sample=f"{HEAD}amavis[11]: (00011-01) Passed CLEAN {{RelayedOpenRelay}}, [192.0.2.7]:4711 "
        "[192.0.2.7] <ann@a.example> -> <bob@b.example>, Queue-ID: 3F2A12CE583, "
        "Message-ID: <1@a.example>, mail_id: q1w2e3, Hits: -1.9, size: 652, "
        "queued_as: 3F2A12CE584, 210 ms",
    ),
    _others("amavis", "amavis[11]: starting. /usr/sbin/amavisd-new at mx1"),
    tag=r"amavis(?:d(?:-new)?)?",
)

RSPAMD = _dialect(
    "rspamd",
    Shape(
        kind="filter_verdict",
        meaning="a content filter names the client and login of a message, and its queue id",
        programs=programs("rspamd"),
        prefix=b"<",
        complete=(
            r"^<[^>]*>; [a-z_]+; rspamd_task_write_log: (?:\([a-z_]+\) )?"
            r"id: <(?P<message_id>[^>]*)>, qid: <(?P<orig_queue_id>[0-9A-Za-z]*)>, "
            r"ip: (?P<client_ip>[0-9A-Fa-f.:]+), "
            r"(?:user: (?P<auth_user>[^,]*), )?(?:smtp_)?from: <(?P<sender>[^>]*)>, "
            r"\(default: [A-Z] \((?P<action>[a-z ]+)\): .*$"
        ),
        sample=f"{HEAD}rspamd[11]: <c0ffee>; proxy; rspamd_task_write_log: id: <1@a.example>, "
        "qid: <3F2A12CE583>, ip: 192.0.2.7, user: ann, from: <ann@a.example>, "
        "(default: F (no action): [0.10/15.00] [MIME_GOOD(-0.10){text/plain;}]), len: 652, "
        "time: 210.123ms",
    ),
    _others("rspamd", "rspamd[11]: <c0ffee>; lua; greylist.lua:331: greylisted until later"),
    tag=r"rspamd(?:_proxy)?",
)

# It takes what cleanup put on hold, and puts it into the queue under another id.
MAILSCANNER = _dialect(
    "mailscanner",
    Shape(
        kind="filter_verdict",
        meaning="a filter that takes messages from the queue names the id before and after it",
        programs=programs("mailscanner"),
        prefix=b"Requeue: ",
        complete=(
            r"^(?P<action>Requeue): (?P<orig_queue_id>[0-9A-Za-z]+)\.[0-9A-F]+ to "
            r"(?P<new_queue_id>[0-9A-Za-z]+)$"
        ),
        sample=f"{HEAD}MailScanner[11]: Requeue: 3F2A12CE583.A1B2C to 5D7712CE585",
    ),
    _others("mailscanner", "MailScanner[11]: New Batch: Scanning 1 messages, 1863 bytes"),
    tag="MailScanner",
)

# Its sendmail command passes on what scripts send; the mail server's own lines tell of it. Where a
# program's name ends at a blank, the rest of this one stands in the text. Lines of Sendmail on a
# host called plesk, behind a relay of syslog, begin with a queue id or `key=`, and stay unread.
PLESK = _dialect(
    "plesk",
    _others(
        "plesk",
        "plesk sendmail[11]: SKIP during call 'check-quota' handler",
        r"^ ?(?:sendmail\[[0-9]+\]: )?(?:[^ :=0-9]+|S[0-9]+)[: ]",
    ),
    tag="plesk(?: sendmail)?",
)

NEIGHBOURS = (*MAILBOX_SERVERS, SASLAUTHD, AMAVIS, RSPAMD, MAILSCANNER, PLESK)
