"""What do the programs that set a server's clock say?

Source: chrony (local.c), ntp (ntp_loopfilter.c: "time reset" before 4.2.8, then clock_step;
ntpdate.c). What systemd says names no amount, and it says it whenever a machine wakes up.
"""

from __future__ import annotations

from analyzer.formats.shapes import Dialect, Shape, known, programs, tagged

HEAD = "Dec  7 05:00:00 mx1 "
DAEMON = programs("timekeeper")
SECONDS = r"(?P<reply>[+-]?[0-9]{1,10}(?:\.[0-9]{1,9})?)"


def _set(prefix: str, pattern: str, sample: str) -> Shape:
    return Shape(
        kind="clock_set",
        meaning="a program says by how many seconds (`reply`) the server's clock was set, or leapt",
        programs=DAEMON,
        prefix=prefix.encode(),
        complete=f"^{prefix}{pattern}$",
        sample=HEAD + sample,
    )


TIMEKEEPERS = Dialect(
    mta="syslog",
    shapes=(
        _set(
            "System clock was stepped by ",
            f"{SECONDS} seconds",
            "chronyd[11]: System clock was stepped by 3600.123456 seconds",
        ),
        _set("time reset ", f"{SECONDS} s", "ntpd[11]: time reset +3600.123456 s"),
        _set(
            "0.0.0.0 ",
            f"[0-9a-f]{{4}} [0-9a-f]{{2}} clock_step {SECONDS} s",
            "ntpd[11]: 0.0.0.0 c61c 0c clock_step +3600.123456 s",
        ),
        _set(
            "step time server ",
            f"[0-9A-Fa-f.:]+ offset {SECONDS} sec",
            "ntpdate[11]: step time server 192.0.2.7 offset -3600.123456 sec",
        ),
        known(DAEMON, "", HEAD + "chronyd[11]: Selected source 192.0.2.7"),
    ),
    recognise=tagged("timekeeper", "chronyd|ntpd|ntpdate"),
)
