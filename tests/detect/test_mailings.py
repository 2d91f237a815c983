"""Is it a mailing of ours to an old list?"""

import pandas as pd
import pytest

from tests.detect.login_mail import DEAD, HOST, START, USER, letters, verdicts

BY_DAY = {"received": lambda n: START + pd.Timedelta(days=3) + n * pd.Timedelta(seconds=10)}
NEWS = {"origin_sender": "news@corp.example"}
TO = ("recipient", "original_recipient")
DEAD_IN_8 = {
    "status": lambda n: "delivered" if n % 8 else "bounced",
    "dsn": lambda n: "2.0.0" if n % 8 else "5.1.1",
}


def orders():
    """What the same source sends on the days before, to friends."""
    friends = {name: lambda n: f"friend{n % 3}@far.example" for name in TO}
    return [
        row | {"received": START + n * pd.Timedelta(hours=2)}
        for n, row in enumerate(letters(36, origin_sender="shop@corp.example", **friends))
    ]


def answers(number, days):
    """Readers write back to the sender, so many days from the beginning on."""
    stranger = {"auth_user": None, "client_ip": "203.0.113.9", "client_side": "outside"}
    to_us = {"recipient": "news@corp.example", "recipient_side": "inside"}
    ours = to_us | {"original_recipient": "news@corp.example", "original_side": "inside"}
    reader = {"origin_sender": lambda n: f"person{n * 8 + 1}@far{(n * 8 + 1) % 7}.example"}
    when = {"received": lambda n: START + pd.Timedelta(days=days, minutes=n)}
    return letters(number, **stranger, **ours, **reader, **when, sender_side="outside")


@pytest.mark.parametrize("source", [HOST, USER], ids=["a host", "a script"])
@pytest.mark.parametrize(
    ("answered", "worst"),
    [(answers(10, 4), "possible"), (answers(4, 4), "confirmed"), (answers(10, -1), "confirmed")],
    ids=["readers write back", "few do", "they wrote before"],
)
def test_a_mailing_that_is_answered_may_be_to_an_older_list(source, answered, worst):
    before = [row | source for row in orders()]
    mailing = letters(1500, **source, **BY_DAY, **NEWS, **DEAD_IN_8)
    found = verdicts(before + mailing + answered)
    assert set(found.values()) <= {"possible"} if worst == "possible" else worst in found.values()


def test_who_writes_to_somebody_else_of_us_does_not_answer():
    elsewhere = [row | dict.fromkeys(TO, "jo@corp.example") for row in answers(10, 4)]
    mailing = letters(1500, **HOST, **BY_DAY, **NEWS, **DEAD_IN_8)
    assert "confirmed" in verdicts([row | HOST for row in orders()] + mailing + elsewhere).values()


def test_answers_do_not_excuse_a_list_of_whom_a_third_do_not_exist():
    third = DEAD | {name: lambda n, of=DEAD[name]: of(n % 3 * 4) for name in DEAD}
    mailing = letters(900, **USER, **BY_DAY, **NEWS, **third)
    found = verdicts([row | USER for row in orders()] + mailing + answers(10, 4))
    assert found == {"33": "confirmed"}
