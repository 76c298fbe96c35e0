"""Weights of training samples: what counts nothing is as if it were not there, in every model that has weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from learners import OF_FEATURES
from nkululeko import nkululeko as door
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, models
from nkululeko.learning.pipeline import Part, Pipeline, Recipe
from nkululeko.testing.corpus import write_corpus

INI = """\
[EXP]
root = ./results
[DATA]
databases = ['db', 'soft']
db = ./corpus/corpus.csv
db.type = csv
soft = ./corpus/soft.csv
soft.type = csv
soft.split_strategy = train
soft.weights = confidence
target = emotion
shared_speakers = True
[FEATS]
type = ['mfcc']
[MODEL]
type = svm
"""


def fitted(name: str, part: Part) -> Pipeline:
    kind = models.load(name)
    few = {"n_estimators": 8} if "n_estimators" in kind.Options.model_fields else {}
    made = Pipeline(Recipe(name, few, ModelContext(kind.tasks[0], epochs=2), scaler="none"))
    made.fit(part.features, part.target, part.groups, weights=part.weights)
    return made


def data(task: str) -> tuple[Part, np.ndarray]:
    """Two clouds, and as many rows with wrong labels that count nothing."""
    rng = np.random.default_rng(4)
    features = rng.normal(size=(60, 3)) + np.repeat([0, 3, 1.5], 20)[:, None]
    target = np.repeat(["a", "b", "a"], 20).astype(object) if task == "classification" else features.sum(1)
    if task == "regression":
        target[40:] = 100.0
    weights = np.repeat([1.0, 1.0, 0.0], 20)
    return Part(features, target, np.arange(60) % 6, weights), rng.normal(size=(30, 3)) + 1.5


@pytest.mark.parametrize("name", ["svm", "logreg", "lin_reg", "tree", "tree_reg", "nb"])
def test_what_counts_nothing_is_as_if_it_were_not_there(name):
    part, new = data(models.load(name).tasks[0])
    weighted = fitted(name, part).predict(new)
    without = fitted(name, Part(*(values[:40] for values in (part.features, part.target, part.groups))))
    if weighted.dtype.kind == "f":
        np.testing.assert_allclose(weighted, without.predict(new), rtol=1e-3)
    else:
        assert (weighted == without.predict(new)).mean() > 0.95


@pytest.mark.parametrize("name", OF_FEATURES)
def test_every_model_weights_samples_or_says_that_it_cannot(name):
    kind = models.load(name)
    if kind.takes_sequences:
        pytest.skip("takes sequences")
    part, _ = data(kind.tasks[0])
    even = Part(part.features, part.target, part.groups, np.ones(60))
    try:
        fitted(name, even)
        fitted(name, part)
    except NkululekoError as problem:
        if "needs the" in str(problem):
            pytest.skip(str(problem))
        assert "cannot weight samples; take e.g. svm, rf or xgb" in str(problem)


def test_weights_and_balancing_exclude_each_other():
    part, _ = data("classification")
    made = Pipeline(Recipe("svm", balancing="ros"))
    with pytest.raises(NkululekoError, match="balancing = ros and weights of samples exclude each other"):
        made.fit(part.features, part.target, part.groups, weights=part.weights)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path / "store"))
    write_corpus(tmp_path / "corpus", speakers=6, utterances_per_emotion=2)
    table = pd.read_csv("corpus/corpus.csv")
    others = table["speaker"].isin(sorted(set(table["speaker"]))[:2])
    table[~others].to_csv("corpus/corpus.csv", index=False)
    soft = table[others].assign(confidence=np.linspace(0, 1, int(others.sum())))
    soft.to_csv("corpus/soft.csv", index=False)
    Path("exp.ini").write_text(INI)
    return tmp_path


def test_in_an_experiment(project):
    """Weights of zero give what the database itself gives."""
    weighted = door.run("exp.ini")
    soft = pd.read_csv("corpus/soft.csv")
    soft.assign(confidence=0.0).to_csv("corpus/soft.csv", index=False)
    nothing = door.run("exp.ini", ["EXP.name=nothing", "FEATS.scale=none"])
    only = [
        line for line in INI.replace("['db', 'soft']", "['db']").splitlines() if not line.startswith("soft")
    ]
    Path("alone.ini").write_text("\n".join(only))
    alone = door.run("alone.ini", ["EXP.name=alone", "FEATS.scale=none"])
    for row in nothing.predictions.index:
        assert nothing.predictions.loc[row, "prediction"] == alone.predictions.loc[row, "prediction"]
    assert len(weighted.predictions) == len(alone.predictions)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("confidenze", 1.0, "no column 'confidenze' in database 'soft'; did you mean 'confidence'"),
        (
            "confidence",
            -1.0,
            "training samples have no weight in column 'confidence', e.g. -1.0; expected numbers",
        ),
        ("confidence", "sure", "e.g. sure; expected numbers >= 0"),
    ],
)
def test_columns_that_are_no_weights(project, column, value, message):
    pd.read_csv("corpus/soft.csv").assign(confidence=value).to_csv("corpus/soft.csv", index=False)
    with pytest.raises(NkululekoError, match=message):
        door.run("exp.ini", [f"DATA.soft.weights={column}"])
