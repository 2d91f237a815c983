"""Is a file taken for what it is, whatever its name?"""

import bz2
import gzip
import os
import random

import pytest

from analyzer.evidence import find, read

LINE = b"Feb  3 01:12:07 mx1 postfix/qmgr[1]: 4B1: removed\n"


@pytest.fixture
def found(tmp_path):
    """The evidence in a file of these bytes, called mail.log."""

    def found(content: bytes):
        (tmp_path / "mail.log").write_bytes(content)
        (evidence,) = find([tmp_path / "mail.log"])
        return evidence

    return found


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"\x1f\x9d\x90" + LINE, "compress (.Z) data: decompress it and give the result"),
        (
            gzip.compress(bz2.compress(LINE)),
            "bzip2 data inside gzip data: decompress it and give the result",
        ),
    ],
    ids=[".Z", "compressed twice"],
)
def test_what_may_hold_a_log_and_cannot_be_read_is_called_by_its_name(found, content, note):
    assert (found(content).kind, found(content).note) == ("unsupported", note)


def test_what_holds_no_log_is_called_by_its_name(found):
    image = found(b"\x89PNG\r\n\x1a\n" + bytes(40))
    assert (image.kind, image.note) == ("binary", "PNG image")


TAR = b"name".ljust(257, b"\0") + b"ustar"


@pytest.mark.parametrize(
    ("content", "archive"),
    [(b"PK\x03\x04" + bytes(40), "zip"), (TAR, "tar"), (gzip.compress(TAR), "tar")],
    ids=["zip", "tar", "compressed tar"],
)
def test_an_archive_damaged_at_its_head_is_called_damaged(found, content, archive):
    assert found(content).kind == "unreadable"
    assert found(content).note.startswith(f"{archive} archive, damaged: ")
    assert found(content).note.endswith("mend or unpack it and give the files")


@pytest.mark.parametrize(
    "content",
    [LINE, LINE.rstrip(), "café ąć\n".encode("latin2", "replace") * 9, b"\n", b"\t\r\n\f"],
    ids=["a line", "without newline", "8-bit text", "a blank line", "white space"],
)
def test_text_is_text(found, content):
    assert found(content).kind == "text"


@pytest.mark.parametrize("run", [1, 16, 4096, 1 << 20])
@pytest.mark.parametrize("place", [0, 1, 500], ids=["at the beginning", "in a line", "later"])
def test_a_run_of_nuls_makes_no_log_binary(found, run, place):
    log = LINE * 20
    assert found(log[:place] + bytes(run) + log[place:]).kind == "text"


def test_a_log_that_begins_with_nothing_but_nuls_is_text(found):
    assert found(bytes(1 << 20) + LINE).kind == "text"


def test_random_bytes_are_binary(found):
    evidence = found(random.Random(1).randbytes(1 << 16))
    assert (evidence.kind, evidence.note) == ("binary", "11 % of its beginning are control bytes")


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")], ids=["plain", "compressed"])
def test_a_file_that_carries_nothing_is_empty(found, content):
    assert found(content).kind == "empty"


def test_what_is_no_text_has_no_block_but_is_hashed(found):
    png = b"\x89PNG\r\n\x1a\n" + os.urandom(1000)
    reader = read(found(png))
    assert list(reader) == []
    assert (reader.account.size, reader.account.lines) == (len(png), 0)
