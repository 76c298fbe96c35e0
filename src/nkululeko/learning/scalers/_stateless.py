"""What the scalers share that learn nothing from the training part."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nkululeko.core.families import Scaler


class Stateless(Scaler):
    """A scaler without memory."""

    def fit(self, features: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Nothing to learn."""

    def state(self) -> dict[str, np.ndarray]:
        """Nothing was learned."""
        return {}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Nothing to take over."""
