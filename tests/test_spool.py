"""Does large evidence lie in files, not in memory, and does an analysis go on where it stopped?"""

import gzip
import lzma
import os
import resource
import shutil
import signal
import subprocess
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest

from analyzer import evidence, pipeline
from analyzer.errors import EnvironmentTrouble, SettingsError
from analyzer.formats import recognise
from analyzer.messages import parts
from analyzer.pipeline import kept, memory, spooling
from analyzer.pipeline.inferring import infer
from analyzer.pipeline.reading import read_all
from analyzer.report import tables
from analyzer.site import load
from analyzer.spool import Spool

assembling = import_module("analyzer.messages.assemble")  # its function has the same name
ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_logs"
RELAY = SAMPLES / "postfix-open-relay"
SITE = RELAY / "site.toml"
BLOCK = 20_000  # bytes
TABLES = ("messages", "deliveries", "attempts", "findings", "volume", "unread", "queue")


@pytest.fixture(scope="module")
def lines():
    """2,000 lines of the sample with an open relay."""
    whole = lzma.decompress((RELAY / "mail.log.xz").read_bytes()).splitlines(keepends=True)
    return whole[12_000:14_000]


@pytest.fixture
def log(lines, tmp_path):
    path = tmp_path / "mail.log"
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture(autouse=True)
def no_reports(monkeypatch):
    """Cases are written without what people read of them."""

    def write(case, _charts, folder, _beside):
        tables.write_tables(case, folder)
        tables.write_json(case.impact, folder / "impact.json")
        tables.write_json(case.manifest | {"outputs": {}}, folder / "manifest.json")

    monkeypatch.setattr("analyzer.charts.draw", lambda _case: [])
    monkeypatch.setattr("analyzer.report.write", write)


@pytest.fixture
def large(monkeypatch):
    """All evidence counts as large and has many blocks, each read by itself, as those of 8 MB; in
    this process, where a test sees it.
    """
    monkeypatch.setattr(memory, "readers", lambda: 0)
    monkeypatch.setattr(spooling, "SPILLED_FROM", 0)
    monkeypatch.setattr(evidence, "read", partial(evidence.reader.read, block_size=BLOCK))
    monkeypatch.setattr(evidence.reader, "Cutter", partial(evidence.blocks.Cutter, longest=2_000))


@pytest.fixture
def parsed(monkeypatch):
    """The first lines of the blocks of syslog that were parsed, so far."""
    read, first_lines = recognise.read_syslog, []

    def counting(source, first_line, offset, data):
        first_lines.append(first_line)
        return read(source, first_line, offset, data)

    monkeypatch.setattr(recognise, "read_syslog", counting)
    return first_lines


def analyze(*logs, site=SITE, **more):
    return pipeline.analyze(logs, site=load(site), year=2026, **more).case


def told(case):
    manifest = {name: said for name, said in case.manifest.items() if name != "outputs"}
    return {name: getattr(case, name) for name in TABLES}, manifest


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def blocks(case):
    return sorted(case.with_name(f".{case.name}.blocks").iterdir())


class Stopped(BaseException):
    """As when the user interrupts."""


def stopped(case, *logs, after=None):
    """An analysis that is stopped when it has read, or after so many blocks."""
    with pytest.MonkeyPatch.context() as patch:
        said, left = kept.Kept.read, [after]

        def few(self, *job):
            if left[0] == 0:
                raise Stopped
            left[0] = left[0] and left[0] - 1
            return said(self, *job)

        def no_more(*_):
            raise Stopped

        patch.setattr(memory, "readers", lambda: 0)  # it stops in this process
        patch.setattr(kept.Kept, "read", few)
        patch.setattr(pipeline, "date", no_more)
        with pytest.raises(Stopped):
            analyze(*logs, case=case)
    return blocks(case)


# Tables at rest


def words(*values):
    return pa.array(values, pa.string()).dictionary_encode()


def test_a_table_at_rest_holds_what_was_given_and_outlives_its_folder(tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    parts = [
        pa.table({"server": words("mx1", None), "size": [1, 2]}),
        pa.table({"server": words("mx2", "mx1"), "size": [3, None]}),
    ]
    table = Spool(folder).at_rest("deliveries", iter(parts))
    shutil.rmtree(folder)
    assert table.to_pylist() == pa.concat_tables(parts).to_pylist()
    assert [chunk.dictionary.to_pylist() for chunk in table["server"].chunks] == [
        ["mx1"],
        ["mx2", "mx1"],
    ]


def test_a_table_at_rest_takes_no_memory_and_leaves_no_file(tmp_path):
    before = pa.total_allocated_bytes()
    table = Spool(tmp_path).at_rest("numbers", (pa.table({"n": range(1 << 16)}) for _ in range(9)))
    assert table.nbytes > 1 << 22
    assert pa.total_allocated_bytes() - before < 1 << 16
    assert names(tmp_path) == []


def test_without_a_folder_tables_stay_as_they_are():
    parts = [pa.table({"n": [1]}), pa.table({"n": [2]})]
    assert Spool(None).at_rest("numbers", parts) == pa.concat_tables(parts)


# Which evidence lies in files


def test_small_evidence_is_read_into_memory_and_no_file_is_written(log, tmp_path, monkeypatch):
    monkeypatch.setattr("analyzer.spool.write", None)
    analyze(log, case=tmp_path / "case")


@pytest.mark.parametrize(("share", "expected"), [(20, True), (21, False)])
def test_packed_evidence_counts_twenty_times(log, tmp_path, monkeypatch, share, expected):
    packed = tmp_path / "mail.log.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    monkeypatch.setattr(spooling, "SPILLED_FROM", share * packed.stat().st_size)
    with spooling.spooled(evidence.find([packed]), None) as spool:
        assert (spool.folder is not None) == expected


def test_what_was_read_of_large_evidence_takes_no_memory(log, tmp_path, large):
    before = pa.total_allocated_bytes()
    pieces = read_all(evidence.find([log]), None, Spool(tmp_path))
    assert sum(map(len, pieces[0].log.tables.values())) > 1_800
    assert pa.total_allocated_bytes() - before < 16 * 2_000


def test_a_kind_with_few_lines_in_each_block_lies_in_one_piece(log, tmp_path, large, monkeypatch):
    monkeypatch.setattr(kept, "SCATTERED", 10)
    (piece,) = read_all(evidence.find([log]), None, Spool(tmp_path))
    pieces = {kind: table["line"].num_chunks for kind, table in piece.log.tables.items()}
    assert pieces["delivery"] > 10
    assert pieces["auth_failed"] == 1
    assert {path.suffix for path in tmp_path.iterdir()} == {".log", ".kept"}


# The same result


FORMS = {
    "postfix": (RELAY / "mail.log.xz", SITE),
    "postfix, RFC 3339": (SAMPLES / "postfix-clean/mail.rfc3339.log.xz", SITE),
    "journal": (SAMPLES / "postfix-clean/mail.journal.json.xz", SITE),
    "sendmail": (SAMPLES / "sendmail-open-relay/maillog.xz", SITE),
    "exchange 2016": (SAMPLES / "exchange-2016-open-relay/EX01", SITE),
    "exchange 2003": (SAMPLES / "exchange-2003-open-relay/20261201.log.xz", SITE),
}


@pytest.mark.parametrize("form", FORMS)
def test_large_evidence_gives_what_small_evidence_gives(form, tmp_path, monkeypatch):
    log, site = FORMS[form]
    expected = told(analyze(log, site=site))
    monkeypatch.setattr(evidence, "read", partial(evidence.reader.read, block_size=400_000))
    monkeypatch.setattr(spooling, "SPILLED_FROM", 0)
    stopped(tmp_path / "case", log, after=2)
    assert told(analyze(log, site=site, case=tmp_path / "case")) == expected


def test_two_servers_that_tell_of_notices_give_the_same_in_files(tmp_path, monkeypatch):
    logs = [FORMS["postfix"][0], FORMS["exchange 2016"][0]]
    expected = told(analyze(*logs))
    assert {"postfix", "exchange"} <= set(expected[0]["messages"]["mta"].to_pylist())
    monkeypatch.setattr(spooling, "SPILLED_FROM", 0)
    assert told(analyze(*logs)) == expected


def test_scenarios_of_every_kind_give_the_same_when_they_lie_in_files(tmp_path, monkeypatch):
    logs = sorted((ROOT / "tests/scenarios").glob("*.log"))[::8]
    logs += sorted((ROOT / "tests/scenarios").glob("*.queue"))
    expected = told(analyze(*logs))
    monkeypatch.setattr(spooling, "SPILLED_FROM", 0)
    assert told(analyze(*logs)) == expected


def test_who_is_local_is_inferred_of_large_evidence_too(log, large):
    inferred = infer([log], year=2026)
    assert inferred.dated.events["delivery"].num_rows > 100


# Stopped and begun again

KILLED = """
import os, signal, sys
from functools import partial
from analyzer import cli, evidence
from analyzer.formats import recognise
from analyzer.messages import parts
from analyzer.pipeline import kept, memory, spooling
spooling.SPILLED_FROM, memory.readers = 0, lambda: 0
evidence.read = partial(evidence.reader.read, block_size=20_000)
left, parsed = int(sys.argv.pop(1)), 0
said, read_syslog = kept.Kept.read, recognise.read_syslog
def counting(*job):
    global parsed
    parsed += 1
    return read_syslog(*job)
def killing(self, *job):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return said(self, *job)
recognise.read_syslog, kept.Kept.read = counting, killing
try:
    cli.main()
finally:
    print("blocks parsed:", parsed)
"""


def outputs(folder):
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files if p.name != "run.log"}


def test_a_killed_analysis_goes_on_and_its_case_is_the_same_to_the_byte(log, tmp_path):
    def run(case, killed_at):
        command = [sys.executable, "-c", KILLED, str(killed_at), "analyze", str(log)]
        command += ["--site", str(SITE), "--year", "2026", "--case", case]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    whole = run("whole", 0)
    total = int(whole.stdout.rpartition(":")[2])
    assert run("case", 12).returncode == -signal.SIGKILL
    assert names(tmp_path) == [".case.blocks", "mail.log", "whole"]
    there = len(list((tmp_path / ".case.blocks").glob("*.kept")))
    assert there >= 8
    again = run("case", 0)
    assert again.returncode == whole.returncode, again.stderr
    assert int(again.stdout.rpartition(":")[2]) == total - there
    assert names(tmp_path) == ["case", "mail.log", "whole"]
    assert outputs(tmp_path / "case") == outputs(tmp_path / "whole")


def test_only_blocks_that_are_missing_are_parsed(log, tmp_path, large, parsed):
    every = stopped(tmp_path / "case", log)
    begin = sorted(parsed)
    for path in every[3:5]:
        path.unlink()
    parsed.clear()
    analyze(log, case=tmp_path / "case")
    assert len(every) == len(begin) > 20
    assert len(parsed) == 2


@pytest.fixture
def joined(monkeypatch):
    """The lines of the parts that were joined in this process, so far; a log has some seven."""
    join, found = assembling.join, []
    monkeypatch.setattr(memory, "copies", lambda _lines: 0)

    def counting(part, *more):
        found.append(len(part.lines))
        return join(part, *more)

    monkeypatch.setattr(parts, "LINES_A_PART", 300)
    monkeypatch.setattr(assembling, "join", counting)
    return found


def stopped_while_judging(case, log, **more):
    def no_more(*_):
        raise Stopped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "judged", no_more)
        with pytest.raises(Stopped):
            analyze(log, case=case, **more)


def test_parts_that_were_joined_are_not_joined_again(log, tmp_path, large, joined):
    expected = told(analyze(log))
    joined.clear()
    stopped_while_judging(tmp_path / "case", log)
    before = list(joined)
    joined.clear()
    assert told(analyze(log, case=tmp_path / "case")) == expected
    assert len(before) > 3
    assert joined == []


def test_a_part_whose_file_was_altered_is_joined_anew(log, tmp_path, large, joined):
    expected = told(analyze(log))
    read = {path.name for path in stopped(tmp_path / "case", log)}
    stopped_while_judging(tmp_path / "case", log)
    part = next(path for path in blocks(tmp_path / "case") if path.name not in read)
    part.write_bytes(part.read_bytes()[:-8])
    joined.clear()
    assert told(analyze(log, case=tmp_path / "case")) == expected
    assert len(joined) == 1


def test_parts_that_were_joined_with_another_site_are_joined_anew(log, tmp_path, large, joined):
    other = tmp_path / "site.toml"
    other.write_text('domains = ["other.example"]\n', "utf-8")
    stopped_while_judging(tmp_path / "case", log, site=other)
    joined.clear()
    analyze(log, case=tmp_path / "case")
    assert len(joined) > 3


def test_parts_of_other_settings_and_blocks_of_another_text_go(log, tmp_path, large, joined):
    other = tmp_path / "site.toml"
    other.write_text('domains = ["other.example"]\n', "utf-8")
    stopped_while_judging(tmp_path / "expected", log)
    content = log.read_bytes()
    log.write_bytes(content.replace(b"status=sent", b"status=Sent"))
    stopped_while_judging(tmp_path / "case", log)
    log.write_bytes(content)
    stopped_while_judging(tmp_path / "case", log, site=other)
    stopped_while_judging(tmp_path / "case", log)
    left, expected = (
        {name.split("-", 1)[1] for name in names(tmp_path / f".{case}.blocks")}
        for case in ("case", "expected")
    )
    assert len(left) == len(blocks(tmp_path / "case")) > len(joined) / 3 > 3
    assert left == expected


def test_a_block_whose_file_was_altered_or_cut_short_is_parsed_anew(log, tmp_path, large, parsed):
    expected = told(analyze(log))
    altered, short, empty, *_ = stopped(tmp_path / "case", log)
    content = bytearray(altered.read_bytes())
    content[len(content) // 2] ^= 1
    altered.write_bytes(content)
    short.write_bytes(short.read_bytes()[:-8])
    empty.write_bytes(b"")
    parsed.clear()
    assert told(analyze(log, case=tmp_path / "case")) == expected
    assert len(parsed) == 3


def test_a_log_that_was_changed_is_parsed_from_there_on(log, tmp_path, large, parsed):
    every = stopped(tmp_path / "case", log)
    first_lines = sorted(parsed)
    data = bytearray(log.read_bytes())
    place = data.rindex(b"status=sent")
    data[place : place + 11] = b"status=Sent"
    log.write_bytes(data)
    parsed.clear()
    changed = analyze(log, case=tmp_path / "case")
    line = data.count(b"\n", 0, place) + 1
    assert min(parsed) == max(n for n in first_lines if n <= line)
    assert 0 < len(parsed) < len(every)
    assert told(changed) == told(analyze(log))


def test_another_log_of_the_same_name_is_not_told_from_the_blocks_of_the_first(
    log, lines, tmp_path, large
):
    stopped(tmp_path / "case", log)
    log.write_bytes(b"".join(lines[:1_000]))
    assert told(analyze(log, case=tmp_path / "case")) == told(analyze(log))


def test_another_version_of_the_program_parses_all_anew(log, tmp_path, large, parsed, monkeypatch):
    every = stopped(tmp_path / "case", log)
    parsed.clear()
    monkeypatch.setattr(kept, "program", lambda: "relaytrail 2.0")
    analyze(log, case=tmp_path / "case")
    assert len(parsed) == len(every)


def test_a_log_that_names_its_columns_once_goes_on_in_its_middle(tmp_path, monkeypatch):
    log, site = FORMS["exchange 2003"]
    monkeypatch.setattr(spooling, "SPILLED_FROM", 0)
    monkeypatch.setattr(evidence, "read", partial(evidence.reader.read, block_size=BLOCK))
    expected = told(analyze(log, site=site))
    every = stopped(tmp_path / "case", log)
    for path in every[::2]:
        path.unlink()
    assert told(analyze(log, site=site, case=tmp_path / "case")) == expected


def test_progress_runs_over_blocks_that_are_there(log, tmp_path, large):
    stopped(tmp_path / "case", log)
    seen = []
    analyze(log, case=tmp_path / "case", progress=lambda _name, done, _total: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == log.stat().st_size


@pytest.mark.parametrize("at_once", [0, 1, 2, 8])
def test_the_number_of_processes_changes_nothing(log, tmp_path, large, monkeypatch, at_once):
    expected = told(analyze(log))
    analyze(log, case=tmp_path / "whole")
    monkeypatch.setattr(parts, "LINES_A_PART", 300)
    monkeypatch.setattr(memory, "copies", lambda _lines: at_once)
    monkeypatch.setattr(memory, "readers", lambda: at_once)
    assert told(analyze(log, case=tmp_path / "parts")) == expected
    assert outputs(tmp_path / "parts") == outputs(tmp_path / "whole")


@pytest.mark.skipif(sys.platform != "linux", reason="tells open files by /proc")
def test_tables_in_many_files_keep_none_of_them_open(tmp_path):
    spool, before = Spool(tmp_path), len(names(Path("/proc/self/fd")))
    paths = [spool.keep(str(n), lambda: [[pa.table({"line": [1]})]]) for n in range(9)]
    tables = [spool.kept(path) for path in paths]
    tables += [spool.at_rest(str(n), [pa.table({"line": [1]})]) for n in range(9)]
    frame = spool.frame("rows", [pa.table({"line": [1]})])
    assert len(tables) + len(frame) == 19
    assert len(names(Path("/proc/self/fd"))) == before


# What is left


def test_progress_goes_on_while_parts_are_joined(log, tmp_path, large, joined):
    seen = []
    analyze(log, progress=lambda *told: seen.append(told))
    shown = [done for name, done, _ in seen if name == "joining"]
    assert len(shown) == len(joined) - 1 > 3
    assert shown == sorted(set(shown))
    assert seen[-1] == ("judging", log.stat().st_size, log.stat().st_size)


def test_nothing_is_left_when_the_case_is_written(log, tmp_path, large):
    analyze(log, case=tmp_path / "case")
    assert names(tmp_path) == ["case", "mail.log"]


def test_nothing_is_left_of_an_analysis_without_a_case(log, tmp_path, large, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    analyze(log)
    assert names(tmp_path) == ["mail.log"]


def test_without_a_case_a_missing_temporary_folder_is_told(log, tmp_path, large, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(EnvironmentTrouble, match="Set TMPDIR"):
        analyze(log)


def test_blocks_are_there_for_a_second_try_with_the_year_that_was_missing(
    lines, tmp_path, large, parsed, monkeypatch
):
    log = tmp_path / "mail.log"
    log.write_bytes(b"".join(line for line in lines if b"disconnect" in line))
    monkeypatch.setattr("analyzer.formats.years", lambda *_: {})
    with pytest.raises(SettingsError, match="nothing tells the year"):
        pipeline.analyze([log], case=tmp_path / "case")
    monkeypatch.undo()
    assert blocks(tmp_path / "case")


def test_halves_of_files_and_blocks_of_a_killed_run_go_with_the_next_that_succeeds(log, tmp_path):
    left = tmp_path / ".case.blocks"
    left.mkdir()
    for name in ("0-0.kept", "1.partial", "dated.arrow"):
        (left / name).write_bytes(b"half")
    analyze(log, case=tmp_path / "case")
    assert names(tmp_path) == ["case", "mail.log"]


def test_two_runs_at_once_on_one_case_do_not_share_blocks(log, tmp_path, large):
    found, folder = evidence.find([log]), tmp_path / ".case.blocks"
    with spooling.spooled(found, folder) as one, spooling.spooled(found, folder) as other:
        assert one.folder == folder
        assert other.folder != folder
        read_all(found, None, other)
    assert not folder.exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_blocks_in_a_folder_of_somebody_else_are_not_believed(log, tmp_path, large):
    folder = tmp_path / ".case.blocks"
    folder.mkdir()
    os.chown(folder, 4711, 4711)
    with spooling.spooled(evidence.find([log]), folder) as spool:
        assert spool.folder != folder


def test_nobody_else_may_read_the_blocks(log, tmp_path, large):
    stopped(tmp_path / "case", log, after=3)
    assert (tmp_path / ".case.blocks").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_told_with_its_remedy_and_what_was_read_is_used_when_there_is_room(
    log, tmp_path, large, parsed
):
    expected = told(analyze(log))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, hard))
    try:
        with pytest.raises(EnvironmentTrouble, match=r"blocks: cannot be written: .*\n.*Free some"):
            analyze(log, case=tmp_path / "case")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told(analyze(log, case=tmp_path / "case")) == expected
