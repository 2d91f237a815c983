"""Is everything read that can be, and does the account say what was?"""

import bz2
import dataclasses
import gzip
import hashlib
import io
import lzma
import os
import random
import struct
import sys
import zlib

import pyarrow as pa
import pytest

from analyzer.evidence import find, read

LINES = [
    b"Feb  3 01:12:07 mx1 postfix/qmgr[%d]: %X: removed\n" % (i % 977, i * 7919)
    for i in range(25_000)
]
LOG = b"".join(LINES)


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


COMPRESS = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "xz": lambda data: lzma.compress(data, preset=0),
    "bzip2": bz2.compress,
    "zstd": zstd,
}
COMPRESSED = [name for name in COMPRESS if name != "plain"]


@pytest.fixture
def evidence(tmp_path):
    def evidence(content: bytes):
        (tmp_path / "mail.log").write_bytes(content)
        (found,) = find([tmp_path / "mail.log"])
        return found

    return evidence


@pytest.fixture
def read_all(evidence):
    """Stream and account of a file of these bytes."""

    def read_all(content: bytes):
        reader = read(evidence(content), 1 << 18)
        return b"".join(block.data for block in reader), reader.account

    return read_all


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("carrier", COMPRESS)
def test_every_carrier_gives_the_same_blocks_and_a_true_account(evidence, carrier):
    content = COMPRESS[carrier](LOG)
    found = evidence(content)
    reader = read(found, 1 << 18)
    blocks = [(block.first_line, block.offset, block.data) for block in reader]
    expected, lines, offset = [], 1, 0
    while offset < len(LOG):
        data = LOG[offset : LOG.rindex(b"\n", offset, offset + (1 << 18)) + 1]
        expected.append((lines, offset, data))
        lines, offset = lines + data.count(b"\n"), offset + len(data)
    account = reader.account
    assert found.carrier == carrier
    assert blocks == expected
    assert (account.size, account.sha256) == (len(content), sha256(content))
    assert (account.stream_size, account.stream_sha256) == (len(LOG), sha256(LOG))
    assert (account.lines, account.partial_last, account.damage) == (len(LINES), False, None)


@pytest.mark.parametrize("carrier", COMPRESS)
def test_a_last_line_without_newline_gets_one_and_is_reported(read_all, carrier):
    stream, account = read_all(COMPRESS[carrier](LOG[:-1]))
    assert stream == LOG
    assert (account.partial_last, account.stream_size) == (True, len(LOG) - 1)


@pytest.mark.parametrize("carrier", COMPRESSED)
def test_streams_one_after_another_are_one(read_all, carrier):
    stream, account = read_all(COMPRESS[carrier](LOG[:1000]) + COMPRESS[carrier](LOG[1000:]))
    assert (stream, account.damage) == (LOG, None)


@pytest.mark.parametrize("carrier", ["gzip", "xz", "bzip2"])
def test_zeros_after_the_data_are_padding(read_all, carrier):
    stream, account = read_all(COMPRESS[carrier](LOG) + bytes(100_000))
    assert (stream, account.damage) == (LOG, None)


@pytest.mark.parametrize("carrier", ["gzip", "xz", "bzip2"])
def test_anything_else_after_the_data_is_reported(read_all, carrier):
    stream, account = read_all(COMPRESS[carrier](LOG) + bytes(8) + b"something else")
    assert stream == LOG
    assert account.damage == f"14 bytes after the end of the {carrier} data are no {carrier} data"


def test_anything_else_after_zstd_data_is_reported(read_all):
    stream, account = read_all(zstd(LOG) + b"something else")
    assert stream == LOG
    assert account.damage.startswith(f"zstd data damaged after {len(LOG):,} bytes")


@pytest.mark.parametrize("carrier", COMPRESSED)
@pytest.mark.parametrize("share", [0.0005, 0.1, 0.5, 0.9, 0.999])
def test_of_a_truncated_file_all_is_read_that_is_there(read_all, carrier, share):
    content = COMPRESS[carrier](LOG)
    content = content[: int(len(content) * share)]
    stream, account = read_all(content)
    whole = stream[: account.stream_size]
    assert LOG.startswith(whole)
    assert account.damage == f"{carrier} stream ends early after {account.stream_size:,} bytes"
    assert account.sha256 == sha256(content)
    assert whole == all_that_inflates(carrier, content)


def all_that_inflates(carrier: str, content: bytes) -> bytes:
    if carrier == "zstd":  # hands out whole blocks of 128 KiB
        output = io.BytesIO()
        with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
            try:
                while byte := stream.read(1):
                    output.write(byte)
            except OSError:
                return output.getvalue()
    new = {
        "gzip": lambda: zlib.decompressobj(31),
        "xz": lzma.LZMADecompressor,
        "bzip2": bz2.BZ2Decompressor,
    }
    return new[carrier]().decompress(content)


def test_a_gzip_file_with_every_part_of_a_header_is_read(read_all):
    body = gzip.compress(LOG)[10:]
    extra, name, comment = struct.pack("<H", 5) + b"extra", b"mail.log\0", b"a comment\0"
    header = b"\x1f\x8b\x08\x1e" + bytes(6) + extra + name + comment + b"CS"
    stream, account = read_all(header + body)
    assert (stream, account.damage) == (LOG, None)


@pytest.mark.parametrize("place", [-8, -1], ids=["checksum", "length"])
def test_a_wrong_checksum_is_reported_and_the_data_and_what_follows_kept(read_all, place):
    first = bytearray(gzip.compress(LOG[:1000]))
    first[place] ^= 1
    stream, account = read_all(bytes(first) + gzip.compress(LOG[1000:]))
    assert stream == LOG
    assert account.damage == (
        "checksum wrong: 1,000 bytes from byte 0 on are not what was compressed"
    )


def test_of_many_problems_the_first_are_told_and_the_rest_counted(read_all):
    wrong = gzip.compress(b"a line\n")[:-1] + b"?"
    stream, account = read_all(wrong * 7)
    assert stream == b"a line\n" * 7
    assert account.damage.count("checksum wrong") == 5
    assert account.damage.endswith("; and 2 more problems")


@pytest.mark.parametrize("carrier", COMPRESSED)
def test_a_flipped_bit_never_goes_unnoticed_and_what_precedes_it_is_kept(read_all, carrier):
    content = bytearray(COMPRESS[carrier](LOG))
    dice = random.Random(3)
    for _ in range(10):
        place, bit = dice.randrange(len(content) // 2, len(content)), 1 << dice.randrange(8)
        content[place] ^= bit
        stream, account = read_all(bytes(content))
        content[place] ^= bit
        # bzip2 works on blocks of 900 kB, zstd on 128 KiB, and Arrow adds no checksum to zstd
        assert account.damage or stream == LOG or carrier == "zstd"
        if carrier in ("gzip", "xz"):
            assert stream[: len(LOG) // 4] == LOG[: len(LOG) // 4]


def test_a_decompression_bomb_is_stopped(read_all):
    content = gzip.compress((b"x" * 99 + b"\n") * 2_000_000, 9)
    stream, account = read_all(content)
    assert 64 << 20 < len(stream) < 66 << 20
    assert account.damage.startswith("stopped after 67,")
    assert (account.size, account.sha256) == (len(content), sha256(content))


def test_only_what_was_there_when_it_was_found_is_read(evidence):
    found = evidence(LOG)
    with found.path.open("ab") as file:
        file.write(b"later\n")
    reader = read(found)
    assert b"".join(block.data for block in reader) == LOG
    assert (reader.account.sha256, reader.account.damage) == (sha256(LOG), None)


def test_a_file_that_shrinks_is_reported(evidence):
    found = evidence(LOG)
    os.truncate(found.path, len(LINES[0]))
    reader = read(found)
    assert [block.data for block in reader] == LINES[:1]
    assert reader.account.damage == (
        f"the file shrank while it was read: {len(LINES[0])} bytes are left of {len(LOG):,}"
    )


def test_a_file_that_vanishes_is_reported(evidence):
    found = evidence(LOG)
    found.path.unlink()
    reader = read(found)
    assert list(reader) == []
    assert reader.account.damage == "cannot be opened: No such file or directory"


@pytest.mark.skipif(sys.platform != "linux", reason="a file that cannot be read at its beginning")
def test_a_disk_error_is_reported(evidence):
    found = dataclasses.replace(evidence(LOG), path=evidence(LOG).path.__class__("/proc/self/mem"))
    reader = read(found)
    assert list(reader) == []
    assert reader.account.damage == "cannot be read after 0 bytes: Input/output error"


def test_reading_leaves_no_mark_on_the_file(evidence):
    found = evidence(LOG)
    os.utime(found.path, ns=(1, 1))
    before = found.path.stat()
    list(read(found))
    assert found.path.stat() == before


def test_the_account_of_a_file_not_read_to_its_end_is_refused(evidence):
    with pytest.raises(RuntimeError, match="when every block was read"):
        _ = read(evidence(LOG)).account
