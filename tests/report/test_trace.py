"""What does `relaytrail trace` say of a message, and of a text that stands for several things?"""

import json
import re
import tomllib
from pathlib import Path

import pytest

from analyzer import pipeline
from analyzer.errors import SettingsError
from analyzer.report.events import read_events, write_events
from analyzer.report.queries import recognised
from analyzer.report.tables import write_json, write_tables
from analyzer.report.trace import as_text, trace
from analyzer.site import Site
from analyzer.words import WIDTH

SCENARIOS = Path(__file__).parents[1] / "scenarios"
SITE = Site(**tomllib.loads((SCENARIOS / "site.toml").read_text("utf-8")))


@pytest.fixture(scope="module")
def case_of(tmp_path_factory):
    """The case folder of a scenario, as far as it is read."""
    made = {}

    def make(name):
        if name not in made:
            logs = sorted(SCENARIOS.glob(f"{name}*.log"))
            case = pipeline.analyze(logs, site=SITE, year=2026).case
            made[name] = tmp_path_factory.mktemp("cases") / name
            made[name].mkdir()
            write_events(case.events, made[name])
            write_tables(case, made[name])
            write_json(case.manifest, made[name] / "manifest.json")
        return made[name]

    return make


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("203.0.113.7", ["IP address"]),
        ("[IPv6:2001:DB8::7]", ["IP address"]),
        ("::ffff:203.0.113.7", ["IP address"]),
        ("<1@a.example>", ["address", "login", "message-id"]),
        ("3F2A12CE583", ["queue id", "login", "message-id"]),
        ("far.example", ["domain", "login", "message-id"]),
        ("jo", ["login", "message-id"]),
    ],
)
def test_the_form_of_a_query_tells_what_it_may_be(text, kinds):
    assert list(recognised(text).kinds) == kinds


@pytest.mark.parametrize(
    "query",
    [
        "3F2A12CE583",
        "5D7712CE585",
        "<1@a.example>",
        "203.0.113.7",
        "BOB@far.example",
        "far.example",
    ],
)
def test_a_message_is_found_by(case_of, query):
    told = trace(case_of("content_filter"), query, 10)
    assert [message["queue_id"] for message in told["messages"]] == ["3F2A12CE583"]


def test_each_leg_names_the_leg_before_and_what_says_so(case_of):
    (message,) = trace(case_of("content_filter"), "3F2A12CE583", 10)["messages"]
    first, second = message["legs"]
    assert (first["parent"], second["parent"]) == (None, "3F2A12CE583")
    assert second["ground"] == "the answer names it"


@pytest.mark.parametrize(
    ("scenario", "ground"),
    [
        ("filter_gives_no_id_back", "Message-ID, time and recipient agree"),
        ("filter_with_xforward_and_no_id_back", "its own line names the queue id before"),
        ("hand_over_to_another_server", "the answer names it"),
    ],
)
def test_where_no_answer_names_a_leg_it_is_said_what_ties_it(case_of, scenario, ground):
    (message,) = trace(case_of(scenario), "203.0.113.7", 10)["messages"]
    assert message["legs"][1]["ground"] == ground


def test_every_attempt_is_told_with_delay_answer_and_place(case_of):
    (message,) = trace(case_of("content_filter"), "3F2A12CE583", 10)["messages"]
    (attempt,) = message["legs"][1]["recipients"][0]["attempts"]
    assert attempt["time"] == "2026-12-07T10:00:02Z"
    assert (attempt["delay"], attempt["reply"]) == (0.3, "250 2.0.0 Ok: queued as 4C1D7F0A21")
    assert (attempt["place"]["source"], attempt["place"]["line"]) == ("content_filter.log", 9)


def test_a_notice_is_told_under_the_message_that_it_is_about(case_of):
    told = trace(case_of("notice_about_relayed_mail"), "gone@far.example", 10)
    (notice,) = told["messages"][0]["notices"]
    assert (notice["recipient"], notice["place"]["line"]) == ("forged@victim.example", 7)


def test_an_id_used_again_shows_the_lines_of_its_own_message_only(case_of):
    told = trace(case_of("id_used_again_minutes_later"), "3F2A12CE583", 10)
    legs = [leg for message in told["messages"] for leg in message["legs"]]
    tried = [
        [a["place"]["line"] for to in leg["recipients"] for a in to["attempts"]] for leg in legs
    ]
    assert tried == [[4], [14]]
    assert [[end["place"]["line"] for end in leg["ends"]] for leg in legs] == [[5], [15]]


@pytest.mark.parametrize("listing", ["queue_listed_by_mailq", "queue_listed_by_postqueue"])
def test_what_still_waits_is_told_under_its_message(case_of, listing):
    told = trace(case_of(listing), "3F2A12CE583", 10)
    (waits,) = told["messages"][0]["legs"][0]["queue_now"]
    assert (waits["recipient"], waits["source"]) == ("eve@far.example", f"{listing}.2.log")
    assert "still in the queue" in as_text(told)


def test_attempts_that_were_refused_are_told(case_of):
    told = trace(case_of("relay_refused"), "203.0.113.7", 10)
    assert told["attempts_found"] == len(told["attempts"]) > 0
    assert "relaying refused" in as_text(told)


def test_nothing_found_is_said_with_what_was_searched(case_of):
    text = as_text(trace(case_of("content_filter"), "nobody@nowhere.example", 10))
    assert "Nothing in this case has it. Searched: deliveries.recipient" in " ".join(text.split())


def test_more_messages_than_asked_for_are_counted(case_of):
    told = trace(case_of("first_probe_before_the_flood"), "203.0.113.7", 1)
    assert len(told["messages"]) == 1 < told["messages_found"]
    assert "1 message more; --limit shows it." in as_text(told | {"messages_found": 2})
    assert "2 messages more; --limit shows them." in as_text(told | {"messages_found": 3})


def test_more_attempts_than_asked_for_are_counted(case_of):
    told = trace(case_of("relay_refused"), "203.0.113.7", 1)
    assert "1 more; --limit shows it" in as_text(told | {"attempts_found": 2})
    assert "2 more; --limit shows them" in as_text(told | {"attempts_found": 3})


@pytest.mark.parametrize("scenario", ["content_filter", "percent_in_a_name", "ipv6_clients"])
def test_the_tree_fits_a_terminal_and_holds_no_control_byte(case_of, scenario):
    text = as_text(trace(case_of(scenario), "example", 50))
    text += as_text(trace(case_of(scenario), "far.example", 50))
    assert max(map(len, text.split("\n"))) <= WIDTH
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


def test_whoever_is_asked_for_is_told_first_however_many_recipients_there_are(case_of, monkeypatch):
    monkeypatch.setattr("analyzer.report.trace.RECIPIENTS_SHOWN", 1)
    told = as_text(trace(case_of("sixteen_copies"), "cc15@far.example", 10))
    assert "to <cc15@far.example>: delivered" in told
    assert "15 recipients more; --json has them" in told


def test_the_answer_is_json(case_of):
    told = trace(case_of("content_filter"), "far.example", 10)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_a_folder_that_is_no_case_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="not a case folder"):
        trace(tmp_path, "jo", 10)


def test_ids_are_found_in_parts_whose_groups_of_rows_begin_with_other_servers(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("analyzer.report.events.ROWS_A_GROUP", 2)
    logs = sorted(SCENARIOS.glob("hand_over_to_another_server.*.log"))
    events = pipeline.analyze(logs, site=SITE, year=2026).case.events
    write_events(events, tmp_path)
    own = {
        pair
        for table in events.values()
        for pair in zip(table["server"].to_pylist(), table["queue_id"].to_pylist(), strict=True)
        if pair[1]
    }
    assert len({server for server, _ in own}) == 2
    for pair in own:
        assert len(read_events(tmp_path, [pair]))


def test_the_ids_of_queues_that_have_one_line_are_found_in_many_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("analyzer.report.events.ROWS_A_PART", 2)
    head = "Dec  7 10:00:00 mx1 postfix-"
    log = tmp_path / "mail.log"
    log.write_text("".join(f"{head}{n}/qmgr[7]: 7F0000000{n}: removed\n" for n in range(9)))
    write_events(pipeline.analyze([log], site=SITE, year=2026).case.events, tmp_path)
    for n in range(9):
        found = read_events(tmp_path, [("mx1", f"7F0000000{n}")])
        assert found["instance"].to_pylist() == [f"postfix-{n}"]
