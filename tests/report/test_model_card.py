"""The model card says what is true of the run, and names nobody."""

import dataclasses
import json
import re

import pytest
import yaml

from nkululeko.core.result import Score
from nkululeko.report.card_words import guess_of, limits
from nkululeko.report.machine import result_json
from nkululeko.report.model_card import model_card
from nkululeko.report.words import chance
from result_factory import all_results, classification, regression, with_folds, with_runs, with_speakers

CONFIG = """\
[EXP]
root = /home/someone/results
language = 'de'
[DATA]
databases = ['emodb']
emodb = /home/someone/emodb  ; a folder
[FEATS]
type = ['os']
scale = standard
[MODEL]
type = svm
C_val = 10.0  ; default
save = True
pretrained_model = /home/someone/secret/network
"""


def record_of(result, **changes):
    origin = {
        "config": CONFIG, "seed": 42, "features": {"os": "1;opensmile=2.6.0"}, "python": "3.11.7",
        "licences": ["openSMILE: free for research"], "versions": {"numpy": "2.4.6"}, "data_fingerprint": "b0f8",
    }  # fmt: skip
    return {**result_json(dataclasses.replace(result, provenance=origin)), **changes}


def front_matter(card: str) -> dict:
    assert card.startswith("---\n")
    return yaml.safe_load(card.split("---\n")[1])


@pytest.mark.parametrize("kind", all_results())
def test_every_result_has_a_card_without_html_or_names(kind):
    result = all_results()[kind]
    record = record_of(result)
    card = model_card(json.loads(json.dumps(record)))
    front = front_matter(card)
    assert front["library_name"] == "nkululeko" and front["license"] == "other"
    assert front["language"] == ["de"]
    assert ("pipeline_tag" in front) == (result.task == "classification")
    assert "<" not in card and "\x1b" not in card
    assert not re.search(r"(?<!\\)\[[^\]]*\]\(", card), "a link that a label made"
    assert "/home/someone" not in card and "secret" not in card
    sheet = record["sheet"]
    if sheet:
        speakers = {row["speaker"] for row in sheet["speakers"]}
        assert not [name for name in speakers if name in card]
        files = [name for row in sheet["chain"] for name in row["examples"]]
        assert not [name for name in files if name in card]
    for file in result.predictions.index.get_level_values("file"):
        assert file not in card


def test_the_check_of_names_can_fail():
    """Some of the results that are looked at do name speakers and files."""
    sheets = [result_json(result)["sheet"] for result in all_results().values()]
    assert [sheet for sheet in sheets if sheet and sheet["speakers"]]


def test_it_holds_the_figures_of_the_run():
    result = classification(samples=120)
    card = model_card(record_of(result))
    uar = result.scores["uar"]
    shown = [f"{value:.3f}".removeprefix("0") for value in (uar.value, uar.low, uar.high)]
    assert f"| UAR | {shown[0]} | [{shown[1]}, {shown[2]}] |" in card
    for label, row in result.per_class.iterrows():
        assert re.search(rf"\| {label} \| .* \| {int(row['support'])} \|", card)
    for row in result.groups.itertuples():
        assert f"| {row.variable}: {row.group} |" in card
    parts = result.sheet.parts
    assert all(f"| {row.database} | {row.split} | {row.samples} |" in card for row in parts.itertuples())
    assert "svm (C\\_val = 10.0, pretrained\\_model = network)" in card
    assert "| scale | standard |" in card and "| seed | 42 |" in card
    assert "- openSMILE: free for research" in card


@pytest.mark.parametrize("measure", ["uar", "acc", "eer"])
def test_chance_is_that_of_the_report(measure):
    result = dataclasses.replace(classification(samples=90), measure=measure)
    mine, theirs = guess_of(record_of(result)), chance(result)
    assert mine.value == pytest.approx(theirs.value)


def with_score(result, value, low, high):
    score = Score("uar", "UAR", value, low, high)
    return dataclasses.replace(result, scores={**result.scores, "uar": score})


def test_what_cannot_be_told_from_guessing_is_said_first():
    result = classification(samples=90)
    bad = limits(record_of(with_score(result, 0.2, 0.1, 0.3)))
    good = limits(record_of(with_score(result, 0.8, 0.7, 0.9)))
    assert "cannot be told from guessing" in bad[0]
    assert not [line for line in good if "guessing" in line]


def test_few_speakers_classes_never_tested_and_warnings_are_limits():
    record = record_of(classification(samples=90))
    rows = {**record["per_class"], "anger": {"recall": None, "precision": None, "f1": None, "support": 0}}
    said = " ".join(
        limits({**record, "per_class": rows, "warnings": ["speaker 03 is in both"], "groups": None})
    )
    assert "6 speakers only" in said
    assert "how it does with anger" in said
    assert "1 warning" in said and "03" not in said
    assert "women and men" in said
    unknown = {**record, "interval": {**record["interval"], "unit": "samples"}}
    assert "not known how many people" in " ".join(limits(unknown))


def test_folds_that_bear_the_names_of_speakers_are_not_named():
    result = with_runs(with_folds(with_speakers(classification(samples=300)), 3), 3)
    record = record_of(result)
    record["folds"]["each"][0]["fold"] = "anna_k"
    record["decided"] = ["anna_k: the epoch: 10 samples", "the choice that is tested in anna_k: 40 samples"]
    card = model_card(record)
    assert "anna" not in card
    assert "in one part: the epoch: 10 samples" in card
    assert "tested in one part: 40 samples" in card
    assert "Tested by cross-validation: each of 300 samples" in card and "Tested once" not in card
    assert "Over 3 parts of a cross-validation: mean" in card and "Over 3 runs" in card


def test_numbers_say_their_range():
    record = record_of(regression(samples=60))
    numbers = [row for row in record["sheet"]["numbers"] if row["variable"] == record["target"]]
    card = model_card(record)
    assert ("it has learned from values between" in card) == bool(numbers)
    assert "estimates the number" in card


def test_without_sheet_provenance_and_licences():
    card = model_card(record_of(classification(samples=60), sheet=None, provenance={}))
    assert "The run left no data sheet." in card
    assert "license" not in front_matter(card) and "language" not in front_matter(card)


def test_a_model_of_speakers_says_that_it_names_people():
    record = record_of(classification(samples=60))
    assert "names of people" in " ".join(limits({**record, "target": "speaker"}))


def test_groups_of_one_speaker_tell_of_one_voice():
    record = record_of(classification(samples=60))
    two = [{**row, "speakers": 1, "low": None, "high": None} for row in record["groups"]]
    assert "one voice, not of the group" in model_card({**record, "groups": two})
    assert "do not meet" in model_card(record) and "one voice" not in model_card(record)
    assert "do not meet" not in model_card({**record, "groups": two})
