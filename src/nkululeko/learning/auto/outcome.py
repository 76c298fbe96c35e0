"""From committees to predictions of the test rows, and to a model that is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.learning.auto.choosing import Committee
from nkululeko.learning.auto.trying import Settings, Tried, as_probabilities, objective_of, of_fit
from nkululeko.learning.folds import Fold
from nkululeko.learning.pipeline import Part, Pipeline
from nkululeko.learning.search.memo import Memo
from nkululeko.learning.search.objective import Trial
from nkululeko.learning.temperature import apply_temperature

#: changes when older folders can no longer be read
FORMAT = 1
FILE = "committee.json"


def fused(committee: Committee, said: Mapping[int, np.ndarray], labels: Sequence[str]) -> np.ndarray:
    """What a committee answers.

    Args:
        committee: who counts how much
        said: of each member, by its number: probabilities that are not calibrated yet, or numbers
        labels: the classes; empty for regression
    """
    parts = []
    for number, weight in committee.weights.items():
        answer = said[number]
        parts.append(
            weight * (apply_temperature(answer, committee.temperatures[number]) if labels else answer)
        )
    return np.sum(parts, axis=0)


def predicted(
    tried: Sequence[Tried], committee: Committee, folds: Sequence[Fold], data: Mapping[str, Part],
    settings: Settings, memo: Memo,
) -> list[np.ndarray]:  # fmt: skip
    """What a committee answers in some folds: each member learns from all other rows.

    Returns:
        of each fold: probabilities ``(rows, labels)``, or numbers ``(rows,)``
    """
    said: list[dict[int, np.ndarray]] = [{} for _ in folds]
    for number in committee.weights:
        candidate = tried[number].candidate
        objective = objective_of(data[candidate.features], folds, settings, memo)
        objective.expected = len(folds)
        trial = Trial(number, {}, candidate.recipe)
        objective.evaluate([trial])
        for place, fit in enumerate(trial.fits):
            said[place][number] = of_fit(candidate, fit, settings.labels)
    return [fused(committee, each, settings.labels) for each in said]


@dataclass(frozen=True)
class Member:
    """One model of a committee that is kept.

    Args:
        features: the feature set, as it is called in tables
        sets: its plug-in and options
        weight: how much it counts
        temperature: of its probabilities
        pipeline: what it learned
    """

    features: str
    sets: Mapping[str, Any]
    weight: float
    temperature: float
    pipeline: Pipeline


def fitted(
    tried: Sequence[Tried], committee: Committee, data: Mapping[str, Part], sets: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, Sequence[str]], advance: Callable[[], None] = lambda: None,
) -> list[Member]:  # fmt: skip
    """The members, each trained on all rows.

    Args:
        tried: all candidates
        committee: which of them
        data: the rows to learn from, by feature set
        sets: plug-in and options of each feature set
        names: the columns of each feature set
        advance: is told of each that is done
    """
    members = []
    for number, weight in committee.weights.items():
        candidate = tried[number].candidate
        part = data[candidate.features]
        pipeline = Pipeline(candidate.recipe, names[candidate.features])
        pipeline.fit(part.features, part.target, part.groups, weights=part.weights)
        members.append(
            Member(
                candidate.features, sets[candidate.features], weight, committee.temperatures[number], pipeline
            )
        )
        advance()
    return members


def save(members: Sequence[Member], labels: Sequence[str], folder: Path) -> None:
    """Write a committee: a folder for each member's pipeline, and who counts how much; no pickle."""
    rows = []
    for number, member in enumerate(members, 1):
        place = f"member_{number}"
        (folder / place).mkdir(parents=True, exist_ok=True)
        member.pipeline.save(folder / place)
        rows.append(
            {
                "folder": place, "features": member.features, "sets": member.sets,
                "weight": member.weight, "temperature": member.temperature,
            }
        )  # fmt: skip
    text = {"format": FORMAT, "labels": list(labels), "members": rows}
    (folder / FILE).write_text(json.dumps(text, indent=1, default=list) + "\n", encoding="utf-8")


def answer(pipeline: Pipeline, part: Part, labels: Sequence[str]) -> np.ndarray:
    """What one model says of some rows: probabilities ``(rows, labels)``, not calibrated, or numbers ``(rows,)``."""
    if not labels:
        return np.asarray(pipeline.predict(part.features, part.groups), dtype=float)
    scores = pipeline.scores(part.features, part.groups)
    prediction = pipeline.predict(part.features, part.groups)
    return as_probabilities(
        prediction, scores, pipeline.classes, labels, probabilistic=pipeline.model.probabilistic
    )
