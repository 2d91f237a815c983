"""Who logged in to a mailbox, and who tried in vain, by the lines of servers that keep mailboxes?

Whoever guessed a password there has it for the mail server too, and an old server lets an address
relay that has just fetched mail (POP before SMTP). A user is whatever a stranger typed, so what
follows it is looked for from the end, and his address where it can be the server's own words only.

Source: Dovecot src/login-common; Courier imap/imaplogin.c; Cyrus imap/imapd.c, imap/pop3d.c; UW
imapd/imapd.c, ipopd/ipop3d.c, osdep/unix/env_unix.c; qpopper popper/pop_pass.c, popper/pop_init.c.
"""

from __future__ import annotations

import re

from analyzer.formats.shapes import Dialect, Program, Shape, known, programs, tagged

HEAD = "Dec  7 05:00:00 mx1 "
IP = r"(?P<client_ip>[0-9A-Fa-f.:]+)"
NAMED = rf"(?P<client_name>[^\[\] ]*) ?\[{IP}\]"  # of the client, as far as it has a name
IN_VAIN = "a login to a mailbox failed"
SOURCE = r"(?: \[[a-z_]+\.c:[0-9]+\])?"  # where in qpopper's own files


def _dovecot(kind: str, meaning: str, said: str, sample: str) -> Shape:
    return Shape(
        kind=kind,
        meaning=meaning,
        programs=programs("dovecot"),
        prefix=b"",
        complete=(
            rf"^(?:(?P<proto>[a-z0-9]{{1,20}})-login: )?(?:Info: )?{said}: "
            r"(?:user=<(?P<auth_user>.*)>, )?(?:method=(?P<auth_method>[A-Za-z0-9_-]+), )?"
            rf"rip={IP}, (?:rport=[0-9]+, )?lip=.*$"
        ),
        sample=HEAD + sample,
    )


_DOVECOT_TAG = re.compile(
    r"^(?:dovecot(?:\.service)?|(?:imap|pop3|submission|managesieve|sieve)-login)$"
)


def _is_dovecot(tag: str) -> Program | None:
    """Its own name in syslog; the service's, where Dovecot writes a file of its own (log_path)."""
    return Program(None, None, "dovecot") if _DOVECOT_TAG.match(tag) else None


DOVECOT = Dialect(
    "dovecot",
    (
        _dovecot(
            "mailbox_login",
            "a login to a mailbox (IMAP, POP3) or to Dovecot's submission service",
            "(?:Login|Logged in)",
            "dovecot: imap-login: Login: user=<ann>, method=PLAIN, rip=192.0.2.7, "
            "lip=192.0.2.25, mpid=4711, TLS, session=<q1w2e3>",
        ),
        _dovecot(
            "auth_failed",
            "logins to a mailbox failed, as often as `repeat` says",
            r"(?P<reply>[A-Z][^<>]{1,200} \(auth failed, (?P<repeat>[0-9]{1,9}) attempts[^)<>]*\))"
            r"(?: \([a-z_]+\))?",
            "dovecot: imap-login: Disconnected (auth failed, 3 attempts in 12 secs): "
            "user=<ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.25, TLS, session=<q1w2e3>",
        ),
        Shape(
            kind="clock_set",
            meaning="Dovecot's first process says by how many seconds (`reply`) the clock leapt "
            "ahead",
            programs=programs("dovecot"),
            prefix=b"master: ",
            complete=(
                r"^master: Warning: Time moved forwards by (?P<reply>[0-9]{1,10}\.[0-9]{1,9}) "
                r"seconds - adjusting timeouts\.$"
            ),
            sample=f"{HEAD}dovecot: master: Warning: Time moved forwards by 3600.123456 seconds - "
            "adjusting timeouts.",
        ),
        known(
            programs("dovecot"),
            "",
            f"{HEAD}dovecot: imap(ann)<4711><q1w2e3>: Logged out in=10 out=20",
        ),
    ),
    _is_dovecot,
)


def _line(kind: str, meaning: str, prefix: str, said: str, sample: str) -> Shape:
    return Shape(kind, meaning, programs("imapd"), prefix.encode(), HEAD + sample, f"^{said}$")


_LOGIN = "a login to a mailbox (IMAP, POP3)"
_COURIER_END = rf"ip=\[{IP}\](?:, [a-z]+=[^, ]*)*"
# Programs of Courier, Cyrus and UW have the same names; packages put that of the product before.
IMAPD = Dialect(
    "imapd",
    (
        _line(
            "mailbox_login",
            f"Courier: {_LOGIN}",
            "LOGIN, user=",
            f"LOGIN, user=(?P<auth_user>.*), {_COURIER_END}",
            "pop3d: LOGIN, user=ann, ip=[::ffff:192.0.2.7], port=[4711]",
        ),
        _line(
            "auth_failed",
            f"Courier: {IN_VAIN}",
            "LOGIN FAILED, ",
            r"LOGIN FAILED, (?:user=(?P<auth_user>.*), |method=(?P<auth_method>[A-Za-z0-9-]+), )?"
            + _COURIER_END,
            "imapd: LOGIN FAILED, user=ann, ip=[::ffff:192.0.2.7], port=[4711]",
        ),
        _line(
            "mailbox_login",
            f"Cyrus: {_LOGIN}",
            "login: ",
            rf"login: {NAMED} (?P<auth_user>[^ ]+) (?P<auth_method>[A-Za-z0-9-]+)(?:\+TLS)?"
            r"(?: User logged in(?: SESSIONID=<[^<>]*>)?)?",
            "cyrus/imaps[11]: login: a.example [192.0.2.7] ann plaintext+TLS User logged in",
        ),
        _line(
            "auth_failed",
            f"Cyrus: {IN_VAIN}",
            "badlogin: ",
            rf"badlogin: {NAMED} (?P<auth_method>[A-Za-z0-9-]+) (?:(?P<auth_user>.*) )?"
            r"(?P<reply>\[?SASL\(-[0-9]+\): .*|invalid user)",
            "cyrus/imap[11]: badlogin: a.example [192.0.2.7] plaintext ann SASL(-13): "
            "authentication failure: checkpass failed",
        ),
        *(
            _line(
                "mailbox_login",
                f"UW: {_LOGIN}",
                f"{words} user=",
                rf"{words} user=(?P<auth_user>.*) host={NAMED}"
                r"(?: nmsgs=[0-9/]+| mech=[A-Za-z0-9-]+| no mailbox)*",
                f"ipop3d[11]: {words} user=ann host=a.example [192.0.2.7] nmsgs=0/0",
            )
            for words in ("Login", "Authenticated", "APOP")
        ),
        _line(
            "auth_failed",
            f"UW: {IN_VAIN}",
            "Login ",
            r"Login (?P<reply>failed|excessive login failures|disabled|SYSTEM BREAK-IN ATTEMPT) "
            rf"user=(?P<auth_user>.*) auth=.* host={NAMED}",
            "imapd[11]: Login failed user=ann auth=ann host=a.example [192.0.2.7]",
        ),
        _line(
            "mailbox_login",
            f"qpopper: {_LOGIN}",
            "(v",
            r'\(v[0-9a-z.]+\) POP login by user "(?P<auth_user>.*)" at '
            rf"\((?P<client_name>[^()]*)\) {IP}{SOURCE}",
            'popper[11]: (v4.0.9) POP login by user "ann" at (a.example) 192.0.2.7',
        ),
        _line(
            "auth_failed",
            f"qpopper: {IN_VAIN}",
            "[AUTH] ",
            r"\[AUTH\] Failed attempted login to (?P<auth_user>.*) from host "
            rf"\((?P<client_name>[^()]*)\) {IP}{SOURCE}",
            "popper[11]: [AUTH] Failed attempted login to ann from host (a.example) 192.0.2.7",
        ),
        known(programs("imapd"), "", f"{HEAD}imapd: Connection, ip=[::ffff:192.0.2.7]"),
    ),
    tagged(
        "imapd",
        r"(?:courier-?)?(?:imap|pop3)(?:d|login|s|d-ssl)"
        r"|(?:cyrus/)?(?:imap|pop3)s?|ipop[23]d|(?:in\.)?q?popper",
    ),
)

MAILBOX_SERVERS = (DOVECOT, IMAPD)
