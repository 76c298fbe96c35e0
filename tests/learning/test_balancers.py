"""Balancing against imbalanced-learn itself, and where it would fail or lose a class."""

from __future__ import annotations

import logging
import sys

import numpy as np
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import balancers

imblearn = pytest.importorskip("imblearn", reason="NOT TESTED: imbalanced-learn is not installed")


def overlapping(sizes: tuple[int, ...] = (50, 30, 14), seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    codes = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return random.normal(size=(len(codes), 3)) + codes[:, None], np.array(list("abcdefgh"))[codes]


def apart(sizes: tuple[int, ...] = (40, 15)) -> tuple[np.ndarray, np.ndarray]:
    """Classes so far from each other that none has a neighbour of another."""
    features, target = overlapping(sizes)
    return features + 1000 * (target == "b")[:, None], target


def resample(name: str, features: np.ndarray, target: np.ndarray, seed: int = 11):
    return balancers.load(name)().resample(features, target, seed)


def golden(name: str, seed: int = 11):
    from imblearn import combine, over_sampling, under_sampling

    return {
        "ros": over_sampling.RandomOverSampler(random_state=seed),
        "smote": over_sampling.SMOTE(random_state=seed),
        "adasyn": over_sampling.ADASYN(random_state=seed),
        "borderlinesmote": over_sampling.BorderlineSMOTE(random_state=seed),
        "svmsmote": over_sampling.SVMSMOTE(random_state=seed),
        "smoteenn": combine.SMOTEENN(random_state=seed),
        "smotetomek": combine.SMOTETomek(random_state=seed),
        "clustercentroids": under_sampling.ClusterCentroids(random_state=seed),
        "randomundersampler": under_sampling.RandomUnderSampler(random_state=seed),
        "editednearestneighbours": under_sampling.EditedNearestNeighbours(),
        "tomeklinks": under_sampling.TomekLinks(),
    }[name]


@pytest.mark.parametrize("name", balancers.names())
def test_equals_imbalanced_learn(name):
    features, target = overlapping()
    found, expected = resample(name, features, target), golden(name).fit_resample(features, target)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("name", ["smote", "adasyn", "borderlinesmote", "svmsmote", "smoteenn", "smotetomek"])
def test_a_class_with_too_few_neighbours_is_named_with_a_way_out(name):
    with pytest.raises(NkululekoError) as problem:
        resample(name, *overlapping((50, 5, 4)))
    text = f"{name} needs at least 6 training samples of each class, and 'b' has 5, 'c' has 4"
    assert text in str(problem.value) and "use ros" in str(problem.value)
    assert resample(name, *overlapping((50, 6)))[0].size  # six are enough


def test_the_largest_classes_need_no_neighbours():
    features, target = overlapping((4, 4))
    assert len(resample("smote", features, target)[1]) == 8


@pytest.mark.parametrize(("name", "needed"), [("editednearestneighbours", 4), ("borderlinesmote", 11)])
def test_too_few_samples_in_all(name, needed):
    few = overlapping((2, 1)) if needed == 4 else overlapping((5, 5))
    with pytest.raises(NkululekoError, match=f"at least {needed} training samples, there are"):
        resample(name, *few)


@pytest.mark.parametrize(
    "name", [name for name in balancers.names() if name not in ("ros", "randomundersampler")]
)
def test_missing_values_are_counted(name):
    features, target = overlapping()
    features[[3, 8], 1] = np.nan
    with pytest.raises(NkululekoError, match=r"2 training samples have missing values.*nan_strategy"):
        resample(name, features, target)


@pytest.mark.parametrize("name", ["ros", "randomundersampler"])
def test_drawing_rows_takes_missing_values_as_they_are(name):
    features, target = overlapping()
    features[:, 1] = np.nan
    new, labels = resample(name, features, target)
    assert np.isnan(new[:, 1]).all() and len(np.unique(np.unique(labels, return_counts=True)[1])) == 1


def test_adasyn_without_a_border_says_so():
    with pytest.raises(NkululekoError, match=r"border on each other.*use smote or ros"):
        resample("adasyn", *apart())


def test_adasyn_enlarges_the_classes_it_can(caplog):
    features, target = overlapping((40, 15, 12))
    features[target == "c"] += 1000
    with caplog.at_level(logging.WARNING, "nkululeko"):
        _, labels = resample("adasyn", features, target)
    assert 30 <= np.sum(labels == "b") <= 50 and np.sum(labels == "c") == 12
    (message,) = caplog.messages
    assert message.startswith("adasyn made no samples of 'c'")


def test_adasyn_leaves_classes_that_are_as_good_as_equal(caplog):
    features, target = overlapping((40, 39))
    with caplog.at_level(logging.WARNING, "nkululeko"):
        new, labels = resample("adasyn", features, target)
    np.testing.assert_array_equal(new, features)
    np.testing.assert_array_equal(labels, target)
    assert "adasyn made no samples of 'b'" in caplog.text


def test_borderlinesmote_tells_which_class_stayed_small(caplog):
    with caplog.at_level(logging.WARNING, "nkululeko"):
        _, labels = resample("borderlinesmote", *apart())
    assert np.sum(labels == "b") == 15
    assert "borderlinesmote made no samples of 'b': none lies at the border" in caplog.text


def test_svmsmote_amid_another_class_is_a_clear_error():
    """Each sample of 'b' lies in the middle of twenty of 'a'."""
    centres = 100.0 * np.arange(6)
    clouds = np.repeat(centres, 20) + np.random.default_rng(1).normal(size=120)
    features = np.concatenate([clouds, centres])[:, None]
    with pytest.raises(NkululekoError, match="takes all samples at the border of a smaller class for noise"):
        resample("svmsmote", features, np.array(["a"] * 120 + ["b"] * 6))


@pytest.mark.parametrize("name", ["editednearestneighbours", "smoteenn", "tomeklinks"])
def test_no_class_disappears(name, caplog):
    """Pairs of samples of two classes in the same places: cleaning would leave none of 'b'."""
    places = np.arange(8.0)[:, None] * 100
    features = np.concatenate([places, places + 1, [[5000], [5001], [5002], [5003], [5004], [5005], [5006]]])
    target = np.array(["a"] * 8 + ["b"] * 8 + ["c"] * 7)
    _, raw = golden(name).fit_resample(features, target)
    assert "b" not in raw
    with caplog.at_level(logging.WARNING, "nkululeko"):
        new, labels = resample(name, features, target)
    np.testing.assert_array_equal(np.sort(new[labels == "b"], axis=0), places + 1)
    assert "would have removed all samples of" in caplog.text and "'b'" in caplog.text


def test_only_training_rows_are_asked_for():
    """Rows that are not handed over cannot play a part: the same rows, the same result."""
    features, target = overlapping()
    part = resample("smote", features[:60], target[:60])
    features[60:] = 1e6
    again = resample("smote", features[:60], target[:60])
    np.testing.assert_array_equal(part[0], again[0])


def test_missing_package_names_the_extra(monkeypatch):
    for module in [name for name in sys.modules if name.partition(".")[0] == "imblearn"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [Nowhere(), *sys.meta_path])
    with pytest.raises(NkululekoError, match=r'FEATS.balancing = smote needs .* "nkululeko\[balancing\]"'):
        resample("smote", *overlapping())


class Nowhere:
    """As if the package were not installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "imblearn":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
