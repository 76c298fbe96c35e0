"""How good the chosen trial really is: the best of many is flattered by having been chosen.

Bootstrap bias corrected cross-validation (Tsamardinos, Greasidou & Borboudakis 2018): some speakers are drawn with
replacement, the trial that is best on them is chosen, and measured on the speakers that were not drawn. Done many
times, without fitting anything anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.core.result import Score


def corrected(
    metric: Metric, trials: Sequence[Scored], units: np.ndarray, *, seed: int, draws: int = 1000,
    level: float = 0.95,
) -> Score:  # fmt: skip
    """The measure of the procedure "take the best of these trials", with its interval.

    Args:
        metric: by which the best was chosen
        trials: truth and prediction of the same ``n`` samples by each trial
        units: the speaker of each sample (or the sample itself) as an integer 0..k-1, shape ``(n,)``
        seed: of the draws
        draws: how often
        level: confidence of the interval

    Returns:
        mean and percentiles over the draws; NaN where no draw tells anything, as with one speaker

    Example:
        >>> from nkululeko.core.families import metrics
        >>> truth = np.array(["a", "b"] * 4)
        >>> right, wrong = Scored(truth, truth, ["a", "b"]), Scored(truth, truth[::-1], ["a", "b"])
        >>> str(corrected(metrics.load("uar")(), [wrong, right], np.repeat(range(4), 2), seed=1))
        'UAR 1.000 [1.000, 1.000]'
    """
    k = int(units.max(initial=-1)) + 1
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(k, np.full(k, 1 / k), size=draws) if k else np.zeros((draws, 0), dtype=int)
    left = (counts == 0).astype(counts.dtype)
    sign = 1.0 if metric.higher_is_better else -1.0
    best, values = np.full(draws, -np.inf), np.full(draws, np.nan)
    known = left.any(axis=1) if k else np.zeros(draws, dtype=bool)
    for scored in trials if known.any() else ():
        drawn = np.full(draws, np.nan)
        drawn[known] = sign * metric.resampled(scored, units, counts[known])
        better = drawn > best  # never true of NaN
        if better.any():
            best[better] = drawn[better]
            values[better] = metric.resampled(scored, units, left[better])
    values = values[~np.isnan(values)]
    if not len(values):
        nan = float("nan")
        return Score(metric.plugin_name(), metric.label, nan, nan, nan, metric.higher_is_better)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Score(
        metric.plugin_name(),
        metric.label,
        float(values.mean()),
        float(low),
        float(high),
        metric.higher_is_better,
    )
