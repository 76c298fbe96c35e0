"""How good the model is for whom: the headline metric by gender, age and the like."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.intervals import bootstrap_scores

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["variable", "group", "n", "speakers", "value", "low", "high"]
#: numbers with at most so many different values are groups as they are
FEW_VALUES = 5
#: ages from here on, in years, share one group
OLDEST = 80


def group_scores(
    metric: Metric,
    scored: Scored,
    speakers: np.ndarray | None,
    variables: Mapping[str, Sequence[Any] | np.ndarray | pd.Series],
    *,
    seed: int,
) -> pd.DataFrame:
    """The metric in each group of each variable, with an interval over the speakers of that group.

    Args:
        metric: the headline metric
        scored: truth and prediction of ``n`` samples
        speakers: the speaker of each sample, shape ``(n,)``; None where unknown: samples are resampled
        variables: by name, a value for each sample in the same order (an index is not looked at); see
            :func:`binned`
        seed: of the resampling

    Returns:
        one row a group: ``variable``, ``group``, ``n`` (samples), ``speakers`` (missing where unknown),
        ``value``, ``low``, ``high`` (NaN for a group of one speaker, who says nothing about the others)

    Raises:
        NkululekoError: the metric cannot be computed

    Example:
        >>> from nkululeko.core.families import metrics
        >>> scored = Scored(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 4.0]))
        >>> table = group_scores(metrics.load("mae")(), scored, None, {"gender": ["f", "m", "f"]}, seed=1)
        >>> table[["group", "n", "value"]].values.tolist()
        [['f', 2, 0.5], ['m', 1, 0.5]]
    """
    import pandas as pd

    rows = []
    for variable, values in variables.items():
        group = binned(variable, values)
        for code, name in enumerate(group.categories):
            chosen = np.flatnonzero(group.codes == code)
            rows.append([variable, str(name), *_row(metric, scored, speakers, chosen, seed)])
    return pd.DataFrame(rows, columns=COLUMNS).astype({"n": int, "speakers": "Int64"})


def _row(
    metric: Metric, scored: Scored, speakers: np.ndarray | None, chosen: np.ndarray, seed: int
) -> list[Any]:
    """Number of samples and of speakers, value and interval of one group."""
    import pandas as pd

    scores = None if scored.scores is None else scored.scores[chosen]
    part = Scored(scored.truth[chosen], scored.prediction[chosen], scored.labels, scores)
    theirs = None if speakers is None else np.asarray(speakers, dtype=object)[chosen]
    known = pd.NA if theirs is None or pd.isna(theirs).all() else pd.Series(theirs).nunique()
    found, interval = bootstrap_scores({"": metric}, part, theirs, seed=seed)
    score = found[""]
    one_speaker = known is not pd.NA and interval.unit == "samples"
    low, high = (np.nan, np.nan) if one_speaker else (score.low, score.high)
    return [len(chosen), known, score.value, low, high]


def binned(variable: str, values: Sequence[Any] | np.ndarray | pd.Series) -> pd.Categorical[Any]:
    """The group of each sample as an ordered category; missing values belong to no group.

    ``age`` in years is cut into decades (``20-29``, the last is ``80+``; negative ages are missing values).
    Other numbers are cut at their quartiles (``1.5 to 3``, upper end included), or are groups as they are if
    there are at most five different ones. Everything else is grouped by its text; an empty text is a missing
    value.

    Example:
        >>> binned("age", [31, 25, None, 29, 92]).tolist()
        ['30-39', '20-29', nan, '20-29', '80+']
    """
    import pandas as pd

    column = pd.Series(list(values), dtype=object)
    column = column.mask(column.map(lambda value: isinstance(value, str) and not value.strip()))
    numbers = pd.to_numeric(column, errors="coerce")
    is_bool = column.map(lambda value: isinstance(value, (bool, np.bool_))).any()
    if is_bool or (numbers.isna() & column.notna()).any():
        texts = column.map(lambda value: str(value).strip(), na_action="ignore")
        return pd.Categorical(texts, categories=sorted(texts.dropna().unique()), ordered=True)
    numbers = numbers.astype(float).replace([np.inf, -np.inf], np.nan)
    if variable == "age":
        return _decades(numbers)
    distinct = sorted(numbers.dropna().unique())
    if len(distinct) <= FEW_VALUES:
        names = pd.Series([f"{value:g}" for value in distinct], index=distinct, dtype=object)
        return pd.Categorical(numbers.map(names), categories=list(names), ordered=True)
    return _quartiles(numbers)


def _decades(ages: pd.Series) -> pd.Categorical[Any]:
    """Ages in years as ``0-9``, ``10-19`` ... ``80+``, only the decades that occur."""
    import pandas as pd

    starts = (ages.where(ages >= 0).clip(upper=OLDEST) // 10 * 10).astype("Int64")
    names = {
        start: f"{start}-{start + 9}" if start < OLDEST else f"{OLDEST}+"
        for start in sorted(starts.dropna().unique())
    }
    return pd.Categorical(starts.map(names), categories=list(names.values()), ordered=True)


def _quartiles(numbers: pd.Series) -> pd.Categorical[Any]:
    """Numbers as four groups of about the same size, named by their ends."""
    import pandas as pd

    edges = np.unique(np.nanquantile(numbers, [0, 0.25, 0.5, 0.75, 1]))
    names = [f"{low:.4g} to {high:.4g}" for low, high in itertools.pairwise(edges)]
    codes = np.searchsorted(edges[1:-1], numbers)  # an edge belongs to the bin below it
    return pd.Categorical.from_codes(np.where(numbers.isna(), -1, codes), pd.Index(names), ordered=True)
