"""Who sends for customers, and what of a flood is its owner's own mail all the same?"""

import pandas as pd

from tests.detect.login_mail import (
    DEAD,
    HOME,
    HOST,
    START,
    USER,
    judged,
    later,
    letters,
    verdicts,
)

OUTSIDE = {"sender_side": "outside"}


def over_days(number, a_day):
    """So many messages, *a_day* of them on each day."""
    return {"received": lambda n: START + pd.Timedelta(days=n // a_day, minutes=5 * (n % a_day))}


def sites(number, *, days=8, a_day=60):
    """Messages of a server on which so many sites of customers send, each under two names."""
    site = {"origin_sender": lambda n: f"{'info' if n % 2 else 'shop'}@site{n * 7 % number}.test"}
    return letters(days * a_day, **USER, **OUTSIDE, **site, **over_days(number, a_day))


def test_a_web_server_of_many_sites_is_not_misused():
    assert verdicts(sites(100)) == {}


def test_nor_is_one_where_a_few_sites_write_once():
    once = {"origin_sender": lambda n: f"info@seldom{n}.test"}
    rare = letters(16, **USER, **OUTSIDE, **once, **over_days(16, 2))
    assert verdicts(sites(40) + rare) == {}


def test_its_script_that_forges_other_senders_is():
    forged = {"origin_sender": lambda n: f"office@bank{n}.test"}
    flood = later(letters(200, **USER, **OUTSIDE, **forged, **DEAD), days=4)
    mail, _ = judged(sites(100) + flood)
    accused = mail.loc[mail["mechanism"].eq("local_injection"), "origin_sender"]
    assert len(accused) > 190
    assert accused.str.contains("bank").mean() > 0.9


def test_so_is_the_one_of_a_single_forged_domain():
    forged = {"origin_sender": lambda n: f"help@bank{n % 3}.test"}
    flood = later(letters(200, **USER, **OUTSIDE, **forged), days=4)
    assert verdicts(sites(100) + flood) == {"33": "confirmed"}


def test_a_site_with_several_names_of_its_own_is_not():
    names = {"origin_sender": lambda n: f"{('info', 'shop', 'news', 'wiki')[n % 4]}@site.test"}
    assert verdicts(letters(12, **USER, **OUTSIDE, **names, **over_days(12, 2))) == {}


def test_a_new_site_is_no_flood():
    names = {"origin_sender": lambda n: f"{('info', 'shop', 'news')[n % 3]}@site.test"}
    usual = letters(80, **USER | {"uid": 34}, **over_days(80, 10))
    site = later(letters(200, **USER, **OUTSIDE, **names, **over_days(200, 50)), days=4)
    assert verdicts(usual + site) == {}


def company(names, domains=1):
    """A server of ours in a network of ours, of a company in which so many write now and then."""
    name = {"origin_sender": lambda n: f"person{n * 7 % names}@company{n % domains}.test"}
    return letters(240, **HOST, **OUTSIDE, **name, **over_days(240, 30))


def test_a_company_whose_server_sends_through_us_has_many_names():
    assert set(verdicts(company(80)).values()) <= {"possible"}


def test_names_that_hardly_ever_come_again_are_forged():
    assert verdicts(company(199)) == {"10.0.0.9": "confirmed"}


def test_so_are_those_of_several_such_domains():
    assert verdicts(company(81, domains=3)) == {"10.0.0.9": "confirmed"}


def test_a_form_that_writes_to_its_owner_in_the_name_of_each_visitor_forges_nothing():
    visitors = {"origin_sender": lambda n: f"visitor{n}@mail{n % 5}.test"}
    owners = {"recipient": lambda n: f"owner{n % 40}@far.example"}
    assert (
        verdicts(letters(480, **USER, **OUTSIDE, **visitors, **owners, **over_days(480, 60))) == {}
    )


def test_a_user_who_sends_nothing_before_has_no_customers():
    names = {"origin_sender": lambda n: f"{('info', 'help', 'loan')[n % 3]}@bank{n % 2}.test"}
    usual = letters(80, **USER | {"uid": 34}, **over_days(80, 10))
    flood = later(letters(300, **USER, **OUTSIDE, **names, **over_days(300, 75)), days=4)
    assert verdicts(usual + flood) == {"33": "confirmed"}


SHOP = {"origin_sender": "shop@corp.example"}
BUYERS = {"recipient": lambda n: f"buyer{n}@near{n % 9}.example"}


def test_on_the_day_of_a_sale_what_the_shop_sends_is_no_part_of_a_scripts_flood():
    usual = letters(60, **USER, **SHOP, **over_days(60, 10))
    each_minute = {"received": lambda n: START + pd.Timedelta(days=4, seconds=30 * n)}
    sale = letters(400, **USER, **SHOP, **BUYERS, **each_minute)
    forged = {"origin_sender": lambda n: f"prize@bank{n % 20}.test", **OUTSIDE}
    flood = letters(200, **USER, **forged, **DEAD, **each_minute)
    mail, _ = judged(usual + sale + flood)
    accused = mail.loc[mail["mechanism"].eq("local_injection"), "origin_sender"]
    assert set(accused.str.startswith("prize")) == {True}
    assert len(accused) == 200


def four_sites(number, minutes):
    """Messages of a server of four customers, each with four names."""
    site = {
        "origin_sender": lambda n: (
            f"{('info', 'shop', 'wiki', 'news')[n // 4 % 4]}@site{n % 4}.test"
        )
    }
    return letters(
        number,
        **HOST,
        **OUTSIDE,
        **site,
        received=lambda n: START + pd.Timedelta(minutes=minutes * n),
    )


def test_in_a_log_of_a_day_too_a_web_server_has_customers():
    assert set(verdicts(four_sites(160, 10)).values()) <= {"possible"}


def test_what_is_forged_in_a_part_of_that_day_is_no_customers():
    forged = {"origin_sender": lambda n: f"{('info', 'help', 'loan')[n % 3]}@bank{n % 4}.test"}
    flood = later(letters(200, **HOST, **OUTSIDE, **forged), hours=20)
    assert verdicts(four_sites(160, 10) + flood) == {HOME: "confirmed"}


ELSEWHERE = {"client_ip": "203.0.113.9"}
CLOUD = {"client_ip": lambda n: f"203.0.{113 + n % 9}.7"}


def customer(number, names):
    """A provider's customer writes as usual, and then to many under other names of its domain."""
    own = {"origin_sender": "office@customer.test", **OUTSIDE}
    friends = {"recipient": lambda n: f"friend{n % 9}@far.example"}
    usual = letters(60, **own, **friends, **over_days(60, 10))
    others = {"origin_sender": lambda n: f"news{n % names}@customer.test", **OUTSIDE}
    return usual + later(letters(number, **ELSEWHERE, **others), days=4)


def test_a_customer_who_begins_to_write_as_the_newsletter_of_its_own_domain_forges_nothing():
    assert set(verdicts(customer(300, names=1)).values()) <= {"possible"}


def test_whoever_writes_under_many_names_of_it_does():
    assert verdicts(customer(300, names=90)) == {"ann": "confirmed"}


def test_an_application_that_writes_for_a_whole_office_every_day_is_no_more_than_possible():
    office = {"origin_sender": lambda n: f"user{n % 12}@corp.example"}
    mail = letters(480, **CLOUD, **office, **over_days(480, 60))
    assert set(verdicts(mail).values()) <= {"possible"}


def test_what_a_shop_sends_meanwhile_from_where_it_always_does_is_not_the_thiefs():
    shop = {"client_ip": "203.0.113.9", "recipient": lambda n: f"buyer{n}@near{n % 9}.example"}
    orders = letters(160, **shop, **over_days(160, 20))
    bots = {"client_ip": lambda n: f"198.{n % 40}.7.9", "recipient": lambda n: f"lot{n}@far.test"}
    flood = later(letters(300, **bots, **DEAD), days=4)
    rows, _ = judged(orders + flood)
    stolen = rows["mechanism"].eq("stolen_account")
    assert not stolen[rows["client_ip"].eq("203.0.113.9")].any()
    assert stolen.sum() >= 295


def test_complaints_of_a_program_to_abuse_desks_are_no_flood():
    desks = {"recipient": lambda n: f"abuse@net{n}.example"}
    daily = letters(320, **USER, **SHOP, **desks, **DEAD, **over_days(320, 40))
    assert verdicts(daily) == {}
