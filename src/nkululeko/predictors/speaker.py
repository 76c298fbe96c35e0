"""Target ``speaker``: who speaks, as numbers for voices that sound alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd

#: voices further apart than this are two (1 minus the cosine of their vectors, from the mean of all)
APART = 0.6
#: every recording is compared with every other: more would not fit into memory
MOST = 10_000


class Speaker(Predictor):
    """``voice_1``, ``voice_2`` ..., the most frequent first, by the x-vectors of ``spkrec``.

    Recordings are put together by agglomerative clustering (average linkage), until the nearest groups are further
    apart than ``APART``. It is a guess: one voice in two moods may become two, and two alike may become one.
    """

    feature_set_name = "spkrec"
    summary = "voice_1, voice_2 ...: recordings whose voices sound alike"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The voice of each row; it depends on all rows.

        Raises:
            NkululekoError: there are too many to compare each with each
        """
        import numpy as np
        import pandas as pd
        from scipy.cluster.hierarchy import fcluster, linkage

        vectors = features.to_numpy(dtype=float)
        if len(vectors) > MOST:
            what = f"{len(vectors)} recordings are too many to compare each with each (at most {MOST})"
            raise NkululekoError(what, "target 'speaker'", "take fewer: limit_samples, or sample_selection")
        groups = np.ones(len(vectors), dtype=int)
        if len(vectors) > 1:
            centred = vectors - vectors.mean(axis=0)
            sizes = np.linalg.norm(centred, axis=1, keepdims=True)
            unit = centred / np.where(sizes > 0, sizes, 1)
            groups = fcluster(
                linkage(unit, "average", metric="sqeuclidean") / [1, 1, 2, 1], APART, "distance"
            )
        order = pd.Series(groups).value_counts(sort=True).index
        name = {group: f"voice_{place}" for place, group in enumerate(order, 1)}
        return pd.DataFrame({"pred": [name[group] for group in groups]}, index=features.index)
