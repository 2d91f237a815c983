"""Laws are listed with maximum, date and source, by door; never times a count, in no sum."""

import pandas as pd
import pytest

from analyzer.impact.legal import exposure, laws

WHEN = pd.Timestamp("2026-12-01T00:00:00Z")


def applies(*doors):
    return {law["law"]: law["applies"] for law in exposure(doors, WHEN)["laws"]}


def test_a_relay_that_strangers_used_is_not_who_sent():
    assert applies("open_relay")["CAN-SPAM Act"] == "no"


def test_a_stolen_login_can_be_a_breach_of_personal_data():
    assert applies("stolen_account")["GDPR, Articles 32 to 34 and 83"] == "yes"
    assert applies("open_relay")["GDPR, Articles 32 to 34 and 83"] == "no"
    assert applies("open_relay", "stolen_account")["GDPR, Articles 32 to 34 and 83"] == "yes"


def test_without_abuse_no_law_applies():
    assert set(applies().values()) == {"no"}


@pytest.mark.parametrize("law", laws(), ids=lambda law: law["law"])
def test_every_figure_has_a_source_and_a_date(law):
    assert law["checked_on"]
    assert law["source"].startswith("https://") or "value" not in law
    assert law["meaning"]
    assert law["depends_on"]


@pytest.mark.parametrize(("days", "stale"), [(0, False), (180, False), (181, True)])
def test_a_figure_that_was_checked_long_before_the_log_is_said_to_be_old(days, stale):
    when = pd.Timestamp("2026-11-24", tz="UTC") + pd.Timedelta(days=days)
    assert {law["stale"] for law in exposure((), when)["laws"]} == {stale}
