"""Which second do queue ids of Sendmail hold, and which year does that tell?"""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from analyzer import formats
from analyzer.formats.queue_ids import SENDMAIL_DIGITS

BODY = "size=1, class=0, nrcpts=1, msgid=<1@a.example>, proto=ESMTP, daemon=MTA, relay=[192.0.2.7]"


def queue_id(text):
    """The id that Sendmail gives at that second of UTC."""
    t = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    parts = ((t.year - 1900) % 60, t.month - 1, t.day, t.hour, t.minute, t.second)
    return "".join(chr(SENDMAIL_DIGITS[part]) for part in parts) + "aa002101"


def log(*stamps_and_ids):
    text = "".join(
        f"{stamp} mx1 sm-mta[11]: {name}: from=<ann@a.example>, {BODY}\n"
        for stamp, name in stamps_and_ids
    )
    return formats.joined("maillog", [formats.read_syslog("maillog", 1, 0, text.encode())])


def year(*stamps_and_ids):
    told = formats.years([log(*stamps_and_ids)], None, {}).get("maillog")
    return told and told.year


@pytest.mark.parametrize(
    ("stamp", "name", "told"),
    [
        ("Jul 28 06:55:13", "h6SDtCtg028877", "2003-07-28 13:55:12"),
        ("Sep 30 04:21:32", "g8U2LVi03161", "2002-09-30 02:21:31"),
        ("Mar  6 16:55:28", "v26LtRAB123456", "2017-03-06 21:55:27"),
    ],
    ids=["8.12", "8.11", "2017"],
)
def test_an_id_holds_the_second_it_was_given(stamp, name, told):
    seconds, holds = formats.queue_ids.sendmail(pa.array([name]))
    assert holds.tolist() == [True]
    assert str(np.datetime64(int(seconds[0]), "s")) == told.replace(" ", "T")
    assert year((stamp, name)) == int(told[:4])


def test_an_id_of_8_9_holds_no_second():
    assert year(("Jul 28 06:55:13", "LAA12345")) is None


def test_over_new_year_it_is_the_year_of_the_first_line():
    assert (
        year(
            ("Dec 31 23:59:58", queue_id("2026-12-31 23:59:58")),
            ("Jan  1 00:00:02", queue_id("2027-01-01 00:00:02")),
        )
        == 2026
    )


def test_at_new_year_the_zone_may_be_in_the_next_year_already():
    assert year(("Jan  1 00:30:00", queue_id("2026-12-31 23:30:00"))) == 2027


def test_a_log_whose_stamps_lie_days_from_its_ids_tells_no_year():
    assert year(("Jul 28 06:55:13", queue_id("2026-07-20 06:55:13"))) is None
