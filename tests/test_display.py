"""Strangers' text can neither act nor deceive where it is shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.display import display


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\x00b", "a\\x00b"),
        ("two\nlines", "two\\x0alines"),
        ("invoice_\u202egpj.exe", "invoice_\\u{202e}gpj.exe"),
        ("zero\u200bwidth", "zero\\u{200b}width"),
        ("\udcff", "\\u{dcff}"),
        ("\ue000", "\\u{e000}"),
        ("\ufffe", "\\u{fffe}"),
        ("\u2028", "\\u{2028}"),
        ("\U00012000", "\\u{12000}"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + "\\u{301}" * 2),
    ],
    ids=[
        "an escape sequence",
        "a NUL",
        "a line break",
        "a right-to-left override",
        "a zero-width space",
        "half a surrogate pair",
        "a private character",
        "a noncharacter",
        "a line separator",
        "a letter that no bundled font has",
        "a pile of accents",
    ],
)
def test_what_acts_or_cannot_be_seen_is_shown_as_an_escape(text, shown):
    assert display(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ann@corp.example",
        "weberei-mühle.example",
        "お支払いの確認",
        "请更新",
        "결제",
        "فاتورة",
        "חשבונית",
        "ใบแจ้งหนี้",
        "चालान",
        "📎",
    ],
)
def test_a_script_that_the_bundled_fonts_have_is_shown_as_it_is(text):
    assert display(text) == text


def test_a_long_text_is_cut_and_says_so():
    assert display("a" * 200, 10) == "aaaaaaaaa…"


@given(st.text(st.characters(codec=None), max_size=300), st.integers(1, 200))
def test_whatever_the_text_the_result_is_short_visible_and_encodable(text, limit):
    shown = display(text, limit)
    assert len(shown) <= limit
    shown.encode("utf-8")
    hidden = {unicodedata.category(c) for c in shown if c != "\u200d"}
    assert not hidden & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
