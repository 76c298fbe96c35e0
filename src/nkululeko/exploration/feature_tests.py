"""Which features carry the target: a test of each, and the ranking that is made of the tests or of importances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np
import pandas as pd

from nkululeko.core.correction import benjamini_hochberg
from nkululeko.core.exploration import FeatureRanking, Node, Variable
from nkululeko.exploration._by_feature import (
    ByFeature,
    anova,
    anova_within,
    correlation_within,
    means_of,
    pearson,
)
from nkululeko.exploration._speaker_tests import steady
from nkululeko.exploration._tests import Column

#: so many values at a time: memory does not grow with the number of features
BLOCK = 4_000_000
#: so many pairs of values are enough for a correlation that is only looked at
PAIRS = 100_000_000
#: so many features are named in a note
NAMED = 3
#: the columns of the tests that say how it was tested; they become notes
_WORDS = ["test_speakers", "note"]


def feature_tests(
    features: pd.DataFrame, target: Variable, speakers: pd.Series | None = None
) -> pd.DataFrame:
    """A test of each feature: does it differ between the target's categories, or change with the target's numbers?

    Over samples: one-way analysis of variance with eta squared, or Pearson's r. Over speakers, where each counts but
    once: where the target belongs to the speaker, the same with the mean of each speaker; where it changes within
    speakers, analysis of variance with repeated measures of the means of each speaker's categories, or
    repeated-measures correlation. Both p-values are corrected for the number of features (Benjamini and Hochberg
    1995). Missing values of a feature are left out for this feature alone.

    Args:
        features: a row a sample
        target: of the same samples
        speakers: who speaks, missing where not known; None: not known at all

    Returns:
        a row a feature: ``test``, ``statistic``, ``p``, ``p_corrected``, ``effect_name``, ``effect``, ``n``, ``note``
        (why there is no result); where speakers are known, ``p_speakers``, ``p_speakers_corrected``, ``test_speakers``

    Example:
        >>> features = pd.DataFrame({"f0": [100.0, 120, 210, 200], "noise": [1.0, 2, 1, 2]})
        >>> sex = Variable("sex", "category", pd.Series(["m", "m", "f", "f"]), ("f", "m"))
        >>> feature_tests(features, sex)[["statistic", "effect"]].round(2).T.to_dict()
        {'f0': {'statistic': 72.2, 'effect': 0.97}, 'noise': {'statistic': 0.0, 'effect': 0.0}}
    """
    column = Column.of(target)
    rows = np.flatnonzero(column.known)
    shown = column.take(rows)
    found = _in_blocks(features, rows, lambda block: _of_samples(block, shown), len(rows))
    table = pd.DataFrame(
        {
            "test": "ANOVA F" if shown.is_category else "Pearson's r",
            "statistic": found.statistic, "p": found.p, "p_corrected": benjamini_hochberg(found.p.tolist()),
            "effect_name": "eta squared" if shown.is_category else "Pearson's r", "effect": found.effect,
            "n": found.n.astype(int),
        },
        index=features.columns,
    )  # fmt: skip
    if speakers is not None:
        codes, _ = pd.factorize(speakers)
        known = rows[codes[rows] >= 0]
        p, how = _over_speakers(features, column, known, codes)
        table["p_speakers"], table["p_speakers_corrected"] = p, benjamini_hochberg(p.tolist())
        table["test_speakers"] = how
    table["note"] = np.where(found.constant, "the same in all samples", "")
    table.loc[~found.constant & np.isnan(found.p), "note"] = "too few values"
    return table


def make_ranking(
    tests: pd.DataFrame,
    importances: pd.DataFrame | None,
    features: pd.DataFrame,
    max_feats: int,
    tree: Node | None = None,
    notes: Sequence[str] = (),
) -> FeatureRanking:
    """The features in order, the best first: by the importances' ranks, or by effect size where there are none.

    Args:
        tests: from :func:`feature_tests`
        importances: from :func:`nkululeko.learning.ranking.rank`: a row a feature, a column a way to rank, and
            ``rank``; None, or without a way: none
        features: a row a sample, on the segmented index
        max_feats: how many features are drawn, and mapped against each other
        tree: a small decision tree
        notes: what is to be said already
    """
    ways = [] if importances is None else [name for name in importances if name != "rank"]
    if importances is not None and ways:
        order = importances["rank"].reindex(tests.index).to_numpy()
    else:
        order = -tests["effect"].abs().to_numpy()
    best = tests.index[np.argsort(order, kind="stable")]  # NaN last
    table = tests.loc[best].drop(columns=_WORDS, errors="ignore")
    for place, way in enumerate(ways):
        assert importances is not None
        table.insert(place, way, importances.loc[best, way])
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    values = features[list(best[:max_feats])]
    correlation, sampled = clustered_correlation(values)
    said = [*notes, *_notes(tests, len(features)), *([sampled] if sampled else [])]
    return FeatureRanking(table, tuple(ways), values, correlation, tree, tuple(dict.fromkeys(said)))


def clustered_correlation(values: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Spearman's correlation of the columns, those that go together (in either direction) beside each other.

    The order is that of the leaves of a tree: clusters joined by their average distance, 1 - |rho|.

    Args:
        values: a row a sample

    Returns:
        square, both axes in the same order; and a note where not all samples were used
    """
    note, count = "", values.shape[1]
    most = max(1000, PAIRS // max(count**2, 1))
    if len(values) > most:
        values = values.iloc[np.arange(most) * len(values) // most]
        note = f"the correlations of features are those of {most} samples"
    with np.errstate(divide="ignore", invalid="ignore"):
        found = values.replace([np.inf, -np.inf], np.nan).corr(method="spearman")
    if count < 3:
        return found, note
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distance = 1 - np.abs(np.nan_to_num(found.to_numpy()))
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(np.maximum(distance, 0.0), checks=False), "average", optimal_ordering=True)
    names = found.columns[leaves_list(tree)]
    return found.loc[names, names], note


def _of_samples(block: np.ndarray, target: Column) -> ByFeature:
    return anova(block, target.values) if target.is_category else pearson(block, target.values)


def _over_speakers(
    features: pd.DataFrame, target: Column, rows: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, str]:
    """The p-value of each feature over speakers, and how it was found.

    Args:
        features: a row a sample
        target: of all samples
        rows: those of which target and speaker are known
        codes: each sample's speaker
    """
    none = np.full(features.shape[1], np.nan)
    speakers, who = np.unique(codes[rows], return_inverse=True)
    if len(speakers) < 2:
        return none, "no test over speakers: there are fewer than two"
    shown = target.take(rows)
    of_speaker, odd = steady(shown, who)
    if of_speaker is not None:
        means = _in_blocks(
            features, rows, lambda block: _of_samples(means_of(block, who), of_speaker), len(rows)
        )
        name = "analysis of variance" if shown.is_category else "Pearson's r"
        how = f"p over speakers: each of {len(speakers)} speakers counts once, with the mean of each feature ({name})"
        value = "most frequent value" if shown.is_category else "median"
        return means.p, how + (
            f"; {odd} have several values of the target: their {value} was taken" if odd else ""
        )
    if not shown.is_category:
        found = _in_blocks(
            features, rows, lambda block: correlation_within(block, shown.values, who), len(rows)
        )
        return found.p, _WITHIN.format(len(speakers), "repeated-measures correlation")
    k = len(shown.levels)
    cells, where = np.unique(who * k + shown.values, return_inverse=True)

    def within(block: np.ndarray) -> ByFeature:
        grid = np.full((len(speakers) * k, block.shape[1]), np.nan)
        grid[cells] = means_of(block, where)
        return anova_within(grid.reshape(len(speakers), k, -1))

    found = _in_blocks(features, rows, within, max(len(rows), len(speakers) * k))
    return found.p, _WITHIN.format(len(speakers), "analysis of variance with repeated measures")


_WITHIN = "p over speakers: each of {} speakers is compared with no one but themselves ({})"


def _in_blocks(
    features: pd.DataFrame, rows: np.ndarray, test: Callable[[np.ndarray], ByFeature], height: int
) -> ByFeature:
    """The tests of all features, some columns at a time.

    Args:
        features: a row a sample
        rows: the samples that take part
        test: of a block of shape ``(rows, some features)``
        height: rows of the largest array that the test makes
    """
    width = max(1, BLOCK // max(height, 1))
    parts = []
    for first in range(0, features.shape[1], width):
        block = features.iloc[:, first : first + width].to_numpy(dtype=np.float64)[rows]
        parts.append(
            test(np.where(np.isfinite(block), block, np.nan))
            if len(rows)
            else ByFeature.unknown(block.shape[1])
        )
    if not parts:
        return ByFeature.unknown(0)
    return ByFeature(
        *(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(ByFeature))
    )


def _notes(tests: pd.DataFrame, samples: int) -> list[str]:
    """What the reader should know of the tests, a line each."""
    notes = list(dict.fromkeys(tests["test_speakers"])) if "test_speakers" in tests else []
    if "note" in tests:
        for why, group in tests[tests["note"] != ""].groupby("note", sort=False):
            verb, say = ("is", "says") if len(group) == 1 else ("are", "say")
            told = f", and {say} nothing" if why.startswith("the same") else ""
            text = f"{verb} {why}" if told else f"{'has' if len(group) == 1 else 'have'} {why} to be tested"
            notes.append(f"{_named(list(group.index))} {text}{told}")
    most = int(tests["n"].max()) if len(tests) else 0
    gaps = tests["n"][tests["n"] < most]
    if len(gaps):
        least = gaps.idxmin()
        notes.append(
            f"{len(gaps)} of {len(tests)} features lack values, which are left out; most are lacking in {least}:"
            f" {most - int(gaps[least])} of {most}"
        )
    if most < samples:
        notes.append(f"{samples - most} of {samples} samples have no target: their features are not tested")
    return notes


def _named(names: list[str]) -> str:
    if len(names) <= NAMED:
        noun = "feature " if len(names) == 1 else "features "
        return noun + ", ".join(map(str, names))
    return f"{len(names)} features (e.g. {', '.join(map(str, names[:NAMED]))})"
