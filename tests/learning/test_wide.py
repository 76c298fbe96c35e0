"""More features than samples: the same model as without the shorter way."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge

from nkululeko.core.families import ModelContext, models


def wide(rows: int = 40, columns: int = 300, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.array(["x", "y", "z"])[np.arange(rows) % 3]
    features = generator.normal(size=(rows, columns)) + (labels == "x")[:, None] * 0.3
    return features, labels, generator.normal(size=(15, columns))


@pytest.mark.parametrize("weighted", [False, True])
def test_logistic_regression(weighted):
    features, labels, new = wide()
    model = models.load("logreg")(
        models.load("logreg").Options(C_val=0.01), ModelContext(class_weight=weighted)
    )
    model.fit(features, labels)
    plain = LogisticRegression(
        C=0.01, class_weight="balanced" if weighted else None, max_iter=10_000, tol=1e-8
    )
    assert np.allclose(model.scores(new), plain.fit(features, labels).predict_proba(new), atol=1e-3)
    assert list(model.predict(new)) == list(plain.predict(new))
    assert model.importance().shape == (300,)


@pytest.mark.parametrize("weighted", [False, True])
def test_discriminant_analysis_with_shrinkage(weighted, tmp_path):
    features, labels, new = wide()
    labels[:4] = "x"
    model = models.load("lda")(
        models.load("lda").Options(shrinkage="auto"), ModelContext(class_weight=weighted)
    )
    model.fit(features, labels)
    # the same by hand: in the axes of a singular value decomposition, which no shortcut of ours uses
    _, _, axes = np.linalg.svd(features, full_matrices=False)
    priors = np.full(3, 1 / 3) if weighted else None
    by_hand = LinearDiscriminantAnalysis("lsqr", covariance_estimator=LedoitWolf(), priors=priors)
    by_hand.fit(features @ axes.T, labels)
    assert np.allclose(model.scores(new), by_hand.predict_proba(new @ axes.T), atol=1e-6)
    model.save(tmp_path)
    again = models.load("lda")(models.load("lda").Options(shrinkage="auto"), ModelContext())
    again.restore(tmp_path)
    assert np.array_equal(again.scores(new), model.scores(new))


def test_few_features_are_left_to_the_library():
    features, labels, new = wide(columns=20)
    model = models.load("lda")(models.load("lda").Options(shrinkage="auto"), ModelContext())
    model.fit(features, labels)
    plain = LinearDiscriminantAnalysis("lsqr", shrinkage="auto").fit(features, labels)
    assert np.allclose(model.scores(new[:, :20]), plain.predict_proba(new[:, :20]))
    assert model.importance() is not None


def test_ridge_regression():
    features, _, new = wide()
    target = features[:, 0] * 3
    model = models.load("lin_reg")(models.load("lin_reg").Options(alpha=10.0))
    model.fit(features, target)
    assert np.allclose(model.predict(new), Ridge(10.0).fit(features, target).predict(new))
