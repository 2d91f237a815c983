"""Are the rows that answer a query those that a comparison of every text finds?"""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.queries import _fits, recognised

TEXTS = st.lists(
    st.none()
    | st.text(st.sampled_from("aB.@<>\u00e9\u212a1"), max_size=9)
    | st.builds("{}{}".format, st.text("xX.@<", max_size=9), st.sampled_from(["a.b", "A.B>", "y"])),
    max_size=9,
)
QUERIES = ["a.b", "x@a.b", "XX.Xx@A.b", "b", "\u00e9.a", "y" * 90, ("xX.@<" * 20)[:90] + "a.b"]


@pytest.mark.parametrize("asked", QUERIES)
@given(texts=TEXTS)
def test_texts_are_compared_without_their_case_and_domains_by_their_end(asked, texts):
    texts = ["lead", *texts, asked, asked.upper(), f"<{asked}>", f"x.{asked}", f"x{asked}"]
    query = recognised(asked)
    found = _fits(pa.array(texts, pa.string()).slice(1), "recipient", query).tolist()
    pattern = re.escape(query.text.lower())
    ends = re.compile(rf"{pattern}|.*[@.]{pattern}>?" if query.of_domain else pattern, re.DOTALL)
    lowered = [text and text.lower() for text in texts[1:]]
    assert found == [bool(text and ends.fullmatch(text)) for text in lowered]
