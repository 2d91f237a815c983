"""A case folder holds what it promises, the same bytes each time, whatever strangers wrote."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from pypdf import PdfReader

from analyzer import schema
from analyzer.case import Case
from analyzer.report import write

PROMISED = {
    "attempts.parquet",
    "bandwidth.parquet",
    "charts/relayed_mail.png",
    "deliveries.parquet",
    "findings.json",
    "findings.parquet",
    "harm.parquet",
    "impact.json",
    "messages.parquet",
    "pressure.parquet",
    "queue.parquet",
    "report.html",
    "report.pdf",
    "sessions.parquet",
    "unread.parquet",
    "volume.parquet",
}


class Drawn:
    """A drawing as the charts room hands it over."""

    name = "relayed_mail"
    title = "All of one hour's mail"
    alt = "One bar"

    def __init__(self) -> None:
        self.figure = Figure(figsize=(4, 1))
        self.figure.subplots().bar([1], [2])


@pytest.fixture
def written(tmp_path):
    def run(case):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        write(case, [Drawn()], folder)
        return folder

    return run


def text_of(folder):
    return "\n".join(page.extract_text() for page in PdfReader(folder / "report.pdf").pages)


def test_the_folder_holds_what_is_promised_and_the_manifest_names_its_hashes(case, written):
    folder = written(case())
    outputs = json.loads((folder / "manifest.json").read_text())["outputs"]
    assert set(outputs) == PROMISED
    for name, digest in outputs.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_what_already_lies_there_is_hashed_too_but_for_the_log_of_the_run(case, tmp_path):
    (tmp_path / "events" / "part=0").mkdir(parents=True)
    (tmp_path / "events" / "part=0" / "a.parquet").write_bytes(b"events")
    (tmp_path / "run.log").write_text("ran")
    outputs = write(case(), [Drawn()], tmp_path)
    assert set(outputs) == PROMISED | {"events/part=0/a.parquet"}


def test_the_same_case_gives_the_same_bytes(case, written):
    first, second = (written(case()) for _ in range(2))
    for name in sorted(PROMISED | {"manifest.json"}):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


@pytest.mark.parametrize(
    "name", ["messages", "deliveries", "attempts", "findings", "volume", "unread"]
)
def test_a_table_is_written_as_it_is_declared(case, written, name):
    found = pq.read_table(written(case()) / f"{name}.parquet").schema
    declared = schema.TABLES[name]
    assert found.metadata == declared.metadata
    assert [(f.name, f.nullable, f.metadata) for f in found] == [
        (f.name, f.nullable, f.metadata) for f in declared
    ]


def test_a_file_says_between_which_times_its_rows_lie_and_has_a_dictionary_of_words_alone(
    case, written
):
    group = pq.read_metadata(written(case()) / "deliveries.parquet").row_group(0)
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert columns["received"].statistics.has_min_max
    assert columns["server"].has_dictionary_page
    for name in ("recipient", "message_id", "line"):
        assert not columns[name].has_dictionary_page, name


def test_a_case_folder_can_be_read_back(case, written):
    plain = case()
    again = Case.load(written(plain))
    assert again.deliveries.equals(plain.deliveries)
    assert again.impact == plain.impact


def test_a_file_name_that_is_no_text_survives_in_the_manifest(case, written):
    folder = written(case(inputs=[{"path": "mail\udcff.log"}]))
    assert (
        json.loads((folder / "manifest.json").read_text())["inputs"][0]["path"] == "mail\udcff.log"
    )


def test_the_pdf_is_dated_by_the_log_and_tagged_for_screen_readers(case, written):
    reader = PdfReader(written(case()) / "report.pdf")
    assert reader.metadata.creation_date == datetime(2026, 12, 9, tzinfo=UTC)
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_pdf_page_and_terminal_tell_the_same_numbers(case, written):
    folder = written(case(deliveries=[{"recipient": f"{n}@x.example"} for n in range(1_234)]))
    for told in (text_of(folder), (folder / "report.html").read_text("utf-8")):
        assert "1,234 recipients elsewhere" in re.sub(r"\s+", " ", told)


def test_the_page_runs_nothing_but_its_own_script_and_loads_nothing(case, written):
    page = (written(case()) / "report.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    for tag in ("style", "script"):
        own = re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert " style=" not in page


HOSTILE = {
    "Typst code": '#read("/etc/passwd") *bold* $x$ #eval("1") <label> @ref',
    "a script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a template": "{{ 7*7 }}{% raw %}",
    "no space": "a" * 180,
    "Chinese, Japanese, Korean": "お支払いの確認 请更新您的账户 결제" * 4,
    "Arabic and Hebrew": "فاتورة מספר 123 فاتورة",
    "a right-to-left override": "invoice_\u202egpj.exe",
    "escapes and NUL": "\x1b[31m\x00\x07\r\n",
    "private and unassigned characters": "\ue000\uffff\U000e0001\u0378",
    "emoji": "👩‍👩‍👧 📎 🏴‍☠️ ❤️",
    "a pile of accents": "Z" + "\u0301\u0489" * 60,
    "a script without a bundled font": "ᚠᚢᚦ 𒀀 ꦏꦺ",
    "a closing tag": "</title></style></script>-->",
}


def everywhere(case, text):
    """The case with that text in every place that strangers or file names reach."""
    spoken = text.encode("utf-8", "replace").decode("utf-8")  # what Arrow can hold
    place = {"source": spoken, "line": 1, "offset": 0}
    return case(
        deliveries=[
            {"client_ip": spoken, "auth_user": spoken, "server": spoken, "sender": spoken},
            {"mechanism": "stolen_account", "auth_user": spoken, "queue_id": spoken},
            {"mechanism": "trusted_host", "client_ip": spoken},
            {"mechanism": spoken},
        ],
        findings=[
            {"subject": spoken, "reason": spoken, "evidence": [place], "finding_id": spoken},
            {"detector": "door", "kind": "context", "reason": spoken},
            {"detector": "site_doubt", "kind": "limit", "reason": spoken},
        ],
        attempts=[{"client_ip": spoken}, {"kind": spoken}],
        blocklists=[{"words": text, "provider": text, "meaning": text, "page": text}],
        figures=[{"title": text, "value": text, "unit": text, "ground": text}],
        inputs=[{"path": text, "damage": text, "format": text}],
        clock=[{"path": text, "year": 2026, "ground": text}],
        site={"origin": "given", "path": text, "domains": [text]},
    )


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_neither_stops_nor_enters_the_report(case, written, text):
    folder = written(everywhere(case, text))
    page = (folder / "report.html").read_text("utf-8")
    assert page.count("<script") == 1
    assert "<img src=x" not in page
    assert "root:" not in text_of(folder)
    reader = PdfReader(folder / "report.pdf")
    links = [link.get_object() for sheet in reader.pages for link in sheet.get("/Annots", [])]
    assert links  # the contents lead to their pages, and nothing leads elsewhere
    assert not any("/URI" in str(link) for link in links)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(st.characters(codec=None), max_size=200))
def test_no_text_at_all_stops_the_report(case, written, text):
    assert (written(everywhere(case, text)) / "report.pdf").read_bytes().startswith(b"%PDF")


def test_an_empty_case_is_a_calm_report(case, written):
    folder = written(
        case(deliveries=[], findings=[], attempts=[], blocklists=[], figures=[], inputs=[])
    )
    assert "Nothing could be judged" in re.sub(r"\s+", " ", text_of(folder))


def test_a_long_table_ends_on_paper_and_says_how_much_follows(case, written):
    rows = [
        {"client_ip": f"203.0.{n // 250}.{n % 250}", "origin_queue_id": str(n)}
        for n in range(1_000)
    ]
    folder = written(case(deliveries=rows))
    assert "980 more in report.html" in text_of(folder)
    assert len(PdfReader(folder / "report.pdf").pages) <= 5
    assert (folder / "report.html").read_text("utf-8").count("203.0.") >= 1_000


def test_null_times_and_sizes_are_written(case, written):
    written(case(deliveries=[{"received": None, "completed": None, "size": None}]))


def test_unread_lines_are_kept_byte_for_byte(case, written):
    table = pq.read_table(written(case()) / "unread.parquet")
    assert table["text"] == pa.chunked_array([[b"\xff what"]], pa.binary())


def test_the_page_quotes_the_lines_of_a_finding_where_the_events_are_known(case, tmp_path):
    event = {
        "source": "mail.log",
        "line": 7,
        "offset": 700,
        "server": "mx1",
        "kind": "delivery",
        "queue_id": "4A1",
        "recipient": "<script>@x.example",
    }
    declared = schema.EVENTS
    data = {field.name: pa.array([event.get(field.name)], field.type) for field in declared}
    folder = tmp_path / "events" / "part=0"
    folder.mkdir(parents=True)
    pq.write_table(pa.table(data, schema=declared), folder / "events.parquet")
    write(case(), [Drawn()], tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "4A1 delivery: to=&lt;script&gt;@x.example" in page
    assert 'href="#open_relay-1"' in page
    assert 'id="open_relay-1"' in page
