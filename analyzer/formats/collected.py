"""Which words do tools that gather lines write before each, and where does the line itself begin?

`docker compose logs` and `kubectl logs --prefix` name the container, grep and zgrep over several
files the file and, with -n, the line; `cat -n` and `less -N` number lines, and a mail that quotes
them has `> ` before each.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.pieces import Positions, pieces

LOOKED_AT = 320  # bytes of a line; a path is no longer than that
# A file that has a folder, a suffix or the name of a log: `WARNING:` before a line is none. What a
# stamp or a priority may begin with has to follow at once: so do no words of a mail server.
_FILE = r"\(standard input\)|[^ :]*(?:[./]|log|messages)[^ :]*|[0-9]+"
_BESIDE = r"[^ :]*?(?:[./]|log|messages)[^ :]*?-(?:[0-9]+-)?|[0-9]+-"  # grep -C: not found itself
_PRIORITY = r"<(?:[0-9]{1,3}|[a-z0-9]{1,10}\.[a-z]{1,8})> *"  # of a relay that sets it apart
_TOOLS = rf"[^ |]+ +\| |\[pod/[^ \]]+\] |{_PRIORITY}|{_BESIDE}|(?:{_FILE}):(?:[0-9]+:)?"
# Blanks before a line mark the rest of a text with newlines in it, unless all lines have them.
_INDENTED = r"(?:> ?){1,5}|[ \t]*[0-9]{1,9}\t|[ \t]+(?:[0-9]{1,9}[ \t]+)?"


def after_collector(data: bytes, start: Positions, end: Positions, all_lines: bool) -> Positions:
    """Where each line begins behind the words of such a tool; where it did, if it has none.

    Args:
        all_lines: These are nearly all lines of a block.
    """
    before_line = f"{_TOOLS}|{_INDENTED}" if all_lines else _TOOLS
    looked_at = np.minimum(end, start + np.int32(LOOKED_AT))
    pattern = rf"^(?P<before>{before_line})[A-Z0-9<\[]"
    before = pc.extract_regex(pieces(data, start, looked_at), pattern)
    length = pc.binary_length(pc.struct_field(before, "before"))
    begin: Positions = start + pc.fill_null(length, pa.scalar(0, pa.int32())).to_numpy()
    return begin
