"""Maps of the features: alike samples stand close together, colour is the target or another column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import View
from nkululeko.plots import _numbers, _page, _parts, _style
from nkululeko.plots._files import stem
from nkululeko.plots._letters import short, shown
from nkululeko.plots._page import Words
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Exploration, FeatureMap, Variable

NAMES = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA"}
#: so many classes have a colour and marker of their own, the most frequent ones
CLASSES = 20
#: points are drawn in so many turns, so that no class hides all others
TURNS = 6


class Maps(View):
    """A dot a sample, in two or three dimensions, with colour and marker of its class."""

    Options = PlotOptions
    summary = "maps of the features (t-SNE, UMAP, PCA), coloured by the target and other columns"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``map_METHOD_COLOUR``, ``map_METHOD_3d_COLOUR`` in three dimensions."""
        for made in exploration.maps:
            for variable in made.colours:
                solid = ("3d",) if made.dimensions == 3 else ()
                yield stem("map", made.method, *solid, variable.name), _picture(made, variable, self.options)


def _picture(made: FeatureMap, variable: Variable, options: Any) -> Figure:
    method, name = NAMES.get(made.method, made.method), shown(variable.name)
    lines = [made.note or _page.count_text(len(made.points))]
    if made.method != "pca":
        lines[0] += "; close together means alike"
    words = Words(
        f"Map of the features ({method}): {short(variable.name)}",
        lines,
        [variable.note] if variable.note else [],
    )
    places = made.points.to_numpy(dtype=float)
    kept = np.isfinite(places).all(axis=1)
    if not kept.any():
        return _page.blank(options, words, "no sample has a place on this map")
    values = _parts.aligned(variable, made.points.index)[kept]
    figure, axes = _canvas(made.dimensions)
    if variable.is_category:
        _classes(axes, places[kept], values, variable)
    else:
        _numbers_of(figure, axes, places[kept], values.to_numpy(dtype=float, na_value=np.nan), name)
    _axes(axes, made)
    if made.dimensions == 2:
        for column, limits in enumerate((axes.set_xlim, axes.set_ylim)):
            low, high = float(places[kept, column].min()), float(places[kept, column].max())
            edge = 0.04 * (high - low) or 0.5
            limits(low - edge, high + edge)
    return _page.finish(figure, options, words)


def _canvas(dimensions: int) -> tuple[Figure, Any]:
    """A figure with one panel."""
    import matplotlib

    if dimensions == 2:
        figure = _style.new_figure(8.0, 5.4)
        return figure, figure.subplots()
    figure = _style.new_figure(8.6, 5.4)
    # the only public way to the grid of three dimensions
    with matplotlib.rc_context({"grid.color": _style.GRID, "grid.linewidth": 0.7}):
        return figure, figure.add_subplot(projection="3d")


def _axes(axes: Any, made: FeatureMap) -> None:
    """Names where the axes mean something; a map of t-SNE or UMAP has neither names nor numbers."""
    solid = made.dimensions == 3
    meant = [shown(text) for text in made.axes]
    if solid:
        for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
            axis.set_pane_color("#F7F7F7", alpha=1)
            axis.line.set_color(_style.SOFT)
        axes.tick_params(labelsize=7.5, labelcolor=_style.SOFT, pad=0)
        axes.view_init(elev=22, azim=-58)
    else:
        _style.frame(axes, grid="both" if meant else "")
    set_labels = (axes.set_xlabel, axes.set_ylabel, *((axes.set_zlabel,) if solid else ()))
    if meant:
        for set_label, text in zip(set_labels, meant, strict=False):
            set_label(text, fontsize=_style.LABEL_SIZE if not solid else 9, color=_style.INK)
        return
    for set_ticks in (axes.set_xticks, axes.set_yticks, *((axes.set_zticks,) if solid else ())):
        set_ticks([])


def _dots(axes: Any, places: np.ndarray, many: bool, **more: Any) -> Any:
    """A cloud in two or three dimensions."""
    solid = {"depthshade": False} if places.shape[1] == 3 else {}
    return axes.scatter(
        *places.T, s=(9 if len(places) > 5000 else 13) if many else 32, edgecolors="none" if many else "white",
        linewidths=0 if many else 0.5, rasterized=many, **solid, **more,
    )  # fmt: skip


def _classes(axes: Any, places: np.ndarray, values: pd.Series, variable: Variable) -> None:
    """Colour and marker for each class, the missing and the rare ones pale."""
    from matplotlib.lines import Line2D

    known = values.notna().to_numpy()
    names, levels = _parts.categories(values[known], variable.levels)
    labels = np.full(len(values), None, dtype=object)
    labels[known] = names
    counts = {name: int(np.count_nonzero(names == name)) for name in levels}
    own = [name for name in levels if name != _page.REST or name != levels[-1]]
    own = sorted(sorted(own, key=lambda name: -counts[name])[:CLASSES], key=own.index)
    many = len(places) > 800
    tint = _parts.tints(variable, levels)
    order = [name for name in variable.levels if name in tint] + [
        n for n in levels if n not in variable.levels
    ]
    pale = np.array([label not in own for label in labels], dtype=bool)
    if pale.any():
        _dots(axes, places[pale], many, c=_page.QUIET, marker="o")
    turn = np.random.default_rng(0).integers(0, TURNS if many else 1, len(places))
    for now in range(TURNS if many else 1):
        for name in own:
            rows = (labels == name) & (turn == now)
            if rows.any():
                _dots(axes, places[rows], many, c=tint[name], marker=_page.marker(order.index(name)))
    handles = [
        Line2D(
            [], [], linestyle="none", marker=_page.marker(order.index(name)), color=tint[name], markersize=6
        )
        for name in own
    ]
    texts = [f"{shown(name, 22)} ({counts[name]:,})" for name in own]
    rest, missing = int(np.count_nonzero(pale & known)), int(np.count_nonzero(~known))
    for count, word in ((rest, _page.REST), (missing, "not known")):
        if count:
            handles.append(Line2D([], [], linestyle="none", marker="o", color=_page.QUIET, markersize=6))
            texts.append(f"{word} ({count:,})")
    place = 1.16 if places.shape[1] == 3 else 1.01  # beside the numbers of the third axis
    _page.legend(axes, handles, texts, shown(variable.name), place)


def _numbers_of(figure: Figure, axes: Any, places: np.ndarray, values: np.ndarray, name: str) -> None:
    """A continuous scale; samples without a value are grey."""
    known = np.isfinite(values)
    many = len(places) > 800
    if (~known).any():
        _dots(axes, places[~known], many, c=_page.QUIET)
    if not known.any():
        return
    order = np.flatnonzero(known)
    order = np.random.default_rng(0).permutation(order) if many else order
    dots = _dots(axes, places[order], many, c=values[order], cmap="cividis")
    if _numbers.constant(values[known]):
        dots.set_clim(values[known][0] - 0.5, values[known][0] + 0.5)
    space = {"shrink": 0.7, "pad": 0.1} if places.shape[1] == 3 else {}
    _page.colour_bar(figure, axes, dots, name, **space)
