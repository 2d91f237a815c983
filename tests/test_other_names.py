"""Would the same have been said of the same mail between servers with other names?

Rules that know the samples by their names or addresses would be worth nothing on other logs.
"""

import hashlib
import lzma
import re
from pathlib import Path

import pytest

from analyzer import pipeline
from analyzer.site import load

SAMPLES = Path(__file__).parent.parent / "sample_logs"
ASCII_NAME = re.compile(r"(?<![^\W_])([a-z0-9-]+)\.(example|test)\b", re.IGNORECASE)
NETWORK = re.compile(r"\b(?:203\.0\.113|198\.51\.100|192\.0\.2|198\.18\.\d+)(?=\.\d)")


def renamed(text):
    """Each domain has another name, each network for documentation lies elsewhere."""
    text = ASCII_NAME.sub(lambda name: f"{_other(name[1].lower())}.{name[2]}", text)
    return NETWORK.sub(_elsewhere, text).replace("2001:db8:", "2a0e:b107:")


def _other(name):
    """As long as before: letters only, which no rule can know."""
    letters = (
        hashlib.sha256(name.encode())
        .hexdigest()
        .translate(str.maketrans("0123456789", "ghijklmnop"))
    )
    return letters[: max(len(name), 8)]


def _elsewhere(network):
    first, second = hashlib.sha256(network[0].encode()).digest()[:2]
    return f"185.{first}.{second}"


def told(log, site, year):
    """What is judged, by the place of its line and without any name."""
    case = pipeline.analyze([log], site=load(site), year=year).case
    rows = case.deliveries.select(["line", "verdict", "mechanism"]).to_pylist()
    names = ["detector", "kind", "verdict", "mechanism", "messages", "recipients", "first_seen"]
    findings = [tuple(row.values()) for row in case.findings.select(names).to_pylist()]
    return sorted(map(str, (row.values() for row in rows))), sorted(map(str, findings))


@pytest.mark.parametrize(
    ("sample", "log", "year"),
    [("postfix-open-relay", "mail.log", 2026), ("sendmail-open-relay", "maillog", 2027)],
)
def test_nothing_that_is_said_depends_on_what_anybody_is_called(tmp_path, sample, log, year):
    text = lzma.decompress((SAMPLES / sample / f"{log}.xz").read_bytes()).decode()
    site = (SAMPLES / sample / "site.toml").read_text("utf-8")
    (tmp_path / "site.toml").write_text(renamed(site), "utf-8")
    (tmp_path / log).write_text(renamed(text), "utf-8")
    as_before = told(SAMPLES / sample / f"{log}.xz", SAMPLES / sample / "site.toml", year)
    assert renamed(text) != text
    assert told(tmp_path / log, tmp_path / "site.toml", year) == as_before
