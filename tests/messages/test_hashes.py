"""Do equal texts have one number, and others another, however they lie in memory?"""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from analyzer.messages.hashes import LONGEST, hashed

TEXTS = st.lists(st.text(max_size=40) | st.text("ab", max_size=20))


@given(TEXTS)
def test_texts_have_one_number_if_they_are_equal(texts):
    numbers = hashed(pa.array(texts, pa.string()))
    assert len(set(numbers)) == len(set(texts))
    assert len(set(zip(numbers, texts, strict=True))) == len(set(texts))


@given(TEXTS, st.integers(0, 5), st.integers(0, 5))
def test_a_text_has_the_same_number_wherever_it_lies(texts, begin, rows):
    whole = pa.array(texts, pa.string())
    some = whole.slice(begin, rows)
    assert hashed(some).tolist() == hashed(whole).tolist()[begin : begin + rows]
    assert hashed(some).tolist() == [hashed(pa.array([t]))[0] for t in some.to_pylist()]


def test_null_has_the_number_of_an_empty_text():
    null, empty, text = hashed(pa.array([None, "", "a"], pa.string()))
    assert null == empty != text


def test_of_a_text_that_is_very_long_its_beginning_and_length_tell():
    texts = ["a" * LONGEST + end for end in ("b", "c", "dd")]
    one, other, longer = hashed(pa.array(texts))
    assert one == other != longer
