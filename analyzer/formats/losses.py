"""Where does a log say of itself that lines are missing?

Source: rsyslog imuxsock and imjournal (ratelimit.c), systemd-journald (journald-rate-limit.c).
"""

from __future__ import annotations

from analyzer.formats.shapes import Dialect, Shape, known, programs, tagged

HEAD = "Dec  7 05:00:00 mx1 "
DAEMON = programs("syslog")
TAGS = r"rsyslogd(?:0|-[0-9w]+)?|systemd-journald?|journal|syslog-ng|syslogd"
# Newer releases say of which host and program, too; inputs of the network have limits as well.
INPUT = (
    r"^im(?:uxsock|journal|p?tcp|udp|relp)(?:\[pid:? [0-9]+(?:, name: (?P<relay>[^\]]*))?\])?"
    r"(?: from <[^<>]*>)?"
)


def _lost(prefix: str, pattern: str, sample: str) -> Shape:
    return Shape(
        kind="lines_lost",
        meaning="syslog or the journal says that it lost `lost` lines, of the program in `relay`",
        programs=DAEMON,
        prefix=prefix.encode(),
        complete=pattern,
        sample=HEAD + sample,
    )


LOSSES = Dialect(
    mta="syslog",
    shapes=(
        _lost(
            "im",
            INPUT + r":? (?:lost )?(?P<lost>[0-9]{1,15}) messages (?:lost )?(?:from pid [0-9]+ )?"
            r"due to rate-limiting.*$",
            "rsyslogd: imuxsock lost 1234 messages from pid 11 due to rate-limiting",
        ),
        _lost(
            "im",
            INPUT + r":? begins? to drop messages (?:from pid [0-9]+ )?due to rate-limiting.*$",
            "rsyslogd: imuxsock[pid: 11, name: postfix/smtpd]: begin to drop messages due to "
            "rate-limiting",
        ),
        _lost(
            "Suppressed ",
            r"^Suppressed (?P<lost>[0-9]{1,15}) messages from (?:unit )?(?P<relay>[^ ]+)$",
            "systemd-journald[11]: Suppressed 1234 messages from postfix@-.service",
        ),
        known(DAEMON, "", HEAD + 'rsyslogd: [origin software="rsyslogd"] start'),
    ),
    recognise=tagged("syslog", TAGS),
)
