"""Importances of features: against scikit-learn, xgboost and shap called directly; on data whose answer is known."""

from __future__ import annotations

import builtins
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, models
from nkululeko.learning import _permuted, ranking
from nkululeko.learning.models import _shap
from nkululeko.learning.pipeline import Pipeline, Recipe
from nkululeko.learning.ranking import rank, small_tree

NAMES = [f"f{n}" for n in range(8)]


def corpus(rows: int = 160, classes: int = 2, speakers: int = 8, seed: int = 0):
    """Features of which the first carries the class strongly, the second weakly, the others not at all."""
    random = np.random.default_rng(seed)
    codes = np.arange(rows) % classes
    features = random.normal(size=(rows, 8))
    features[:, 0] += 3 * codes
    features[:, 1] += codes
    groups = np.array([f"s{n // classes % speakers}" for n in range(rows)], dtype=object)
    return features, np.array(["anger", "joy", "sadness"])[codes].astype(object), groups


def numbers(rows: int = 160, seed: int = 0):
    features, _, groups = corpus(rows, seed=seed)
    return features, 40 + 10 * features[:, 0] + 3 * features[:, 1], groups


def ranked(given, *wanted, task="classification", **more):
    return rank(given[0], NAMES, given[1], given[2], models=wanted, task=task, seed=3, **more)


@pytest.mark.parametrize("model", ["tree", "rf", "xgb", "logreg"])
def test_every_way_finds_the_feature_that_matters(model):
    table, notes = ranked(corpus(), model, permutation=True, shap=True)
    assert list(table) == [model, f"{model} permutation", f"{model} shap", "rank"]
    for way in list(table)[:-1]:
        assert table[way].sum() == pytest.approx(1) and (table[way] >= 0).all()
        assert table[way].idxmax() == "f0"
    assert table["rank"].idxmin() == "f0" and sorted(table["rank"]) == list(range(1, 9))
    assert notes == []


@pytest.mark.parametrize("model", ["tree", "rf_reg", "xgr", "lin_reg"])
def test_numbers_are_ranked_too_by_the_partner_of_a_classifier(model):
    table, _ = ranked(numbers(), model, task="regression", permutation=True, shap=True)
    assert list(table) == [model, f"{model} permutation", f"{model} shap", "rank"]
    assert table["rank"].nsmallest(2).index.tolist() == ["f0", "f1"]


def test_importances_are_those_of_the_libraries():
    from sklearn.tree import DecisionTreeClassifier

    given = corpus(classes=3)
    table, _ = ranked(given, "tree", "xgb")
    tree = DecisionTreeClassifier(random_state=3).fit(given[0], given[1].astype(str))
    np.testing.assert_allclose(table["tree"], tree.feature_importances_, rtol=1e-12)
    import xgboost

    codes = np.unique(given[1].astype(str), return_inverse=True)[1]
    options = {"objective": "multi:softprob", "num_class": 3, "tree_method": "hist", "seed": 3}
    booster = xgboost.train(options, xgboost.QuantileDMatrix(given[0], codes), 100)
    gain = booster.get_score(importance_type="gain")
    expected = np.array([gain.get(f"f{n}", 0.0) for n in range(8)])
    np.testing.assert_allclose(table["xgb"], expected / expected.sum(), rtol=1e-5)


def test_ranks_are_averaged_over_all_ways_and_equal_ones_decided_by_importance():
    importances = np.array([[0.5, 0.2], [0.3, 0.6], [0.2, 0.1], [0.0, 0.1]])
    # mean ranks: 1.5, 1.5, (3 + 3.5) / 2, (4 + 3.5) / 2
    assert ranking._average_ranks(importances).tolist() == [2, 1, 3, 4]


def test_a_model_without_importances_gets_one_by_permutation():
    table, notes = ranked(corpus(), "knn")
    assert list(table) == ["knn permutation", "rank"] and table["rank"].idxmin() == "f0"
    assert notes == ["model knn does not say how important features are: they were shuffled instead"]
    table, notes = ranked(corpus(), "knn", permutation=True, shap=True)
    assert list(table) == ["knn permutation", "rank"]
    assert len(notes) == 1 and "no SHAP values" in notes[0]


def test_permutation_is_the_fall_of_the_measure_on_speakers_held_out():
    """By hand: folds of whole speakers, each feature shuffled many times, recall of both classes."""
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.tree import DecisionTreeClassifier

    features, target, groups = corpus(400)
    table, _ = ranked((features, target, groups), "tree", permutation=True)
    random, folds = np.random.default_rng(0), _permuted.make_folds("k_fold_cross", target, groups, 3, 5)
    whole, drops = np.empty(400, dtype=object), np.zeros(8)
    shuffled = np.empty((8, 20, 400), dtype=object)
    for fold in folds:
        assert not set(groups[fold.test]) & set(groups[fold.train])
        tree = DecisionTreeClassifier(random_state=3).fit(
            features[fold.train], target[fold.train].astype(str)
        )
        whole[fold.test] = tree.predict(features[fold.test])
        for feature in range(8):
            for repeat in range(20):
                other = features[fold.test].copy()
                other[:, feature] = random.permutation(other[:, feature])
                shuffled[feature, repeat, fold.test] = tree.predict(other)
    base = balanced_accuracy_score(target.astype(str), whole.astype(str))
    for feature in range(8):
        scores = [balanced_accuracy_score(target.astype(str), one.astype(str)) for one in shuffled[feature]]
        drops[feature] = max(0.0, base - float(np.mean(scores)))
    np.testing.assert_allclose(table["tree permutation"], drops / drops.sum(), atol=0.03)


def test_shuffling_many_features_in_one_call_changes_nothing(monkeypatch):
    together, _ = ranked(corpus(), "logreg", permutation=True)
    monkeypatch.setattr(_permuted, "BATCH", 1)
    alone, _ = ranked(corpus(), "logreg", permutation=True)
    pd.testing.assert_frame_equal(together, alone)


@pytest.mark.parametrize("model", ["tree", "rf", "xgb"])
def test_features_that_a_tree_never_asks_for_need_not_be_shuffled(model, monkeypatch):
    given = corpus(80)
    quick, _ = ranked(given, model, permutation=True)
    monkeypatch.setattr(_permuted, "used_features", lambda _, width: np.arange(width))
    slow, _ = ranked(given, model, permutation=True)
    unused = quick[model] == 0
    assert model != "tree" or unused.any()
    assert (slow.loc[unused, f"{model} permutation"] == 0).all()


def test_speakers_that_are_not_known_are_said(caplog):
    features, target, groups = corpus()
    for unknown, why in (
        (None, "the speakers are not known"),
        (np.full(160, "me"), "all samples are of one speaker"),
    ):
        table, notes = ranked((features, target, unknown), "tree", permutation=True)
        assert [line for line in notes if line.startswith(why)]
        assert table["tree permutation"].idxmax() == "f0"
    some = groups.copy()
    some[:40] = None
    table, notes = ranked((features, target, some), "tree", permutation=True)
    assert notes == [] and table["tree permutation"].idxmax() == "f0"
    assert not caplog.records


def test_a_model_that_learns_nothing_does_not_count():
    random = np.random.default_rng(0)
    given = (np.zeros((40, 8)), np.array(["a", "b"] * 20), np.array([f"s{n // 4}" for n in range(40)]))
    table, notes = ranked(given, "tree", permutation=True)
    assert table.empty and list(table.index) == NAMES
    assert "tree: no feature matters to it, so it does not count" in notes
    noise = (random.normal(size=(40, 8)), given[1], given[2])
    assert "rank" in ranked(noise, "tree")[0]


def test_missing_values():
    features, target, groups = corpus()
    features[::5, 0] = np.nan
    features[::7, 3] = np.inf
    table, _ = ranked((features, target, groups), "tree", "xgb", "knn", permutation=True, shap=True)
    assert table["rank"].idxmin() == "f0" and not table.isna().any().any()


def test_large_data_are_thinned_out_and_it_is_said(monkeypatch):
    monkeypatch.setattr(ranking, "MOST_ROWS", 100)
    monkeypatch.setattr(ranking, "EXPLAINED", 50)
    table, notes = ranked(corpus(), "xgb", permutation=True, shap=True)
    assert table["rank"].idxmin() == "f0"
    assert notes == [
        "the models learned from 100 of 160 samples, drawn",
        "SHAP values are those of 50 samples at most, drawn",
    ]
    monkeypatch.setattr(_permuted, "WORK", 3 * 8 * 100 * 3)
    table, notes = ranked(corpus(), "xgb", permutation=True)
    assert (table["xgb permutation"] > 0).sum() <= 3 and table["xgb permutation"].idxmax() == "f0"
    assert any("only the 3 of 8 features" in line for line in notes)


def test_the_same_seed_gives_the_same_ranking():
    one, other = (ranked(corpus(), "rf", permutation=True)[0] for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("model", "message"),
    [("svn", "svm"), ("cnn", "learns from sequences"), ("nothing at all", "model")],
)
def test_models_that_cannot_rank_are_an_error(model, message):
    with pytest.raises(NkululekoError, match=message):
        ranked(corpus(), model)


def fitted(model: str, task: str = "classification", classes: int = 3, **options):
    given = corpus(90, classes) if task == "classification" else numbers(90)
    pipeline = Pipeline(Recipe(model, options, ModelContext(task=task)))
    pipeline.fit(given[0][:, :4], given[1])
    prepared = pipeline.scaler.transform(given[0][:, :4])
    return pipeline.model, prepared


def shapley(values, width: int) -> np.ndarray:
    """Shapley values from the value of every coalition of features."""
    found = np.zeros(width)
    for feature in range(width):
        others = [n for n in range(width) if n != feature]
        for size in range(width):
            weight = factorial(size) * factorial(width - size - 1) / factorial(width)
            for coalition in combinations(others, size):
                found[feature] += weight * (values[{*coalition, feature}] - values[set(coalition)])
    return found


class _Coalitions(dict):
    """What a tree says where only some features are known: both ways are gone, weighted by the training samples."""

    def __init__(self, tree, row, output):
        super().__init__()
        self.tree, self.row, self.output = tree, row, output

    def __getitem__(self, known):
        return self._walk(0, known)

    def _walk(self, node, known):
        tree = self.tree
        left, right = tree.children_left[node], tree.children_right[node]
        if left < 0:
            return tree.value[node][0][self.output]
        if tree.feature[node] in known:
            return self._walk(left if self.row[tree.feature[node]] <= tree.threshold[node] else right, known)
        shares = tree.weighted_n_node_samples[[left, right]] / tree.weighted_n_node_samples[node]
        return shares[0] * self._walk(left, known) + shares[1] * self._walk(right, known)


@pytest.mark.parametrize(("model", "task"), [("tree", "classification"), ("tree_reg", "regression")])
def test_shap_values_of_a_tree_are_shapley_values(model, task):
    pytest.importorskip("shap", reason="NOT TESTED: shap is not installed")
    learned, prepared = fitted(model, task, max_depth=4)
    rows = prepared[:6].astype(np.float32)
    outputs = 3 if task == "classification" else 1
    tree = learned.estimator.tree_
    expected = np.mean(
        [np.abs(shapley(_Coalitions(tree, row, output), 4)) for row in rows for output in range(outputs)],
        axis=0,
    )
    np.testing.assert_allclose(learned.attribution(rows), expected, rtol=1e-5, atol=1e-8)


def test_shap_values_of_a_forest_are_those_of_its_trees_together():
    shap = pytest.importorskip("shap", reason="NOT TESTED: shap is not installed")
    learned, prepared = fitted("rf", n_estimators=10)
    values = shap.TreeExplainer(learned.estimator).shap_values(prepared)
    np.testing.assert_allclose(learned.attribution(prepared), np.abs(values).mean(axis=(0, 2)), rtol=1e-9)
    single = [shap.TreeExplainer(tree).shap_values(prepared) for tree in learned.estimator.estimators_]
    np.testing.assert_allclose(np.mean(single, axis=0), values, atol=1e-9)


@pytest.mark.parametrize(("model", "task"), [("xgb", "classification"), ("xgr", "regression")])
@pytest.mark.parametrize("classes", [2, 3])
def test_shap_values_of_boosted_trees_add_up_to_the_prediction(model, task, classes):
    import xgboost

    learned, prepared = fitted(model, task, classes, n_estimators=8)
    data = xgboost.DMatrix(prepared)
    values = learned.booster.predict(data, pred_contribs=True)
    margin = learned.booster.predict(data, output_margin=True)
    np.testing.assert_allclose(values.sum(axis=-1), margin, atol=1e-4)
    sizes = np.abs(values[..., :-1])
    expected = sizes.mean(axis=0) if values.ndim == 2 else sizes.mean(axis=(0, 1))
    np.testing.assert_allclose(learned.attribution(prepared), expected, rtol=1e-6)


def test_shap_values_of_linear_models_are_those_of_shap():
    shap = pytest.importorskip("shap", reason="NOT TESTED: shap is not installed")
    learned, prepared = fitted("logreg")
    masker = shap.maskers.Independent(prepared, max_samples=len(prepared))
    values = shap.LinearExplainer(learned.estimator, masker).shap_values(prepared)
    np.testing.assert_allclose(learned.attribution(prepared), np.abs(values).mean(axis=(0, 2)), rtol=1e-9)


def test_lightgbm_computes_its_own_shap_values():
    pytest.importorskip("lightgbm", reason="NOT TESTED: lightgbm is not installed")
    for classes in (2, 3):
        learned, prepared = fitted("lgbm", classes=classes, n_estimators=8)
        values = learned.booster.predict(prepared, pred_contrib=True).reshape(90, -1, 5)
        raw = learned.booster.predict(prepared, raw_score=True).reshape(90, -1)
        np.testing.assert_allclose(values.sum(axis=2), raw, atol=1e-6)
        np.testing.assert_allclose(learned.attribution(prepared), np.abs(values[..., :4]).mean(axis=(0, 1)))


def test_large_forests_explain_fewer_samples(monkeypatch):
    pytest.importorskip("shap", reason="NOT TESTED: shap is not installed")
    learned, prepared = fitted("rf", n_estimators=10)
    whole = learned.attribution(prepared)
    monkeypatch.setattr(_shap, "WORK", 1)
    some = learned.attribution(prepared)
    assert some.argmax() == whole.argmax() and not np.allclose(some, whole)


def test_a_missing_shap_names_the_extra(monkeypatch):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name == "shap":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(NkululekoError, match=r'package shap; pip install "nkululeko\[explore\]"'):
        ranked(corpus(), "tree", shap=True)
    table, _ = ranked(corpus(), "xgb", "logreg", shap=True)  # these compute them themselves
    assert {"xgb shap", "logreg shap"} <= set(table)


@pytest.mark.parametrize("model", sorted(models.names()))
def test_every_model_can_be_used_or_says_why_not(model):
    kind = models.load(model)
    try:
        kind.check_installed()
    except NkululekoError as missing:
        pytest.skip(f"{model}: {missing}")
    task = kind.tasks[0]
    given = corpus(60) if task == "classification" else numbers(60)
    if kind.takes_sequences or kind.takes_recordings:
        with pytest.raises(NkululekoError, match="sequences" if kind.takes_sequences else "sound itself"):
            ranked(given, model, task=task)
        return
    table, notes = ranked(given, model, task=task)
    assert "rank" in table or notes


def test_the_small_tree_is_that_of_scikit_learn():
    from sklearn.tree import DecisionTreeClassifier

    features, target, _ = corpus(150, classes=3)
    node = small_tree(features, NAMES, target, "classification", depth=2)
    tree = DecisionTreeClassifier(max_depth=2, random_state=42).fit(features, target.astype(str))
    assert (node.samples, node.feature) == (150, f"f{tree.tree_.feature[0]}")
    assert node.threshold == pytest.approx(tree.tree_.threshold[0])
    assert node.counts == {"anger": 50, "joy": 50, "sadness": 50}

    def leaf(node, row):
        while node.feature:
            node = node.left if row[NAMES.index(node.feature)] <= node.threshold else node.right
        return max(node.counts, key=node.counts.get)

    assert [leaf(node, row) for row in features] == tree.predict(features).tolist()


def test_the_small_tree_of_numbers_holds_means():
    features, target, _ = numbers()
    node = small_tree(features, NAMES, target, "regression", depth=1)
    assert node.value == pytest.approx(target.mean()) and node.counts == {}
    left = target[features[:, NAMES.index(node.feature)] <= node.threshold]
    assert node.left is not None and node.left.samples == len(left) and node.left.feature == ""
    assert node.left.value == pytest.approx(left.mean()) and np.isnan(node.left.threshold)


def test_a_tree_of_one_class_is_an_error():
    with pytest.raises(NkululekoError, match="one class"):
        small_tree(np.zeros((4, 1)), ["f0"], np.array(["a"] * 4), "classification")
