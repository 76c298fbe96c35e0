"""``nkululeko compare``: finished runs side by side."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finished_runs import finish, write_ini
from nkululeko import compare
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Scored, metrics
from nkululeko.core.result import Result
from nkululeko.evaluation import comparison
from nkululeko.steps.finished import read


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, corpus: Path, store: Path) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    write_ini(folder, corpus, store)
    return folder


@pytest.fixture(scope="module")
def runs(home: Path) -> dict[str, Result]:
    """Finished runs on the same test samples, one with another split, one of numbers."""
    wanted = {
        "exp": ["MODEL.type=svm"],
        "nb": [],
        "lda": ["MODEL.type=lda", "FEATS.scale=robust", "EXP.res_dir=tables"],
        "other": ["EXP.random_seed=1"],
        "mae": ["MODEL.type=svr", "EXP.type=regression", "DATA.target=arousal", "MODEL.measure=mae"],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        return {name: finish(home / "exp.ini", name, *changes) for name, changes in wanted.items()}


@pytest.fixture
def call(home: Path, runs: dict[str, Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Compares some of the runs by their names."""
    monkeypatch.chdir(home)

    def compared(*names: str, **options):
        return compare.run([runs[name].folder for name in names], out=tmp_path, **options)

    return compared


def test_figures_are_those_of_the_runs_and_p_that_of_the_paired_test(call, runs):
    board = call("exp", "nb", "lda")
    values = {entry.name: entry.value for entry in board.entries}
    assert values == pytest.approx({name: runs[name].headline.value for name in ("exp", "nb", "lda")})
    assert board.best.value == max(values.values())
    systems, speakers = {}, None
    for name in values:
        folder = runs[name].folder / ("tables" if name == "lda" else "")
        table = pd.read_csv(folder / "predictions.csv")
        systems[name] = Scored(table["truth"].to_numpy(), table["prediction"].to_numpy(), runs[name].labels)
        speakers = table["speaker"].to_numpy()
    expected = comparison.compare(metrics.load("uar")(), systems, speakers, seed=42).set_index("system")
    for entry in board.entries:
        row = expected.loc[entry.name]
        for column in ("low", "high", "difference", "difference_low", "difference_high", "p", "p_corrected"):
            assert getattr(entry, column) == pytest.approx(row[column], nan_ok=True), column


def test_leaderboard_is_written_and_says_what_differs(call, tmp_path):
    board = call("exp", "nb", "lda")
    assert board.page == tmp_path / "leaderboard.html"
    page = board.page.read_text()
    assert page.count("report.html") == 3
    table = pd.read_csv(tmp_path / "leaderboard.csv").set_index("name")
    assert table.loc["lda", "model"] == "lda"
    assert table.loc["lda", "scale"] == "robust"
    assert "features" not in table  # the same in all
    assert any("decided by their own test samples" in line for line in board.warnings)
    assert any("test set of" in line for line in board.notes)


def test_warnings_of_runs_are_passed_on(call):
    assert any("no p-value can be below" in line for line in call("exp", "nb").warnings)


def test_other_samples_are_an_error_or_the_common_ones_are_compared(call, runs):
    with pytest.raises(
        NkululekoError, match=r"'exp' and 'other': were not tested on the same samples: \d+ only"
    ):
        call("exp", "other")
    board = call("exp", "other", common=True)
    theirs = runs["other"].predictions
    both = theirs[theirs.index.isin(runs["exp"].predictions.index)]
    assert 0 < len(both) < len(theirs)
    assert f"compared on the {len(both)} samples" in board.notes[0]
    recalls = [(part["truth"] == part["prediction"]).mean() for _, part in both.groupby("truth")]
    found = next(entry for entry in board.entries if entry.name == "other")
    assert found.value == pytest.approx(np.mean(recalls))


def test_another_measure(call, runs):
    board = call("exp", "nb", measure="acc")
    assert board.measure == runs["nb"].scores["acc"].label
    assert {entry.name: entry.value for entry in board.entries} == pytest.approx(
        {name: runs[name].scores["acc"].value for name in ("exp", "nb")}
    )
    with pytest.raises(NkululekoError, match="'mae' is no measure for classification"):
        call("exp", "nb", measure="mae")


def test_a_measure_of_scores_takes_probabilities_and_distances(call, runs):
    board = call("exp", "nb", measure="eer")
    assert {entry.name: entry.value for entry in board.entries} == pytest.approx(
        {name: runs[name].scores["eer"].value for name in ("exp", "nb")}
    )


def test_different_measures_and_tasks_are_told_apart(call):
    with pytest.raises(NkululekoError, match="'exp' and 'mae': have different classes"):
        call("exp", "mae")


@pytest.fixture
def copied(runs: dict[str, Result], tmp_path: Path):
    """A copy of a run that a test may change."""

    def copy(name: str, to: str) -> Path:
        return Path(shutil.copytree(runs[name].folder, tmp_path / to))

    return copy


def test_predictions_of_another_run_are_found_out(copied, runs):
    folder = copied("exp", "mixed")
    (folder / "predictions.csv").write_text((runs["nb"].folder / "predictions.csv").read_text())
    with pytest.raises(NkululekoError, match="they are of different runs"):
        read(folder)


def test_a_text_that_looks_like_a_number_or_nothing_stays_a_label(home, monkeypatch):
    monkeypatch.chdir(home)
    mapping = "{'anger': '01', 'happiness': 'NA', 'neutral': 'None', 'sadness': '1e3'}"
    result = finish(home / "exp.ini", "odd", f"DATA.db.mapping={mapping}")
    found = read(result.folder)
    assert set(found.predictions["truth"]) == {"01", "NA", "None", "1e3"}
    assert found.predictions["prediction"].tolist() == result.predictions["prediction"].tolist()
    np.testing.assert_array_equal(found.probabilities, result.predictions.filter(like="p_").to_numpy())


def test_runs_may_be_named_by_their_experiment_files(home, runs, monkeypatch, tmp_path):
    monkeypatch.chdir(home)
    board = compare.run(["exp.ini", runs["nb"].folder / "config.ini"], out=tmp_path)
    assert {entry.name for entry in board.entries} == {"exp", "nb"}


def test_runs_of_one_name_are_told_apart(copied, runs, tmp_path):
    board = compare.run([runs["exp"].folder, copied("exp", "again")], out=tmp_path)
    assert {entry.name for entry in board.entries} == {"results/exp", f"{tmp_path.name}/again"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no result of a run"),
        ("[]", "is no result of a run"),
        ('{"name": "x"}', "is no result of a run"),
        (None, "there is no finished run"),
    ],
)
def test_what_is_no_run_is_said(copied, content, message):
    folder = copied("exp", "broken")
    if content is None:
        (folder / "result.json").unlink()
    else:
        (folder / "result.json").write_text(content)
    with pytest.raises(NkululekoError, match=message):
        read(folder)


@pytest.mark.parametrize(
    "table",
    ["", "a,b\n1,2\n", "file,start,end,truth,prediction\nx.wav,soon,0 days,a,b\n", "file,start,end\n"],
)
def test_a_broken_table_is_said(copied, table):
    folder = copied("exp", "broken")
    (folder / "predictions.csv").write_text(table)
    with pytest.raises(NkululekoError, match="is no table of predictions"):
        read(folder)


def test_one_run_is_no_comparison(call, runs):
    with pytest.raises(NkululekoError, match="nothing to compare"):
        call("exp")
    with pytest.raises(NkululekoError, match="is there twice"):
        call("exp", "exp")


def test_a_folder_of_runs_is_not_one(home, runs, tmp_path):
    with pytest.raises(NkululekoError, match=r"there are \d+ below it: name them"):
        compare.run([home / "results", runs["exp"].folder], out=tmp_path)


def test_command_line(home, runs, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(home)
    assert compare.main(["results/exp", "results/nb", "--out", str(tmp_path), "--measure", "acc"]) == 0
    shown = capsys.readouterr().out
    assert "nb" in shown and str(tmp_path / "leaderboard.html") in shown
    assert compare.main(["results/exp", "results/nothing"]) == 1
    assert "there is no finished run" in capsys.readouterr().err


def test_nothing_in_a_name_gets_into_the_page_as_code(copied, runs, tmp_path):
    folder = copied("exp", "evil")
    record = json.loads((folder / "result.json").read_text())
    record["name"] = "<script>alert(1)</script>"
    (folder / "result.json").write_text(json.dumps(record))
    assert "<script" not in compare.run([folder, runs["nb"].folder], out=tmp_path).page.read_text()
