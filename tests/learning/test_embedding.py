"""Maps: against scikit-learn and umap called directly, on clouds that must stay apart, on odd tables."""

from __future__ import annotations

import builtins
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.learning import embedding
from nkululeko.learning._sampling import some_rows, strata_of
from nkululeko.learning.embedding import METHODS, components, project, standardised, tsne

HAS_UMAP = find_spec("umap") is not None
AVAILABLE = [
    pytest.param(
        method, marks=pytest.mark.skipif(method == "umap" and not HAS_UMAP, reason="NOT TESTED: umap is not installed")
    )
    for method in METHODS
]  # fmt: skip


def clouds(rows: int = 90, width: int = 6, apart: float = 12.0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    codes = np.arange(rows) % 3
    return random.normal(size=(rows, width)) + apart * random.normal(size=(3, width))[codes], codes


def purity(points: np.ndarray, codes: np.ndarray) -> float:
    """How often the nearest neighbour is of the same cloud."""
    distance = ((points[:, np.newaxis] - points) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    return float((codes[distance.argmin(axis=1)] == codes).mean())


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("method", AVAILABLE)
def test_clouds_stay_apart_and_the_seed_decides(method, dimensions):
    features, codes = clouds(150)
    found = project(features, method, dimensions, seed=4)
    assert found.points.shape == (150, dimensions) and found.points.dtype == np.float64
    assert found.rows.tolist() == list(range(150)) and found.note == ""
    assert purity(found.points, codes) > 0.95
    assert len(found.axes) == (dimensions if method == "pca" else 0)
    np.testing.assert_array_equal(project(features, method, dimensions, seed=4, jobs=2).points, found.points)


def test_pca_is_that_of_scikit_learn():
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    for rows, width in ((80, 7), (9, 30)):
        features = random.normal(size=(rows, width)) @ random.normal(size=(width, width)) + 5
        scaled = StandardScaler().fit_transform(features)
        expected = PCA(3).fit(scaled)
        found = project(features, "pca", 3, seed=1)
        np.testing.assert_allclose(np.abs(found.points), np.abs(expected.transform(scaled)), atol=1e-9)
        shares = expected.explained_variance_ratio_
        assert found.axes == tuple(f"PC {n} ({100 * share:.0f} %)" for n, share in enumerate(shares, 1))


def test_large_tables_are_projected_whole_though_the_components_come_from_some_rows(monkeypatch):
    features, _ = clouds(600)
    whole = project(features, "pca", seed=1)
    monkeypatch.setattr(embedding, "HUGE", 300 * 6)
    some = project(features, "pca", seed=1, max_points=10)
    assert len(some.points) == 600
    for axis in range(2):
        assert abs(np.corrcoef(whole.points[:, axis], some.points[:, axis])[0, 1]) > 0.99


def test_tsne_of_the_report_is_that_of_scikit_learn():
    from sklearn.manifold import TSNE
    from sklearn.preprocessing import StandardScaler

    features, _ = clouds()
    scaled = StandardScaler().fit_transform(features)
    expected = TSNE(2, perplexity=(90 - 1) / 3, init="pca", random_state=5, n_jobs=1).fit_transform(scaled)
    np.testing.assert_allclose(tsne(features, 5), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(project(features, "tsne", seed=5).points, tsne(features, 5).astype(float))


@pytest.mark.skipif(not HAS_UMAP, reason="NOT TESTED: umap is not installed")
def test_umap_is_called_with_the_standardised_features():
    from sklearn.preprocessing import StandardScaler
    from umap import UMAP

    features, _ = clouds()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mapper = UMAP(n_neighbors=15, random_state=5, transform_seed=5)
        expected = mapper.fit_transform(StandardScaler().fit_transform(features))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = project(features, "umap", seed=5)
    np.testing.assert_allclose(found.points, expected, atol=1e-3)


def test_missing_values_are_means_and_constant_features_nothing():
    features, _ = clouds(40)
    plain = project(features, "pca", seed=1)
    more = np.hstack([features, np.full((40, 2), 7.1), np.full((40, 1), np.nan)])
    np.testing.assert_allclose(project(more, "pca", seed=1).points, plain.points, atol=1e-9)
    gaps = features.copy()
    gaps[3, 0], gaps[5, 1] = np.nan, np.inf
    filled = features.copy()
    filled[3, 0], filled[5, 1] = np.delete(features[:, 0], 3).mean(), np.delete(features[:, 1], 5).mean()
    np.testing.assert_allclose(project(gaps, "pca", seed=1).points, project(filled, "pca", seed=1).points)


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 5))
def test_standardised_columns_have_mean_0_and_deviation_1_or_are_0(seed, rows, width):
    random = np.random.default_rng(seed)
    values = random.integers(0, 3, (rows, width)) * 10.0 ** random.integers(-6, 7, width) + 0.1
    values[random.random(values.shape) < 0.1] = np.nan
    found = standardised(values)
    assert np.isfinite(found).all() and np.abs(found.mean(axis=0)).max() < 1e-9
    deviations = found.std(axis=0)
    for column, deviation in enumerate(deviations):
        varies = len(np.unique(values[np.isfinite(values[:, column]), column])) > 1
        assert deviation == pytest.approx(1.0 if varies else 0.0)


@pytest.mark.parametrize("method", AVAILABLE)
def test_small_and_odd_tables_give_points(method):
    features, _ = clouds(40)
    odd = {
        "one": features[:1], "two": features[:2], "four": features[:4], "five": features[:5], "ten": features[:10],
        "one feature": features[:, :1], "the same twice": np.repeat(features[:20], 2, axis=0),
        "all the same": np.ones((12, 3)), "no values": np.full((12, 3), np.nan), "float32": features.astype(np.float32),
    }  # fmt: skip
    for name, table in odd.items():
        for dimensions in (2, 3):
            found = project(table, method, dimensions, seed=1)
            assert found.points.shape == (len(table), dimensions), name
            assert np.isfinite(found.points).all(), name
    few = project(features[:4], method, seed=1)
    assert len(few.axes) == 2
    assert method == "pca" or few.note == f"too few samples for {method}: principal components instead"
    same = project(np.ones((12, 3)), method, seed=1)
    assert not same.points.any() and "no feature differs" in same.note


def test_many_samples_are_thinned_out_by_class_and_it_is_said():
    features, codes = clouds(300)
    labels = np.where(codes == 0, "rare", "frequent").astype(object)
    found = project(features, "tsne", seed=2, max_points=60, strata=labels)
    assert found.points.shape == (60, 2) and found.note == "60 of 300 samples, drawn"
    assert (labels[found.rows] == "rare").sum() == 20
    assert (np.diff(found.rows) > 0).all()
    again = project(features, "tsne", seed=3, max_points=60, strata=labels)
    assert not np.array_equal(found.rows, again.rows)
    assert len(project(features, "pca", seed=2, max_points=60).points) == 300


def test_many_features_are_brought_down_first():
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 300)) + 4 * random.normal(size=(3, 300))[np.arange(60) % 3]
    found = project(features, "tsne", seed=1)
    assert found.note.startswith("made from the first 50 principal components (9")
    assert purity(found.points, np.arange(60) % 3) > 0.95


def test_components_that_do_not_exist_are_0():
    points, shares = components(standardised(np.arange(12.0).reshape(6, 2)), 3)
    assert points.shape == (6, 3) and not points[:, 1:].any()
    assert shares == pytest.approx([1, 0, 0])


def test_a_missing_package_names_the_extra(monkeypatch):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name == "umap":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(
        NkululekoError, match=r'umap needs the package umap-learn; pip install "nkululeko\[explore\]"'
    ):
        project(clouds()[0], "umap", seed=1)


def test_unknown_methods_and_empty_tables_are_errors():
    with pytest.raises(NkululekoError, match="did you mean 'tsne'"):
        project(np.zeros((3, 2)), "t-sne", seed=1)
    with pytest.raises(NkululekoError, match="no samples"):
        project(np.zeros((0, 2)), "pca", seed=1)


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 60), st.integers(1, 5), st.integers(0, 99))
def test_drawn_rows_keep_the_shares_of_the_classes(count, most, classes, seed):
    labels = np.random.default_rng(seed).integers(0, classes, count)
    rows = some_rows(count, most, labels, seed)
    assert len(rows) == min(count, most) == len(set(rows.tolist())) and (np.diff(rows) > 0).all()
    for code in range(classes):
        assert abs((labels[rows] == code).sum() - (labels == code).sum() * len(rows) / count) <= 1
    assert len(some_rows(count, most, None, seed)) == len(rows)


def test_numbers_are_put_into_bins_of_equal_frequency():
    bins = strata_of(np.random.default_rng(0).normal(size=200), "regression", 4)
    assert np.bincount(bins).tolist() == [50] * 4
    assert strata_of(np.array(["a", None], dtype=object), "classification").tolist() == ["a", None]
