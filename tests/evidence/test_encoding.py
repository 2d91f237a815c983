"""Is UTF-16 text read as the same text in UTF-8, and everything else as it is?"""

import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.evidence import find, read
from analyzer.evidence.encoding import Transcoded
from analyzer.evidence.raw import Stream

TEXT = "#Fields: date-time\r\nRéunion, 会議, 🎉\r\n" * 500


class Bytes(Stream):
    """A stream that gives at most *step* bytes at a time is asked until it gives none."""

    def __init__(self, content):
        self.rest = content

    def readinto(self, view):
        part, self.rest = self.rest[: len(view)], self.rest[len(view) :]
        view[: len(part)] = part
        return len(part)


def transcoded(content, size=1 << 20):
    stream, found = Transcoded(Bytes(content)), b""
    view = memoryview(bytearray(size))
    while got := stream.readinto(view):
        found += bytes(view[:got])
    return found, stream.problems


def evidence_of(tmp_path, content):
    (tmp_path / "trace.csv").write_bytes(content)
    (found,) = find([tmp_path / "trace.csv"])
    reader = read(found)
    return found, list(reader), reader.account


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "compressed"])
def test_it_is_read_whatever_its_byte_order_and_carrier(tmp_path, order, pack):
    content = "\ufeff".encode(order) + TEXT.encode(order)
    found, blocks, account = evidence_of(tmp_path, pack(content))
    assert b"".join(block.data for block in blocks) == TEXT.encode()
    assert (found.kind, account.lines, account.damage) == ("text", 1000, None)


def test_offsets_are_those_of_the_utf8_text_and_the_account_says_so(tmp_path):
    content = TEXT.encode("utf-16")
    found, blocks, account = evidence_of(tmp_path, content)
    assert "offsets are those of the UTF-8 text" in found.note
    assert blocks[0].data[blocks[0].data.find(b"R\xc3") :].startswith("Réunion".encode())
    assert account.stream_sha256 == hashlib.sha256(content).hexdigest()


def test_a_file_cut_within_a_character_is_damaged_and_read_up_to_there(tmp_path):
    _, blocks, account = evidence_of(tmp_path, TEXT.encode("utf-16")[:-1])
    assert b"".join(block.data for block in blocks) == TEXT[:-1].encode() + b"\n"
    assert account.damage == "UTF-16 text ends within a character: 1 byte left"


def test_half_a_surrogate_pair_costs_no_line():
    found, problems = transcoded(b"\xff\xfea\0\x3d\xd8\n\0b\0\n\0")
    assert (found.split(b"\n")[1:], problems) == ([b"b", b""], [])


@given(st.binary(), st.integers(1, 64))
def test_what_has_no_mark_passes_unchanged(content, size):
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert transcoded(content, size) == (content, [])


@given(st.text(), st.integers(1, 64), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_any_text_comes_through_in_any_steps(text, size, order):
    content = "\ufeff".encode(order) + text.encode(order)
    if not content.startswith(b"\xff\xfe\0\0"):
        assert transcoded(content, size) == (text.encode(), [])


@pytest.mark.parametrize("content", [b"\xff\xfe\0\0a\0\0\0", b"\xff\xfe" + b"\x01\0\x02\0" * 99])
def test_other_bytes_after_such_a_mark_are_no_text(tmp_path, content):
    assert evidence_of(tmp_path, content)[0].kind != "text"


LOG = "Dec  7 10:00:00 mx1 postfix/qmgr[11]: 3F2A12CE583: removed\r\nRéunion, 会議\r\n" * 50


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_without_a_mark_it_is_told_by_the_zero_beside_each_letter(tmp_path, order):
    found, blocks, account = evidence_of(tmp_path, LOG.encode(order))
    assert b"".join(block.data for block in blocks) == LOG.encode()
    assert (found.kind, account.damage) == ("text", None)
    assert "UTF-16" in found.note


@pytest.mark.parametrize(
    "content",
    [bytes(64), b"a\0" * 15, bytes(32) + b"Dec  7 10:00:00 ", b"a\0b\0" * 7 + b"a\0\0\0" + b"a\0"],
    ids=["zeros", "too short to tell", "zeros before a line", "a zero among the letters"],
)
def test_zeros_alone_make_no_utf_16(content):
    assert transcoded(content) == (content, [])
