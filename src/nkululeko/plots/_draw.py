"""Makes the pictures of a result: a plain function that another process can run; writes no file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Plot, plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.grid import Grid
    from nkululeko.core.result import Result

Format = Literal["png", "svg", "pdf", "eps"]
FORMATS: tuple[Format, ...] = get_args(Format)
#: nothing of the clock or of the program goes into a file: same result, same bytes
_METADATA: dict[Format, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "eps": {},
}


@dataclass(frozen=True)
class Drawing:
    """Which pictures are wanted, and how.

    Args:
        names: of the plots; None: all that fit the result and are asked for
        asked: the options of [PLOT] that are on, e.g. ``("tsne",)``: they bring the plots that wait for them
        formats: ``png``, ``svg``, ``pdf``, ``eps``
        options: of [PLOT] by name; each plot gets those that its own ``Options`` declare
    """

    names: tuple[str, ...] | None = None
    asked: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("png",)
    options: Mapping[str, Any] = field(default_factory=dict)


def render(figure: Figure, format: str) -> bytes:
    """The bytes of a picture file; the same figure gives the same bytes.

    Args:
        figure: to be rendered
        format: ``png``, ``svg``, ``pdf`` or ``eps``

    Raises:
        NkululekoError: another format
    """
    import io

    import matplotlib

    if format not in FORMATS:
        hint = did_you_mean(format, FORMATS)
        raise NkululekoError(f"unknown picture format '{format}'", "PLOT.format", hint)
    buffer = io.BytesIO()
    # identifiers in SVG don't change from call to call; TrueType (42) in PDF, as publishers ask for: it costs
    # 0.5 s a file, in EPS 6 s
    with matplotlib.rc_context({"svg.hashsalt": "nkululeko", "pdf.fonttype": 42, "ps.fonttype": 3}):
        figure.savefig(buffer, format=format, metadata=_METADATA[format])
    if format == "eps":
        return re.sub(rb"%%(CreationDate|Title): [^\n]*\n", b"", buffer.getvalue())
    return buffer.getvalue()


def draw_all(result: Result, drawing: Drawing | None = None) -> dict[str, bytes]:
    """All pictures of a result: file name (``confusion.png``) to content.

    A plot that has a method ``animate(result)``, which gives the bytes of a GIF, becomes ``NAME.gif`` only.

    A plain function of values that travel to another process; :func:`warm` spares it the imports.

    Raises:
        NkululekoError: no such plot or format
    """
    drawing = drawing or Drawing()
    pictures: dict[str, bytes] = {}
    for name, kind in _chosen(result, drawing):
        mine = {name: value for name, value in drawing.options.items() if name in kind.Options.model_fields}
        plot = kind(kind.Options(**mine))
        if not plot.applies(result):
            continue
        animate = getattr(plot, "animate", None)
        if animate is not None:
            pictures[f"{name}.gif"] = animate(result)
            continue
        figure = plot.draw(result)
        for format in drawing.formats:
            pictures[f"{name}.{format}"] = render(figure, format)
    return pictures


def draw_grid(grid: Grid, formats: Sequence[str] = ("png", "svg"), titles: bool = True) -> dict[str, bytes]:
    """Databases against each other: file name (``heatmap.png``) to content.

    Args:
        grid: the figures
        formats: ``png``, ``svg``, ``pdf``, ``eps``
        titles: whether there is a title above the picture
    """
    from nkululeko.plots import _style
    from nkululeko.plots._heatmap import heatmap

    figure = heatmap(grid, _style.PlotOptions(titles=titles))
    return {f"heatmap.{format}": render(figure, format) for format in dict.fromkeys(formats)}


def _chosen(result: Result, drawing: Drawing) -> list[tuple[str, type[Plot]]]:
    """The plots that are asked for and suit the task, by name."""
    names = plots.names() if drawing.names is None else list(drawing.names)
    kinds = [(name, plots.load(name)) for name in names]
    wanted = {"always", *drawing.asked}
    return [
        (kind.plugin_name(), kind)
        for _, kind in kinds
        if result.task in kind.tasks and (drawing.names is not None or kind.when in wanted)
    ]


def warm() -> None:
    """Import and start what drawing needs (pandas, matplotlib, its fonts), while others still compute."""
    import pandas  # noqa: F401  (a result that arrives from another process brings data frames)

    from nkululeko.plots import _style

    figure = _style.new_figure(1, 1)
    figure.subplots().set_title("warm")
    render(_style.finish(figure), "png")
    for name in plots.names():
        plots.load(name)
