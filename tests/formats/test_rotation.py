"""Which files are parts of one rotated log, and which parts are not among the evidence?"""

import pandas as pd
import pyarrow as pa
import pytest

from analyzer.formats.rotation import absent_parts, rotated


def absent(**hours):
    """What is missing of files, written in these hours, `_` for a dot."""
    logs = {}
    for name, hour in hours.items():
        time = pd.Timestamp("2026-12-07", tz="UTC") + pd.Timedelta(hours=hour)
        table = pa.table({"server": ["mx1"], "time": pa.array([time], pa.timestamp("us", "UTC"))})
        logs[name.replace("_", ".")] = {"client": table}
    return absent_parts(logs)["absent"].tolist()


@pytest.mark.parametrize(
    "files",
    [
        {"mail_log_1": 3, "mail_log_4_gz": 1},
        {"mail_1_log": 3, "mail_4_log_xz": 1},
        {"mail_log_1": 3, "mail_log_4": 1, "other_log_2": 2},
    ],
)
def test_numbers_left_out_are_absent_parts(files):
    assert absent(**files) == [[2, 3]]


def test_the_log_still_written_to_comes_before_the_first_part():
    assert absent(mail_log=3, mail_log_2=1) == [[1]]


@pytest.mark.parametrize(
    "files",
    [
        {"mail_log": 3, "mail_log_1": 2, "mail_log_2_gz": 1},
        {"mail_log_1": 1, "mail_log_3": 3},
        {"20261201_log": 1, "20261204_log": 4},
        {"mail_log_3": 1},
        {"mx1_10_log": 1, "mx2_12_log": 1},
        {"192_0_2_1_log": 4, "192_0_2_4_log": 1},
    ],
    ids=["all are there", "they are of no age", "dates", "one alone", "two logs", "hosts"],
)
def test_nothing_is_absent_where(files):
    assert absent(**files) == []


@pytest.mark.parametrize(
    "parts",
    [
        ["mail.log.10.gz", "mail.log.2.gz", "mail.log.1", "mail.log"],
        ["mail.10.log", "mail.2.log.xz", "mail.log"],
        ["maillog-20251228.gz", "maillog-20260104", "maillog"],
        ["mail-20251228-1766880000.log", "mail-20251228-1766890000.log", "mail.log"],
    ],
)
def test_a_rotated_log_is_known_by_the_names_of_its_parts(parts):
    assert rotated(parts) == [parts]


@pytest.mark.parametrize(
    "names",
    [
        ["192.0.2.1.log", "192.0.2.2.log"],
        ["mx1/mail.log", "mx2/mail.log.1"],
        ["20251228.log", "20260104.log"],
        ["", "."],
        ["\n.1", "a" * 100_000],
    ],
    ids=["hosts", "folders", "days", "of nothing", "of a stranger"],
)
def test_other_names_are_no_parts_of_one(names):
    assert rotated(names) == [[name] for name in names]
