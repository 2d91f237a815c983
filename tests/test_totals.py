"""The same totals stand in the tables, the charts, the JSON, the page and the PDF."""

from __future__ import annotations

import json
import lzma
import re
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from analyzer import Case, pipeline, site
from analyzer.charts import draw
from analyzer.charts.carried import ways
from analyzer.charts.destinations import destinations
from analyzer.report import summary

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_logs" / "postfix-open-relay"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("totals")
    log = place / "mail.log"
    log.write_bytes(lzma.decompress((SAMPLE / "mail.log.xz").read_bytes()))
    pipeline.analyze([log], site=site.load(SAMPLE / "site.toml"), case=place / "case")
    return place / "case"


@pytest.fixture(scope="module")
def case(folder):
    return Case.load(folder)


@pytest.fixture(scope="module")
def relayed(folder):
    """The rows that count, by the table alone."""
    rows = pd.read_parquet(folder / "deliveries.parquet")
    rows = rows[rows["mechanism"].eq("open_relay") & rows["verdict"].eq("abusive")]
    return rows[~rows["status"].isin(["filtered", "expanded"])]


@pytest.fixture(scope="module")
def paper(folder):
    reader = PdfReader(folder / "report.pdf")
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def messages(rows):
    return rows["origin_life"].nunique()


def test_messages_and_recipients_agree_from_table_to_paper(case, folder, relayed, paper):
    told = summary.as_json(case)["numbers"]
    figures = {f["name"]: f["value"] for f in case.impact["figures"]}
    findings = json.loads((folder / "findings.json").read_text())
    by_client = [f for f in findings if f["mechanism"] == "open_relay"]
    assert told["messages"] == messages(relayed) == figures["messages_relayed"]
    assert told["recipients"] == len(relayed) == figures["recipients_relayed"]
    assert sum(f["recipients"] for f in by_client) == len(relayed)
    assert told["delivered"] == relayed["status"].eq("delivered").sum()
    for number in (told["messages"], told["recipients"], told["delivered"]):
        assert f"{number:,}" in paper[0]


def test_sources_add_up_in_table_page_and_paper(folder, relayed, paper):
    page = (folder / "report.html").read_text("utf-8")
    text = " ".join(paper)
    for address, rows in relayed.groupby("client_ip"):
        assert re.search(rf"{re.escape(address)}[^0-9]+{messages(rows):,} {len(rows):,} ", text)
        assert f'<td class="n"><bdi>{len(rows):,}</bdi></td>' in page


def test_charts_draw_what_the_tables_hold(case):
    volume = case.volume.to_pandas()
    abusive = volume[volume["verdict"].eq("abusive")]
    carried = ways(destinations(case.deliveries))
    assert carried["recipients"].sum() == abusive["recipients"].sum()
    alts = {chart.name: chart.alt for chart in draw(case, ["carried", "top_sources", "bandwidth"])}
    assert f"{abusive['recipients'].sum():,} recipients" in alts["carried"]
    for address, rows in abusive.dropna(subset=["client_ip"]).groupby("client_ip"):
        assert f"{address} {rows['recipients'].sum():,}" in alts["carried"]
        assert f"{rows['recipients'].sum():,} of them abusive" in alts["top_sources"]


def test_lines_add_up_on_paper(case, paper):
    lines = sum(entry["lines"] for entry in case.manifest["inputs"])
    assert f"= {lines:,} lines" in " ".join(paper)


def test_every_chart_of_the_case_is_in_the_page_and_a_picture_beside_it(case, folder):
    names = {chart.name for chart in draw(case)}
    assert {path.stem for path in (folder / "charts").glob("*.png")} == names
    page = (folder / "report.html").read_text("utf-8")
    assert page.count('<img src="data:image/svg+xml') == len(names)


def test_the_pages_are_numbered_and_listed(paper):
    assert all(f"Page {number} of {len(paper)}" in text for number, text in enumerate(paper, 1))
    contents = paper[1]
    for section in ("What happened when", "How they got in", "Harm and cost", "What to do now"):
        number = int(re.search(rf"{section} [ .]*(\d+)", contents)[1])
        assert section in paper[number - 1]


def test_the_bill_is_the_same_in_json_chart_page_and_paper(case, folder, paper):
    if "cost" not in case.impact:
        pytest.skip("this case has no cost model")
    total = case.impact["cost"]["total"]
    cells = [f"{total[name]:,.0f}" for name in ("low", "mid", "high")]
    assert f"Total {' '.join(cells)}" in " ".join(paper)
    page = (folder / "report.html").read_text("utf-8")
    assert "".join(f'<td class="n"><bdi>{cell}</bdi></td>' for cell in cells) in page
    (chart,) = draw(case, ["cost_items"])
    assert f"Total {cells[1]} ({cells[0]} to {cells[2]}" in chart.alt
