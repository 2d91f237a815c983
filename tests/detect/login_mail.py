"""Mail of somebody who logged in, or of one of our machines, to be judged."""

import pandas as pd

from analyzer.detect import Evidence, judge
from analyzer.schema import ATTEMPTS

HOME = "10.0.0.9"
START = pd.Timestamp("2026-03-02T09:00:00Z")
STRANGE = "198.51.{}.7"
DEAD = {
    "status": lambda n: "bounced" if n % 4 == 0 else "delivered",
    "dsn": lambda n: "5.1.1" if n % 4 == 0 else "2.0.0",
}
HOST = {"auth_user": None, "client_ip": HOME, "address_side": "inside"}
USER = {"auth_user": None, "client_ip": None, "submission": "local", "uid": 33}
# A letter of somebody who logged in, delivered to somebody outside.
PLAIN = {
    "server": "mx1",
    "queue_id": "3F2A12CE583",
    "origin_queue_id": "3F2A12CE583",
    "auth_user": "ann",
    "client_ip": HOME,
    "client_side": "inside",
    "address_side": "outside",
    "submission": "smtp",
    "uid": pd.NA,
    "local_user": None,
    "origin_masked": False,
    "origin_sender": "ann@corp.example",
    "sender_side": "inside",
    "recipient_side": "outside",
    "original_side": "outside",
    "relay_domain": False,
    "by_certificate": False,
    "flow": "outbound",
    "status": "delivered",
    "dsn": "2.0.0",
    "reply": "250 2.0.0 Ok",
    "relay": "mx.far.example[198.51.100.60]:25",
    "size": 1000,
    "cause_life": -1,
    "cause_leg": -1,
    "two_readings": False,
    "relay_assumed": False,
    "connector": None,
    "relay_right": False,
    "message_id": None,
    "source": "mail.log",
    "line": 4,
    "offset": 400,
    "orig_source": "mail.log",
    "orig_line": 1,
    "orig_offset": 100,
}


def seen(rows, begins=START, ends=START, domains=()):
    """Evidence that holds these deliveries and nothing else."""
    return Evidence(
        deliveries=pd.DataFrame(rows),
        attempts=pd.DataFrame(columns=[*ATTEMPTS.names, "client_side"]),
        server_events=pd.DataFrame(columns=["time", "server", "action"]),
        begins=begins,
        ends=ends,
        site_known=True,
        doubted_networks=(),
        inferred_domains=domains,
    )


def letters(number, **difference):
    """So many messages, ten minutes apart, each to somebody else; a callable gives each its own."""
    return [
        {
            "life": n,
            "origin_life": n,
            "received": START + n * pd.Timedelta(minutes=10),
            "recipient": f"person{n}@far{n % 7}.example",
            "original_recipient": f"person{n}@far{n % 7}.example",
            **{name: value(n) if callable(value) else value for name, value in difference.items()},
        }
        for n in range(number)
    ]


def judged(rows):
    """Rows that differ from a login's ordinary mail, with their verdicts, and what was found."""
    told = judge(seen([PLAIN | row for row in in_turn(rows)]))
    return told.deliveries, told.findings.to_pandas()


def doors(rows):
    """The mechanisms of rows that differ from a login's ordinary mail."""
    return judged(rows)[0]["mechanism"].astype("str").fillna("").tolist()


def verdicts(rows):
    """The verdicts on abuse, by who did it."""
    found = judged(rows)[1]
    found = found[found["kind"].eq("abuse")]
    return dict(zip(found["subject"], found["verdict"], strict=True))


def in_turn(rows):
    """Rows of several sources in order of time, as those of a log are; messages numbered anew."""
    turn = sorted(rows, key=lambda row: row["received"])
    return [row | {"life": n, "origin_life": n} for n, row in enumerate(turn)]


def later(rows, **time):
    return [row | {"received": row["received"] + pd.Timedelta(**time)} for row in rows]
