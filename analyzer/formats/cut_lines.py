"""Which lines did Sendmail cut into pieces, and what did they say when they were whole?

What is too long for syslog is written as `id[1]: text ...`, `id[2]: text ...`, and so on; the last
piece has no dots. Lines of other processes may stand between the pieces.

Source: sendmail/conf.c (sm_syslog).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analyzer.formats.lines import Lines
from analyzer.formats.pieces import Rows
from analyzer.formats.shapes import as_text

PIECE = r"^(?P<id>[0-9A-Za-z]{8,16})\[(?P<number>[0-9]{1,3})\]: (?P<said>.*)$"
DOTS = " ..."


@dataclass
class Mended:
    """`data`: the whole lines; `first`: the row of the first piece of each; `rows`: of all pieces;
    `of`: the first piece of the line that each is of.
    """

    data: bytes
    first: Rows
    rows: Rows
    of: Rows


def mended(lines: Lines, rows: Rows) -> Mended | None:
    """The lines among *rows* of which every piece is there."""
    found = pc.extract_regex(lines.pieces(lines.text[rows], lines.end[rows]), PIECE)
    fits = found.is_valid().to_numpy(zero_copy_only=False)
    if not fits.any():
        return None
    rows, found = rows[fits], found.filter(found.is_valid())
    writer = lines.pieces(lines.host[rows], lines.text[rows])
    pieces = pd.DataFrame(
        {n: as_text(found.field(n)).to_pandas() for n in ("id", "number", "said")}
    )
    pieces["number"] = pieces["number"].astype("int64")
    pieces["row"] = rows
    pieces["key"] = as_text(writer).to_pandas() + pieces["id"]
    ended = ~pieces["said"].str.endswith(DOTS)
    begins = pieces["number"].eq(1) | ended.groupby(pieces["key"]).shift(fill_value=False)
    pieces["turn"] = begins.groupby(pieces["key"]).cumsum()
    whole = pieces.groupby(["key", "turn"]).filter(_complete)
    if whole.empty:
        return None
    of = whole.groupby(["key", "turn"])["row"].transform("first")
    said = whole.groupby(of)["said"].agg(_joined)
    first = said.index.to_numpy(np.intp)
    heads = as_text(lines.pieces(lines.start[first], lines.text[first])).to_pandas()
    names = whole.groupby(of)["id"].first()
    text = "".join(
        f"{head}{id}: {words}\n" for head, id, words in zip(heads, names, said, strict=True)
    )
    return Mended(text.encode(), first, whole["row"].to_numpy(np.intp), of.to_numpy(np.intp))


def _complete(pieces: pd.DataFrame) -> bool:
    """From the first to the last, each once, with dots on all but the last."""
    numbers = pieces["number"].to_numpy()
    goes_on = pieces["said"].str.endswith(DOTS).to_numpy()
    in_order = (numbers == np.arange(1, len(numbers) + 1)).all()
    return bool(in_order and goes_on[:-1].all() and not goes_on[-1])


def _joined(said: pd.Series[str]) -> str:
    """A line is cut after a comma or before a space, and the space may have been left out."""
    whole = ""
    for piece in said.str.removesuffix(DOTS):
        gap = " " if whole.endswith(",") and not piece.startswith(" ") else ""
        whole += gap + piece
    return whole
