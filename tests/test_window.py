"""Is just the mail of the time asked about judged, and everything else accounted for?"""

import re
from pathlib import Path

import pandas as pd
import pytest

from analyzer import pipeline, site
from analyzer.errors import SettingsError
from analyzer.window import Window

CLEAN = Path(__file__).parents[1] / "sample_logs" / "postfix-clean"
MOMENTS = ["2026-12-06 23:59:59", "2026-12-07", "2026-12-07 23:59:59", "2026-12-08", None]
TIMES = pd.Series(pd.to_datetime(MOMENTS, utc=True, format="ISO8601"))


@pytest.mark.parametrize(
    ("window", "inside"),
    [
        (Window(), "yyyyy"),
        (Window(since="2026-12-07"), "nyyyy"),
        (Window(until="2026-12-07"), "yyyny"),
        (Window("2026-12-07", "2026-12-07"), "nyyny"),
        (Window("2026-12-07T00:00:01Z"), "nnyyy"),
        (Window("2026-12-07 02:00:00+02:00"), "nyyyy"),
        (Window(until="2026-12-07 00:00"), "ynnny"),
    ],
    ids=str,
)
def test_a_day_stands_for_all_of_it_and_an_unknown_time_is_inside(window, inside):
    assert ["ny"[held] for held in window.holds(TIMES, "UTC")] == list(inside)


def test_a_time_without_zone_is_by_the_clock_of_the_site():
    begin, end = Window("2026-12-07", "2026-12-07 12:00").bounds("Europe/Berlin")
    assert (f"{begin:%d %H:%M}", f"{end:%d %H:%M}") == ("06 23:00", "07 11:00")


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "07.12.2026", "2026-12-07 25:00", ""])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(SettingsError, match="--since"):
        Window(since=text)


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(SettingsError, match="ends before it begins"):
        Window("2026-12-08", "2026-12-07")


def analyzed(**window):
    known = site.load(CLEAN / "site.toml")
    return pipeline.analyze([CLEAN / "mail.log.xz"], site=known, window=Window(**window)).case


def test_mail_is_judged_by_when_it_was_received_and_every_line_is_accounted_for():
    whole = analyzed()
    day = f"{whole.deliveries['received'][len(whole.deliveries) // 2].as_py():%Y-%m-%d}"
    parts = [
        analyzed(until=day),
        analyzed(since=f"{pd.Timestamp(day) + pd.Timedelta(days=1):%Y-%m-%d}"),
    ]
    for part in parts:
        (entry,) = part.manifest["inputs"]
        assert (
            entry["parsed"] + entry["ignored"] + entry["blank"] + entry["unread"] == entry["lines"]
        )
        assert 0 < entry["outside_window"] < entry["parsed"]
        assert 0 < len(part.deliveries) < len(whole.deliveries)
    assert sum(len(part.deliveries) for part in parts) == len(whole.deliveries)
    assert sum(len(part.attempts) for part in parts) == len(whole.attempts)
    outside = [part.manifest["inputs"][0]["outside_window"] for part in parts]
    assert sum(outside) == whole.manifest["inputs"][0]["parsed"]
    assert parts[0].manifest["options"]["until"] == day


@pytest.mark.parametrize("window", [{"since": "2031-01-01"}, {"until": "2001-01-01"}])
def test_a_time_of_which_no_line_tells_is_refused_with_the_time_that_the_logs_tell_of(window):
    with pytest.raises(SettingsError, match=r"no line is of the time asked about") as refused:
        analyzed(**window)
    assert re.search(r"The logs go from .* 2026, .* UTC to .* 2026, .* UTC\.", str(refused.value))
