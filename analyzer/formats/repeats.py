"""How does syslog say that a line stood there several times?

rsyslog wraps the text (`message repeated 3 times: [ text]`, read where lines are cut). Others leave
the lines out and say how many, right after the line: syslogd without a program, syslog-ng
(`suppress()`) under the program's own name.
"""

from __future__ import annotations

from analyzer.formats.shapes import Shape

# macOS puts dashes around it.
LAST_REPEATED = (
    r"^(?:[^ ]+ ){0,2}?(?:--- )?last message repeated (?P<repeat>[0-9]{1,9}) times?(?: ---)?$"
)


def suppressed(head: str) -> Shape:
    """syslog-ng's line, whatever the program.

    Args:
        head: Of the sample.
    """
    return Shape(
        kind="repeated",
        meaning="syslog-ng left out lines like the one before it, as many as `repeat` says",
        programs=frozenset(),
        prefix=b"Last message '",
        complete=(
            r"^Last message '.*' repeated (?P<repeat>[0-9]{1,9}) times, "
            r"suppressed by syslog-ng on [^ ]+$"
        ),
        sample=f"{head}Last message 'warning: a.example[' repeated 3 times, suppressed by "
        "syslog-ng on mx1",
    )
