"""When does the log itself say that lines are missing?"""

import pandas as pd
import pytest

from analyzer.detect.detector import Evidence
from analyzer.detect.log_gap import judge

NOW = pd.Timestamp("2026-12-07 05:00:00", tz="UTC")
LOST = {
    "time": NOW,
    "server": "mx1",
    "lost": 100.0,
    "relay": None,
    "source": "mail.log",
    "line": 1,
    "offset": 0,
}


def gaps(*differences):
    """What is found in LOST, once for each argument, but for what that argument changes."""
    rows = pd.DataFrame([LOST | difference for difference in differences])
    nothing = pd.DataFrame()
    return judge(Evidence(nothing, nothing, nothing, NOW, NOW, True, (), (), rows))


def test_losses_of_one_stretch_are_one_limit_with_their_sum():
    (found,) = gaps({}, {"time": NOW + pd.Timedelta(minutes=5), "line": 2}).to_dict("records")
    assert (found["kind"], found["subject"], len(found["evidence"])) == ("limit", "mx1", 2)
    assert "200 lines" in found["reason"]
    assert "lower bounds" in found["reason"]


@pytest.mark.parametrize(
    "other", [{"server": "mx2"}, {"time": NOW + pd.Timedelta(hours=3)}], ids=["server", "day"]
)
def test_losses_are_told_apart_by(other):
    assert len(gaps({}, other)) == 2


def test_a_loss_without_a_number_is_a_limit_too():
    assert "does not say how many" in gaps({"lost": None})["reason"].iloc[0]


SILENCE = {
    "server": "mx1",
    "since": NOW - pd.Timedelta(days=1),
    "until": NOW,
    "source": "mail.log",
    "line": 1,
    "offset": 0,
}


def silent(absent=()):
    nothing = pd.DataFrame()
    silences, absent = pd.DataFrame([SILENCE]), pd.DataFrame(absent)
    told = {"absent": absent, "silences": silences}
    return judge(Evidence(nothing, nothing, nothing, NOW, NOW, True, (), (), **told))


def test_an_unusual_silence_is_a_possible_limit():
    (found,) = silent().to_dict("records")
    assert (found["kind"], found["verdict"], found["subject"]) == ("limit", "possible", "mx1")
    assert "between 2026-12-06 05:00 and 2026-12-07 05:00 UTC" in found["reason"]


@pytest.mark.parametrize(
    ("server", "limits"), [("mx1", ["probable"]), ("mx2", ["probable", "possible"])]
)
def test_a_silence_is_explained_by_a_part_of_that_log_that_is_not_there(server, limits):
    part = {"server": server, "newer": "mail.log", "older": "mail.log.2", "absent": [1]}
    assert silent([SILENCE | part])["verdict"].tolist() == limits


def test_what_another_program_lost_says_nothing_of_mail():
    assert gaps({"relay": "cron.service"}).empty
    assert len(gaps({"relay": "postfix@-.service"})) == 1


def test_a_log_that_lost_nothing_has_no_gap():
    assert gaps().empty


def test_one_line_or_part_is_told_as_one_and_several_as_several():
    assert "that 1 line was dropped" in gaps({"lost": 1})["reason"].iloc[0]
    hole = {"server": "mx2", "newer": "mail.log", "older": "mail.log.4", "absent": [1]}
    (one, *_), (several, *_) = (
        silent([SILENCE | hole | {"absent": n}])["reason"] for n in ([1], [1, 2])
    )
    assert "and part 1 between them is not among" in one
    assert "and parts 1 and 2 between them are not among" in several
