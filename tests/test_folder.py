"""Does a case appear whole or not at all, and does it never take the place of anything else?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.errors import EnvironmentTrouble, SettingsError
from analyzer.folder import CaseFolder, Settings
from analyzer.lock import alone
from analyzer.site import Site

PLAIN = Settings.of(Site(domains=["corp.example"]), Path("site.toml"), 2026)
SHA = "0" * 64


def folder(path, *, settings=PLAIN, evidence=(), force=False):
    return CaseFolder(path, evidence, settings, force)


def manifest(settings=PLAIN, **more):
    return {**settings.as_json(inferred=False), "inputs": [], "outputs": {}, **more}


def make(path, content="old", **more):
    """A case with one output, written as the analysis writes it."""
    with folder(path, force=True, **more).new() as place:
        (place / "manifest.json").write_text(json.dumps(manifest()))
        (place / "result").write_text(content)
    return path


def names(path):
    return sorted(entry.name for entry in path.iterdir())


# Whole or not at all


def test_a_case_appears_when_all_is_written(tmp_path):
    with folder(tmp_path / "case").new() as place:
        (place / "result").write_text("new")
        assert not (tmp_path / "case").exists()
    assert names(tmp_path) == ["case"]
    assert names(tmp_path / "case") == ["result", "run.log"]


def test_parents_are_made(tmp_path):
    make(tmp_path / "a" / "b" / "case")
    assert names(tmp_path / "a" / "b") == ["case"]


@pytest.mark.parametrize(
    "trouble",
    [ValueError, KeyboardInterrupt, MemoryError],
    ids=["a bug", "the user stops it", "memory runs out"],
)
def test_nothing_is_left_when(tmp_path, trouble):
    with pytest.raises(trouble), folder(tmp_path / "case").new() as place:  # noqa: PT012
        (place / "half").write_text("half")
        raise trouble
    assert names(tmp_path) == []


def test_an_existing_case_is_untouched_by_a_failure(tmp_path):
    make(tmp_path / "case")
    with pytest.raises(ValueError), folder(tmp_path / "case").new() as place:  # noqa: PT011, PT012
        (place / "half").write_text("half")
        raise ValueError
    assert names(tmp_path) == ["case"]
    assert (tmp_path / "case/result").read_text() == "old"


def test_a_full_disk_is_the_surroundings_trouble(tmp_path):
    with pytest.raises(EnvironmentTrouble) as error, folder(tmp_path / "case").new():
        raise OSError(28, "No space left on device")
    assert "No space left on device" in str(error.value)
    assert "Free some space" in str(error.value)
    assert names(tmp_path) == []


def test_a_case_is_replaced_in_one_step(tmp_path):
    make(tmp_path / "case")
    make(tmp_path / "case", "new")
    assert names(tmp_path) == ["case"]
    assert (tmp_path / "case/result").read_text() == "new"


def test_the_old_case_comes_back_if_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    make(tmp_path / "case")
    rename = Path.rename

    def refuse(path, target):
        if ".partial-" in path.name:
            raise OSError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(EnvironmentTrouble), folder(tmp_path / "case", force=True).new() as place:
        (place / "result").write_text("new")
    assert (tmp_path / "case/result").read_text() == "old"


def test_the_old_case_comes_back_if_the_user_stops_it_between_the_two_renames(
    tmp_path, monkeypatch
):
    make(tmp_path / "case")
    rename = Path.rename

    def stopped(path, target):
        moved = rename(path, target)
        if ".old-" in Path(target).name:
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt), folder(tmp_path / "case", force=True).new() as place:
        (place / "result").write_text("new")
    assert names(tmp_path) == ["case"]
    assert (tmp_path / "case/result").read_text() == "old"


def test_two_runs_at_once_do_not_share_a_half_written_folder(tmp_path, monkeypatch):
    with folder(tmp_path / "case").new() as one:
        monkeypatch.setattr(os, "getpid", lambda: 4711)
        with folder(tmp_path / "case").new() as other:
            assert one != other


# Never in the place of anything else


def test_what_a_killed_run_left_half_written_goes_and_that_of_a_living_one_stays(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    elsewhere = 1 << 22  # no process has this number here
    for pid in (gone.pid, os.getppid(), elsewhere, "other"):
        (tmp_path / f".case.partial-{pid}").mkdir()
    with alone(tmp_path / f".case.partial-{elsewhere}"):
        make(tmp_path / "case")
    left = {f".case.partial-{pid}" for pid in (os.getppid(), elsewhere, "other")}
    assert {path.name for path in tmp_path.iterdir()} == {"case", *left}


def test_a_case_below_the_evidence_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="inside the evidence"):
        folder(tmp_path / "logs" / "case", evidence=[tmp_path])


def test_a_case_in_the_folder_of_the_evidence_by_a_link_is_refused(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "logs")
    with pytest.raises(SettingsError, match="inside the evidence"):
        folder(tmp_path / "link" / "case", evidence=[tmp_path / "logs"])


def test_a_case_beside_a_log_is_fine(tmp_path):
    (tmp_path / "mail.log").write_text("")
    folder(tmp_path / "case", evidence=[tmp_path / "mail.log"])


def test_evidence_inside_the_case_is_refused(tmp_path):
    make(tmp_path / "case")
    (tmp_path / "case/mail.log").write_text("evidence")
    with pytest.raises(SettingsError):
        folder(tmp_path / "case", evidence=[tmp_path / "case/mail.log"], force=True)


def test_a_case_inside_a_folder_that_a_pattern_stands_for_is_refused(tmp_path):
    (tmp_path / "logs").mkdir()
    with pytest.raises(SettingsError, match="inside the evidence"):
        folder(tmp_path / "logs" / "case", evidence=[str(tmp_path / "log*")])


def test_an_empty_folder_may_become_the_case(tmp_path):
    (tmp_path / "case").mkdir()
    make(tmp_path / "case")
    assert "result" in names(tmp_path / "case")


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("content", [None, "", "no JSON", "[]", "null", '"text"'])
def test_a_folder_with_other_things_is_no_case(tmp_path, content, force):
    (tmp_path / "thesis.txt").write_text("mine")
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(SettingsError, match="not empty and no case"):
        folder(tmp_path, force=force)


def test_force_does_not_replace_the_folder_of_another_program(tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "a web application", "icons": []}')
    with pytest.raises(SettingsError):
        folder(tmp_path, force=True)


def test_a_manifest_that_lacks_its_inputs_is_said_to_be_damaged(tmp_path):
    make(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(PLAIN.as_json(inferred=False)))
    with pytest.raises(SettingsError):
        folder(tmp_path).already([SHA])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_may_not_be_written_is_said_before_any_work(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(EnvironmentTrouble, match="cannot be written"):
        folder(tmp_path / "case")


# Made of the same?


@pytest.mark.parametrize(
    "other",
    [
        Settings.of(Site(domains=["other.example"]), Path("site.toml"), 2026),
        Settings.of(Site(domains=["corp.example"]), Path("site.toml"), 2025),
        Settings.of(None, None, 2026),
    ],
    ids=["another site", "another year", "no site"],
)
def test_other_settings_are_refused_unless_forced(tmp_path, other):
    make(tmp_path / "case")
    with pytest.raises(SettingsError, match="other settings"):
        folder(tmp_path / "case", settings=other)
    folder(tmp_path / "case", settings=other, force=True)


def test_where_the_site_lies_is_no_setting(tmp_path):
    make(tmp_path / "case")
    site = Site(domains=["corp.example"])
    folder(tmp_path / "case", settings=Settings.of(site, Path("/elsewhere/site.toml"), 2026))


def test_a_case_of_less_evidence_is_made_anew(tmp_path):
    make(tmp_path / "case")
    assert folder(tmp_path / "case").already([SHA]) is None


def test_a_case_of_other_evidence_is_refused_and_the_evidence_named(tmp_path):
    make(tmp_path / "case")
    told = manifest(inputs=[{"path": "old.log", "sha256": "1" * 64}])
    (tmp_path / "case/manifest.json").write_text(json.dumps(told))
    with pytest.raises(SettingsError, match=r"other evidence: old\.log"):
        folder(tmp_path / "case").already([SHA])


def test_the_time_of_the_run_is_in_run_log_alone(tmp_path):
    make(tmp_path / "case")
    words = (tmp_path / "case/run.log").read_text()
    assert words.startswith("started 20")
    assert "took" in words
    assert sys.version.split()[0] not in words
