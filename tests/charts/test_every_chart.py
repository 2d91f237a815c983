"""Every chart tells its finding, in words too, and looks the same each time."""

from __future__ import annotations

import io
import itertools
from datetime import UTC, datetime, timedelta

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analyzer.charts import draw, style
from tests.charts.rows import ORDINARY, RELAYED, SENT, START, case, table

HOUR = timedelta(hours=1)
FATES = ["delivered", "bounced", "deferred", "expired", "held"]
REASON = {"kind": "limit", "verdict": "confirmed", "subject": "mx1", "subject_kind": "server"}
LISTED = {"provider": "Spamhaus", "first": "2026-12-08T07:00:00Z", "last": "2026-12-09T07:00:00Z"}
NAMES = ["relayed_mail", "top_sources", "source_hours", "bandwidth"]  # of VOLUME alone


def chart(name, *rows):
    return draw(case(volume=rows), [name])[0]


def full(client="203.0.113.7", receiver="mx.big.example[192.0.2.1]:25"):
    """A case for which every chart is drawn."""
    usual = [ORDINARY | {"hour": START + timedelta(hours=n)} for n in range(-48, 48)]
    fates = [SENT | {"client_ip": client, "relay": receiver, "status": s} for s in FATES]
    gap = {
        "detector": "log_gap",
        "finding_id": "log_gap-1",
        "first_seen": START,
        "last_seen": START,
    }
    door = gap | {"detector": "door", "finding_id": "door-1", "first_seen": START - HOUR}
    return case(
        volume=[*usual, RELAYED | {"client_ip": client}],
        deliveries=[
            *fates,
            SENT | {"flow": "outbound", "verdict": "legitimate", "mechanism": None},
        ],
        findings=[gap | REASON, door | REASON],
        attempts=[{"time": START + HOUR, "kind": "relay_denied", "repeat": 1}],
        blocklists=[LISTED],
    )


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


def test_the_mail_that_notices_are_about_is_drawn_among_the_other_mail():
    came = RELAYED | {"mechanism": "backscatter"}
    notice = came | {"client_ip": None, "messages": 10}
    told = chart("relayed_mail", came, notice).title
    assert told == "10 % of the mail of one hour was notices to strangers"


@pytest.mark.parametrize(("incident", "hours"), [("incident-1", 1), ("incident-2", 4)])
def test_notices_about_other_mail_are_abuse_and_those_about_it_its_consequence(incident, hours):
    notice = {"mechanism": "backscatter", "client_ip": None, "hour": START - 3 * HOUR}
    told = [
        REASON | {"kind": "abuse", "mechanism": mechanism, "incident": name, "detector": mechanism}
        for mechanism, name in (("open_relay", "incident-1"), ("backscatter", incident))
    ]
    (drawn,) = draw(case(volume=[RELAYED, RELAYED | notice], findings=told), ["incident"])
    assert f"within {hours} h" in drawn.title


def test_an_innocent_log_says_how_much_was_read():
    assert chart("relayed_mail", ORDINARY).title == "None of 10 messages was judged abusive"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("relayed_mail", "Possibly, 90 % of the mail of one hour was relayed for strangers"),
        ("top_sources", "One address, 203.0.113.7, accounts for all of the possible abuse"),
        ("source_hours", "1 possibly abusive address was at work in 1 of 1 hour"),
    ],
)
def test_where_nothing_firmer_was_found_the_charts_say_possibly(name, title):
    assert chart(name, RELAYED | {"verdict": "unclear"}, ORDINARY).title == title


def test_what_is_unclear_stays_out_of_the_title_where_something_is_certain():
    unclear = ORDINARY | {"verdict": "unclear", "mechanism": "open_relay"}
    assert chart("relayed_mail", RELAYED, unclear).title.startswith("90 % of the mail")


def test_both_bounds_of_the_bytes_sent_are_in_the_title():
    assert chart("bandwidth", RELAYED).title == (
        "The abuse brought in 1.0 MB; other hosts took at least 2.0 MB, at most 5.0 MB"
    )


def test_where_no_transfer_is_counted_at_all_none_is_said_to_be_zero():
    unseen = {"bytes_out": 0, "bytes_out_most": 0}
    title = chart("bandwidth", RELAYED | unseen, ORDINARY | unseen).title
    assert title == "The abuse brought in 1.0 MB; what was sent is not counted"


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
    draw(case(volume=[RELAYED]))
    assert dict(mpl.rcParams) == before


def test_no_title_or_label_leaves_the_sheet():
    for drawn in draw(full("2001:db8:1234:5678:9abc:def0:1234:5678")):
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


def test_every_chart_is_drawn_where_there_is_something_to_show():
    assert [drawn.name for drawn in draw(full())] == [
        "incident",
        "relayed_mail",
        "top_sources",
        "source_hours",
        "carried",
        "recipient_domains",
        "receivers_answers",
        "bandwidth",
        "before_after",
    ]


def test_an_innocent_log_has_no_chart_of_abuse():
    innocent = SENT | {"flow": "outbound", "verdict": "legitimate", "mechanism": None}
    names = [drawn.name for drawn in draw(case(volume=[ORDINARY], deliveries=[innocent]))]
    assert names == [
        "relayed_mail",
        "top_sources",
        "source_hours",
        "receivers_answers",
        "bandwidth",
    ]


def test_each_says_how_much_was_read_in_which_zone_and_that_lines_are_missing():
    for drawn in draw(full()):
        assert "100 lines read, 6 Dec 2026, 05:00 UTC to 10 Dec 2026, 05:00 UTC" in drawn.alt
        assert "log lines are missing: counts are lower bounds" in drawn.alt


def test_stretches_without_lines_are_hatched():
    labels = chart_of(full(), "relayed_mail").figure.axes[0].get_legend_handles_labels()[1]
    assert "log lines missing" in labels


def chart_of(made, name):
    return draw(made, [name])[0]


def test_the_lanes_of_an_incident_tell_each_span_in_words():
    alt = chart_of(full(), "incident").alt
    assert "Door moved: 8 Dec 2026, 04:00 UTC to 8 Dec 2026, 05:00 UTC (door-1)" in alt
    assert "Spamhaus refuses: 8 Dec 2026, 07:00 UTC to 9 Dec 2026, 07:00 UTC" in alt


def test_after_the_abuse_the_same_hours_are_compared_and_the_interval_said():
    title = chart_of(full(), "before_after").title
    assert title.startswith("After the abuse, ordinary mail was 1.00 times (95 % interval 0.")


def test_a_log_that_ends_with_the_abuse_has_no_after():
    usual = [ORDINARY | {"hour": START - timedelta(hours=n)} for n in range(1, 48)]
    ends = {"path": "mail.log", "lines": 9, "first": "2026-12-06T05:00:00Z"}
    made = case(volume=[*usual, RELAYED], inputs=[ends | {"last": "2026-12-08T05:50:00Z"}])
    assert "before_after" not in [drawn.name for drawn in draw(made)]


STRANGE = "\x1b[31m$x_1$<b>\u202eお支払い계정שלוםمرحباไทยनमस्ते😀"


def test_every_chart_bears_strange_names_of_all_scripts_without_a_word_of_complaint(caplog):
    made = full(STRANGE, f"{STRANGE}.example[192.0.2.1]:25")
    names = {"recipient": f"a@{STRANGE}", "auth_user": STRANGE}
    made.deliveries = table("deliveries", [row | names for row in made.deliveries.to_pylist()])
    made.impact["blocklists"] = [LISTED | {"provider": STRANGE}]
    drawn = draw(made)
    assert len(drawn) == 9
    for chart in drawn:
        assert "\x1b" not in chart.alt
        assert chart._repr_png_().startswith(b"\x89PNG")
    assert caplog.messages == []


def test_a_picture_is_the_same_bytes_each_time():
    first, second = ([chart._repr_png_() for chart in draw(full())] for _ in range(2))
    assert first == second


def test_what_became_of_mail_differs_in_grey_print():
    colors = [mpl.colors.to_rgb(color) for color in style.OUTCOMES.values()]
    shades = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in colors)
    assert min(b - a for a, b in itertools.pairwise(shades)) > 0.12
