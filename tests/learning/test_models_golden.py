"""Each model against the plain estimator of its library, exactly."""

from __future__ import annotations

import numpy as np
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Model, ModelContext, models
from nkululeko.learning.models._sklearn import SklearnModel

rng = np.random.default_rng(0)
TRAIN, TEST = rng.normal(size=(90, 12)), rng.normal(size=(60, 12))
LABELS = np.array(["anger", "fear", "joy"])[np.digitize(TRAIN[:, 0] + rng.normal(size=90), [-0.5, 0.8])]
NUMBERS = TRAIN[:, 0] * 2 + rng.normal(size=90)
SEED = 42


def classifier(name: str, weight: str | None = None):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    return {
        "svm": lambda: SVC(class_weight=weight),
        "knn": KNeighborsClassifier,
        "tree": lambda: DecisionTreeClassifier(random_state=SEED, class_weight=weight),
        "rf": lambda: RandomForestClassifier(random_state=SEED, class_weight=weight),
        "nb": GaussianNB,
        "logreg": lambda: LogisticRegression(max_iter=5000, class_weight=weight),
        "lda": LinearDiscriminantAnalysis,
    }[name]()


def regressor(name: str):
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.svm import SVR
    from sklearn.tree import DecisionTreeRegressor
    from xgboost import XGBRegressor

    return {
        "svr": SVR,
        "knn_reg": KNeighborsRegressor,
        "tree_reg": lambda: DecisionTreeRegressor(random_state=SEED),
        "rf_reg": lambda: RandomForestRegressor(random_state=SEED),
        "lin_reg": LinearRegression,
        "xgr": lambda: XGBRegressor(random_state=SEED, n_jobs=1),
    }[name]()


def ours(name: str, target: np.ndarray, *, weight: bool = False, rows=None, **options) -> Model:
    kind = models.load(name)
    model = kind(kind.Options(**options), ModelContext(kind.tasks[0], SEED, 1, weight))
    model.fit(TRAIN, target, rows)
    return model


@pytest.mark.parametrize("name", ["svm", "knn", "tree", "rf", "nb", "logreg", "lda"])
def test_classifiers(name):
    model, golden = ours(name, LABELS), classifier(name).fit(TRAIN, LABELS)
    np.testing.assert_array_equal(model.predict(TEST), golden.predict(TEST))
    if model.probabilistic:
        np.testing.assert_allclose(model.scores(TEST), golden.predict_proba(TEST), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["svm", "tree", "rf", "logreg"])
def test_class_weights_are_scikit_learns(name):
    model, golden = ours(name, LABELS, weight=True), classifier(name, "balanced").fit(TRAIN, LABELS)
    np.testing.assert_array_equal(model.predict(TEST), golden.predict(TEST))


@pytest.mark.parametrize("name", ["svr", "knn_reg", "tree_reg", "rf_reg", "lin_reg", "xgr"])
def test_regressors(name):
    golden = regressor(name).fit(TRAIN, NUMBERS).predict(TEST)
    prediction = ours(name, NUMBERS).predict(TEST)
    if name in ("rf_reg", "lin_reg"):  # sums in another order: the last digit
        np.testing.assert_allclose(prediction, golden, rtol=1e-12, atol=1e-12)
    else:
        np.testing.assert_array_equal(prediction, golden)


@pytest.mark.parametrize("weight", [False, True])
def test_xgb(weight):
    from sklearn.utils.class_weight import compute_sample_weight
    from xgboost import XGBClassifier

    numbers = np.searchsorted(["anger", "fear", "joy"], LABELS)
    rows = compute_sample_weight("balanced", LABELS) if weight else None
    golden = XGBClassifier(random_state=SEED, n_jobs=1).fit(TRAIN, numbers, sample_weight=rows)
    model = ours("xgb", LABELS, weight=weight)
    np.testing.assert_array_equal(model.scores(TEST), golden.predict_proba(TEST))
    np.testing.assert_array_equal(model.predict(TEST), np.array(model.classes)[golden.predict(TEST)])
    np.testing.assert_allclose(model.importance(), golden.feature_importances_, rtol=1e-6)


def test_gmm_is_bayes_rule_over_a_mixture_a_class():
    from scipy.special import softmax
    from sklearn.mixture import GaussianMixture

    joint = np.column_stack(
        [
            GaussianMixture(2, covariance_type="diag", random_state=SEED)
            .fit(TRAIN[label == LABELS])
            .score_samples(TEST)
            + np.log(np.mean(label == LABELS))
            for label in ("anger", "fear", "joy")
        ]
    )
    model = ours("gmm", LABELS, GMM_components=2)
    np.testing.assert_allclose(model.scores(TEST), softmax(joint, axis=1), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(model.predict(TEST), np.array(model.classes)[joint.argmax(axis=1)])


def test_options_reach_the_estimators():
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC, SVR
    from xgboost import XGBClassifier

    pairs = [
        (ours("svm", LABELS, C_val=7, gamma=0.05, kernel="poly"), SVC(C=7, gamma=0.05, kernel="poly")),
        (ours("svr", NUMBERS, C_val=0.1, gamma="auto"), SVR(C=0.1, gamma="auto")),
        (ours("knn", LABELS, K_val=3, KNN_weights="distance"), KNeighborsClassifier(3, weights="distance")),
        (ours("logreg", LABELS, C_val=0.01), LogisticRegression(C=0.01)),
    ]
    for model, golden in pairs:
        target = NUMBERS if model.tasks[0] == "regression" else LABELS
        np.testing.assert_array_equal(model.predict(TEST), golden.fit(TRAIN, target).predict(TEST))
    few = dict(n_estimators=7, max_depth=2, learning_rate=0.1, subsample=0.7, colsample_bytree=0.5)
    numbers = np.searchsorted(["anger", "fear", "joy"], LABELS)
    golden = XGBClassifier(**few, random_state=SEED, n_jobs=1).fit(TRAIN, numbers)
    np.testing.assert_array_equal(ours("xgb", LABELS, **few).scores(TEST), golden.predict_proba(TEST))
    for name, target in (("rf", LABELS), ("rf_reg", NUMBERS)):
        forest = ours(name, target, n_estimators=3, max_depth=2).estimator
        assert (len(forest.estimators_), max(tree.get_depth() for tree in forest.estimators_)) == (3, 2)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("svm", {"C_val": 0}), ("svm", {"gamma": -1}), ("knn", {"K_val": 0}), ("xgb", {"subsample": 2})],
)
def test_options_out_of_range_are_refused(name, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        models.load(name).Options(**wrong)


def test_svm_scores_of_two_classes_mirror_each_other():
    from sklearn.svm import SVC

    two = np.where(LABELS == "joy", "joy", "other")
    scores = ours("svm", two).scores(TEST)
    golden = SVC().fit(TRAIN, two).decision_function(TEST)
    np.testing.assert_array_equal(scores, np.column_stack([-golden, golden]))


@pytest.mark.parametrize("name", ["svm", "tree", "rf", "nb", "logreg", "xgb"])
def test_weights_of_samples_count(name):
    rows = np.where(LABELS == "joy", 50.0, 1.0)
    assert (ours(name, LABELS, rows=rows).predict(TEST) != ours(name, LABELS).predict(TEST)).any()


@pytest.mark.parametrize("name", ["knn", "lda", "gmm"])
def test_weights_of_samples_are_refused_where_there_are_none(name):
    with pytest.raises(NkululekoError, match=f"model {name} cannot weight samples"):
        ours(name, LABELS, rows=np.ones(len(LABELS)))


def test_the_importance_of_linear_models_is_the_size_of_their_coefficients():
    from sklearn.svm import SVC

    golden = np.abs(SVC(kernel="linear").fit(TRAIN, LABELS).coef_).mean(axis=0)
    np.testing.assert_allclose(ours("svm", LABELS, kernel="linear").importance(), golden)
    assert ours("svm", LABELS).importance() is None
    assert ours("knn", LABELS).importance() is None
    assert ours("lin_reg", NUMBERS).importance().argmax() == 0


def test_too_few_samples_limit_neighbours_and_gaussians_with_a_warning(caplog):
    kind = models.load("knn")
    model = kind(kind.Options(K_val=200))
    model.fit(TRAIN, LABELS)
    assert set(model.predict(TEST)) == {max(set(LABELS), key=list(LABELS).count)}
    assert "only 90 training samples" in caplog.text
    few = np.r_[np.flatnonzero(LABELS == "joy")[:3], np.flatnonzero(LABELS == "fear")]
    gmm = models.load("gmm")()
    gmm.fit(TRAIN[few], LABELS[few])
    assert "fewer: joy 1" in caplog.text


def test_gmm_wants_two_samples_a_class():
    labels = np.array(["a"] * 89 + ["b"])
    with pytest.raises(NkululekoError, match="one of 'b'"):
        ours("gmm", labels)


class Hasty(SklearnModel):
    """Stops long before it has converged, and complains."""

    def build(self):
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(max_iter=1)


def test_what_the_library_warns_of_is_said_in_one_line(caplog):
    Hasty().fit(TRAIN, LABELS)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1
    assert "failed to converge" in lines[0]
    assert "\n" not in lines[0]


def test_data_that_the_library_chokes_on_are_an_error_in_one_line():
    with pytest.raises(NkululekoError, match="model lda cannot learn from these data"):
        models.load("lda")().fit(np.zeros((90, 3)), LABELS)


@pytest.mark.parametrize(("name", "target"), [("rf", LABELS), ("rf_reg", NUMBERS)])
def test_a_forest_predicts_in_one_thread_so_that_its_sums_have_one_order(name, target, tmp_path):
    kind = models.load(name)
    model = kind(kind.Options(n_estimators=3), ModelContext(kind.tasks[0], jobs=2))
    model.fit(TRAIN, target)
    model.save(tmp_path)
    twin = kind(model.options, model.context)
    twin.restore(tmp_path)
    assert (model.estimator.n_jobs, twin.estimator.n_jobs) == (1, 1)
