"""Tests of whether two columns are related, where each row stands for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nkululeko.core.exploration import COHENS_D, Evidence, Unit, Variable
from nkululeko.exploration._effects import cramers_v, eta_squared, largest_difference

#: so many tables with the same margins are drawn where chi-square's own distribution does not hold
RANDOM_TABLES = 9999
#: the least number of values in each group for which the distribution of Kruskal and Wallis's H is known well
FEW = 5
NAN = float("nan")


@dataclass(frozen=True)
class Column:
    """The values of a variable, as tests need them.

    Args:
        name: of the variable
        values: codes 0..k-1 of the categories, -1 where missing, or numbers, NaN where missing, shape ``(n,)``
        levels: the categories; empty for numbers
    """

    name: str
    values: np.ndarray
    levels: tuple[str, ...] = ()

    @classmethod
    def of(cls, variable: Variable) -> Column:
        """From a variable."""
        if not variable.is_category:
            return cls(variable.name, variable.values.to_numpy(dtype=float))
        import pandas as pd

        codes = pd.Index(variable.levels).get_indexer(variable.values)
        return cls(variable.name, np.asarray(codes, dtype=np.intp), variable.levels)

    @property
    def is_category(self) -> bool:
        """Whether its values are codes of categories."""
        return self.values.dtype.kind == "i"

    @property
    def known(self) -> np.ndarray:
        """Which values are not missing, shape ``(n,)``."""
        return self.values >= 0 if self.is_category else ~np.isnan(self.values)

    def take(self, rows: np.ndarray) -> Column:
        """Some rows of it, with the categories that they have."""
        values = self.values[rows]
        if not self.is_category:
            return Column(self.name, values)
        present = np.unique(values[values >= 0])
        codes = np.where(values >= 0, np.searchsorted(present, values), -1)
        return Column(self.name, codes.astype(np.intp), tuple(self.levels[place] for place in present))

    @property
    def varies(self) -> bool:
        """Whether there are two different values."""
        known = self.values[self.known]
        return len(known) > 0 and bool(np.any(known != known[0]))


def relate(x: Column, y: Column, unit: Unit, seed: int) -> list[Evidence]:
    """The tests that fit two columns, without missing values, the main one first.

    Two categories: chi-square. A category and a number: Mann and Whitney's test for two categories, Kruskal and
    Wallis's for more. Two numbers: Pearson's and Spearman's correlation.

    Args:
        x: the one
        y: the other, of as many rows
        unit: what a row is
        seed: of random tables
    """
    why = nothing_to_test(x, y, unit)
    if why:
        return [no_evidence(x, y, unit, why)]
    if x.is_category and y.is_category:
        return [chi_square(x, y, unit, seed)]
    if x.is_category:
        return [_of_groups(x, y, unit)]
    if y.is_category:
        return [_of_groups(y, x, unit)]
    return _of_numbers(x, y, unit)


def nothing_to_test(x: Column, y: Column, unit: Unit) -> str:
    """Why two columns cannot be tested; empty: they can."""
    if not len(x.values):
        return f"no {unit} with both {x.name} and {y.name}"
    for column in (x, y):
        if not column.varies:
            return f"{column.name} has only one value here"
    return f"only {len(x.values)} {unit}" if len(x.values) < 3 else ""


def no_evidence(x: Column, y: Column, unit: Unit, why: str) -> Evidence:
    """What stands in the place of a test that cannot be made."""
    if x.is_category != y.is_category:
        groups = len((x if x.is_category else y).levels)
        name, effect = ("Mann-Whitney U", COHENS_D) if groups == 2 else ("Kruskal-Wallis H", "eta squared")
    else:
        name, effect = ("chi-square", "Cramer's V") if x.is_category else ("Pearson's r", "Pearson's r")
    return Evidence(unit, name, NAN, NAN, effect, NAN, len(x.values), note=why)


def counts(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How often each pair of codes occurs, shape ``(k, l)``."""
    shape = int(x.max()) + 1, int(y.max()) + 1
    return np.bincount(x * shape[1] + y, minlength=shape[0] * shape[1]).reshape(shape)


def expected(table: np.ndarray) -> np.ndarray:
    """The counts that the margins of a table, or of many, lead to expect, shape as given."""
    rows, columns = table.sum(axis=-1, keepdims=True), table.sum(axis=-2, keepdims=True)
    return rows * columns / np.maximum(table.sum(axis=(-1, -2), keepdims=True), 1)


def chi_square_of(table: np.ndarray) -> np.ndarray:
    """Pearson's chi-square of a table, or of many, shape ``(..., k, l)`` to ``(...)``; empty margins count nothing."""
    ideal = expected(table)
    return np.sum((table - ideal) ** 2 / np.where(ideal > 0, ideal, 1), axis=(-1, -2))


def chi_square(x: Column, y: Column, unit: Unit, seed: int) -> Evidence:
    """Pearson's chi-square test of two categories, without Yates's correction, with Cramer's V.

    Where more than a fifth of the expected counts are below 5 (Cochran's rule), its distribution does not hold: then
    p is Fisher's exact one (of two by two categories), or the share of random tables with the same margins whose
    chi-square is at least as large. Source: Patefield, "An efficient method of generating random R x C tables", 1981.
    """
    from scipy import stats

    table = counts(x.values, y.values)
    ideal = expected(table)
    statistic = float(chi_square_of(table))
    df = (table.shape[0] - 1) * (table.shape[1] - 1)
    name, p = "chi-square", float(stats.chi2.sf(statistic, df))
    note = ""
    if np.mean(ideal < 5) > 0.2:
        note = "many expected counts are below 5"
        if table.shape == (2, 2):
            name, p = "chi-square, Fisher's exact test", float(stats.fisher_exact(table)[1])
        else:
            name = "chi-square, by random tables"
            drawn = stats.random_table(table.sum(axis=1), table.sum(axis=0)).rvs(
                RANDOM_TABLES, random_state=np.random.default_rng(seed)
            )
            p = share_as_extreme(chi_square_of(drawn), statistic)
    n = int(table.sum())
    detail = most_above(table, x.levels, y.levels, unit)
    return Evidence(
        unit, name, statistic, p, "Cramer's V", cramers_v(statistic, table), n, detail, note, df=df
    )


def most_above(table: np.ndarray, x: Sequence[str], y: Sequence[str], unit: Unit) -> str:
    """The combination that is most frequent against what is expected, in words."""
    ideal = expected(table)
    excess = (table - ideal) / np.sqrt(np.where(ideal > 0, ideal, 1))
    i, j = np.unravel_index(excess.argmax(), table.shape)
    if excess[i, j] < 0.01:
        return ""
    return f"most above chance: {x[i]} with {y[j]}, {table[i, j]} {unit}, {ideal[i, j]:.1f} expected"


def share_as_extreme(drawn: np.ndarray, found: float) -> float:
    """The p-value of a permutation test; never 0, as what was found counts as one of those drawn.

    Source: Phipson and Smyth, "Permutation p-values should never be zero", 2010.
    """
    as_extreme = int(np.sum(drawn >= found - 1e-9 * abs(found)))  # equal but for rounding is equal
    return (as_extreme + 1) / (len(drawn) + 1)


def with_difference(test: Evidence, groups: Column, numbers: Column) -> Evidence:
    """The same with the pair of categories that differs most; its Cohen's d is the effect where there is no other."""
    found = largest_difference(groups.values, numbers.values)
    if found is None:
        return test
    pair = groups.levels[found.high], groups.levels[found.low]
    detail = (
        f"largest difference: {pair[0]} (mean {found.mean_high:.4g}) against {pair[1]} (mean {found.mean_low:.4g}), "
        f"{COHENS_D} = {found.d:.2f}"
    )
    effect = found.d if test.effect_name == COHENS_D else test.effect
    return replace(test, effect=effect, detail=detail, pair=pair, pair_d=found.d)


def _of_groups(groups: Column, numbers: Column, unit: Unit) -> Evidence:
    """Mann and Whitney's or Kruskal and Wallis's test, with the largest Cohen's d."""
    from scipy import stats

    parts = [numbers.values[groups.values == code] for code in range(len(groups.levels))]
    single = [level for level, part in zip(groups.levels, parts, strict=True) if len(part) == 1]
    note = f"only one of the {unit}: {', '.join(single[:5])}" if single else ""
    n, k = len(numbers.values), len(parts)
    if k == 2:
        found = stats.mannwhitneyu(*parts, alternative="two-sided")
        test = Evidence(unit, "Mann-Whitney U", float(found.statistic), float(found.pvalue), COHENS_D, NAN, n)
    else:
        found = stats.kruskal(*parts)
        h = float(found.statistic)
        effect = eta_squared(h, k, n)
        test = Evidence(unit, "Kruskal-Wallis H", h, float(found.pvalue), "eta squared", effect, n, df=k - 1)
    return with_difference(replace(test, note=note), groups, numbers)


def _of_numbers(x: Column, y: Column, unit: Unit) -> list[Evidence]:
    """Pearson's and Spearman's correlation."""
    from scipy import stats

    n = len(x.values)
    r = stats.pearsonr(x.values, y.values)
    slope = r.statistic * y.values.std() / x.values.std()
    detail = f"{y.name} changes by {slope:.3g} with each 1 of {x.name}"
    rho = stats.spearmanr(x.values, y.values)
    return [
        Evidence(
            unit,
            name,
            float(found.statistic),
            float(found.pvalue),
            name,
            float(found.statistic),
            n,
            more,
            df=n - 2,
        )
        for name, found, more in (("Pearson's r", r, detail), ("Spearman's rho", rho, ""))
    ]
