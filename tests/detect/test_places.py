"""From where does a login send: from home in the evening, or from where nobody can be?"""

import pandas as pd

from tests.detect.login_mail import HOME, START, STRANGE, doors, later, letters, verdicts


def over_days(number, a_day):
    """So many messages, *a_day* of them on each day."""
    return {"received": lambda n: START + pd.Timedelta(days=n // a_day, minutes=5 * (n % a_day))}


DESK = {"client_ip": HOME, "address_side": "inside"}
APPLICANTS = {"recipient": lambda n: f"applicant{n}@near{n % 9}.example"}


def test_who_goes_on_from_home_on_one_evening_is_no_more_than_possible():
    office = letters(40, **DESK, **APPLICANTS, **over_days(40, 5))
    evening = {
        "client_ip": STRANGE.format(3),
        "recipient": lambda n: f"applicant{n + 40}@near{n % 9}.example",
        "received": lambda n: START + pd.Timedelta(days=4, hours=11, seconds=15 * n),
    }
    assert set(verdicts(office + letters(300, **evening)).values()) <= {"possible"}


def test_a_thief_who_forges_is_found_where_he_writes_to_people_whom_the_owner_knows():
    friends = {"recipient": lambda n: f"friend{n % 3}@far.example"}
    office = letters(60, **DESK, **friends, **over_days(60, 8))
    half = {
        "origin_sender": lambda n: f"boss{n}@firm{n}.test" if n % 2 else "ann@corp.example",
        "sender_side": lambda n: "outside" if n % 2 else "inside",
        "client_ip": lambda n: STRANGE.format(n % 19),
    }
    thief = later(letters(120, **half, **friends), days=4)
    told = doors(office + thief)
    assert told.count("stolen_account") == 120


def test_nobody_is_in_so_many_parts_of_the_world_in_a_day_though_he_writes_to_her_friends():
    friends = {"recipient": lambda n: f"friend{n % 3}@far.example"}
    half = {"recipient": lambda n: f"friend{n % 3}@far.example" if n % 2 else f"new{n}@far.example"}
    office = letters(80, **DESK, **friends, **over_days(80, 8))
    everywhere = {"client_ip": lambda n: f"{11 + n % 19}.7.3.9"}
    thief = later(letters(120, **everywhere, **half, **over_days(120, 40)), days=5)
    told = doors(office + thief)
    assert told.count("stolen_account") == 120


def test_a_traveller_is_in_a_few():
    friends = {"recipient": lambda n: f"friend{n % 3}@far.example"}
    office = letters(80, **DESK, **friends, **over_days(80, 8))
    journey = {"client_ip": lambda n: f"{11 + n % 6}.7.3.9"}
    away = later(letters(60, **journey, **friends, **over_days(60, 20)), days=5)
    assert verdicts(office + away) == {}


def test_a_mailing_from_home_is_no_more_than_possible_if_the_provider_gives_another_address():
    friends = {"recipient": lambda n: f"friend{n % 3}@far.example"}
    home = letters(40, client_ip="198.51.99.7", **friends, **over_days(40, 5))
    evening = {"received": lambda n: START + pd.Timedelta(days=5, hours=10, seconds=20 * n)}
    mailing = letters(400, client_ip=STRANGE.format(3), **evening)
    assert set(verdicts(home + mailing).values()) <= {"possible"}
