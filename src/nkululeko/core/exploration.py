"""What exploring data found: plain values that the rooms make, plots draw and the report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["samples", "speakers"]
#: the columns of :attr:`Exploration.suspicious`
SUSPICIOUS = ["file", "start", "end", "reason", "detail"]


@dataclass(frozen=True)
class Variable:
    """One column of the samples, as it is looked at.

    Args:
        name: of the column
        kind: ``category`` or ``number``
        values: a row a sample; text for categories, floats for numbers; missing values stay missing
        levels: the categories in order; empty for numbers
        note: what was done to it, or is odd about it, e.g. that only the most frequent categories are shown
    """

    name: str
    kind: Literal["category", "number"]
    values: pd.Series
    levels: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_category(self) -> bool:
        """Whether its values are names, not numbers."""
        return self.kind == "category"


@dataclass(frozen=True)
class Evidence:
    """A statistical test of whether two variables are related, and how strongly.

    Args:
        unit: what was counted: ``samples``, as if they were independent, or ``speakers``
        name: of the test, with what was done to speakers after a comma, e.g. ``chi-square, speakers permuted``
        statistic: its value
        p: the chance of so much or more where nothing is related; NaN: undefined
        effect_name: of the effect size, e.g. ``Cramer's V``
        effect: how strong; NaN: undefined
        n: how many samples or speakers
        detail: more on the effect, e.g. the pair of categories that differs most
        note: why there is no result, or why it is doubtful
        p_corrected: for the number of tests in the exploration; NaN: not yet, or undefined
        df: degrees of freedom; NaN: the test has none
        within: of which samples, e.g. ``emotion = anger``; empty: of all
        pair: of categories and a number: the two categories whose means lie furthest apart, the higher one first
        pair_d: their distance, Cohen's d; NaN: undefined
    """

    unit: Unit
    name: str
    statistic: float
    p: float
    effect_name: str
    effect: float
    n: int
    detail: str = ""
    note: str = ""
    p_corrected: float = float("nan")
    df: float = float("nan")
    within: str = ""
    pair: tuple[str, ...] = ()
    pair_d: float = float("nan")

    @property
    def size(self) -> str:
        """How large the effect is, in a word: ``negligible``, ``small``, ``medium``, ``large``; empty: unknown."""
        return effect_size(self.effect_name, self.effect)

    @property
    def test(self) -> str:
        """The test's name with its degrees of freedom, e.g. ``chi-square(6), speakers permuted``."""
        if isnan(self.df):
            return self.name
        name, comma, rest = self.name.partition(",")
        return f"{name}({self.df:g}){comma}{rest}"

    @property
    def line(self) -> str:
        """The result in one line, for a plot's title.

        Example:
            >>> Evidence("samples", "chi-square", 12.31, 0.0557, "Cramer's V", 0.152, 535, df=6).line
            "chi-square(6) = 12.3, p = .056, Cramer's V = .15 (small), n = 535"
        """
        if isnan(self.p) and isnan(self.effect):
            return f"no test of {self.unit}" + (f": {self.note}" if self.note else "")
        name, comma, rest = self.test.partition(",")
        parts = [] if isnan(self.statistic) else [f"{name} = {_statistic(self.statistic)}{comma}{rest}"]
        if not isnan(self.p):
            corrected = _p(self.p_corrected).removeprefix("= ")
            parts.append(f"p {_p(self.p)}" + ("" if isnan(self.p_corrected) else f" (corrected {corrected})"))
        if self.name.startswith(self.effect_name) and parts:  # a correlation is its own effect size
            parts[0] = f"{name} = {_effect(self.effect_name, self.effect)}{comma}{rest}"
        elif not isnan(self.effect) and self.effect_name != COHENS_D:
            parts.append(f"{self.effect_name} = {_effect(self.effect_name, self.effect)}")
        if not isnan(self.pair_d):
            parts.append(f"{COHENS_D} = {_effect(COHENS_D, self.pair_d, ' above '.join(self.pair))}")
        parts.append(f"n = {self.n}" + (" speakers" if self.unit == "speakers" else ""))
        return ", ".join(parts)


COHENS_D = "Cohen's d"
#: from where on an effect is small, medium, large; rules of thumb: Cohen, "Statistical power analysis for the
#: behavioral sciences", 1988
EFFECT_SIZES: Mapping[str, tuple[float, float, float]] = {
    COHENS_D: (0.2, 0.5, 0.8),
    "Cramer's V": (0.1, 0.3, 0.5),
    "eta squared": (0.01, 0.06, 0.14),
    "Pearson's r": (0.1, 0.3, 0.5),
    "Spearman's rho": (0.1, 0.3, 0.5),
    "repeated-measures r": (0.1, 0.3, 0.5),
    "rank-biserial r": (0.1, 0.3, 0.5),
    "Kendall's W": (0.1, 0.3, 0.5),
}


def effect_size(name: str, value: float) -> str:
    """How large an effect is, in a word; empty where its kind is not known, or it is undefined.

    Args:
        name: of the effect size, e.g. ``Cohen's d``
        value: of either sign

    Example:
        >>> effect_size("Cohen's d", -0.6)
        'medium'
    """
    if name not in EFFECT_SIZES or isnan(value):
        return ""
    reached = sum(abs(value) >= limit for limit in EFFECT_SIZES[name])
    return ("negligible", "small", "medium", "large")[reached]


def _p(p: float) -> str:
    """A p-value without its zero, and how it stands to p, e.g. ``= .056``."""
    if p < 0.001:
        return "< .001"
    return "= " + (f"{p:.3f}".removeprefix("0") if p < 0.9995 else "1")


def _statistic(value: float) -> str:
    decimals = 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:.{decimals}f}"


def _effect(name: str, value: float, of: str = "") -> str:
    """Two decimals, without the zero where the value cannot be larger than 1; and how large that is, and of what."""
    text = f"{value + 0.0:.2f}"
    if name != COHENS_D and abs(value) < 0.995:
        text = text.replace("0.", ".", 1)
    words = "; ".join(part for part in (effect_size(name, value), of) if part)
    return f"{text} ({words})" if words else text


@dataclass(frozen=True)
class Association:
    """Two variables side by side: a column and the target, or two columns.

    Args:
        name: stem of the picture's name, e.g. ``emotion_gender``
        x: what may explain
        y: what is explained, usually the target
        group: the target, where both others are columns; None where ``y`` is the target
        tests: over samples, and over speakers where they are known and some have several samples; the main one of
            each first, those within a category of ``group`` last
        samples: a row a sample with both values, on the index of the samples: columns ``x``, ``y``, ``group`` where
            there is one (may be missing), ``speaker`` where known (may be missing)
        speakers: the same by speakers, columns ``speaker``, ``x``, ``y`` (and ``group``); None where they are not
            known. Two categories: a row a speaker and combination, so that counting rows counts the speakers who have
            it. A category and a number: a row a speaker and category with the mean of the speaker's numbers of this
            category. Two numbers: a row a speaker with the means of both. A category as ``group`` divides the rows
            further, a number is averaged
        notes: what the reader should know, a line each
    """

    name: str
    x: Variable
    y: Variable
    group: Variable | None
    tests: tuple[Evidence, ...]
    samples: pd.DataFrame
    speakers: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def evidence(self, unit: Unit) -> Evidence | None:
        """The main test over samples or over speakers."""
        return next((test for test in self.tests if test.unit == unit and not test.within), None)


@dataclass(frozen=True)
class FeatureRanking:
    """Which features carry the target.

    Args:
        table: a row a feature, the best first: ``rank`` (1 is best); for each way to rank, e.g. ``tree``, ``xgb``,
            ``tree permutation``, ``xgb shap``, its importance (not negative; adds up to 1); ``test``, ``statistic``,
            ``p``, ``p_corrected`` (over all features), ``effect_name``, ``effect``, ``n``; ``p_speakers``,
            ``p_speakers_corrected`` where speakers are known. The index is the feature's name
        ways: the names of the importance columns; empty: the features were ranked by their effect sizes
        values: the best features of each sample, on the segmented index, columns in the order of ``table``
        correlation: Spearman's correlation of the best features, square; both axes in the same, clustered order
        tree: a decision tree as nested nodes, see :class:`Node`; None: not asked for
        notes: what the reader should know, a line each
    """

    table: pd.DataFrame
    ways: tuple[str, ...]
    values: pd.DataFrame
    correlation: pd.DataFrame
    tree: Node | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """One node of a decision tree.

    Args:
        samples: how many there are
        counts: samples of each class, by label; empty for regression
        value: the mean of the target; NaN for classes
        feature: on which it is divided; empty: a leaf
        threshold: samples with a value of at most this go left
        left: those
        right: the others
    """

    samples: int
    counts: Mapping[str, int]
    value: float = float("nan")
    feature: str = ""
    threshold: float = float("nan")
    left: Node | None = None
    right: Node | None = None


@dataclass(frozen=True)
class FeatureMap:
    """The samples as points: alike features stand close together.

    Args:
        method: ``tsne``, ``umap`` or ``pca``
        points: columns ``x``, ``y`` and, in three dimensions, ``z``, on the index of the samples that are shown
        colours: what colours them: the target first; with all samples' values
        axes: what the axes mean, e.g. ``PC 1 (31 %)``; empty: nothing
        note: e.g. that only some of the samples are shown
    """

    method: str
    points: pd.DataFrame
    colours: tuple[Variable, ...]
    axes: tuple[str, ...] = ()
    note: str = ""

    @property
    def dimensions(self) -> int:
        """2 or 3."""
        return self.points.shape[1]


@dataclass(frozen=True)
class Finding:
    """One sentence of the overview.

    Args:
        kind: ``association``, ``confound``, ``imbalance``, ``recording`` or ``feature``
        text: for a person who knows speech, not statistics
        weight: 0..1, how much it matters; the weightiest stand first
        link: name of the association, or of the part of the page, that shows it
    """

    kind: Literal["association", "confound", "imbalance", "recording", "feature"]
    text: str
    weight: float
    link: str = ""


@dataclass(frozen=True)
class Exploration:
    """All that an exploration found, ready to be drawn, shown and written.

    Args:
        name: the experiment's name
        target: the predicted column
        selection: which samples: ``all``, ``train``, ``dev``, ``test``
        samples: a row a sample: what the data bring, ``database``, ``split``, ``duration`` (s)
        speakers: how many; None: not known
        associations: in the order in which they were asked for
        ranking: of the features; None: there are none, or it was not asked for
        pairs: what ``regplot`` asks for: associations of two numbers
        shown: what ``plot_features`` asks for: associations of a feature with the target
        maps: of the features
        suspicious: a row a reason and sample: the columns of :data:`SUSPICIOUS`
        findings: the weightiest first
        notes: what the user should know, a line each
        warnings: what the user must know, a line each
        provenance: resolved configuration, versions, fingerprints, seed, times
        folder: the run's folder
    """

    name: str
    target: Variable
    selection: str
    samples: pd.DataFrame
    speakers: int | None
    associations: Sequence[Association] = ()
    ranking: FeatureRanking | None = None
    pairs: Sequence[Association] = ()
    shown: Sequence[Association] = ()
    maps: Sequence[FeatureMap] = ()
    suspicious: pd.DataFrame | None = None
    findings: Sequence[Finding] = ()
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def report(self) -> Path:
        """Path of the page."""
        return self.folder / "explore.html"
