"""From verdicts to harm and money; and money anew, from the tables of a case alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from analyzer import charts, detect, engines, impact, messages, report
from analyzer.case import Case
from analyzer.folder import amended, unaltered
from analyzer.pipeline.dating import Dated
from analyzer.schema import EVENTS, fit
from analyzer.window import Window

DIALOGUE = pa.schema([EVENTS.field(name) for name in ("time", "client_ip", "repeat")])


def harmed(
    dated: Dated, assembled: messages.Assembled, verdicts: detect.Judged, window: Window
) -> tuple[impact.Measured, dict[str, Any]]:
    """What the log measures of the harm, and impact.json with every price at its default."""
    _, ends = dated.within(window)
    measured = impact.measure(
        impact.Found(
            rows=verdicts.deliveries,
            tried=assembled.tried,
            findings=verdicts.findings,
            attempts=assembled.attempts,
            dialogues=_dialogues(dated, window),
            ends=ends,
        )
    )
    told = impact.price(measured.impact, measured.bandwidth, verdicts.findings, impact.Given())
    return measured, told


def _dialogues(dated: Dated, window: Window) -> pd.DataFrame | None:
    """Lines on the end of a connection; None where the log has none."""
    if "disconnect" not in dated.events:
        return None
    told = fit(dated.events["disconnect"], DIALOGUE).to_pandas()
    return window.rows(told, "time", dated.zone)


def reprice(folder: Path, inputs: Path | None) -> Case:
    """The case with its cost computed anew; impact.json and what tells of it are replaced.

    Args:
        folder: A case. No log is read.
        inputs: impact.toml; None for every default.

    Raises:
        SettingsError: no case, one of an earlier version, or bad inputs.
        HashMismatch: an output is not what the manifest says.
        EnvironmentTrouble: the case cannot be written.
    """
    given = impact.load(inputs) if inputs is not None else impact.Given()
    case = unaltered(folder)
    case.impact = impact.price(case.impact, case.bandwidth, case.findings, given)
    with amended(folder) as place, engines.Copies(1) as copies:
        report.redraw(case, charts.draw(case), place, copies.beside)
    return case
