"""The summary of ``predict`` in the terminal: what each new column holds, and where it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.result import Interval, Score
from nkululeko.report.text import NONE, cell, clean, number, plural
from nkululeko.report.text import interval as words_of

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group

#: classes that are named with their counts
_MOST = 8


def predicted_summary(
    columns: Mapping[str, pd.Series],
    files: Sequence[Path],
    warnings: Sequence[str] = (),
    tested: Mapping[str, str] | None = None,
) -> Group:
    """A line a new column: how many predictions, of which classes, or from where to where.

    Args:
        columns: the predictions by the name of their column
        files: what was written
        warnings: what the user must know
        tested: how right predictions are, in words, by the name of their column
    """
    from rich.console import Group
    from rich.text import Text

    lines = []
    for name, column in columns.items():
        line = Text()
        line.append(f"{clean(name)}  ", style="bold")
        lines.append(line.append(described(column)))
        if name in (tested or {}):
            lines.append(Text(f"  {clean((tested or {})[name])}"))
    lines += [Text(f"warning: {clean(line)}", style="yellow") for line in warnings]
    for path in files:
        lines.append(Text("written: ").append(clean(path), style=f"cyan link {path.absolute().as_uri()}"))
    return Group(*lines)


def right(score: Score, interval: Interval, samples: int, heard: int) -> str:
    """How right predictions are where labels are known, in words.

    Example:
        >>> right(Score("uar", "UAR", 0.5, 0.4, 0.6), Interval("speakers", 3, 1000), 9, 7)
        'UAR .500, 95 % interval [.400, .600], on 9 labelled samples of 3 speakers; 7 that it learned from do not count'
    """
    who = f" of {plural(interval.groups, 'speaker')}" if interval.unit == "speakers" else ""
    span = words_of(score.low, score.high)
    ends = "no interval" if span == NONE else f"{100 * interval.level:.0f} % interval {span}"
    text = f"{clean(score.label)} {number(score.value)}, {ends}, on {plural(samples, 'labelled sample')}{who}"
    return text + (f"; {heard} that it learned from do not count" if heard else "")


def described(column: pd.Series) -> str:
    """What a column of predictions holds, in words.

    Example:
        >>> import pandas as pd
        >>> described(pd.Series(["male", "female", "male"]))
        '3 predictions: male 2, female 1'
        >>> described(pd.Series([10.0, 20.0, 60.0, None]))
        '3 predictions of 4: mean 30, from 10 to 60'
    """
    import pandas as pd

    known = column.dropna()
    head = plural(len(known), "prediction") + (f" of {len(column)}" if len(known) < len(column) else "")
    if not len(known):
        return head
    if pd.api.types.is_numeric_dtype(known):
        mean, low, high = (cell(float(value)) for value in (known.mean(), known.min(), known.max()))
        return f"{head}: mean {mean}, from {low} to {high}"
    counts = known.value_counts()
    named = ", ".join(f"{clean(label)} {count}" for label, count in counts.iloc[:_MOST].items())
    more = f" and {len(counts) - _MOST} more" if len(counts) > _MOST else ""
    return f"{head}: {named}{more}"
