"""Which source suddenly sent far more than it does?"""

import pandas as pd

from analyzer.detect import spikes as spikes_module
from analyzer.detect.spikes import LEAST, SPIKES, hourly
from tests.detect.login_mail import PLAIN, seen

DAY = pd.Timedelta(days=1)
BEGINS = pd.Timestamp("2026-03-02T00:00:00Z")


def sent(at, number, **difference):
    """So many messages within the hour after *at*, each to somebody else outside."""
    at = pd.Timestamp(at, tz="UTC")
    return [
        {
            "received": at + n * pd.Timedelta(hours=1) / number,
            "recipient": f"p{n}@far.example",
            "original_recipient": f"p{n}@far.example",
            "life": f"{at} {n} {sorted(difference.items())}",
            **difference,
        }
        for n in range(number)
    ]


def spikes(rows, days=5):
    numbers = {life: n for n, life in enumerate({row["life"]: 0 for row in rows})}
    rows = [
        PLAIN | row | dict.fromkeys(("life", "origin_life"), numbers[row["life"]]) for row in rows
    ]
    found = SPIKES.judge(seen(rows, BEGINS, BEGINS + days * DAY))
    return [] if found.empty else found.to_dict("records")


def test_an_hour_far_beyond_the_usual_is_told_with_its_numbers():
    (found,) = spikes(sent("2026-03-05 02:00", 80) + sent("2026-03-03 09:00", 3))
    assert (found["subject"], found["subject_kind"], found["kind"]) == ("ann", "account", "context")
    assert (found["recipients"], found["messages"]) == (80, 80)
    assert str(found["first_seen"])[:16] == "2026-03-05 02:00"


def test_hours_that_follow_each_other_are_one_spike():
    (found,) = spikes(sent("2026-03-05 02:00", 80) + sent("2026-03-05 03:00", 90))
    assert found["recipients"] == 170


def test_what_happens_every_night_is_usual():
    nightly = [row for day in range(2, 7) for row in sent(f"2026-03-0{day} 02:00", 80)]
    assert spikes(nightly) == []


def test_less_than_fifty_in_an_hour_is_none():
    assert spikes(sent("2026-03-05 02:00", 49)) == []


def test_a_log_of_a_day_has_no_usual():
    assert spikes(sent("2026-03-02 02:00", 80), days=1) == []


def test_mail_among_ourselves_is_none():
    assert spikes(sent("2026-03-05 02:00", 80, recipient_side="inside")) == []


def test_what_a_list_of_ours_sent_on_is_none():
    assert spikes(sent("2026-03-05 02:00", 80, original_side="inside")) == []


def test_a_host_without_a_login_is_named_by_its_address_and_a_user_by_the_id():
    host = sent("2026-03-05 02:00", 80, auth_user=None)
    web = sent("2026-03-04 02:00", 80, auth_user=None, client_ip=None, submission="local", uid=33)
    told = {(found["subject"], found["subject_kind"]) for found in spikes(host + web)}
    assert told == {("10.0.0.9", "ip"), ("33", "uid")}


def test_a_network_is_told_of_where_none_of_its_addresses_stands_out():
    rows = [
        row
        for n in range(40)
        for row in sent("2026-03-05 02:00", 2, auth_user=None, client_ip=f"203.0.113.{n}")
    ]
    (found,) = spikes(rows)
    assert (found["subject"], found["subject_kind"]) == ("203.0.113.0/24", "network")
    assert found["recipients"] == 80


def test_sources_of_which_few_lie_in_memory_together_have_a_spike_each(monkeypatch):
    monkeypatch.setattr(spikes_module, "AT_ONCE", 2 * 6 * 24)  # two sources of six days
    names = [f"h{n}" for n in range(5)]
    times = BEGINS + pd.Timedelta(hours=50) + pd.to_timedelta(range(LEAST), unit="s")
    rows = pd.MultiIndex.from_product([names, times], names=["who", "received"]).to_frame(False)
    assert hourly(rows, BEGINS, BEGINS + 5 * DAY)["who"].tolist() == names
