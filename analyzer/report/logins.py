"""Which logins are one account's? `CORP\\ann` and `ann` are: Windows takes either.

`OTHER\\ann` is another's, and so may `ann@one.example` and `ann@two.example` be.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

WITHIN = "\\"  # between a domain and a name in it


def of_accounts(tried: pd.Series[Any], known: pd.Series[Any]) -> pd.Series[bool]:
    """Which of the logins that were tried are one of those known, however they are written."""
    logins = set(known.dropna().str.casefold())
    bare = {login.rpartition(WITHIN)[2] for login in logins if WITHIN in login}

    def same(login: str) -> bool:
        folded = login.casefold()
        return folded in logins or folded in bare or _within(folded) in logins

    return tried.isin([login for login in tried.dropna().unique() if same(login)])


def _within(login: str) -> str | None:
    _, within, name = login.rpartition(WITHIN)
    return name if within else None


def of_account(lowered: pa.StringArray, login: str) -> pa.BooleanArray:
    """The same of a column in small letters, and one login in small letters."""
    same = pc.equal(lowered, login)
    if WITHIN in login:
        return pc.or_(same, pc.equal(lowered, login.rpartition(WITHIN)[2]))
    return pc.or_(same, pc.ends_with(lowered, f"{WITHIN}{login}"))
