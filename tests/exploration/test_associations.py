"""Tests over samples against scipy called directly; what odd data give; the table and the corrected p-values."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nkululeko.core.correction import holm
from nkululeko.core.exploration import Variable
from nkululeko.exploration.associations import (
    COLUMNS,
    ONCE,
    REPEATED,
    UNKNOWN,
    associate,
    association_table,
    with_corrected,
)
from nkululeko.exploration.variables import variable

RANDOM = np.random.default_rng(3)
N = 300
FRAME = pd.DataFrame(
    {
        "emotion": RANDOM.choice(["anger", "fear", "joy", "rest"], N, p=[0.4, 0.3, 0.2, 0.1]),
        "gender": RANDOM.choice(["f", "m"], N),
        "dialect": RANDOM.choice(list("abcde"), N),
        "age": RANDOM.integers(18, 80, N).astype(float),
    }
)
FRAME["duration"] = 2 + 0.5 * (FRAME["emotion"] == "joy") + RANDOM.gamma(2, 0.3, N) - 0.004 * FRAME["age"]
SPEAKERS = pd.Series(RANDOM.integers(0, 12, N).astype(str))


def of(name: str) -> Variable:
    return variable(FRAME, name)


def parts(number: str, category: str) -> dict[str, np.ndarray]:
    return {str(name): part.to_numpy() for name, part in FRAME.groupby(category)[number]}


def cohens_d(a: np.ndarray, b: np.ndarray) -> float:
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2)
    return (a.mean() - b.mean()) / np.sqrt(pooled)


def test_two_categories_equal_scipy():
    test = associate(of("dialect"), of("emotion"), None).tests[0]
    table = pd.crosstab(FRAME["dialect"], FRAME["emotion"]).to_numpy()
    expected = stats.chi2_contingency(table, correction=False)
    assert (test.name, test.effect_name, test.n) == ("chi-square", "Cramer's V", N)
    assert (test.statistic, test.p, test.df) == pytest.approx(
        (expected.statistic, expected.pvalue, expected.dof)
    )
    assert test.effect == pytest.approx(stats.contingency.association(table, method="cramer"))
    excess = (table - expected.expected_freq) / np.sqrt(expected.expected_freq)
    i, j = np.unravel_index(excess.argmax(), table.shape)
    assert f"{'abcde'[i]} with {sorted(set(FRAME['emotion']))[j]}, {table[i, j]} samples" in test.detail


def test_several_categories_and_a_number_equal_scipy_and_the_formula():
    test = associate(of("duration"), of("emotion"), None).tests[0]
    groups = parts("duration", "emotion")
    expected = stats.kruskal(*groups.values())
    assert (test.name, test.df) == ("Kruskal-Wallis H", 3)
    assert (test.statistic, test.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (test.effect_name, test.effect) == (
        "eta squared",
        pytest.approx((expected.statistic - 4 + 1) / (N - 4)),
    )
    d = {pair: cohens_d(groups[pair[0]], groups[pair[1]]) for pair in itertools.permutations(groups, 2)}
    pair = max(d, key=lambda each: d[each])
    assert (test.pair, test.pair_d) == (pair, pytest.approx(d[pair]))
    means = [f"{name} (mean {groups[name].mean():.4g})" for name in pair]
    assert test.detail == f"largest difference: {means[0]} against {means[1]}, Cohen's d = {d[pair]:.2f}"


@pytest.mark.parametrize(("x", "y"), [("gender", "duration"), ("duration", "gender")])
def test_two_categories_of_a_number_equal_scipy_whichever_comes_first(x, y):
    test = associate(of(x), of(y), None).tests[0]
    groups = parts("duration", "gender")
    expected = stats.mannwhitneyu(groups["f"], groups["m"])
    assert test.name == "Mann-Whitney U"
    assert (test.statistic, test.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (test.effect_name, test.effect) == (
        "Cohen's d",
        pytest.approx(abs(cohens_d(groups["f"], groups["m"]))),
    )


def test_two_numbers_equal_scipy():
    pearson, spearman = associate(of("age"), of("duration"), None).tests
    line = stats.linregress(FRAME["age"], FRAME["duration"])
    assert (pearson.effect, pearson.p) == pytest.approx((line.rvalue, line.pvalue))
    assert pearson.detail == f"duration changes by {line.slope:.3g} with each 1 of age"
    expected = stats.spearmanr(FRAME["age"], FRAME["duration"])
    assert (spearman.name, spearman.effect, spearman.p) == (
        "Spearman's rho",
        pytest.approx(expected.statistic),
        pytest.approx(expected.pvalue),
    )


def test_small_tables_by_fisher():
    x = Variable("x", "category", pd.Series(list("aaaabbbb")), ("a", "b"))
    y = Variable("y", "category", pd.Series(list("ccccdddc")), ("c", "d"))
    test = associate(x, y, None).tests[0]
    assert test.name == "chi-square, Fisher's exact test"
    assert test.p == pytest.approx(stats.fisher_exact([[4, 0], [1, 3]])[1])
    assert "below 5" in test.note


def test_sparse_tables_by_random_tables():
    random = np.random.default_rng(5)
    x, y = random.integers(0, 4, 25), random.integers(0, 3, 25)
    made = [
        Variable(
            name,
            "category",
            pd.Series(list("abcd"))[codes].reset_index(drop=True),
            tuple("abcd"[: codes.max() + 1]),
        )
        for name, codes in (("x", x), ("y", y))
    ]
    test = associate(*made, None).tests[0]
    assert test.name == "chi-square, by random tables"
    margins = np.outer(np.bincount(x), np.bincount(y)) / 25
    drawn = []
    for _ in range(4000):
        table = np.bincount(x * 3 + random.permutation(y), minlength=12).reshape(4, 3)
        drawn.append(np.sum((table - margins) ** 2 / margins))
    assert test.p == pytest.approx(np.mean(np.array(drawn) >= test.statistic - 1e-9), abs=0.03)


def test_missing_values_are_left_out_and_counted():
    frame = FRAME.assign(
        gender=FRAME["gender"].mask(FRAME.index < 30), duration=FRAME["duration"].mask(FRAME.index > 289)
    )
    found = associate(variable(frame, "gender"), variable(frame, "duration"), None)
    assert found.tests[0].n == len(found.samples) == N - 40
    assert found.notes == ("40 of 300 samples lack gender or duration and are left out", UNKNOWN)
    expected = stats.mannwhitneyu(*(part.dropna() for _, part in frame.groupby("gender")["duration"]))
    assert found.tests[0].p == pytest.approx(expected.pvalue)


def test_within_each_category_of_the_target():
    found = associate(of("age"), of("duration"), SPEAKERS, group=of("emotion"))
    within = {test.within: test for test in found.tests if test.within and test.unit == "samples"}
    assert list(within) == [f"emotion = {name}" for name in ("anger", "fear", "joy", "rest")]
    for name, part in FRAME.groupby("emotion"):
        expected = stats.pearsonr(part["age"], part["duration"])
        test = within[f"emotion = {name}"]
        assert (test.effect, test.p) == pytest.approx((expected.statistic, expected.pvalue))
        assert test.detail.startswith(f"emotion = {name}; duration changes by")
    assert len([test for test in found.tests if test.within and test.unit == "speakers"]) == 4
    assert not found.evidence("samples").within
    assert found.name == "emotion_age_duration"


def test_the_frames_that_plots_draw():
    found = associate(of("gender"), of("duration"), SPEAKERS, group=of("emotion"))
    assert list(found.samples.columns) == ["x", "y", "group", "speaker"]
    means = FRAME.assign(speaker=SPEAKERS).groupby(["speaker", "gender", "emotion"])["duration"].mean()
    rows = found.speakers.set_index(["speaker", "x", "group"])["y"]
    assert rows.sort_index().tolist() == pytest.approx(means.sort_index().tolist())

    two = associate(of("gender"), of("emotion"), SPEAKERS).speakers
    expected = FRAME.assign(speaker=SPEAKERS).drop_duplicates(["speaker", "gender", "emotion"])
    assert (
        two.groupby(["x", "y"]).size().to_dict() == expected.groupby(["gender", "emotion"]).size().to_dict()
    )

    numbers = associate(of("age"), of("duration"), SPEAKERS).speakers
    assert numbers.set_index("speaker")["y"].to_dict() == pytest.approx(
        FRAME["duration"].groupby(SPEAKERS).mean().to_dict()
    )
    assert associate(of("age"), of("duration"), None).speakers is None


def test_the_reason_for_speakers_is_told():
    assert REPEATED in associate(of("age"), of("duration"), SPEAKERS).notes
    once = associate(of("age"), of("duration"), pd.Series(range(N)).astype(str))
    assert ONCE in once.notes
    assert {test.unit for test in once.tests} == {"samples"}
    assert UNKNOWN in associate(of("age"), of("duration"), pd.Series([None] * N)).notes


def test_p_is_corrected_by_unit_and_the_second_test_of_a_question_does_not_count():
    made = [
        associate(of("age"), of("emotion"), SPEAKERS),
        associate(of("gender"), of("emotion"), SPEAKERS),
        associate(of("age"), of("duration"), SPEAKERS, group=of("emotion")),
    ]
    corrected = with_corrected(made)
    for unit in ("samples", "speakers"):
        main = [each.evidence(unit) for each in corrected]
        assert [test.p_corrected for test in main] == holm([test.p for test in main])
        within = [t for each in corrected for t in each.tests if t.within and t.unit == unit]
        assert [test.p_corrected for test in within] == holm([test.p for test in within])
    spearman = next(test for test in corrected[2].tests if test.name.startswith("Spearman"))
    assert np.isnan(spearman.p_corrected)
    assert [each.name for each in corrected] == [each.name for each in made]
    assert with_corrected([]) == []


def test_the_table_has_a_row_a_test():
    made = with_corrected([associate(of("age"), of("duration"), SPEAKERS, group=of("emotion"))])
    table = association_table(made)
    assert list(table.columns) == COLUMNS
    assert len(table) == len(made[0].tests) == 3 + 8
    first = table.iloc[0]
    assert (first["x"], first["y"], first["group"], first["unit"]) == (
        "age",
        "duration",
        "emotion",
        "samples",
    )
    assert (first["test"], first["p"]) == ("Pearson's r(298)", made[0].tests[0].p)
    assert list(association_table([]).columns) == COLUMNS


def test_names_of_pictures_are_names_of_files():
    x = Variable("F0 mean/Hz", "number", FRAME["age"])
    assert associate(x, of("emotion"), None).name == "emotion_F0-mean-Hz"


ODD = {
    "one value": pd.Series(["a"] * 6),
    "missing": pd.Series([None] * 6, dtype=object),
    "one of its kind": pd.Series(list("aaaaab")),
    "names": pd.Series(list("abcdef")),
    "constant": pd.Series([2.5] * 6),
    "numbers": pd.Series([1.5, 2, 3, 1, 5, 2]),
    "no numbers": pd.Series([np.nan] * 6),
    "one number": pd.Series([1.5] + [np.nan] * 5),
    "huge": pd.Series([1e100, -1e100, 1e-100, 3, 4, 5.5]),
}
WHO = [
    None,
    pd.Series(list("ssttuu")),
    pd.Series(["s"] * 6),
    pd.Series(["s", None] * 3),
    pd.Series(list("abcdef")),
]


@pytest.mark.parametrize("one", ODD)
@pytest.mark.parametrize("two", ODD)
@pytest.mark.filterwarnings("error")
def test_odd_data_are_no_error(one, two):
    frame = pd.DataFrame({"x": ODD[one], "y": ODD[two], "z": list("uvuvuv")})
    for speakers in WHO:
        made = associate(variable(frame, "x"), variable(frame, "y"), speakers, group=variable(frame, "z"))
        for test in made.tests:
            assert 0 <= test.p <= 1 or (np.isnan(test.p) and test.note), test
            assert test.line
    association_table(with_corrected([made]))


def test_500_categories_and_one_with_a_single_sample():
    frame = FRAME.assign(text=[f"text {i % 250}" for i in range(N)], rare=["x"] + ["y"] * 149 + ["z"] * 150)
    found = associate(variable(frame, "text"), of("emotion"), SPEAKERS)
    assert "most frequent of 250 values" in found.notes[0]
    assert 0 < found.tests[0].p <= 1
    rare = associate(variable(frame, "rare"), of("duration"), None).tests[0]
    assert rare.note == "only one of the samples: x"
    assert rare.pair and "x" not in rare.pair


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_neither_the_order_of_samples_nor_the_direction_matters_over_samples(seed):
    order = np.random.default_rng(seed).permutation(N)
    mixed = FRAME.iloc[order].reset_index(drop=True)
    for x, y in (("gender", "emotion"), ("duration", "emotion"), ("age", "duration")):
        one = associate(of(x), of(y), None).tests[0]
        other = associate(variable(mixed, y), variable(mixed, x), None).tests[0]
        assert (one.p, one.effect) == pytest.approx((other.p, other.effect))


def test_the_seed_makes_it_repeatable():
    one, other = (associate(of("gender"), of("emotion"), SPEAKERS, seed=7).tests for _ in range(2))
    assert one == other
