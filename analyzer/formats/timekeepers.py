"""What do the programs that set a server's clock say?

Source: chrony (local.c, "System clock was stepped by"), ntp (ntp_loopfilter.c, "time reset";
ntpdate.c), systemd (manager.c "Time has been changed", resolved "Clock change detected").
"""

from __future__ import annotations

import re

from analyzer.formats.shapes import Dialect, Program, Shape, programs

HEAD = "Dec  7 05:00:00 mx1 "
DAEMON = programs("timekeeper")
_TAG = re.compile(r"^(?:chronyd|ntpd|ntpdate|sntp|systemd|systemd-resolved|systemd-timesyncd)$")


def _set(prefix: str, pattern: str, sample: str) -> Shape:
    return Shape(
        kind="clock_set",
        meaning="a program says that it set the server's clock, or that somebody did",
        programs=DAEMON,
        prefix=prefix.encode(),
        complete=f"^(?P<reply>{prefix}{pattern})$",
        sample=HEAD + sample,
    )


def recognise(tag: str) -> Program | None:
    return Program(None, None, "timekeeper") if _TAG.match(tag) else None


TIMEKEEPERS = Dialect(
    mta="syslog",
    shapes=(
        _set(
            "System clock was stepped by ",
            r"-?[0-9.]+ seconds",
            "chronyd[11]: System clock was stepped by 3600.123456 seconds",
        ),
        _set("time reset ", r"[+-]?[0-9.]+ s", "ntpd[11]: time reset +3600.123456 s"),
        _set(
            "step time server ",
            r"[0-9A-Fa-f.:]+ offset [+-]?[0-9.]+ sec",
            "ntpdate[11]: step time server 192.0.2.7 offset -3600.123456 sec",
        ),
        _set("Time has been changed", "", "systemd[1]: Time has been changed"),
        _set(
            "Clock change detected",
            r"\..*",
            "systemd-resolved[11]: Clock change detected. Flushing caches.",
        ),
        Shape(
            kind="known",
            meaning="known, without bearing",
            programs=DAEMON,
            prefix=b"",
            sample=HEAD + "systemd[1]: Started session 11 of user root.",
            bearing=False,
        ),
    ),
    recognise=recognise,
    queue_id=r"^\n$",
)
