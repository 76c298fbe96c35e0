"""The experiments of ``../shared/acceptance``, unchanged, each through its door, in a folder beside ``shared``."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from checkpoints import make_checkpoint

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
FOLDER = SHARED / "acceptance"
EXPERIMENTS = sorted(path.stem for path in FOLDER.glob("[0-9]*.ini"))
#: experiments that this version runs; all others must say what is missing, in one line
RUN = {
    "01_base_os_xgb", "02_specified_praat_svm", "03_csv_import", "04_bin_continuous_age", "05_age_regression",
    "06_cross_database", "11_balancing_adasyn", "11_balancing_ros", "11_balancing_smote", "12_colnames",
    "13_balanced_split", "19_save_test", "20_add_learned", "21_train_for_demo", "22_reuse_split", "23_spectra_cnn",
    "24_wav2vec_local", "25_finetune", "26_likability_two_scales",
}  # fmt: skip
#: those of the door predict
PREDICTED = {"17_predict"}
#: those of the door multidb
CROSSED = {"07_multidb", "08_multidb_use_splits", "09_multidb_augmented", "10_multidb_train_extra"}
#: those of the door explore
EXPLORED = {"14_spotlight", "15_explore_statistics", "16_explore_real_target", "18_explore_predicted"}

pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason="NOT TESTED: ../shared/acceptance is not there"),
]


def module_of(name: str) -> str:
    """The door of an experiment: its file says so where it is not the main one, or one that comes after it."""
    said = re.search(r"^(?!; then).*-m nkululeko\.(\w+)", (FOLDER / f"{name}.ini").read_text(), re.MULTILINE)
    return said[1] if said else "nkululeko"


def is_built(name: str) -> bool:
    """Whether the door is there."""
    return (ROOT / "src" / "nkululeko" / f"{module_of(name)}.py").exists()


@dataclass(frozen=True)
class Ended:
    """How a door ended, and the folder of the call."""

    code: int
    output: str
    errors: str
    cwd: Path

    def folder(self, name: str) -> Path:
        return self.cwd / "results" / "acceptance" / name

    def result(self, name: str) -> dict:
        return json.loads((self.folder(name) / "result.json").read_text())

    def table(self, name: str, table: str) -> pd.DataFrame:
        return pd.read_csv(self.folder(name) / table, dtype={"speaker": str})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    """Runs an experiment once; others get what it left."""
    base = tmp_path_factory.mktemp("acceptance")
    (base / "shared").symlink_to(SHARED)
    project = base / "project"
    project.mkdir()
    environment = os.environ | {"NKULULEKO_STORE": str(base / "store")}
    ended: dict[str, Ended] = {}

    def door(name: str) -> Ended:
        if name not in ended:
            command = [sys.executable, "-m", f"nkululeko.{module_of(name)}", "--config"]
            done = subprocess.run(
                [*command, f"../shared/acceptance/{name}.ini"],
                cwd=project, env=environment, capture_output=True, text=True, timeout=1200,
            )  # fmt: skip
            ended[name] = Ended(done.returncode, done.stdout, done.stderr, project)
        return ended[name]

    door.project, door.environment = project, environment
    return door


def write_network(project: Path) -> None:
    """The checkpoint that 24 and 25 name: a tiny wav2vec 2.0 with random weights."""
    pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")
    make_checkpoint("wav2vec", project / "results" / "acceptance" / "tiny-wav2vec2")


@pytest.fixture
def finished(run):
    """Runs an experiment that must succeed."""

    def door(name: str) -> Ended:
        ended = run(name)
        assert ended.code == 0, ended.errors
        assert "Traceback" not in ended.errors
        return ended

    return door


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name in RUN])
def test_leaves_everything_behind(finished, run, name):
    if name == "22_reuse_split":
        finished("01_base_os_xgb")  # whose split it takes
    if name == "20_add_learned":
        finished("19_save_test")  # whose predictions it takes
    if name in ("24_wav2vec_local", "25_finetune"):
        write_network(run.project)
    ended = finished(name)
    folder = Path(re.search(r"report: (\S+)", ended.output)[1]).parent
    for file in ("config.ini", "result.json", "predictions.csv", "split.csv", "report.html", "log.txt"):
        assert (folder / file).stat().st_size > 0, file
    assert list((folder / "images").glob("*.png"))
    assert (folder / "models" / "pipeline.json").exists()
    result = json.loads((folder / "result.json").read_text())
    headline = result["scores"][result["measure"]]
    assert headline["low"] <= headline["value"] <= headline["high"]
    predictions = pd.read_csv(folder / "predictions.csv")
    split = pd.read_csv(folder / "split.csv")
    assert len(predictions) == (split["split"] == "test").sum() > 0
    assert (split["split"] == "train").sum() > 0


def test_01_speakers_are_disjoint_and_the_map_is_drawn(finished, run):
    """Before 22, which uses the same folder."""
    ended = finished("01_base_os_xgb")
    if ended.result("base_os_xgb")["provenance"]["config_file"].endswith("01_base_os_xgb.ini"):
        assert (ended.folder("base_os_xgb") / "images" / "tsne.png").exists()
    split = ended.table("base_os_xgb", "split.csv")
    speakers = split.groupby("split")["speaker"].unique()
    assert len(speakers["test"]) == 4
    assert len(speakers["train"]) == 6
    assert not set(speakers["test"]) & set(speakers["train"])
    assert len(split) == 535
    assert ended.result("base_os_xgb")["scores"]["uar"]["value"] > 0.4


def test_02_takes_the_tables(finished):
    ended = finished("02_specified_praat_svm")
    split = ended.table("specified_praat_svm", "split.csv")
    assert split["split"].value_counts().to_dict() == {"test": 292, "train": 243}
    assert set(split.loc[split["split"] == "train", "speaker"]) == {"3", "8", "9", "10", "11"}
    assert ended.result("specified_praat_svm")["scores"]["uar"]["value"] > 0.2


def test_03_reads_a_csv(finished):
    ended = finished("03_csv_import")
    split = ended.table("csv_import", "split.csv")
    assert len(split) == 400
    speakers = split.groupby("split")["speaker"].unique()
    assert not set(speakers["test"]) & set(speakers["train"])
    assert len(speakers["test"]) == round(0.3 * split["speaker"].nunique())


def test_04_bins_hold_their_lower_border(finished):
    ended = finished("04_bin_continuous_age")
    result = ended.result("bin_age")
    assert list(result["per_class"]) == ["u26", "u32", "o32"]
    split = ended.table("bin_age", "split.csv")
    by_speaker = split.groupby("speaker")["age"].unique().map(list).to_dict()
    assert by_speaker["11"] == ["u32"]  # 26 years: no longer under 26
    assert by_speaker["13"] == ["o32"]  # 32 years
    assert by_speaker["15"] == ["u26"]
    assert "speakers are in train and in test" in ended.output


def test_05_is_a_regression(finished):
    result = finished("05_age_regression").result("age_regression")
    assert result["task"] == "regression"
    assert result["measure"] == "ccc"
    assert {"mse", "mae", "pcc", "ccc"} <= set(result["scores"])
    assert result["scores"]["ccc"]["value"] > 0.2


def test_12_renames_columns(finished):
    predictions = finished("12_colnames").table("colnames", "predictions.csv")
    assert {"speaker", "gender", "age", "truth", "prediction"} <= set(predictions.columns)
    assert set(predictions["truth"]) == {"anger", "sadness"}


def test_22_reuses_the_split_of_01(finished):
    first = finished("01_base_os_xgb")
    before = (first.folder("base_os_xgb") / "split.csv").read_text()
    again = finished("22_reuse_split")
    assert again.result("base_os_xgb")["provenance"]["config_file"].endswith("22_reuse_split.ini")
    assert (first.folder("base_os_xgb") / "split.csv").read_text() == before


def test_26_compares_two_scales(finished):
    ended = finished("26_likability_two_scales")
    split = ended.table("likability", "split.csv")
    assert set(split.loc[split["database"] == "db1", "split"]) == {"test"}
    assert set(split.loc[split["database"] == "db2", "split"]) == {"train"}
    assert set(split["likability"]) == {"less likable", "more likable"}


@pytest.mark.parametrize(
    "name",
    [name for name in EXPERIMENTS if name not in RUN | EXPLORED | PREDICTED | CROSSED and is_built(name)],
)
def test_says_what_this_version_lacks(run, name):
    ended = run(name)
    assert ended.code == 1
    assert "Traceback" not in ended.errors
    lines = ended.errors.strip().splitlines()
    assert all(line.startswith("error: ") for line in lines)
    assert any("not available in this version" in line for line in lines), ended.errors


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if not is_built(name)])
def test_waits_for_its_door(name):
    pytest.skip(f"NOT TESTED: the door {module_of(name)} is not built yet")


def test_06_trains_on_one_database_and_tests_on_the_other(finished):
    ended = finished("06_cross_database")
    split = ended.table("cross_data", "split.csv")
    assert split.groupby("database")["split"].agg(set).to_dict() == {"emodb": {"train"}, "urdu": {"test"}}
    assert len(split) == 739 and set(split["emotion"]) == {"neutral", "sad", "happy", "angry"}
    assert (ended.folder("cross_data") / "images" / "value_counts.png").exists()
    chain = ended.result("cross_data")["sheet"]["chain"]
    assert [(row["database"], row["step"], row["dropped"], row["left"]) for row in chain] == [
        ("urdu", "loaded", 0, 400), ("emodb", "loaded", 0, 535), ("emodb", "mapping", 196, 339)
    ]  # fmt: skip


@pytest.mark.parametrize(("method", "least"), [("ros", 500), ("smote", 500), ("adasyn", 450)])
def test_11_balances_the_training_set_only(finished, method, least):
    ended = finished(f"11_balancing_{method}")
    result = ended.result(f"balancing_{method}")
    (note,) = [line for line in result["notes"] if line.startswith(f"balancing ({method})")]
    before, after = map(int, re.search(r"(\d+) training samples became (\d+)", note).groups())
    assert before == 321 and after > least
    assert len(ended.table(f"balancing_{method}", "predictions.csv")) == 214


def test_13_is_balanced(finished):
    ended = finished("13_balanced_split")
    split = ended.table("balanced_split", "split.csv")
    assert split.groupby("speaker")["split"].nunique().max() == 1
    balance = pd.DataFrame(ended.result("balanced_split")["sheet"]["balance"])
    assert set(balance["variable"]) == {"emotion", "age", "gender"}
    test = balance[balance["split"] == "test"].set_index("variable")
    assert (test["divergence"] < 0.1).all() and test.loc["emotion", "weight"] == 2
    assert (ended.folder("balanced_split") / "images" / "balance.png").exists()


def test_19_keeps_its_predictions_as_a_database(finished, run):
    ended = finished("19_save_test")
    soft = pd.read_csv(run.project / "my_test_predictions.csv").set_index("file")
    said = ended.table("save_test", "predictions.csv").set_index("file").loc[soft.index]
    assert list(soft["emotion"]) == list(said["prediction"])
    assert list(soft["emotion_true"]) == list(said["truth"])
    assert (soft["emotion"] != soft["emotion_true"]).sum() > 5
    labels = ["angry", "happy", "neutral", "sad"]
    assert (soft["confidence"] - soft[[f"p_{label}" for label in labels]].max(axis=1)).abs().max() < 1e-9


def test_20_learns_from_both_and_says_what_stands_in_both(finished, run):
    finished("19_save_test")
    result = finished("20_add_learned").result("exp_add_learned")
    across = pd.DataFrame(result["sheet"]["parts"])
    assert set(across.loc[across["split"] == "train", "database"]) == {"emodb", "learned"}
    assert any("learned" in line and "emodb" in line for line in [*result["warnings"], *result["notes"]])


def test_21_a_net_that_can_be_loaded(finished):
    ended = finished("21_train_for_demo")
    result = ended.result("demo")
    assert any("epoch" in line and "held out from the training set" in line for line in result["decided"])
    assert (ended.folder("demo") / "models" / "pipeline.json").exists()


def test_21_then_the_demo_hears_a_file(finished, run):
    """As the file's comment says."""
    ended = finished("21_train_for_demo")
    said = re.search(
        r"then: python -m (nkululeko\.demo) (.*)$",
        (FOLDER / "21_train_for_demo.ini").read_text(),
        re.MULTILINE,
    )
    file = "../shared/data/emodb/wav/03a01Fa.wav"
    assert said[2] == f"--config ../shared/acceptance/21_train_for_demo.ini --file {file}"
    done = subprocess.run(
        [sys.executable, "-m", said[1], *said[2].split()],
        cwd=run.project,
        env=run.environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr
    name, headline, *classes = done.stdout.splitlines()
    assert name == "03a01Fa.wav" and len(classes) == 7
    assert classes[0].split()[0] == re.match(r"  emotion: (\w+) \(\d+ %\)", headline)[1]
    predictions = ended.table("demo", "predictions.csv")
    tested = predictions[predictions["file"].str.endswith("03a01Fa.wav")]
    if len(tested):  # the same number as in the test of the run
        assert headline.split()[1] == tested["prediction"].iloc[0]


def test_23_runs_with_their_figures_and_the_epochs(finished):
    ended = finished("23_spectra_cnn")
    result = ended.result("spectra_cnn")
    assert [run["seed"] for run in result["runs"]["each"]] == [42, 43] and sum(
        run["chosen"] for run in result["runs"]["each"]
    ) == 1
    assert {row["epoch"] for row in result["history"]} == {1, 2, 3}
    assert (ended.folder("spectra_cnn") / "images" / "epoch_progression.png").exists()


def test_24_embeds_with_a_network_in_a_folder(finished, run):
    write_network(run.project)
    result = finished("24_wav2vec_local").result("wav2vec_local")
    assert "checkpoint=" in str(result["provenance"])
    assert result["scores"]["uar"]["value"] > 1 / 7  # even random layers hear loudness and pitch


def test_25_trains_a_network_on(finished, run):
    write_network(run.project)
    ended = finished("25_finetune")
    result, folder = ended.result("finetune"), ended.folder("finetune")
    assert [row["epoch"] for row in result["history"]] == [1]
    assert any("held out from the training set" in line for line in result["decided"])
    network = folder / "models" / "model" / "network"
    assert (network / "model.safetensors").exists() and not list(folder.rglob("*.bin"))
    before = (run.project / "results" / "acceptance" / "tiny-wav2vec2" / "model.safetensors").read_bytes()
    assert (network / "model.safetensors").read_bytes() != before
    assert list((folder / "tensorboard").rglob("events*")) and not (folder / "training").exists()


def test_25_with_a_number(run):
    write_network(run.project)
    changes = ["EXP.type=regression", "DATA.target=age", "EXP.name=finetune_age", "EXP.epochs=2"]
    command = [
        sys.executable,
        "-m",
        "nkululeko.nkululeko",
        "--config",
        "../shared/acceptance/25_finetune.ini",
    ]
    done = subprocess.run(
        [*command, *(part for change in changes for part in ("--set", change))], cwd=run.project,
        env=run.environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads((run.project / "results" / "acceptance" / "finetune_age" / "result.json").read_text())
    assert result["task"] == "regression" and result["measure"] == "ccc" and len(result["history"]) == 2
    prediction = pd.read_csv(run.project / "results" / "acceptance" / "finetune_age" / "predictions.csv")[
        "prediction"
    ]
    assert prediction.between(0, 100).all() and prediction.std() > 0


def explored(ended: Ended, name: str) -> dict:
    """What explore left for machines, after a look at the rest."""
    folder = Path(re.search(r"report: (\S+)", ended.output)[1]).parent
    assert folder == ended.folder(name)
    for file in (
        "explore.html",
        "explore.json",
        "explore.ini",
        "explore_log.txt",
        "associations.csv",
        "suspicious.csv",
    ):
        assert (folder / file).stat().st_size > 0, file
    assert (folder / "images" / "overview.png").exists()
    record = json.loads((folder / "explore.json").read_text())
    assert record["findings"] and record["samples"] == 535 and record["speakers"] == 10
    for finding in record["findings"][:5]:
        assert finding["text"] in " ".join(ended.output.split())
    return record


def evidence_of(record: dict, name: str) -> dict:
    """The main tests of an association, by what they count."""
    (found,) = [each for each in record["associations"] if each["name"] == name]
    return {test["unit"]: test for test in reversed(found["tests"]) if not test["within"]}


def test_14_explores_and_says_how_spotlight_is_set_up(finished):
    record = explored(finished("14_spotlight"), "spotlight")
    assert "spotlight-setup" in finished("14_spotlight").output
    assert record["selection"] == "all" and record["features"]["ways"] == []


def test_15_statistics_features_and_maps(finished):
    ended = finished("15_explore_statistics")
    record = explored(ended, "explore_statistics")
    gender, age = evidence_of(record, "emotion_gender"), evidence_of(record, "emotion_age")
    assert (
        gender["samples"]["name"].startswith("chi-square")
        and gender["samples"]["effect_name"] == "Cramer's V"
    )
    assert gender["samples"]["statistic"] == pytest.approx(12.243, abs=0.001)  # scipy.stats.chi2_contingency
    assert "Cohen's d" in age["samples"]["detail"] and gender["speakers"]["n"] == 10
    assert evidence_of(record, "emotion_age_duration")["samples"]["name"] == "Pearson's r"
    images = {path.stem for path in (ended.folder("explore_statistics") / "images").glob("*.png")}
    for name in ("emotion_gender", "emotion_age", "emotion_duration", "emotion_age_duration"):
        assert {f"{name}_samples", f"{name}_speakers"} <= images
    maps = ["tsne", "pca"]
    if importlib.util.find_spec("umap"):
        maps.insert(1, "umap")
    else:
        assert any("umap-learn" in line for line in record["warnings"])
    assert [made["method"] for made in record["maps"]] == maps
    assert {
        f"map_{method}_{colour}" for method in maps for colour in ("emotion", "gender", "speaker")
    } <= images
    assert {"feature_importance", "feature_distributions", "feature_correlation"} <= images
    assert record["features"]["ways"] == ["tree", "xgb"] and len(record["features"]["ranking"]) == 88
    table = ended.table("explore_statistics", "associations.csv")
    assert {"statistic", "effect", "n", "p", "p_corrected"} <= set(table.columns)


def test_16_a_number_is_not_binned(finished):
    ended = finished("16_explore_real_target")
    record = explored(ended, "explore_real_target")
    assert record["kind"] == "number"
    assert evidence_of(record, "age_duration")["samples"]["effect_name"] == "Pearson's r"
    assert evidence_of(record, "age_gender")["samples"]["effect_name"] == "Cohen's d"


def test_17_leaves_a_table_with_the_new_column(finished, run):
    ended = finished("17_predict")
    assert "snr_pred  535 predictions: mean" in ended.output
    table = pd.read_csv(ended.folder("predict") / "mydata_predicted.csv")
    assert len(table) == 535 and table["snr_pred"].between(-20, 100).all()
    assert {"file", "start", "end", "speaker", "gender", "age", "emotion", "transcription"} <= set(table)
    assert all(Path(file).is_absolute() for file in table["file"])


def test_18_looks_at_what_was_predicted(run, finished):
    finished("17_predict")
    record = explored(finished("18_explore_predicted"), "explore_predicted")
    found = evidence_of(record, "emotion_snr_pred")
    assert found["samples"]["p"] < 0.001 and found["speakers"]["p"] < 0.05
    assert any("snr_pred" in finding["text"] for finding in record["findings"])


@pytest.mark.parametrize("name", sorted(CROSSED))
def test_databases_are_tested_by_each_other(finished, name):
    if name == "09_multidb_augmented":
        pytest.importorskip("audiomentations", reason="NOT TESTED: audiomentations is not installed")
    ended = finished(name)
    folder = Path(re.search(r"page: (\S+)", ended.output)[1]).parent
    assert folder.parent.parent == ended.cwd / "results" / "acceptance"
    for file in ("heatmap.png", "heatmap.svg", "heatmap.csv", "heatmap.json", "multidb.html"):
        assert (folder / file).stat().st_size > 0, file
    record = json.loads((folder / "heatmap.json").read_text())
    assert record["measure"] == "UAR" and record["columns"] == ["emodb", "urdu"]
    assert all(cell["low"] <= cell["value"] <= cell["high"] for cell in record["cells"])
    for cell in record["cells"]:
        assert (folder / cell["folder"] / "report.html").stat().st_size > 0
    (across,) = [cell for cell in record["cells"] if (cell["train"], cell["test"]) == ("urdu", "emodb")]
    split = pd.read_csv(folder / "urdu_vs_emodb" / "split.csv")
    assert split.groupby("database")["split"].agg(set).to_dict() == {"urdu": {"train"}, "emodb": {"test"}}
    if name == "09_multidb_augmented":  # two methods, so each training sample stands there three times
        assert (split["split"] == "train").sum() == 3 * 400
    by_splits = name == "08_multidb_use_splits"
    assert across["samples"] == (172 if by_splits else 339)
    extra = [note for note in across["notes"] if "nothing is learned from it" in note]
    assert len(extra) == (name == "10_multidb_train_extra")
    if extra:
        own = pd.read_csv(folder / "urdu_vs_urdu" / "split.csv")
        assert set(own.loc[own["database"] == "emodb", "split"]) == {"train"}


def test_07_is_the_same_on_a_cluster_of_two_processes(finished, run):
    pytest.importorskip("distributed", reason="NOT TESTED: dask is not installed")
    page = Path(re.search(r"page: (\S+)", finished("07_multidb").output)[1])
    here = json.loads((page.parent / "heatmap.json").read_text())
    changes = ["EXP.engine=dask", "EXP.jobs=2", "EXP.root=./results/dask/", "EXP.store=./dask_store"]
    command = [sys.executable, "-m", "nkululeko.multidb", "--config", "../shared/acceptance/07_multidb.ini"]
    done = subprocess.run(
        [*command, *(part for change in changes for part in ("--set", change))], cwd=run.project,
        env=run.environment, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (path,) = (run.project / "results" / "dask").rglob("heatmap.json")
    there = json.loads(path.read_text())
    assert "engine = dask" in (path.parent / "urdu_vs_emodb" / "config.ini").read_text()
    values = [
        {(cell["train"], cell["test"]): cell["value"] for cell in each["cells"]} for each in (here, there)
    ]
    assert values[0] == values[1]
