import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nkululeko.report.machine import ResultFile, result_json
from result_factory import (
    all_results,
    classification,
    regression,
    with_curve,
    with_folds,
    with_runs,
    with_speakers,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = DOCS / "result.schema.json"


@pytest.mark.parametrize("kind", all_results())
def test_every_result_is_strict_json_after_the_schema(kind):
    result = all_results()[kind]
    text = json.dumps(result_json(result), allow_nan=False)
    again = ResultFile.model_validate_json(text)
    assert again.scores[result.measure].value == result.headline.value
    assert again.test_samples == len(result.predictions)
    text.encode("utf-8")


def test_nothing_is_rounded_and_nan_is_null():
    result = classification(samples=60)
    found = result_json(result)
    assert found["scores"]["uar"]["low"] == result.scores["uar"].low
    assert found["scores"]["eer"]["low"] is None
    assert found["per_class"]["anger"]["recall"] == result.per_class.loc["anger", "recall"]
    assert found["confusion"]["counts"] == result.confusion.to_numpy().tolist()
    assert [row["count"] for row in found["calibration"]["bins"]] == result.calibration.bins["count"].tolist()
    assert found["groups"][3]["low"] is None
    assert [row["hours"] for row in found["sheet"]["parts"]] == result.sheet.parts["hours"].tolist()
    assert found["sheet"]["chain"][1]["examples"] == ["broken <1>.wav", "empty.wav"]


def test_a_result_without_a_data_sheet():
    assert result_json(dataclasses.replace(classification(samples=20), sheet=None))["sheet"] is None


def test_importance_has_the_first_fifty():
    result = classification(samples=30)
    found = result_json(result)["importance"]
    assert [row["feature"] for row in found] == result.importance.index[:50].tolist()


def test_runs_folds_speakers_and_epochs():
    result = with_runs(with_folds(with_speakers(with_curve(classification(samples=300))), 3), 3)
    found = result_json(result)
    assert found["runs"]["mean"] == result.runs["value"].mean()
    assert found["runs"]["deviation"] == result.runs["value"].std(ddof=1)
    assert found["runs"]["each"] == result.runs.to_dict("records")
    assert found["folds"]["each"] == result.folds.to_dict("records")
    assert found["folds"]["deviation"] == result.folds["value"].std(ddof=1)
    assert found["by_speaker"] == result.by_speaker.to_dict("records")
    assert [row["train_loss"] for row in found["history"]] == result.history["train_loss"].tolist()
    assert found["history"][0]["fold"] is None and found["history"][-1]["run"] == 3
    assert found["decided"] == list(result.decided)
    # a hundred points of the curve at most, the last one with all answers
    assert len(found["uncertainty"]) == 100
    assert found["uncertainty"][-1] == result.uncertainty.iloc[-1].to_dict()
    assert found["uncertainty"][49]["coverage"] == pytest.approx(0.5, abs=1 / 300)


def test_what_plot_asks_for():
    result = all_results()["asked"]
    found = result_json(result)
    assert found["kept"] == result.kept.iloc[0].to_dict()
    combined = result.combined
    assert found["combined"]["answers"] == combined.answers.to_dict("records")
    assert found["combined"]["confusion"]["counts"] == combined.confusion.to_numpy().tolist()
    assert found["combined"]["scores"].keys() == result.scores.keys()
    assert (found["combined"]["left_out"], found["combined"]["unknown"]) == (["emodb/98", "emodb/99"], 2)
    assert [(row["run"], row["value"]) for row in found["compared"]] == list(
        enumerate(result.runs["value"], start=1)
    )
    numbers = result_json(all_results()["asked_regression"])["combined"]
    assert numbers["confusion"] is None and type(numbers["answers"][0]["truth"]) is float


def test_what_a_simple_run_lacks_is_null():
    found = result_json(classification(samples=30))
    for name in ("runs", "folds", "history", "uncertainty", "by_speaker", "kept", "combined", "compared"):
        assert found[name] is None, name
    assert found["decided"] == []
    unwatched = result_json(with_runs(classification(samples=30), watched=False))
    assert {row["watched"] for row in unwatched["runs"]["each"]} == {None}
    unknown = result_json(with_folds(classification(speakers=False), 4))
    assert {row["speakers"] for row in unknown["folds"]["each"]} == {None}


def test_regression_has_no_classes():
    found = result_json(regression(samples=30))
    assert found["labels"] == []
    assert found["per_class"] is found["confusion"] is found["calibration"] is None


def test_anything_in_the_provenance_becomes_json():
    provenance = {
        "path": Path("a/b"),
        "when": datetime(2026, 11, 2, 10, 11),
        "numbers": np.array([1.0, np.nan]),
        "number": np.float32(0.5),
        "missing": pd.NA,
        "time": pd.NaT,
        "tuple": (1, {"deep": {2, 3}}),
        "infinite": float("inf"),
        7: True,
        "odd": "file\udce4.wav",
    }
    result = dataclasses.replace(classification(samples=20), provenance=provenance)
    result.groups["speakers"] = pd.array([pd.NA, 1, 2, 3], dtype="Int64")
    found = result_json(result)
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert found["provenance"] == {
        "path": str(Path("a/b")),
        "when": "2026-11-02T10:11:00",
        "numbers": [1.0, None],
        "number": 0.5,
        "missing": None,
        "time": None,
        "tuple": [1, {"deep": [2, 3]}],
        "infinite": None,
        "7": True,
        "odd": "file?.wav",
    }
    assert [row["speakers"] for row in found["groups"]] == [None, 1, 2, 3]


def test_schema_file_is_up_to_date():
    """Regenerate it: ``NKULULEKO_NEW_SCHEMA=1 pytest tests/report/test_machine.py``."""
    schema = json.dumps(ResultFile.model_json_schema(), indent=1) + "\n"
    if os.environ.get("NKULULEKO_NEW_SCHEMA"):
        SCHEMA.write_text(schema, "utf-8")
    assert SCHEMA.read_text("utf-8") == schema


def test_every_field_is_in_the_manual():
    page = (DOCS / "result-json.md").read_text("utf-8")
    schema = ResultFile.model_json_schema()
    for record in (schema, *schema["$defs"].values()):
        for name, described in record["properties"].items():
            assert f"`{name}`" in page, name
            assert described["description"]
