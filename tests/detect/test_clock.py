"""Of which servers do the clocks disagree?"""

import pandas as pd
import pytest

from analyzer.detect.clock import CLOCK

AHEAD = {
    "server": "mx1",
    "next_server": "mx2",
    "seconds": 3600.0,
    "mad": 0.0,
    "hand_overs": 137,
    "first_seen": pd.Timestamp("2026-12-07T10:00:00Z"),
    "last_seen": pd.Timestamp("2026-12-07T12:00:00Z"),
    "evidence": [],
}
BACK = AHEAD | {"server": "mx2", "next_server": "mx1", "seconds": -3600.0, "hand_overs": 890}


@pytest.mark.parametrize(
    ("back", "told"),
    [({}, [890]), ({"hand_overs": 137}, [137]), ({"seconds": 3600.0}, [137, 890])],
    ids=["the way of more hand-overs", "one of two alike", "they contradict each other"],
)
def test_two_servers_that_hand_mail_to_each_other_are_told_once(evidence, back, told):
    found = CLOCK.judge(evidence(clocks=pd.DataFrame([AHEAD, BACK | back]), jumps=pd.DataFrame()))
    assert found["messages"].tolist() == told
