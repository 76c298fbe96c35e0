"""Predictions as text: what is written can be read, and steers no terminal."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from rich.console import Console

from nkululeko.core.samples import segmented_index
from nkululeko.report.predicted import Tally, as_csv, as_json, as_table, records
from nkululeko.report.predicted_terminal import described, predicted_summary

HOSTILE = 'a\x1b[2Jb,"c"\n'


def portion(files, predictions, label: str = "calm", **columns) -> pd.DataFrame:
    probabilities = [None if p is None else 0.75 for p in predictions]
    frame = pd.DataFrame(
        {**columns, "prediction": predictions, f"p_{label}": probabilities, "confidence": probabilities},
        index=segmented_index(files, ["0s"] * len(files), ["1.5s"] * len(files)),
    )
    return frame.assign(error=["" if p else "is no sound" for p in predictions])


TWO = [portion(["a.wav", "b.wav"], ["calm", None]), portion(["c.wav"], ["calm"])]


def test_csv_has_one_header():
    table = pd.read_csv(io.StringIO("".join(as_csv(TWO))))
    assert list(table["file"]) == ["a.wav", "b.wav", "c.wav"] and table["prediction"].isna().tolist() == [
        0,
        1,
        0,
    ]


def test_json_is_one_array():
    rows = json.loads("".join(as_json(TWO)))
    assert [row["error"] for row in rows] == [None, "is no sound", None]
    assert rows[0] == {
        "file": "a.wav", "start": 0.0, "end": 1.5, "prediction": "calm", "probabilities": {"calm": 0.75},
        "confidence": 0.75, "error": None,
    }  # fmt: skip
    assert rows[1]["probabilities"] is None and rows[1]["confidence"] is None
    assert json.loads("".join(as_json([]))) == []


def test_rows_are_written_as_they_come():
    """A portion that is not there yet does not hold back the one before."""

    def portions():
        yield TWO[0]
        raise RuntimeError("not yet")

    for written in (as_csv, as_json, as_table):
        assert "a.wav" in next(text for text in written(portions()) if "a.wav" in text)


def test_known_columns_stand_before_the_answer():
    (row,) = records(portion(["a.wav"], ["calm"], speaker=["x"], note=[None]))
    assert list(row)[:6] == ["file", "start", "end", "speaker", "note", "prediction"] and row["note"] is None


@pytest.mark.parametrize("written", [as_csv, as_json, as_table])
def test_names_and_labels_are_no_commands(written):
    hostile = [portion([f"/tmp/{HOSTILE}.wav"], [HOSTILE], HOSTILE)]
    text = "".join(written(hostile))
    if written is as_table:
        assert "\x1b" not in text and len(text.splitlines()) == 2
    elif written is as_json:
        assert json.loads(text)[0]["prediction"] == HOSTILE and "\x1b" not in text
    else:
        assert pd.read_csv(io.StringIO(text))["prediction"][0] == HOSTILE


def test_a_number_has_no_classes():
    frame = pd.DataFrame({"prediction": [31.25]}, index=segmented_index(["a.wav"])).assign(error="")
    (row,) = records(frame)
    assert row == {"file": "a.wav", "start": 0.0, "end": None, "prediction": 31.25, "error": None}
    assert "31.250" in "".join(as_table([frame]))


def test_counting():
    tally = Tally()
    assert sum(map(len, tally.counted(TWO))) == 3
    assert (tally.rows, tally.good, tally.bad, tally.example) == (3, 2, 1, "b.wav: is no sound")


def test_the_summary_shows_labels_as_they_are(tmp_path):
    console = Console(record=True, width=100, file=io.StringIO())
    columns = {
        "x_pred": pd.Series([HOSTILE, "[red]b[/red]"]),
        "y_pred": pd.Series([None, None], dtype=object),
    }
    console.print(predicted_summary(columns, [tmp_path / "x.csv"], ["[bold]warned[/bold]"]))
    text = console.export_text()
    assert "[red]b[/red] 1" in text and "[bold]warned[/bold]" in text and "\x1b[2J" not in text


def test_many_classes_are_not_all_named():
    words = described(pd.Series([f"class_{place}" for place in range(20)]))
    assert words.startswith("20 predictions: ") and words.endswith(" and 12 more")
