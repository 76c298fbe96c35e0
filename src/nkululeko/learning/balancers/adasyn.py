"""``balancing = adasyn``: adaptive synthetic sampling."""

from __future__ import annotations

from typing import Any

import numpy as np

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class Adasyn(ImblearnBalancer):
    """imbalanced-learn's ``ADASYN`` with five neighbours; classes end up only about equally large.

    A class that it cannot enlarge stays as it is, with a warning. Source: He, Bai, Garcia and Li, "ADASYN: adaptive
    synthetic sampling approach for imbalanced learning", 2008.
    """

    summary = "like smote, more of them where a class is hard to tell from others"
    per_class = 6
    trouble = (
        "adasyn makes new samples where classes border on each other, and no smaller class has such samples"
    )
    may_skip = "none lies near another class, or too few are wanted"

    def build(self, seed: int, strategy: Any = "auto") -> Any:
        """The unfitted ``ADASYN``; ``strategy``: the wanted number of samples of classes by their code."""
        from imblearn.over_sampling import ADASYN

        return ADASYN(sampling_strategy=strategy, n_neighbors=5, random_state=seed)

    def sample(self, features: np.ndarray, codes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """As the library does; where it gives up because of one class, the others are enlarged all the same."""
        try:
            return super().sample(features, codes, seed)
        except (
            ValueError,
            RuntimeError,
        ):  # its rounding leaves nothing to make; no neighbour of another class
            counts = np.bincount(codes)
            able: dict[int, int] = {}
            problems = []
            for code in np.flatnonzero(counts < counts.max()).tolist():
                wanted = {code: int(counts.max())}
                try:
                    self.build(seed, wanted).fit_resample(features, codes)
                    able |= wanted
                except (ValueError, RuntimeError) as problem:
                    problems.append(problem)
            if able:
                return self.build(seed, able).fit_resample(features, codes)
            if all(isinstance(problem, RuntimeError) for problem in problems):
                raise
            return features, codes  # all are about as large as the largest
