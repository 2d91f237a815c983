"""The sentences and numbers follow from the case; nothing is claimed that it does not hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analyzer.report import tell

START = datetime(2026, 12, 8, 5, tzinfo=UTC)
LEGITIMATE = {"verdict": "legitimate", "mechanism": None}
INFERRED = {"origin": "inferred"}


def test_the_first_sentence_says_when_who_what_and_how_many(case):
    assert tell(case())["lead"][0] == (
        "On 8 Dec 2026 at 05:00 UTC, mx1.example.org accepted 1 message from 1 address outside, "
        "without a login, for 1 recipient elsewhere."
    )


def test_the_second_sentence_says_what_became_of_it_and_whether_it_is_over(case):
    assert tell(case())["lead"][1] == (
        "The next server accepted it; no abusive message in the last 19 h of "
        "the log, and 1 later relay attempt was refused."
    )


def test_an_innocent_log_names_no_culprit_and_says_what_was_read(case):
    story = tell(case(deliveries=[LEGITIMATE], findings=[]))
    assert story["title"] == "No relay abuse found on mx1.example.org"
    assert "1 message and 1 delivery in 100 lines" in story["lead"][0]
    assert not story["sources"]


def test_a_log_without_mail_is_not_called_innocent(case):
    story = tell(case(deliveries=[], findings=[], attempts=[], inputs=[{"parsed": 0}]))
    assert story["lead"][0] == "Nothing could be judged: none of 100 lines tells of mail."
    assert story["title"].startswith("Not judged")


def test_a_server_that_the_log_does_not_name_has_no_empty_name(case):
    assert tell(case(deliveries=[{"server": ""}]))["title"] == "Relay abuse of this server"


def test_deliveries_of_mail_whose_receipt_is_missing_are_not_said_to_be_no_mail(case):
    made = case(deliveries=[UNCLEAR], findings=[], attempts=[])
    lead = tell(replace(made, messages=made.messages.slice(0, 0)))["lead"]
    assert lead[0] == (
        "Nothing could be judged: 100 lines tell of 1 delivery, and none of how that mail came in."
    )
    assert "give the older logs, or of an export of Exchange the rows of all events" in lead[1]


def test_a_log_of_which_much_could_not_be_read_acquits_nobody(case):
    unread = {"lines": 100, "parsed": 40, "ignored": 10, "blank": 0, "unread": 50}
    story = tell(case(deliveries=[LEGITIMATE], findings=[], inputs=[unread]))
    assert story["title"] == "Not judged: the mail of mx1.example.org"
    assert story["lead"][0].startswith("Nothing can be said: 50 of 100 lines could not be read.")


UNCLEAR = LEGITIMATE | {"verdict": "unclear"}


def test_a_log_of_which_most_mail_is_unclear_acquits_nobody(case):
    rows = [UNCLEAR, UNCLEAR | {"origin_life": 1}, LEGITIMATE | {"origin_life": 2}]
    story = tell(case(deliveries=rows, findings=[], site=INFERRED))
    assert story["title"] == "Not judged: the mail of mx1.example.org"
    assert story["lead"][0].startswith("Nothing can be said: 2 of 3 messages could not be judged.")
    assert "name your domains and networks" in story["lead"][1]


def test_messages_that_came_before_the_log_are_judged_by_older_logs(case):
    rows = [UNCLEAR | {"received": None, "origin_life": life} for life in (0, 1)]
    lead = tell(case(deliveries=rows, findings=[]))["lead"]
    assert "give the older logs too" in lead[1]


@pytest.mark.parametrize(
    "rows",
    [
        [UNCLEAR, LEGITIMATE | {"origin_life": 1}],
        [UNCLEAR | {"status": "rejected"}],
    ],
    ids=["half of it is judged", "it was refused"],
)
def test_unclear_mail_leaves_an_acquittal_where(case, rows):
    assert tell(case(deliveries=rows, findings=[]))["title"].startswith("No relay abuse found")


def test_a_few_unread_lines_are_told_beside_the_answer(case):
    story = tell(case(deliveries=[LEGITIMATE], findings=[]))
    assert "1 line could not be read, and may tell more." in story["lead"]


def test_one_message_to_three_recipients_is_one_message_and_its_size_counts_once(case):
    numbers = tell(case(deliveries=[{"recipient": f"{name}@x.example"} for name in "abc"]))[
        "numbers"
    ]
    assert (numbers["messages"], numbers["recipients"], numbers["bytes"]) == (1, 3, 2_000)


def test_one_of_us_among_the_recipients_is_not_told_as_elsewhere(case):
    ours = {"recipient": "jo@corp.example", "flow": "inbound"}
    story = tell(case(deliveries=[{}, ours]))
    assert story["lead"][0].endswith("for 1 recipient elsewhere.")
    assert story["numbers"]["recipients"] == 2


def test_a_queue_id_that_is_used_again_is_another_message(case):
    numbers = tell(case(deliveries=[{}, {"origin_life": 1}]))["numbers"]
    assert numbers["messages"] == 2


def test_a_message_that_went_over_two_of_our_servers_is_one(case):
    handed_over = [{"status": "filtered"}, {"server": "mx2.example.org", "queue_id": "4C1"}]
    numbers = tell(case(deliveries=handed_over))["numbers"]
    assert (numbers["messages"], numbers["recipients"], numbers["bytes"]) == (1, 1, 2_000)


@pytest.mark.parametrize("status", ["filtered", "expanded"])
def test_a_row_that_others_replaced_is_no_recipient(case, status):
    numbers = tell(case(deliveries=[{}, {"recipient": "c@x.example", "status": status}]))["numbers"]
    assert numbers["recipients"] == 1


@pytest.mark.parametrize("status", ["rejected", "discarded", "held", "removed", "unknown"])
def test_what_became_of_the_recipients_adds_up(case, status):
    numbers = tell(case(deliveries=[{}, {"status": "bounced"}, {"status": status}]))["numbers"]
    fates = ("delivered", "bounced", "deferred", "expired", "other")
    assert sum(numbers[fate] for fate in fates) == numbers["recipients"] == 3


def test_a_source_row_adds_up_too(case):
    rows = [{}, {"status": "bounced"}, {"status": "held"}]
    source = tell(case(deliveries=rows))["sources"][0]
    assert [source[key] for key in ("recipients", "delivered", "bounced", "other")] == list("3111")


def test_an_inferred_site_comes_first_and_the_verdict_is_possible(case):
    story = tell(case(findings=[{"verdict": "possible"}], site=INFERRED))
    assert story["doubt"].startswith("Verdicts stay at possible")
    assert story["title"] == "Possible relay abuse of mx1.example.org"
    assert story["lead"][0].startswith("Possibly, ")


def test_doubtful_rows_are_told_of_where_there_is_nothing_firmer(case):
    rows = [{"verdict": "unclear"}]
    story = tell(case(deliveries=rows, findings=[{"verdict": "possible"}], site=INFERRED))
    assert story["numbers"]["messages"] == 1


def test_doubtful_rows_that_are_told_of_are_not_said_to_be_missing(case):
    rows = [{"verdict": "unclear"}]
    story = tell(case(deliveries=rows, findings=[{"verdict": "possible"}], site=INFERRED))
    assert not [line for line in story["certainty"] if "further" in line]


def test_doubtful_mail_of_which_nothing_was_found_is_not_told_as_abuse(case):
    doubted = {"verdict": "unclear"}
    rows = [doubted, doubted | {"origin_life": 2, "mechanism": None}]
    story = tell(case(deliveries=rows, findings=[{"verdict": "possible"}], site=INFERRED))
    assert story["numbers"]["messages"] == 1
    how_many = next(one for one in story["answers"] if one["question"] == "How many?")
    assert how_many["answer"].endswith("; 1 further message could not be judged.")


REFUSED = {"detector": "stolen_account", "kind": "attempt", "mechanism": None}


def test_a_stolen_login_of_which_all_was_refused_is_told_though_there_was_no_abuse(case):
    login = REFUSED | {"subject_kind": "account", "subject": "ann", "messages": 30}
    story = tell(case(deliveries=[{"verdict": "legitimate", "mechanism": None}], findings=[login]))
    assert story["title"].startswith("No relay abuse found")
    assert story["lead"][1].startswith("Confirmed: the login ann was used by somebody else")


@pytest.mark.parametrize(
    ("messages", "words"),
    [(1, "its only message was refused after its DATA."), (2, "all 2 messages were refused after")],
)
def test_what_was_refused_of_it_is_told_in_words_that_fit_the_count(case, messages, words):
    login = REFUSED | {"subject_kind": "account", "subject": "ann", "messages": messages}
    assert words in tell(case(deliveries=[LEGITIMATE], findings=[login]))["lead"][1]


def test_of_many_of_them_some_are_told(case):
    logins = [REFUSED | {"subject_kind": "account", "subject": f"user{n}"} for n in range(9)]
    story = tell(case(deliveries=[{"verdict": "legitimate", "mechanism": None}], findings=logins))
    assert story["lead"][4] == "6 more are in findings.json."


def test_unclear_mail_is_in_no_figure_and_said_to_be_missing(case):
    story = tell(case(deliveries=[{}, {"origin_queue_id": "4C1", "verdict": "unclear"}]))
    assert story["numbers"]["messages"] == 1
    assert "1 further message could not be judged: an upper bound adds them." in story["certainty"]


def test_missing_lines_make_every_count_a_lower_bound(case):
    gap = {"detector": "log_gap", "kind": "limit", "mechanism": None, "reason": "3 h are missing"}
    story = tell(case(findings=[{}, gap]))
    assert "at least 1 message" in story["lead"][0]
    assert "3 h are missing" in story["limits"]


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("2026-12-08T05:30:00Z", "it was still going on when the log ends"),
        ("2026-12-08T07:00:00Z", "no abusive message in the last 2 h of the log."),
    ],
)
def test_it_is_over_only_as_far_as_the_log_reaches(case, last, told):
    assert told in tell(case(attempts=[], inputs=[{"last": last}]))["lead"][1]


def test_refusals_before_the_last_relayed_message_prove_nothing(case):
    story = tell(case(attempts=[{"time": START - timedelta(hours=1)}]))
    assert "refused" not in story["lead"][1]


def test_an_attempt_that_syslog_repeated_counts_as_often(case):
    assert tell(case(attempts=[{"repeat": 7}]))["attempts"][0]["attempts"] == "7"


def test_notices_to_strangers_follow_the_door_that_caused_them(case):
    notice = {"queue_id": "4D1", "origin_queue_id": "4D1", "mechanism": "backscatter"}
    story = tell(case(deliveries=[notice, notice | {"origin_queue_id": "4D2"}, {}]))
    assert [door["name"] for door in story["doors"]["rows"]] == [
        "Open relay",
        "Notices to strangers",
    ]


def test_notices_that_trickle_on_do_not_make_the_abuse_go_on(case):
    notice = {
        "origin_queue_id": "4D1",
        "cause_queue_id": "4A1",
        "mechanism": "backscatter",
        "received": START + timedelta(hours=18, minutes=50),
    }
    story = tell(case(deliveries=[{}, notice]))
    assert (story["numbers"]["messages"], story["numbers"]["notices"]) == (1, 1)
    assert story["lead"][1].endswith(
        "no abusive message in the last 19 h of the log, and 1 later relay attempt was refused; "
        "notices about it went out until 8 Dec 2026, 23:50 UTC."
    )


def test_a_server_that_syslog_cut_short_has_its_whole_name(case):
    story = tell(
        case(
            deliveries=[{"server": "mx1"}],
            site={"origin": "given", "servers": ["mx1.corp.example", "192.0.2.25"]},
        )
    )
    assert story["title"] == "Relay abuse of mx1.corp.example"


def test_a_stolen_login_is_named_and_not_called_an_open_relay(case):
    story = tell(
        case(
            deliveries=[{"mechanism": "stolen_account", "auth_user": "ann"}],
            findings=[{"mechanism": "stolen_account", "subject": "ann", "subject_kind": "account"}],
        )
    )
    assert "through the login ann, used by somebody else" in story["lead"][0]
    assert story["title"] == "Stolen login on mx1.example.org"
    assert "smtpd_relay_restrictions" not in str(story["steps"])


DOORS = ("open_relay", "stolen_account", "trusted_host", "local_injection", "backscatter")


@pytest.mark.parametrize("door", DOORS)
def test_each_door_has_its_own_sentence_and_something_to_do_about_it(case, door):
    story = tell(case(deliveries=[{"mechanism": door}], findings=[{"mechanism": door}]))
    plain = tell(case(deliveries=[{"mechanism": None}]))
    assert story["lead"][0] != plain["lead"][0]
    assert story["steps"][0]["lines"] or "login" in story["steps"][0]["title"]


def test_the_sender_behind_a_webmail_is_locked_first(case):
    row = {"mechanism": "trusted_host", "client_ip": "10.0.0.9"}
    story = tell(case(deliveries=[row | {"origin_sender": "ann@example.org"}]))
    assert "1 message came with the sender ann@example.org" in story["steps"][0]["text"]


def test_the_sender_behind_a_gateway_is_of_a_domain_that_it_relays_for(case):
    row = {"mechanism": "trusted_host", "client_ip": "10.0.0.9"}
    gateway = {"origin": "given", "domains": [], "relay_domains": ["example.org"]}
    made = case(deliveries=[row | {"origin_sender": "ann@example.org"}], site=gateway)
    assert "1 message came with the sender ann@example.org" in tell(made)["steps"][0]["text"]


def test_mail_to_relay_domains_by_the_log_alone_is_told_in_words_after_a_door(case):
    relayed = {"verdict": "unclear"}
    doubtful = [relayed | {"mechanism": "backup_mx", "origin_life": life} for life in (1, 2)]
    lead = tell(case(deliveries=[*doubtful, relayed]))["lead"][0]
    assert "without a login" in lead
    assert "2 messages to domains that only the log calls relay domains" in lead


def test_an_open_relay_is_answered_with_the_lines_that_close_it(case):
    lines = [line.strip() for step in tell(case())["steps"] for line in step["lines"]]
    assert "smtpd_relay_restrictions = permit_mynetworks," in lines
    assert "permit_sasl_authenticated, defer_unauth_destination" in lines


def test_notices_about_relayed_mail_end_with_the_relaying(case):
    notice = {"origin_queue_id": "4D1", "mechanism": "backscatter", "cause_queue_id": "4A1"}
    assert tell(case(deliveries=[{}, notice]))["steps"] == tell(case())["steps"]


def test_what_was_only_tried_comes_last_among_the_findings(case):
    tried = {"kind": "attempt", "finding_id": "relay_probes-1", "first_seen": START}
    found = {"first_seen": START + timedelta(hours=1)}
    findings = tell(case(findings=[tried, found]))["findings"]
    assert [finding["kind"] for finding in findings] == ["abuse", "attempt"]


def test_mail_that_still_waits_is_to_be_held(case):
    titles = [s["title"] for s in tell(case(deliveries=[{"status": "deferred"}]))["steps"]]
    assert "Stop what still waits in the queue" in titles


def test_each_list_that_refused_us_is_named_with_its_page(case):
    removal = [s for s in tell(case())["steps"] if s["title"].startswith("Ask for removal")]
    assert removal[0]["lines"] == ["Spamhaus SBL: https://check.spamhaus.org/"]


def test_a_list_is_quoted_without_what_postfix_puts_before_its_words(case):
    reply = "host mx.other.example[192.0.2.1] refused to talk to me: 554 listed"
    assert tell(case(blocklists=[{"words": reply}]))["blocklists"][0]["words"] == "554 listed"


def test_a_list_that_nobody_knows_is_told_by_its_zone(case):
    unknown = {"provider": "other blocklist", "zones": ["bl.unheard-of.example"]}
    provider = tell(case(blocklists=[unknown]))["blocklists"][0]["provider"]
    assert provider == "other blocklist bl.unheard-of.example"


def test_the_timeline_is_in_order_and_says_when_the_log_ends(case):
    told = [event["text"] for event in tell(case())["timeline"]]
    assert told == [
        "The log begins.",
        "The first abusive message is accepted.",
        "Spamhaus SBL refuses our mail for the first time.",
        "Relaying is refused to 203.0.113.7 for the first time.",
        "Relaying is refused again; 1 attempt until the log ends.",
        "The log ends.",
    ]


def test_what_was_asked_after_the_log_ends_stands_at_the_end_of_the_timeline(case):
    """Found or not: a relay test, and each address that blocklists were asked about."""
    made = case(deliveries=(), findings=(), attempts=())
    row = {"ip": "192.0.2.25", "state": "listed", "provider": "A \x1b[2J"}
    others = [row | {"state": state, "provider": state} for state in ("policy", "unknown")]
    made.dnsbl = {"asked": "2026-12-10T08:00:00Z", "addresses": [row, *others]}
    made.relay_test = {"started": "2026-12-10T07:00:00Z", "host": "mx1", "sentence": "Closed."}
    test, lists = [event["text"] for event in tell(made)["timeline"]][-2:]
    assert test == "A relay test of mx1: Closed."
    assert lists.startswith("3 blocklists asked about 192.0.2.25: listed by A \\x1b[2J, ")
    assert lists.endswith("by policy alone by policy, 1 did not tell.")


def test_the_clock_on_the_wall_stands_beside_utc_where_the_site_has_another(case):
    site = {"origin": "given", "timezone": "Europe/Berlin"}
    event = tell(case(site=site))["timeline"][1]
    assert (event["time"], event["local"]) == ("2026-12-08 05:00", "8 Dec 06:00")
    assert tell(case())["timeline"][1]["local"] == ""


def test_the_lines_of_each_file_add_up_in_words(case):
    assert tell(case())["accounting"]["sum"] == (
        "90 parsed + 8 ignored + 1 blank + 1 unread = 100 lines"
    )


def test_a_file_that_was_read_twice_counts_once(case):
    story = tell(case(inputs=[{}, {"path": "copy.log", "duplicate_of": "mail.log"}]))
    assert story["numbers"]["lines"] == 100
    assert story["inputs"][1]["notes"] == ["the same content as mail.log, counted once"]


def test_lines_that_stand_twice_are_told_by_where_else_they_stand(case):
    story = tell(case(inputs=[{"path": "copy.log", "repeats": {"copy.log": 2, "mail.log": 1}}]))
    assert story["inputs"][0]["notes"] == [
        "2 lines once more here, counted once",
        "1 line also in mail.log, counted once",
    ]


def test_a_guessed_year_is_said_with_its_ground(case):
    clock = [{"path": "mail.log", "year": 2026, "ground": "12 Message-IDs that Postfix made"}]
    notes = tell(case(clock=clock))["inputs"][0]["notes"]
    assert notes == ["year 2026: 12 Message-IDs that Postfix made"]


def test_damage_is_said(case):
    notes = tell(case(inputs=[{"damage": "ends in the middle of a block"}]))["inputs"][0]["notes"]
    assert notes == ["damaged: ends in the middle of a block"]


def test_what_no_log_can_show_is_said_in_every_report(case):
    innocent = tell(case(deliveries=[LEGITIMATE], findings=[]))
    assert set(innocent["limits"]) >= {"How the server is set up now: a log shows what it did."}


def test_evidence_is_named_by_file_line_and_byte(case):
    assert tell(case())["findings"][0]["evidence"] == ["mail.log:7 (byte 700)"]


def test_a_site_that_looks_wrong_is_said_above_everything_else(case):
    doubt = {"finding_id": "site_doubt-1", "detector": "site_doubt", "kind": "limit"}
    doubts = [doubt | {"reason": f"domain{n}.test looks local"} for n in range(3)]
    said = tell(case(findings=[{}, *doubts]))["doubt"]
    assert said.startswith("Who is local looks wrong as stated")
    assert "domain0.test looks local domain1.test looks local 1 more doubt under" in said
    assert tell(case())["doubt"] == ""


def mixed(case, *more):
    """One client is confirmed, another one only probable."""
    other = {"origin_queue_id": "4C1", "origin_life": 1, "client_ip": "10.2.3.4"}
    told = {"finding_id": "open_relay-2", "subject": "10.2.3.4", "verdict": "probable"}
    return case(deliveries=[{}, other, *more], findings=[{}, told])


def test_the_headline_counts_what_is_as_sure_as_it_says_and_tells_the_rest_apart(case):
    told = tell(mixed(case))
    assert "accepted 1 message from 1 address outside" in told["lead"][0]
    assert "besides, probably 1 message more of that kind from 1 address" in told["lead"][0]
    assert "Of the 2 messages: 1 confirmed and 1 probable." in told["certainty"][0]
    assert told["figures"][0]["note"].startswith("1 confirmed and 1 probable; ")


def test_a_private_address_among_strangers_is_told_of(case):
    assert "1 private address counts as outside (10.2.3.4)" in tell(mixed(case))["certainty"][1]
    assert len(tell(case())["certainty"]) == len(tell(mixed(case))["certainty"]) - 1


def test_the_headline_is_as_sure_as_the_door_that_it_tells_of(case):
    """A single confirmed message of another door confirms nothing of the first one."""
    login = {
        "mechanism": "stolen_account",
        "auth_user": "ann",
        "origin_queue_id": "4D1",
        "origin_life": 2,
    }
    more = {"origin_queue_id": "4E1", "origin_life": 3}
    relay = {"verdict": "probable"}
    stolen = {"finding_id": "s-1", "mechanism": "stolen_account", "subject": "ann"}
    told = tell(case(deliveries=[{}, more, login], findings=[relay, stolen]))
    assert told["certainty"][0].startswith("Probable: ")
    assert told["answers"][0]["answer"].startswith("Probable: On 8 Dec")
    assert "accepted 2 messages" in told["lead"][0]


def notices_alone(case, size):
    """Mail for an unknown user that was taken in, and the notice about it to a stranger."""
    cause = {"mechanism": "backscatter", "status": "bounced"}
    notice = {
        "mechanism": "backscatter",
        "queue_id": "4D1",
        "origin_queue_id": "4D1",
        "origin_life": 1,
        "cause_queue_id": "4A1",
        "client_ip": None,
        "size": size,
    }
    told = {"detector": "backscatter", "mechanism": "backscatter", "subject": "mx1.example.org"}
    return tell(case(deliveries=[cause, notice], findings=[told | {"subject_kind": "server"}]))


def test_of_notices_alone_every_sentence_counts_them_and_names_whose_mail_caused_them(case):
    told = notices_alone(case, 3_000)
    said = {entry["question"]: entry["answer"] for entry in told["answers"]}
    assert "1 message for 1 recipient" in said["Is it us?"]
    assert said["How many?"] == "1 message (3.0 kB) to 1 recipient: 1 delivered."
    assert said["From where?"].startswith("This server itself. The mail that its notices to")
    assert said["From where?"].endswith("are about came from 1 address: 203.0.113.7.")
    assert told["figures"][0]["value"] == told["figures"][1]["value"] == "1"
    assert [row["source"] for row in told["sources"]] == ["made on this server"]
    assert told["figures"][3]["label"] == "Addresses it is about"


@pytest.fixture
def beside(case):
    """An open relay, and notices about mail for unknown users that outlast it by ten hours."""
    late = {"mechanism": "backscatter", "received": START + timedelta(hours=10), "origin_life": 1}
    cause = late | {"queue_id": "4C1", "origin_queue_id": "4C1", "client_ip": "192.0.2.66"}
    notice = late | {"queue_id": "4D1", "origin_queue_id": "4D1", "cause_queue_id": "4C1"}
    made = case(deliveries=[{}, cause, notice | {"client_ip": None, "origin_life": 2}])
    made.impact["clean"] = {"messages_since": 5}
    return made


def test_notices_about_mail_that_is_no_abuse_are_abuse_of_their_own(beside):
    told = tell(beside)
    said = {entry["question"]: entry["answer"] for entry in told["answers"]}
    assert "it sent 1 message as notices to strangers, about other mail" in said["Is it us?"]
    assert said["When?"].endswith("last 2026-12-08 15:00:00 UTC.")
    assert "notices about it" not in said["Is it going on?"]
    assert "Refuse what cannot be delivered" in str(told["steps"])
    assert "not whether the rest is shut: notices to strangers" in str(told["closing"]["proofs"])
    assert not told["closing"]["closed"]


def test_notices_count_and_the_mail_that_they_are_about_does_not(beside):
    told = tell(beside)
    assert told["numbers"]["messages"] == told["numbers"]["recipients"] == 2
    assert [row["messages"] for row in told["doors"]["rows"]] == ["1", "1"]
    assert [row["source"] for row in told["sources"]] == ["203.0.113.7", "made on this server"]
    assert told["numbers"]["addresses"] == 1


def test_servers_whose_clocks_disagree_are_told_where_it_says_how_sure_it_is(case):
    reason = "the clock of mx1 is about 3600 s ahead of that of mx2"
    apart = {"detector": "clock", "kind": "limit", "messages": 20, "reason": reason}
    assert "The clock of mx1 is about 3600 s ahead" in str(
        tell(case(findings=[{}, apart]))["certainty"]
    )
    of_a_file = apart | {"messages": None}
    assert "3600 s" not in str(tell(case(findings=[{}, of_a_file]))["certainty"])


def test_a_door_is_said_to_be_open_when_that_is_shown(case):
    reason = "the log shows no refusal before the first relayed message (2026-12-08 05:00 UTC)"
    door = {"detector": "door", "kind": "context", "mechanism": None, "reason": reason}
    door |= {"first_seen": START - timedelta(days=3), "last_seen": START}
    (event,) = [e for e in tell(case(findings=[{}, door]))["timeline"] if "no refusal" in e["text"]]
    assert event["time"] == "2026-12-08 05:00"


def test_the_last_refusal_stands_at_its_own_time(case):
    ended = {"ended": True, "taken_from": "2026-12-08T12:30:00Z", "taken_since": 9}
    told = tell(case(blocklists=[ended]))["timeline"]
    (event,) = [event for event in told if "for the last time" in event["text"]]
    assert event["time"] == "2026-12-08 09:00"
    assert "it is taken again from 8 Dec 2026, 12:30 UTC on" in event["text"]


def test_a_size_that_was_not_logged_is_not_called_no_bytes(case):
    told = notices_alone(case, None)
    said = {entry["question"]: entry["answer"] for entry in told["answers"]}
    assert said["How many?"] == "1 message to 1 recipient: 1 delivered."
    assert told["figures"][0]["note"] == "size not logged"


LATE = {"name": "own_recipients_delayed", "unit": "recipient", "high": 15}


@pytest.mark.parametrize(
    ("bounds", "value", "explained"),
    [
        ({"low": 0, "value": 0}, "0 recipients (0 to 15)", "none of them for sure (at most 15)"),
        (
            {"low": 2, "value": 4},
            "4 recipients (2 to 15)",
            "about 4 of them (at least 2 and at most 15)",
        ),
    ],
)
def test_late_mail_in_the_tables_is_told_apart_from_what_the_abuse_explains(
    case, bounds, value, explained
):
    story = tell(case(figures=[LATE | bounds]))
    assert story["impact"][0]["value"] == value
    assert story["harm"]["late"].endswith(
        f"Later than usual was mail to 15 recipients; the abuse explains {explained}."
    )


def test_nothing_is_said_of_late_mail_where_none_was(case):
    assert tell(case())["harm"]["late"] == ""


def test_a_time_in_which_no_mail_came_is_not_said_to_be_of_no_mail_log(case):
    made = case(deliveries=[], findings=[], attempts=[], inputs=[{"outside_window": 80}])
    assert tell(made)["lead"][0] == (
        "Nothing could be judged: no mail came in the time asked about."
    )


@pytest.mark.parametrize(
    ("accounts", "told"),
    [(["ann"], "came through a stolen login"), (["ann", "bob"], "came through stolen logins")],
)
def test_logins_besides_are_told_as_many_as_they_are(case, accounts, told):
    relayed = [{}, {"origin_life": 9}, {"origin_life": 8}]
    login = {"mechanism": "stolen_account"}
    used = [login | {"auth_user": name, "origin_life": n} for n, name in enumerate(accounts, 1)]
    findings = [{}, *(login | {"subject": name} for name in accounts)]
    assert told in tell(case(deliveries=[*relayed, *used], findings=findings))["lead"][0]


def test_a_size_that_is_not_logged_is_not_told_as_no_bytes(case):
    (source,) = tell(case(deliveries=[{"size": None}]))["sources"]
    assert source["bytes"] == "–"


def test_a_figure_and_what_it_lies_between_have_the_same_places(case):
    made = case(figures=[{"value": 79.85, "low": 79.85, "high": 1199.63, "unit": "h"}])
    assert [figure["value"] for figure in tell(made)["impact"]] == ["79.8 h (79.8 to 1,199.6)"]
