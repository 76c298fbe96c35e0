"""The summaries of ``segment``, ``resample`` and ``augment``: what was done, where it is, how to use it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.report.text import clean, plural

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group


def prepared_summary(
    lines: Sequence[str], files: Sequence[Path], warnings: Sequence[str] = (), database: Sequence[str] = ()
) -> Group:
    """What was done, what the user must know, what was written, and the lines of [DATA] that read it.

    Args:
        lines: what was done; the first is the headline
        files: what was written
        warnings: what the user must know
        database: as :func:`as_database` gives it; empty: nothing can be read
    """
    from rich.console import Group
    from rich.text import Text

    shown = [Text(clean(line), style="" if number else "bold") for number, line in enumerate(lines)]
    shown += [Text(f"warning: {clean(line)}", style="yellow") for line in warnings]
    for path in files:
        shown.append(Text("written: ").append(clean(path), style=f"cyan link {path.absolute().as_uri()}"))
    if database:
        shown.append(Text("\nto read it as a database:\n[DATA]"))
        shown += [Text(clean(line), style="cyan") for line in database]
    return Group(*shown)


def as_database(
    table: Path, target: str, splits: pd.Series | Sequence[str] = (), *, relative: bool = False
) -> list[str]:
    """The lines of [DATA] that read a table, split as it is.

    Args:
        table: a CSV
        target: the column that is predicted
        splits: what its column ``split`` holds
        relative: its files are named from its own folder

    Example:
        >>> as_database(Path("/r/a.csv"), "mood", ["train", "train"])[-2:]
        ['a.split_strategy = train', 'target = mood']
    """
    name, parts = table.stem, set(splits)
    lines = [f"databases = ['{name}']", f"{name} = {table}", f"{name}.type = csv"]
    if relative:
        lines.append(f"{name}.absolute_path = False")
    if {"train", "test"} <= parts:
        lines.append(f"{name}.split_strategy = database")
    elif len(parts) == 1:
        lines.append(f"{name}.split_strategy = {next(iter(parts))}")
    return [*lines, f"target = {target}"]


def segmented_lines(samples: pd.DataFrame, heard: float, kept: float) -> list[str]:
    """How many segments there are, and how long.

    Args:
        samples: the segments, on the segmented index
        heard: seconds that were cut
        kept: seconds in segments
    """
    index = samples.index
    lengths = (index.get_level_values("end") - index.get_level_values("start")).total_seconds()
    files = index.get_level_values("file").nunique()
    share = f" ({100 * kept / heard:.0f} %)" if heard else ""
    lines = [
        f"{plural(len(samples), 'segment')} of {plural(files, 'recording')}",
        f"from {lengths.min():.1f} to {lengths.max():.1f} s, in the middle {lengths.to_series().median():.1f} s;"
        f" {duration(kept)} of {duration(heard)} kept{share}",
    ]
    counts = samples["database"].value_counts(sort=False)
    if len(counts) > 1:
        lines.append(", ".join(f"{name} {count}" for name, count in counts.items()))
    return lines


def resampled_lines(report: pd.DataFrame, wanted: int, differ: int, converted: int, failed: int) -> list[str]:
    """What recordings are, a line for each kind of a database.

    Args:
        report: ``database``, ``sampling_rate`` (Hz), ``channels``, ``files``, ``hours``
        wanted: rate in Hz that is asked for
        differ: files that have another, or several channels
        converted: files that were converted now
        failed: files that could not be
    """
    total = int(report["files"].sum())
    if not differ:
        head = f"all {total} recordings are mono at {wanted} Hz"
    elif converted or failed:
        head = f"{converted} of {plural(differ, 'recording')} converted to mono at {wanted} Hz"
    else:
        head = f"{differ} of {plural(total, 'recording')} are not mono at {wanted} Hz"
    kinds = {1: "mono", 2: "stereo"}
    lines = [
        f"{row.database}: {plural(row.files, 'recording')}, {row.sampling_rate} Hz,"
        f" {kinds.get(row.channels, f'{row.channels} channels')}, {duration(3600 * row.hours)}"
        for row in report.itertuples()
    ]
    before = "before: " if converted or failed else ""
    return [head, *(f"{before}{line}" for line in lines)]


def augmented_lines(copies: int, originals: int, methods: Sequence[str], made: int) -> list[str]:
    """How many copies there are.

    Example:
        >>> augmented_lines(20, 10, ["traditional", "random_splice"], 5)
        ['20 copies of 10 samples by traditional, random_splice', '15 of them were there already']
    """
    head = f"{plural(copies, 'copy', 'copies')} of {plural(originals, 'sample')} by {', '.join(methods)}"
    return [head, *([f"{copies - made} of them were there already"] if made < copies else [])]


def duration(seconds: float) -> str:
    """A length in the unit that fits.

    Example:
        >>> duration(4.25), duration(300), duration(36000)
        ('4.2 s', '5.0 min', '10.0 h')
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
