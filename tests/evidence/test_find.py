"""Does find() list every file once, under a name that tells it apart?"""

import io
import os
import socket

import pytest

from analyzer.errors import EnvironmentTrouble, SettingsError
from analyzer.evidence import find, read

LINE = b"Feb  3 01:12:07 mx1 postfix/qmgr[1]: 4B1: removed\n"


@pytest.fixture
def folder(tmp_path):
    """log/mail.log, log/old/mail.log.1 and, elsewhere, other/mail.log."""
    for name in ("log/mail.log", "log/old/mail.log.1", "other/mail.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(LINE)
    return tmp_path


def names(*arguments):
    return [evidence.name for evidence in find(arguments)]


def test_a_file_is_called_by_its_name(folder):
    assert names(folder / "log/mail.log") == ["mail.log"]


def test_a_file_in_a_folder_is_called_by_the_folder_and_its_path_in_it(folder):
    assert names(folder / "log") == ["log/mail.log", "log/old/mail.log.1"]


def test_names_that_would_be_alike_get_as_many_parents_as_tell_them_apart(folder):
    arguments = (folder / "log/mail.log", folder / "other/mail.log", folder / "log/old/mail.log.1")
    assert names(*arguments) == ["log/mail.log", "mail.log.1", "other/mail.log"]


def test_names_do_not_depend_on_the_current_folder(folder, monkeypatch):
    monkeypatch.chdir(folder / "log/old")
    assert names("..", "../../other/mail.log") == names(folder / "log", folder / "other/mail.log")
    monkeypatch.chdir(folder / "log")
    assert names(".") == names(folder / "log")


def test_a_pattern_is_expanded(folder):
    assert names(str(folder / "l*" / "**" / "mail.log.*")) == ["mail.log.1"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder):
    (folder / "mail[1].log").write_bytes(LINE)
    assert names(folder / "mail[1].log") == ["mail[1].log"]


def test_the_order_of_arguments_changes_nothing(folder):
    arguments = [folder / "other/mail.log", folder / "log", folder / "log/mail.log"]
    assert find(arguments) == find(arguments[::-1])


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic link", "hard link"])
def test_a_file_reached_twice_is_listed_once(folder, link):
    link(folder / "log/mail.log", folder / "log/zz.log")
    assert names(folder / "log", folder / "log/mail.log") == ["log/mail.log", "log/old/mail.log.1"]


def test_a_link_is_listed_by_the_file_it_leads_to(folder):
    (folder / "log/aa").symlink_to(folder / "log/old")
    assert names(folder / "log") == ["log/mail.log", "log/old/mail.log.1"]


def test_a_link_out_of_the_folder_is_followed(folder):
    (folder / "log/far").symlink_to(folder / "other")
    assert "log/far/mail.log" in names(folder / "log")


def test_a_link_that_leads_back_is_survived(folder):
    (folder / "log/loop").symlink_to(folder / "log")
    (folder / "log/old/up").symlink_to("..")
    assert names(folder / "log") == ["log/mail.log", "log/old/mail.log.1"]


def test_a_link_that_leads_nowhere_is_listed_as_unreadable(folder):
    (folder / "log/gone").symlink_to("nowhere")
    (gone,) = (evidence for evidence in find([folder / "log"]) if evidence.name == "log/gone")
    assert (gone.kind, gone.note) == ("unreadable", "No such file or directory")


def test_only_regular_files_are_listed(folder):
    os.mkfifo(folder / "log/fifo")
    with socket.socket(socket.AF_UNIX) as a_socket:
        a_socket.bind(str(folder / "log/s"))
        assert names(folder / "log") == ["log/mail.log", "log/old/mail.log.1"]


def test_bytes_that_are_no_text_and_control_characters_are_escaped_in_a_name(tmp_path):
    raw = os.fsencode(tmp_path) + b"/"
    for name in (b"caf\xe9", b"caf\\xe9", b"a\nb\x1b[0m"):
        with open(raw + name, "wb"):  # noqa: PTH123
            pass
    short = [name.removeprefix(tmp_path.name + "/") for name in names(tmp_path)]
    assert short == [r"a\x0ab\x1b[0m", r"caf\\xe9", r"caf\xe9"]


def test_size_and_time_are_those_of_the_file(folder):
    os.utime(folder / "log/mail.log", ns=(1, 1_700_000_000_123_456_789))
    (evidence,) = find([folder / "log/mail.log"])
    assert (evidence.size, evidence.mtime_ns) == (len(LINE), 1_700_000_000_123_456_789)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_we_may_not_read_is_listed_with_the_reason(folder):
    (folder / "log/mail.log").chmod(0)
    (evidence,) = find([folder / "log/mail.log"])
    reader = read(evidence)
    assert (evidence.kind, evidence.note) == ("unreadable", "Permission denied")
    assert (list(reader), reader.account.damage) == ([], "cannot be opened: Permission denied")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_we_may_not_read_is_listed_with_the_reason(folder):
    (folder / "log/old").chmod(0)
    assert names(folder / "log") == ["log/mail.log", "log/old"]
    (folder / "log/old").chmod(0o700)


@pytest.mark.parametrize(
    ("argument", "what"),
    [
        ("log/mial.log", "no such file or folder"),
        ("log/mail.log/x", "no such file or folder"),
        ("*.txt", "no such file or folder"),
        ("empty", "this is no file, and there is none in it"),
        ("fifo", "this is no file, and there is none in it"),
    ],
)
def test_an_argument_without_a_file_is_named_with_what_to_do(folder, monkeypatch, argument, what):
    (folder / "empty").mkdir()
    os.mkfifo(folder / "fifo")
    monkeypatch.chdir(folder)
    with pytest.raises(SettingsError) as error:
        find([argument])
    where, remedy = str(error.value).split("\n")
    assert where == f"{argument}: {what}"
    assert remedy.strip().startswith(("Check the path", "Name a file"))


def test_no_argument_is_an_error():
    with pytest.raises(SettingsError, match="no evidence was given"):
        find([])


def stdin_is(monkeypatch, file):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))


def test_standard_input_is_read_like_a_file(folder, monkeypatch):
    stdin_is(monkeypatch, io.BytesIO(LINE * 3))
    evidence, mail_log = reversed(find([folder / "log/mail.log", "-"]))
    assert (evidence.name, evidence.size, mail_log.name) == ("stdin", 3 * len(LINE), "mail.log")
    for _ in range(2):
        assert [block.data for block in read(evidence)] == [LINE * 3]


def test_a_pipe_has_no_time_and_a_redirected_file_has_its_own(folder, monkeypatch):
    stdin_is(monkeypatch, io.BytesIO(LINE))
    assert find(["-"])[0].mtime_ns is None
    mail_log = folder / "log/mail.log"
    with mail_log.open("rb") as file:
        stdin_is(monkeypatch, file)
        assert find(["-"])[0].mtime_ns == mail_log.stat().st_mtime_ns


def test_a_file_called_stdin_is_told_apart_from_standard_input(folder, monkeypatch):
    stdin_is(monkeypatch, io.BytesIO(LINE))
    (folder / "other/stdin").write_bytes(LINE)
    assert names("-", folder / "other/stdin") == ["other/stdin", "stdin"]


def test_closed_standard_input_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(SettingsError, match="there is no standard input"):
        find(["-"])


def test_standard_input_that_cannot_be_kept_says_what_to_do(monkeypatch):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError(28, "No space left on device")

    stdin_is(monkeypatch, Broken())
    with pytest.raises(EnvironmentTrouble, match="No space left on device"):
        find(["-"])
