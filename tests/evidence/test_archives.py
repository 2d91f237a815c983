"""Are logs in archives read where they lie, whatever the archive says of itself?"""

import bz2
import gzip
import hashlib
import io
import lzma
import stat
import tarfile
import zipfile

import pytest

from analyzer.evidence import find, read

LINE = b"Feb  3 01:12:07 mx1 postfix/qmgr[1]: 4B1: removed\n"
LOG = b"".join(LINE.replace(b"4B1", b"%X" % n) for n in range(2000))
ZIP, TAR, TGZ = "logs.zip", "logs.tar", "logs.tar.gz"
PACK = {"": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def a_tar(*files, pack=""):
    """A tar of (name or TarInfo, content)."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in files:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if info.isreg():
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return PACK[pack](held.getvalue())


def a_zip(*files, method=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return held.getvalue()


ARCHIVES = {
    "zip": (ZIP, a_zip),
    "stored zip": (ZIP, lambda *files: a_zip(*files, method=zipfile.ZIP_STORED)),
    "tar": (TAR, a_tar),
    **{
        f"tar.{pack}": (f"logs.tar.{pack}", lambda *files, p=pack: a_tar(*files, pack=p))
        for pack in ("gz", "bz2", "xz")
    },
}
EVERY = pytest.mark.parametrize(("name", "make"), ARCHIVES.values(), ids=ARCHIVES)


@pytest.fixture
def found(tmp_path):
    """What is found in a file of these bytes: evidence by name."""

    def found(name, content):
        (tmp_path / name).write_bytes(content)
        return {evidence.name: evidence for evidence in find([tmp_path / name])}

    return found


def content(evidence, block_size=1000):
    reader = read(evidence, block_size)
    data = b"".join(block.data for block in reader)
    return data, reader.account


@EVERY
def test_each_log_in_an_archive_is_evidence_of_its_own(found, name, make):
    listed = found(name, make(("var/log/mail.log", LOG), ("var/log/mail.log.1", LOG[:500])))
    assert {key: one.kind for key, one in listed.items()} == {
        name: "archive",
        f"{name}/var/log/mail.log": "text",
        f"{name}/var/log/mail.log.1": "text",
    }
    assert listed[name].note.endswith("archive of 2 files")
    data, account = content(listed[f"{name}/var/log/mail.log"])
    assert data == LOG
    assert account.sha256 == hashlib.sha256(LOG).hexdigest(), "that of the file, were it unpacked"
    assert (account.lines, account.damage) == (2000, None)


@EVERY
@pytest.mark.parametrize("pack", ["gz", "bz2", "xz"])
def test_a_compressed_log_in_an_archive_is_read_through(found, name, make, pack):
    packed = PACK[pack](LOG)
    listed = found(name, make(("a.log", b"x\n"), ("mail.log.1", packed)))
    data, account = content(listed[f"{name}/mail.log.1"])
    assert data == LOG
    assert account.sha256 == hashlib.sha256(packed).hexdigest()
    assert account.stream_sha256 == hashlib.sha256(LOG).hexdigest()


@EVERY
def test_the_archive_itself_is_hashed_and_has_no_lines(found, name, make):
    packed = make(("mail.log", LOG))
    data, account = content(found(name, packed)[name])
    assert (data, account.lines) == (b"", 0)
    assert account.sha256 == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize(
    ("member", "label"),
    [
        ("/etc/mail.log", "etc/mail.log"),
        ("../../mail.log", "mail.log"),
        ("./a/../mail.log", "a/mail.log"),
        ("a\x1b[31m\nb.log", r"a\x1b[31m\x0ab.log"),
        ("..\\..\\mail.log", r"..\\..\\mail.log"),
        ("..", "unnamed"),
    ],
)
@pytest.mark.parametrize(
    ("name", "make"), [(ZIP, a_zip), (TGZ, ARCHIVES["tar.gz"][1])], ids=["zip", "tar"]
)
def test_a_hostile_name_is_a_label_and_no_path(found, tmp_path, name, make, member, label):
    listed = found(name, make((member, LOG)))
    assert set(listed) == {name, f"{name}/{label}"}
    assert content(listed[f"{name}/{label}"])[0] == LOG
    assert [path.name for path in tmp_path.iterdir()] == [name], "nothing is extracted"


@EVERY
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_two(found, name, make):
    listed = found(name, make(("mail.log", LOG), ("mail.log", LINE)))
    assert content(listed[f"{name}/mail.log"])[0] == LOG
    assert content(listed[f"{name}/mail.log (2)"])[0] == LINE


def a_link(name, type_):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = type_, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    "type_", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_a_link_or_device_in_a_tar_is_named_and_not_followed(found, type_):
    listed = found(TGZ, a_tar((a_link("mail.log", type_), b""), ("mail.log.1", LOG), pack="gz"))
    assert listed[f"{TGZ}/mail.log"].kind == "unsupported"
    assert content(listed[f"{TGZ}/mail.log"])[0] == b""
    assert content(listed[f"{TGZ}/mail.log.1"])[0] == LOG


def test_a_link_in_a_zip_is_named_and_not_followed(found):
    info = zipfile.ZipInfo("mail.log")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    listed = found(ZIP, a_zip((info, b"/etc/passwd")))
    assert (listed[f"{ZIP}/mail.log"].kind, listed[f"{ZIP}/mail.log"].note[:6]) == (
        "unsupported",
        "a link",
    )


@EVERY
@pytest.mark.parametrize(
    "inner",
    [a_zip(("x.log", LOG)), a_tar(("x.log", LOG)), a_tar(("x.log", LOG), pack="gz")],
    ids=["zip", "tar", "tar.gz"],
)
def test_an_archive_in_an_archive_is_named_as_unsupported(found, name, make, inner):
    listed = found(name, make(("inner", inner), ("mail.log", LOG)))
    one = listed[f"{name}/inner"]
    assert one.kind == "unsupported"
    assert one.note.endswith("archive inside an archive: unpack it and give the files")
    assert listed[f"{name}/mail.log"].kind == "text"


def test_a_bomb_in_a_zip_is_stopped(found):
    listed = found(ZIP, a_zip(("mail.log", LINE + bytes(200 << 20)), ("mail.log.1", LOG)))
    reader = read(listed[f"{ZIP}/mail.log"])
    assert sum(len(block.data) for block in reader) < 80 << 20
    assert "bomb" in reader.account.damage
    assert content(listed[f"{ZIP}/mail.log.1"])[0] == LOG


def test_a_bomb_around_a_tar_is_stopped(found):
    files = [("mail.log", LOG), *((f"zero.{n}", bytes(60 << 20)) for n in range(3))]
    listed = found(TGZ, a_tar(*files, pack="gz"))
    assert listed[TGZ].kind == "unreadable"
    assert "bomb" in listed[TGZ].note
    assert content(listed[f"{TGZ}/mail.log"])[0] == LOG


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("pack", ["", "gz"])
def test_of_a_tar_that_ends_early_what_is_there_is_read(found, kept, pack):
    whole = a_tar(("mail.log.1", LOG[:20_000]), ("mail.log", LOG), pack=pack)
    listed = found(TAR, whole[: int(len(whole) * kept)])
    assert listed[TAR].kind == "unreadable", "so that the analysis counts as incomplete"
    got = [content(listed[name])[0] for name in list(listed)[1:]]
    assert all(data.removesuffix(b"\n") in LOG for data in got)
    assert got


@pytest.mark.parametrize("place", [40, 500, 3000])
def test_a_zip_with_a_damaged_member_says_so(found, place):
    packed = bytearray(a_zip(("mail.log", LOG), ("mail.log.1", LOG)))
    packed[place] ^= 0xFF
    listed = found(ZIP, bytes(packed))
    assert (
        "damaged" in (account := content(listed[f"{ZIP}/mail.log"])[1]).damage
        or "wrong" in account.damage
    )
    assert content(listed[f"{ZIP}/mail.log.1"])[0] == LOG


def test_a_zip_that_ends_early_is_called_damaged(found):
    listed = found(ZIP, a_zip(("mail.log", LOG))[:-30])
    assert listed[ZIP].kind == "unreadable"
    assert listed[ZIP].note.startswith("zip archive, damaged: ")


def test_an_encrypted_member_is_named(found):
    packed = bytearray(a_zip(("mail.log", LOG)))
    packed[packed.index(b"PK\1\2") + 8] |= 1
    assert "encrypted" in found(ZIP, bytes(packed))[f"{ZIP}/mail.log"].note


def test_an_archive_without_files_is_an_archive_of_none(found):
    assert (
        found(TAR, a_tar((a_link("x", tarfile.DIRTYPE), b"")))[TAR].note == "tar archive of 0 files"
    )


def test_an_archive_comes_by_standard_input(monkeypatch):
    class Stdin(io.BytesIO):
        buffer = property(lambda self: self)

        def fileno(self):
            raise OSError

    monkeypatch.setattr("sys.stdin", Stdin(a_tar(("mail.log", LOG), pack="gz")))
    listed = {one.name: one for one in find(["-"])}
    assert content(listed["stdin/mail.log"])[0] == LOG
