"""One recording, and what a trained experiment hears in it: the answer, how sure it is, and what moved it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.audio.probe import probe
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.store import FeatureStore, default_store
from nkululeko.learning.auto.kept import answer_of
from nkululeko.learning.auto.outcome import Member
from nkululeko.learning.auto.outcome import answer as answer_of_member
from nkululeko.learning.local import Answer, Driver, drivers
from nkululeko.learning.pipeline import Part, Pipeline
from nkululeko.steps.apply import Expert, Trained, features_for
from nkululeko.steps.apply_files import Hearing, predict_segments
from nkululeko.steps.extract import Extractor
from nkululeko.steps.learned_rate import learned_rate, rate_of, remark


@dataclass(frozen=True)
class Heard:
    """What was heard in one recording.

    Args:
        file: its path
        target: what is predicted, e.g. ``emotion``
        prediction: a label or a number; None where there is none
        scores: a number for each class, the likeliest first; empty for numbers, and where the model has none
        probable: whether these are probabilities
        drivers: the features that moved the answer, the strongest first
        unexplained: why there are no drivers; empty where there are
        remark: what to know of the recording, e.g. that it has another sampling rate; else empty
        error: why there is no prediction; else empty
    """

    file: str
    target: str
    prediction: str | float | None = None
    scores: dict[str, float] = field(default_factory=dict)
    probable: bool = False
    drivers: tuple[Driver, ...] = ()
    unexplained: str = ""
    remark: str = ""
    error: str = ""


def check_alone(trained: Trained) -> None:
    """Stop where a single recording cannot be judged.

    Raises:
        NkululekoError: the model sets each recording against the speaker's others
    """
    if trained.needs_speakers:
        raise NkululekoError(
            "this model sets each recording against the speaker's others (scale = speaker), so that one recording"
            " alone cannot be judged", str(trained.folder),
            "predict all recordings of a speaker together (nkululeko predict RUN --csv TABLE), or train with another"
            " scale, e.g. standard",
        )  # fmt: skip


def hear(
    trained: Trained, files: Sequence[str | Path], hearing: Hearing | None = None, explained: int = 0
) -> Iterator[Heard]:
    """What a trained experiment says of recordings, each by itself.

    Args:
        trained: the experiment
        files: audio files
        hearing: store and workers
        explained: so many features that moved the answer are named; 0: none

    Returns:
        one each, in their order, as they come; what is wrong with a file stands in its ``error``

    Raises:
        NkululekoError: the model must know who speaks, or the features are not those that it learned from
    """
    check_alone(trained)
    learned = learned_rate(trained)
    index = contract.segmented_index([str(Path(file).expanduser().absolute()) for file in files])
    for portion in predict_segments(trained, pd.DataFrame(index=index), hearing):
        for place in range(len(portion)):
            heard = _heard(trained, portion.iloc[place : place + 1])
            if explained and not heard.error:
                rows = portion.index[place : place + 1]
                assert isinstance(rows, pd.MultiIndex)
                heard = _explained(trained, heard, rows, hearing or Hearing(), explained)
            yield replace(heard, remark=remark(rate_of(heard.file), learned))


def _heard(trained: Trained, row: pd.DataFrame) -> Heard:
    file = str(row.index[0][0])
    values = row.iloc[0]
    if values["error"]:
        return Heard(file, trained.target, error=str(values["error"]))
    prediction = str(values["prediction"]) if trained.labels else float(values["prediction"])
    named = {str(name)[2:]: float(values[name]) for name in row if str(name).startswith(("p_", "s_"))}
    scores = dict(sorted(named.items(), key=lambda item: -item[1]))
    return Heard(file, trained.target, prediction, scores, trained.probabilistic)


def _explained(trained: Trained, heard: Heard, index: pd.MultiIndex, hearing: Hearing, most: int) -> Heard:
    """With the features that moved the answer, or why they cannot be named."""
    why = _unexplained(trained)
    if why:
        return replace(heard, unexplained=why)
    store = FeatureStore(hearing.store or trained.store or default_store())
    extractor = Extractor(store, probe([heard.file], store), 1, fail_threshold=1.0)
    found: dict[str, Driver] = {}
    for expert in trained.experts:
        row = contract.align(features_for(expert, index, extractor).features, index).to_numpy(dtype=float)[0]
        pipeline = expert.pipeline
        answer = _answer(trained, expert, str(heard.prediction))
        for driver in drivers(answer, row, pipeline.usual, pipeline.feature_names, pipeline.importance()):
            known = found.get(driver.name)
            # the members of a committee add up, and so do their effects
            effect = driver.effect + (known.effect if known else 0.0)
            found[driver.name] = replace(driver, effect=effect)
    ranked = sorted(found.values(), key=lambda driver: -abs(driver.effect))
    why = "" if ranked else "no single feature changes the answer if it has its usual value"
    return replace(heard, drivers=tuple(ranked[:most]), unexplained=why)


def _unexplained(trained: Trained) -> str:
    """Why the features that moved an answer cannot be named; empty where they can."""
    pipelines = [expert.pipeline for expert in trained.experts]
    if any(each.model.takes_recordings or each.model.takes_sequences for each in pipelines):
        return "this model hears the sound itself, and not features that have a name"
    if any(each.usual.shape[1] != len(each.feature_names) for each in pipelines):
        return "this model does not know the usual values of its features; train it again to have them"
    if trained.labels and not trained.committee and not _has_scores(pipelines[0]):
        return "this model says a class, and not how near the others are"
    return ""


def _has_scores(pipeline: Pipeline) -> bool:
    usual = np.nan_to_num(pipeline.usual[1:2])
    return pipeline.scores(usual) is not None


def _answer(trained: Trained, expert: Expert, label: str) -> Answer:
    """What one pipeline adds to the score of a class, or to the number, for rows of features."""
    if trained.committee:
        return partial(_of_member, trained=trained, expert=expert, label=label)
    return partial(_of_pipeline, pipeline=expert.pipeline, label=label if trained.labels else "")


def _of_pipeline(rows: np.ndarray, pipeline: Pipeline, label: str) -> np.ndarray:
    if not label:
        return np.asarray(pipeline.predict(rows), dtype=float)
    scores = pipeline.scores(rows)
    assert scores is not None
    return np.asarray(scores[:, pipeline.classes.index(label)], dtype=float)


def _of_member(rows: np.ndarray, trained: Trained, expert: Expert, label: str) -> np.ndarray:
    said = answer_of_member(expert.pipeline, Part(rows, np.empty(0)), trained.labels)
    member = Member("", {}, expert.weight, expert.temperature, expert.pipeline)
    together = answer_of([member], [said], trained.labels)
    return together[:, trained.labels.index(label)] if trained.labels else together
