"""What did the first leg's envelope call a recipient, however many legs there were?"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.messages.originals import original_recipient


def delivery(child, recipient, orig_recipient=None, how="filtered"):
    return {"child": child, "recipient": recipient, "orig_recipient": orig_recipient, "how": how}


def original(ends, deliveries, parent):
    """Of each (leg, recipient) or (leg, recipient, orig_recipient)."""
    last = pd.DataFrame(
        [(*end, None)[:3] for end in ends], columns=["life", "recipient", "orig_recipient"]
    )
    tried = pd.DataFrame(deliveries, columns=list(delivery(0, "")))
    found = original_recipient(last.astype({"recipient": object}), tried, np.array(parent))
    return found.tolist()


FILTERED_ALIAS = [delivery(1, "jo@far.example", "info@corp.example")]


@pytest.mark.parametrize(
    ("ends", "deliveries", "parent", "expected"),
    [
        ([(0, "jo@a.example")], [], [-1], ["jo@a.example"]),
        ([(0, "jo@a.example", "info@a.example")], [], [-1], ["info@a.example"]),
        ([(1, "jo@far.example")], FILTERED_ALIAS, [-1, 0], ["info@corp.example"]),
        ([(1, "kim@far.example")], FILTERED_ALIAS, [-1, 0], ["kim@far.example"]),
        (
            [(1, "jo@far.example"), (1, "kim@far.example")],
            [delivery(1, "jo@corp.example", how="forwarded")],
            [-1, 0],
            ["jo@corp.example"] * 2,
        ),
        ([(2, "jo@far.example")], FILTERED_ALIAS, [-1, 0, 1], ["info@corp.example"]),
    ],
    ids=[
        "one leg",
        "one leg and an alias",
        "an alias before a filter",
        "a recipient that no delivery names keeps his name",
        "a forward names whoever comes out of it",
        "a leg that no delivery names lies between",
    ],
)
def test_the_name_in_the_first_envelope(ends, deliveries, parent, expected):
    assert original(ends, deliveries, parent) == expected


def test_a_chain_of_three_thousand_legs_leads_to_its_first_name():
    legs = 3000
    deliveries = [delivery(n, f"u{n}", f"u{n - 1}", "forwarded") for n in range(1, legs)]
    ends = [(n, f"u{n}") for n in range(legs)]
    assert original(ends, deliveries, range(-1, legs - 1)) == ["u0"] * legs


def walked(life, name, deliveries, parent):
    """The same, one leg at a time."""
    while parent[life] >= 0:
        made = [d for d in deliveries if d["child"] == life]
        by_name = [d for d in made if d["recipient"] == name]
        by_forward = [d for d in made if d["how"] == "forwarded"]
        for way in (by_name or by_forward)[:1]:
            name = way["orig_recipient"] or way["recipient"]
        life = parent[life]
    return name


NAMES = st.sampled_from("abc")
LEGS = 8


@given(
    st.lists(st.tuples(st.integers(0, LEGS - 1), NAMES), min_size=1),
    st.lists(
        st.builds(
            delivery,
            st.integers(1, LEGS - 1),
            NAMES,
            st.none() | NAMES,
            st.sampled_from(["filtered", "forwarded"]),
        )
    ),
    st.lists(st.integers(-1, LEGS - 2), min_size=LEGS, max_size=LEGS),
)
def test_all_at_once_is_as_one_leg_at_a_time(ends, deliveries, above):
    parent = [min(up, leg - 1) for leg, up in enumerate(above)]
    expected = [walked(life, name, deliveries, parent) for life, name in ends]
    assert original(ends, deliveries, parent) == expected
