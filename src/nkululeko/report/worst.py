"""The worst mistakes: the test samples one should listen to first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.report.text import missing

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.result import Result

#: a stretch of a file: name, start and end in seconds (None: to the end of the file)
Segment = tuple[str, float, float | None]


@dataclass(frozen=True)
class Mistake:
    """One test sample that went wrong.

    Args:
        segment: where it is: file, start and end in seconds
        truth: label or number
        prediction: likewise
        weight: by how much: probability of the wrong answer, or its lead in score over the right one,
            or the absolute error; NaN where the model gives labels only
        kind: what ``weight`` is: ``confidence``, ``margin``, ``error`` or empty
        speaker: where known, else empty
        database: likewise
    """

    segment: Segment
    truth: Any
    prediction: Any
    weight: float
    kind: str
    speaker: str = ""
    database: str = ""


def worst(result: Result, most: int = 12) -> list[Mistake]:
    """The worst mistakes, the worst first; the same result gives the same list.

    Classification: wrong answers by the probability the model gave them, or by their lead in score, or in
    the order of the files where it gives labels only. Regression: by absolute error.

    Args:
        result: of a run
        most: how many at most
    """
    frame = result.predictions
    kind, weight = _weights(result)
    wrong = np.flatnonzero(~np.isnan(weight) & (weight > 0) if kind == "error" else _wrong(frame))
    names = frame.index.get_level_values(0).astype(str).to_numpy(dtype=object)
    starts = np.array([_seconds(value) or 0.0 for value in frame.index.get_level_values(1)])
    order = sorted(wrong, key=lambda row: (-np.nan_to_num(weight[row], nan=-np.inf), names[row], starts[row]))
    return [_mistake(frame, int(row), float(weight[row]), kind) for row in order[:most]]


def _wrong(frame: pd.DataFrame) -> np.ndarray:
    truth, prediction = frame["truth"], frame["prediction"]
    different = truth.astype(str).to_numpy() != prediction.astype(str).to_numpy()
    return different & truth.notna().to_numpy() & prediction.notna().to_numpy()


def _weights(result: Result) -> tuple[str, np.ndarray]:
    """How bad each sample is, larger is worse, and what that number is."""
    frame = result.predictions
    if result.task == "regression":
        truth, prediction = (frame[name].to_numpy(dtype=float) for name in ("truth", "prediction"))
        return "error", np.abs(prediction - truth)
    for prefix, kind in (("p_", "confidence"), ("s_", "margin")):
        if any(f"{prefix}{label}" in frame for label in result.labels):
            weight = _picked(frame, "prediction", prefix)
            return kind, weight if kind == "confidence" else weight - _picked(frame, "truth", prefix)
    return "", np.full(len(frame), np.nan)


def _picked(frame: pd.DataFrame, column: str, prefix: str) -> np.ndarray:
    """The score of the class that stands in a column, row by row; NaN where it has none."""
    picked = np.full(len(frame), np.nan)
    labels = frame[column].astype(str).to_numpy()
    for label in set(labels):
        if f"{prefix}{label}" in frame:
            rows = labels == label
            picked[rows] = frame[f"{prefix}{label}"].to_numpy(dtype=float)[rows]
    return picked


def _mistake(frame: pd.DataFrame, row: int, weight: float, kind: str) -> Mistake:
    file, start, end = frame.index[row]
    values = frame.iloc[row]
    return Mistake(
        segment=(str(file), _seconds(start) or 0.0, _seconds(end)),
        truth=values["truth"],
        prediction=values["prediction"],
        weight=weight,
        kind=kind,
        speaker=_text(values.get("speaker")),
        database=_text(values.get("database")),
    )


def _seconds(value: Any) -> float | None:
    """A time of the index in seconds; None where it is missing (NaT: to the end of the file)."""
    return None if missing(value) else float(value.total_seconds())


def _text(value: Any) -> str:
    return "" if missing(value) else str(value)
