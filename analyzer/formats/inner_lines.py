"""Which lines hold another line, whole, behind a header of their own?

A relay of syslog that does not trust what it gets writes stamp and host once more, another one its
own name, and a crash leaves half a line before the next. All of that looks like a line of a program
that is none of a mail server's, and would be passed over.

Only what stands where host and program belong is looked at: behind them there is text, in which a
stranger may write what looks like a line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.lines import Lines
from analyzer.formats.pieces import Rows
from analyzer.rows import Flags

_STAMP = (
    r"(?:[A-Z][a-z]{2} [ 0-9][0-9] (?:[0-9]{4} )?[0-9]{2}:[0-9]{2}:[0-9]{2}[. ]"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})"
)
_YEARLESS = "[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} "
# Up to a second stamp and its priority, and no text behind host and program.
_BEFORE_STAMP = rf"(?s)^(?P<before>.+? |.+?)(?:<[0-9]{{1,3}}>)?{_STAMP}[^ ]* ?[^ ]+ ?[^ ]*$"
# RFC 5424 has its text where older headers have the program.
_BEFORE_VERSION = r"^(?P<before>[^ ]+ )(?:<[0-9]{1,3}>)?1 [0-9]{4}-[0-9]{2}-[0-9]{2}T"
# Of `relay mx1 postfix/smtpd` what stands before the host that wrote it.
_BEFORE_HOST = r"^(?P<before>[^ ]+ )[^ :]+ [a-z][a-zA-Z0-9._/-]{2,60}$"
# A text that begins as a line of a mail server does, with a stamp or after it (a container's output
# that an engine passes on), or as what such a line says of a message.
_A_PROGRAM = (
    rf"^(?:{_STAMP}[^ ]* *(?:[^ ]+ +)?)?"
    r"(?:[a-z][a-z0-9_-]*(?:/[a-z0-9_-]+)+|sendmail|sm-mta|sm-msp)\[[0-9]{1,10}\]: "
    r"|^(?:[0-9A-Za-z]{6,40}: )?(?:client=[^ ]*\[|uid=[0-9]+ from=<|message-id=<"
    r"|from=<?[^ ]*, size=[0-9]|to=[^ ]*, (?:[a-z_]+=[^ ]*, )*(?:delay|relay)=)"
)


@dataclass
class Inner:
    """`data`: the inner lines, each with its newline; `rows`: the lines that hold them."""

    data: bytes
    rows: Rows


def inner(lines: Lines, rows: Rows) -> Inner | None:
    """The lines within those among *rows*, which have a stamp, that hold one."""
    host, end = lines.host[rows], lines.end[rows]
    head = lines.pieces(host, np.where(lines.headed[rows], lines.program_end[rows], host))
    stamped = _length(head, _BEFORE_STAMP) + _length(lines.pieces(host, end), _BEFORE_VERSION)
    begin = np.where(stamped > 0, stamped, _length(head, _BEFORE_HOST))
    holds = begin > 0
    if not holds.any():
        return None
    own = rows[holds & (stamped == 0)]  # of the others the inner stamp is the line's
    rows = rows[holds]
    said = lines.pieces(lines.host[rows] + begin[holds], lines.end[rows])
    if (dated := lines.stamps.with_year[rows]).any():  # which says more than one without a year
        bare = pc.replace_substring_regex(said, rf"^(?:<[0-9]{{1,3}}>)?{_YEARLESS}", "")
        shorter = pc.less(pc.binary_length(bare), pc.binary_length(said)).to_numpy(False) & dated
        said, own = pc.if_else(pa.array(shorter), bare, said), np.union1d(own, rows[shorter])
    until = np.where(np.isin(rows, own), lines.host[rows], lines.start[rows])
    stamp = lines.pieces(lines.start[rows], until)
    whole = pc.binary_join_element_wise(stamp, said, pa.scalar(b"\n"), pa.scalar(b""))
    return Inner(b"".join(whole.to_pylist()), rows)


def holds_a_program(lines: Lines, rows: Rows) -> Flags:
    """In which of these lines the text begins as if a mail server had written it: another program
    passes it on, or its own name is one that is not known.
    """
    said = pc.match_substring_regex(lines.pieces(lines.text[rows], lines.end[rows]), _A_PROGRAM)
    found: Flags = said.to_numpy(zero_copy_only=False)
    return found


def _length(head: pa.BinaryArray, pattern: str) -> npt.NDArray[np.int32]:
    """How long what the pattern calls `before` is in each; 0 where it does not fit."""
    before = pc.struct_field(pc.extract_regex(head, pattern), "before")
    length = pc.fill_null(pc.binary_length(before), pa.scalar(0, pa.int32()))
    found: npt.NDArray[np.int32] = length.to_numpy(zero_copy_only=False)
    return found
