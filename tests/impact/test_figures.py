"""Every figure has unit, label and ground; what is doubtful is said to be."""

import pandas as pd
import pyarrow as pa
import pytest

from analyzer.impact.figures import figures, harm_figures, traffic_figures
from analyzer.impact.volume import hourly
from analyzer.schema import BANDWIDTH, HARM

RELAYED = {"mechanism": "open_relay", "verdict": "abusive"}


COUNTS = {"late": (1, 2, 4), "late_compared": 40, "doubtful": {}}


def harmed(**counts):
    found = harm_figures(HARM.empty_table(), COUNTS | counts, (10.0, 4.0))
    return {figure["name"]: figure for figure in found}


def three(figure):
    return tuple(figure[end] for end in ("low", "mid", "high"))


def test_hours_of_delay_rise_with_the_count_of_late_mail():
    """10 hours of refused mail that waits, and 4 of all mail that may be late."""
    assert three(harmed()["hours_of_delay"]) == (11.0, 12.0, 14.0)


def test_where_nothing_is_late_for_sure_no_hours_are_said_to_be():
    assert three(harmed(late=(0, 0, 35))["hours_of_delay"]) == (10.0, 10.0, 14.0)


def test_users_and_partners_whose_mail_waits_are_counted_among_the_refused():
    row = {"server": "mx1", "queue_id": "4A1", "recipient": "a@far.example", "status": "deferred"}
    row |= {"user": "ann", "partner": "far.example", "source": "mail.log", "line": 1, "offset": 0}
    rows = [row | {"kind": "waiting"}, row | {"kind": "blocked", "user": "bob"}]
    found = harm_figures(pa.Table.from_pylist(rows, HARM), COUNTS, (0.0, 0.0))
    values = {figure["name"]: figure["value"] for figure in found}
    assert (values["own_users_blocked"], values["partners_blocked"]) == (2, 1)


def test_what_cannot_be_compared_is_no_zero():
    figure = harmed(late=None)["own_recipients_delayed"]
    assert figure["value"] is None
    assert "not measurable" in figure["ground"]


HOSTS = pd.Index(["mx.far.example[198.51.100.9]:25"])


def by_name(rows, accepted=1):
    return {figure["name"]: figure for figure in figures(hourly(rows, HOSTS), 0, accepted)}


def test_a_figure_says_what_it_counts_in_which_unit_and_why(deliveries):
    figure = by_name(deliveries(RELAYED, {"origin_life": 2, "life": 2}))["messages_relayed"]
    assert (figure["value"], figure["unit"], figure["label"]) == (1, "message", "measured")
    assert figure["ground"] == "deliveries with mechanism open_relay"


def test_notices_are_counted_and_the_mail_that_they_are_about_is_not(deliveries):
    came = RELAYED | {"mechanism": "backscatter"}
    notice = came | {"client_ip": None, "submission": "internal", "origin_life": 2, "life": 2}
    assert by_name(deliveries(came, notice))["messages_abusive"]["value"] == 1


def test_what_is_only_possible_is_counted_and_said_to_be(deliveries):
    figure = by_name(deliveries(RELAYED | {"verdict": "unclear"}))["messages_relayed"]
    assert figure["value"] == 1
    assert "only possible" in figure["ground"]


def test_doubtful_mail_without_a_door_is_no_abuse(deliveries):
    found = by_name(deliveries({"verdict": "unclear"}))
    assert found["messages_abusive"]["value"] == 0


def test_innocent_mail_gives_zeros_beside_all_that_was_read(deliveries):
    found = by_name(deliveries({}))
    assert (found["messages_abusive"]["value"], found["bytes_in_all"]["value"]) == (0, 1000)


SENT = ("bytes_out_abusive_least", "bytes_out_abusive_most")


@pytest.mark.parametrize(
    ("accepted", "size", "value", "why"),
    [
        (1, 1000, 1000, "size for each"),
        (1, None, None, "the log gives no size of this mail"),
        (0, None, 0, "size for each"),
        (None, 1000, None, "the log names no transfer to another host"),
    ],
    ids=["it has sizes", "it has none", "nothing was sent", "it names no host"],
)
def test_bytes_that_the_log_does_not_give_are_no_zero(deliveries, accepted, size, value, why):
    found = by_name(deliveries(RELAYED | {"size": size}), accepted=accepted)
    assert {found[name]["value"] for name in SENT} == {value}
    assert all(why in found[name]["ground"] for name in SENT)


def test_the_bandwidth_has_no_zero_either():
    found = {figure["name"]: figure for figure in traffic_figures(BANDWIDTH.empty_table(), 3)}
    assert found["bytes_out_abusive"]["value"] is None
    assert found["recipients_accepted_abusive"]["value"] == 3
