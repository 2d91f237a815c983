"""What live tests print at the end of a run: tables of what was asked and answered."""

import pytest

TABLES: list[list[str]] = []


@pytest.fixture(scope="session")
def tables() -> list[list[str]]:
    """A test appends a list of lines."""
    return TABLES


def pytest_terminal_summary(terminalreporter) -> None:
    for lines in TABLES:
        terminalreporter.write_line("")
        for line in lines:
            terminalreporter.write_line(line)
