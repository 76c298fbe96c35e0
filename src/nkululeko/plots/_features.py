"""What is written about a feature: its rank and its statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nkululeko.plots import _style
from nkululeko.plots._page import p_text

if TYPE_CHECKING:
    from nkululeko.core.exploration import FeatureRanking


def known(row: Any, column: str) -> float:
    """A number of a table's row; NaN where it is missing."""
    value = row.get(column)
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def lines(ranking: FeatureRanking, name: str) -> list[str]:
    """The statistics of a feature over samples, and over speakers where they are known.

    Args:
        ranking: of the features
        name: of one
    """
    if name not in ranking.table.index:
        return []
    row = ranking.table.loc[name]
    effect = known(row, "effect")
    words = [f"rank {known(row, 'rank'):.0f} of {len(ranking.table)}"]
    if effect == effect:
        words.append(f"{row.get('effect_name')} {_style.number(effect)}")
    p, corrected = known(row, "p"), known(row, "p_corrected")
    if corrected == corrected:
        words.append(f"{p_text(corrected)}, corrected for all features ({row.get('test')})")
    elif p == p:
        words.append(f"{p_text(p)} ({row.get('test')})")
    found = ["; ".join(words)]
    speakers = known(row, "p_speakers_corrected")
    if speakers == speakers:
        found.append(f"over speakers: {p_text(speakers)}, corrected for all features")
    return found


def best(ranking: FeatureRanking, most: int) -> list[str]:
    """The features whose values are there, the best first."""
    return [name for name in ranking.table.index if name in ranking.values.columns][:most] or list(
        ranking.values.columns[:most]
    )
