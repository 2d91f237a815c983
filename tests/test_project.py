"""What has to hold for the project around the code."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from analyzer import site

ROOT = Path(__file__).parents[1]
PAGES = runpy.run_path(str(ROOT / "docs" / "derive.py"))["PAGES"]
LOCKS = ["requirements.lock", "requirements-core.lock", "benchmarks/speed/requirements.lock"]

# Folders that only a developer's machine has. Written so that this line does not match itself.
A_MACHINE = re.compile(rb"/(?:root|work|Users/\w+|home/\w+|tmp/venv\w*)/")


def text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def pins(lock: str) -> dict[str, set[str]]:
    """Name → versions; a universal lock has more than one where Pythons differ."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", text(lock), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def tracked_files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in names.stdout.decode().split("\0") if name]


@pytest.mark.parametrize("page", PAGES)
def test_a_derived_page_is_what_the_code_says(page):
    assert text(f"docs/{page}") == PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("key", site.Site.model_fields)
def test_the_page_on_the_site_file_explains_the_key(key):
    meaning = re.escape(site.Site.model_fields[key].description)
    row = rf"^\| `{key}` \|[^|]+\| {meaning} \|"
    assert re.search(row, text("docs/site.md"), re.MULTILINE)


def test_the_example_of_a_site_file_is_accepted_and_has_every_key(tmp_path):
    example = re.search(r"```toml\n(.*?)```", text("docs/site.md"), re.DOTALL)[1]
    (tmp_path / "site.toml").write_text(example, "utf-8")
    assert set(site.load(tmp_path / "site.toml").model_fields_set) == set(site.Site.model_fields)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_host(lock):
    assert "://" not in text(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_file_has_a_hash(lock):
    unpinned = [e for e in re.split(r"\n(?=\S)", text(lock)) if "--hash=sha256:" not in e]
    assert unpinned == []


def test_the_core_lock_is_a_part_of_the_whole_lock():
    assert pins("requirements-core.lock").items() <= pins("requirements.lock").items()


def test_every_dependency_is_locked():
    project = tomllib.loads(text("pyproject.toml"))["project"]

    def names(requirements):
        return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}

    assert names(project["dependencies"]) <= pins("requirements-core.lock").keys()
    assert names(project["optional-dependencies"]["dev"]) <= pins("requirements.lock").keys()


def test_no_tracked_file_names_a_folder_of_a_developers_machine():
    found = {
        str(path.relative_to(ROOT)): match[0].decode()
        for path in tracked_files()
        if path.is_file() and (match := A_MACHINE.search(path.read_bytes()))
    }
    assert found == {}


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_command_in_the_readme_is_in_the_makefile(target):
    assert re.search(rf"^make {target}$", text("README.md"), re.MULTILINE)
    assert re.search(rf"^{target}:", text("Makefile"), re.MULTILINE)


def test_every_font_has_its_licence():
    fonts = ROOT / "analyzer" / "report" / "fonts"
    licences = (fonts / "LICENSES.txt").read_text("utf-8")
    assert [font.name for font in fonts.glob("*.ttf") if font.name not in licences] == []


def test_help_answers_without_loading_what_only_an_analysis_needs():
    command = [sys.executable, "-X", "importtime", "-c", "from analyzer.cli import main; main()"]
    answer = subprocess.run(
        [*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    loaded = {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}
    assert answer.returncode == 0, answer.stderr
    assert "analyze" in answer.stdout
    assert loaded & {"pandas", "pyarrow", "numpy", "matplotlib", "typst"} == set()
