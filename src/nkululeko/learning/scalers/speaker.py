"""Each speaker's own zero mean and unit variance."""

from __future__ import annotations

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.learning.scalers._moments import moments
from nkululeko.learning.scalers._stateless import Stateless


class Speaker(Stateless):
    """Standardises the rows of each speaker by that speaker's mean and standard deviation.

    It uses no labels, so it may be applied to test speakers too; but their rows are needed together: what a
    row becomes depends on the speaker's other rows. A speaker's only row becomes zeros.
    """

    summary = "zero mean and unit variance of each feature within each speaker"
    tried = ({},)

    def fit(self, features: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Nothing to learn, but the speakers must be known."""
        _known(features, groups)

    def transform(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The features relative to their speakers.

        Raises:
            NkululekoError: the speakers are not known
        """
        _, position = np.unique(_known(features, groups), return_inverse=True)
        scaled = np.empty(features.shape, dtype=np.float64)
        for number in range(int(np.max(position, initial=-1)) + 1):
            rows = position == number
            mean, scale = moments(features[rows])
            scaled[rows] = (features[rows] - mean) / scale
        return scaled


def _known(features: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """The speaker of each row as text."""
    names = [] if groups is None else ["" if name is None or name != name else str(name) for name in groups]
    unknown = len(features) - sum(name != "" for name in names)
    if unknown:
        raise NkululekoError(
            f"scale = speaker needs the speaker of every sample, {unknown} of {len(features)} have none",
            "FEATS.scale",
            "give the data a column 'speaker' or choose another scale, e.g. standard",
        )
    return np.array(names)
