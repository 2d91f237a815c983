"""Are program and process id of any header those that a reader of texts finds?"""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.pieces import PADDING
from analyzer.formats.process_ids import programs_and_ids

# What looks like a number in brackets, and is none, comes often.
HEADS = st.lists(
    st.text(st.sampled_from("mx1 postfix/[]0129:-\0\xff"), max_size=24).map(lambda s: s + "]")
    | st.from_regex(r"[a-z]{0,9}(\[[0-9]{0,12}\])?x?", fullmatch=True),
    min_size=1,
    max_size=9,
)
ID = re.compile(rb"\[([0-9]{1,7})\]\Z")  # at the end
FIRST = re.compile(rb"\[(?![0-9]{1,10}\][: \t]+[0-9A-Za-z])([0-9]{0,10})")


@given(HEADS)
def test_a_number_in_brackets_at_the_end_is_the_process_id_else_what_follows_the_first_one(heads):
    parts = [head.encode("latin-1").replace(b": ", b":") for head in heads]
    data, host, header_end = b"", [], []
    for part in parts:
        data += b"Dec  7 05:00:00 "
        host.append(len(data))
        data += part
        header_end.append(len(data))
        data += b": text\n"
    places = [np.array(at, np.int32) for at in (host, header_end)]
    ends, pids = programs_and_ids(data + PADDING, *places, np.ones(len(parts), np.bool_))
    for part, begin, end, pid in zip(parts, host, ends.tolist(), pids.tolist(), strict=True):
        found = ID.search(part) or FIRST.match(part, part.find(b"[") % (len(part) + 1))
        assert part[: end - begin] == (part[: found.start()] if found else part)
        assert pid == int((found and found[1]) or 0)


def test_lines_without_a_header_have_no_process_id():
    data = b"[11]: text\n" + PADDING
    at = np.array([0], np.int32)
    ends, pids = programs_and_ids(data, at, at, np.zeros(1, np.bool_))
    assert (ends.tolist(), pids.tolist()) == ([0], [0])
