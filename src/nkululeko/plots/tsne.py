"""Map of the samples: alike features stand close together, colour is the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.families import Plot
from nkululeko.plots import _style
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result


class Tsne(Plot):
    """A map of all samples made by t-SNE (van der Maaten & Hinton 2008), coloured by the target."""

    Options = PlotOptions
    summary = "t-SNE map of the features, coloured by the target"
    when = "tsne"

    def applies(self, result: Result) -> bool:
        """Whether a map was made."""
        return result.embedding is not None and len(result.embedding) > 0

    def draw(self, result: Result) -> Figure:
        """One dot a sample; the axes of such a map have no meaning and carry no numbers."""
        from pandas.api.types import is_numeric_dtype

        embedding = result.embedding
        assert embedding is not None
        figure = _style.new_figure(7.2, 5.4)
        axes = figure.subplots()
        target = _target(embedding, result.target)
        if result.task == "regression" and is_numeric_dtype(target):
            many = len(embedding) > 800
            dots = axes.scatter(
                embedding["x"],
                embedding["y"],
                c=target.to_numpy(dtype=float),
                cmap="cividis",
                s=14 if many else 34,
                rasterized=many,
            )
            bar = figure.colorbar(dots, ax=axes, use_gridspec=False, pad=0.02)
            bar.set_label(_style.plain(result.target), fontsize=_style.LABEL_SIZE, color=_style.INK)
            bar.ax.tick_params(labelsize=_style.TICK_SIZE)
            bar.outline.set_visible(False)
        else:
            _classes(axes, embedding, target.astype(str), result)
        _style.frame(axes, grid="")
        axes.set_xticks([])
        axes.set_yticks([])
        heading = f"Map of the features (t-SNE): {_style.plain(result.target)}"
        _style.title(axes, self.options, heading, f"{len(embedding)} samples; close together means alike")
        return _style.finish(figure)


def _target(embedding: pd.DataFrame, name: str) -> pd.Series:
    """The column that is neither x nor y, preferably the one called like the target."""
    others = [column for column in embedding.columns if column not in ("x", "y")]
    return embedding[name if name in others else others[0]]


def _classes(axes: Axes, embedding: pd.DataFrame, target: pd.Series, result: Result) -> None:
    """A colour and a marker for each class, with a legend beside the map."""
    found = set(target)
    known = [str(label) for label in result.labels]
    labels = [label for label in known if label in found] + sorted(found - set(known))
    for position, label in enumerate(labels):
        rows = (target == label).to_numpy()
        shift = position // len(_style.PALETTE)
        _style.scatter(
            axes,
            embedding["x"].to_numpy(dtype=float)[rows],
            embedding["y"].to_numpy(dtype=float)[rows],
            count=len(embedding),
            colour=_style.PALETTE[position % len(_style.PALETTE)],
            marker=_style.MARKERS[(position + shift) % len(_style.MARKERS)],
        )
        count = int(np.count_nonzero(rows))
        axes.collections[-1].set_label(f"{_style.plain(label, 22)} ({count})")
    legend = axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        fontsize=9,
        frameon=False,
        labelcolor=_style.INK,
        borderaxespad=0,
        handletextpad=0.3,
    )
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)
