"""Every figure has unit, label and ground; what is doubtful is said to be."""

from analyzer.impact import figures, hourly

RELAYED = {"mechanism": "open_relay", "verdict": "abusive"}


def by_name(rows, blocklists=()):
    return {figure["name"]: figure for figure in figures(hourly(rows), list(blocklists))}


def test_a_figure_says_what_it_counts_in_which_unit_and_why(deliveries):
    figure = by_name(deliveries(RELAYED, {"origin_life": 2, "life": 2}))["messages_relayed"]
    assert (figure["value"], figure["unit"], figure["label"]) == (1, "message", "measured")
    assert figure["ground"] == "deliveries with mechanism open_relay"


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


def test_own_mail_refused_is_summed_over_the_lists(deliveries):
    found = by_name(deliveries({}), [{"own_refused": 2}, {"own_refused": 3}])
    assert found["own_recipients_refused"]["value"] == 5
