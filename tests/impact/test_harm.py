"""Whose legitimate mail was refused or late, and who of us got notices about abuse?"""

import pandas as pd
import pytest

from analyzer.impact.blocklists import refusals
from analyzer.impact.figures import impaired
from analyzer.impact.harm import delay_hours, harmed, tallies

ONSET = pd.Timestamp("2026-03-10T00:00:00Z")
ENDS = pd.Timestamp("2026-03-12T00:00:00Z")
DURING = ONSET + pd.Timedelta(hours=5)
LISTED = "host mx.far.example[198.51.100.9] said: 550 5.7.1 blocked using zen.spamhaus.org"
OURS = {
    "server": "mx1",
    "queue_id": "4A1",
    "submission": "smtp",
    "sender": "ann@corp.example",
    "origin_sender": "ann@corp.example",
    "original_recipient": "a@far.example",
    "recipient_side": "outside",
    "flow": "outbound",
    "cause_life": -1,
    "received": DURING,
    "completed": DURING + pd.Timedelta(seconds=2),
    "reply": "250 2.0.0 Ok",
    "source": "mail.log",
    "line": 7,
    "offset": 70,
}
LOST = {"status": "bounced"}
REFUSED = {
    "life": 1,
    "recipient": "a@far.example",
    "relay": "mx.far.example[198.51.100.9]:25",
    "time": DURING,
    "daemon": "smtp",
    "status": "bounced",
    "reply": LISTED,
    "source": "mail.log",
    "line": 6,
    "offset": 60,
}


@pytest.fixture
def hurt(deliveries):
    def of(rows, tried=(REFUSED,), onset=ONSET):
        frame = deliveries(*(OURS | row for row in rows))
        attempts = pd.DataFrame([REFUSED | said for said in tried])
        return harmed(frame, attempts, refusals(attempts, frame), onset, ENDS)

    return of


def kinds(table):
    return table["kind"].to_pylist()


def test_own_mail_refused_for_a_list_and_lost_is_told_with_user_partner_and_line(hurt):
    table, _ = hurt([LOST])
    (row,) = table.to_pylist()
    said = ("kind", "user", "partner", "provider", "line", "status")
    assert tuple(row[name] for name in said) == (
        *("blocked", "ann@corp.example", "far.example", "Spamhaus"),
        *(6, "bounced"),
    )


@pytest.mark.parametrize(
    "row",
    [
        {"status": "delivered"},
        LOST | {"verdict": "abusive"},
        LOST | {"sender": ""},
        LOST | {"submission": "internal"},
        LOST | {"recipient_side": "inside"},
        LOST | {"status": "expanded"},
    ],
    ids=[
        *("it was taken later", "it is abuse", "it is an autoreply", "it is a notice of ours"),
        *("it ends here", "others took its place"),
    ],
)
def test_it_is_not_own_mail_lost_where(hurt, row):
    assert "blocked" not in kinds(hurt([row])[0])


@pytest.mark.parametrize(
    "said",
    [
        {"reply": "550 5.1.1 User unknown"},
        {"time": ONSET - pd.Timedelta(hours=1)},
        {"daemon": "local"},
    ],
    ids=["it names no list", "it was before the abuse", "it is our own word"],
)
def test_a_refusal_hurts_nobody_where(hurt, said):
    assert kinds(hurt([LOST], [said])[0]) == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *(("deferred", "waiting"), ("held", "waiting"), ("unknown", "waiting")),
        *(("bounced", "blocked"), ("expired", "blocked"), ("removed", "blocked")),
    ],
)
def test_refused_mail_is_lost_where_it_ended_and_waits_where_it_did_not(hurt, status, kind):
    (row,) = hurt([{"status": status}])[0].to_pylist()
    waited = (ENDS - DURING).total_seconds() if kind == "waiting" else None
    assert (row["kind"], row["delay"]) == (kind, waited)


def test_a_forwarding_user_of_ours_is_the_one_who_is_hurt(hurt):
    row = LOST | {"mechanism": "forwarding", "original_recipient": "jo@corp.example"}
    assert hurt([row])[0]["user"].to_pylist() == ["jo@corp.example"]


def test_a_listing_without_abuse_hurts_all_the_same(hurt):
    assert kinds(hurt([LOST], onset=None)[0]) == ["blocked"]


NAMED = "host mx.far.example[198.51.100.9] refused to talk to me: 554 Bad DNS PTR resource record"


def test_a_reverse_name_that_never_satisfied_has_nothing_to_do_with_the_abuse(hurt):
    early = {"reply": NAMED, "time": ONSET - pd.Timedelta(hours=1), "life": 9}
    assert kinds(hurt([LOST], [{"reply": NAMED}])[0]) == ["blocked"]
    assert kinds(hurt([LOST], [early, {"reply": NAMED}])[0]) == []


def test_doubtful_mail_is_counted_and_not_listed(hurt):
    doubtful = {"verdict": "unclear"}
    table, counts = hurt([LOST | doubtful, {"status": "deferred"} | doubtful])
    assert (kinds(table), counts["doubtful"]) == ([], {"blocked": 1, "waiting": 1})


def mail(seconds, number, day):
    """Mail received on a day before or after the onset, that took so long."""
    received = ONSET + pd.Timedelta(days=day, minutes=number)
    return {
        "life": 100 + number,
        "origin_life": 100 + number,
        "received": received,
        "completed": received + pd.Timedelta(seconds=seconds),
    }


USUAL = [mail(2, n, -1) for n in range(40)]


@pytest.mark.parametrize(("seconds", "late"), [(2, 0), (200, 0), (302, 1), (90_000, 1)])
def test_mail_is_late_if_it_took_five_minutes_longer_than_usual(hurt, seconds, late):
    table, counts = hurt([*USUAL, mail(seconds, 60, 0)])
    assert kinds(table) == ["delayed"] * late
    assert counts["late"] == (late, late, late)


def test_the_baseline_is_of_the_same_partner_where_it_has_enough_mail(hurt):
    slow = [mail(7200, n, -1) | {"recipient": "b@slow.example"} for n in range(50, 90)]
    late = mail(7000, 95, 0)
    table, _ = hurt([*USUAL, *slow, late, late | {"recipient": "b@slow.example"}])
    assert table["recipient"].to_pylist() == ["a@far.example"]


def test_what_was_late_before_is_taken_off(hurt):
    """1 of 40 was as late before, so of 80 during the abuse 2 are expected to be: 5 - 2."""
    usual = [mail(4000 if n == 0 else 2, n, -1) for n in range(40)]
    during = [mail(5000 if n < 5 else 2, 500 + n, 0) for n in range(80)]
    _, counts = hurt([*usual, *during])
    assert counts["late"] == (3, 3, 5)


def test_what_is_no_later_than_the_latest_before_is_not_late_for_sure(hurt):
    usual = [mail(4000 if n == 0 else 2, n, -1) for n in range(40)]
    _, counts = hurt([*usual, mail(3000, 60, 0)])
    assert counts["late"] == (0, 1, 1)


def test_what_still_waits_at_the_end_is_late_by_then(hurt):
    waits = mail(0, 60, 0) | {"status": "deferred"}
    (row,) = hurt([*USUAL, waits])[0].to_pylist()
    assert row["delay"] == (ENDS - waits["received"]).total_seconds()


def test_without_usual_mail_nothing_is_called_late(hurt):
    table, counts = hurt([*USUAL[:19], mail(90_000, 60, 0)])
    assert (kinds(table), counts["late"]) == ([], None)


def test_the_hours_beyond_the_usual_are_summed(hurt):
    assert delay_hours(hurt([*USUAL, mail(7202, 60, 0), mail(3602, 61, 0)])[0]) == (0.0, 3.0)


ROOM = "host mx.far.example[198.51.100.9] said: 452 4.2.2 over quota (in reply to RCPT TO command)"


@pytest.mark.parametrize(
    "other",
    [{"status": "bounced"}, {"status": "expired"}],
)
def test_what_came_back_did_not_come_late(hurt, other):
    assert hurt([*USUAL, mail(90_000, 60, 0) | other])[1]["late"] == (0, 0, 0)


@pytest.mark.parametrize(
    ("said", "late"),
    [
        ({"reply": ROOM}, 0),
        ({"reply": "452 4.2.2 The recipient's inbox is out of storage space"}, 0),
        ({"reply": ROOM, "recipient": "b@far.example"}, 1),
        ({"reply": "450 4.3.2 try later"}, 1),
    ],
    ids=["a full mailbox", "another", "the mailbox of another recipient", "another reason"],
)
def test_a_mailbox_without_room_elsewhere_is_not_our_doing(hurt, said, late):
    attempt = said | {"life": 160, "status": "deferred"}
    assert hurt([*USUAL, mail(90_000, 60, 0)], [attempt])[1]["late"] == (late, late, late)


def test_a_host_that_does_not_answer_may_have_dropped_us_or_not(hurt):
    silent = {"reply": "connect to mx.far.example[198.51.100.9]:25: Connection timed out"}
    attempt = silent | {"life": 160, "status": "deferred"}
    assert hurt([*USUAL, mail(90_000, 60, 0)], [attempt])[1]["late"] == (0, 0, 1)


@pytest.mark.parametrize("status", ["delivered", "bounced", "deferred"])
def test_hours_are_impaired_by_refusals_whatever_became_of_the_mail(hurt, status):
    later = {"time": DURING + pd.Timedelta(hours=3)}
    _, counts = hurt([{"status": status}], [{"status": "deferred"}, later])
    assert impaired(counts["refused_at"], [], ONSET)["value"] == 3.0


def test_a_refusal_of_abuse_impairs_no_hour(hurt):
    _, counts = hurt([LOST | {"verdict": "abusive"}])
    assert impaired(counts["refused_at"], [], ONSET)["value"] == 0.0


def test_refused_mail_that_waits_has_waited_until_the_log_ends(hurt):
    assert delay_hours(hurt([{"status": "deferred"}])[0]) == (43.0, 0.0)


NOTICE = {
    "life": 3,
    "origin_life": 3,
    "cause_life": 2,
    "sender": "",
    "submission": "internal",
    "flow": "internal",
    "recipient_side": "inside",
    "recipient": "ann@corp.example",
}
ABUSE = {"life": 2, "origin_life": 2, "mechanism": "open_relay", "verdict": "abusive"}


def test_a_notice_about_abuse_that_reached_our_own_user_is_told(hurt):
    (row,) = hurt([ABUSE, NOTICE])[0].to_pylist()
    assert (row["kind"], row["user"], row["line"]) == ("notice", "ann@corp.example", 7)


LOGIN = {"mechanism": "stolen_account", "auth_user": "ann@corp.example"}
SCRIPT = {"mechanism": "local_injection", "origin_sender": "www-data@mx1.corp.example"}


@pytest.mark.parametrize(
    ("cause", "user", "own"),
    [
        (LOGIN, "Ann@corp.example", True),
        (LOGIN | {"auth_user": r"CORP\ann"}, "ann@corp.example", True),
        (LOGIN, "bob@corp.example", False),
        (LOGIN, "ann@other.example", False),
        (SCRIPT, "www-data@mx1.corp.example", True),
        (SCRIPT | {"local_user": "web7"}, "web7@mx1.corp.example", True),
        (SCRIPT, "ann@corp.example", False),
        ({"mechanism": "open_relay"}, "ann@corp.example", False),
    ],
    ids=[
        *("its login", "its login in a domain", "another user", "the same name elsewhere"),
        *("the script's sender", "the script's user", "forged by a script", "forged by strangers"),
    ],
)
def test_a_notice_to_the_misused_is_about_mail_that_was_sent_in_its_name(hurt, cause, user, own):
    (row,) = hurt([ABUSE | cause, NOTICE | {"recipient": user}])[0].to_pylist()
    assert row["in_its_name"] is own


def test_a_script_that_sends_as_somebody_to_whom_people_write_has_forged_that_address(hurt):
    info = {"recipient": "info@corp.example"}
    forges = ABUSE | SCRIPT | {"origin_sender": "info@corp.example"}
    letter = info | {"recipient_side": "inside", "flow": "inbound", "life": 9, "origin_life": 9}
    (row,) = hurt([forges, letter, NOTICE | info])[0].to_pylist()
    assert row["in_its_name"] is False


def test_a_script_that_forges_many_senders_has_none_of_its_own(hurt):
    others = [
        ABUSE | SCRIPT | {"origin_sender": f"u{n}@corp.example", "life": n, "origin_life": n}
        for n in range(10, 20)
    ]
    user = {"recipient": "www-data@mx1.corp.example"}
    (row,) = hurt([ABUSE | SCRIPT, *others, NOTICE | user])[0].to_pylist()
    assert row["in_its_name"] is False


@pytest.mark.parametrize(
    "notice",
    [{"cause_life": -1}, {"recipient_side": "outside"}, {"status": "bounced"}],
    ids=["it is about nothing of ours", "a stranger got it", "nobody got it"],
)
def test_it_is_no_notice_to_our_users_where(hurt, notice):
    assert kinds(hurt([ABUSE, NOTICE | notice])[0]) == []


def test_a_notice_about_ordinary_mail_is_no_harm(hurt):
    assert kinds(hurt([ABUSE | {"mechanism": None, "verdict": "legitimate"}, NOTICE])[0]) == []


def test_harm_is_counted_by_day_user_and_partner(hurt):
    found = tallies(hurt([LOST, ABUSE, NOTICE])[0])
    day = {"day": "2026-03-10", "blocked": 1, "waiting": 0, "delayed": 0, "notice": 1}
    assert found["by_day"] == [day]
    assert found["by_partner"] == [
        {"partner": "far.example", "blocked": 1, "waiting": 0, "delayed": 0, "notice": 0}
    ]
    assert found["by_user"] == [
        {"user": "ann@corp.example", "blocked": 1, "waiting": 0, "delayed": 0, "notice": 1}
    ]
