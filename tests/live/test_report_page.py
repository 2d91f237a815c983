"""The report as a page in a real browser: quiet, alone, sortable, in light and dark, on paper."""

from __future__ import annotations

import base64
import io
import lzma
from pathlib import Path

import pytest
from pypdf import PdfReader

from analyzer import pipeline, site
from tests.live.browser import browser, program

pytestmark = pytest.mark.skipif(program() is None, reason="no Chromium here")
SAMPLE = Path(__file__).parents[2] / "sample_logs" / "postfix-open-relay"
TABLE = (
    "[...document.querySelectorAll('table')]"
    ".find(t => t.caption?.textContent.startsWith('Every finding'))"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    log = folder / "mail.log"
    log.write_bytes(lzma.decompress((SAMPLE / "mail.log.xz").read_bytes()))
    stated = site.load(SAMPLE / "site.toml")
    pipeline.analyze([log], site=stated, site_path=SAMPLE / "site.toml", case=folder / "case")
    with browser(folder / "profile") as opened:
        opened.open(folder / "case" / "report.html")
        yield opened


def test_nothing_leaves_and_nothing_is_complained_of(page):
    page.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    asked = [request["request"]["url"][:5] for request in page.told("Network.requestWillBeSent")]
    assert asked[0] == "file:"
    assert set(asked[1:]) <= {"data:"}
    assert page.told("Runtime.exceptionThrown") == []
    assert page.told("Runtime.consoleAPICalled") == []
    assert page.told("Log.entryAdded") == []


def test_its_policy_refuses_a_foreign_script_and_a_foreign_picture(page):
    page.value(
        "document.body.append(Object.assign(document.createElement('script'), "
        "{textContent: 'window.broken = 1'})); "
        "document.body.append(Object.assign(new Image(), {src: 'https://192.0.2.1/x.png'}))"
    )
    page.wait_for("Log.entryAdded", 2)
    page.wait_for("Network.loadingFailed")
    assert page.value("window.broken") is None
    refused = {entry["entry"]["text"].split("'")[0] for entry in page.told("Log.entryAdded")}
    assert len(refused) == 2
    asked = page.told("Network.requestWillBeSent")
    outside = [one["requestId"] for one in asked if one["request"]["url"].startswith("http")]
    blocked = {
        one["requestId"]: one.get("blockedReason") for one in page.told("Network.loadingFailed")
    }
    assert [blocked.get(number) for number in outside] == ["csp"]


def test_a_word_leaves_only_the_rows_that_have_it(page):
    rows = f"[...{TABLE}.tBodies[0].rows].filter(r => !r.hidden)"
    field = f"{TABLE}.parentElement.querySelector('input')"
    every = page.value(f"{rows}.length")

    def type_(word):
        page.value(f"{field}.value = {word!r}; {field}.dispatchEvent(new Event('input'))")

    type_("OPEN_RELAY-2")
    assert page.value(f"{rows}.map(r => r.cells[0].textContent)") == ["open_relay-2"]
    type_("")
    assert page.value(f"{rows}.length") == every > 5


def test_a_head_sorts_by_number_and_again_turns_the_order(page):
    table = "document.querySelector('.sortable')"  # of sources
    column = (
        f"[...{table}.tBodies[0].rows].map(r => Number(r.cells[1].textContent.replace(',','')))"
    )
    page.value(f"{table}.tHead.rows[0].cells[1].click()")
    up = page.value(column)
    assert up == sorted(up)
    page.value(f"{table}.tHead.rows[0].cells[1].click()")
    assert page.value(column) == up[::-1]


def test_the_evidence_of_a_source_is_a_click_away(page):
    to = page.value("document.querySelector('.sortable tbody a').getAttribute('href')")
    said = page.value(
        f"document.querySelector('{to}').closest('tr').querySelector('code').textContent"
    )
    assert "client=203.0.113." in said or "client=2001:db8:" in said


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_it_follows_the_readers_choice_of_light_and_dark(page, scheme, dark):
    chosen = [{"name": "prefers-color-scheme", "value": scheme}]
    page.ask("Emulation.setEmulatedMedia", features=chosen)
    color = page.value("getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(part) for part in color.strip("rgb()").split(","))
    assert (red + green + blue < 200) is dark


def test_on_paper_nothing_is_wider_than_the_sheet(page):
    page.ask("Emulation.setEmulatedMedia", media="", features=[])
    printed = page.ask("Page.printToPDF", preferCSSPageSize=True)["data"]
    sheets = PdfReader(io.BytesIO(base64.b64decode(printed))).pages
    text = " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())
    assert "Where it came from" in text
    assert "203.0.113.78" in text
    assert len(sheets) < 60


def test_on_a_narrow_screen_the_page_does_not_scroll_sideways(page):
    page.ask(
        "Emulation.setDeviceMetricsOverride",
        width=390,
        height=800,
        deviceScaleFactor=1,
        mobile=True,
    )
    assert page.value("document.documentElement.scrollWidth") <= 390
