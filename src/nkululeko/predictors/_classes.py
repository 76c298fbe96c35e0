"""From probabilities to a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def likeliest(probabilities: pd.DataFrame) -> pd.DataFrame:
    """The class of the highest probability, all probabilities, and how sure that is.

    Args:
        probabilities: a column a class

    Returns:
        ``pred``, ``p_CLASS`` for each, ``confidence``; a row with missing values has no class

    Example:
        >>> import pandas as pd
        >>> likeliest(pd.DataFrame({"calm": [0.9, 0.2], "upset": [0.1, 0.8]}))["pred"].tolist()
        ['calm', 'upset']
    """
    names = [str(name) for name in probabilities]
    known = probabilities.notna().all(axis=1)
    best = probabilities.fillna(0).to_numpy().argmax(axis=1)
    found = probabilities.set_axis([f"p_{name}" for name in names], axis=1)
    found.insert(0, "pred", [names[place] for place in best])
    found["pred"] = found["pred"].where(known)
    return found.assign(confidence=probabilities.max(axis=1).where(known))
