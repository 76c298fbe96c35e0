import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nkululeko.report.machine import ResultFile, result_json
from result_factory import all_results, classification, regression

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
    assert found["data"] == result.data.to_dict("records")
    assert found["dropped"][0]["examples"] == ["broken <1>.wav", "empty.wav"]


def test_importance_has_the_first_fifty():
    result = classification(samples=30)
    found = result_json(result)["importance"]
    assert [row["feature"] for row in found] == result.importance.index[:50].tolist()


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
