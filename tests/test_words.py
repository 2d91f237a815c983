"""Numbers, sizes, times and spans read alike in every output."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from analyzer import words


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0 messages"), (1, "1 message"), (2_345, "2,345 messages")],
)
def test_a_count_carries_its_unit(value, told):
    assert words.count(value, "message") == told


def test_one_delivery_and_two_deliveries():
    assert (words.count(2, "delivery"), words.count(2, "day")) == ("2 deliveries", "2 days")


def test_one_address_and_two_addresses():
    assert (words.count(1, "address"), words.count(2, "address")) == ("1 address", "2 addresses")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_500, "1.5 kB"),
        (12_400_000, "12.4 MB"),
        (250e6, "250 MB"),
        (3e9, "3.0 GB"),
    ],
)
def test_a_size_takes_the_decimal_unit_that_fits(value, told):
    assert words.size(value) == told


@pytest.mark.parametrize(
    ("part", "told"),
    [(0, "0 %"), (1, "less than 1 %"), (940, "94 %"), (999, "more than 99 %"), (1_000, "all")],
)
def test_a_share_never_rounds_to_nothing_or_to_all(part, told):
    assert words.share(part, 1_000) == told


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=12, seconds=5), "12 min"),
        (timedelta(hours=14, minutes=20), "14 h 20 min"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=3, hours=4), "3 days 4 h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(length, told):
    assert words.span(length) == told


def test_a_moment_names_its_zone():
    assert words.moment(datetime(2026, 12, 8, 5, 3, tzinfo=UTC)) == "8 Dec 2026, 05:03 UTC"


def test_a_listing_ends_with_the_number_it_leaves_out():
    assert words.listing(["a", "b", "c"]) == "a, b and c"
    assert words.listing(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize("time", [None, pd.NaT])
def test_a_missing_time_is_null_for_programs(time):
    assert words.iso(time) is None


def test_a_name_with_hyphens_stays_whole_on_a_terminal():
    name = "mail-gateway-of-the-house.example"
    assert name in words.wrapped(f"{'word ' * 12}{name}", rest="  ")[1].split()
