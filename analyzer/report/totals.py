"""How many messages and recipients, from where, how sure, and what became of them?

Of rows as `facts` makes them: DELIVERIES with `message`, `counted`, `outcome` and `grade`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

OUTCOMES = ("delivered", "bounced", "deferred", "expired")  # every other status is `other`
TO_US = ("inbound", "internal")
GRADES = ("confirmed", "probable", "possible")
MADE_HERE = "made on this server"
NOTICES = "backscatter"


@dataclass(frozen=True)
class Total:
    """Messages, recipients, what became of them, and when."""

    messages: int
    recipients: int
    elsewhere: int  # of `recipients`: those that are not ours
    delivered: int
    bounced: int
    deferred: int
    expired: int
    other: int
    discarded: int  # of `other`: thrown away by a filter or rule of ours, delivered to nobody
    held: int  # of `other`: put aside by an administrator or a filter, and still there
    removed: int  # of `other`: deleted from the queue
    bytes: int
    addresses: list[str]
    accounts: list[str]
    first: pd.Timestamp | None
    last: pd.Timestamp | None


def itself(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the mail that brought notices about, which came in: what we sent is the notices."""
    backscatter = rows["mechanism"].eq(NOTICES)
    notices = backscatter & rows["cause_queue_id"].notna()
    return rows[notices | ~backscatter] if notices.any() else rows


def following(rows: pd.DataFrame) -> pd.Series[bool]:
    """The notices about what came through another door: they end with it."""
    notices = rows["mechanism"].eq(NOTICES)
    abuse = rows[~notices]
    ids = pd.concat([abuse["queue_id"], abuse["origin_queue_id"]]).dropna()
    return notices & rows["cause_queue_id"].isin(ids)


def total_of(rows: pd.DataFrame) -> Total:
    counted = rows[rows["counted"]]
    outcomes = counted["outcome"].value_counts()
    sizes = rows.groupby("message")["size"].max().sum()
    times = rows["received"].dropna()
    return Total(
        messages=int(rows["message"].nunique()),
        recipients=len(counted),
        elsewhere=int((~counted["flow"].isin(TO_US)).sum()),
        **{name: int(outcomes.get(name, 0)) for name in (*OUTCOMES, "other")},
        **{
            name: int(counted["status"].eq(name).sum()) for name in ("discarded", "held", "removed")
        },
        bytes=int(sizes),
        addresses=by_weight(rows["client_ip"]),
        accounts=by_weight(rows["auth_user"]),
        first=times.min() if len(times) else None,
        last=times.max() if len(times) else None,
    )


def grades(rows: pd.DataFrame, abuse: pd.DataFrame) -> pd.Series[str]:
    """The verdict of the finding that tells of each row: by its client, its login, its server.

    Where several findings may, or none is found, the weakest word of that door counts.
    """
    weight = {grade: number for number, grade in enumerate(GRADES)}
    told = abuse.assign(weight=abuse["verdict"].map(weight))
    weakest = told.groupby("mechanism")["weight"].max()
    of_subject = told.groupby(["mechanism", "subject"])["weight"].max()
    found = pd.Series(float("nan"), rows.index)
    for column in ("client_ip", "auth_user", "server"):
        keys = pd.MultiIndex.from_frame(rows[["mechanism", column]])
        found = found.fillna(pd.Series(of_subject.reindex(keys).to_numpy(), rows.index))
    found = found.fillna(rows["mechanism"].map(weakest)).fillna(len(GRADES) - 1)
    return found.map(dict(enumerate(GRADES)))


def by_grade(rows: pd.DataFrame) -> dict[str, Total]:
    """What the findings of each verdict tell of, the best first."""
    parts = dict(list(rows.groupby("grade")))
    return {grade: total_of(parts[grade]) for grade in GRADES if grade in parts}


def by_weight(values: pd.Series[str]) -> list[str]:
    """Distinct values, the most frequent first, equal ones by name."""
    counts = values.dropna().value_counts().rename_axis("value").reset_index(name="rows")
    return counts.sort_values(["rows", "value"], ascending=[False, True])["value"].tolist()


def sources(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each source of the abuse, the heaviest first."""
    rows = rows.assign(source=rows["client_ip"].fillna(MADE_HERE))
    for name in (*OUTCOMES, "other"):
        rows[name] = rows["counted"] & (rows["outcome"] == name)
    once = rows.sort_values("size", na_position="first").drop_duplicates(
        ["source", "message"], keep="last"
    )
    table = (
        rows.groupby("source", sort=True)
        .agg(
            messages=("message", "nunique"),
            recipients=("counted", "sum"),
            **{name: (name, "sum") for name in (*OUTCOMES, "other")},
            first=("received", "min"),
            last=("received", "max"),
        )
        .assign(bytes=once.groupby("source")["size"].sum().astype("int64"))
        .reset_index()
    )
    return table.sort_values(
        ["recipients", "messages", "source"], ascending=[False, False, True], ignore_index=True
    )


def peak(rows: pd.DataFrame) -> tuple[pd.Timestamp, int] | None:
    firsts = rows.dropna(subset=["received"]).groupby("message")["received"].min()
    if firsts.empty:
        return None
    hourly = firsts.dt.floor("h").value_counts().sort_index()
    return hourly.idxmax(), int(hourly.max())
