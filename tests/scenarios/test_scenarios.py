"""What must be said of a log of a few lines, and what must not?

A scenario is a log (`NAME.log`, or `NAME.1.log`, `NAME.2.log`, ...) beside `NAME.toml`:

    must        the sentence that the scenario proves
    scenarios   which questions of a responder it stands for, A1 to A26
    year        year of the first line; 2026 if not said
    [site]      keys that differ from site.toml, "unknown" leaves one out;
                site = "unknown" states nothing at all
    unread      lines that may stay unread; none if not said
    never       mechanisms that no row and no finding may have
    messages, deliveries, attempts, sessions, queue
                every row of that table, in order, with the columns that matter;
                a table that is not said is not looked at
    findings    every finding of the detectors in ASKED, said or not, and of those named here
    xfail       why the product does not say so yet

"null" stands for null. A time is written `2026-12-07 10:00:00`, in UTC.
"""

import tomllib
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from analyzer import pipeline
from analyzer.site import Site

HERE = Path(__file__).parent
SCENARIOS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in HERE.glob("*.toml")}
SITE = SCENARIOS.pop("site")
ASKED = {"open_relay", "backscatter", "relay_probes", "clock", "two_readings"}
KEY = ["server", "queue_id", "received", "recipient"]  # of DELIVERIES
TABLES = ("messages", "deliveries", "attempts", "sessions", "findings", "queue")
KEYS = {"must", "scenarios", "year", "site", "unread", "never", "xfail", *TABLES}


def marked(name):
    reason = SCENARIOS[name].get("xfail")
    return pytest.param(name, marks=pytest.mark.xfail(reason=reason)) if reason else name


def site_of(scenario):
    differences = scenario.get("site", {})
    if differences == "unknown":
        return None
    return Site(**{key: said for key, said in (SITE | differences).items() if said != "unknown"})


def logs_of(name):
    return sorted(HERE.glob(f"{name}.log")) + sorted(HERE.glob(f"{name}.[0-9].log"))


def plain(value):
    """A value of a table as a scenario writes it."""
    if isinstance(value, list):
        return value
    if pd.isna(value):
        return "null"
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value


def rows_of(table, scenario):
    rows = table.to_pylist()
    if "detector" in table.column_names:
        asked = ASKED | {row["detector"] for row in scenario.get("findings", [])}
        rows = [row for row in rows if row["detector"] in asked]
    return [{name: plain(value) for name, value in row.items()} for row in rows]


def as_said(found, expected):
    """Each found row with the columns that the expected row in its place names."""
    more = [{"detector": None, "recipient": None}] * (len(found) - len(expected))
    return [
        {column: row[column] for column in names if column in row}
        for row, names in zip(found, [*expected, *more], strict=False)
    ]


@pytest.mark.parametrize("name", [marked(name) for name in sorted(SCENARIOS)])
def test_the_log_says(name):
    scenario = SCENARIOS[name]
    year = scenario.get("year", 2026)
    case = pipeline.analyze(logs_of(name), site=site_of(scenario), year=year).case
    for table in [table for table in TABLES if table in scenario or table == "findings"]:
        expected = scenario.get(table, [])
        found = rows_of(getattr(case, table), scenario)
        assert as_said(found, expected) == expected, f"{table}: {scenario['must']}"
    assert case.unread.num_rows == scenario.get("unread", 0), case.unread["text"].to_pylist()
    said = {*case.deliveries["mechanism"].to_pylist(), *case.findings["mechanism"].to_pylist()}
    assert said.isdisjoint(scenario.get("never", [])), scenario["must"]
    rows = case.deliveries.select(KEY).to_pandas()
    assert not rows.duplicated().any(), "a row is told by the columns that the schema declares"


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_scenario_is_well_formed(name):
    scenario = SCENARIOS[name]
    assert scenario["must"].endswith(".")
    assert set(scenario) <= KEYS
    assert logs_of(name)


def test_every_log_belongs_to_a_scenario():
    assert {path.name.partition(".")[0] for path in HERE.glob("*.log")} == set(SCENARIOS)


def test_the_questions_of_responders_that_a_few_lines_of_log_can_ask_are_asked():
    elsewhere = {15, 16, 18, 26}  # tests/formats, tests/messages (Exchange), tests/report
    asked = {name for scenario in SCENARIOS.values() for name in scenario.get("scenarios", [])}
    assert asked == {f"A{number}" for number in range(1, 27) if number not in elsewhere}
