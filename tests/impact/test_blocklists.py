"""Which words of another server name a list, and whose mail was hurt?"""

import pandas as pd
import pytest

from analyzer.impact.blocklists import classify, entries, own_refused, refusals
from analyzer.impact.listings import echo, unexplained

SPAMHAUS = "550 5.7.1 Service unavailable; client [192.0.2.25] blocked using zen.spamhaus.org"

GMX = "GMX, web.de, 1&1"


@pytest.mark.parametrize(
    ("reply", "provider"),
    [
        (SPAMHAUS, "Spamhaus"),
        ("553 5.7.1 [BL21] Connections not accepted, the ip is in Spamhaus's list", "Spamhaus"),
        ("554 5.7.1 blocked, see http://www.barracudacentral.org/rbl", "Barracuda"),
        ("550 5.7.1 part of their network is on our block list (S3140)", "Microsoft (consumer)"),
        ("550 5.7.606 Access denied, banned sending IP [192.0.2.25]", "Microsoft 365"),
        ("421 4.7.0 [TSS04] temporarily deferred, unexpected volume", "Yahoo"),
        ("550 5.7.1 [CS01] Message rejected due to local policy", "Apple iCloud"),
        ("554 IP=192.0.2.25 - A problem occurred. tosa@rx.t-online.de (BL)", "T-Online"),
        ("554-IP address is block listed. https://postmaster.gmx.net/case?c=r0201", GMX),
        ("554-Reject due to policy restrictions. https://postmaster.web.de/case?c=hi", GMX),
        ("554 5.7.1 [192.0.2.25] blocked using ips.backscatterer.org", "Backscatterer"),
        ("550 5.7.1 listed at bl.unheard-of.example", "other blocklist"),
    ],
)
def test_a_reply_names(reply, provider):
    (number,) = classify(pd.Series([reply]))
    assert entries()[number]["provider"] == provider


@pytest.mark.parametrize(
    "reply",
    [
        "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted",
        "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown",
        "550 Requested action not taken: mailbox unavailable https://postmaster.gmx.net/case?c=r0",
        "452 4.2.2 The recipient's inbox is out of storage space",
        "connection timed out",
    ],
)
def test_a_reply_is_not_about_us(reply):
    assert classify(pd.Series([reply])).tolist() == [-1]


REFUSED = {
    "life": 1,
    "recipient": "a@far.example",
    "time": pd.Timestamp("2026-03-01T10:00:00Z"),
    "daemon": "smtp",
    "relay": "mx.far.example[198.51.100.9]:25",
    "status": "bounced",
    "reply": SPAMHAUS,
    "source": "mail.log",
    "line": 1,
    "offset": 0,
}


def refused(*differences):
    return pd.DataFrame([REFUSED | difference for difference in differences])


def told(attempts, rows, onset=None):
    hosts = pd.Index(attempts["relay"].unique()).difference(["EX01"])
    return echo(refusals(attempts, rows), attempts, hosts, onset)


def test_a_recipient_refused_again_and_again_is_one_refused_from_first_to_last(deliveries):
    later = {"time": pd.Timestamp("2026-03-02T10:00:00Z"), "line": 9}
    (entry,) = told(refused({}, later), deliveries({}))
    assert (entry["refusals"], entry["own_refused"]) == (1, 1)
    assert (entry["first"], entry["last"]) == ("2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z")


def test_abusive_mail_that_is_refused_is_not_our_own(deliveries):
    (entry,) = told(refused({}), deliveries({"verdict": "abusive"}))
    assert (entry["refusals"], entry["own_refused"]) == (1, 0)


def test_a_recipient_whom_two_lists_refused_stands_with_both_and_is_counted_once(deliveries):
    rows = refusals(refused({}, {"reply": "421 4.7.0 [TSS04] deferred"}), deliveries({}))
    assert rows["entry"].nunique() == 2
    assert own_refused(rows) == 1


@pytest.mark.parametrize(
    ("status", "fates"),
    [("bounced", (1, 0)), ("removed", (1, 0)), ("deferred", (0, 1)), ("delivered", (0, 0))],
)
def test_own_mail_is_lost_only_where_it_ended(deliveries, status, fates):
    (entry,) = told(refused({}), deliveries({"status": status}))
    assert (entry["own_lost"], entry["own_waiting"]) == fates


@pytest.mark.parametrize(("status", "permanent"), [("bounced", 1), ("deferred", 0)])
def test_a_refusal_is_permanent_by_itself_and_not_by_what_came_of_the_mail_later(
    deliveries, status, permanent
):
    (entry,) = told(refused({"status": status}), deliveries({"status": "bounced"}))
    assert entry["permanent"] == permanent


@pytest.mark.parametrize(
    "other",
    [{"status": "sent"}, {"daemon": "local"}, {"reply": None}, {"time": pd.NaT}],
    ids=["it was sent", "it is our own word", "nothing was said", "the day does not exist"],
)
def test_it_is_no_refusal_of_us_where(deliveries, other):
    assert told(refused(other), deliveries({})) == []


def test_who_refused_first_stands_first(deliveries):
    yahoo = {"reply": "421 4.7.0 [TSS04] deferred", "time": pd.Timestamp("2026-02-28T00:00:00Z")}
    found = told(refused({}, yahoo), deliveries({}))
    assert [entry["provider"] for entry in found] == ["Yahoo", "Spamhaus"]


# By provider and list


@pytest.mark.parametrize(
    ("reply", "provider", "named", "kind"),
    [
        (f"{SPAMHAUS}; https://www.spamhaus.org/sbl/query/SBL99", "Spamhaus", "SBL", "list"),
        ("550 see https://www.spamhaus.org/query/dbl?domain=x", "Spamhaus", "DBL", "domain"),
        ("550 5.7.1 blocked using Spamhaus (S3130)", "Spamhaus", "named by Microsoft", "list"),
        ("554 AUP#I-1230", "Spamhaus", "named by Spectrum", "list"),
        ("554 AUP#I-1120", "Spectrum", "reverse name", "name"),
        ("550 5.2.1 OFR_102", "Cloudmark", "CSI", "list"),
        ("550 dnsbl-2.uceprotect.net", "UCEPROTECT", "level 2", "list"),
        ("421-4.7.28 unusual rate of unsolicited mail gsmtp", "Google", "rate limit", "provider"),
        ("550-5.7.26 not authenticated gsmtp", "Google", "authentication", "name"),
        ("550 5.7.511 Access denied, banned sender", "Microsoft 365", "banned sender", "provider"),
    ],
)
def test_a_reply_names_the_list_of_a_provider(reply, provider, named, kind):
    (number,) = classify(pd.Series([reply]))
    entry = entries()[number]
    assert (entry["provider"], entry["list"], entry["kind"]) == (provider, named, kind)


@pytest.mark.parametrize(
    "reply",
    [
        "host spamhaus.evil.example[198.51.100.9] said: 550 5.1.1 User unknown",
        "host dnsbl.evil.example[198.51.100.9] refused to talk to me: 421 too busy",
        "550 5.1.1 <blacklist@spamcop.net>: Recipient address rejected: User unknown",
        "550 no such user barracudacentral.org@far.example (in reply to RCPT TO command)",
        "250 " + "x" * 1000 + " zen.spamhaus.org",
    ],
    ids=["its name", "its name again", "the recipient", "bare", "far beyond"],
)
def test_a_name_that_anybody_may_choose_lists_nobody(reply):
    assert classify(pd.Series([reply])).tolist() == [-1]


@pytest.mark.parametrize(
    "entry", entries(), ids=lambda entry: f"{entry['provider']} {entry['list']}"
)
def test_every_pattern_says_where_it_is_from_and_is_bounded(entry):
    assert set(entry) == {"pattern", "provider", "list", "kind", "meaning", "page", "source"}
    assert entry["source"]
    assert entry["kind"] in {"list", "domain", "provider", "name"}
    unbounded = entry["pattern"].replace("\\+", "").replace("\\*", "")
    assert "*" not in unbounded
    assert "+" not in unbounded


@pytest.mark.parametrize("daemon", ["esmtp", "relay", "smtp"])
def test_the_mailers_of_every_server_repeat_what_the_other_said(deliveries, daemon):
    assert told(refused({"daemon": daemon}), deliveries({}))


def test_what_postfix_repeats_while_a_host_is_suspended_is_that_host_s_word(deliveries):
    said = f"delivery temporarily suspended: host mx.far.example[198.51.100.9] said: {SPAMHAUS}"
    assert told(refused({"daemon": "error", "reply": said}), deliveries({}))
    ours = {"daemon": "error", "reply": "address blocked by local block list"}
    assert told(refused(ours), deliveries({})) == []


# When


FIRST = REFUSED["time"]
HOUR = pd.Timedelta(hours=1)


def test_the_lag_is_from_the_onset_to_the_first_refusal_after_it(deliveries):
    early = {"time": FIRST - 9 * HOUR, "life": 2}
    (entry,) = told(refused({}, early), deliveries({}), FIRST - 7.5 * HOUR)
    assert (entry["lag_hours"], entry["before_onset"]) == (7.5, 1)


def test_without_abuse_there_is_no_lag(deliveries):
    (entry,) = told(refused({}), deliveries({}))
    assert (entry["lag_hours"], entry["before_onset"]) == (None, 0)


TAKEN = {"status": "sent", "reply": "250 Ok", "life": 5}


@pytest.mark.parametrize(
    ("between", "relisted"),
    [
        ([TAKEN | {"time": FIRST + 20 * HOUR}], 1),
        ([], 0),
        ([TAKEN | {"time": FIRST + 20 * HOUR, "relay": "mx.other.example[198.51.100.8]:25"}], 0),
        ([TAKEN | {"time": FIRST + 20 * HOUR}, {"time": FIRST + 20 * HOUR}], 0),
    ],
    ids=["mail was taken", "silence alone", "another host took mail", "refused meanwhile"],
)
def test_refused_again_after_a_day_is_relisting_if_meanwhile(deliveries, between, relisted):
    again = {"time": FIRST + 40 * HOUR, "life": 2}
    (entry,) = told(refused({}, *between, again), deliveries({}))
    assert entry["relisted"] == relisted
    assert len(entry["spells"]) == relisted + 1


def test_a_list_that_nobody_knows_is_told_by_its_zone(deliveries):
    unheard = {"reply": "550 5.7.1 [192.0.2.25] listed at BL.unheard-of.example, see page"}
    (entry,) = told(refused(unheard), deliveries({}))
    assert (entry["provider"], entry["zones"]) == ("other blocklist", ["bl.unheard-of.example"])
    (known,) = told(refused({}), deliveries({}))
    assert known["zones"] == []


OTHER_HOST = {"relay": "mx.other.example[198.51.100.8]:25"}


@pytest.mark.parametrize(
    ("mails", "change", "counted"),
    [
        (3, {}, (3, True)),
        (2, {}, (2, False)),
        (9, OTHER_HOST, (0, False)),
        (9, {"time": FIRST - HOUR}, (0, False)),
    ],
    ids=["enough", "too few", "of another host", "before it"],
)
def test_a_listing_has_ended_where_the_same_hosts_took_mail_since(
    deliveries, mails, change, counted
):
    since = [TAKEN | {"time": FIRST + (2 + n) * HOUR} | change for n in range(mails)]
    (entry,) = told(refused({}, *since), deliveries({}))
    assert (entry["taken_since"], entry["ended"]) == counted
    assert entry["taken_from"] == ("2026-03-01T12:00:00Z" if counted[0] else None)


def test_hosts_that_refuse_only_some_mail_have_not_stopped_because_they_took_a_few(deliveries):
    """Nine of ten were taken while they refused: 40 more are chance, 50 are not."""
    meanwhile = [TAKEN | {"time": FIRST + n * HOUR / 10} for n in range(1, 19)]
    again = {"time": FIRST + 2 * HOUR, "life": 2}
    since = [TAKEN | {"time": FIRST + (3 + n) * HOUR} for n in range(50)]
    few, many = (
        told(refused({}, again, *meanwhile, *since[:taken]), deliveries({}))[0]
        for taken in (40, 50)
    )
    assert (few["ended"], many["ended"]) == (False, True)


def test_a_mailbox_of_ours_that_takes_mail_ends_no_listing(deliveries):
    """Exchange names its own server where another host refused."""
    ours = {"relay": "EX01"}
    since = [TAKEN | ours | {"time": FIRST + n * HOUR} for n in range(1, 9)]
    (entry,) = told(refused(ours, *since), deliveries({}))
    assert (entry["taken_since"], entry["ended"]) == (0, False)


def test_the_addresses_that_replies_speak_of_are_those_to_be_removed(deliveries):
    via = f"host mx.far.example[198.51.100.9] said: {SPAMHAUS}"
    (entry,) = told(refused({"reply": via}, {"reply": via, "life": 2}), deliveries({}))
    assert entry["quoted"] == [{"address": "192.0.2.25", "recipients": 2}]


# A listing without a cause


def test_a_listing_without_abuse_is_not_explained_and_nobody_is_accused(deliveries):
    listed = told(refused({}), deliveries({}))
    said = unexplained(listed, None)
    assert "The log does not explain this listing" in said["words"]
    assert said["providers"] == ["Spamhaus"]
    assert any("NAT" in what for what in said["ask"])
    assert any("HELO" in what for what in said["ask"])


def test_abuse_that_began_after_the_last_refusal_explains_nothing(deliveries):
    listed = told(refused({}), deliveries({}))
    assert unexplained(listed, FIRST + HOUR)
    assert unexplained(listed, FIRST - HOUR) is None


def test_who_refuses_nobody_needs_no_explanation():
    assert unexplained([], None) is None
