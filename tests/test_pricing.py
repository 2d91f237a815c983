"""Is a case priced anew from its tables alone, and is money said only where abuse is confirmed?"""

import hashlib
import json
import lzma
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer import pipeline
from analyzer.cli import app, main
from analyzer.errors import HashMismatch, SettingsError
from analyzer.site import Site, load

ROOT = Path(__file__).parent.parent
RELAY = ROOT / "sample_logs" / "postfix-open-relay"
CLEAN = ROOT / "sample_logs" / "postfix-clean"
LISTED = (
    "Dec  7 10:0{n}:00 mx1 postfix/smtpd[2101]: 3F2A12CE58{n}: client=ws1.corp.example[10.0.0.7], "
    "sasl_method=PLAIN, sasl_username=ann\n"
    "Dec  7 10:0{n}:00 mx1 postfix/qmgr[1795]: 3F2A12CE58{n}: from=<ann@corp.example>, size=900, "
    "nrcpt=1 (queue active)\n"
    "Dec  7 10:0{n}:01 mx1 postfix/smtp[2104]: 3F2A12CE58{n}: to=<eve@far.example>, "
    "relay=mx.far.example[198.51.100.9]:25, delay=1, delays=0/0/1/0, dsn=5.7.1, status=bounced "
    "(host mx.far.example[198.51.100.9] said: 554 5.7.1 Service unavailable; Client host "
    "[192.0.2.25] blocked using zen.spamhaus.org (in reply to RCPT TO command))\n"
    "Dec  7 10:0{n}:01 mx1 postfix/qmgr[1795]: 3F2A12CE58{n}: removed\n"
)


def analyzed(folder, logs, site):
    (folder / "mail.log").write_bytes(logs)
    pipeline.analyze([folder / "mail.log"], site=site, case=folder / "case", year=2026)
    return folder / "case"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A case with an open relay, whose log is gone."""
    folder = tmp_path_factory.mktemp("relay")
    logs = lzma.decompress((RELAY / "mail.log.xz").read_bytes())
    case = analyzed(folder, logs, load(RELAY / "site.toml"))
    (folder / "mail.log").unlink()
    return case


@pytest.fixture
def case(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "case"))


@pytest.fixture
def inputs(tmp_path):
    def write(text):
        path = tmp_path / "impact.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def told(case):
    return json.loads((case / "impact.json").read_text("ascii"))


def figure(case, name):
    (found,) = [entry for entry in told(case)["figures"] if entry["name"] == name]
    return found


def test_own_mail_that_was_refused_is_what_the_senders_and_far_ends_saw(case):
    """Counted in the truth of the sample: 22 outgoing and 13 forwarded, of which 24 still wait."""
    assert figure(case, "own_recipients_blocked")["value"] == 11
    assert figure(case, "own_recipients_waiting")["value"] == 24


def test_notices_about_abuse_to_own_users_are_those_that_lie_in_their_mailboxes(case):
    assert figure(case, "notices_to_own_users")["value"] == 43


def test_every_figure_of_the_log_is_called_measured_and_says_how(case):
    for entry in told(case)["figures"]:
        assert entry["label"] == "measured"
        assert entry["ground"]
        assert entry["unit"]


def test_a_case_is_priced_anew_without_its_log(case, inputs):
    before = told(case)
    pipeline.reprice(case, inputs("staff_rate_per_hour = 100\nstaff_hours_fix = 8"))
    after = told(case)
    assert after["figures"] == before["figures"]
    (staff,) = [item for item in after["cost"]["items"] if item["name"] == "staff"]
    assert staff["at_mid"] == 4000.0
    assert after["inputs_sha256"] != before["inputs_sha256"]


def test_priced_with_no_inputs_it_is_as_analyze_wrote_it(case, inputs):
    before = (case / "impact.json").read_bytes()
    pipeline.reprice(case, inputs("staff_rate_per_hour = 100"))
    pipeline.reprice(case, None)
    assert (case / "impact.json").read_bytes() == before


def test_the_manifest_has_the_hash_of_what_was_written(case, inputs):
    pipeline.reprice(case, inputs('currency = "CHF"'))
    outputs = json.loads((case / "manifest.json").read_text("ascii"))["outputs"]
    for name in ("impact.json", "report.html"):
        assert outputs[name] == hashlib.sha256((case / name).read_bytes()).hexdigest()


def test_a_case_that_was_altered_is_not_priced(case):
    (case / "impact.json").write_text("{}", "ascii")
    with pytest.raises(HashMismatch):
        pipeline.reprice(case, None)


def test_a_folder_that_is_no_case_is_refused(tmp_path):
    with pytest.raises(SettingsError):
        pipeline.reprice(tmp_path, None)


def test_bad_inputs_leave_the_case_as_it_was(case, inputs):
    before = (case / "impact.json").read_bytes()
    with pytest.raises(SettingsError):
        pipeline.reprice(case, inputs("staff = 1"))
    assert (case / "impact.json").read_bytes() == before


def test_a_clean_log_costs_nothing_and_says_why(tmp_path):
    logs = lzma.decompress((CLEAN / "mail.log.xz").read_bytes())
    impact = told(analyzed(tmp_path, logs, load(CLEAN / "site.toml")))
    assert (impact["cost"], impact["no_cost"]) == (None, "no cost of abuse: the log shows none")
    assert {law["applies"] for law in impact["legal"]["laws"]} == {"no"}
    assert impact["unexplained"] is None


def test_abuse_that_is_only_possible_costs_nothing(tmp_path):
    logs = lzma.decompress((RELAY / "mail.log.xz").read_bytes())
    impact = told(analyzed(tmp_path, logs, None))
    assert impact["cost"] is None
    assert impact["no_cost"] == "no cost of abuse: none is confirmed, it is at best possible"


def test_listed_without_abuse_nobody_is_accused_and_the_harm_is_told(tmp_path):
    logs = "".join(LISTED.format(n=n) for n in range(1, 6)).encode()
    site = Site(domains=["corp.example"], networks=["10.0.0.0/8"])
    case = analyzed(tmp_path, logs, site)
    impact = told(case)
    assert "does not explain this listing" in impact["unexplained"]["words"]
    assert (impact["onset"], impact["clean"], impact["cost"]) == (None, None, None)
    assert figure(case, "own_recipients_blocked")["value"] == 5
    printed = CliRunner().invoke(app, ["impact", str(case)]).output
    assert "The log does not explain this listing" in " ".join(printed.split())


# The command


def run(*arguments):
    return CliRunner().invoke(app, ["impact", *map(str, arguments)])


def test_the_table_fits_a_terminal_and_names_what_to_check(case):
    result = run(case)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    assert "Check these first" in result.output
    assert "Total" in result.output


def test_it_prints_what_it_wrote(case, inputs):
    result = run(case, "--inputs", inputs("users_affected = 250"), "--json")
    assert json.loads(result.output) == told(case)


def test_the_template_is_accepted(case, inputs):
    printed = run("--template")
    assert run(case, "--inputs", inputs(printed.output)).exit_code == 0


def test_without_a_case_it_is_refused():
    assert run().exit_code == 2


def test_an_unknown_key_ends_with_2_and_the_nearest_one(case, inputs, monkeypatch, capsys):
    path = inputs("users_afected = 250")
    monkeypatch.setattr("sys.argv", ["relaytrail", "impact", str(case), "--inputs", str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert 'Did you mean "users_affected"?' in capsys.readouterr().err
