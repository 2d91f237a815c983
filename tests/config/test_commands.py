"""What do `relaytrail site import` and `relaytrail audit` print and write?"""

import json

import pytest
from typer.testing import CliRunner

from analyzer import site as sites
from analyzer.cli import app
from analyzer.errors import SettingsError

MAIN = """\
myhostname = mx.corp.example
mydestination = corp.example
mynetworks = 127.0.0.0/8, 0.0.0.0/0
"""


@pytest.fixture
def main_cf(tmp_path):
    path = tmp_path / "main.cf"
    path.write_text(MAIN, "utf-8")
    return path


def run(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_an_imported_site_can_be_loaded(main_cf, tmp_path):
    run("site", "import", main_cf, "-o", tmp_path / "site.toml")
    assert sites.load(tmp_path / "site.toml").domains == ["corp.example"]


def test_an_existing_site_is_not_overwritten_unless_asked(main_cf, tmp_path):
    (tmp_path / "site.toml").write_text("# mine\n")
    with pytest.raises(SettingsError, match="the file exists"):
        run("site", "import", main_cf, "-o", tmp_path / "site.toml")
    run("site", "import", main_cf, "-o", tmp_path / "site.toml", "--force")


def test_without_an_output_the_site_is_printed(main_cf):
    assert '"corp.example",  # ' in run("site", "import", main_cf)


def test_what_was_taken_is_counted_and_what_was_not_is_told(main_cf, tmp_path):
    main_cf.write_text("mydestination = corp.example, \x1b[31m@\n", "utf-8")
    told = run("site", "import", main_cf, "-o", tmp_path / "site.toml")
    assert "site.toml: domains 1" in told
    assert "\\x1b[31m@ is no domain" in told


def test_the_audit_names_line_reason_and_correction(main_cf):
    told = run("audit", main_cf)
    assert "Postfix: open" in told
    assert "critical: postfix-mynetworks-wide  main.cf:3" in told
    assert "instead: mynetworks = 127.0.0.0/8\n" in told


def test_the_audit_as_json_has_every_field(main_cf):
    (audit,) = json.loads(run("audit", "--json", main_cf))
    finding = audit["findings"][0]
    assert (audit["verdict"], finding["check"], finding["line"]) == (
        "open",
        "postfix-mynetworks-wide",
        3,
    )
    assert finding["messages"] is None


def test_a_control_character_in_a_file_does_not_reach_the_terminal(tmp_path):
    path = tmp_path / "main.cf"
    path.write_text(MAIN + "relayhost = \x1b[31mred\n", "utf-8")
    assert "\x1b" not in run("audit", path)


def test_a_file_that_is_no_configuration_is_refused(tmp_path):
    path = tmp_path / "notes"
    path.write_text("remember the milk\n")
    with pytest.raises(SettingsError, match="no configuration of a mail server"):
        run("audit", path)
