import dataclasses

import numpy as np
import pandas as pd

from nkululeko.report.worst import worst
from result_factory import HOSTILE, classification, regression


def test_most_confident_mistakes_come_first():
    result = classification(samples=200)
    found = worst(result)
    frame = result.predictions
    wrong = frame[frame["truth"] != frame["prediction"]]
    confidence = np.array([row[f"p_{row['prediction']}"] for _, row in wrong.iterrows()])
    assert [mistake.weight for mistake in found] == sorted(confidence, reverse=True)[:12]
    assert {mistake.kind for mistake in found} == {"confidence"}
    assert all(mistake.truth != mistake.prediction for mistake in found)
    assert found[0].speaker == wrong["speaker"].iloc[confidence.argmax()]


def test_other_scores_are_ranked_by_their_lead():
    result = classification(samples=200, scores="s")
    first = worst(result)[0]
    row = result.predictions.loc[first.segment[0]].iloc[0]
    assert first.kind == "margin"
    assert first.weight == row[f"s_{first.prediction}"] - row[f"s_{first.truth}"]
    assert first.weight > worst(result)[1].weight > 0


def test_labels_alone_come_in_the_order_of_the_files():
    found = worst(classification(samples=200, scores="", speakers=False))
    files = [mistake.segment[0] for mistake in found]
    assert files == sorted(files)
    assert found[0].kind == "" and np.isnan(found[0].weight) and found[0].speaker == ""


def test_largest_errors_of_a_regression():
    result = regression(samples=80)
    error = (result.predictions["truth"] - result.predictions["prediction"]).abs()
    assert [mistake.weight for mistake in worst(result, 5)] == sorted(error, reverse=True)[:5]


def test_order_does_not_depend_on_the_order_of_the_rows():
    for result in (classification(HOSTILE, samples=100), classification(samples=90, scores="")):
        shuffled = dataclasses.replace(result, predictions=result.predictions.sample(frac=1, random_state=1))
        assert [m.segment for m in worst(result)] == [m.segment for m in worst(shuffled)]


def test_missing_values_are_no_mistakes():
    result = regression(samples=20)
    frame = result.predictions.copy()
    frame.iloc[0, frame.columns.get_loc("prediction")] = np.nan
    assert len(worst(dataclasses.replace(result, predictions=frame), 50)) == 19


def test_no_mistakes():
    result = classification(samples=20)
    perfect = result.predictions.assign(prediction=result.predictions["truth"])
    assert worst(dataclasses.replace(result, predictions=perfect)) == []


def test_open_ends_stay_open():
    result = classification(samples=50)
    frame = result.predictions.copy()
    frame.index = frame.index.set_levels([pd.to_timedelta([pd.NaT])], level=["end"], verify_integrity=False)
    frame.index = pd.MultiIndex.from_arrays(
        [
            frame.index.get_level_values("file"),
            frame.index.get_level_values("start"),
            pd.to_timedelta([pd.NaT] * len(frame)),
        ],
        names=["file", "start", "end"],
    )
    assert worst(dataclasses.replace(result, predictions=frame))[0].segment[1:] == (0.0, None)
