"""What the report says of one answer a speaker, and of the answers that a threshold keeps."""

from __future__ import annotations

import dataclasses

import pytest

from html_reader import PIXEL, Reader
from nkululeko.core.result import Interval, Score
from nkululeko.report import asked
from nkululeko.report.page import page
from result_factory import (
    HOSTILE,
    all_results,
    classification,
    regression,
    with_combined,
    with_curve,
    with_kept,
)


def many(result, speakers: int = 20, **score):
    """As if there were enough speakers for an interval to be judged."""
    combined = dataclasses.replace(result.combined, interval=Interval("speakers", speakers, 1000))
    if score:
        combined = dataclasses.replace(combined, scores={"uar": Score("uar", "UAR", **score)})
    return dataclasses.replace(result, combined=combined)


def test_what_was_not_asked_for_is_not_told():
    assert asked.per_speaker(classification()) is None
    assert asked.kept(classification()) == []
    ids = {attrs.get("id") for _, attrs in Reader(page(classification())).elements}
    assert "per_speaker" not in ids


def test_speakers_and_samples_are_told_apart():
    block = asked.per_speaker(all_results()["asked"])
    value = f"{all_results()['asked'].headline.value:.3f}".lstrip("0")
    assert f"UAR over 6 speakers: {value}" in block.lines[0]
    assert f"over single samples it is {value}." in block.lines[0]
    assert block.lines[0].startswith("The probabilities of all samples of a speaker are averaged")
    assert "With only 6 speakers, the interval itself is rough." in block.lines[0]
    assert block.lines[1] == (
        "2 speakers left out, because the true emotion differs between their samples, so that there is no one answer"
        " to be right: emodb/98, emodb/99."
    )
    assert block.lines[2] == "2 samples left out, because the speaker is not known."
    assert block.tables[0].table.rows[0][0] == "UAR"
    assert len(block.more[0].table.rows) == 6


def test_the_interval_is_judged_where_there_are_enough_speakers():
    result = with_combined(classification(("a", "b")))
    better = asked.per_speaker(many(result, value=0.9, low=0.8, high=0.95))
    assert "The whole interval is better than guessing." in better.lines[0]
    unclear = asked.per_speaker(many(result, value=0.6, low=0.4, high=0.8))
    assert "cannot be told from chance" in unclear.lines[0]


def test_an_interval_without_width_is_no_certainty():
    """The bootstrap of speakers that are all right knows nothing of those that are not."""
    result = many(with_combined(classification(("a", "b"))), value=1.0, low=1.0, high=1.0)
    (line, *_) = asked.per_speaker(result).lines
    assert "the interval has no width; that does not mean" in line and "better than guessing" not in line


def test_guessing_is_that_of_the_classes_of_the_speakers():
    result = with_combined(classification(("a", "b", "c")))
    two = result.combined.answers.assign(truth=["a", "b"] * 3)
    result = dataclasses.replace(result, combined=dataclasses.replace(result.combined, answers=two))
    assert "includes guessing" in asked.per_speaker(many(result, value=0.5, low=0.45, high=0.55)).lines[0]


@pytest.mark.parametrize(
    ("how", "start"),
    [
        ("mode", "The answer that most samples of a speaker get"),
        ("mean", "The scores of all samples of a speaker"),
    ],
)
def test_how_it_was_done(how, start):
    assert asked.per_speaker(with_combined(classification(scores="s"), how)).lines[0].startswith(start)


def test_numbers_are_averaged():
    block = asked.per_speaker(with_combined(regression()))
    assert block.lines[0].startswith(
        "The predictions of all samples of a speaker are averaged. CCC over 6 speakers"
    )
    assert block.tables[0].table.rows[0][0] == "CCC" and len(block.tables) == 1


def test_where_no_speaker_is_left_the_reason_is_given():
    result = with_combined(classification())
    names = [f"emodb/{number:02d}" for number in range(9)]
    empty = dataclasses.replace(
        result.combined, answers=result.combined.answers[:0], scores={}, confusion=None, left_out=names
    )
    block = asked.per_speaker(dataclasses.replace(result, combined=empty))
    assert len(block.lines) == 1 and not block.tables
    assert "each of the 9 speakers has samples whose true emotion differs" in block.lines[0]
    some = dataclasses.replace(result.combined, left_out=names)
    text = " ".join(asked.per_speaker(dataclasses.replace(result, combined=some)).lines)
    assert "9 speakers left out" in text and "emodb/04 and 4 more." in text


def test_what_a_threshold_keeps():
    result = with_kept(with_curve(classification(samples=200)), 0.5)
    row = result.kept.iloc[0]
    (line, *_) = asked.kept(result)
    assert line.startswith(f"PLOT.uncertainty_threshold = .500: {row['samples']} of 200 answers")
    assert f"{200 - row['samples']} are left out" in line
    assert f"UAR of those kept: {row['value']:.3f}".replace("0.", ".") in line
    everything = asked.kept(with_kept(with_curve(classification()), 0.0))
    assert "left out" not in everything[0]
    assert asked.kept(with_kept(with_curve(classification()), 1.0)) == [
        "PLOT.uncertainty_threshold = 1.000: no answer has so high a certainty."
    ]


def test_a_class_that_is_lost_is_named():
    result = with_kept(with_curve(classification()), 0.5)
    lost = dataclasses.replace(result, kept=result.kept.assign(lost="fear, joy"))
    assert asked.kept(lost)[1] == (
        "Nothing of fear, joy is kept, so UAR does not count it any more: that alone may raise it."
    )


def test_the_page_shows_both_in_their_places():
    result = all_results()["asked"]
    images = {"per_speaker.png": PIXEL, "runs_compare.png": PIXEL, "uncertainty.png": PIXEL}
    reader = Reader(page(result, images))
    order = [
        "How much does it depend on the seed?",
        "Who is",
        "One answer a speaker",
        "What if doubtful",
        "are kept,",
    ]
    places = [reader.words.find(part) for part in order if part != "Who is"]
    assert -1 not in places and places == sorted(places)
    alts = [image["alt"] for image in reader.all("img")]
    assert len(alts) == 3 and any(alt.startswith("One answer a speaker") for alt in alts)
    assert "More plots" not in reader.words
    assert "the interval tells of other speakers, not of other seeds" in reader.words


def test_hostile_names_stay_text():
    result = with_combined(classification(HOSTILE))
    answers = result.combined.answers.assign(speaker="<b>x</b>")
    result = dataclasses.replace(
        result, combined=dataclasses.replace(result.combined, answers=answers, left_out=["<i>y</i>"])
    )
    html = page(result)
    assert "<b>x</b>" not in html and "<i>y</i>" not in html and "<script>" not in html
