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
