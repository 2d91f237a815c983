"""Are the senders of ours under which a machine of ours sends anybody's?"""

import pandas as pd
import pytest

from tests.detect.login_mail import HOST, START, USER, letters, verdicts

NAMES = [f"{a}{b}{c}" for a in "bdfgh" for b in "aeiou" for c in "lmnrst"]
COLLEAGUES = ("ann", "bob", "cid", "dan")
NIGHT = {"received": lambda n: START + pd.Timedelta(days=3, hours=13, seconds=30 * n)}
INVENTED = {"origin_sender": lambda n: f"{NAMES[n % 150]}{n % 7}@corp.example"}


def people(gets_mail=True):
    """Four of us, who send on five days and get mail."""
    who = {
        "auth_user": lambda n: COLLEAGUES[n % 4],
        "client_ip": lambda n: f"10.0.0.{n % 4 + 20}",
        "origin_sender": lambda n: f"{COLLEAGUES[n % 4]}@corp.example",
        "address_side": "inside",
    }
    sent = letters(40, **who, received=lambda n: START + pd.Timedelta(hours=3 * n))
    stranger = {"auth_user": None, "client_ip": "203.0.113.9", "client_side": "outside"}
    to_us = {"recipient_side": "inside", "original_side": "inside", "sender_side": "outside"}
    name = {"recipient": lambda n: f"{COLLEAGUES[n % 4].upper()}@corp.example"}
    got = letters(8, **stranger, **to_us, **name, origin_sender="friend@far.example")
    return sent + got if gets_mail else sent


@pytest.mark.parametrize("source", [HOST, USER], ids=["a host", "a script"])
def test_many_names_that_nobody_else_knows_are_invented(source):
    assert list(verdicts(people() + letters(600, **source, **NIGHT, **INVENTED)).values()) == [
        "confirmed"
    ]


@pytest.mark.parametrize(
    "names",
    [
        {"origin_sender": lambda n: f"bounce+{NAMES[n % 150]}@corp.example"},
        {"origin_sender": lambda n: f"bounce-{n}@corp.example"},
        {"origin_sender": lambda n: f"{NAMES[n % 8]}@corp.example"},
    ],
    ids=["they are tags", "they differ in numbers alone", "they are few"],
)
def test_names_of_a_mailing_are_not(names):
    assert set(verdicts(people() + letters(600, **HOST, **NIGHT, **names)).values()) <= {"possible"}


def test_where_nobody_gets_mail_here_nothing_is_known_of_names():
    flood = letters(600, **HOST, **NIGHT, **INVENTED)
    assert set(verdicts(people(gets_mail=False) + flood).values()) <= {"possible"}


def test_a_mail_server_of_ours_has_as_many_names_every_day():
    daily = {"received": lambda n: START + pd.Timedelta(days=n // 60, minutes=n % 60)}
    mail = letters(300, **HOST, **daily, origin_sender=lambda n: f"{NAMES[n % 150]}@corp.example")
    assert verdicts(people() + mail) == {}


def test_a_flood_under_the_name_of_the_server_itself_is_possible():
    cron = {"received": lambda n: START + pd.Timedelta(hours=3 * n)}
    to_us = {"recipient": "root@corp.example", "recipient_side": "inside"}
    ours = to_us | {"original_recipient": "root@corp.example", "original_side": "inside"}
    for sender in ("www-data@mx1.corp.example", "www-data"):
        own = {"origin_sender": sender}
        rows = letters(40, **USER, **own, **cron, **ours) + letters(600, **USER, **own, **NIGHT)
        assert verdicts(rows) == {"33": "possible"}
    own = {"origin_sender": "shop@corp.example"}
    rows = letters(40, **USER, **own, **cron, **ours) + letters(600, **USER, **own, **NIGHT)
    assert verdicts(rows) == {}
