"""Configurations as TOML: the files of a server by name, and what must be said of them."""

import tomllib
from pathlib import Path

from analyzer.config import Configuration
from analyzer.config.given import Given
from analyzer.config.recognise import recognise

HERE = Path(__file__).parent


def read(folder):
    """Every configuration of the folder, by name."""
    found = sorted((HERE / folder).glob("*.toml"))
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in found}


def configuration_of(fixture):
    files = [Given(name, text) for name, text in fixture["files"].items()]
    return Configuration(tuple((given, recognise(given)) for given in files))


def audited(fixture):
    (audit,) = configuration_of(fixture).audits()
    return audit


def told(fixture):
    """Every finding that is more than a remark, with its line."""
    found = audited(fixture).findings
    return sorted(f"{f.check.name} {f.place}" for f in found if f.weight != "info")
