"""Is what the generator tells true, repeatable, and independent of the product?"""

import ast
import json
from pathlib import Path

import pytest

from benchmarks.accuracy import blocks
from benchmarks.accuracy.generate import WRITERS, Story, put, tell
from benchmarks.accuracy.incidents import DOORS
from benchmarks.accuracy.intervals import share
from benchmarks.accuracy.plans import VARIANTS

HERE = Path(__file__).parents[2] / "benchmarks" / "accuracy"
SCORER = {"measure.py", "page.py", "samples.py", "spikes.py", "score.py"}
SHORT = Story(1, "stolen_account", "short_log", small=True)


def files(story, dialect, folder):
    put(story, *tell(story), dialect, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "module", sorted(p.name for p in HERE.glob("*.py") if p.name not in SCORER)
)
def test_the_generator_imports_nothing_of_the_product(module):
    tree = ast.parse((HERE / module).read_text("utf-8"))
    named = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert "analyzer" not in named


@pytest.mark.parametrize("dialect", sorted(WRITERS))
def test_the_same_seed_gives_the_same_bytes(dialect, tmp_path):
    assert files(SHORT, dialect, tmp_path / "a") == files(SHORT, dialect, tmp_path / "b")


@pytest.mark.parametrize("dialect", sorted(WRITERS))
def test_every_row_of_truth_has_its_queue_id_in_the_log(dialect, tmp_path):
    found = files(SHORT, dialect, tmp_path)
    truth = json.loads(found.pop("truth.json"))
    text = b"".join(found.values()).decode()
    missing = [row for row in truth["messages"] if row["queue_id"] not in text]
    assert truth["messages"]
    assert missing == []


def test_all_dialects_tell_the_same_truth(tmp_path):
    told = []
    for dialect in WRITERS:
        truth = json.loads(files(SHORT, dialect, tmp_path / dialect)["truth.json"])
        rows = [
            {name: value for name, value in row.items() if not name.startswith("queue_id")}
            for row in truth["messages"]
        ]
        told.append((rows, truth["incidents"]))
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("door", DOORS)
def test_an_incident_begins_and_ends_with_its_first_and_last_message(door):
    _, history = tell(Story(2, door, "short_log", small=True))
    (incident,) = history.incidents
    times = [m.time for m, _ in history.messages() if m.label == door and m.made_here != "notice"]
    assert (incident.first, incident.last) == (min(times), max(times))


def test_a_clean_log_holds_no_abuse():
    _, history = tell(Story(3, None, small=True))
    assert not history.incidents
    assert not {m.label for m, _ in history.messages()} & set(DOORS)


def test_the_blocks_share_no_seed_and_hold_every_door_and_variant():
    a, b, clean = blocks.block_a(), blocks.block_b(), blocks.clean()
    seeds = [story.seed for story in [*a, *b, *clean]]
    assert len(seeds) == len(set(seeds))
    assert {(s.door, s.variant) for s in a} == {(d, v) for d in DOORS for v in VARIANTS}
    assert {s.door for s in b} == set(DOORS)
    assert len(clean) == 200


def test_a_share_lies_in_its_interval_and_is_null_without_a_whole():
    value, low, high = share([9, 10, 5], [10, 10, 10])
    assert low <= value <= high
    assert value == pytest.approx(0.8)
    assert share([0], [0]) is None
