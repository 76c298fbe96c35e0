"""What an exploration found, in words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nkululeko.report.tables import Table
from nkululeko.report.text import NONE, cell, clean, count, missing, number, shortened

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.exploration import Association, Evidence, FeatureRanking, Finding, Unit

#: what a kind of finding is called on the page
KINDS = {
    "association": "goes together",
    "confound": "beware",
    "imbalance": "imbalance",
    "recording": "recordings",
    "feature": "feature",
    "good": "good to know",
}
#: lines over speakers stand first: they are the ones to trust
UNITS: tuple[Unit, ...] = ("speakers", "samples")
#: findings of less weight say that all is well
GOOD = 0.2
#: what the columns of the ranking are called
TITLES = {
    "p_corrected": "p corrected",
    "p_speakers": "p (speakers)",
    "p_speakers_corrected": "p corrected (speakers)",
    "effect_name": "measured by",
    "effect": "effect",
    "statistic": "statistic",
    "n": "samples",
}
#: columns of the ranking that the page leaves to the CSV file
LEFT_OUT = ("statistic", "p", "p_speakers")
#: characters of a cell
LONGEST = 160


def short_p(p: float) -> str:
    """A p-value in a cell of a table.

    Example:
        >>> short_p(0.0324), short_p(1e-7), short_p(float("nan"))
        ('.032', '<.001', 'n/a')
    """
    return NONE if missing(p) else "<.001" if p < 0.001 else number(p)


def told(association: Association) -> str:
    """What is compared: both columns, and the target where it is a third; as the picture has it.

    Example:
        >>> from types import SimpleNamespace as Made
        >>> x, y, target = Made(name="age"), Made(name="duration"), Made(name="emotion")
        >>> told(Made(x=x, y=y, group=target)), told(Made(x=x, y=target, group=None))
        ('duration and age by emotion', 'emotion and age')
    """
    text = f"{clean(association.y.name)} and {clean(association.x.name)}"
    return text if association.group is None else f"{text} by {clean(association.group.name)}"


def sentence(text: object) -> str:
    """A note as a sentence of its own.

    Example:
        >>> sentence("each speaker counts once"), sentence("age: in 3 bins"), sentence("Done.")
        ('Each speaker counts once.', 'age: in 3 bins.', 'Done.')
    """
    plain = clean(text)
    first = plain.partition(" ")[0].rstrip(",.;")
    if first.isalpha() and first.islower() and first != "p":  # names of columns stay as they are
        plain = plain[:1].upper() + plain[1:]
    return plain if not plain or plain[-1] in ".!?" else f"{plain}."


def kind_of(finding: Finding) -> str:
    """The kind of a finding, ``good`` where all is well."""
    return finding.kind if finding.weight >= GOOD or finding.kind == "feature" else "good"


def lines(association: Association) -> list[str]:
    """The main results, those over speakers first, a line each."""
    found = [association.evidence(unit) for unit in UNITS]
    return [
        f"Over {test.unit}: {clean(test.line)}{_remark(test, '; ')}." for test in found if test is not None
    ]


def _remark(test: Evidence, before: str = "") -> str:
    """Which categories differ most, why there is doubt."""
    parts = [test.detail] if test.detail and not missing(test.effect) else []
    if test.note and test.note not in test.line:
        parts.append(test.note)
    return before + clean("; ".join(parts)) if parts else ""


def statistics(tested: Sequence[Association], within: bool = False) -> Table | None:
    """A row a test, those over speakers before those over samples; None where nothing was tested.

    Args:
        tested: the associations
        within: the tests within single categories, instead of those over all samples
    """
    rows = []
    for association in tested:
        tests = [test for test in association.tests if bool(test.within) == within]
        for test in sorted(tests, key=lambda test: UNITS.index(test.unit)):
            rows.append([
                told(association), f"{count(test.n)} {test.unit}", _named(test), _size(test), short_p(test.p),
                short_p(test.p_corrected), shortened(_remark(test) or clean(test.note), LONGEST),
            ])  # fmt: skip
    head = ["what", "counted", "test", "how strong", "p", "p corrected", "remark"]
    return Table(head, rows, words=[1, 2, 3, 6]) if rows else None


def _named(test: Evidence) -> str:
    """The test with its statistic, where it has one."""
    name, comma, rest = clean(test.test).partition(",")
    return name + ("" if missing(test.statistic) else f" = {number(test.statistic)}") + comma + rest


def _size(test: Evidence) -> str:
    if missing(test.effect):
        return NONE
    return f"{clean(test.effect_name)} {number(test.effect)}" + (f" ({test.size})" if test.size else "")


def ranked(ranking: FeatureRanking, most: int = 30) -> Table:
    """The best features with their importances and tests."""
    frame = ranking.table.iloc[:most]
    columns = [name for name in frame.columns if name not in (*LEFT_OUT, "rank")]
    head = ["feature", "rank", *(TITLES.get(str(name), clean(name)) for name in columns)]
    rows = []
    for place, (name, row) in enumerate(frame.iterrows(), start=1):
        rank = number(row["rank"]) if "rank" in frame and row["rank"] % 1 else count(row.get("rank", place))
        cells = [_cell(str(column), row[column]) for column in columns]
        rows.append([clean(name), rank, *cells])
    words = [place for place, name in enumerate(columns, start=2) if name in ("test", "effect_name")]
    return Table(head, rows, words=words)


def _cell(column: str, value: object) -> str:
    if column.startswith("p_") or column == "p":
        return short_p(value)  # type: ignore[arg-type]
    return count(value) if column == "n" else cell(value)


def suspicious(frame: pd.DataFrame, most: int = 50) -> Table:
    """A row a reason and recording."""
    rows = []
    for (file, start, end), mine in _recordings(frame)[:most]:
        name = file.replace("\\", "/").rsplit("/", 1)[-1]
        part = f"{start:.2f} to {end:.2f} s" if start or end is None else ""
        why = "; ".join(f"{clean(row['reason'])} ({clean(row['detail'])})" for row in mine)
        rows.append([clean(name), part if end is not None else "", shortened(why, LONGEST)])
    return Table(["file", "part", "why"], rows, words=[1, 2])


def _recordings(frame: pd.DataFrame) -> list[tuple[tuple[str, float, float | None], list[dict]]]:
    """Each recording once, in the order of the table, with its rows."""
    found: dict[tuple[str, float, float | None], list[dict]] = {}
    for row in frame.to_dict("records"):
        found.setdefault(segment_of(row), []).append(row)
    return list(found.items())


def segment_of(row: dict) -> tuple[str, float, float | None]:
    """File, start and end of a row of suspicious recordings, in seconds; no end: to the end of the file."""
    start, end = (_seconds(row[name]) for name in ("start", "end"))
    return str(row["file"]), start or 0.0, end


def _seconds(value: object) -> float | None:
    if missing(value):
        return None
    return float(value.total_seconds()) if hasattr(value, "total_seconds") else float(value)  # type: ignore[arg-type]


def recordings(
    frame: pd.DataFrame | None,
) -> list[tuple[tuple[str, float, float | None], list[tuple[str, str]]]]:
    """Each suspicious recording once: where it is, and its reasons with their details."""
    if frame is None:
        return []
    return [
        (segment, [(clean(row["reason"]), clean(row["detail"])) for row in mine])
        for segment, mine in _recordings(frame)
    ]
