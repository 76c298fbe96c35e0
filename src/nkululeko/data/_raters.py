"""One target from the columns of several raters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError


def combined(
    samples: pd.DataFrame, columns: Sequence[str], target: str, where: str
) -> tuple[pd.Series, list[str]]:
    """What several raters say of each sample: the mean of numbers, the class that most of them chose.

    Where two classes have as many votes the value is missing; where nobody rated too.

    Args:
        samples: with a column a rater
        columns: the raters
        target: the name of what they rate
        where: the database, for messages

    Returns:
        a value a sample, and notes

    Raises:
        NkululekoError: some columns hold numbers, others classes

    Example:
        >>> raters = pd.DataFrame({"a": ["joy", "joy"], "b": ["joy", "fear"]})
        >>> combined(raters, ["a", "b"], "emotion", "my_db")[0].fillna("?").tolist()
        ['joy', '?']
    """
    numeric = [name for name in columns if _holds_numbers(samples[name])]
    if numeric and len(numeric) < len(columns):
        other = next(name for name in columns if name not in numeric)
        raise NkululekoError(
            f"no column '{target}', and the columns cannot be put together to one: '{numeric[0]}' holds numbers,"
            f" '{other}' does not",
            where, "name the columns of its raters in columns",
        )  # fmt: skip
    raters = ", ".join(columns)
    if numeric:
        mean = samples[numeric].astype(float).mean(axis=1)
        return mean, [f"{where}: '{target}' is the mean of the columns {raters}"]
    values, ties = _most_votes(samples[list(columns)])
    note = f"{where}: '{target}' is what most of the columns {raters} say"
    return values, [f"{note}; {ties} samples with as many votes for another are without" if ties else note]


def _holds_numbers(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)


def _most_votes(votes: pd.DataFrame) -> tuple[pd.Series, int]:
    """The value that most columns have in each row, missing where there is none or not one; how many are not one."""
    codes, classes = pd.factorize(votes.astype("object").to_numpy().ravel())
    codes = codes.reshape(votes.shape)
    counts = np.zeros((len(votes), max(len(classes), 1)), dtype=int)
    for number in range(len(classes)):
        counts[:, number] = (codes == number).sum(axis=1)
    most = counts.max(axis=1)
    rated = most > 0
    tied = rated & ((counts == most[:, None]).sum(axis=1) > 1)
    chosen = np.full(len(votes), None, dtype=object)
    clear = rated & ~tied
    chosen[clear] = np.asarray(classes, dtype=object)[counts.argmax(axis=1)[clear]]
    return pd.Series(chosen, index=votes.index).infer_objects(), int(tied.sum())
