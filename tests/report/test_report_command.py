"""`relaytrail report`: a case told again, elsewhere; the case itself stays as it is."""

from __future__ import annotations

from functools import partial

import pytest
from pypdf import PdfReader

from analyzer import charts
from analyzer.report import write


@pytest.fixture
def folder(case, tmp_path):
    place = tmp_path / "case"
    place.mkdir()
    made = case(
        deliveries=[
            {},
            {
                "queue_id": "4C1",
                "origin_queue_id": "4C1",
                "origin_life": 1,
                "sender": "ann.lee@example.org",
            },
        ]
    )
    write(made, charts.draw(made, ["relayed_mail"]), place)
    return place


@pytest.fixture
def relaytrail(relaytrail):
    """The command `relaytrail report`."""
    return partial(relaytrail, "report")


def content(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_report_is_written_elsewhere_on_the_paper_asked_for(folder, relaytrail, tmp_path):
    before = content(folder)
    code, out, _ = relaytrail(folder, "-o", tmp_path / "out", "--paper", "letter")
    assert code == 0
    assert out.split() == [str(tmp_path / "out" / name) for name in ("report.pdf", "report.html")]
    page = PdfReader(tmp_path / "out" / "report.pdf").pages[0].mediabox
    assert (page.width, page.height) == (612, 792)
    assert content(folder) == before


def test_the_same_report_has_the_same_bytes(folder, relaytrail, tmp_path):
    for name in ("one", "two"):
        relaytrail(folder, "-o", tmp_path / name, "--redact")
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_texts_are_printed_or_written(folder, relaytrail, tmp_path):
    code, out, _ = relaytrail(folder, "--for", "delisting")
    assert code == 0
    assert out.startswith("--- delisting-spamhaus-sbl.txt\nTo: Spamhaus SBL")
    relaytrail(folder, "--for", "technical", "-o", tmp_path / "out")
    assert (tmp_path / "out" / "xarf" / "203.0.113.0_24" / "203.0.113.7.eml").is_file()


def test_redacted_texts_name_no_user(folder, relaytrail):
    """A mail to a network is quoted-printable: a name may go over the end of a line."""
    plain, redacted = (
        relaytrail(folder, "--for", "technical", *more)[1].replace("=\n", "")
        for more in ((), ("--redact",))
    )
    assert "<ann.lee@example.org>" in plain
    assert "ann.lee" not in redacted


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "where is the report to be written?"),
        (["-o", "case/out"], "lies inside the case"),
        (["-o", "."], "the file exists"),
        (["-o", "out", "--paper", "legal"], "--paper: there is no 'legal' Give a4 or letter."),
        (["--for", "boss"], "no 'boss' Give management, technical or delisting."),
    ],
    ids=["neither texts nor a folder", "a folder in the case", "a folder with a report",
         "paper of another size", "somebody else"],
)  # fmt: skip
def test_it_refuses_and_says_what_to_do(folder, relaytrail, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.pdf").write_bytes(b"mine")
    code, _, err = relaytrail("case", *arguments)
    assert code == 2
    assert told in " ".join(err.split())
    assert (tmp_path / "report.pdf").read_bytes() == b"mine"
