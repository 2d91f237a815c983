"""500 hostile strings stand in every output as `display` writes them, and come back from tables."""

from __future__ import annotations

import csv
import html
import io
import json
import random
import re
import unicodedata

import pyarrow.parquet as pq
import pytest
from pypdf import PdfReader

from analyzer.display import display
from analyzer.report import html as page
from analyzer.report import pdf, summary, tables, tell
from analyzer.report.texts import AUDIENCES

BASES = [
    "<script>alert({n})</script>",
    "</td></table><img src=x onerror=alert({n})>",
    '" onmouseover="alert({n})',
    "javascript:alert({n})",
    "{{{{ 7*{n} }}}}{{% raw %}}",
    '#read("/etc/passwd") #{n}',
    "$ sum_(i=1)^{n} i $ *bold* _it_ @cite <label{n}>",
    '=HYPERLINK("https://evil.test/{n}")',
    "@SUM({n})",
    "-1+1|cmd /c calc {n}",
    "\x1b[31mred{n}\x1b[0m\x07",
    "\x1b]8;;https://evil.test/{n}\x1b\\click",
    "a\x00b{n}\x7f\x9b2J",
    "line{n}\r\nSubject: injected",
    "line\u2028{n}\u2029paragraph",
    "\u202egnp.{n}\u202c",
    "zero\u200bwidth\u200c{n}\ufeff",
    "\ud800lone{n}".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "\ufffeno{n}\uffff",
    "\ue000private{n}\U000f0000",
    "Z\u0301\u0302\u0303\u0304\u0305\u0306{n}",
    "お支払い{n}の確認",
    "계정{n} 확인",
    "Ünïcödé{n} naïve",
    "../../../../etc/passwd{n}",
    "C:\\windows\\{n}\\..\\cmd.exe",
    "'; DROP TABLE messages; -- {n}",
    "[/oops]{n}[bold red]",
    "[link](https://evil.test/{n})",
    "%n%s%x{n}",
    "{n}{{}}{{0}}{{server}}",
    "\\u0041{n}\\x41",
]
ACT = ["<", ">", '"', "'", "&", "#", "$", "{", "}", "\\", "`", "\x1b", "\x00", "\u202e", "=", "|"]


def hostile():
    """500 distinct strings: 32 kinds, then mixtures, the same each time."""
    dice = random.Random(7)
    made = [base.format(n=1_000 + n) for n, base in enumerate(BASES * 4)]
    while len(made) < 500:
        word = "".join(dice.choice([*ACT, *"abcdefgh 日本"]) for _ in range(dice.randint(3, 40)))
        made.append(f"{word}{1_000 + len(made)}")
    return made


STRINGS = hostile()


def bare(text):
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def known():
    return [display(text, 80) for text in STRINGS]


@pytest.fixture
def made(case):
    findings = [
        {"finding_id": f"open_relay-{n}", "subject": text} for n, text in enumerate(STRINGS)
    ]
    deliveries = [
        {"origin_queue_id": f"Q{n}", "queue_id": f"Q{n}", "sender": text, "auth_user": text}
        for n, text in enumerate(STRINGS)
    ]
    built = case(deliveries=deliveries, findings=findings)
    rows = [{"partner": text, "blocked": 1, "delayed": 0, "notice": 0} for text in STRINGS]
    built.impact["harm"] = {"by_partner": rows}
    return built


def test_there_are_500_of_them():
    assert len(set(STRINGS)) == 500


def test_in_the_pdf(made, known, monkeypatch):
    monkeypatch.setattr(pdf, "FINDINGS_SHOWN", 500)
    reader = PdfReader(io.BytesIO(pdf.render(tell(made), [])))
    text = bare("".join(sheet.extract_text() for sheet in reader.pages))
    assert [shown for shown in known if bare(shown) not in text] == []


def test_in_the_page(made, known):
    written = page.render(tell(made), [])
    cells = {html.unescape(cell) for cell in re.findall(r"<bdi>(.*?)</bdi>", written, re.DOTALL)}
    assert [shown for shown in known if shown not in cells] == []
    assert written.count("<script") == 1
    assert "\x1b" not in written


@pytest.mark.parametrize("number", range(0, 500, 25))
def test_on_the_terminal(case, number):
    logins = [{"mechanism": "stolen_account", "auth_user": STRINGS[number]}]
    lines = summary.as_text(case(deliveries=logins, findings=logins))
    assert bare(display(STRINGS[number], 60)) in bare("".join(lines))
    assert all(line.isprintable() for line in lines)


def test_in_csv(made):
    told = AUDIENCES["management"](made)["partners.csv"]
    cells = [row[0] for row in csv.reader(io.StringIO(told))][1:]
    assert [cell.removeprefix("'") for cell in cells] == [
        display(text, 253).removeprefix("'") for text in STRINGS
    ]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


FORMULAS = ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"]
BEFORE = ["", "'", "\u200b", "\ufeff", 'a",', 'a";', *(f"a{sign}" for sign in ',;|\t"\r\n')]


@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
def test_no_cell_of_a_csv_is_a_formula_however_a_spreadsheet_divides_it(case, between):
    made = case()
    texts = [before + formula for before in BEFORE for formula in FORMULAS]
    made.impact["harm"] = {"by_partner": [{"partner": text, "blocked": 1} for text in texts]}
    told = AUDIENCES["management"](made)["partners.csv"]
    rows = list(csv.reader(io.StringIO(told), delimiter=between))
    assert len(rows) == len(texts) + 1
    starts = [unicodedata.normalize("NFKC", cell).strip() for row in rows for cell in row]
    assert not [cell for cell in starts if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_they_come_back_unchanged_from_parquet_and_json(made, tmp_path):
    tables.write_tables(made, tmp_path)
    again = pq.read_table(tmp_path / "deliveries.parquet")
    assert again["sender"].to_pylist() == again["auth_user"].to_pylist() == STRINGS
    findings = json.loads((tmp_path / "findings.json").read_text("ascii"))
    assert [finding["subject"] for finding in findings] == STRINGS
