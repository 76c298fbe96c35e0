"""Known scores on EmoDB's gold-standard split: exactly what scikit-learn gives on openSMILE's features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import opensmile
import pytest
import soundfile
from sklearn.metrics import accuracy_score, recall_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import nkululeko

EMODB = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "emodb"
TABLES = "emotion.categories.{}.gold_standard"

pytestmark = [
    pytest.mark.skipif(not EMODB.is_dir(), reason="NOT TESTED: ../shared/data/emodb is not there"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gold")


def run(folder: Path, name: str):
    ini = folder / f"{name}.ini"
    ini.write_text(
        f"""
[EXP]
root = {folder}
store = {folder}/store
[DATA]
databases = ['emodb']
emodb = {EMODB}
emodb.split_strategy = specified
emodb.train_tables = ['{TABLES.format("train")}']
emodb.test_tables = ['{TABLES.format("test")}']
target = emotion
[FEATS]
type = os
set = {name}
scale = standard
[MODEL]
type = svm
"""
    )
    return nkululeko.run(ini)


@pytest.mark.parametrize(
    ("name", "uar", "accuracy"), [("eGeMAPSv02", 0.514, 0.565), ("ComParE_2016", 0.572, None)]
)
def test_emodb_gold_standard(folder, name, uar, accuracy):
    result = run(folder, name)
    assert round(result.scores["uar"].value, 3) == uar
    if accuracy is not None:
        assert round(result.scores["acc"].value, 3) == accuracy
    assert result.interval.unit == "speakers"
    assert result.interval.groups == 5


def test_every_prediction_is_that_of_plain_scikit_learn(folder):
    """openSMILE, StandardScaler and SVC called by hand."""
    import audformat

    db = audformat.Database.load(EMODB)
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02)

    def part(name: str):
        table = db[TABLES.format(name)].get()["emotion"].sort_index()
        rows = [smile(*soundfile.read(EMODB / file, dtype="float32")).ravel() for file in table.index]
        return np.array(rows), table.astype(str).to_numpy()

    (train, train_labels), (test, test_labels) = part("train"), part("test")
    scaler = StandardScaler().fit(train)
    expected = SVC().fit(scaler.transform(train), train_labels).predict(scaler.transform(test))
    result = run(folder, "eGeMAPSv02")
    assert list(result.predictions["truth"]) == list(test_labels)
    assert list(result.predictions["prediction"]) == list(expected)
    assert result.scores["uar"].value == pytest.approx(
        recall_score(test_labels, expected, average="macro"), abs=1e-12
    )
    assert result.scores["acc"].value == pytest.approx(accuracy_score(test_labels, expected), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "scale", "uar"),
    [
        ("eGeMAPSv02", "standard", 0.597),
        ("ComParE_2016", "standard", 0.692),
        ("eGeMAPSv02", "speaker", 0.706),
        ("ComParE_2016", "speaker", 0.759),
    ],
)
def test_emodb_leave_one_speaker_out(folder, name, scale, uar):
    ini = folder / f"loso_{name}_{scale}.ini"
    ini.write_text(
        f"""
[EXP]
root = {folder}
store = {folder}/store
[DATA]
databases = ['emodb']
emodb = {EMODB}
target = emotion
[FEATS]
set = {name}
scale = {scale}
[MODEL]
type = svm
loso = True
"""
    )
    result = nkululeko.run(ini)
    assert round(result.scores["uar"].value, 3) == uar
    assert len(result.predictions) == 535 and len(result.folds) == 10


AUTO = "[AUTO]\nminutes = 30\nfeatures = ['os', 'mfcc']\nmodels = ['logreg', 'lda']\nscale = ['speaker', 'standard']\n"
SPLIT = (
    f"emodb.split_strategy = specified\nemodb.train_tables = ['{TABLES.format('train')}']\n"
    f"emodb.test_tables = ['{TABLES.format('test')}']\n"
)


@pytest.mark.parametrize(
    ("name", "split", "model", "least"),
    [("auto_loso", "", "[MODEL]\nloso = True\n", 0.83), ("auto_gold", SPLIT, "", 0.73)],
)
def test_auto_finds_what_is_known_to_be_good(folder, name, split, model, least):
    """A figure of nobody's test speakers: nested in the cross-validation, and without the labels of the test set."""
    from nkululeko import auto

    ini = folder / f"{name}.ini"
    ini.write_text(
        f"[EXP]\nroot = {folder}\nstore = {folder}/store\n"
        f"[DATA]\ndatabases = ['emodb']\nemodb = {EMODB}\ntarget = emotion\n{split}{model}{AUTO}"
    )
    result = auto.run(ini)
    assert result.headline.value >= least
    assert result.tried["value"].notna().all(), "there was time for all"
    assert not any("not enough" in line for line in result.warnings)
