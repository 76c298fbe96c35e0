"""What ``nkululeko auto`` tried, as a part of the report and as lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.report.sheet_blocks import Block, Shown
from nkululeko.report.tables import Table
from nkululeko.report.text import clean, number, percent, plural

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.result import Result

#: rows of the table before the rest is folded
MOST = 15


def blocks(result: Result) -> dict[str, Block]:
    """The part by its name, ``tried``; nothing for other commands."""
    if result.tried is None:
        return {}
    table = result.tried
    members, fitted = table[table["weight"] > 0], int(table["value"].notna().sum())
    label = clean(result.headline.label)
    lines = [
        f"{fitted} of {plural(len(table), 'candidate')} were fitted; {plural(len(members), 'model')} "
        f"{'answer' if len(members) > 1 else 'answers'} together: {_weights(members)}.",
        f"The {label} in this table is that on the data on which the choice was made. Of many candidates the best "
        "is partly best by chance, so its figure there is too good; the figures of this report are of speakers who had "
        "no say in the choice.",
    ]
    if (members["scale"] == "speaker").any():
        lines.append(
            "Scale speaker takes each feature relative to all recordings of its speaker, those to be predicted "
            "included; their labels are not used. To predict a new voice, several recordings of it are needed."
        )
    first, rest = _table(table.iloc[:MOST], label), _table(table.iloc[MOST:], label)
    shown = [Shown(first, "Candidates, the best first")]
    more = [Shown(rest, f"The other {plural(len(table) - MOST, 'candidate')}")] if len(table) > MOST else []
    return {"tried": Block("tried", "What was tried?", lines=lines, tables=shown, more=more)}


def lines(result: Result) -> list[str]:
    """Who answers together, for the terminal."""
    if result.tried is None:
        return []
    members = result.tried[result.tried["weight"] > 0]
    fitted = int(result.tried["value"].notna().sum())
    return [f"tried {fitted} of {len(result.tried)} candidates; together answer {_weights(members)}"]


def _weights(members: pd.DataFrame) -> str:
    ordered = members.sort_values("weight", ascending=False, kind="stable")
    return "; ".join(
        f"{percent(row['weight'], 1)} {clean(row['features'])}, scale {clean(row['scale'])}, {clean(row['model'])}"
        for row in ordered.to_dict("records")
    )


def _table(rows: pd.DataFrame, label: str) -> Table:
    cells = [
        [
            clean(row["features"]), clean(row["scale"]), clean(row["model"]), number(row["value"]),
            percent(row["weight"], 1) if row["weight"] else "", number(row["seconds"]), clean(row["note"]),
        ]
        for row in rows.to_dict("records")
    ]  # fmt: skip
    head = ["features", "scale", "model", label, "weight", "seconds", ""]
    return Table(head, cells, words=[0, 1, 2, 6])
