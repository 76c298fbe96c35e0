"""Tests of features against scipy, one feature at a time, and against models fitted by plain least squares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nkululeko.core.exploration import Node, Variable
from nkululeko.core.samples import segmented_index
from nkululeko.exploration import feature_tests as module
from nkululeko.exploration._by_feature import anova, anova_within, correlation_within, means_of, pearson
from nkululeko.exploration.feature_tests import clustered_correlation, feature_tests, make_ranking

NAN = float("nan")


def table(values: np.ndarray) -> pd.DataFrame:
    index = segmented_index([f"/data/{n}.wav" for n in range(len(values))])
    return pd.DataFrame(values, index, [f"f{n}" for n in range(values.shape[1])])


def category(labels, index: pd.Index | None = None, levels=None) -> Variable:  # type: ignore[no-untyped-def]
    values = pd.Series(list(labels), index, dtype=object)
    return Variable("emotion", "category", values, tuple(levels or sorted(values.dropna().unique())))


def number(values, index: pd.Index | None = None) -> Variable:  # type: ignore[no-untyped-def]
    return Variable("age", "number", pd.Series(np.asarray(values, float), index))


@st.composite
def data(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Features with gaps, of several scales, and the class of each row."""
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    rows, classes = draw(st.integers(8, 60)), draw(st.integers(2, 5))
    codes = random.permutation(np.arange(rows) % classes)
    values = random.normal(size=(rows, 6)) * 10.0 ** random.integers(-3, 4, 6) + random.normal(size=6) * 100
    values += draw(st.sampled_from([0.0, 1.0])) * codes[:, np.newaxis]
    values[random.random(values.shape) < draw(st.sampled_from([0.0, 0.2]))] = NAN
    return values, codes


@settings(deadline=None, max_examples=60)
@given(data())
def test_anova_is_that_of_scipy(drawn):
    values, codes = drawn
    found = anova(values, codes)
    for column in range(values.shape[1]):
        there = np.isfinite(values[:, column])
        parts = [values[there & (codes == code), column] for code in np.unique(codes)]
        parts = [part for part in parts if len(part)]
        assert found.n[column] == there.sum()
        if len(parts) < 2 or sum(map(len, parts)) <= len(parts):
            assert np.isnan(found.p[column])
            continue
        expected = stats.f_oneway(*parts)
        assert found.statistic[column] == pytest.approx(expected.statistic, rel=1e-6)
        assert found.p[column] == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-300)
        whole = np.concatenate(parts)
        between = sum(len(part) * (part.mean() - whole.mean()) ** 2 for part in parts)
        assert found.effect[column] == pytest.approx(between / ((whole - whole.mean()) ** 2).sum(), rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(data(), st.integers(0, 2**31))
def test_correlation_is_that_of_scipy(drawn, seed):
    values, _ = drawn
    numbers = 30 + np.random.default_rng(seed).normal(size=len(values))
    found = pearson(values, numbers)
    for column in range(values.shape[1]):
        there = np.isfinite(values[:, column])
        if there.sum() < 3:
            assert np.isnan(found.p[column])
            continue
        expected = stats.pearsonr(values[there, column], numbers[there])
        assert found.effect[column] == pytest.approx(expected.statistic, rel=1e-6, abs=1e-9)
        assert found.p[column] == pytest.approx(expected.pvalue, rel=1e-5)


@pytest.mark.parametrize("speakers", [3, 8, 40])
def test_two_categories_within_speakers_are_the_paired_t_test(speakers):
    grid = np.random.default_rng(speakers).normal(size=(speakers, 2, 5)) + np.array([0, 0.5])[:, np.newaxis]
    found = anova_within(grid)
    expected = stats.ttest_rel(grid[:, 0], grid[:, 1])
    np.testing.assert_allclose(found.statistic, expected.statistic**2, rtol=1e-9)
    np.testing.assert_allclose(found.p, expected.pvalue, rtol=1e-9)
    assert found.n.tolist() == [speakers] * 5


def within_by_hand(cells: np.ndarray) -> tuple[float, float, float]:
    """F and degrees of freedom of the categories beside the speakers, by two models fitted to the cells that exist."""
    who, what = np.nonzero(np.isfinite(cells))
    y = cells[who, what]
    speakers, categories = np.eye(cells.shape[0])[who], np.eye(cells.shape[1])[what]

    def left(design: np.ndarray) -> tuple[float, int]:
        weights, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
        return float(((y - design @ weights) ** 2).sum()), int(rank)

    (less, few), (full, many) = left(speakers), left(np.hstack([speakers, categories]))
    df, rest = many - few, len(y) - many
    return ((less - full) / df) / (full / rest), df, rest


@pytest.mark.parametrize("gaps", [0, 7])
def test_repeated_measures_are_a_model_with_speakers_and_categories(gaps):
    random = np.random.default_rng(3)
    grid = random.normal(size=(12, 4, 6)) + random.normal(size=(12, 1, 6)) * 3 + np.arange(4)[:, np.newaxis]
    for number_of in range(gaps):
        grid[number_of, number_of % 4] = NAN
    grid[11, :3, 2] = NAN  # this feature lacks more: one speaker has but one category left
    found = anova_within(grid)
    for column in range(6):
        f, df, rest = within_by_hand(grid[:, :, column])
        assert found.statistic[column] == pytest.approx(f, rel=1e-9)
        assert f > 2 and found.p[column] >= stats.f.sf(f, df, rest)  # epsilon makes small ones larger
    assert found.n.tolist() == [12, 12, 11, 12, 12, 12]


def test_greenhouse_and_geisser_correct_the_degrees_of_freedom():
    """Epsilon from the covariance of the categories, as in textbooks."""
    grid = np.random.default_rng(1).normal(size=(15, 4, 1)) * np.array([1, 1, 1, 6.0])[:, np.newaxis]
    covariance = np.cov(grid[:, :, 0].T)
    mean = covariance.mean()
    centred = covariance - covariance.mean(0) - covariance.mean(1)[:, np.newaxis] + mean
    epsilon = np.trace(centred) ** 2 / (3 * (centred**2).sum())
    assert 1 / 3 < epsilon < 0.7
    found = anova_within(grid)
    expected = stats.f.sf(found.statistic[0], 3 * epsilon, 3 * 14 * epsilon)
    assert found.p[0] == pytest.approx(expected, rel=1e-9)


def test_repeated_measures_correlation_is_a_model_with_speakers_and_one_slope():
    random = np.random.default_rng(5)
    who = random.integers(0, 6, 80)
    values = random.normal(size=(80, 3)) + who[:, np.newaxis]
    numbers = 0.4 * values[:, 1] - 2 * who + random.normal(size=80)
    values[:5, 2] = NAN
    found = correlation_within(values, numbers, who)
    for column in range(3):
        rows = np.isfinite(values[:, column])
        speakers = np.eye(6)[who[rows]]
        y, x = numbers[rows], values[rows, column]
        less = ((y - speakers @ np.linalg.lstsq(speakers, y, rcond=None)[0]) ** 2).sum()
        design = np.column_stack([speakers, x])
        weights = np.linalg.lstsq(design, y, rcond=None)[0]
        full = ((y - design @ weights) ** 2).sum()
        assert found.effect[column] == pytest.approx(
            np.sign(weights[-1]) * np.sqrt(1 - full / less), rel=1e-9
        )
        rest = rows.sum() - 6 - 1
        assert found.p[column] == pytest.approx(stats.f.sf((less - full) / (full / rest), 1, rest), rel=1e-9)


def test_means_of_groups_leave_gaps_out():
    values = np.array([[1.0, NAN], [3, NAN], [5, 7], [NAN, 9]])
    np.testing.assert_array_equal(means_of(values, np.array([4, 4, 2, 2])), [[5, 8], [2, NAN]])


def test_p_values_are_corrected_for_the_number_of_features():
    random = np.random.default_rng(0)
    features = table(random.normal(size=(60, 30)))
    features["f3"] = 1.0
    target = category(["a", "b"] * 30, features.index)
    found = feature_tests(features, target, pd.Series(np.repeat(range(10), 6), features.index).astype("str"))
    for name in ("p", "p_speakers"):
        known = found[name].dropna()
        assert len(known) == 29
        np.testing.assert_allclose(
            found.loc[known.index, f"{name}_corrected"], stats.false_discovery_control(known)
        )
    assert found.loc["f3", ["statistic", "p", "p_corrected", "effect"]].isna().all()
    assert found.loc["f3", "note"] == "the same in all samples"


def test_a_target_of_the_speaker_is_tested_by_the_means_of_speakers():
    random = np.random.default_rng(1)
    speakers = np.repeat(np.arange(12), 20)
    features = table(random.normal(size=(240, 4)) + random.normal(size=(12, 4))[speakers])
    target = category(np.array(["f", "m"])[speakers % 2], features.index)
    found = feature_tests(features, target, pd.Series(speakers, features.index))
    means = features.groupby(speakers).mean()
    for name in features:
        expected = stats.ttest_ind(means[name][::2], means[name][1::2])
        assert found.loc[name, "p_speakers"] == pytest.approx(expected.pvalue, rel=1e-9)
    age = number(20 + 3.0 * speakers, features.index)
    found = feature_tests(features, age, pd.Series(speakers, features.index))
    for name in features:
        assert found.loc[name, "p_speakers"] == pytest.approx(stats.pearsonr(means[name], range(12)).pvalue)


def test_chance_is_called_a_finding_as_often_as_it_should_be():
    """Features that belong to the speaker and not to the class: over samples all seem to differ, over speakers few."""
    random = np.random.default_rng(7)
    speakers = np.repeat(np.arange(20), 10)
    features = table(random.normal(size=(20, 400))[speakers] + 0.1 * random.normal(size=(200, 400)))
    target = category(np.array(["f", "m"])[speakers % 2], features.index)
    found = feature_tests(features, target, pd.Series(speakers, features.index))
    assert (found["p"] < 0.05).mean() > 0.4
    assert 0.02 < (found["p_speakers"] < 0.05).mean() < 0.09
    spoken = category(np.tile(["x", "y", "z", "x", "y"], 40), features.index)
    within = feature_tests(features, spoken, pd.Series(speakers, features.index))
    assert 0.01 < (within["p_speakers"] < 0.05).mean() < 0.09


def test_what_differs_within_speakers_is_found_though_speakers_differ_more():
    random = np.random.default_rng(2)
    speakers, spoken = np.repeat(np.arange(8), 12), np.tile(np.arange(3), 32)
    values = 20 * random.normal(size=(8, 1))[speakers] + spoken[:, np.newaxis] + random.normal(size=(96, 1))
    features = table(values)
    target = category(np.array(["a", "b", "c"])[spoken], features.index)
    found = feature_tests(features, target, pd.Series(speakers, features.index)).iloc[0]
    assert found["p"] > 0.5 and found["p_speakers"] < 0.001
    assert "no one but themselves" in found["test_speakers"]


def test_rows_without_target_or_speaker_are_left_out():
    random = np.random.default_rng(4)
    features = table(random.normal(size=(40, 3)))
    labels: list[str | None] = ["a", "b"] * 20
    labels[0] = labels[7] = None
    who = pd.Series([f"s{n % 8}" for n in range(40)], features.index, dtype="str")
    who.iloc[3] = None
    found = feature_tests(features, category(labels, features.index), who)
    assert found["n"].tolist() == [38] * 3
    kept = [n for n in range(40) if n not in (0, 3, 7)]
    again = feature_tests(
        features.iloc[kept], category([labels[n] for n in kept], features.index[kept]), who.iloc[kept]
    )
    np.testing.assert_allclose(found["p_speakers"], again["p_speakers"])


def test_missing_and_infinite_values_are_left_out_for_their_feature_alone():
    features = table(np.random.default_rng(0).normal(size=(20, 2)))
    target = category(["a", "b"] * 10, features.index)
    whole = feature_tests(features, target)
    features.iloc[2, 0], features.iloc[5, 0] = NAN, np.inf
    found = feature_tests(features, target)
    assert found["n"].tolist() == [18, 20]
    assert found.loc["f1", "p"] == whole.loc["f1", "p"] and found.loc["f0", "p"] != whole.loc["f0", "p"]


def test_blocks_change_nothing(monkeypatch):
    random = np.random.default_rng(8)
    features = table(random.normal(size=(50, 23)))
    features = features.mask(random.random(features.shape) < 0.1)
    who = pd.Series(np.arange(50) % 5, features.index)
    for target in (
        category(["a", "b", "c", "a", "b"] * 10, features.index),
        number(random.normal(size=50), features.index),
    ):
        whole = feature_tests(features, target, who)
        with monkeypatch.context() as patch:
            patch.setattr(module, "BLOCK", 250)
            pd.testing.assert_frame_equal(feature_tests(features, target, who), whole)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_next_to_no_samples_give_no_result_and_no_error(rows):
    features = table(np.arange(2.0 * rows).reshape(rows, 2))
    for target in (category(["a", "b"][:rows], features.index), number(range(rows), features.index)):
        found = feature_tests(features, target, pd.Series(["s", "t"][:rows], features.index, dtype="str"))
        assert found["p"].isna().all() and found["p_speakers"].isna().all()
        assert (found["note"] != "").all()


def test_perfectly_separated_and_perfectly_correlated_features():
    features = table(np.array([[0.0, 1], [0, 2], [1, 3], [1, 4]]))
    found = feature_tests(features, category("aabb", features.index))
    assert found.loc["f0", "p"] == 0 and found.loc["f0", "effect"] == 1
    found = feature_tests(features, number([1, 2, 3, 4], features.index))
    assert found.loc["f1", "p"] == pytest.approx(0, abs=1e-7) and found.loc["f1", "effect"] == pytest.approx(
        1
    )


def ranked(importances: pd.DataFrame | None = None, max_feats: int = 2, **more):  # type: ignore[no-untyped-def]
    random = np.random.default_rng(0)
    target = np.tile([0, 1], 30)
    values = random.normal(size=(60, 4)) + target[:, np.newaxis] * [0.0, 2, 1, 0]
    values[:, 3] = 7
    values[4, 2] = NAN
    features = table(values)
    tests = feature_tests(
        features, category(np.array(["a", "b"])[target], features.index), pd.Series(target, features.index)
    )
    return make_ranking(tests, importances, features, max_feats, **more), features, tests


def test_without_importances_the_effect_decides():
    found, features, tests = ranked(notes=("said before",))
    assert found.table.index.tolist() == ["f1", "f2", "f0", "f3"]
    assert found.table["rank"].tolist() == [1, 2, 3, 4] and found.ways == ()
    assert list(found.table.columns) == [
        "rank", "test", "statistic", "p", "p_corrected", "effect_name", "effect", "n", "p_speakers",
        "p_speakers_corrected",
    ]  # fmt: skip
    assert found.values.index.equals(features.index) and list(found.values) == ["f1", "f2"]
    assert list(found.correlation) == list(found.correlation.index)
    text = "\n".join(found.notes)
    assert text.startswith("said before\n")
    assert "feature f3 is the same in all samples, and says nothing" in text
    assert "1 of 4 features lack values, which are left out; most are lacking in f2: 1 of 60" in text
    assert tests["test_speakers"].iloc[0] in found.notes


def test_importances_decide_where_there_are_some():
    importances = pd.DataFrame(
        {"tree": [0.5, 0.1, 0.2, 0.2], "xgb shap": [0.4, 0.3, 0.2, 0.1], "rank": [1, 3, 2, 4]},
        [f"f{n}" for n in range(4)],
    )
    found, _, _ = ranked(importances, max_feats=3, tree=Node(60, {"a": 30, "b": 30}))
    assert found.ways == ("tree", "xgb shap")
    assert found.table.index.tolist() == ["f0", "f2", "f1", "f3"]
    assert list(found.table.columns[:4]) == ["rank", "tree", "xgb shap", "test"]
    assert found.table["tree"].tolist() == [0.5, 0.2, 0.1, 0.2]
    assert found.tree is not None and found.tree.samples == 60
    empty, _, _ = ranked(pd.DataFrame(index=[f"f{n}" for n in range(4)]))
    assert empty.ways == () and empty.table.index[0] == "f1"


def test_correlations_are_spearmans_and_alike_features_stand_together():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 200))
    noise = 0.1 * random.normal(size=(200, 4))
    columns = {
        "a1": one,
        "b1": other,
        "a2": -one,
        "b2": other**3,
        "a3": one + noise[:, 2],
        "b3": other + noise[:, 3],
    }
    found, note = clustered_correlation(pd.DataFrame(columns))
    assert note == ""
    order = [name[0] for name in found.columns]
    assert order in (list("aaabbb"), list("bbbaaa"))
    for name in columns:
        for second in columns:
            expected = stats.spearmanr(columns[name], columns[second]).statistic
            assert found.loc[name, second] == pytest.approx(expected, abs=1e-12)


def test_correlations_of_odd_features(monkeypatch):
    frame = pd.DataFrame({"a": [1.0, 2, 3, NAN], "b": [5.0] * 4, "c": [3.0, 2, np.inf, 1], "d": [NAN] * 4})
    found, _ = clustered_correlation(frame)
    assert sorted(found) == list("abcd") and found.loc["a", "c"] == pytest.approx(-1)
    assert np.isnan(found.loc["a", "b"])
    monkeypatch.setattr(module, "PAIRS", 1)
    many = pd.DataFrame(np.random.default_rng(0).normal(size=(3000, 2)))
    assert "those of 1000 samples" in clustered_correlation(many)[1]
