"""Does the inferred site reach the case, the terminal and the verdicts?"""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer import pipeline
from analyzer.cli import app
from analyzer.errors import SettingsError
from analyzer.pipeline import inferring
from analyzer.report import inferred
from analyzer.site import Site, load

SAMPLES = Path(__file__).parents[1] / "sample_logs"
CLEAN = SAMPLES / "postfix-clean/mail.log.xz"
RELAY = SAMPLES / "postfix-open-relay/mail.log.xz"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("case") / "case"
    pipeline.analyze([RELAY], site=load(RELAY.parent / "site.toml"), case=folder, year=2026)
    return folder


@pytest.fixture(scope="module")
def clean():
    return pipeline.analyze([CLEAN], year=2026).case


def test_without_a_site_a_clean_log_has_no_abuse_beyond_possible(clean):
    abuse = clean.findings.to_pandas().query("kind == 'abuse'")
    assert set(abuse["verdict"]) <= {"possible"}
    assert "abusive" not in clean.deliveries["verdict"].to_pylist()


def test_without_a_site_each_possible_abuse_of_a_clean_log_is_explained(clean):
    findings = clean.findings.to_pandas()
    possible = findings.query("kind == 'abuse'")["subject"]
    explained = findings.query("detector == 'site_doubt'")["subject"].str.removesuffix("/32")
    assert len(possible)
    assert set(possible) <= set(explained)


def test_a_case_names_what_it_took_for_ours_and_why(clean):
    told = {entry["value"]: entry for entry in clean.manifest["inferred"]}
    assert told["guild.example"]["confidence"] == "high"
    assert "rewrote" in told["guild.example"]["reason"]


def test_a_case_with_a_site_infers_nothing():
    case = pipeline.analyze([CLEAN], site=load(CLEAN.parent / "site.toml"), year=2026).case
    assert case.manifest["inferred"] == []


def test_a_case_shows_the_same_as_its_evidence(case):
    by_case, by_log = inferring.infer([case]).found, inferring.infer([RELAY], year=2026).found
    assert by_case.equals(by_log)


def test_what_was_inferred_reads_back_as_a_site(tmp_path):
    found = inferring.infer([CLEAN], year=2026).found
    (tmp_path / "site.toml").write_text(inferred.as_toml(found), "utf-8")
    written, used = load(tmp_path / "site.toml"), inferring.completed(found, None)
    assert written == used


def test_one_more_network_of_ours_changes_the_verdict_of_its_mail():
    known = inferring.infer([CLEAN], year=2026)
    (row,) = inferring.what_if(known, [], ["192.0.2.24/29"]).to_dict("records")
    assert row == {"before": "abusive", "after": "legitimate", "messages": 5}


def test_what_is_stated_goes_before_what_is_inferred():
    known = inferring.infer([CLEAN], year=2026)
    site = inferring.completed(known.found, Site(domains=["corp.example"]))
    assert site.domains == ["corp.example"]
    assert site.relay_domains == ["partner-looms.example", "hilltop-dye.example"]


def test_the_command_writes_a_site_and_tells_what_would_change(case, tmp_path):
    site = tmp_path / "site.toml"
    asked = ["--what-if", "domain=hotlook.example"]
    result = CliRunner().invoke(app, ["site", "infer", str(case), "-o", str(site), *asked])
    assert result.exit_code == 0, result.output
    assert "domains: tessera-mill.example  [high" in result.output
    assert "abusive -> legitimate" in result.output
    assert load(site).domains


def test_a_question_that_is_none_is_refused():
    with pytest.raises(SettingsError, match="is no question"):
        CliRunner().invoke(
            app, ["site", "infer", str(CLEAN), "--what-if", "x"], catch_exceptions=False
        )


def test_a_forward_of_an_unnamed_address_is_a_remark_in_the_site(tmp_path):
    log = Path(__file__).with_name("messages") / "sendmail_expansions.log"
    text = inferred.as_toml(inferring.infer([log], year=2026).found)
    (tmp_path / "site.toml").write_text(text, "utf-8")
    assert '# "?" = ["pat@home.test"]  # 1 message: ' in text
    assert load(tmp_path / "site.toml").forwards == {"jo@corp.test": ["jo@home.test"]}


def test_forwards_of_sendmail_are_no_accusation_where_no_site_is_given():
    log = Path(__file__).with_name("messages") / "sendmail_expansions.log"
    found = pipeline.analyze([log], year=2026).case.findings.to_pandas()
    assert "abuse" not in set(found["kind"])


def test_a_wrong_site_is_told_on_the_terminal(tmp_path):
    text = (CLEAN.parent / "site.toml").read_text("utf-8")
    (tmp_path / "site.toml").write_text(text.replace('"tessera-mill.example", ', ""), "utf-8")
    arguments = ["analyze", CLEAN, "--site", tmp_path / "site.toml", "--year", "2026"]
    result = CliRunner().invoke(app, [*map(str, arguments), "--case", str(tmp_path / "case")])
    told = " ".join(result.output.split())
    assert "Who is local looks wrong as stated" in told
    assert "tessera-mill.example is not among the stated domains" in told
