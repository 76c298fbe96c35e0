import dataclasses

import numpy as np
import pandas as pd
import pytest

from html_reader import PIXEL, Reader
from nkululeko.evaluation.uncertainty import risk_coverage
from nkululeko.report import repeats
from nkululeko.report.page import page
from result_factory import classification, regression, with_curve, with_folds, with_runs, with_speakers


def test_one_test_set_is_called_so():
    assert repeats.basis(classification()) == "learned from 360 samples, tested on 120 samples of 6 speakers"
    assert (
        repeats.basis(dataclasses.replace(regression(samples=9, speakers=False), sheet=None))
        == "tested on 9 samples"
    )


def test_a_cross_validation_says_what_its_models_had_not_heard():
    unheard = "each predicted by a model that had not heard the speaker"
    assert (
        repeats.basis(with_folds(classification()))
        == f"leave one speaker out: 120 samples of 6 speakers, {unheard}"
    )
    three = with_folds(classification(), 3)
    assert repeats.basis(three) == f"cross-validation in 3 folds: 120 samples of 6 speakers, {unheard}"


def test_folds_that_share_a_speaker_do_not_claim_otherwise():
    result = with_folds(classification(), 3)
    fold = result.predictions["fold"].to_numpy().copy()
    fold[0] = next(name for name in set(fold) if name != fold[0])
    mixed = dataclasses.replace(result, predictions=result.predictions.assign(fold=fold))
    assert repeats.apart(result) and not repeats.apart(mixed)
    assert "had not heard" not in repeats.basis(mixed)
    assert "in no other fold" not in Reader(page(mixed)).words
    unknown = with_folds(classification(speakers=False), 4)
    assert repeats.basis(unknown).endswith(
        "120 samples, each predicted by a model that did not learn from its fold"
    )
    assert repeats.blocks(unknown)["folds"].tables[0].table.rows[0][3] == "n/a"


def test_the_same_name_in_two_databases_is_two_speakers():
    result = with_folds(classification())
    half = np.where(np.arange(120) % 2, "a", "b")
    result = dataclasses.replace(result, predictions=result.predictions.assign(database=half))
    result = dataclasses.replace(result, interval=dataclasses.replace(result.interval, unit="samples"))
    assert repeats.speakers_heard(result) == 12
    assert not repeats.basis(result).startswith("leave one speaker out")


def test_mean_and_deviation_of_the_runs():
    result = with_runs(classification(), 4)
    values = result.runs["value"].to_numpy()
    mean, deviation = repeats.spread(result.runs["value"])
    assert (mean, deviation) == pytest.approx((values.mean(), np.std(values, ddof=1)))
    block = repeats.blocks(result)["runs"]
    assert f"{values.mean():.3f}".lstrip("0") in block.lines[0]
    (kept,) = [row for row in block.tables[0].table.rows if row[-1] == "kept"]
    assert kept[0] == str(repeats.chosen_run(result)) == str(result.runs["watched"].argmax() + 1)
    assert kept[1] == str(41 + int(kept[0]))
    assert "the best on the watched data; the test set had no say" in block.lines[1]


def test_runs_without_a_watched_part_keep_the_first():
    block = repeats.blocks(with_runs(classification(), watched=False))["runs"]
    assert "Run 1 is kept because it is the first" in block.lines[1]
    assert list(block.tables[0].table.head) == ["run", "seed", "test UAR", ""]


def test_pooled_figure_stands_beside_the_mean_of_the_folds():
    result = with_folds(classification())
    lines = " ".join(repeats.blocks(result)["folds"].lines)
    mean, deviation = result.folds["value"].mean(), result.folds["value"].std()
    for figure in (result.headline.value, mean, deviation):
        assert f"{figure:.3f}".lstrip("0") in lines
    assert "Mean of the 6 folds" in lines and "a model that did not learn from its fold" in lines
    result.folds.loc[0, "value"] = np.nan
    assert "Mean of the 5 folds that have one" in " ".join(repeats.blocks(result)["folds"].lines)


def test_hardest_speakers_come_first_and_no_one_is_lost():
    speakers = pd.DataFrame(
        {"database": "db", "speaker": range(30), "n": 4, "value": np.linspace(0.1, 0.9, 30)}
    )
    block = repeats.blocks(dataclasses.replace(classification(), by_speaker=speakers))["speakers"]
    first, rest = block.tables[0].table.rows, block.more[0].table.rows
    assert [row[0] for row in (*first, *rest)] == [str(number) for number in range(30)]
    assert (len(first), block.more[0].caption) == (20, "The other 10 speakers")
    assert block.lines[0] == "Share correct: from .100 (speaker 0) to .900 (speaker 29)."


def test_speakers_of_several_databases_and_of_numbers():
    result = with_speakers(regression())
    block = repeats.blocks(result)["speakers"]
    values = [float(row[1]) for row in block.tables[0].table.rows]
    assert values == sorted(values, reverse=True)
    assert block.tables[0].table.head[1] == "mean absolute error" and "classes" not in block.tables[0].note
    two = result.by_speaker.assign(database=["a", "b"] * 3)
    names = repeats.blocks(dataclasses.replace(result, by_speaker=two))["speakers"].tables[0].table.rows
    assert names[0][0].startswith("a: ")


def test_one_speaker_is_no_table():
    result = with_speakers(classification())
    assert "speakers" not in repeats.blocks(dataclasses.replace(result, by_speaker=result.by_speaker[:1]))


def test_shares_of_the_surest_answers():
    right = np.array([True] * 6 + [False] * 4)
    curve = risk_coverage(right, np.linspace(1, 0.1, 10))
    result = dataclasses.replace(classification(), uncertainty=curve)
    block = repeats.blocks(result)["uncertainty"]
    assert [row[:2] for row in block.tables[0].table.rows] == [
        ["50 %", "0 %"], ["60 %", "0 %"], ["70 %", "14 %"], ["80 %", "25 %"], ["90 %", "33 %"], ["100 %", "40 %"],
    ]  # fmt: skip
    assert block.lines == ["Of all answers, 40 % are wrong. Of the surest 50 %, 0 % are wrong."]


def test_equally_certain_answers_stay_together():
    right = np.array([True, False, True, False])
    one = repeats.blocks(
        dataclasses.replace(classification(), uncertainty=risk_coverage(right, np.full(4, 0.5)))
    )["uncertainty"]
    assert [row[0] for row in one.tables[0].table.rows] == ["100 %"]
    assert one.lines == ["Of all answers, 50 % are wrong."]


def test_epochs_in_words():
    def history(**best):
        frame = pd.DataFrame({"epoch": [1, 2, 3] * 2, "best": False, "run": [1] * 3 + [2] * 3})
        frame.loc[list(best["rows"]), "best"] = True
        return dataclasses.replace(classification(), history=frame)

    assert repeats.epochs(classification()) == ""
    assert repeats.epochs(history(rows=[1])) == "Epoch 2 of 3 epochs was kept."
    assert (
        repeats.epochs(history(rows=[0, 5])) == "2 trainings of up to 3 epochs each: epochs 1 to 3 were kept."
    )
    assert repeats.epochs(history(rows=[2, 5])) == "2 trainings of up to 3 epochs each: epoch 3 was kept."


def test_the_page_tells_it_all_in_order():
    result = with_runs(with_folds(with_speakers(with_curve(classification())), 3))
    pictures = {f"{name}.png": PIXEL for name in ("uncertainty", "epoch_progression")}
    reader = Reader(page(result, {**pictures, "anim_progression.gif": b"GIF89a"}))
    order = [
        "5 runs: .",
        "Which data decided what",
        "The epoch: 61 samples of 2 speakers held out",
        "The test samples decided nothing",
        "Cross-validation in 3 folds: 120 samples of 6 speakers, each predicted by a model that had not heard",
        "How much does it depend on the seed?",
        "Fold by fold",
        "Who is hard?",
        "What if doubtful answers are left out?",
        "The figures are means over the folds.",
        "How the net learned",
    ]
    places = [reader.words.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    sources = {image["alt"].split(":")[0].split(";")[0]: image["src"][:15] for image in reader.all("img")}
    assert sources == {
        "Risk-coverage curve": "data:image/png;",
        "Learning curves": "data:image/png;",
        "Film of the learning curves, epoch by epoch": "data:image/gif;",
    }


def test_a_simple_run_has_none_of_this():
    ids = {attrs.get("id") for _, attrs in Reader(page(classification())).elements}
    assert not {"decided", "runs", "folds", "speakers", "uncertainty", "epochs"} & ids
