"""What does the command line say and do, with good arguments and with bad ones?

Every error says what, where and what to do; it ends with its exit code, and leaves nothing behind.
"""

import errno
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCENARIOS = ROOT / "tests/scenarios"
ABUSE = (SCENARIOS / "first_probe_before_the_flood.log").read_bytes()
INNOCENT = (SCENARIOS / "innocent.log").read_bytes()
SITE = (SCENARIOS / "site.toml").read_text("utf-8")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde" + bytes(range(256))
YEAR = ("--year", "2026")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with mail.log and site.toml, in which the command is given."""
    (tmp_path / "mail.log").write_bytes(ABUSE)
    (tmp_path / "site.toml").write_text(SITE, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def snapshot(folder):
    """All below a folder: names, content, times."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


def flat(text):
    return " ".join(text.split())


# What cannot be done


def nothing(place):
    pass


def writes(name, content):
    def prepare(place):
        path = place / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return prepare


REFUSED = {
    "a log that is not there": (
        nothing,
        ["gone.log"],
        (2, "gone.log", "no such file or folder", "Check the path"),
    ),
    "an empty log": (
        writes("empty.log", b""),
        ["empty.log"],
        (2, "empty.log (empty)", "no mail log", "Give a"),
    ),
    "a picture": (
        writes("photo.png", PNG),
        ["photo.png"],
        (2, "photo.png", "no mail log", "Give a"),
    ),
    "a text that is no log": (
        writes("letter.txt", "Dear Sir,\n"),
        ["letter.txt"],
        (2, "letter.txt (text, but no mail log)", "no mail log", "Give a"),
    ),
    "a folder without files": (
        lambda place: (place / "logs").mkdir(),
        ["logs"],
        (2, "logs", "this is no file, and there is none in it", "Name a file"),
    ),
    "a folder without logs": (
        writes("pictures/photo.png", PNG),
        ["pictures"],
        (2, "photo.png", "no mail log", "Give a"),
    ),
    "a site that is not there": (
        nothing,
        ["mail.log", "--site", "gone.toml"],
        (2, "gone.toml", "cannot be read", "Check the path"),
    ),
    "a site that is no TOML": (
        writes("site.toml", "\ndomains = 3 4\n"),
        ["mail.log", "--site", "site.toml"],
        (2, "site.toml", "not valid TOML", "line 2", "Mend that line"),
    ),
    "a site with an unknown key": (
        writes("site.toml", 'timezone = "UTC"\n\ndomain = ["corp.example"]\n'),
        ["mail.log", "--site", "site.toml"],
        (2, "site.toml:3", 'unknown key "domain"', 'Did you mean "domains"?'),
    ),
    "a site with a bad network": (
        writes("site.toml", 'domains = []\nnetworks = ["10.0.0.0/33"]\n'),
        ["mail.log", "--site", "site.toml"],
        (2, "site.toml:2", "'10.0.0.0/33' is not a network", "docs/site.md"),
    ),
    "a site with a server without a name": (
        writes("site.toml", 'domains = []\nservers = [""]\n'),
        ["mail.log", "--site", "site.toml"],
        (2, "site.toml:2", "'' is no name or address", "docs/site.md"),
    ),
    "a site of brackets": (
        writes("site.toml", "domains = " + "[" * 5000),
        ["mail.log", "--site", "site.toml"],
        (2, "site.toml", "not valid TOML", "Mend that line"),
    ),
    "a window to the end of time": (
        nothing,
        ["mail.log", *YEAR, "--until", "9999-12-31"],
        (2, "--until", "no time of a mail log", "Write a day"),
    ),
    "a case by a name too long": (
        nothing,
        ["mail.log", *YEAR, "--case", "a" * 300],
        (6, "too long", "Check the path"),
    ),
    "a bad network among the arguments": (
        nothing,
        ["mail.log", "--network", "ten"],
        (2, "command line", "'ten' is not a network", "docs/site.md"),
    ),
    "a case inside the evidence": (
        writes("logs/mail.log", ABUSE),
        ["logs", "--case", "logs/case"],
        (2, "logs/case", "the case would lie inside the evidence", "Give --case a folder outside"),
    ),
    "a case where a file is": (
        writes("case", "mine"),
        ["mail.log"],
        (2, "case", "this is a file", "Give a folder"),
    ),
    "a case below a file": (
        writes("file", "mine"),
        ["mail.log", "--case", "file/case"],
        (6, "file", "cannot be written", "Give --case a folder"),
    ),
    "a folder of something else for the case": (
        writes("case/thesis.txt", "mine"),
        ["mail.log"],
        (2, "case", "not empty and no case", "another folder"),
    ),
    "a folder of something else for the case, by force": (
        writes("case/thesis.txt", "mine"),
        ["mail.log", "--force"],
        (2, "case", "not empty and no case", "another folder"),
    ),
    "an option that there is not": (nothing, ["mail.log", "--fast"], (2, "--fast")),
    "a year that is none": (nothing, ["mail.log", "--year", "26"], (2, "--year", "1980")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses(name, place, relaytrail):
    prepare, arguments, (code, *said) = REFUSED[name]
    prepare(place)
    before = snapshot(place)
    ended, out, err = relaytrail("analyze", *arguments)
    assert ended == code
    assert out == ""
    assert "Traceback" not in err
    for words in said:
        assert words in flat(err)
    assert snapshot(place) == before


def test_it_says_what_it_wants_where_no_year_can_be_told(place, relaytrail, monkeypatch):
    read, write = os.pipe()
    os.write(write, INNOCENT)
    os.close(write)
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code, _, err = relaytrail("analyze", "-")
    assert code == 2
    assert "stdin: nothing tells the year" in err
    assert "--year" in err
    assert not (place / "case").exists()


def test_a_reader_that_goes_away_is_not_told_as_abuse_found(place, relaytrail, monkeypatch):
    def gone(*_):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", sys.stdout)  # typer puts others in their places
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.setattr("typer.echo", gone)
    code, _, err = relaytrail("analyze", "mail.log", *YEAR)
    assert (code, "Traceback" in err) == (141, False)


# What can be read in part


def test_a_torn_archive_is_read_as_far_as_it_goes_and_ends_with_5(place, relaytrail):
    (place / "mail.log.gz").write_bytes(gzip.compress(ABUSE * 20)[:-30])
    code, _, err = relaytrail("analyze", "mail.log.gz", *YEAR)
    assert code == 5
    assert "Traceback" not in err
    assert (place / "case/report.pdf").exists()
    (entry,) = json.loads((place / "case/manifest.json").read_text())["inputs"]
    assert entry["damage"]


def test_an_archive_that_is_not_read_is_named_and_ends_with_5(place, relaytrail):
    (place / "mail.log").write_bytes(ABUSE)
    (place / "old.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(40))
    code, out, err = relaytrail("analyze", "mail.log", "old.7z", *YEAR)
    assert code == 5
    assert "old.7z: 7z archive: unpack it" in err
    assert "old.7z" in out


def test_a_log_that_cannot_be_judged_ends_with_5(place, relaytrail):
    half = b"Dec  7 05:00:00 mx1 postfix/smtpd[11]: 3F2A12CE583: cli\n"
    (place / "mail.log").write_bytes(INNOCENT + half * 40)
    assert relaytrail("analyze", "mail.log", *YEAR)[0] == 5


def test_a_log_of_which_most_mail_is_unclear_ends_with_5(place, relaytrail):
    """Without the site, nobody can say whose the open relay's mail is."""
    code, out, _ = relaytrail("analyze", "mail.log", *YEAR)
    assert code == 5
    assert "Not judged: the mail of" in out


def test_a_log_that_tells_of_no_mail_ends_with_5(place, relaytrail):
    started = b"Dec  7 05:00:00 mx1 postfix/master[11]: daemon started -- version 3.8.6\n"
    (place / "mail.log").write_bytes(started)
    code, out, _ = relaytrail("analyze", "mail.log", "--site", "site.toml", *YEAR)
    assert code == 5
    assert "Not judged: the mail of" in out


def test_a_torn_archive_is_named(place, relaytrail):
    (place / "mail.log.gz").write_bytes(gzip.compress(ABUSE * 20)[:-30])
    _, out, err = relaytrail("analyze", "mail.log.gz", *YEAR)
    assert "mail.log.gz" in out + err


def test_an_archive_torn_at_its_very_beginning_is_no_log(place, relaytrail):
    (place / "mail.log.gz").write_bytes(gzip.compress(ABUSE)[:6])
    code, _, err = relaytrail("analyze", "mail.log.gz", *YEAR)
    assert code in {2, 5}
    assert "mail.log.gz" in err
    assert not (place / "case").exists()


# A case that is already there


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """A case of mail.log, made with site.toml."""
    place = tmp_path_factory.mktemp("made")
    (place / "mail.log").write_bytes(ABUSE)
    (place / "site.toml").write_text(SITE, "utf-8")
    command = [sys.executable, "-m", "analyzer.cli", *SAME]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
    return place


@pytest.fixture
def made(place, made_once):
    shutil.copytree(made_once / "case", place / "case")
    return place


SAME = ("analyze", "mail.log", "--site", "site.toml", *YEAR)


def test_the_same_again_does_nothing(made, relaytrail):
    before = snapshot(made)
    code, out, _ = relaytrail(*SAME)
    assert code == 0
    assert "already holds the result" in out
    assert snapshot(made) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mail.log", *YEAR], "made with other settings"),
        (["mail.log", "--site", "site.toml", "--year", "2025"], "made with other settings"),
        (
            ["mail.log", "--site", "site.toml", *YEAR, "--domain", "more.example"],
            "made with other settings",
        ),
        (["other.log", "--site", "site.toml", *YEAR], "also holds other evidence: mail.log"),
    ],
    ids=["without the site", "with another year", "with another domain", "of other evidence"],
)
def test_a_case_is_left_alone_when_asked_for(made, relaytrail, arguments, said):
    (made / "other.log").write_bytes(INNOCENT)
    before = snapshot(made)
    code, out, err = relaytrail("analyze", *arguments)
    assert code == 2
    assert out == ""
    assert said in err
    assert "--force" in err
    assert snapshot(made) == before


def test_force_replaces_the_case(made, relaytrail):
    assert relaytrail("analyze", "mail.log", *YEAR, "--force")[0] == 5  # not judged, but written
    manifest = json.loads((made / "case/manifest.json").read_text())
    assert manifest["site"]["origin"] == "inferred"
    assert {path.name for path in made.iterdir()} == {"mail.log", "site.toml", "case"}


@pytest.mark.parametrize("name", ["audit.json", "dnsbl.json", "relay_test.json"])
def test_what_somebody_put_into_a_case_by_hand_is_left_out_when_it_is_made_anew(
    made, relaytrail, name
):
    (made / "case" / name).write_text("garbage", "utf-8")
    assert relaytrail(*SAME, "--force")[0] == 0
    assert not (made / "case" / name).exists()
    assert f"left out {name}" in (made / "case/run.log").read_text("utf-8")


def test_more_evidence_is_added(made, relaytrail):
    (made / "more.log").write_bytes(INNOCENT)
    code, _, _ = relaytrail("analyze", "mail.log", "more.log", "--site", "site.toml", *YEAR)
    assert code == 0
    manifest = json.loads((made / "case/manifest.json").read_text())
    assert [entry["path"] for entry in manifest["inputs"]] == ["mail.log", "more.log"]


@pytest.mark.parametrize("output", ["findings.json", "deliveries.parquet", "report.pdf"])
def test_a_changed_output_is_noticed(made, relaytrail, output):
    with (made / "case" / output).open("ab") as file:
        file.write(b" ")
    before = snapshot(made)
    code, out, err = relaytrail(*SAME)
    assert (code, out) == (4, "")
    assert output in err
    assert "not what the manifest says" in err
    assert "--force" in err
    assert snapshot(made) == before


def test_a_missing_output_is_noticed(made, relaytrail):
    (made / "case/messages.parquet").unlink()
    code, _, err = relaytrail(*SAME)
    assert code == 4
    assert "messages.parquet" in err


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_case_without_a_readable_manifest_is_no_case(made, relaytrail, content):
    (made / "case/manifest.json").write_text(content)
    before = snapshot(made)
    code, _, err = relaytrail(*SAME)
    assert code == 2
    assert "no case" in err
    assert snapshot(made) == before


# What is printed


def is_plain(text):
    return all(c == "\n" or c.isprintable() for c in text)


def test_the_result_is_said_in_words(made, relaytrail):
    _, out, _ = relaytrail(*SAME)
    assert "203.0.113.7" in out
    assert "report.pdf" in out
    assert is_plain(out)


def test_json_is_ascii_without_controls(place, relaytrail):
    code, out, err = relaytrail("analyze", "mail.log", "--site", "site.toml", *YEAR, "--json")
    assert (code, err) == (0, "")
    assert out.isascii()
    assert is_plain(out)
    told = json.loads(out)
    assert told["findings"][0]["subject"] == "203.0.113.7"


HOSTILE = "\x1b]0;owned\x07\x1b[31m\u202eevil\x9b\x7f"


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_what_strangers_write_into_a_log_reaches_the_terminal_escaped(place, relaytrail, form):
    names = (b"ann@a.example", b"victim0@far0.example", b"probe@far.example", b"unknown")
    hostile = ABUSE
    for name in names:
        hostile = hostile.replace(name, name[:4] + HOSTILE.encode() + b"\xff\xfe" + name[4:])
    (place / "mail.log").write_bytes(hostile)
    code, out, err = relaytrail("analyze", "mail.log", "--site", "site.toml", *YEAR, *form)
    assert code == 0
    assert is_plain(out + err)
    assert "\u202e" not in out + err


@pytest.mark.parametrize("content", [PNG, ABUSE], ids=["in an error", "in a result"])
def test_names_of_files_reach_the_terminal_escaped(place, relaytrail, content):
    (place / "logs").mkdir()
    name = os.fsencode("mail" + "\x1b[31m\n") + b"\xff.log"
    Path(os.fsdecode(os.fsencode(place / "logs") + b"/" + name)).write_bytes(content)
    _, out, err = relaytrail("analyze", "logs", *YEAR)
    assert "Traceback" not in err
    assert is_plain(out + err)
    assert "\\x1b[31m" in out + err or content is ABUSE


def test_the_name_of_the_case_reaches_the_terminal_escaped(place, relaytrail):
    site = ("--site", "site.toml")
    code, out, err = relaytrail("analyze", "mail.log", *site, *YEAR, "--case", "case\x1b[31m")
    assert code == 0
    assert is_plain(out + err)


# Exit codes and standard input


@pytest.mark.parametrize(
    ("log", "options", "expected"),
    [
        (ABUSE, [], 0),
        (ABUSE, ["--fail-on-findings"], 1),
        (INNOCENT, ["--fail-on-findings"], 0),
    ],
    ids=["abuse", "abuse, asked to fail", "nothing, asked to fail"],
)
def test_findings_change_the_exit_code_only_where_asked_to(
    place, relaytrail, log, options, expected
):
    (place / "mail.log").write_bytes(log)
    code, _, _ = relaytrail("analyze", "mail.log", "--site", "site.toml", *YEAR, *options)
    assert code == expected


def test_fail_on_findings_also_holds_for_a_case_that_is_there(made, relaytrail):
    assert relaytrail(*SAME, "--fail-on-findings")[0] == 1


def test_standard_input_is_read_by_the_name_stdin(place, relaytrail, monkeypatch):
    with (place / "mail.log").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code, _, _ = relaytrail("analyze", "-", "--site", "site.toml", *YEAR)
    assert code == 0
    (entry,) = json.loads((place / "case/manifest.json").read_text())["inputs"]
    assert entry["path"] == "stdin"


def test_domains_and_networks_may_be_given_without_a_site(place, relaytrail):
    options = ["--domain", "corp.example", "--network", "10.0.0.0/8", "--json"]
    _, out, _ = relaytrail("analyze", "mail.log", *YEAR, *options)
    assert json.loads(out)["findings"][0]["verdict"] == "confirmed"


@pytest.mark.parametrize("arguments", [["--help"], ["analyze", "--help"], ["analyze", "-h"]])
def test_help_is_given(relaytrail, arguments):
    code, out, _ = relaytrail(*arguments)
    assert code == 0
    assert "analyze" in out


def test_help_shows_an_example_and_the_exit_codes(relaytrail):
    _, out, _ = relaytrail("analyze", "--help")
    words = flat(out.replace("│", " "))
    assert "Example: relaytrail analyze /var/log/mail.log* --site site.toml --case case" in words
    assert "Exit codes: 0 done" in words


def test_help_shows_words_in_brackets_as_they_are(relaytrail):
    commands = ("analyze", "aid", "audit", "compare", "dnsbl", "impact", "report", "test-relay")
    helps = {name: relaytrail(name, "--help")[1] for name in (*commands, "trace", "watch")}
    assert "Needs the extra `live`." in flat(helps["dnsbl"])
    assert not [name for name, told in helps.items() if "relaytrail." in told]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_ctrl_c_ends_with_130_and_a_line_and_leaves_a_case_whole(
    place, relaytrail, monkeypatch, moment
):
    """Before the case takes its place, and when it is told of."""
    stop = {"before": "analyzer.report.write", "after": "analyzer.report.summary.as_text"}[moment]

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(stop, stopped)
    code, out, err = relaytrail("analyze", "mail.log", *YEAR)
    assert (code, out) == (130, "")
    assert err.count("\n") == 2
    assert "Interrupted. Nothing is half-written" in err
    assert (place / "case").exists() == (moment == "after")
    assert sorted(path.name for path in place.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("trace", "case", ""), "nothing is asked for"),
        (("trace", "case", "<>"), "nothing is asked for"),
        (("aid", "case", "--mta", "exim"), "there is no 'exim' Give postfix, sendmail or exchange"),
    ],
    ids=" ".join,
)
def test_a_question_without_sense_is_refused(made, relaytrail, command, told):
    code, out, err = relaytrail(*command)
    assert (code, out) == (2, "")
    assert told in flat(err)


def test_a_home_that_cannot_be_written_is_no_reason_for_words(place):
    """Matplotlib and fontconfig would complain, on the terminal."""
    nowhere = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/x", "XDG_CONFIG_HOME": "/dev/null"}
    (place / "aside").mkdir()
    path = str(ROOT) + os.pathsep + os.environ.get("PYTHONPATH", "")
    done = subprocess.run(
        [sys.executable, "-m", "analyzer.cli", "analyze", "mail.log", "--site", "site.toml", *YEAR],
        cwd=place,
        env={**os.environ, **nowhere, "PYTHONPATH": path, "TMPDIR": str(place / "aside")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert list((place / "aside").iterdir()) == []  # a place to keep fonts, gone with the program


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_nobody_opened_is_no_reason_to_fail(closed):
    command = f"exec {sys.executable} -m analyzer.cli --version {closed}"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, check=True, capture_output=True)
    assert done.stderr == b""


def test_the_version_is_told(relaytrail):
    code, out, _ = relaytrail("--version")
    assert code == 0
    assert out.startswith("relaytrail ")


def test_help_answers_quickly():
    command = [sys.executable, "-X", "importtime", "-m", "analyzer.cli", "--help"]
    took = []
    for _ in range(3):
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        took.append(time.perf_counter() - started)
    heavy = ("pandas", "pyarrow", "matplotlib", "numpy", "pydantic")
    assert not [name for name in heavy if f" {name}\n" in done.stderr]
    assert min(took) < 1.5  # 0.3 s on a quiet machine; generous, for a busy one


@pytest.mark.parametrize(
    "command",
    [("report", "case", "--for", "management"), ("aid", "case"), ("compare", "case", "case"),
     ("site", "infer", "case"), ("trace", "case", "a.example")],
    ids=lambda command: command[0],
)  # fmt: skip
def test_nothing_is_told_of_a_case_that_somebody_changed(made, relaytrail, command):
    (made / "case/messages.parquet").write_text("garbage", "utf-8")
    code, out, err = relaytrail(*command)
    assert (code, out) == (4, "")
    assert "messages.parquet" in err


@pytest.mark.parametrize(
    ("name", "content"),
    [("messages.parquet", "PAR1"), ("impact.json", "[]"), ("manifest.json", {"site": [1]}),
     ("manifest.json", {"options": None}), ("dnsbl.json", "[" * 5000)],
    ids=["a torn table", "figures of another shape", "a site of another shape", "no options",
         "brackets without end"],
)  # fmt: skip
def test_a_case_that_somebody_altered_with_its_hashes_is_refused_and_nothing_breaks(
    made, relaytrail, name, content
):
    case = made / "case"
    manifest = json.loads((case / "manifest.json").read_text())
    if isinstance(content, dict):
        manifest |= content
    else:
        (case / name).write_text(content)
        manifest["outputs"][name] = hashlib.sha256(content.encode()).hexdigest()
    (case / "manifest.json").write_text(json.dumps(manifest))
    for command in (("aid", "case"), ("report", "case", "--for", "technical")):
        code, out, err = relaytrail(*command)
        assert (code, out) == (2, "")
        assert "this case cannot be read" in err


@pytest.mark.parametrize("manifest", ["{}", "garbage", "[" * 5000])
def test_a_case_without_a_whole_manifest_is_none(made, relaytrail, manifest):
    (made / "case/manifest.json").write_text(manifest, "utf-8")
    code, out, err = relaytrail("aid", "case")
    assert (code, out) == (2, "")
    assert "no whole manifest" in err
