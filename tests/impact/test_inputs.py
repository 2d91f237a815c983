"""How is impact.toml read, and what is refused with which help?"""

import tomllib

import pytest

from analyzer.errors import SettingsError
from analyzer.impact.inputs import Given, choices, declared, digest, load, settle, template

LOG = {entry["key"]: (1.0, 2.0, 3.0) for entry in declared()["input"] if "mid" not in entry}


@pytest.fixture
def read(tmp_path):
    def reading(text):
        path = tmp_path / "impact.toml"
        path.write_text(text, "utf-8")
        return load(path)

    return reading


def test_the_template_changes_nothing(read):
    assert read(template()) == Given()


def test_every_line_of_the_template_can_be_put_into_force(read):
    lines = [
        line[1:] if line.startswith("#") and line[1:2].isalpha() else line
        for line in template().split("\n")
        if line
    ]
    text = "\n".join(lines)
    known = [e["key"] for kind in ("choice", "input") for e in declared()[kind]]
    assert list(tomllib.loads(text)) == known
    given = read(text)
    assert {i.label for i in settle(given, LOG).values()} == {"given"}
    assert {entry["label"] for entry in choices(given)} == {"given"}


def test_what_the_log_cannot_give_counts_as_nothing_and_is_not_called_measured():
    found = settle(Given(), LOG | {"bytes_out": None})["bytes_out"]
    assert (found.mid, found.label) == (0.0, "assumed")
    assert "not measurable" in found.ground


def test_the_defaults_in_the_template_are_the_defaults(read):
    text = template().replace("#staff_rate_per_hour", "staff_rate_per_hour")
    (said,) = read(text).ranges.values()
    rate = settle(Given(), LOG)["staff_rate_per_hour"]
    assert said == (rate.low, rate.mid, rate.high)


def test_a_number_comes_from_the_user_else_the_log_else_the_default(read):
    found = settle(read("users_affected = 250\nloss_fraction = [0.01, 0.02, 0.03]"), LOG)
    labels = {
        key: found[key].label for key in ("users_affected", "hours_impaired", "dialogue_bytes")
    }
    assert labels == {
        "users_affected": "given",
        "hours_impaired": "measured",
        "dialogue_bytes": "assumed",
    }
    assert (found["users_affected"].low, found["loss_fraction"].high) == (250.0, 0.03)


def test_a_given_number_is_no_longer_to_be_confirmed(read):
    before, after = (
        settle(given, LOG)["staff_rate_per_hour"].as_json("EUR")["to_confirm"]
        for given in (Given(), read("staff_rate_per_hour = 75"))
    )
    assert (before, after) == (True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("staff_rate = 75", 'unknown key "staff_rate"\n  Did you mean "staff_rate_per_hour"?'),
        ("\n\nxyzzy = 1", ':3: unknown key "xyzzy"\n  `relaytrail impact --template`'),
        ("[staff]\nrate = 1", 'unknown key "staff"'),
        ("users_affected = true", "a number is wanted"),
        ('users_affected = "9"', "a number is wanted"),
        ("users_affected = nan", "a number is wanted"),
        ("users_affected = -1", "not between 0 and"),
        ("users_affected = 1e99", "not between 0 and"),
        ("users_affected = [1, 2]", "one number, or [low, mid, high]"),
        ("users_affected = [3, 2, 4]", "do not rise"),
        ("loss_fraction = 5", "5 % is 0.05"),
        ('currency = "Euro"', "three capital letters"),
        ('tariff = "p 95"', "one of per_gb, p95, flat"),
        ("seed = 1.5", "a whole number"),
        ("link_mbit = [1, 2, 3]", "a number is wanted"),
        ("= 1", "not valid TOML"),
    ],
)
def test_refused_with_a_word_on_what_is_meant(read, text, said):
    with pytest.raises(SettingsError) as refused:
        read(text)
    assert said in str(refused.value)
    assert "--template" in str(refused.value)


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "nowhere.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not a text file"):
        load(tmp_path / "binary.toml")


def test_the_hash_of_the_inputs_is_of_every_number_and_choice(read):
    texts = ("", "users_affected = 2", "users_affected = [2, 2, 3]", "seed = 2", "used_gb = 1")
    found = [digest(settle(given, LOG), given) for given in map(read, texts)]
    assert len(set(found)) == len(found)
