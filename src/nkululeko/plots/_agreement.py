"""How predicted numbers are drawn against true ones, whatever they are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.result import Score


def agreement(
    truth: np.ndarray, prediction: np.ndarray, options: Any, target: str, heading: str, scores: Mapping[str, Score],
    measure: str,
) -> Figure:  # fmt: skip
    """Truth on the x axis, prediction on the y axis, both on the same scale; on the line they agree.

    Args:
        truth: numbers, shape ``(n,)``
        prediction: likewise
        options: of the plot
        target: what they are of
        heading: the title
        scores: by name; CCC and Pearson's r are shown, or else the headline
        measure: name of the headline
    """
    both = np.concatenate([truth, prediction])
    both = both[np.isfinite(both)]
    low, high = (both.min(), both.max()) if both.size else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.5
    ends = (low - margin, high + margin)
    figure = _style.new_figure(5.4, 5.8)
    axes = figure.subplots()
    axes.plot(ends, ends, color=_style.ACCENT, linewidth=1.5, label="perfect agreement", zorder=3)
    _style.scatter(axes, truth, prediction, count=len(truth))
    axes.set_xlim(ends)
    axes.set_ylim(ends)
    axes.set_aspect("equal")
    target = _style.plain(target)
    _style.frame(axes, f"true {target}", f"predicted {target}")
    axes.legend(loc="upper left", fontsize=_style.TICK_SIZE, frameon=False, labelcolor=_style.INK)
    shown = [scores[name] for name in ("ccc", "pcc") if name in scores] or [scores[measure]]
    _style.title(axes, options, f"{heading}: {target}", *map(_style.score_text, shown))
    return _style.finish(figure)
