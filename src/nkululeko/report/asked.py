"""What the report says of the figures that [PLOT] asks for: one answer a speaker, the answers that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.report import tables, words
from nkululeko.report.sheet_blocks import Block, Shown
from nkululeko.report.tables import Table
from nkululeko.report.text import NONE, cell, clean, count, interval, number, percent, plural

if TYPE_CHECKING:
    from nkululeko.core.result import Combined, Result, Score

#: speakers that are named in a sentence
NAMED = 5


def per_speaker(result: Result) -> Block | None:
    """One answer a speaker; None where it was not asked for."""
    combined = result.combined
    if combined is None:
        return None
    title = "One answer a speaker"
    if not len(combined.answers):
        why = (
            f"No figure: each of the {plural(len(combined.left_out), 'speaker')} has samples whose true"
            f" {clean(result.target)} differs, so there is no one answer to be right. One answer a speaker is for what"
            " a speaker always has, such as age, gender or a diagnosis."
        )
        return Block("per_speaker", title, lines=[why])
    score = combined.scores[result.measure]
    lines = [f"{_how(combined, result)} {_figures(score, result, combined)}", *_left_out(combined, result)]
    rows = [
        [
            clean(each.label),
            number(each.value),
            interval(each.low, each.high),
            number(result.scores[name].value),
        ]
        for name, each in sorted(combined.scores.items(), key=lambda item: item[0] != result.measure)
    ]
    head = ["measure", "speakers", f"{100 * combined.interval.level:.0f} % interval", "samples"]
    note = "Samples: the same measure where each sample counts by itself, the scores of this report."
    shown = [Shown(Table(head, rows), "Scores over speakers", note)]
    if combined.confusion is not None:
        shown.append(Shown(tables.confusion(combined.confusion), "Confusion matrix: number of speakers"))
    return Block(
        "per_speaker", title, lines=lines, tables=shown, more=[_answers(combined)], pictures=("per_speaker",)
    )


def _how(combined: Combined, result: Result) -> str:
    if not result.labels:
        return "The predictions of all samples of a speaker are averaged."
    if combined.how == "mode":
        return "The answer that most samples of a speaker get is the speaker's; of equally frequent ones the likelier."
    kind = "probabilities" if any(str(name).startswith("p_") for name in result.predictions) else "scores"
    return f"The {kind} of all samples of a speaker are averaged, and the highest is the speaker's answer."


def _figures(score: Score, result: Result, combined: Combined) -> str:
    span = interval(score.low, score.high)
    known = "" if span == NONE else f" {span}"
    text = (
        f"{clean(score.label)} over {plural(len(combined.answers), 'speaker')}: {number(score.value)}{known}; over"
        f" single samples it is {number(result.headline.value)}."
    )
    return " ".join(part for part in (text, *_judged(score, result, combined)) if part)


def _judged(score: Score, result: Result, combined: Combined) -> list[str]:
    """What the interval tells, where it is not too rough to tell anything."""
    few = words.how_made(combined.interval, score)[1:]
    if score.low == score.high:
        few.append(
            "All draws of these speakers give the same, so the interval has no width; that does not mean that other"
            " speakers would give it too."
        )
    return few or [words.judgement(score, words.chance(result, combined.answers))]


def _left_out(combined: Combined, result: Result) -> list[str]:
    lines = []
    if combined.left_out:
        names = ", ".join(clean(name) for name in combined.left_out[:NAMED])
        more = f" and {len(combined.left_out) - NAMED} more" if len(combined.left_out) > NAMED else ""
        lines.append(
            f"{plural(len(combined.left_out), 'speaker')} left out, because the true {clean(result.target)} differs"
            f" between their samples, so that there is no one answer to be right: {names}{more}."
        )
    if combined.unknown:
        lines.append(f"{plural(combined.unknown, 'sample')} left out, because the speaker is not known.")
    return lines


def _answers(combined: Combined) -> Shown:
    rows = [
        [clean(row["speaker"]), cell(row["truth"]), cell(row["prediction"]), count(row["n"])]
        for row in combined.answers.to_dict("records")
    ]
    return Shown(
        Table(["speaker", "truth", "prediction", "samples"], rows, words=(1, 2)), "The answer of each speaker"
    )


def kept(result: Result) -> list[str]:
    """What a threshold keeps, in sentences; empty where none was asked for."""
    if result.kept is None:
        return []
    row = result.kept.iloc[0]
    all_, samples, label = len(result.predictions), int(row["samples"]), clean(result.headline.label)
    limit = f"PLOT.uncertainty_threshold = {number(row['threshold'])}"
    if not samples:
        return [f"{limit}: no answer has so high a certainty."]
    left = "" if samples == all_ else f", {all_ - samples} are left out as too doubtful"
    span = interval(row["low"], row["high"])
    known = "" if span == NONE else f" {span}"
    lines = [
        f"{limit}: {samples} of {plural(all_, 'answer')} ({percent(row['kept'], 1)}) have at least this certainty and"
        f" are kept{left}. {label} of those kept: {number(row['value'])}{known}; of all answers:"
        f" {number(result.headline.value)}."
    ]
    if row["lost"]:
        lines.append(
            f"Nothing of {clean(row['lost'])} is kept, so {label} does not count it any more: that alone may raise it."
        )
    return lines
