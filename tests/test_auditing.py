"""Does the audit of the server's own files reach a case and its report, and alter nothing else?"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from analyzer import charts, config, pipeline, report
from analyzer.case import Case
from analyzer.cli import app
from analyzer.errors import HashMismatch, SettingsError
from analyzer.pipeline import auditing

SAMPLE = Path(__file__).parents[1] / "sample_logs/postfix-open-relay"
MAIN = """\
compatibility_level = 3.6
myhostname = mx1.tessera-mill.example
mydestination = tessera-mill.example, guild.example
mynetworks = 127.0.0.0/8,
    <script>alert(1)</script>,
    0.0.0.0/0
"""
REFUSED = (
    "Dec  7 05:00:00 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from pc[203.0.113.9]: 554 5.7.1 "
    "<jo@far.example>: Relay access denied; from=<> to=<jo@far.example> proto=SMTP helo=<pc>\n"
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain") / "case"
    site = config.sites([SAMPLE / "site.toml"])
    pipeline.analyze([SAMPLE / "mail.log.xz"], site=site, case=folder, year=2026)
    return folder


@pytest.fixture
def case(plain, tmp_path):
    return shutil.copytree(plain, tmp_path / "case")


@pytest.fixture
def main_cf(tmp_path):
    (tmp_path / "main.cf").write_text(MAIN)
    return config.configuration([tmp_path / "main.cf"])


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_report_and_manifest_change_and_the_audit_is_added(case, main_cf):
    before = contents(case)
    auditing.add(case, main_cf)
    after = contents(case)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"manifest.json", "report.html", "report.pdf"}
    assert after.keys() - before.keys() == {"audit.json"}


def test_the_manifest_holds_the_hash_of_every_file(case, main_cf):
    auditing.add(case, main_cf)
    outputs = json.loads((case / "manifest.json").read_bytes())["outputs"]
    files = contents(case).items() - {("manifest.json", b"")}
    found = {name: hashlib.sha256(data).hexdigest() for name, data in files}
    assert outputs == {n: d for n, d in found.items() if n not in ("manifest.json", "run.log")}


def test_the_page_is_in_both_reports_and_nothing_in_it_acts(case, main_cf):
    auditing.add(case, main_cf)
    pdf = " ".join(page.extract_text() for page in PdfReader(case / "report.pdf").pages)
    html = (case / "report.html").read_text("utf-8")
    assert "0.0.0.0/0 holds strangers" in pdf
    assert "0.0.0.0/0 holds strangers" in html
    assert "<script>alert" not in html


def test_the_report_is_the_same_when_it_is_told_again(case, main_cf, tmp_path):
    auditing.add(case, main_cf)
    again = shutil.copytree(case, tmp_path / "again")
    loaded = Case.load(case)
    report.retell(loaded, charts.draw(loaded), again)
    assert contents(again) == contents(case)


def test_the_same_files_again_write_nothing(case, main_cf):
    auditing.add(case, main_cf)
    stamp = (case / "report.pdf").stat().st_mtime_ns
    auditing.add(case, main_cf)
    assert (case / "report.pdf").stat().st_mtime_ns == stamp


def test_a_case_that_was_altered_is_not_given_new_hashes(case, main_cf):
    (case / "findings.json").write_text("[]")
    with pytest.raises(HashMismatch):
        auditing.add(case, main_cf)


def test_files_of_no_server_leave_the_case_alone(case, tmp_path):
    (tmp_path / "notes").write_text("remember the milk\n")
    with pytest.raises(SettingsError, match="no configuration of a mail server"):
        auditing.add(case, config.configuration([tmp_path / "notes"]))


def test_analyze_takes_the_page_from_the_files_that_state_the_site(main_cf, tmp_path):
    log, case = tmp_path / "mail.log", tmp_path / "new"
    log.write_text(REFUSED)
    arguments = ["analyze", log, "--site", tmp_path / "main.cf", "--case", case, "--year", "2026"]
    verdicts = []
    for more in ("", "smtpd_client_restrictions = reject\n"):  # no setting of who is local
        (tmp_path / "main.cf").write_text(MAIN + more)
        result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        verdicts += [server["verdict"] for server in Case.load(case).audit["servers"]]
    assert verdicts == ["open", "closed"]


@pytest.fixture
def made(main_cf, tmp_path):
    """A case with an audit; `again` makes it anew, with more arguments."""
    (tmp_path / "mail.log").write_text(REFUSED)
    removed = "Dec  7 05:00:01 mx1 postfix/qmgr[2]: 3F2A12: removed\n"
    (tmp_path / "mail.log.1").write_text(REFUSED + removed)
    (tmp_path / "site.toml").write_text('domains = ["guild.example"]\nnetworks = []\n')
    place = tmp_path / "made"

    def again(*more):
        arguments = ["analyze", *more, "--case", place, "--year", "2026"]
        result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return Case.load(place)

    again(tmp_path / "mail.log", "--site", tmp_path / "site.toml")
    auditing.add(place, main_cf)
    return again


def counts(case):
    return [f["messages"] for server in case.audit["servers"] for f in server["findings"]]


def test_a_case_made_anew_keeps_its_audit(made, tmp_path):
    case = made(tmp_path / "mail.log", "--site", tmp_path / "site.toml", "--force")
    assert 0 in counts(case)
    assert "0.0.0.0/0 holds strangers" in (tmp_path / "made/report.html").read_text("utf-8")


def test_of_more_evidence_it_says_that_nothing_was_counted_in_it(made, tmp_path):
    logs = (tmp_path / "mail.log", tmp_path / "mail.log.1")
    case = made(*logs, "--site", tmp_path / "site.toml")
    assert set(counts(case)) == {None}
    assert "for an earlier state" in (tmp_path / "made/report.html").read_text("utf-8")


def test_files_given_anew_take_the_place_of_those_audited_before(made, tmp_path):
    (tmp_path / "main.cf").write_text("mydestination = a.example\nmynetworks = 127.0.0.0/8\n")
    case = made(tmp_path / "mail.log", "--site", tmp_path / "main.cf", "--force")
    assert [server["verdict"] for server in case.audit["servers"]] == ["closed"]
