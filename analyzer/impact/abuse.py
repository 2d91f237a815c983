"""Which rows count as abuse, since when, and for how long has the log been clean?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.rows import Flags, among, heads, those
from analyzer.schema import DOORS
from analyzer.words import iso

SUSPECT = [*DOORS, "backup_mx"]  # of domains that only the log calls relay domains
NOTICES = "backscatter"  # to strangers, and the mail that they are about
POSSIBLE = "possible"
PLACES_SHOWN = 5
HOUR = pd.Timedelta(hours=1)
VERDICTS = ["abusive", "unclear", "legitimate"]  # the gravest first

Int8 = npt.NDArray[np.int8]


def gravity(rows: pd.DataFrame) -> Int8:
    """Where the verdict of each row stands among VERDICTS."""
    found = np.full(len(rows), len(VERDICTS), np.int8)
    for number, name in enumerate(VERDICTS):
        found[rows["verdict"].eq(name)] = number
    return found


def gravest(rows: pd.DataFrame, by: str) -> Flags:
    """The gravest row of each message or leg; of equals the first."""
    grave, number = gravity(rows), rows[by].to_numpy(np.int64)
    told = np.zeros(number.max(initial=-1) + 1, np.bool_)
    found = np.zeros(len(rows), np.bool_)
    for degree in range(len(VERDICTS) + 1):
        mine = (grave == degree) & ~told[number]
        mine[mine] = heads(number[mine])
        told[number[mine]] = True
        found |= mine
    return found


def suspects(rows: pd.DataFrame) -> pd.Series[bool]:
    """Rows of abuse; where nothing may be called so, for who is local was inferred, those of a
    possible door.
    """
    abusive: pd.Series[bool] = rows["verdict"].eq("abusive")
    if abusive.any():
        return abusive
    return rows["verdict"].eq("unclear") & rows["mechanism"].isin(SUSPECT)


def itself(rows: pd.DataFrame) -> pd.Series[bool]:
    """Suspects without the notices about what came through another door, which only follow from it,
    and without the mail that notices are about, which came in.
    """
    mine, backscatter = suspects(rows), rows["mechanism"].eq(NOTICES)
    caused = among(rows["cause_life"], rows["origin_life"][mine & ~backscatter])
    return mine & (~backscatter | (rows["cause_life"].ge(0) & ~caused))


def found(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings of abuse, without notices in another door's incident: they follow from it. Those
    that are only possible count where nothing is firmer.
    """
    abuse = findings[findings["kind"].eq("abuse")]
    notices = abuse["mechanism"].eq(NOTICES)
    main = abuse[~(notices & abuse["incident"].isin(abuse["incident"][~notices]))]
    firm = main[main["verdict"].ne(POSSIBLE)]
    return firm if len(firm) else main


def onset(findings: pd.DataFrame) -> pd.Timestamp | None:
    """When the abuse began; None where there was none."""
    first = found(findings)["first_seen"].min()
    return None if pd.isna(first) else first


def since(rows: pd.DataFrame, attempts: pd.DataFrame, ends: pd.Timestamp) -> dict[str, Any] | None:
    """What the log shows after the last abusive message; None without abuse.

    Returns:
        `last_received`, `last_left` (the last time that a next host accepted one, notices too; None
        where none did), `log_ends`,
        `hours_clean` (from the last received to the end of the log), `messages_since` (all other
        mail that the server took meanwhile: it was alive), `refused_since` (relay attempts
        refused), `evidence` (the last message's line, and refusals).
    """
    mine = suspects(rows)
    asked = ["received", "orig_source", "orig_line", "orig_offset"]
    mail = itself(rows) & rows["received"].notna()
    if not mail.any():
        return None
    last = rows["received"][mail].max()
    at_last = those(rows[asked], mail & rows["received"].eq(last))
    of_it = at_last.sort_values(["orig_source", "orig_line"]).iloc[0]
    refused = attempts[attempts["kind"].eq("relay_denied") & attempts["time"].gt(last)]
    refusals = refused.head(PLACES_SHOWN)[["source", "line", "offset"]]
    places = [tuple(of_it[asked[1:]])]
    places += list(refusals.itertuples(index=False, name=None))
    other = heads(
        rows["origin_life"].to_numpy(np.int64), (~mine & rows["received"].gt(last)).to_numpy()
    )
    return {
        "last_received": iso(last),
        "last_left": iso(rows.loc[mine & rows["status"].eq("delivered"), "completed"].max()),
        "log_ends": iso(ends),
        "hours_clean": round((ends - last) / HOUR, 2),
        "messages_since": int(other.sum()),
        "refused_since": int(refused["repeat"].sum()),
        "evidence": [place(*said) for said in places if pd.notna(said[0])],
    }


def place(source: str, line: int, offset: int) -> dict[str, Any]:
    return {"source": source, "line": int(line), "offset": int(offset)}
