"""Is a log that is joined in parts told as it is when it is joined at once?"""

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import evidence
from analyzer.messages import assemble, parts
from analyzer.messages.merging import merged
from analyzer.messages.ties import tied
from analyzer.pipeline.dating import date
from analyzer.pipeline.reading import read_all
from analyzer.site import load
from analyzer.spool import Spool

SCENARIOS = Path(__file__).parent.parent / "scenarios"
SAMPLES = Path(__file__).parent.parent.parent / "sample_logs"
TABLES = ("messages", "attempts", "sessions")
FRAMES = ("deliveries", "tried", "clocks", "told", "server_events")


def logs():
    """The logs of all scenarios, by name."""
    found = {}
    for path in sorted(SCENARIOS.glob("*.log")):
        found.setdefault(path.name.partition(".")[0], []).append(path)
    return found


def events_of(paths):
    return date(read_all(evidence.find(paths), None), 2026, None).events


def same(one, other):
    """Nothing that was joined differs, whatever type holds it."""
    for name in TABLES:
        assert getattr(one, name).equals(getattr(other, name)), name
    for name in FRAMES:
        plain = [getattr(whole, name).astype(object) for whole in (one, other)]
        plain = [frame.where(frame.notna(), None).reset_index(drop=True) for frame in plain]
        pd.testing.assert_frame_equal(*plain, check_dtype=False)
    return True


@pytest.mark.parametrize(("name", "paths"), logs().items(), ids=logs())
def test_a_scenario_is_told_the_same_in_three_parts(name, paths, tmp_path, monkeypatch):
    events, site = events_of(paths), load(SCENARIOS / "site.toml")
    monkeypatch.setattr(parts, "LINES_A_PART", -(-sum(map(len, events.values())) // 3))
    assert same(assemble(events, site), assemble(events, site, Spool(tmp_path)))


@pytest.mark.parametrize("lines", [700, 3_000])
@pytest.mark.parametrize("sample", ["postfix-open-relay", "sendmail-open-relay"])
def test_a_servers_log_is_told_the_same_in_many_parts_and_few(sample, lines, tmp_path, monkeypatch):
    paths = sorted((SAMPLES / sample).glob("mail*.log.xz")) or [SAMPLES / sample / "maillog.xz"]
    events, site = events_of(paths[:1]), load(SAMPLES / sample / "site.toml")
    monkeypatch.setattr(parts, "LINES_A_PART", lines)
    assert parts.parts_of(events) > 1
    assert same(assemble(events, site), assemble(events, site, Spool(tmp_path)))


EXCHANGE = {
    "2003": ["exchange-2003-open-relay"],
    "2016, with receive protocols": ["exchange-2016-open-relay"],
    "beside Postfix": ["exchange-2016-open-relay", "postfix-clean"],
}


@pytest.mark.parametrize("samples", EXCHANGE.values(), ids=EXCHANGE)
def test_exchanges_rows_are_made_ready_in_parts_too(samples, tmp_path, monkeypatch):
    paths = [path for sample in samples for path in (SAMPLES / sample).rglob("*.[lL][oO][gG].xz")]
    paths = [path for path in sorted(paths) if "rfc3339" not in path.name]
    events, site = events_of(paths), load(SAMPLES / samples[0] / "site.toml")
    expected = assemble(events, site)
    monkeypatch.setattr(parts, "LINES_A_PART", 6_000)
    monkeypatch.setattr(import_module("analyzer.messages.survey"), "ROWS", 1_000)
    assert parts.parts_of(events) >= 5
    assert same(expected, assemble(events, site, Spool(tmp_path)))


def lines(*told):
    """Lines of one kind, in order."""
    rows = [{"order": n, "mta": "postfix", "server": "mx1", **line} for n, line in enumerate(told)]
    texts = "mta server queue_id orig_queue_id new_queue_id message_id reply".split()
    texts += "reference network_message_id session_id".split()
    schema = pa.schema([("order", pa.int64()), *((name, pa.string()) for name in texts)])
    return {"delivery": pa.Table.from_pylist(rows, schema)}


@pytest.mark.parametrize(
    "second",
    [
        {"queue_id": "AAAA1111"},
        {"queue_id": "BBBB2222", "orig_queue_id": "AAAA1111"},
        {"queue_id": "BBBB2222", "new_queue_id": "AAAA1111"},
        {"orig_queue_id": "AAAA1111"},
        {"queue_id": "BBBB2222", "message_id": "m1@a.example"},
        {"queue_id": "BBBB2222", "reply": "forwarded as AAAA1111"},
        {"queue_id": "BBBB2222", "reply": "250 2.0.0 Ok: queued as AAAA1111"},
        {"queue_id": "BBBB2222", "reply": "2.0.0 AAAA1111 Message accepted for delivery"},
        {"queue_id": "BBBB2222", "reference": "m1@a.example"},
        {"queue_id": "BBBB2222", "network_message_id": "n1"},
        {"network_message_id": "n1"},
        {"session_id": "08D1A"},
        {"session_id": "08d1a"},
    ],
)
def test_a_line_that_names_a_message_is_tied_to_it(second):
    first = {"queue_id": "AAAA1111", "message_id": "m1@a.example"}
    first |= {"network_message_id": "n1", "session_id": "08D1A"}
    one, other = tied(lines(first, second)).of["delivery"]
    assert one == other >= 0


@pytest.mark.parametrize(
    "second",
    [
        {"queue_id": "BBBB2222"},
        {"queue_id": "BBBB2222", "reply": "250 2.0.0 Ok: queued as CCCC3333"},
        {"queue_id": "BBBB2222", "message_id": "m2@a.example"},
        {"session_id": "08D1B", "network_message_id": "n2"},
        {},
    ],
)
def test_lines_that_name_nothing_in_common_are_not_tied(second):
    first = {"queue_id": "AAAA1111", "message_id": "m1@a.example"}
    one, other = tied(lines(first, second)).of["delivery"]
    assert one != other


def test_a_chain_of_a_thousand_messages_is_one_group():
    chain = [{"queue_id": f"A{n:07}", "new_queue_id": f"A{n + 1:07}"} for n in range(1_000)]
    assert len(set(tied(lines(*chain[::2], *chain[1::2])).of["delivery"])) == 1


def test_parts_have_as_many_lines_where_most_are_of_no_message(tmp_path):
    failed = "postfix/smtpd[{}]: warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: x"
    told = [f"Dec  7 10:00:00 mx1 {failed.format(2000 + n)}\n" for n in range(100)]
    told.append("Dec  7 10:00:01 mx1 postfix/qmgr[1795]: AAAA1111: removed\n")
    path = tmp_path / "mail.log"
    path.write_text("".join(told))
    log = parts.Divided.of(events_of([path]), 4)
    assert [len(log.part(number).lines) for number in range(4)] == [26, 25, 25, 25]


def test_each_line_is_of_one_part_alone_and_each_part_has_whole_dialogues(monkeypatch):
    events = events_of(sorted((SAMPLES / "postfix-clean").glob("mail*.log.xz"))[:1])
    log = parts.Divided.of(events, 7)
    found = [log.part(number) for number in range(7)]
    orders = np.concatenate([part.lines for part in found])
    everything = np.concatenate([table["order"].to_numpy() for table in events.values()])
    assert sorted(orders) == sorted(everything)
    for part in found:
        talks = pa.concat_tables(
            [
                table.select(["dialogue", "order"])
                for table in part.events.values()
                if "dialogue" in table.column_names
            ]
        ).to_pandas()
        mine = talks[talks["order"].isin(part.dialogues)]
        assert len(mine) == len(part.dialogues)


@given(st.lists(st.lists(st.integers(0, 50), max_size=20), min_size=1, max_size=5))
def test_the_rows_of_sorted_tables_become_one_in_order(numbers):
    tables = [pa.table({"n": pa.array(sorted(of), pa.int64())}) for of in numbers]
    whole = np.concatenate([table["n"].to_numpy() for table in tables])
    order = np.argsort(whole, kind="stable")
    found = pa.concat_tables(merged(tables, order, lambda _, table: table))
    assert found["n"].to_pylist() == sorted(whole)


def test_a_frame_in_files_is_the_frame_that_was_given(tmp_path):
    given_ = pd.DataFrame(
        {
            "text": pd.array(["a", None, "ä"], dtype="str"),
            "number": [1, 2, 3],
            "part": [0.5, float("nan"), -1.0],
            "time": pd.to_datetime(["2026-12-01", None, "2026-12-02"], utc=True).as_unit("us"),
            "flag": [True, False, True],
            "doubt": pd.array([True, None, False], dtype="boolean"),
            "word": pd.Categorical(["b", "a", "b"], categories=["a", "b", "c"]),
        }
    )
    table = pa.Table.from_pandas(given_, preserve_index=False)
    found = Spool(tmp_path).frame("rows", [table.slice(0, 2), table.slice(2)])
    pd.testing.assert_frame_equal(found, given_)
    assert not list(tmp_path.iterdir())


def test_numbers_of_words_lie_in_files_only_where_all_mean_the_same(tmp_path):
    tables = [
        pa.table({"word": pa.array(words).dictionary_encode()}) for words in (["a"], ["b", "a"])
    ]
    with pytest.raises(ValueError, match="another dictionary: word"):
        Spool(tmp_path).frame("rows", tables)


FAR = "relay=mx.far.example. [198.51.100.9], dsn=2.0.0, stat=Sent (ok)"
DEFERRED = "relay=none, delay=9, delays=9/0/0/0, dsn=4.4.1, status=deferred (no)"


def of_sendmail(queue_id, client):
    """A message that a client hands in, by a process whose number comes round again."""
    words = f"size=1, class=0, nrcpts=1, msgid=<{queue_id}@a.example>, proto=ESMTP"
    return [
        f"sm-mta[2101]: {queue_id}: from=<ann@a.example>, {words}, relay=[{client}]",
        f"sm-mta[2110]: {queue_id}: to=<bob@far.example>, mailer=esmtp, {FAR}",
    ]


def told_in_parts_of_one_line(told, folder, monkeypatch):
    """The log in many parts, which is told as in one."""
    path = folder / "mail.log"
    path.write_text("".join(f"Dec  7 10:00:{n:02} {line}\n" for n, line in enumerate(told)))
    events, site = events_of([path]), load(SCENARIOS / "site.toml")
    monkeypatch.setattr(parts, "LINES_A_PART", 1)
    found = assemble(events, site, Spool(folder))
    assert same(assemble(events, site), found)
    return found


def test_a_login_holds_within_its_dialogue_alone(tmp_path, monkeypatch):
    login = "sm-mta[2101]: AUTH=server, relay=[203.0.113.7], authid=kim, mech=PLAIN, bits=0"
    ids = ["6B7A00aa002101", "6B7A00aa002102", "6B7A00aa002103"]
    clients = ["203.0.113.7", "203.0.113.8", "203.0.113.7"]
    mail = [line for of in zip(ids, clients, strict=True) for line in of_sendmail(*of)]
    told = [f"mx1 {line}" for line in [login, *mail]]
    found = told_in_parts_of_one_line(told, tmp_path, monkeypatch)
    assert found.messages["auth_user"].to_pylist() == ["kim", None, None]


def test_a_server_of_ours_is_known_by_lines_of_any_part(tmp_path, monkeypatch):
    answer = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as BBBB2222)"
    relay = f"relay=mx3[198.51.100.26]:25, delay=1, delays=1/0/0/0, {answer}"
    told = [
        "mx3 postfix/smtpd[2101]: CCCC3333: client=unknown[198.51.100.77]",
        "mx1 postfix/smtpd[2101]: AAAA1111: client=unknown[203.0.113.7]",
        "mx1 postfix/cleanup[2102]: AAAA1111: message-id=<1@a.example>",
        "mx2 postfix/smtpd[2101]: BBBB2222: client=unknown[198.51.100.77]",
        "mx2 postfix/cleanup[2102]: BBBB2222: message-id=<1@a.example>",
        f"mx1 postfix/smtp[2104]: AAAA1111: to=<bob@far.example>, {relay}",
    ]
    found = told_in_parts_of_one_line(told, tmp_path, monkeypatch)
    assert found.tried["status"].tolist() == ["sent"]
    assert ["AAAA1111", "BBBB2222"] in found.messages["legs"].to_pylist()


def test_a_part_may_tell_nothing_of_how_its_messages_began(tmp_path, monkeypatch):
    told = [
        "mx1 postfix/qmgr[1795]: AAAA1111: removed",
        "mx1 postfix/smtpd[2101]: BBBB2222: client=unknown[203.0.113.7]",
        "mx1 postfix/cleanup[2102]: BBBB2222: message-id=<1@a.example>",
        f"mx1 postfix/smtp[2104]: BBBB2222: to=<bob@far.example>, {DEFERRED}",
        f"mx1 postfix/smtp[2104]: CCCC3333: to=<bob@far.example>, {DEFERRED}",
    ]
    found = told_in_parts_of_one_line(told, tmp_path, monkeypatch)
    assert found.deliveries["queue_id"].tolist() == ["BBBB2222", "CCCC3333"]


@pytest.mark.parametrize(
    "words", ["Ok: queued as BBBB2222", "équeued as CCCC3333", "queued as CCCC3333é"]
)
def test_a_proxys_answer_names_what_is_tied_to_it_whatever_letters_it_has(
    words, tmp_path, monkeypatch
):
    answer = f"250 2.0.0 {words} queued as BBBB2222"
    envelope = "from=<ann@a.example> to=<bob@far.example> proto=ESMTP helo=<pc.a.example>"
    told = [
        "mx1 postfix/smtpd[2111]: AAAA1111: client=localhost[127.0.0.1]",
        "mx1 postfix/cleanup[2102]: AAAA1111: message-id=<0@a.example>",
        "mx1 postfix/smtpd[2101]: connect from unknown[203.0.113.7]",
        "mx1 postfix/smtpd[2101]: NOQUEUE: client=unknown[203.0.113.7]",
        f"mx1 postfix/smtpd[2101]: proxy-accept: END-OF-MESSAGE: {answer}; {envelope}",
        "mx1 postfix/smtpd[2111]: CCCC3333: client=localhost[127.0.0.1]",
        "mx1 postfix/cleanup[2102]: CCCC3333: message-id=<2@a.example>",
        "mx1 postfix/smtpd[2111]: BBBB2222: client=localhost[127.0.0.1]",
        "mx1 postfix/cleanup[2102]: BBBB2222: message-id=<1@a.example>",
    ]
    told_in_parts_of_one_line(told, tmp_path, monkeypatch)
