"""What the two plots of the epochs share: the trainings of a result's history, and their curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result

#: columns that tell trainings apart
WHICH = ("run", "fold")
CURVES = ("train_loss", "watched_loss", "watched")
#: curves of so few epochs get a dot at each
FEW = 12
#: of the curves: the chosen epoch's line lies below, its dot above
BELOW, ABOVE = 1, 3


@dataclass(frozen=True)
class Training:
    """How one net learned.

    Args:
        epochs: their numbers, ascending, shape ``(epochs,)``
        values: of each of ``CURVES``, shape ``(epochs,)``, NaN where there is none
        chosen: position of the epoch that was kept; None: not known
    """

    epochs: np.ndarray
    values: dict[str, np.ndarray]
    chosen: int | None


def history(result: Result) -> pd.DataFrame | None:
    """The result's history, if it has one with anything to draw."""
    frame = getattr(result, "history", None)
    if frame is None or not any(np.isfinite(_finite(frame, name)).any() for name in CURVES):
        return None
    found: pd.DataFrame = frame
    return found


def trainings(frame: pd.DataFrame) -> list[Training]:
    """The trainings of a history, one for each run and fold."""
    which = [name for name in WHICH if name in frame]
    parts = [part for _, part in frame.groupby(which, dropna=False)] if which else [frame]
    return [_training(part.sort_values("epoch")) for part in parts]


def _training(part: pd.DataFrame) -> Training:
    best = np.flatnonzero(part["best"].eq(True)) if "best" in part else np.array([], dtype=int)
    return Training(
        part["epoch"].to_numpy(dtype=float),
        {name: _finite(part, name) for name in CURVES},
        int(best[-1]) if len(best) else None,
    )


def _finite(part: pd.DataFrame, name: str) -> np.ndarray:
    """A column as numbers; what ran away to infinity is left out, for no axis reaches so far."""
    values = part[name].to_numpy(dtype=float) if name in part else np.full(len(part), np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def figure(result: Result, options: Any, dpi: float = _style.DPI) -> Figure:
    """Losses above, the measure on the watched data below, over the epochs; a dot where the chosen one is.

    Args:
        result: with a history
        options: of the plot
        dpi: dots an inch
    """
    frame = history(result)
    assert frame is not None
    found = trainings(frame)
    picture = _style.new_figure(6.4, 5.8)
    picture.set_dpi(dpi)
    losses, measure = picture.subplots(2, 1, sharex=True, height_ratios=(1.25, 1))
    wide = 1.8 if len(found) == 1 else 0.8
    label = _style.plain(result.headline.label)
    for training in found:
        _curve(losses, training, "train_loss", "training data", _style.MAIN, wide)
        _curve(losses, training, "watched_loss", "watched data", _style.ACCENT, wide, "--")
        _curve(measure, training, "watched", "watched data", _style.ACCENT, wide, "--")
        _chosen(losses, training, "watched_loss", len(found))
        _chosen(measure, training, "watched", len(found))
    _style.frame(losses, "", "loss")
    _style.frame(measure, "epoch", f"{label}, watched data")
    _legend(losses)
    measure.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    last = max(int(training.epochs[-1]) for training in found)
    first = min(int(training.epochs[0]) for training in found)
    edge = max(0.5, 0.02 * (last - first))
    measure.set_xlim(first - edge, last + edge)
    heading = f"Learning, epoch by epoch: {_style.plain(result.target)}"
    _style.title(losses, options, heading, caption(found, label))
    return _style.finish(picture)


def caption(found: Sequence[Training], label: str) -> str:
    """Which epochs were kept, and what they reached, in words."""
    total = max(int(training.epochs[-1]) for training in found)
    kept = [
        (int(t.epochs[t.chosen]), float(t.values["watched"][t.chosen])) for t in found if t.chosen is not None
    ]
    if not kept:
        return f"{total} epochs"
    epochs = [epoch for epoch, _ in kept]
    values = [value for _, value in kept if value == value]
    if len(found) == 1:
        reached = f": {label} {_style.number(values[0])} on the watched data" if values else ""
        return f"kept: epoch {epochs[0]} of {total}{reached}"
    span = f"{min(epochs)} to {max(epochs)}" if min(epochs) < max(epochs) else str(epochs[0])
    reached = f": {label} {_style.number(min(values))} to {_style.number(max(values))}" if values else ""
    return f"{len(found)} trainings; kept: epochs {span} of {total}{reached}"


def _curve(
    axes: Axes, training: Training, name: str, label: str, colour: str, wide: float, style: str = "-"
) -> None:
    values = training.values[name]
    if np.isnan(values).all():
        return
    axes.plot(
        training.epochs,
        values,
        color=colour,
        linewidth=wide,
        linestyle=style,
        marker="o" if len(values) <= FEW else None,
        markersize=3,
        label=label,
    )


def _chosen(axes: Axes, training: Training, name: str, count: int) -> None:
    """Mark the kept epoch: a dot on the curve, and a line through both panels if there is but one training."""
    if training.chosen is None:
        return
    epoch, value = training.epochs[training.chosen], training.values[name][training.chosen]
    if count == 1:
        axes.axvline(epoch, color=_style.SOFT, linewidth=1, linestyle=":", zorder=BELOW)
    if np.isfinite(value):
        axes.plot(
            [epoch],
            [value],
            marker="o",
            markersize=8 if count == 1 else 5,
            color=_style.INK,
            markeredgecolor="white",
            linestyle="none",
            label="epoch kept",
            zorder=ABOVE,
        )


def _legend(axes: Axes) -> None:
    """What the lines are, each kind once, where they leave room."""
    handles, labels = axes.get_legend_handles_labels()
    kinds = dict(zip(reversed(labels), reversed(handles), strict=True))
    wanted = [kind for kind in ("training data", "watched data", "epoch kept") if kind in kinds]
    if wanted:
        axes.legend(
            [kinds[kind] for kind in wanted],
            wanted,
            loc="best",
            fontsize=9,
            frameon=False,
            labelcolor=_style.INK,
        )
