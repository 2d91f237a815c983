"""Which delivery lines can be read in two ways?

Before 3.5, and where `info_log_address_format = internal`, Postfix logs a recipient without
quotes. His local part may then hold all that follows a recipient, up to `status=sent (`: the line
has two readings, with another recipient each. The far end may as well quote a log line in its
answer. No rule tells which it was, so such a line is marked, and proves nobody innocent.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.formats.postfix_words import OWN_RELAY, REMOTE, REMOTE_RELAY, SECONDS
from analyzer.formats.shapes import rows_with


def _rest(relay: str) -> str:
    """What ends a recipient, within what was read as reply: the rest of a line, of some agents."""
    timing = rf"delay={SECONDS}(?:, [^()]*)?"
    return rf">, relay=(?:{relay})(?:, conn_use=[0-9]+)?, {timing}, status=[A-Za-z-]+"


ENDS_AGAIN_REMOTE, ENDS_AGAIN = _rest(REMOTE_RELAY), _rest(OWN_RELAY)


def complete(kind: str, table: pa.Table) -> pa.Table:
    """Delivery lines with `two_readings`: true, else null; and each with a recipient: `to=<>` names
    the empty one.
    """
    if kind != "delivery":
        return table
    if table["recipient"].null_count:
        at = table.column_names.index("recipient")
        table = table.set_column(at, "recipient", pc.fill_null(table["recipient"], ""))
    if "reply" not in table.column_names:
        return table
    rows = rows_with(b">, relay=", table["reply"].combine_chunks())
    if not rows.size:
        return table
    few = table.select(["daemon", "reply"]).take(pa.array(rows))
    again = pc.if_else(
        pc.is_in(few["daemon"].cast(pa.string()), pa.array(sorted(REMOTE))),
        pc.match_substring_regex(few["reply"], ENDS_AGAIN_REMOTE),
        pc.match_substring_regex(few["reply"], ENDS_AGAIN),
    )
    two = np.zeros(len(table), np.bool_)
    two[rows] = again.to_numpy()
    # Null, not false: two logs of the same lines must say the same, whatever else is in them.
    return table.append_column("two_readings", pa.array(two, mask=~two))
