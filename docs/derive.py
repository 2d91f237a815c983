"""Which pages of docs/ are derived from the code, and from what? `make docs` writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from analyzer import config, schema
from analyzer.detect import pages as detectors
from analyzer.formats import page as formats
from analyzer.impact import page as impact

PAGES: dict[str, Callable[[], str]] = {
    "schema.md": schema.as_markdown,
    "audit.md": config.audit_page,
    "formats.md": formats.as_markdown,
    "detectors.md": detectors.as_markdown,
    "impact.md": impact.as_markdown,
}

if __name__ == "__main__":
    for name, derive in PAGES.items():
        (Path(__file__).parent / name).write_text(derive(), "utf-8")
        print(f"docs/{name}")
