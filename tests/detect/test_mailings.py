"""Is it a mailing of ours to an old list?"""

import pandas as pd
import pytest

from tests.detect.login_mail import HOST, START, USER, judged, letters, verdicts

BY_DAY = {"received": lambda n: START + pd.Timedelta(days=3) + n * pd.Timedelta(seconds=10)}
NEWS = {"origin_sender": "news@corp.example"}
TO = ("recipient", "original_recipient")


def dead_in(number):
    """Every so manieth recipient does not exist."""
    return {
        "status": lambda n: "delivered" if n % number else "bounced",
        "dsn": lambda n: "2.0.0" if n % number else "5.1.1",
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


@pytest.mark.parametrize(
    ("source", "else_it_is"), [(HOST, "probable"), (USER, "confirmed")], ids=["a host", "a script"]
)
@pytest.mark.parametrize(
    ("answered", "excused"),
    [(answers(10, 4), True), (answers(4, 4), False), (answers(10, -1), False)],
    ids=["readers write back", "few do", "they wrote before"],
)
def test_a_mailing_that_is_answered_may_be_to_an_older_list(source, else_it_is, answered, excused):
    before = [row | source for row in orders()]
    mailing = letters(1500, **source, **BY_DAY, **NEWS, **dead_in(5))
    found = verdicts(before + mailing + answered)
    assert set(found.values()) <= {"possible"} if excused else else_it_is in found.values()


def test_who_writes_to_somebody_else_of_us_does_not_answer():
    elsewhere = [row | dict.fromkeys(TO, "jo@corp.example") for row in answers(10, 4)]
    mailing = letters(1500, **HOST, **BY_DAY, **NEWS, **dead_in(5))
    assert "probable" in verdicts([row | HOST for row in orders()] + mailing + elsewhere).values()


def test_answers_do_not_excuse_a_list_of_whom_a_third_do_not_exist():
    mailing = letters(900, **USER, **BY_DAY, **NEWS, **dead_in(3))
    found = verdicts([row | USER for row in orders()] + mailing + answers(10, 4))
    assert found == {"33": "confirmed"}


@pytest.mark.parametrize(
    ("source", "others", "worst"),
    [(HOST, [], "possible"), (HOST, [NEWS], "confirmed"), (USER, [], "possible")],
    ids=["a host", "under a colleague's name", "a script"],
)
def test_the_first_mailing_under_a_new_name_of_ours_may_be_to_an_old_list(source, others, worst):
    before = [row | source for row in orders()]
    colleague = [row | name for name in others for row in letters(3)]
    mailing = letters(1500, **source, **BY_DAY, **NEWS, **dead_in(9))
    found = verdicts(before + colleague + mailing)
    assert set(found.values()) == {worst}


def test_the_first_mailing_of_a_login_from_the_only_place_that_it_has_may_be_to_an_old_list():
    hoster = {"client_ip": "203.0.113.9", "client_side": "outside"}
    first = letters(900, **hoster, **BY_DAY, **dead_in(9))
    assert set(verdicts(first).values()) <= {"possible"}


def test_of_what_only_the_dead_of_a_mailing_prove_the_finding_says_that_its_owner_be_asked():
    mail = [row | HOST for row in orders()] + letters(900, **HOST, **BY_DAY, **NEWS, **dead_in(3))
    (reason,) = judged(mail)[1]["reason"]
    assert "a mailing of its owner's to a very old list would show as much: ask" in reason
