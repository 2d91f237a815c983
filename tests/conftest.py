"""What tests of several rooms begin with."""

import sys

import pytest

from analyzer import cli


@pytest.fixture
def relaytrail(monkeypatch, capsys):
    """The command: exit code, standard output, standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["relaytrail", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run
