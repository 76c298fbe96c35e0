"""Figures of parts of the test samples: of each speaker, of each fold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nkululeko.core.families import Metric, Scored


def take(scored: Scored, rows: np.ndarray) -> Scored:
    """Some of the rows, by position or mask."""
    scores = None if scored.scores is None else scored.scores[rows]
    return Scored(scored.truth[rows], scored.prediction[rows], scored.labels, scores)


def by_speaker(scored: Scored, samples: pd.DataFrame) -> pd.DataFrame | None:
    """Who is hard? A row a speaker, the hardest first.

    Args:
        scored: truth and prediction
        samples: the same rows, with columns ``database`` and ``speaker``

    Returns:
        ``database``, ``speaker``, ``n``, ``value``: the share of correct answers (one speaker rarely has all classes),
        or the mean absolute error of numbers; None where the speakers are not known

    Example:
        >>> frame = pd.DataFrame({"database": "db", "speaker": ["a", "a", "b"]})
        >>> by_speaker(Scored(np.array(list("xyx")), np.array(list("xxx")), ["x", "y"]), frame)["value"].tolist()
        [0.5, 1.0]
    """
    if "speaker" not in samples or samples["speaker"].isna().all():
        return None
    if scored.labels:
        single, ascending = (scored.truth == scored.prediction).astype(float), True
    else:
        single, ascending = np.abs(scored.truth - scored.prediction), False
    table = (
        samples[["database", "speaker"]]
        .assign(value=single)
        .groupby(["database", "speaker"], sort=True)["value"]
        .agg(n="size", value="mean")
        .reset_index()
    )
    return table.sort_values("value", ascending=ascending, kind="stable", ignore_index=True)


def fold_table(
    metric: Metric, scored: Scored, fold: np.ndarray | None, names: Sequence[str], speakers: np.ndarray
) -> pd.DataFrame | None:
    """The figure of each fold: ``fold``, ``n``, ``speakers``, ``value``; None without folds.

    Args:
        metric: of the headline
        scored: truth and prediction
        fold: number of the fold of each row, shape ``(samples,)``, or None
        names: of the folds
        speakers: who speaks, missing where unknown
    """
    if fold is None:
        return None
    rows = []
    for number, name in enumerate(names):
        mine = fold == number
        rows.append(
            {
                "fold": name,
                "n": int(mine.sum()),
                "speakers": len(set(pd.Series(speakers[mine]).dropna())),
                "value": metric.value(take(scored, mine)),
            }
        )
    return pd.DataFrame(rows)
