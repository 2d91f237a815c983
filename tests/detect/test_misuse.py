"""A login, a host of ours, a user of the server: when did somebody else send?"""

from dataclasses import replace

import pandas as pd
import pytest

from analyzer.detect import judge
from tests.detect.login_mail import (
    DEAD,
    HOME,
    HOST,
    PLAIN,
    START,
    STRANGE,
    USER,
    doors,
    in_turn,
    judged,
    later,
    letters,
    seen,
    verdicts,
)

ROAMING = {"client_ip": lambda n: STRANGE.format(n % 200)}
HOTEL = {"client_ip": STRANGE.format(1)}
EACH_HOUR = {"received": lambda n: START + n * pd.Timedelta(hours=1)}
DEAD_IN_25 = {
    "status": lambda n: "delivered" if n % 25 else "bounced",
    "dsn": lambda n: "2.0.0" if n % 25 else "5.1.1",
}
DEAD_ONE = {"status": "bounced", "dsn": "5.1.1"}
FORGED = {"origin_sender": lambda n: f"bank{n}@bank.example", "sender_side": "outside"}


def stories(logins, domains=()):
    """The incidents of logins that were each used from addresses of their own."""
    rows = []
    for place, login in enumerate(logins):
        to = {"recipient": lambda n, place=place: f"person{n}@far{place}.example"}
        strange = {"client_ip": lambda n, place=place: f"198.51.{place}.{n}"}
        rows += letters(40, auth_user=login, **strange, **to)
    rows.sort(key=lambda row: row["received"])
    lives = [PLAIN | row | {"life": n, "origin_life": n} for n, row in enumerate(rows)]
    found = judge(seen(lives, domains=domains)).findings.to_pandas()
    return found.loc[found["detector"].eq("stolen_account"), "incident"].nunique()


@pytest.mark.parametrize(
    ("logins", "domains", "number"),
    [
        (["dora@corp.example", "DORA@Corp.Example"], ("a.example", "b.example"), 1),
        (["dora", "dora@corp.example"], ("corp.example",), 1),
        (["dora", "dora@corp.example"], ("corp.example", "shop.example"), 2),
        (["dora", "dora@far.example"], ("corp.example",), 2),
    ],
    ids=["in other letters", "with the only domain", "with one of several", "with another"],
)
def test_a_login_written_in_two_ways_is_one_story(logins, domains, number):
    assert stories(logins, domains) == number


def test_a_login_from_networks_that_are_not_its_own_to_people_nobody_knows_is_stolen():
    assert set(doors(letters(40, **ROAMING))) == {"stolen_account"}


def test_one_message_an_hour_is_found_as_a_flood_is():
    assert set(doors(letters(40, **ROAMING, **EACH_HOUR))) == {"stolen_account"}


def test_a_login_in_the_office_that_writes_to_many_is_not():
    desk = {"client_ip": HOME, "address_side": "inside"}
    assert set(doors(letters(40, **desk))) == {""}


def test_a_traveller_who_writes_to_people_she_knows_is_not():
    friends = {
        "recipient": lambda n: f"friend{n % 3}@far.example",
        "original_recipient": lambda n: f"friend{n % 3}@far.example",
    }
    assert set(doors(letters(40, **ROAMING, **friends, **EACH_HOUR))) == {""}


def test_five_messages_from_a_hotel_are_no_run():
    assert set(doors(letters(5, **HOTEL))) == {""}


def test_a_host_of_ours_under_forged_senders_is_made_to_send():
    assert set(doors(letters(40, **HOST, **FORGED))) == {"trusted_host"}


def test_a_host_of_ours_that_writes_to_many_who_do_not_exist_is_made_to_send():
    told = doors(letters(80, **HOST, **DEAD))
    assert set(told[:77]) == {"trusted_host"}  # a run ends with the last message that adds to it


def test_a_newsletter_of_ours_is_not():
    assert set(doors(letters(200, **HOST, origin_sender="news@corp.example"))) == {""}


def test_an_application_that_always_uses_the_same_outside_sender_is_not():
    same = {
        "origin_sender": "crm@vendor.example",
        "sender_side": "outside",
        "received": lambda n: START + n * pd.Timedelta(hours=8),
    }
    assert set(doors(letters(20, **HOST, **same))) == {""}


def test_a_script_that_sends_under_forged_senders_injects():
    assert set(doors(letters(40, **USER, **FORGED))) == {"local_injection"}


def test_cron_and_autoreplies_do_not():
    cron = letters(20, **USER, recipient="root@corp.example", recipient_side="inside")
    replies = letters(20, **USER, origin_sender="")
    assert set(doors(cron)) == set(doors(replies)) == {""}


def test_the_owners_own_mail_within_a_run_stays_the_owners():
    known = [
        row | {"client_ip": HOME, "address_side": "inside", "recipient": "friend@far.example"}
        for row in letters(40)[::8]
    ]
    rows = letters(40, **ROAMING)
    for row in known:
        rows[row["life"]] = row
    told = doors(rows)
    assert [told[row["life"]] for row in known] == [""] * len(known)
    assert told.count("stolen_account") == len(rows) - len(known)


def test_mail_among_ourselves_by_the_same_user_is_not_of_the_run():
    cron = {"recipient_side": "inside", "original_side": "inside", "recipient": "root@corp.example"}
    rows = letters(40, **USER, **FORGED)
    rows[20] = rows[20] | cron | {"origin_sender": "root@corp.example", "sender_side": "inside"}
    told = doors(rows)
    assert (told[19], told[20], told[21]) == ("local_injection", "", "local_injection")


def test_a_flood_under_its_own_sender_is_found_from_its_first_message_to_its_last():
    dull = letters(30, **HOST)
    worse = [row | DEAD_ONE for row in letters(60, **HOST)[30:]]
    told = doors(dull + worse)
    assert set(told) == {"trusted_host"}


def test_a_login_used_from_where_another_was_misused_is_misused_too():
    few = {"auth_user": "bob", "origin_sender": "bob@corp.example", "client_ip": STRANGE.format(7)}
    first = letters(40, **ROAMING)
    second = [
        row | few | {"life": 100 + n, "origin_life": 100 + n, "recipient": f"other{n}@far.example"}
        for n, row in enumerate(letters(5))
    ]
    alone = doors(second)
    assert set(alone) == {""}
    assert set(doors(first + second)) == {"stolen_account"}


def test_monitoring_that_writes_to_one_mailbox_all_day_is_not():
    same = {"recipient": "probe@far.example", "original_recipient": "probe@far.example"}
    assert set(doors(letters(300, **HOST, **same))) == {""}


def test_mail_that_waited_for_an_outage_is_not():
    waited = {"status": lambda n: "deferred" if n % 2 else "delivered", "dsn": "4.4.1"}
    friends = {
        "recipient": lambda n: f"friend{n % 9}@far.example",
        "original_recipient": lambda n: f"friend{n % 9}@far.example",
    }
    assert set(doors(letters(80, **HOTEL, **waited, **friends, **EACH_HOUR))) == {""}


def test_a_gateway_that_brings_only_our_own_mail_is_not():
    inbound = {"origin_masked": True, "recipient_side": "inside", "original_side": "inside"}
    assert set(doors(letters(80, **HOST, **FORGED, **inbound))) == {""}


def test_a_strange_place_and_new_people_are_no_more_than_possible():
    assert verdicts(letters(400, **HOTEL)) == {"ann": "possible"}


def test_the_points_of_a_finding_add_up_to_those_of_its_run():
    measured = judged(letters(400, **HOTEL))[1]["measured"][0]
    total, *each = [sign["value"] for sign in measured]
    assert total == 10
    assert abs(sum(each) - total) < 0.5


def test_where_most_logins_come_from_outside_that_says_nothing_of_one():
    homes = [
        row
        | {
            "auth_user": f"user{n}",
            "origin_sender": f"user{n}@corp.example",
            "client_ip": STRANGE.format(n),
            "recipient": f"p{n}-{row['recipient']}",
        }
        for n in range(12)
        for row in letters(18)
    ]
    assert verdicts(homes) == {}


def test_mail_of_a_login_without_an_address_comes_from_no_strange_network():
    assert verdicts(letters(100, client_ip=None, address_side=None)) == {}


def test_who_was_written_to_by_the_first_wave_of_a_flood_is_not_known_to_the_owner():
    wave = letters(100, **HOST, **FORGED)
    assert set(doors(wave + later(wave, days=1))) == {"trusted_host"}


def test_two_thieves_with_one_list_do_not_know_its_people():
    first = letters(60, **ROAMING)
    second = [row | {"auth_user": "bob", "origin_sender": "bob@corp.example"} for row in first]
    assert set(verdicts(first + later(second, days=1))) == {"ann", "bob"}


def test_a_mail_server_of_ours_behind_this_one_has_many_senders():
    ours = {"origin_sender": lambda n: f"user{n % 40}@corp.example"}
    assert verdicts(letters(400, **HOST, **ours)) == {}


def test_a_few_dead_addresses_are_in_every_mailing():
    assert verdicts(letters(400, **USER, **DEAD_IN_25)) == {}


def test_nobody_is_known_by_the_words_of_a_server_that_gives_no_code():
    said = {
        "status": DEAD["status"],
        "dsn": lambda n: "5.0.0" if n % 4 == 0 else "2.0.0",
        "reply": lambda n: "550 Requested action not taken: mailbox unavailable",
    }
    assert verdicts(letters(80, **HOST, **said)) == {HOME: "confirmed"}


def as_spam(one_in, said):
    return {
        "status": lambda n: "delivered" if n % one_in else "bounced",
        "dsn": lambda n: "2.0.0" if n % one_in else "5.7.1",
        "reply": lambda n: "250 Ok" if n % one_in else said,
    }


CONTENT = (
    "host mx.far.example[198.51.100.60] said: 550-5.7.1 this message is likely unsolicited mail."
)
LISTED = "host spam-gw.far.example[198.51.100.60] said: 554 5.7.1 blocked using bl.example"


def test_a_flood_under_its_own_sender_that_is_refused_as_spam_is_found():
    assert verdicts(letters(80, **HOTEL, **as_spam(2, CONTENT))) == {"ann": "confirmed"}
    assert verdicts(letters(80, **USER, **as_spam(2, CONTENT))) == {"33": "confirmed"}


@pytest.mark.parametrize(
    ("one_in", "said"), [(5, CONTENT), (2, LISTED)], ids=["by one provider", "as we are on a list"]
)
def test_a_newsletter_that_is_refused_is_not(one_in, said):
    assert verdicts(letters(400, **USER, **as_spam(one_in, said))) == {}


def test_a_night_is_one_night_though_it_has_two_dates():
    by_day = {
        "received": lambda n: START + n * pd.Timedelta(days=1),
        "recipient": "one@far.example",
    }
    night = {"received": lambda n: START + pd.Timedelta(days=9, hours=14, minutes=3 * n)}
    rows = later(letters(9, **USER, **by_day), hours=1) + letters(40, **USER, **night)
    assert verdicts(rows) == {"33": "possible"}


def test_forged_senders_of_a_flood_of_three_days_are_not_usual():
    forged = {"origin_sender": lambda n: f"bank{n % 9}@bank.example", "sender_side": "outside"}
    before = letters(200, **USER, origin_sender="shop@hosted.example", sender_side="outside")
    flood = later(letters(288, **USER, **forged), days=2)
    assert verdicts(before[::10] + later(before[::10], days=1) + flood) == {"33": "confirmed"}


def test_several_sites_on_one_server_have_a_sender_each():
    sites = {
        "origin_sender": lambda n: f"shop{n % 12}@site{n % 12}.example",
        "sender_side": "outside",
    }
    assert verdicts(letters(576, **USER, **sites)) == {}


def test_a_mailing_from_home_does_not_make_home_strange():
    friends = {"recipient": lambda n: f"friend{n % 3}@far.example"}
    daily = {"received": lambda n: START + n * pd.Timedelta(hours=8)}
    hour = {"received": lambda n: START + n * pd.Timedelta(minutes=1)}
    mailing = later(letters(60, **HOTEL, **hour), days=4)
    assert verdicts(letters(30, **HOTEL, **friends, **daily) + mailing) == {}


def test_a_run_ends_with_a_silence_that_is_long_for_it():
    form = {"received": lambda n: START + n * pd.Timedelta(hours=3)}
    flood = {"received": lambda n: START + pd.Timedelta(hours=40.5, seconds=n)}
    told, _ = judged(letters(30, **USER, **form) + letters(200, **USER, **flood, **FORGED))
    assert told["mechanism"].eq("local_injection").sum() == 200


def test_what_was_refused_after_its_data_is_an_attempt():
    told, found = judged(letters(40, **HOST, **FORGED, status="rejected", dsn="5.7.1"))
    assert told["mechanism"].isna().all()
    assert found["kind"].tolist()[:1] == ["attempt"]


def test_of_what_was_refused_in_part_the_rest_is_told():
    half = {"status": lambda n: "rejected" if n % 2 else "delivered"}
    _, found = judged(letters(40, **HOST, **FORGED, **half))
    assert found[found["kind"].eq("abuse")]["messages"].tolist() == [20]


def test_who_gets_six_waves_of_a_flood_in_a_day_is_not_known_to_the_owner():
    again = {"recipient": lambda n: f"person{n % 15}@far.example"}
    assert doors(letters(88, **ROAMING, **again)) == ["stolen_account"] * 88


def test_one_of_us_among_the_recipients_makes_no_strange_network_the_owners():
    copy = {"recipient": "bob@corp.example", "recipient_side": "inside", "original_side": "inside"}
    flood = letters(60, **HOTEL, **DEAD)
    both = [row | {"received": row["received"] + pd.Timedelta(seconds=1)} | copy for row in flood]
    assert verdicts(flood + both) == verdicts(flood)


def test_forged_senders_of_every_day_are_possible_of_a_host():
    few = {"origin_sender": lambda n: f"bank{n % 12}@bank.example", "sender_side": "outside"}
    assert verdicts(letters(720, **HOST, **few)) == {HOME: "possible"}


def test_who_writes_from_a_strange_place_while_the_owner_writes_from_the_desk_is_a_thief():
    desk = {"client_ip": HOME, "address_side": "inside", "recipient": "friend@far.example"}
    flood = letters(100, **HOTEL)
    meanwhile = later(letters(100, **desk)[::6], minutes=5)
    told = doors(flood + meanwhile)
    assert verdicts(flood + meanwhile) == {"ann": "confirmed"}
    assert told.count("stolen_account") == 100
    assert verdicts(flood + later(meanwhile, days=1)) == {"ann": "possible"}


TO_US = {"recipient_side": "inside", "recipient": "owner@corp.example", "flow": "inbound"}


def test_what_a_form_sends_to_its_owner_does_not_acquit_what_it_sends_to_strangers():
    copies = letters(80, **USER, **DEAD)
    owners = [row | TO_US for row in later(letters(80, **USER), seconds=1)]
    told, findings = judged(copies + owners)
    assert findings.loc[findings["kind"].eq("abuse"), "messages"].tolist() == [80]
    assert told.loc[told["recipient_side"].eq("inside"), "mechanism"].isna().all()


def test_a_gateway_that_brings_us_the_mail_of_strangers_is_not():
    senders = {"origin_sender": lambda n: f"p{n}@far{n}.example", "sender_side": "outside"}
    assert verdicts([row | TO_US for row in letters(400, **HOST, **senders)]) == {}


def test_what_a_shop_sends_as_on_every_day_is_not_of_the_run_of_a_script():
    shop = {"origin_sender": "shop@corp.example"}
    orders = letters(600, **USER, **shop, recipient=lambda n: f"buyer{n}@far.example")
    flood = later(letters(60, **USER, **FORGED), days=2, minutes=1)
    _, findings = judged(orders + flood)
    assert findings.loc[findings["kind"].eq("abuse"), "messages"].tolist() == [60]


def test_who_comes_every_night_while_the_owner_works_by_day_is_a_thief():
    friends = {"recipient": lambda n: f"friend{n % 3}@far.example", "address_side": "inside"}
    daily = {"received": lambda n: START + n * pd.Timedelta(hours=24)}
    nightly = {
        "received": lambda n: START + pd.Timedelta(days=n // 15, hours=16, minutes=7 * (n % 15))
    }
    rows = letters(10, **friends, **daily) + letters(105, **HOTEL, **nightly)
    assert verdicts(rows) == {"ann": "confirmed"}


@pytest.mark.parametrize(
    ("dsn", "reply"),
    [
        (
            "5.4.1",
            "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
        ),
        ("5.4.4", "Host or domain name not found."),
    ],
    ids=["nobody, at Microsoft", "no such domain"],
)
def test_people_do_not_exist_either_where(dsn, reply):
    dead = {
        "status": DEAD["status"],
        "dsn": lambda n: dsn if n % 4 == 0 else "2.0.0",
        "reply": lambda n: reply if n % 4 == 0 else "250 Ok",
    }
    assert verdicts(letters(80, **HOST, **dead)) == {HOME: "confirmed"}


def test_what_is_no_more_than_possible_is_not_said_outright():
    _, findings = judged(letters(40, **HOTEL))
    assert findings["reason"].str.startswith("perhaps this login").tolist() == [True]


def test_what_a_thief_writes_to_us_before_he_writes_to_others_is_of_the_run():
    to_us = [row | TO_US for row in letters(20, **HOTEL)]
    others = later(letters(80, **HOTEL, **DEAD), hours=4)
    _, findings = judged(to_us + others)
    assert findings.loc[findings["kind"].eq("abuse"), "messages"].tolist() == [100]


def test_a_letter_of_the_user_to_nobody_is_no_end_of_what_a_bot_sent_days_before():
    own = {"origin_sender": "eve@corp.example"}
    daily = {"received": lambda n: START + n * pd.Timedelta(hours=12)}
    bot = later(letters(60, **HOST, **FORGED), days=1, hours=1)
    mine = letters(6, **HOST, **own, **daily)
    rows = mine + bot + [row | DEAD_ONE for row in later(mine[5:], hours=9)]
    _, findings = judged(rows)
    assert findings.loc[findings["kind"].eq("abuse"), "messages"].tolist() == [60]


FRIENDS = {"recipient": lambda n: f"friend{n % 10}@far.example"}
# Ten letters a day to friends for eight days, from the office.
OFFICE_DAYS = {
    "client_ip": HOME,
    "address_side": "inside",
    "received": lambda n: START + pd.Timedelta(days=n // 10, minutes=30 * (n % 10)),
}


def test_a_flood_from_where_the_owner_never_was_is_possible_though_it_goes_to_people_she_knows():
    each_minute = {"received": lambda n: START + pd.Timedelta(days=5, minutes=n)}
    rows = letters(80, **OFFICE_DAYS, **FRIENDS) + letters(60, **HOTEL, **each_minute, **FRIENDS)
    assert verdicts(rows) == {"ann": "possible"}


def test_a_mailing_from_another_address_of_the_owners_provider_is_not():
    evenings = {
        "client_ip": lambda n: STRANGE.format(n // 5 + 2),
        "received": lambda n: START + pd.Timedelta(days=4 + n // 5, hours=9, minutes=n % 5),
    }
    each_minute = {"received": lambda n: START + pd.Timedelta(days=5, minutes=n)}
    rows = letters(80, **OFFICE_DAYS, **FRIENDS) + letters(20, **evenings, **FRIENDS)
    assert verdicts(rows + letters(60, **HOTEL, **each_minute, **FRIENDS)) == {}


DAILY = {"received": lambda n: START + pd.Timedelta(days=n // 30, minutes=15 * (n % 30))}
CUSTOMERS = {"recipient": lambda n: f"buyer{n}@far{n % 7}.example"}


def test_a_shop_that_always_sent_with_the_owners_login_is_no_more_than_possible():
    shop = letters(240, **HOTEL, **DAILY, **CUSTOMERS)
    assert verdicts(letters(80, **OFFICE_DAYS, **FRIENDS) + shop) == {"ann": "possible"}


def test_branches_that_always_sent_with_one_login_are_no_more_than_possible():
    branches = {"client_ip": lambda n: STRANGE.format(n % 15)}
    assert verdicts(letters(240, **branches, **DAILY, **CUSTOMERS)) == {"ann": "possible"}


def test_the_desk_of_one_person_that_suddenly_writes_for_all_is_possible():
    own = {"origin_sender": "ann@corp.example"}
    colleagues = {"origin_sender": lambda n: f"colleague{n % 20}@corp.example"}
    desk = HOST | {"received": OFFICE_DAYS["received"]}
    rows = letters(80, **desk, **FRIENDS, **own)
    rows += later(letters(80, **HOST, **CUSTOMERS, **colleagues), days=6)
    assert verdicts(rows) == {HOME: "possible"}


def test_all_that_owners_show_too_at_once_is_probable():
    nightly = {"received": lambda n: START + pd.Timedelta(days=5, hours=14, minutes=2 * n)}
    rows = in_turn(letters(80, **OFFICE_DAYS, **FRIENDS) + letters(40, **HOTEL, **nightly))
    strange = HOTEL["client_ip"]
    copies = [
        row | {"recipient": f"{n}.{row['recipient']}"}
        for row in rows
        for n in range(20 if row["client_ip"] == strange else 1)
    ]
    found = judge(seen([PLAIN | row for row in copies])).findings.to_pandas()
    assert found.loc[found["kind"].eq("abuse"), "verdict"].tolist() == ["probable"]


def test_what_was_odd_days_before_a_flood_is_no_part_of_it():
    own = {"origin_sender": "shop@corp.example"}
    orders = letters(
        60, **USER, **CUSTOMERS, **own, received=lambda n: START + pd.Timedelta(hours=n)
    )
    orders[3] |= DEAD_ONE
    flood = later(letters(200, **USER, **own, **DEAD), days=2, hours=14)
    _, findings = judged(orders + flood)
    assert findings.loc[findings["kind"].eq("abuse"), "messages"].tolist() == [200]


def test_a_first_try_under_a_forged_sender_the_day_before_is_part_of_the_flood():
    flood = later(letters(200, **HOST, **FORGED), days=1)
    _, findings = judged(letters(1, **HOST, **FORGED) + flood)
    assert findings.loc[findings["kind"].eq("abuse"), "messages"].tolist() == [201]


DEAD_IN_11 = {
    "status": lambda n: "delivered" if n % 11 else "bounced",
    "dsn": lambda n: "2.0.0" if n % 11 else "5.1.1",
}
OF_A_LIST = {"origin_sender": "chat-bounces@corp.example"}


def test_a_list_that_passes_on_what_was_written_to_it_is_not():
    to_us = {"recipient_side": "inside", "original_side": "inside", "client_ip": "203.0.113.9"}
    to_the_list = to_us | dict.fromkeys(("recipient", "original_recipient"), "chat@corp.example")
    post = letters(1, auth_user=None, client_side="outside", address_side="outside", **to_the_list)
    copies = letters(400, **USER, **OF_A_LIST)
    assert verdicts(post + later(copies, minutes=5)) == {}


def test_what_goes_out_in_the_name_of_a_list_to_which_nobody_wrote_is_a_scripts():
    assert verdicts(letters(700, **USER, **DEAD_IN_11, **OF_A_LIST)) == {"33": "probable"}


def test_what_goes_to_nobody_in_the_name_of_a_list_is_a_scripts():
    to_us = {"recipient_side": "inside", "original_side": "inside", "client_ip": "203.0.113.9"}
    to_the_list = to_us | dict.fromkeys(("recipient", "original_recipient"), "chat@corp.example")
    post = letters(1, auth_user=None, client_side="outside", address_side="outside", **to_the_list)
    copies = letters(400, **USER, **DEAD, **OF_A_LIST)
    assert verdicts(post + later(copies, minutes=5)) == {"33": "confirmed"}


def test_a_script_that_suddenly_writes_round_the_clock_is_possible():
    own = {"origin_sender": "shop@corp.example"}
    daily = {"received": lambda n: START + pd.Timedelta(days=n // 3, hours=n % 3)}
    flood = {"received": lambda n: START + pd.Timedelta(days=8, minutes=12 * n)}
    rows = letters(24, **USER, **own, **daily, **FRIENDS)
    assert verdicts(rows + letters(240, **USER, **own, **flood)) == {"33": "possible"}


def test_senders_of_ours_that_a_script_forges_for_days_are_of_its_run():
    own = {"origin_sender": "shop@corp.example"}
    ours = {
        "origin_sender": lambda n: (
            f"colleague{n % 3}@corp.example" if n % 4 == 0 else f"bank{n}@bank.example"
        ),
        "sender_side": lambda n: "outside" if n % 4 else "inside",
    }
    orders = letters(30, **USER, **own, received=lambda n: START + pd.Timedelta(hours=6 * n))
    flood = later(letters(400, **USER, **ours), days=1, minutes=1)
    _, findings = judged(orders + flood)
    assert findings.loc[findings["kind"].eq("abuse"), "messages"].tolist() == [400]


TO = ("recipient", "original_recipient")
BY_DAY = {"received": lambda n: START + pd.Timedelta(days=3) + n * pd.Timedelta(seconds=20)}
OF_AN_OLD_LIST = {
    "status": lambda n: "delivered" if n % 10 else "bounced",
    "dsn": lambda n: "2.0.0" if n % 10 else "5.1.1",
}


def days_before(number, **difference):
    """Letters to a few people, some a day, on the days before."""
    friends = {name: lambda n: f"friend{n % 3}@far.example" for name in TO}
    often = {"received": lambda n: START + n * pd.Timedelta(hours=2)}
    return letters(number, **{**friends, **often, **difference})


def test_a_mailing_to_an_old_list_is_no_more_than_possible():
    mailing = letters(900, **HOST, **BY_DAY, **OF_AN_OLD_LIST)
    assert set(verdicts(days_before(36, **HOST) + mailing).values()) <= {"possible"}


def test_as_many_dead_addresses_all_day_long_are_no_mailing():
    all_day = {"received": lambda n: START + pd.Timedelta(days=3) + n * pd.Timedelta(minutes=1)}
    desk = {"client_ip": HOME, "address_side": "inside"}
    mailing = letters(900, **desk, **all_day, **OF_AN_OLD_LIST)
    assert verdicts(days_before(36, **desk) + mailing) == {"ann": "confirmed"}
    within_hours = letters(900, **desk, **BY_DAY, **OF_AN_OLD_LIST)
    assert set(verdicts(days_before(36, **desk) + within_hours).values()) <= {"possible"}


def test_as_many_dead_addresses_from_a_strange_place_are_no_mailing():
    mailing = letters(900, **HOTEL, **BY_DAY, **OF_AN_OLD_LIST)
    desk = days_before(36, client_ip=HOME, address_side="inside")
    assert verdicts(desk + mailing) == {"ann": "confirmed"}


def test_a_mailbox_behind_a_mail_server_of_ours_is_judged_by_itself():
    people = {"origin_sender": lambda n: f"user{n % 6}@corp.example"}
    meanwhile = letters(
        60,
        **HOST,
        **people,
        **{name: lambda n: f"friend{n % 3}@far.example" for name in TO},
        received=lambda n: START + pd.Timedelta(days=3) + n * pd.Timedelta(minutes=4),
    )
    before = days_before(36, **HOST, **people)
    thief = letters(600, **HOST, **BY_DAY, **DEAD, origin_sender="user1@corp.example")
    rows, _ = judged(before + meanwhile + thief)
    mine = rows["mechanism"].eq("trusted_host")
    assert set(rows.loc[mine, "origin_sender"]) == {"user1@corp.example"}
    assert 590 <= mine.sum() <= 602


def test_all_that_ever_comes_from_a_thiefs_address_is_of_his_run():
    desk = days_before(100, client_ip=HOME, address_side="inside")
    flood = letters(300, **HOTEL, **BY_DAY, **DEAD)
    tail = letters(12, **HOTEL, recipient=lambda n: f"more{n}@far.example")
    tail = [
        row | {"received": START + pd.Timedelta(days=5, hours=8 * n)} for n, row in enumerate(tail)
    ]
    rows, _ = judged(desk + flood + tail)
    stolen = rows["mechanism"].eq("stolen_account")
    assert stolen.equals(rows["client_ip"].eq(HOTEL["client_ip"]))


def test_an_address_from_which_as_much_comes_at_other_times_is_the_owners():
    """A telephone abroad, before, while and after somebody else floods."""
    telephone = letters(
        14,
        client_ip="203.0.113.9",
        recipient=lambda n: f"met{n}@far.example",
        received=lambda n: START + n * pd.Timedelta(hours=11),
    )
    flood = letters(400, **ROAMING, **BY_DAY, **DEAD)
    rows, _ = judged(telephone + flood)
    stolen = rows["mechanism"].eq("stolen_account")
    assert not stolen[rows["client_ip"].eq("203.0.113.9")].any()
    assert stolen.sum() >= 395


def test_a_sender_in_the_domain_of_one_that_a_host_always_uses_is_its_own():
    away = {"sender_side": "outside"}
    shop = days_before(60, **HOST, **away, origin_sender="shop@customer.example")
    names = {"origin_sender": lambda n: f"list{n % 4}@customer.example"}
    mailing = letters(300, **HOST, **BY_DAY, **away, **names)
    assert set(verdicts(shop + mailing).values()) <= {"possible"}
    foreign = letters(300, **HOST, **BY_DAY, **FORGED)
    assert verdicts(shop + foreign) == {HOME: "confirmed"}
    many = {"origin_sender": lambda n: f"x{n}@customer.example"}
    provider = letters(300, **HOST, **BY_DAY, **away, **many)
    assert verdicts(shop + provider) == {HOME: "confirmed"}


def test_what_the_owner_sends_meanwhile_from_elsewhere_is_not_of_a_run_that_forges():
    own = letters(
        60,
        client_ip=lambda n: f"192.0.2.{n % 3}",
        recipient=lambda n: f"customer{n}@far.example",
        received=lambda n: START + n * pd.Timedelta(hours=2),
    )
    flood = letters(300, **HOTEL, **BY_DAY, **FORGED)
    rows, _ = judged(own + flood)
    stolen = rows["mechanism"].eq("stolen_account")
    assert set(rows.loc[stolen, "sender_side"]) == {"outside"}


def test_a_machine_that_writes_to_strangers_under_the_names_of_us_who_send_otherwise_is_doubted():
    people = {"origin_sender": lambda n: f"user{n % 6}@corp.example"}
    login = {"auth_user": lambda n: f"user{n % 6}", "client_ip": HOME, "address_side": "inside"}
    usual = days_before(120, **login, **people)
    infected = letters(90, **HOST | {"client_ip": "10.0.0.66"}, **people, **BY_DAY)
    assert verdicts(usual + infected) == {"10.0.0.66": "possible"}
    of_its_own = {"origin_sender": "erp@corp.example"}
    erp = letters(90, **HOST | {"client_ip": "10.0.0.66"}, **of_its_own, **BY_DAY)
    assert verdicts(usual + erp) == {}


def test_an_old_password_that_its_owner_tries_again_is_no_guessing():
    def found(names):
        failures = [
            {
                "time": START - pd.Timedelta(minutes=n + 1),
                "server": "mx1",
                "client_ip": STRANGE.format(1),
                "client_side": "outside",
                "recipient": None,
                "source": "mail.log",
                "line": n,
                "offset": n,
                "auth_user": names[n % len(names)],
                "kind": "auth_failed",
                "repeat": 1,
            }
            for n in range(60)
        ]
        mail = [PLAIN | row for row in letters(15, **HOTEL)]
        told = judge(replace(seen(mail), attempts=pd.DataFrame(failures))).findings.to_pandas()
        return told.loc[told["mechanism"].eq("stolen_account"), "verdict"].tolist()

    assert set(found(["Ann"])) <= {"possible"}
    assert found(["ann", "bob"]) == ["confirmed"]
    assert found([None]) == ["confirmed"]


def test_a_place_of_one_night_is_not_the_owners_though_he_knows_a_third_of_them():
    day = pd.Timedelta(days=1)
    before = letters(8, client_ip="203.0.113.20", received=lambda n: START + n * day, **FRIENDS)
    to_us = {"recipient_side": "inside", "original_side": "inside", "recipient": "ann@corp.example"}
    stranger = {"auth_user": None, "client_side": "outside", "sender_side": "outside"}
    wrote = letters(
        100,
        **to_us,
        **stranger,
        client_ip="203.0.113.9",
        origin_sender=lambda n: f"person{3 * n}@far{3 * n % 7}.example",
    )
    night = {"received": lambda n: START + 9 * day + pd.Timedelta(hours=16, minutes=n)}
    flood = letters(300, **HOTEL, **night, **DEAD_IN_11)
    assert verdicts(before + wrote + flood) == {"ann": "confirmed"}


def test_of_a_login_it_is_said_that_it_was_misused_and_not_by_whom():
    """It may be its owner's infected machine."""
    (reason,) = judged(letters(40, **ROAMING, **DEAD))[1]["reason"]
    assert reason.startswith("this login was misused; ")
