"""Is there a text that fits a pattern, and does it fit?"""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.config.postfix_patterns import FILLERS, examples, fits, odd


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (r"/@partner\.example$/", ["@partner.example"]),
        (r"/^(news|ads)[+-]x@shop\.example$/", ["news+x@shop.example", "ads+x@shop.example"]),
        (r"/^printer-[0-9]{2}\.\w{3,}$/i", ["printer-11.aaa"]),
        (r"/^(?!spam).*@ok\.example$/", ["a@ok.example"]),
        ("/^[^@]+@[[:digit:]]+x?$/", ["a@1x"]),
        (r"/^(a+)(?=b)\1$/", []),
        ("/(?<a/", []),
    ],
)  # fmt: skip
def test_examples_of_a_pattern(rule, found):
    fitting = examples(rule, FILLERS[0])
    # A sign that a class names stands for the others of it.
    assert [text.replace("-x@", "+x@") for text in fitting] == found


def test_an_example_keeps_to_the_patterns_around_its_rule():
    assert examples(r"/\.example$/", "a1", [r"/@branch\./"]) == [
        "@branch..example",
        "@branch.example",
    ]


def test_a_negated_pattern_is_not_odd():
    assert not odd(r"!/@corp\.example$/")
    assert odd("/(?<=x)y/")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.sampled_from(r"ab.*+?()[]{}|^$\d@-,1"), max_size=12))
def test_every_example_fits_whatever_the_pattern(source):
    for text in examples(f"/{source}/", FILLERS[0]):
        assert fits(f"/{source}/", text)
        assert re.search(source, text, re.IGNORECASE)
