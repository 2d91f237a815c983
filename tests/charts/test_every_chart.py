"""Every chart tells its finding, in words too, and looks the same each time."""

from __future__ import annotations

import io
import itertools
from datetime import UTC, datetime, timedelta

import matplotlib as mpl
import pyarrow as pa
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analyzer import schema
from analyzer.charts import CHARTS, draw, style

START = datetime(2026, 12, 8, 5, tzinfo=UTC)
RELAYED = {
    "hour": START,
    "client_ip": "203.0.113.7",
    "verdict": "abusive",
    "mechanism": "open_relay",
    "messages": 90,
    "recipients": 400,
    "bytes_in": 1_000_000,
    "bytes_out": 2_000_000,
    "bytes_out_most": 5_000_000,
}
ORDINARY = RELAYED | {
    "client_ip": "198.51.100.9",
    "verdict": "legitimate",
    "mechanism": None,
    "messages": 10,
    "recipients": 10,
}
NAMES = [chart.__name__ for chart in CHARTS]


def volume(*rows):
    """VOLUME rows."""
    data = {
        field.name: pa.array([row[field.name] for row in rows], field.type)
        for field in schema.VOLUME
    }
    return pa.table(data, schema=schema.VOLUME)


def chart(name, *rows):
    return next(chart for chart in draw(volume(*rows)) if chart.name == name)


def test_the_share_of_relayed_mail_is_the_title():
    assert chart("relayed_mail", RELAYED, ORDINARY).title == (
        "90 % of the mail of one hour was relayed for strangers"
    )


def test_the_share_counts_only_the_hours_in_which_the_door_was_used():
    later = ORDINARY | {"hour": START + timedelta(hours=3), "messages": 5_000}
    assert chart("relayed_mail", RELAYED, ORDINARY, later).title.startswith("90 %")


def test_notices_are_a_consequence_and_do_not_dilute_the_share():
    notice = RELAYED | {
        "client_ip": None,
        "mechanism": "backscatter",
        "hour": START + timedelta(hours=9),
    }
    assert "relayed for strangers" in chart("relayed_mail", RELAYED, ORDINARY, notice).title


def test_an_innocent_log_says_how_much_was_read():
    assert chart("relayed_mail", ORDINARY).title == "None of 10 messages was judged abusive"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("relayed_mail", "Possibly, 90 % of the mail of one hour was relayed for strangers"),
        ("top_sources", "One address, 203.0.113.7, accounts for all of the possible abuse"),
        ("source_hours", "1 possibly abusive address was at work in 1 of 1 hours"),
    ],
)
def test_where_nothing_firmer_was_found_the_charts_say_possibly(name, title):
    assert chart(name, RELAYED | {"verdict": "unclear"}, ORDINARY).title == title


def test_what_is_unclear_stays_out_of_the_title_where_something_is_certain():
    unclear = ORDINARY | {"verdict": "unclear", "mechanism": "open_relay"}
    assert chart("relayed_mail", RELAYED, unclear).title.startswith("90 % of the mail")


def test_both_bounds_of_the_bytes_sent_are_in_the_title():
    assert chart("bandwidth", RELAYED).title == (
        "The abuse brought in 1.0 MB and sent out at least 2.0 MB, at most 5.0 MB"
    )


def test_twelve_sources_are_shown_and_the_rest_is_one_row():
    rows = [RELAYED | {"client_ip": f"203.0.113.{n}", "recipients": 100 - n} for n in range(40)]
    drawn = chart("top_sources", *rows)
    labels = [label.get_text() for label in drawn.figure.axes[0].get_yticklabels()]
    assert len(labels) == 13
    assert labels[-1] == "28 others"


def test_the_worst_source_comes_first_however_much_ordinary_mail_another_has():
    busy = ORDINARY | {"recipients": 9_999}
    drawn = chart("top_sources", busy, RELAYED)
    assert drawn.figure.axes[0].get_yticklabels()[0].get_text() == "203.0.113.7"


@pytest.mark.parametrize(
    ("span", "told"),
    [
        (timedelta(days=3), "an hour"),
        (timedelta(days=30), "6 hours"),
        (timedelta(days=120), "a day"),
        (timedelta(days=900), "7 days"),
    ],
)
def test_a_longer_log_gets_wider_bars_and_the_axis_says_how_wide(span, told):
    drawn = chart("relayed_mail", RELAYED, ORDINARY | {"hour": START + span})
    assert drawn.figure.axes[0].get_ylabel() == f"messages in {told}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "rows",
    [
        [],
        [RELAYED | {"hour": None}],
        [RELAYED | dict.fromkeys(("bytes_in", "bytes_out", "bytes_out_most", "recipients"), 0)],
        [RELAYED | {"client_ip": None}],
        [RELAYED, ORDINARY | {"hour": datetime(1999, 1, 1, tzinfo=UTC)}],
        [RELAYED | {"client_ip": "<$x_1$> \x1b[31m\u202e" + "a" * 180}],
        [RELAYED | {"mechanism": "stolen_account"}, RELAYED],
        [RELAYED | {"verdict": "unclear", "mechanism": None}],
    ],
    ids=[
        "the log is empty",
        "no time is known",
        "nothing was counted",
        "mail was made on the server",
        "one message is decades away",
        "an address is hostile",
        "two doors were used",
        "nothing is clear",
    ],
)
def test_it_is_drawn_and_told_in_words_when(name, rows):
    drawn = chart(name, *rows)
    assert drawn.title
    assert drawn.title in drawn.alt
    assert "\x1b" not in drawn.alt


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_picture_each_time_whatever_the_reader_has_set(name):
    def picture():
        drawn = chart(name, RELAYED, ORDINARY)
        file = io.BytesIO()
        drawn.figure.savefig(file, format="png", metadata={"Software": None})
        return file.getvalue()

    first = picture()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "axes.grid": True}):
        assert picture() == first


def test_drawing_leaves_the_readers_settings_alone():
    before = dict(mpl.rcParams)
    draw(volume(RELAYED))
    assert dict(mpl.rcParams) == before


def test_no_title_or_label_leaves_the_sheet():
    for drawn in draw(volume(RELAYED | {"client_ip": "2001:db8:1234:5678:9abc:def0:1234:5678"})):
        canvas = FigureCanvasAgg(drawn.figure)
        renderer, sheet = canvas.get_renderer(), drawn.figure.bbox
        for part in [*drawn.figure.axes, *drawn.figure.texts]:
            box = part.get_tightbbox(renderer)
            assert sheet.x0 - 1 <= box.x0 < box.x1 <= sheet.x1 + 1, drawn.name
            assert sheet.y0 - 1 <= box.y0 < box.y1 <= sheet.y1 + 1, drawn.name


def test_the_three_verdicts_differ_in_grey_print():
    def grey(color):
        red, green, blue = mpl.colors.to_rgb(color)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    shades = sorted(grey(color) for color in style.VERDICTS.values())
    assert min(b - a for a, b in itertools.pairwise(shades)) > 0.12
