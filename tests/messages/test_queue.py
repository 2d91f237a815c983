"""To which message does an entry of a queue listing belong, and to which not?"""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from analyzer.messages.queue import with_their_messages
from analyzer.schema import QUEUE

TIME = datetime(2026, 12, 8, 5, 0, tzinfo=UTC)
LISTED = {
    "mta": "postfix",
    "queue_id": "4A1",
    "arrived": TIME,
    "sender": "eve@strange.example",
    "source": "queue.json",
    "line": 1,
    "offset": 0,
}
RELAYED = {
    "mta": "postfix",
    "server": "mx1",
    "queue_id": "4A1",
    "origin_queue_id": "4A1",
    "received": pd.Timestamp(TIME),
    "sender": "eve@strange.example",
    "client_ip": "203.0.113.7",
    "auth_user": None,
    "mechanism": "open_relay",
    "verdict": "abusive",
    "source": "mail.log",
    "line": 7,
}


def verdict(listed=None, relayed=None):
    row = LISTED | (listed or {})
    table = pa.table({f.name: pa.array([row.get(f.name)], f.type) for f in QUEUE}, schema=QUEUE)
    rows = pd.DataFrame([RELAYED | (relayed or {})])
    return with_their_messages(table, rows)["verdict"].to_pylist()[0]


@pytest.mark.parametrize(
    "listed",
    [
        {},
        {"arrived": TIME + timedelta(hours=13)},
        {"arrived": None},
        {"sender": None},
        {"sender": "eve@stra...xample"},
    ],
    ids=["the same", "another zone", "no time", "no sender", "a sender that is cut"],
)
def test_an_entry_belongs_to_the_message_of_its_id(listed):
    assert verdict(listed) == "abusive"


@pytest.mark.parametrize(
    "listed",
    [{"sender": "ann@corp.example"}, {"sender": ""}, {"arrived": TIME + timedelta(days=9)}],
    ids=["another sender", "a notice", "another day"],
)
def test_an_id_that_is_used_again_after_the_end_of_the_log_has_no_verdict(listed):
    assert verdict(listed) is None
