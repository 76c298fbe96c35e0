"""Pipelines in ONNX give the pipelines' own answers, whatever is in them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nkululeko.core import families
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext
from nkululeko.learning.exporting.before import can_scale
from nkululeko.learning.exporting.whole import TOLERANCE, difference, rows_like_training, to_onnx
from nkululeko.learning.pipeline import Part, Pipeline, Recipe

onnx = pytest.importorskip("onnx", reason="NOT TESTED: onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="NOT TESTED: onnxruntime is not installed")
pytest.importorskip("skl2onnx", reason="NOT TESTED: skl2onnx is not installed")
pytest.importorskip("onnxmltools", reason="NOT TESTED: onnxmltools is not installed")

NETS = ("mlp", "mlp_reg", "cnn", "cnn_reg", "lstm", "lstm_reg")
CLASSIFIERS = ("svm", "knn", "rf", "tree", "logreg", "lda", "nb", "gmm", "xgb", "lgbm")
REGRESSORS = ("svr", "knn_reg", "rf_reg", "tree_reg", "lin_reg", "xgr", "lgbm_reg")
FRAMES, COLUMNS = 12, 5


def data(classes: int, rows: int = 160, width: int = 12):
    """Classes that overlap, features of very different sizes, as those of speech; 32-bit numbers, as features are."""
    random = np.random.default_rng(classes)
    numbers = random.integers(0, max(classes, 2), rows)
    numbers[: max(classes, 2)] = range(max(classes, 2))
    features = random.normal(size=(rows, width)) + numbers[:, None] * np.linspace(0, 1, width)
    features = (features * np.geomspace(1e-2, 1e3, width)).astype(np.float32).astype(float)
    if classes:
        return features, np.array([f"class {number}" for number in numbers])
    return features, numbers * 20.0 + random.normal(size=rows) * 5 + 30


def fitted(model: str, classes: int, *, watched: bool = False, gaps: bool = False, **recipe) -> Pipeline:
    task = "classification" if classes else "regression"
    shape = (FRAMES, COLUMNS) if families.models.load(model).takes_sequences else None
    features, target = data(classes, width=FRAMES * COLUMNS if shape else 12)
    if gaps:
        features[::7, 3] = np.nan
    if shape:
        features[::3, 20:] = np.nan
    context = ModelContext(task, epochs=2, shape=shape, seed=1)
    pipeline = Pipeline(Recipe(model, context=context, **recipe))
    half = len(target) // 2
    dev = Part(features[half:], target[half:]) if watched else None
    pipeline.fit(features[:half] if watched else features, target[:half] if watched else target, None, dev)
    return pipeline


def answers(pipeline: Pipeline, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What onnxruntime says, asked without any help of ours."""
    content = to_onnx(pipeline).content
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    assert given.type == "tensor(float)" and given.shape[1] == rows.shape[1]
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(None, {given.name: rows}), strict=True))


def assert_same(pipeline: Pipeline, rows: np.ndarray, width: float = TOLERANCE) -> None:
    found = answers(pipeline, rows)
    values = rows.astype(np.float64)
    expected = pipeline.predict(values)
    if not pipeline.classes:
        assert list(found) == ["value"]
        np.testing.assert_allclose(found["value"], expected, rtol=width, atol=width)
        return
    assert list(found["label"]) == list(expected)
    name = "probabilities" if pipeline.model.probabilistic else "scores"
    np.testing.assert_allclose(found[name], pipeline.scores(values), rtol=0, atol=width)


def heard(classes: int, width: int = 12, gaps: bool = False) -> np.ndarray:
    """Rows that were not learned from."""
    features = data(classes, width=width)[0][::-1] * 1.01
    if gaps:
        features[::5, 2] = np.nan
        features[::9, 4] = np.inf
    return features.astype(np.float32)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("classes", [2, 5])
def test_classifiers(name, classes):
    if name == "lgbm":
        families.models.load(name).check_installed()
    pipeline = fitted(name, classes)
    assert_same(pipeline, heard(classes))
    model = to_onnx(pipeline)
    assert difference(pipeline, model, rows_like_training(pipeline, model.given)) < TOLERANCE


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name):
    pipeline = fitted(name, 0)
    assert_same(pipeline, heard(0))
    model = to_onnx(pipeline)
    assert difference(pipeline, model, rows_like_training(pipeline, model.given)) < TOLERANCE


@pytest.mark.parametrize("name", NETS)
def test_nets(name):
    pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
    classes = 0 if name.endswith("_reg") else 3
    pipeline = fitted(name, classes)
    sequences = pipeline.model.takes_sequences
    rows = heard(classes, FRAMES * COLUMNS if sequences else 12)
    if sequences:  # of all lengths, one with a hole, one without any value
        for row, values in enumerate(rows):
            values[COLUMNS * (1 + row % FRAMES) :] = np.nan
        rows[5, 2], rows[6] = np.nan, np.nan
    assert_same(pipeline, rows)
    assert_same(pipeline, rows[:1])
    model = to_onnx(pipeline)
    assert difference(pipeline, model, rows_like_training(pipeline, model.given)) < TOLERANCE


def test_all_models_are_here():
    """A new model is to be converted, or named here."""
    assert set(families.models.names()) == {*CLASSIFIERS, *REGRESSORS, *NETS, "finetune"}


@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly", "sigmoid"])
@pytest.mark.parametrize("name", ["svm", "svr"])
def test_kernels(name, kernel):
    pipeline = fitted(name, 4 if name == "svm" else 0, options={"kernel": kernel, "gamma": 0.07})
    assert_same(pipeline, heard(4 if name == "svm" else 0))


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_covariances(covariance):
    options = {"GMM_covariance_type": covariance, "GMM_components": 2}
    assert_same(fitted("gmm", 3, options=options), heard(3))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("knn", {"KNN_weights": "distance"}),
        ("knn_reg", {"KNN_weights": "distance"}),
        ("lda", {"shrinkage": "auto"}),
        ("lin_reg", {"alpha": 10.0}),
    ],
)
def test_options(name, options):
    classes = 0 if name.endswith("_reg") else 3
    assert_same(fitted(name, classes, options=options), heard(classes))


@pytest.mark.parametrize("scaler", [name for name in families.scalers.names() if can_scale(name)])
def test_scalers_are_inside(scaler):
    pipeline = fitted("logreg", 3, scaler=scaler, nan_strategy="mean", gaps=True)
    model = to_onnx(pipeline)
    assert model.given == "features" and f"scale = {scaler}" in model.inside
    assert_same(pipeline, heard(3, gaps=True))


def test_scalers_that_bend_what_is_missing_leave_it_missing():
    for scaler in ("bins", "normalizer", "powertransformer", "standard"):
        pipeline = fitted("xgb", 3, scaler=scaler, gaps=True)
        assert_same(pipeline, heard(3, gaps=True))


@pytest.mark.parametrize("strategy", ["zero", "mean", "median", "none", "drop"])
def test_what_becomes_of_missing_values_is_inside(strategy):
    name = "xgb" if strategy in ("none", "drop") else "svm"
    pipeline = fitted(name, 3, nan_strategy=strategy, gaps=True)
    assert_same(pipeline, heard(3, gaps=True))


@pytest.mark.parametrize("scaler", ["speaker", "quantiletransformer"])
def test_what_cannot_be_inside_is_said(scaler):
    features, target = data(3)
    speakers = np.array([f"{row % 6}" for row in range(len(target))])
    pipeline = Pipeline(Recipe("svm", scaler=scaler))
    pipeline.fit(features, target, speakers)
    model = to_onnx(pipeline)
    assert model.given == "scaled_features" and model.inside == ("model svm",)
    ready = pipeline.scaler.transform(features, speakers).astype(np.float32)
    session = runtime.InferenceSession(model.content, providers=["CPUExecutionProvider"])
    label, scores = session.run(None, {"scaled_features": ready})
    assert list(label) == list(pipeline.predict(features, speakers))
    np.testing.assert_allclose(scores, pipeline.scores(features, speakers), atol=1e-4)
    assert difference(pipeline, model, rows_like_training(pipeline, model.given)) < TOLERANCE


@pytest.mark.parametrize("name", ["xgb", "logreg", "knn"])
def test_the_temperature_is_inside(name):
    pipeline = fitted(name, 3, watched=True)
    assert pipeline.temperature != 1.0
    assert_same(pipeline, heard(3))
    assert any("temperature" in line for line in to_onnx(pipeline).inside)


def test_many_features_and_few_rows():
    """As ComParE on a small database: weights are turned back from the space that the rows span."""
    features, target = data(3, rows=40, width=600)
    for name in ("logreg", "lda", "svm"):
        options = {"shrinkage": "auto"} if name == "lda" else {}
        pipeline = Pipeline(Recipe(name, options=options))
        pipeline.fit(features, target)
        assert_same(pipeline, (features * 1.02).astype(np.float32))


def test_votes_that_are_equal():
    """Of many classes that cannot be told apart, the label goes by the votes, not by the scores."""
    random = np.random.default_rng(3)
    features = random.normal(size=(240, 4)).astype(np.float32).astype(float)
    target = np.array([f"{number}" for number in random.integers(0, 8, 240)])
    pipeline = Pipeline(Recipe("svm"))
    pipeline.fit(features, target)
    rows = random.normal(size=(500, 4)).astype(np.float32)
    by_score = np.array(pipeline.classes)[pipeline.scores(rows).argmax(axis=1)]
    assert (by_score != pipeline.predict(rows)).any(), "no such row: the test shows nothing"
    assert_same(pipeline, rows)


def test_a_threshold_between_neighbouring_numbers():
    """Trees split between two values: rounded to 32 bits, a threshold must not fall onto one of them."""
    values = np.nextafter(np.float32(1), np.float32(2)), np.float32(1)
    features = np.array([[float(values[row % 2])] for row in range(40)])
    target = np.array([f"{row % 2}" for row in range(40)])
    for name in ("tree", "rf"):
        pipeline = Pipeline(Recipe(name))
        pipeline.fit(features, target)
        assert_same(pipeline, features.astype(np.float32))


def test_the_file_says_what_it_is():
    pipeline = fitted("svm", 3)
    made = onnx.load_from_string(to_onnx(pipeline).content)
    about = {entry.key: json.loads(entry.value) for entry in made.metadata_props}
    assert about["labels"] == pipeline.classes
    assert about["inside"] == ["missing values (none)", "scale = standard", "model svm"]


def test_a_difference_is_found():
    """The check can fail: other weights, and labels in another order."""
    pipeline, other = fitted("logreg", 3), fitted("logreg", 3, options={"C_val": 0.01})
    model = to_onnx(pipeline)
    rows = rows_like_training(pipeline, model.given)
    assert difference(pipeline, model, rows) < 1e-6
    assert difference(other, model, rows) > 0.01
    number, another = fitted("lin_reg", 0), fitted("lin_reg", 0, options={"alpha": 1000.0})
    model = to_onnx(number)
    assert difference(another, model, rows_like_training(number, model.given)) > 0.01


def test_models_from_sound_are_refused():
    pipeline = fitted("svm", 2)
    pipeline.model.takes_recordings = True  # type: ignore[misc]
    with pytest.raises(NkululekoError, match="starts from sound"):
        to_onnx(pipeline)
