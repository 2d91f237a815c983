"""Which of our hosts does the log name, and which of them took in what is told of?"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.case import Case
from analyzer.report.totals import by_weight


def of_the_log(case: Case) -> list[str]:
    """Hosts by the number of their messages; the site's own name where the log holds none."""
    counts = pc.value_counts(case.messages["server"]).to_pylist()
    if not counts:
        counts = pc.value_counts(case.attempts["server"]).to_pylist()
    if not counts:
        return [str(name) for name in _stated(case)[:1]]
    counts.sort(key=lambda count: (-count["counts"], str(count["values"])))
    return [_in_full(str(count["values"]), case) for count in counts]


def took_in(case: Case, rows: pd.DataFrame) -> list[str]:
    """The hosts that took in what is told of, by the number of these messages."""
    once = rows.drop_duplicates("message")[["orig_source", "orig_line"]]
    mail = case.messages.select(["source", "line", "server"])
    mail = mail.filter(pc.is_in(mail["line"], pa.array(once["orig_line"], pa.int64())))
    found = once.merge(
        mail.to_pandas(), left_on=["orig_source", "orig_line"], right_on=["source", "line"]
    )
    return [_in_full(name, case) for name in by_weight(found["server"])]


def _in_full(name: str, case: Case) -> str:
    """Syslog cuts a host's name at its first dot; the site may know the whole."""
    whole = [server for server in _stated(case) if server.startswith(f"{name}.")]
    return whole[0] if len(whole) == 1 else name


def _stated(case: Case) -> list[str]:
    """The servers that the site names."""
    return case.site.get("servers") or []
