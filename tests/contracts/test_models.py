"""Every model through the common checks."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from learners import OF_FEATURES
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Model, ModelContext, models

NAMES = models.names()
CLASSIFIERS = [name for name in OF_FEATURES if "classification" in models.load(name).tasks]
REGRESSORS = [name for name in OF_FEATURES if "regression" in models.load(name).tasks]
rng = np.random.default_rng(11)


def labelled(classes: int, features: int = 4, rows: int = 45) -> tuple[np.ndarray, np.ndarray]:
    """Classes that lie well apart; labels out of alphabetical order, as plain Python text."""
    numbers = np.arange(rows) % classes
    labels = np.array(["sad", "angry", "neutral, or so"], dtype=object)[numbers]
    return rng.normal(size=(rows, features)) + 6 * numbers[:, None], labels


def numbered(features: int = 4, rows: int = 45) -> tuple[np.ndarray, np.ndarray]:
    values = rng.normal(size=(rows, features))
    return values, values.sum(axis=1) * 3 + 10


def data(task: str, features: int = 4) -> tuple[np.ndarray, np.ndarray]:
    return numbered(features) if task == "regression" else labelled(3, features)


def small(name: str) -> dict[str, object]:
    """Options and epochs with which a model is quick, and as good here."""
    kind = models.load(name)
    if kind.watches:
        return {"batch_size": 8, "learning_rate": 0.02, "layers": (16,), "drop": 0.0}
    few = {"n_estimators": 8, "min_child_samples": 2}
    return {option: value for option, value in few.items() if option in kind.Options.model_fields}


def fitted(name: str, features: np.ndarray, target: np.ndarray, **context) -> Model:
    kind = models.load(name)
    if kind.watches:
        context.setdefault("epochs", 24)
    if kind.takes_sequences:  # each row is a sequence of frames with one column
        context.setdefault("shape", (features.shape[1], 1))
    model = kind(kind.Options(**small(name)), ModelContext(task=kind.tasks[0], **context))
    try:
        model.fit(features, target)
    except NkululekoError as error:
        if "needs the package" in str(error) or "needs the system's" in str(error):
            pytest.skip(str(error))
        raise
    return model


def test_the_models_of_the_manual_are_there():
    expected = "svm svr xgb xgr knn knn_reg tree tree_reg rf rf_reg nb gmm lin_reg logreg lda"
    expected += " lgbm lgbm_reg mlp mlp_reg cnn cnn_reg lstm lstm_reg"
    assert set(expected.split()) <= set(NAMES)
    assert models.load("bayes") is models.load("nb")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_named_and_described(name):
    kind = models.load(name)
    assert kind.plugin_name() == name
    assert kind.summary
    for option, field in kind.Options.model_fields.items():
        assert field.description, f"{name}.{option} has no line of help"


@pytest.mark.parametrize("name", NAMES)
def test_its_partner_points_back_and_does_the_other_task(name):
    kind = models.load(name)
    if kind.partner:
        partner = models.load(kind.partner)
        assert partner.partner == name
        assert set(partner.tasks) != set(kind.tasks)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes_that_lie_apart_are_told_apart(name, classes):
    features, labels = labelled(classes)
    model = fitted(name, features, labels)
    prediction = model.predict(features)
    assert sorted(model.classes) == sorted(set(labels))
    assert all(type(label) is str for label in model.classes)
    assert prediction.shape == labels.shape
    assert all(isinstance(label, str) for label in prediction)
    assert (prediction == labels).mean() > 0.95


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_highest_score_is_the_prediction(name, classes):
    features, labels = labelled(classes)
    model = fitted(name, features, labels)
    scores = model.scores(features)
    if scores is None:
        pytest.skip(f"{name} has no scores")
    assert scores.shape == (len(features), classes)
    assert np.isfinite(scores).all()
    assert (np.array(model.classes)[scores.argmax(axis=1)] == model.predict(features)).all()
    if model.probabilistic:
        assert (scores >= 0).all()
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("name", REGRESSORS)
def test_numbers_are_learned(name):
    features, target = numbered()
    model = fitted(name, features, target)
    prediction = model.predict(features)
    assert prediction.shape == target.shape
    assert prediction.dtype == np.float64
    assert np.corrcoef(prediction, target)[0, 1] > 0.7
    assert model.classes == []
    assert model.scores(features) is None


@pytest.mark.parametrize("name", OF_FEATURES)
def test_importance_is_a_number_a_feature(name):
    features, target = data(models.load(name).tasks[0])
    importance = fitted(name, features, target).importance()
    if importance is not None:
        assert importance.shape == (features.shape[1],)
        assert (importance >= 0).all()
        assert importance.sum() > 0


@pytest.mark.parametrize("name", OF_FEATURES)
def test_saved_and_restored_it_says_the_same_to_the_last_bit(name, tmp_path):
    features, target = data(models.load(name).tasks[0])
    model = fitted(name, features, target)
    model.save(tmp_path)
    twin = models.load(name)(context=model.context)
    twin.restore(tmp_path)
    new = rng.normal(3, 5, size=(30, features.shape[1]))
    np.testing.assert_array_equal(twin.predict(new), model.predict(new))
    assert twin.classes == model.classes
    for mine, other in ((model.scores(new), twin.scores(new)), (model.importance(), twin.importance())):
        assert (mine is None) == (other is None)
        if mine is not None:
            np.testing.assert_array_equal(mine, other)


def blobs(path: Path) -> list[tuple[str, bytes]]:
    """A file's bytes, or those of each file in it."""
    if not zipfile.is_zipfile(path):
        return [(path.name, path.read_bytes())]
    with zipfile.ZipFile(path) as packed:
        return [(name, packed.read(name)) for name in packed.namelist()]


@pytest.mark.parametrize("name", OF_FEATURES)
def test_no_saved_file_holds_a_pickle(name, tmp_path):
    features, target = data(models.load(name).tasks[0])
    fitted(name, features, target).save(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        for part, content in blobs(path):
            assert not content.startswith(b"\x80"), f"{part} is a pickle"
            if part.endswith(".npy"):
                np.load(io.BytesIO(content), allow_pickle=False)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_the_same_seed_gives_the_same_model(name):
    features, target = data(models.load(name).tasks[0])
    new = rng.normal(3, 5, size=(30, features.shape[1]))
    first, second = (fitted(name, features, target, seed=5, jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(first.predict(new), second.predict(new))
    if first.scores(new) is not None:
        np.testing.assert_array_equal(first.scores(new), second.scores(new))


@pytest.mark.parametrize("name", OF_FEATURES)
def test_one_feature(name):
    features, target = data(models.load(name).tasks[0], features=1)
    assert len(fitted(name, features, target).predict(features)) == len(target)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_a_constant_feature(name):
    features, target = data(models.load(name).tasks[0])
    features[:, 2] = 0.0  # as a scaler leaves it
    model = fitted(name, features, target)
    assert len(model.predict(features)) == len(target)
    scores = model.scores(features)
    assert scores is None or np.isfinite(scores).all()


@pytest.mark.parametrize("name", OF_FEATURES)
def test_a_handful_of_samples(name, caplog):
    task = models.load(name).tasks[0]
    features = np.array([[0.0, 1.0], [1.0, 0.0], [8.0, 9.0], [9.0, 8.0]])
    target = np.array([1.0, 2.0, 8.0, 9.0]) if task == "regression" else np.array(["low", "low", "up", "up"])
    assert len(fitted(name, features, target).predict(features)) == 4


@pytest.mark.parametrize("name", OF_FEATURES)
def test_the_input_is_left_alone(name):
    features, target = data(models.load(name).tasks[0])
    before, target_before = features.copy(), target.copy()
    fitted(name, features, target).predict(features)
    np.testing.assert_array_equal(features, before)
    np.testing.assert_array_equal(target, target_before)


@pytest.mark.parametrize("name", [name for name in NAMES if models.load(name).accepts_missing])
def test_missing_values_are_taken_where_it_says_so(name):
    features, target = data(models.load(name).tasks[0])
    features[::3, 1] = np.nan
    assert len(fitted(name, features, target).predict(features)) == len(target)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_class_weights_help_the_rare_class_or_are_refused(name):
    generator = np.random.default_rng(2)
    features = np.concatenate([generator.normal(0, 1, (180, 2)), generator.normal(1, 1, (20, 2))])
    labels = np.array(["often"] * 180 + ["rare"] * 20)
    plain = fitted(name, features, labels)
    try:
        weighted = fitted(name, features, labels, class_weight=True)
    except NkululekoError as error:
        assert f"model {name} cannot weight classes" in str(error)
        return
    new = generator.normal(0.7, 1, (300, 2))
    assert (weighted.predict(new) == "rare").sum() > (plain.predict(new) == "rare").sum()
