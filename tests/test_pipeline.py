"""Does the path as a whole count every line, place it rightly, and give the same for the same?"""

import gzip
import itertools
import lzma
import os
import random
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import evidence, pipeline
from analyzer.errors import SettingsError
from analyzer.report import write_events
from analyzer.site import Site, load

ROOT = Path(__file__).parent.parent
RELAY = ROOT / "sample_logs/postfix-open-relay"
CLEAN = ROOT / "sample_logs/postfix-clean"
SCENARIOS = sorted((ROOT / "tests/scenarios").glob("*.log"))
SOME = SCENARIOS[::6]  # enough for every kind of output
HOUR = pd.Timedelta(hours=1)
PLACE = {"source", "line", "offset"}
TABLES = ("messages", "deliveries", "attempts", "findings", "volume", "unread")


@pytest.fixture(scope="module")
def sample():
    """The lines of the sample with an open relay."""
    return lzma.decompress((RELAY / "mail.log.xz").read_bytes()).splitlines(keepends=True)


def analyze(*logs, site=RELAY / "site.toml", year=2026, **more):
    stated = load(site) if isinstance(site, Path) else site
    return pipeline.analyze(logs, site=stated, year=year, **more).case


def tables(case):
    return {name: getattr(case, name) for name in TABLES}


def events(case, folder):
    """The dataset of events, as it is written."""
    write_events(case.events, folder)
    return {path.parent.name: path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else b"".join(content))
    return path


def told(case):
    """What a case says of deliveries, findings and attempts, whatever the files are called."""
    columns = [n for n in case.deliveries.column_names if n not in PLACE | {"origin_life"}]
    columns = [n for n in columns if not n.startswith("orig_")]
    findings = case.findings.drop_columns(["evidence"])
    attempts = case.attempts.drop_columns(sorted(PLACE))
    by_name = [(name, "ascending") for name in columns]
    return case.deliveries.select(columns).sort_by(by_name), findings, attempts


# Every line is counted, once


def add_up(entry):
    return sum(entry[name] for name in ("parsed", "ignored", "blank", "unread")) == entry["lines"]


def of_scenarios():
    lines = [line for path in SCENARIOS for line in path.read_bytes().splitlines(keepends=True)]
    return st.lists(st.sampled_from(lines), min_size=1, max_size=12).map(b"".join)


RUBBISH = st.binary(max_size=60) | st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"\0" * 9,
        b"\xef\xbb\xbf",
        b"Dec  7 ",
        b"]: ",
        b"<",
        b'"',
        b"\x1b[31m",
        b"\xff",
    ]
)


@st.composite
def damaged_logs(draw):
    """Lines of a log between any bytes, cut anywhere."""
    parts = draw(st.lists(of_scenarios() | RUBBISH, min_size=1, max_size=8))
    whole = draw(of_scenarios()) + b"".join(parts)
    start = draw(st.integers(0, len(whole) // 2))
    return whole[start : draw(st.integers(start, len(whole)))] if draw(st.booleans()) else whole


def check_places(case, data):
    """Every place is that line of the evidence: its number, its first byte, its content."""
    starts = [0, *(n + 1 for n, byte in enumerate(data) if byte == ord("\n"))]
    told = {name: getattr(case, name) for name in ("deliveries", "attempts", "unread")}
    for name, table in (told | case.events).items():
        for row in table.to_pylist():
            begin = starts[row["line"] - 1]
            line = data[begin:].partition(b"\n")[0]
            before, rest = data[begin : row["offset"]], data[row["offset"] : begin + len(line)]
            assert before.strip(b"\0\xef\xbb\xbf") == b"", "only rubbish may stand before a line"
            if name == "unread":
                assert row["text"] == rest.removesuffix(b"\r")
            elif row["queue_id"] is not None:
                assert row["queue_id"].encode() in rest


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=damaged_logs())
def test_whatever_the_bytes_every_line_is_counted_and_every_place_is_right(tmp_path_factory, data):
    log = written(tmp_path_factory.getbasetemp(), "any.log", data)
    try:
        case = analyze(log)
    except SettingsError as error:
        assert "no mail log" in str(error)  # noqa: PT017 - both outcomes are right
        return
    (entry,) = case.manifest["inputs"]
    assert add_up(entry)
    assert entry["lines"] == data.count(b"\n") + (not data.endswith(b"\n"))
    check_places(case, data)


@pytest.mark.parametrize("seed", range(5))
def test_lines_of_many_logs_in_any_order_stop_nothing(tmp_path, seed):
    dice = random.Random(seed)
    lines = [line for path in SCENARIOS for line in path.read_bytes().splitlines(keepends=True)]
    log = written(tmp_path, "mail.log", dice.sample(lines, 400))
    (entry,) = analyze(log, site=(None, Site(domains=["corp.example"]))[seed % 2]).manifest[
        "inputs"
    ]
    assert add_up(entry)


def test_the_sample_is_read_to_its_last_line_and_every_place_is_right(sample, tmp_path):
    part = b"".join(sample[12_000:13_000])
    case = analyze(written(tmp_path, "mail.log", part))
    assert case.unread.num_rows == 0
    assert add_up(case.manifest["inputs"][0])
    check_places(case, part)


def test_lines_too_long_or_of_other_programs_are_counted_too(sample, tmp_path):
    other = b"Dec  7 05:00:00 mx1 sshd[1]: Accepted publickey for root\n"
    lines = [*sample[:50], b"x" * (1 << 21) + b"\n", b"\n", other, b"no log line at all\n"]
    (entry,) = analyze(written(tmp_path, "mail.log", lines)).manifest["inputs"]
    assert (entry["lines"], entry["blank"], entry["unread"]) == (54, 1, 2)
    assert entry["ignored_by_program"]["sshd"] == 1
    assert add_up(entry)


# The same evidence, the same result


def test_the_size_of_blocks_changes_nothing(sample, tmp_path, monkeypatch):
    log = written(tmp_path, "mail.log", sample[12_000:12_200])
    expected = tables(analyze(log))
    for size in (1, 700, 5_000):
        monkeypatch.setattr(evidence, "read", partial(evidence.reader.read, block_size=size))
        assert tables(analyze(log)) == expected


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_number_of_workers_changes_nothing(sample, tmp_path, monkeypatch, workers):
    log = written(tmp_path, "mail.log", sample[12_000:14_000])
    monkeypatch.setattr("analyzer.report.events.ROWS_A_PART", 500)
    whole = analyze(log)
    monkeypatch.setattr(evidence, "read", partial(evidence.reader.read, block_size=20_000))
    monkeypatch.setattr(os, "cpu_count", lambda: workers)
    in_parts = analyze(log)
    assert tables(in_parts) == tables(whole)
    expected = events(whole, tmp_path / "whole")
    assert len(expected) > 1
    assert events(in_parts, tmp_path / "parts") == expected


def outputs(folder):
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files if p.name != "run.log"}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Every output of some scenarios, written once."""
    folder = tmp_path_factory.mktemp("reference") / "case"
    analyze(*SOME, site=None, case=folder)
    return outputs(folder)


def test_the_same_evidence_gives_the_same_bytes_wherever_it_lies(reference, tmp_path):
    logs = [written(tmp_path, path.name, path.read_bytes()) for path in SOME]
    for log in logs:
        os.utime(log, (0, 0))
    analyze(*reversed(logs), site=None, case=tmp_path / "else" / "two")
    assert outputs(tmp_path / "else" / "two") == reference


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE"},
    ],
    ids=["plain", "far away"],
)
def test_hash_order_zone_and_locale_change_nothing(reference, tmp_path, surroundings):
    command = [sys.executable, "-m", "analyzer.cli", "analyze", *map(str, SOME)]
    subprocess.run(
        [*command, "--year", "2026", "--case", str(tmp_path / "there")],
        cwd=ROOT,
        env=os.environ | surroundings,
        check=True,
        capture_output=True,
    )
    assert outputs(tmp_path / "there") == reference


def test_a_case_of_repeated_lines_is_written(tmp_path):
    analyze(ROOT / "tests/scenarios/repeated_lines.log", case=tmp_path / "case")
    assert (tmp_path / "case/manifest.json").exists()


def test_the_order_of_arguments_changes_nothing():
    logs = SCENARIOS[1::3]
    expected = tables(analyze(*logs))
    shuffled = random.Random(1).sample(logs, len(logs))
    assert tables(analyze(*shuffled)) == expected


# A log in parts, compressed, twice


@pytest.fixture(scope="module")
def whole(sample, tmp_path_factory):
    lines = sample[10_000:16_000]
    return lines, analyze(written(tmp_path_factory.mktemp("whole"), "mail.log", lines))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_a_rotated_set_says_what_the_whole_log_says_in_any_order(whole, tmp_path, order):
    lines, expected = whole
    names = ("mail.log", "mail.log.1", "mail.log.2.gz")
    newest, middle, oldest = lines[4_500:], lines[1_800:4_500], lines[:1_800]
    logs = [
        written(tmp_path, names[0], newest),
        written(tmp_path, names[1], middle),
        written(tmp_path, names[2], gzip.compress(b"".join(oldest), mtime=0)),
    ]
    assert told(analyze(*(logs[n] for n in order))) == told(expected)


def test_parts_whose_content_tells_no_year_take_that_of_the_parts_beside_them(sample, tmp_path):
    logs = [
        written(tmp_path, f"mail.log.{n}", part)
        for n, part in enumerate((sample[20_000:], sample[200:20_000], sample[:200]))
    ]
    for log in logs:
        os.utime(log, (0, 0))  # copied: the time of the file says nothing
    case = analyze(*logs, year=None)
    assert {entry["year"] for entry in case.manifest["clock"]} == {2026}


def test_no_line_is_later_than_its_file_was_written(tmp_path):
    line = b"Dec  7 05:00:00 mx1 postfix/qmgr[11]: 3F2A12CE583: removed\n"
    log = written(tmp_path, "mail.log", [line])
    os.utime(log, (1_795_910_400, 1_795_910_400))  # 29 November 2026
    (entry,) = analyze(log, year=None).manifest["clock"]
    assert (entry["year"], entry["year_guessed"]) == (2025, True)


def test_the_same_content_twice_counts_once(whole, tmp_path):
    lines, expected = whole
    log = written(tmp_path, "mail.log", lines)
    copy = written(tmp_path, "zz-copy.log.gz", gzip.compress(b"".join(lines)))
    case = analyze(log, copy)
    assert told(case) == told(expected)
    assert [entry["duplicate_of"] for entry in case.manifest["inputs"]] == [None, "mail.log"]
    assert add_up(case.manifest["inputs"][1])


def test_the_same_messages_by_the_clocks_of_two_zones_count_once(whole, tmp_path):
    """A container's log, of UTC, beside the same lines of the host, of Berlin in winter."""
    lines, expected = whole
    stamps = pd.to_datetime(
        [f"2026 {line[:15].decode()}" for line in lines], format="%Y %b %d %H:%M:%S"
    )
    shown = [f"{stamp + HOUR:%b %e %H:%M:%S}".encode() for stamp in stamps]
    later = [stamp + line[15:] for stamp, line in zip(shown, lines, strict=True)]
    hosts = written(tmp_path, "zz-host.log", later)
    unstated = load(RELAY / "site.toml").model_copy(update={"timezone": None})
    logs = (written(tmp_path, "mail.log", lines), hosts)
    case = analyze(*logs, site=unstated)
    assert told(case) == told(expected)
    against = analyze(*logs)  # whose site says UTC
    assert told(against)[0] == told(expected)[0]
    new = {*against.findings["reason"].to_pylist()} - {*expected.findings["reason"].to_pylist()}
    assert [re.findall("are of ([^ ]+) by|not of ([^ ]+), which", said) for said in new] == [
        [("UTC+01:00", ""), ("", "UTC")]
    ]
    (note,) = [entry["ground"] for entry in case.manifest["clock"] if entry["path"] == hosts.name]
    assert re.fullmatch(r".*; UTC\+01:00 by [0-9]+ of [0-9]+ messages of mail.log", note)


def test_ends_of_lines_as_windows_writes_them_change_nothing(whole, tmp_path):
    lines, expected = whole
    log = written(tmp_path, "mail.log", b"".join(lines).replace(b"\n", b"\r\n"))
    assert told(analyze(log)) == told(expected)


def test_what_could_be_read_of_a_torn_archive_is_read(whole, tmp_path):
    torn = gzip.compress(b"".join(whole[0]))[:-5_000]
    outcome = pipeline.analyze([written(tmp_path, "mail.log.gz", torn)], year=2026)
    (entry,) = outcome.case.manifest["inputs"]
    assert not outcome.complete
    assert entry["damage"]
    assert 1_000 < entry["lines"] < 6_000
    assert add_up(entry)


def test_both_forms_of_time_tell_the_same_story():
    columns = ["origin_queue_id", "queue_id", "recipient", "status", "flow", "mechanism", "size"]
    classic, dated = (
        analyze(CLEAN / name, site=CLEAN / "site.toml").deliveries.select(columns)
        for name in ("mail.log.xz", "mail.rfc3339.log.xz")
    )
    order = [(name, "ascending") for name in columns]
    assert classic.sort_by(order) == dated.sort_by(order)


# What is known of the evidence


def test_a_clean_result_stands_beside_what_was_read(tmp_path):
    case = analyze(CLEAN / "mail.log.xz", site=CLEAN / "site.toml")
    (entry,) = case.manifest["inputs"]
    assert "abuse" not in case.findings["kind"].to_pylist()
    assert (entry["first"], entry["last"]) == (
        "2026-12-01T06:00:01+00:00",
        "2026-12-06T08:44:48+00:00",
    )
    assert (entry["lines"], entry["unread"]) == (15_115, 0)
    assert case.messages.num_rows == 1_298


def test_a_hole_in_the_log_invents_nothing(sample, tmp_path):
    before, after = sample[:3_000], sample[9_000:12_000]
    case = analyze(written(tmp_path, "mail.log", [*before, *after]))
    full = analyze(written(tmp_path, "full.log", sample[:12_000]))
    accused = {row["subject"] for row in full.findings.to_pylist() if row["kind"] == "abuse"}
    found = {row["subject"] for row in case.findings.to_pylist() if row["kind"] == "abuse"}
    assert found <= accused


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_lines_lost_at_random_make_nobody_a_culprit(tmp_path, share):
    lines = lzma.decompress((CLEAN / "mail.log.xz").read_bytes()).splitlines(keepends=True)
    dice = random.Random(7)
    log = written(tmp_path, "mail.log", [line for line in lines if dice.random() > share])
    case = analyze(log, site=CLEAN / "site.toml")
    assert "abuse" not in case.findings["kind"].to_pylist()


MEMBERS = 1_300


def alias_of_many(tag):
    """A message to an alias with 1,300 members outside."""
    head = "Dec  7 10:00:00 mx1 postfix/{}[{}]: 3F2A12CE583: {}\n"
    yield head.format("smtpd", 1, "client=unknown[203.0.113.7]")
    yield head.format("cleanup", 2, "message-id=<1@a.example>")
    yield head.format("qmgr", 3, f"from=<ann@a.example>, size=900, nrcpt={MEMBERS} (queue active)")
    for n in range(MEMBERS):
        yield head.format(
            "smtp",
            4,
            f"to=<m{n}@far{n % 7}.example>, {tag}relay=mx.far.example[198.51.100.9]:25, delay=1, "
            "delays=0/0/1/0, dsn=2.0.0, status=sent (250 Ok)",
        )


@pytest.mark.parametrize(
    ("tag", "mechanism"),
    [("orig_to=<all@corp.example>, ", "forwarding"), ("", "open_relay")],
    ids=["by an alias of ours it is forwarding", "by a stranger's envelope it is relaying"],
)
def test_a_message_to_1300_strangers(tmp_path, tag, mechanism):
    log = written(tmp_path, "mail.log", "".join(alias_of_many(tag)).encode())
    case = analyze(log, site=Site(domains=["corp.example"], networks=["10.0.0.0/8"]))
    assert set(case.deliveries["mechanism"].to_pylist()) == {mechanism}
    assert case.messages["recipients"].to_pylist() == [MEMBERS]
    kinds = case.findings["kind"].to_pylist()
    assert ("abuse" in kinds) == (mechanism == "open_relay")


def test_findings_point_at_lines_that_name_their_subject(sample, tmp_path):
    log = written(tmp_path, "mail.log", sample)
    case, data = analyze(log), b"".join(sample)
    for finding in case.findings.to_pylist():
        if finding["detector"] not in {"open_relay", "relay_probes"}:
            continue
        assert finding["evidence"]
        first = finding["evidence"][0]["offset"]
        assert finding["subject"].encode() in data[first:].partition(b"\n")[0]


def test_every_table_has_the_declared_columns():
    from analyzer.schema import TABLES as DECLARED
    from analyzer.schema import as_in_memory

    for name, table in tables(analyze(SCENARIOS[0])).items():
        declared = as_in_memory(DECLARED[name]) if name == "deliveries" else DECLARED[name]
        assert table.schema.equals(declared), name
        assert isinstance(table, pa.Table)


def test_lines_that_were_written_twice_tell_what_they_tell_once(tmp_path):
    once = sorted((ROOT / "tests/scenarios").glob("backup_mx*.log"))
    twice = [
        written(tmp_path, log.name, [line * 2 for line in log.read_bytes().splitlines(True)])
        for log in once
    ]
    assert told(analyze(*twice))[0].equals(told(analyze(*once))[0])


def test_a_log_that_could_not_be_read_beside_one_that_could_is_told(sample, tmp_path):
    written(tmp_path, "read.log", sample[:500])
    written(tmp_path, "unread.json", [b'{"app": "postfix/smtpd", "said": "hello"}\n'] * 30)
    written(tmp_path, "packages.log", [b"2026-12-07 upgrade postfix:amd64 3.7 3.8\n"] * 20)
    outcome = pipeline.analyze([tmp_path], site=load(RELAY / "site.toml"), year=2026)
    of = {Path(e["path"]).name: e for e in outcome.case.manifest["inputs"]}
    assert not outcome.complete
    assert [of[name]["unread"] for name in ("unread.json", "packages.log")] == [30, 0]
    assert "none of its lines could be read" in of["unread.json"]["damage"]
    assert all(map(add_up, of.values()))


TRACKING = b"#Fields: date-time,source,event-id,internal-message-id,recipient-address\r\n"
SHADOW = b"2026-12-07T10:00:00.000Z,SMTP,%s,7001,ada@corp.example\r\n"


@pytest.mark.parametrize("event", [b"HARECEIVE", b"SUBMIT"])
@pytest.mark.parametrize("rows", [0, 3])
def test_a_tracking_file_in_which_nothing_tells_of_a_delivery_is_no_damage(
    sample, tmp_path, event, rows
):
    written(tmp_path, "read.log", sample[:500])
    written(tmp_path, "MSGTRKM.LOG", [TRACKING, *[SHADOW % event] * rows])
    outcome = pipeline.analyze([tmp_path], site=load(RELAY / "site.toml"), year=2026)
    assert outcome.complete
    assert all(map(add_up, outcome.case.manifest["inputs"]))


def test_one_of_which_a_row_could_not_be_read_is(sample, tmp_path):
    written(tmp_path, "read.log", sample[:500])
    written(tmp_path, "MSGTRKM.LOG", [TRACKING, SHADOW % b"HARECEIVE", b"half a row\r\n"])
    assert not pipeline.analyze([tmp_path], site=load(RELAY / "site.toml"), year=2026).complete
