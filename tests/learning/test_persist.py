"""What is saved is read again exactly, and nothing else is."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from learners import OF_FEATURES
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import models
from nkululeko.learning._persist import (
    TRUSTED_TYPES,
    load_arrays,
    load_estimator,
    load_json,
    save_arrays,
    save_estimator,
)

rng = np.random.default_rng(5)
X = rng.normal(size=(40, 3))
Y = np.array(["a", "b"])[(X[:, 0] > 0).astype(int)]


class Bomb:
    """Makes a folder as soon as anybody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def bomb(tmp_path) -> tuple[bytes, Path]:
    trace = tmp_path / "exploded"
    content = pickle.dumps(Bomb(trace))
    pickle.loads(content)
    assert trace.exists()  # it does work
    trace.rmdir()
    return content, trace


def test_arrays_come_back_exactly(tmp_path):
    arrays = {
        "numbers": np.array([0.1, np.nan, np.inf]),
        "words": np.array(["ä", "b"]),
        "flag": np.array(True),
    }
    save_arrays(tmp_path / "a.npz", arrays)
    for name, array in load_arrays(tmp_path / "a.npz").items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype


def test_arrays_of_objects_are_not_written(tmp_path):
    with pytest.raises(TypeError, match="words"):
        save_arrays(tmp_path / "a.npz", {"words": np.array(["a", None], dtype=object)})


def test_arrays_of_objects_are_not_read(tmp_path, bomb):
    path = tmp_path / "a.npz"
    np.savez(path, payload=np.array([Bomb(bomb[1])], dtype=object))
    with pytest.raises(NkululekoError, match="not a table of plain arrays"):
        load_arrays(path)
    assert not bomb[1].exists()


@pytest.mark.parametrize("name", ["model.npz", "model.json", "model.skops"])
@pytest.mark.parametrize("model", ["svm", "tree"])
def test_a_renamed_pickle_is_refused(tmp_path, bomb, name, model):
    folder = tmp_path / "model"
    folder.mkdir()
    kind = models.load("svm" if name != "model.skops" else model)
    kind().build()
    fitted = kind()
    fitted.fit(X, Y)
    fitted.save(folder)
    (folder / name).write_bytes(bomb[0])
    with pytest.raises(NkululekoError, match=name):
        kind().restore(folder)
    assert not bomb[1].exists()


def test_a_renamed_pickle_is_refused_by_xgboost(tmp_path, bomb):
    fitted = models.load("xgb")()
    fitted.fit(X, Y)
    fitted.save(tmp_path)
    (tmp_path / "model.ubj").write_bytes(bomb[0])
    with pytest.raises(NkululekoError, match="not a model file of xgboost"):
        models.load("xgb")().restore(tmp_path)
    assert not bomb[1].exists()


def test_a_skops_file_with_a_foreign_type_is_refused(tmp_path):
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    skops.io.dump(FunctionTransformer(func=os.mkdir), tmp_path / "model.skops")
    with pytest.raises(NkululekoError, match=r"refused: .*mkdir"):
        models.load("tree")().restore(tmp_path)


def test_a_skops_file_of_a_trusted_but_wrong_type_is_refused(tmp_path):
    import skops.io
    from sklearn.linear_model import LinearRegression

    skops.io.dump(LinearRegression().fit(X, X[:, 0]), tmp_path / "model.skops")
    with pytest.raises(NkululekoError, match="holds a LinearRegression, expected a DecisionTreeClassifier"):
        models.load("tree")().restore(tmp_path)


def test_the_list_of_trusted_types_is_what_our_models_need(tmp_path):
    import skops.io

    needed: set[str] = set()
    for name in OF_FEATURES:
        kind = models.load(name)
        if (
            "classification" in kind.tasks and hasattr(kind, "build") and not kind.watches
        ):  # nets have files of their own
            model = models.load(name)()
            model.fit(X, Y)
            model.save(tmp_path)
            for file in tmp_path.glob("*.skops"):
                needed |= set(skops.io.get_untrusted_types(file=file))
                file.unlink()
    assert needed == set(TRUSTED_TYPES)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(NkululekoError, match="missing"):
        models.load(name)().restore(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000])
def test_broken_json_is_named(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(NkululekoError, match=r"a\.json"):
        load_json(tmp_path / "a.json")


def test_labels_that_do_not_belong_to_the_trees_are_refused(tmp_path):
    model = models.load("xgb")()
    model.fit(X, Y)
    model.save(tmp_path)
    for wrong in (["a"], ["a", "b", "c"], "ab", [1, 2]):
        (tmp_path / "classes.json").write_text(json.dumps({"classes": wrong}))
        with pytest.raises(NkululekoError, match=r"classes\.json"):
            models.load("xgb")().restore(tmp_path)


def test_tuples_lists_and_dictionaries_keep_their_types(tmp_path):
    from sklearn.svm import SVC

    estimator = SVC().fit(X, Y)
    estimator.extra = {"tuple": (1, 2.5, (None, "x")), "list": [True, {"deep": ()}]}
    save_estimator(estimator, tmp_path)
    again = load_estimator(SVC(), tmp_path)
    assert again.extra == estimator.extra
    assert type(again._gamma) is type(estimator._gamma)
    assert again.shape_fit_ == estimator.shape_fit_


def test_saving_again_leaves_nothing_of_the_old_model(tmp_path):
    tree, svm = models.load("tree")(), models.load("svm")()
    for model in (tree, svm):
        model.fit(X, Y)
        model.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.npz"]
    models.load("svm")().restore(tmp_path)


def test_another_version_of_scikit_learn_is_said(tmp_path, caplog):
    model = models.load("svm")()
    model.fit(X, Y)
    model.save(tmp_path)
    state = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**state, "_sklearn_version": "0.1"}))
    models.load("svm")().restore(tmp_path)
    assert "trained with scikit-learn 0.1" in caplog.text
    shutil.rmtree(tmp_path)
