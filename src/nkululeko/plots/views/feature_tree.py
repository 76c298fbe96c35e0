"""A small decision tree: which rules on features tell the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nkululeko.core.families import View
from nkululeko.plots import _page, _parts, _style, _tree
from nkululeko.plots._letters import short, shown
from nkululeko.plots._page import Words
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Exploration, Node, Variable

#: so many classes have a colour in the bars, the most frequent ones
COLOURED = 7


class FeatureTree(View):
    """Boxes with rules, from left to right; in each, how the classes share its samples."""

    Options = PlotOptions
    summary = "a small decision tree on the features"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``feature_tree``, if a tree was asked for."""
        if exploration.ranking is not None and exploration.ranking.tree is not None:
            yield "feature_tree", _picture(exploration.ranking.tree, exploration.target, self.options)


def _picture(tree: Node, target: Variable, options: Any) -> Figure:
    root, rows = _tree.place(tree)
    everything = _tree.nodes(root)
    deepest = max(placed.column for placed in everything)
    wide = deepest * _tree.ACROSS + _tree.WIDE
    high = (rows - 1) * _tree.DOWN + _tree.HIGH
    known = sorted(tree.counts, key=lambda label: (-tree.counts[label], label))[:COLOURED]
    classes = [label for label in target.levels if label in known]
    classes += [label for label in known if label not in classes]
    figure = _style.new_figure(wide + 0.5, high + (0.75 if classes else 0.35))
    axes = figure.subplots()
    axes.set_aspect("equal")
    _page.bare(axes)
    _tree.boxes(axes, root, classes, _tints(target, classes))
    axes.set_xlim(-0.05, wide + 0.05)
    axes.set_ylim(high + 0.05, -0.05)
    if classes:
        _legend(axes, classes, _tints(target, classes), others=len(tree.counts) > len(classes))
    lines = ["At each box: follow the upper line if the rule holds, the lower one if not."]
    notes = ["The tree describes these samples; how well it would do on others, it does not say."]
    if any(placed.cut for placed in everything):
        notes.append(f"The first {_tree.DEEP} divisions are shown.")
    if not classes:
        notes.append("Bars: where the mean lies between the lowest and the highest one.")
    return _page.finish(figure, options, Words(f"Rules that tell {short(target.name)}", lines, notes))


def _tints(target: Variable, classes: list[str]) -> dict[str, str]:
    """The usual colours; where two would be the same, the first free ones."""
    usual = _parts.tints(target, classes)
    chosen = [usual[name] for name in classes]
    if len(set(chosen)) == len(chosen):
        return usual
    return {name: _style.PALETTE[place % len(_style.PALETTE)] for place, name in enumerate(classes)}


def _legend(axes: Axes, classes: list[str], tint: dict[str, str], others: bool) -> None:
    """What the colours of the bars are, below the tree."""
    from matplotlib.patches import Patch

    handles = [Patch(color=tint[name], label=shown(name, 22)) for name in classes]
    if others:
        handles.append(Patch(color=_page.QUIET, label="rarer ones"))
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, -0.01), ncols=min(len(handles), 4 if others else 7),
        fontsize=9, frameon=False, labelcolor=_style.INK, handlelength=1, handleheight=1, columnspacing=1.4,
    )  # fmt: skip
