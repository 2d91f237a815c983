"""Every notebook runs from its first cell to its last, holds no output, and shows text safely."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from analyzer import Case, pipeline, site
from analyzer.display import display, shown

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SAMPLE = ROOT / "sample_logs" / "postfix-open-relay"


def cells(path):
    return json.loads(path.read_text("utf-8"))["cells"]


def code(path):
    return ["".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    log = folder / "mail.log"
    log.write_bytes(lzma.decompress((SAMPLE / "mail.log.xz").read_bytes()))
    pipeline.analyze([log], site=site.load(SAMPLE / "site.toml"), case=folder / "case")
    return folder / "case"


@pytest.fixture(scope="module")
def innocent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("innocent")
    scenarios = ROOT / "tests" / "scenarios"
    pipeline.analyze(
        [scenarios / "innocent.log"],
        site=site.load(scenarios / "site.toml"),
        year=2026,
        case=folder / "case",
    )
    return folder / "case"


def test_there_are_the_four_of_them():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("which", ["sample", "innocent"])
def test_it_runs_to_its_end_on(path, which, request, monkeypatch):
    monkeypatch.setenv("RELAYTRAIL_CASE", str(request.getfixturevalue(which)))
    names: dict[str, object] = {"__name__": "__main__"}
    for number, source in enumerate(code(path), 1):
        exec(compile(source, f"{path.name}, cell {number}", "exec"), names)
    assert isinstance(names["case"], Case)
    for chart in names.get("pictures", []):
        assert chart._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_holds_no_output(path):
    for cell in cells(path):
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


def test_a_table_is_shown_as_the_display_function_writes_its_texts():
    import pandas as pd

    hostile = "\x1b[31m<img src=x>\u202e"
    frame = shown(pd.DataFrame({"sender": [hostile, None], "size": [1, 2]}))
    assert frame["sender"].tolist()[0] == display(hostile)
    assert frame["size"].tolist() == [1, 2]
    assert "<img" not in frame.to_html()
