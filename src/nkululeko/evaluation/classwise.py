"""What happens to each class: the confusion matrix, and recall, precision and F1 by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.evaluation.metrics._confusion import f1s, label_codes, precisions, recalls

if TYPE_CHECKING:
    import pandas as pd


def confusion(truth: np.ndarray, prediction: np.ndarray, labels: Sequence[str]) -> pd.DataFrame:
    """How often each class (rows) was taken for each class (columns).

    Args:
        truth: labels, shape ``(samples,)``
        prediction: likewise
        labels: all classes in order; some may occur in only one of the two, or in none

    Returns:
        whole numbers, one row and one column a label

    Raises:
        NkululekoError: truth or prediction holds something else

    Example:
        >>> confusion(np.array(["a", "a", "b"]), np.array(["a", "b", "b"]), ["a", "b"]).values.tolist()
        [[1, 1], [0, 1]]
    """
    import pandas as pd

    size = len(labels)
    cells = label_codes(truth, labels) * size + label_codes(prediction, labels)
    table = np.bincount(cells, minlength=size * size).reshape(size, size)
    return pd.DataFrame(table, pd.Index(labels, name="truth"), pd.Index(labels, name="prediction"))


def per_class(confusion: pd.DataFrame) -> pd.DataFrame:
    """Recall, precision, F1 and number of samples (support) of each class.

    What is undefined is NaN: the recall of a class that is never the truth, all three of one that does not
    occur. A class that occurs but is never predicted has a precision of 0. So the means of the columns,
    without NaN, are the metrics UAR and F1.

    Args:
        confusion: counts, truth in rows, as :func:`confusion` gives it

    Returns:
        one row a label; columns ``recall``, ``precision``, ``f1``, ``support``

    Example:
        >>> table = confusion(np.array(["a", "a", "b"]), np.array(["a", "b", "b"]), ["a", "b"])
        >>> per_class(table)["recall"].tolist()
        [0.5, 1.0]
    """
    import pandas as pd

    table = confusion.to_numpy()
    counts = np.stack([np.diagonal(table), table.sum(axis=1), table.sum(axis=0)]).astype(float)
    columns = {
        "recall": recalls(counts),
        "precision": precisions(counts),
        "f1": f1s(counts),
        "support": table.sum(axis=1),
    }
    return pd.DataFrame(columns, index=pd.Index(list(confusion.index), name="class"))
