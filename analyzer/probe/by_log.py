"""What does the server's own log say about the test? It knows what it did with what it accepted."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analyzer.probe import judge

# Postfix and Sendmail name the next hop by its address; a mailbox here has a mailer's name alone.
ELSEWHERE = r"\[(?:IPv6:)?[0-9A-Fa-f.:]+\]"
SLACK = pd.Timedelta(minutes=10)  # two clocks

# What became of the message of --deliver.
RELAYED, BOUNCED, KEPT, WAITING, ABSENT = "relayed", "bounced", "kept", "waiting", "absent"
WORDS = {
    RELAYED: "the server's log shows that it was delivered elsewhere",
    BOUNCED: "accepted, then bounced: no relay, but notices go to forged senders",
    KEPT: "delivered on the server itself: it took the recipient for a name of its own",
    WAITING: "it waits in the queue, or was held or discarded",
    ABSENT: "the log does not show it",
}


def join(
    result: dict[str, Any], attempts: pd.DataFrame, deliveries: pd.DataFrame
) -> dict[str, Any]:
    """The test as the log tells it.

    Args:
        result: Of an earlier test.
        attempts: `time, client_ip, sender, recipient, kind, reply`, and place.
        deliveries: `mta, recipient, message_id, status, relay`, and place.

    Returns:
        `refused` (forms whose refusal stands in the log), `accepted_no_data` (lines of recipients
        taken from the tester in that time), `disagree` (forms that the log tells otherwise),
        `message`: what became of the message, with its place.
    """
    mine = _mine(result, attempts)
    refused, disagree = [], []
    for record in result["records"]:
        rows = _of(record, mine)
        said_no = len(rows) and not rows["kind"].eq("accepted_no_data").all()
        if said_no:
            refused.append(record["form"])
            if record["verdict"] in judge.ACCEPTED:
                disagree.append(record["form"])
    return {
        "lines": len(mine),
        "refused": sorted(set(refused)),
        "accepted_no_data": int(mine["kind"].eq("accepted_no_data").sum()),
        "disagree": sorted(set(disagree)),
        "message": _message(result, deliveries),
    }


def _mine(result: dict[str, Any], attempts: pd.DataFrame) -> pd.DataFrame:
    """Attempts that are this test's: by its token, or by its address in its time."""
    token = result["token"]
    named = attempts["sender"].astype("str").str.contains(token, regex=False)
    named |= attempts["recipient"].astype("str").str.contains(token, regex=False)
    return attempts[named | (_in_time(result, attempts["time"]) & _from(result, attempts))]


def _in_time(result: dict[str, Any], times: pd.Series[Any]) -> pd.Series[bool]:
    begun, ended = (pd.Timestamp(result[key]) for key in ("started", "ended"))
    return times.ge(begun - SLACK) & times.le(ended + SLACK)


def _from(result: dict[str, Any], rows: pd.DataFrame) -> pd.Series[bool]:
    seen = {result["client"], result["client_seen"]} - {None, ""}
    return rows["client_ip"].isin(sorted(seen))


def _of(record: dict[str, Any], mine: pd.DataFrame) -> pd.DataFrame:
    """The lines of one form; a log that names no sender is taken by its recipient."""
    recipient = mine["recipient"].astype("str").str.strip("<>").eq(record["recipient"])
    sender = mine["sender"].isna() | mine["sender"].eq(record["sender"])
    return mine[recipient & sender]


def _message(result: dict[str, Any], deliveries: pd.DataFrame) -> dict[str, Any]:
    token = f"{result['token']}@"
    named = deliveries["message_id"].astype("str").str.startswith(token)
    named &= deliveries["status"].ne("expanded") & deliveries["status"].ne("filtered")
    rows = deliveries[named]
    if rows.empty:
        return {"fate": ABSENT, "words": WORDS[ABSENT], "place": None}
    third = result["recipient"].rpartition("@")[2].lower()
    outside = rows["recipient"].str.lower().str.rpartition("@")[2].eq(third)
    outside &= rows["mta"].eq("exchange") | rows["relay"].astype("str").str.contains(ELSEWHERE)
    delivered = rows["status"].eq("delivered")
    bounced = rows["status"].isin(["bounced", "rejected", "expired"])
    fate, row = WAITING, rows.iloc[-1]
    for name, those in ((RELAYED, delivered & outside), (KEPT, delivered), (BOUNCED, bounced)):
        if those.any():
            fate, row = name, rows[those].iloc[0]
            break
    place = {"source": row["source"], "line": int(row["line"]), "offset": int(row["offset"])}
    return {"fate": fate, "words": WORDS[fate], "place": place}
