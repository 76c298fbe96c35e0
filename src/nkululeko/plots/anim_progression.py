"""The learning curves of a neural net as an animation: they grow epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import Plot
from nkululeko.plots import _progression
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

    from nkululeko.core.result import Result

FRAMES = 50
#: how long a frame stays, and the last one, in ms
STAYS, LAST_STAYS = 120, 3000
DPI = 90
COLOURS = 32


class AnimProgression(Plot):
    """The same as ``epoch_progression``, as a GIF of at most 50 frames."""

    Options = PlotOptions
    summary = "learning curves as an animation (GIF)"
    when = "anim_progression"

    def applies(self, result: Result) -> bool:
        """Whether the model learned in more than one epoch."""
        history = _progression.history(result)
        return history is not None and history["epoch"].nunique() > 1

    def draw(self, result: Result) -> Figure:
        """The last frame: all epochs."""
        return _progression.figure(result, self.options)

    def animate(self, result: Result) -> bytes:
        """The animation as a GIF file; the same result gives the same bytes."""
        figure = _progression.figure(result, self.options, DPI)
        frames = _frames(figure)
        return _gif(frames)


def steps(first: int, last: int) -> list[int]:
    """The epochs that get a frame: all, or so many of them, evenly spaced.

    Example:
        >>> steps(1, 4), len(steps(1, 1000)), steps(1, 1000)[-1]
        ([1, 2, 3, 4], 50, 1000)
    """
    return np.unique(np.linspace(first, last, min(FRAMES, last - first + 1)).round().astype(int)).tolist()


def _frames(figure: Figure) -> list[Image]:
    """One picture a step: what stands still is drawn once, each frame only adds the curves up to there."""
    from PIL import Image

    canvas: Any = figure.canvas
    lines = [
        (axes, line, *np.array(line.get_data(), dtype=float)) for axes in figure.axes for line in axes.lines
    ]
    lines.sort(key=lambda entry: entry[1].get_zorder())
    for _, line, _, _ in lines:
        line.set_visible(False)
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    epochs = np.concatenate([x for _, _, x, _ in lines])
    frames = []
    for step in steps(int(epochs.min()), int(epochs.max())):
        canvas.restore_region(still)
        for axes, line, x, y in lines:
            line.set_visible(True)
            line.set_data(x[x <= step], y[x <= step])
            axes.draw_artist(line)
        frames.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy()))
    return frames


def _gif(frames: list[Image]) -> bytes:
    """An endless loop of the frames, in the few colours of the last one."""
    import io

    from PIL.Image import Dither, Quantize

    colours = frames[-1].quantize(COLOURS, Quantize.MAXCOVERAGE)  # white stays white
    flat = [frame.quantize(palette=colours, dither=Dither.NONE) for frame in frames]
    buffer = io.BytesIO()
    stays = [STAYS] * (len(flat) - 1) + [LAST_STAYS]
    flat[0].save(buffer, "GIF", save_all=True, append_images=flat[1:], duration=stays, loop=0)
    return buffer.getvalue()
