"""Is it said in time that a log is too large for the memory there is?"""

from pathlib import Path

import pyarrow as pa
import pytest

from analyzer import pipeline
from analyzer.errors import EnvironmentTrouble
from analyzer.pipeline import memory, spooling

LOG = Path(__file__).parent / "scenarios" / "innocent.log"


@pytest.fixture
def free(tmp_path, monkeypatch):
    """Makes the system tell of so many kilobytes that are free, and of a container's limit, and
    what is used of it.
    """

    def make(kilobytes, limit="max", used=0):
        told = f"MemAvailable: {kilobytes} kB\nSwapFree: 0 kB\n"
        texts = {"MEMINFO": told, "LIMIT": f"{limit}\n", "USED": f"anon {used}\nfile 5\n"}
        for name, text in texts.items():
            path = tmp_path / name
            path.write_text(text, "ascii")
            monkeypatch.setattr(memory, name, path)

    return make


def test_a_log_that_does_not_fit_is_refused_while_it_is_read_and_the_case_is_not_begun(
    free, tmp_path
):
    free(1)
    with pytest.raises(EnvironmentTrouble, match=r"innocent.log: .*1.0 kB are free"):
        pipeline.analyze([LOG], year=2026, case=tmp_path / "case")
    assert not (tmp_path / "case").exists()


def events(mta):
    """A kilobyte and a little of events."""
    return {"received": pa.table({"mta": [mta], "reply": ["x" * 1024]})}


def test_what_is_joined_in_parts_needs_little_memory(free):
    free(1)
    memory.Taken(in_files=True).add(events("postfix"), "mail.log")
    with pytest.raises(EnvironmentTrouble):
        memory.Taken(in_files=False).add(events("postfix"), "mail.log")


def test_a_large_log_that_does_not_fit_is_refused_too(free, monkeypatch):
    free(0)
    monkeypatch.setattr(spooling, "SPILLED_FROM", 0)
    with pytest.raises(EnvironmentTrouble, match="joining its lines needs"):
        pipeline.analyze([LOG], year=2026)


@pytest.mark.parametrize(
    ("free_gigabytes", "copies", "readers"), [(64, 4, 4), (1, 2, 4), (0, 0, 0)]
)
def test_a_process_works_on_each_core_that_there_is_memory_for(
    free, monkeypatch, free_gigabytes, copies, readers
):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(4), raising=False)
    free(free_gigabytes << 20)
    assert memory.copies(1_000_000) == copies
    assert memory.readers() == readers
    assert memory.copies(1_000) == 0


def test_what_a_container_has_taken_already_is_not_free(free, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(64), raising=False)
    free(64 << 20, limit=str(2 << 30), used=1 << 30)
    assert memory.copies(1_000_000) == 2


def test_a_container_may_take_less_than_is_free(free):
    free(1_000_000, limit="1000")
    with pytest.raises(EnvironmentTrouble):
        pipeline.analyze([LOG], year=2026)


def test_a_log_that_fits_is_read(free):
    free(1_000_000)
    assert len(pipeline.analyze([LOG], year=2026).case.messages)


def test_a_system_that_tells_nothing_stops_nobody(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "none")
    assert len(pipeline.analyze([LOG], year=2026).case.messages)
