"""Histories of made-up trainings, for the tests of plots: what a net leaves behind epoch by epoch."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd

from nkululeko.core.result import Result


def made_history(epochs: int = 40, runs: int = 1, *, which: str = "run", seed: int = 0) -> pd.DataFrame:
    """Training loss falls, watched loss falls and rises again, the measure rises; the best epoch is kept."""
    random = np.random.default_rng(seed)
    parts = []
    for run in range(1, runs + 1):
        epoch = np.arange(1, epochs + 1)
        noise = random.normal(0, 0.03, (3, epochs))
        part = pd.DataFrame(
            {
                "epoch": epoch,
                "train_loss": 0.1 + 1.6 * np.exp(-epoch / 12) + noise[0],
                "watched_loss": 0.5 + 1.5 * np.exp(-epoch / 9) + 0.01 * epoch + noise[1],
                "watched": 0.75 - 0.5 * np.exp(-epoch / 8) + noise[2],
            }
        )
        part["best"] = epoch == epoch[part["watched"].argmax()]
        if runs > 1:
            part[which] = run
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def with_history(result: Result, history: pd.DataFrame | None = None) -> Result:
    """The same result of a model that learned in epochs."""
    other = copy.copy(result)
    object.__setattr__(other, "history", made_history() if history is None else history)
    return other
