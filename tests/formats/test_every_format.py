"""Does every shape of every mail server's lines read what it declares, and nothing else?"""

import lzma
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.formats import page, reader
from analyzer.formats.reader import DIALECTS, read_syslog

SAMPLES = Path(__file__).parents[2] / "sample_logs"
LOGS = sorted(path for path in SAMPLES.glob("*/mail*log.xz") if "rfc3339" not in path.name)
SHAPES = [
    pytest.param(dialect, number, id=f"{dialect.mta}-{number}-{shape.kind}")
    for dialect in DIALECTS
    for number, shape in enumerate(dialect.shapes)
]
FAST = [
    pytest.param(dialect, shape, id=f"{dialect.mta}-{shape.kind}-{shape.prefix.decode()}")
    for dialect in DIALECTS
    for shape in dialect.shapes
    if shape.fast
]


@pytest.fixture
def read(monkeypatch):
    """Reads lines by some shapes of one dialect only, or by the dialects given."""

    def with_shapes(lines, *dialects):
        monkeypatch.setattr(reader, "DIALECTS", dialects)
        data = lines if isinstance(lines, bytes) else lines.encode() + b"\n"
        return read_syslog("mail.log", 1, 0, data)

    return with_shapes


def only(dialect, shapes):
    return replace(dialect, shapes=tuple(shapes))


def rows(reading):
    """Every table as plain values: what two ways of reading must agree on."""
    return {
        kind: [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
        for kind, table in sorted(reading.tables.items())
    }


@pytest.mark.parametrize(("dialect", "number"), SHAPES)
def test_a_sample_fits_its_own_shape(read, dialect, number):
    shape = dialect.shapes[number]
    reading = read(shape.sample, only(dialect, [shape]))
    assert not len(reading.unread)
    assert set(reading.tables) == ({shape.kind} if shape.bearing else set())


@pytest.mark.parametrize(("dialect", "number"), SHAPES)
def test_no_shape_before_it_takes_the_sample(read, dialect, number):
    reading = read(dialect.shapes[number].sample, only(dialect, dialect.shapes[:number]))
    assert len(reading.unread) == 1


@pytest.mark.parametrize(("dialect", "number"), SHAPES)
def test_a_sample_means_nothing_else(read, dialect, number):
    kind = dialect.shapes[number].kind
    others = [shape for shape in dialect.shapes if shape.bearing and shape.kind != kind]
    assert read(dialect.shapes[number].sample, only(dialect, others)).tables == {}


@pytest.mark.parametrize(("dialect", "shape"), FAST)
def test_the_fast_way_reads_the_sample_like_the_complete_pattern(read, dialect, shape):
    fast = replace(shape, complete="^(?P<recipient>never)$")
    complete = replace(shape, fast=())
    assert rows(read(shape.sample, only(dialect, [fast]))) == rows(
        read(shape.sample, only(dialect, [complete]))
    )


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.parent.name)
def test_both_ways_read_every_line_of_a_real_log_alike(read, log):
    data = lzma.decompress(log.read_bytes())
    slow = [only(d, [replace(s, fast=()) if s.complete else s for s in d.shapes]) for d in DIALECTS]
    fast_way, slow_way = read(data, *DIALECTS), read(data, *slow)
    assert rows(fast_way) == rows(slow_way)
    assert not len(fast_way.unread)
    assert not len(slow_way.unread)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.mta)
def test_the_page_shows_every_sample(dialect):
    told = page.as_markdown()
    assert [shape.sample for shape in dialect.shapes if shape.sample not in told] == []
