"""Who tried the doors of the incident again after its end, and was he refused?

A refusal shows something of its own server alone: that a second server refuses strangers says
nothing of the one that was abused.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer import words
from analyzer.report.logins import of_accounts

# What shows that a door was tried; nothing does for a host inside or a script on the server.
TRIED = {"open_relay": "relay_denied", "stolen_account": "auth_failed"}


def tried_again(abusive: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    """Refused attempts, and doors of which none shows that they are shut.

    Args:
        abusive: Abusive messages of the incident: `entered` (the server whose door it was), `time,
            client_ip, auth_user, mechanism`.
        before: Attempts of its case: `server, time, client_ip, auth_user, kind, repeat`.
        after: Attempts after its end.

    Returns:
        `kinds, attempts, addresses, known` (addresses of the incident among them), `last`,
        `unproven` (doors that nobody is seen to have tried at every server where they were open),
        `let_in` (addresses that had relayed, and had a recipient accepted again).
    """
    rows = abusive[abusive["mechanism"].notna() & abusive["mechanism"].ne("backscatter")]
    doors = sorted(set(rows["mechanism"]))
    tries = {
        (door, server): _tries(door, mine, _at(server, before), _at(server, after))
        for (door, server), mine in rows.groupby(["mechanism", "entered"], sort=True)
    }
    found = pd.concat([after.head(0), *tries.values()])
    untried = {door for (door, _), seen in tries.items() if seen.empty}
    sources, addresses = (set(of["client_ip"].dropna()) for of in (abusive, found))
    return {
        "kinds": sorted({TRIED[door] for door in doors if door in TRIED}),
        "attempts": int(found["repeat"].sum()),
        "addresses": len(addresses),
        "known": len(addresses & sources),
        "last": words.iso(found["time"].max()) if len(found) else None,
        "unproven": [door for door in doors if door in untried] if doors else ["backscatter"],
        "let_in": _let_in(rows, after),
    }


def _at(server: Any, attempts: pd.DataFrame) -> pd.DataFrame:
    return attempts[attempts["server"].eq(server)]


def _tries(
    door: Any, mine: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame
) -> pd.DataFrame:
    """Refused attempts that show something of that door.

    A password is tried for the login that was stolen. A relay that refused others while it was
    abused was not open to everybody: then only its own users show that it is shut to them.
    """
    clients = set(mine["client_ip"].dropna())
    rows = after[after["kind"].eq(TRIED.get(door, ""))]
    if door == "stolen_account":
        unnamed = rows["auth_user"].isna() & rows["client_ip"].isin(clients)  # older Postfix
        return rows[unnamed | of_accounts(rows["auth_user"], mine["auth_user"])]
    meanwhile = before["time"].between(mine["time"].min(), mine["time"].max())
    if (meanwhile & before["kind"].eq("relay_denied")).any():
        return rows[rows["client_ip"].isin(clients)]
    return rows


def _let_in(rows: pd.DataFrame, after: pd.DataFrame) -> int:
    """The log does not name such a recipient: it may be one of ours, or the door is open."""
    clients = set(rows.loc[rows["mechanism"].eq("open_relay"), "client_ip"].dropna())
    accepted = after["kind"].eq("accepted_no_data") & after["auth_user"].isna()
    return len(set(after.loc[accepted, "client_ip"].dropna()) & clients)
