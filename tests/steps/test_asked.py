"""Whole runs with what [PLOT] asks for, against figures that were made another way from predictions.csv."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import nkululeko


def predictions_of(result) -> pd.DataFrame:
    return pd.read_csv(result.folder / "predictions.csv", dtype={"speaker": str})


def told_by(result) -> dict:
    return json.loads((result.folder / "result.json").read_text())


def plot(*lines: str) -> str:
    return "[PLOT]\n" + "\n".join(lines)


def test_what_a_threshold_keeps(bench) -> None:
    from scipy.stats import entropy
    from sklearn.metrics import balanced_accuracy_score

    result = nkululeko.run(bench.ini(model="type = logreg", rest=plot("uncertainty_threshold = .5")))
    rows = predictions_of(result)
    classes = [name for name in rows if name.startswith("p_")]
    golden = entropy(rows[classes].to_numpy(), base=len(classes), axis=1)
    np.testing.assert_allclose(rows["uncertainty"], golden, atol=1e-6)
    sure = rows[rows["uncertainty"] <= 0.5]
    kept = told_by(result)["kept"]
    assert 0 < kept["samples"] == len(sure) < len(rows)
    assert kept["value"] == pytest.approx(balanced_accuracy_score(sure["truth"], sure["prediction"]))
    assert kept["lost"] == ", ".join(sorted(set(rows["truth"]) - set(sure["truth"])))
    page = (result.folder / "report.html").read_text()
    assert f"{len(sure)} of {len(rows)} answers" in page


def test_one_answer_a_speaker(bench) -> None:
    table = bench.table
    result = nkululeko.run(
        bench.ini(
            table,
            target="gender",
            model="type = logreg\nloso = True",
            rest=plot("combine_per_speaker = mean"),
        )
    )
    rows = predictions_of(result)
    by = rows.groupby("speaker")
    male = by["p_male"].mean() > by["p_female"].mean()
    answers = pd.DataFrame(told_by(result)["combined"]["answers"]).set_index("speaker")
    assert answers.index.tolist() == [f"db/{speaker}" for speaker in male.index]
    assert (answers["prediction"] == "male").tolist() == male.tolist()
    assert answers["truth"].tolist() == by["truth"].first().tolist()
    combined = result.combined
    assert combined.interval.unit == "speakers" and combined.interval.groups == table["speaker"].nunique()
    right = float((answers["truth"] == answers["prediction"]).mean())
    assert combined.scores["acc"].value == pytest.approx(right)
    assert combined.confusion.to_numpy().sum() == len(answers)
    assert (result.folder / "images" / "per_speaker.png").exists()


def test_one_number_a_speaker(bench) -> None:
    table = bench.table
    table["age"] = table["speaker"].map(
        {name: 20 + 7 * i for i, name in enumerate(sorted(set(table["speaker"])))}
    )
    result = nkululeko.run(
        bench.ini(
            table, exp="type = regression", target="age", model="type = lin_reg\nloso = True",
            rest=plot("combine_per_speaker = mode"),
        )
    )  # fmt: skip
    rows = predictions_of(result)
    answers = pd.DataFrame(told_by(result)["combined"]["answers"])
    assert answers["prediction"].tolist() == pytest.approx(
        rows.groupby("speaker")["prediction"].mean().tolist()
    )
    assert any("of numbers there is a mean only" in note for note in result.notes)
    assert (result.folder / "images" / "per_speaker.png").exists()


def test_where_the_truth_differs_within_speakers_it_is_said(bench) -> None:
    result = nkululeko.run(bench.ini(model="type = nb", rest=plot("combine_per_speaker = mode")))
    combined = told_by(result)["combined"]
    assert combined["answers"] == [] and combined["scores"] == {} and combined["confusion"] is None
    assert len(combined["left_out"]) == result.interval.groups
    assert "whose true emotion differs" in (result.folder / "report.html").read_text()
    assert not (result.folder / "images" / "per_speaker.png").exists()


def test_runs_are_compared_by_any_measure(bench) -> None:
    pytest.importorskip("torch")
    result = nkululeko.run(
        bench.ini(exp="runs = 3\nepochs = 3", model="type = mlp", rest=plot("runs_compare = acc"))
    )
    compared = told_by(result)["compared"]
    assert [row["run"] for row in compared] == [1, 2, 3] and {row["measure"] for row in compared} == {"acc"}
    chosen = int(result.runs["chosen"].to_numpy().argmax())
    rows = predictions_of(result)
    assert compared[chosen]["value"] == pytest.approx(float((rows["truth"] == rows["prediction"]).mean()))
    own = told_by(result)["scores"]["acc"]
    assert (compared[chosen]["low"], compared[chosen]["high"]) == (own["low"], own["high"])
    assert (result.folder / "images" / "runs_compare.png").exists()


def test_what_has_no_effect_is_said_and_the_run_goes_on(bench) -> None:
    asked = (
        "uncertainty_threshold = .5",
        "combine_per_speaker = mode",
        "runs_compare = uar",
        "best_model = True",
    )
    table = bench.table.drop(columns="speaker")
    result = nkululeko.run(
        bench.ini(table, data="db.split_strategy = random", model="type = svm", rest=plot(*asked))
    )
    notes = "\n".join(result.notes)
    for line in (
        "uncertainty_threshold has no effect in this run: it needs a model that gives probabilities",
        "combine_per_speaker has no effect in this run: the speakers are not known",
        "runs_compare has no effect in this run: it is for EXP.runs = 2 or more",
        "best_model has no effect: the figures are always those of the epoch that was kept",
    ):
        assert line in notes, line
    assert result.kept is result.combined is result.compared is None
    assert "uncertainty" not in predictions_of(result)
    assert "runs_compare has no effect" in (result.folder / "log.txt").read_text()


def test_a_measure_of_another_task_is_said(bench) -> None:
    result = nkululeko.run(bench.ini(exp="runs = 2", model="type = nb", rest=plot("runs_compare = ccc")))
    assert any(
        "runs_compare = ccc has no effect in this run: the measure is not for" in n for n in result.notes
    )
    assert result.compared is None
