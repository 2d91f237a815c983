"""Whatever a file was turned into on its way here, is it read or refused, and never a crash?"""

import contextlib
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import config
from analyzer.config import Configuration
from analyzer.config.given import Given
from analyzer.config.recognise import recognise
from analyzer.errors import AnalyzerError
from tests.config.fixtures import read

FILES = [
    (name, text)
    for server in ("postfix", "sendmail", "exchange")
    for fixture in read(server).values()
    for name, text in fixture["files"].items()
]
JUNK = st.text(st.sampled_from("{}$()[]:,=/\\\"'`\n\t #!@%-09aé\0"), max_size=4)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(FILES), st.sampled_from(FILES), st.data())
def test_a_damaged_file_is_read_or_refused(one, beside, data):
    name, text = one
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    damaged = text[:start] + data.draw(JUNK) + text[end:]
    files = [Given(name, damaged), Given(*beside)]
    configured = Configuration(tuple((file, recognise(file)) for file in files))
    with contextlib.suppress(AnalyzerError):
        entries = configured.entries()
        config.site_of(entries)
        tomllib.loads(config.as_toml(entries))
    with contextlib.suppress(AnalyzerError):
        configured.audits()
