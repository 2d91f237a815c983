"""Is every byte of a stream in one block, and every line at its place?"""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.evidence.blocks import EDGE, LONGEST, Cutter

LINES = st.lists(st.sampled_from([b"\n", b"a", b"\r", b"\0", b"bb\n", b"c" * 7]), max_size=60)
STREAMS = st.one_of(st.binary(max_size=200), LINES.map(b"".join))


def cut(stream: bytes, block_size: int = 8 << 20, longest: int = LONGEST):
    cutter = Cutter(io.BytesIO(stream), "mail.log", block_size, longest)
    return list(cutter), cutter


def ended(stream: bytes) -> bytes:
    return stream if not stream or stream.endswith(b"\n") else stream + b"\n"


@given(STREAMS, st.integers(1, 300))
def test_blocks_put_together_are_the_stream_and_its_last_newline(stream, block_size):
    blocks, cutter = cut(stream, block_size)
    assert b"".join(block.data for block in blocks) == ended(stream)
    assert cutter.lines == ended(stream).count(b"\n")
    assert cutter.partial_last == (stream != ended(stream))


@given(STREAMS, st.integers(1, 300), st.integers(1, 20))
def test_every_block_says_truly_where_it_is(stream, block_size, longest):
    blocks, _ = cut(stream, block_size, longest)
    for block in blocks:
        assert ended(stream)[block.offset :].startswith(block.data)
        assert block.first_line == 1 + stream[: block.offset].count(b"\n")


@given(STREAMS, st.integers(1, 300), st.integers(1, 20))
def test_a_line_is_never_split(stream, block_size, longest):
    blocks, _ = cut(stream, block_size, longest)
    assert all(block.data.endswith(b"\n") for block in blocks)
    before = {stream[block.offset - 1 :][:1] for block in blocks if block.offset}
    assert before <= {b"\n", b"\0"}  # the zeros before a line are no part of it


@given(STREAMS, st.integers(1, 300))
def test_a_block_is_larger_than_asked_only_if_a_line_is(stream, block_size):
    blocks, _ = cut(stream, block_size)
    assert all(len(b.data) <= block_size + 1 or b.data.count(b"\n") == 1 for b in blocks)


@given(STREAMS, st.integers(1, 300), st.integers(1, 20))
def test_only_lines_longer_than_the_longest_are_left_out_and_none_is_lost(
    stream, block_size, longest
):
    blocks, cutter = cut(stream, block_size, longest)
    places = [(line.offset, line.line, line.length) for line in cutter.overlong]
    whole = ended(stream).split(b"\n")[:-1]
    expected, offset = [], 0
    lines = [line.lstrip(b"\0") if len(line) > longest else line for line in whole]
    for number, (line, found) in enumerate(zip(lines, whole, strict=True), 1):
        offset += len(found) - len(line)
        if len(line) > longest:
            expected.append((offset, number, len(line)))
        offset += len(line) + 1
    assert places == expected
    kept = b"".join(line + b"\n" for line in lines if len(line) <= longest)
    assert b"".join(block.data for block in blocks) == kept
    assert cutter.lines == len(whole)


def test_zeros_that_a_crash_left_before_a_line_cost_no_line():
    zeros = bytes(5 << 20)
    blocks, cutter = cut(zeros + b"one\ntwo\n" + zeros + b"three\n" + zeros)
    assert cutter.overlong == []
    assert [(b.first_line, b.offset, b.data) for b in blocks] == [
        (1, len(zeros), b"one\ntwo\n"),
        (3, 2 * len(zeros) + 8, b"three\n"),
        (4, 3 * len(zeros) + 14, b"\n"),
    ]


def test_a_line_of_3_mib_is_kept_by_place_hash_and_ends():
    line = b"begin" + b"x" * (3 << 20) + b"end"
    blocks, cutter = cut(b"one\n" + line + b"\nthree\n")
    (overlong,) = cutter.overlong
    assert [(b.first_line, b.offset, b.data) for b in blocks] == [
        (1, 0, b"one\n"),
        (3, 4 + len(line) + 1, b"three\n"),
    ]
    assert (overlong.source, overlong.line, overlong.offset) == ("mail.log", 2, 4)
    assert (overlong.length, overlong.sha256) == (len(line), hashlib.sha256(line).hexdigest())
    assert (overlong.first, overlong.last) == (line[:EDGE], line[-EDGE:])


@pytest.mark.parametrize(("over", "blocks"), [(0, 1), (1, 0)], ids=["kept", "left out"])
def test_a_line_of_1_mib_is_kept_and_one_byte_more_is_too_much(over, blocks):
    assert len(cut(b"x" * (LONGEST + over) + b"\n")[0]) == blocks


def test_an_overlong_line_may_be_the_unfinished_last_one():
    blocks, cutter = cut(b"one\n" + b"x" * (LONGEST + 1))
    assert (len(blocks), cutter.lines, cutter.partial_last) == (1, 2, True)


def test_a_carriage_return_ends_no_line():
    (block,), cutter = cut(b"one\rstill one\r\ntwo\n")
    assert (cutter.lines, block.data) == (2, b"one\rstill one\r\ntwo\n")
