"""A committee that was kept, read back and asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nkululeko.learning._persist import bad_file, load_json
from nkululeko.learning.auto.outcome import FILE, FORMAT, Member
from nkululeko.learning.pipeline import Pipeline
from nkululeko.learning.temperature import apply_temperature


def is_committee(folder: Path) -> bool:
    """Whether a folder of models holds a committee."""
    return (folder / FILE).exists()


def load(folder: Path) -> tuple[list[Member], tuple[str, ...]]:
    """Read what :func:`nkululeko.learning.auto.outcome.save` wrote; nothing from the files is executed.

    Returns:
        the members, and the labels in order (none for regression)

    Raises:
        NkululekoError: a file is missing, broken, newer than this program or not of ours
    """
    path = folder / FILE
    saved = load_json(path)
    if saved.get("format") != FORMAT:
        raise bad_file(path, f"has format {saved.get('format')}, this version reads {FORMAT}")
    members = []
    try:
        for row in saved["members"]:
            place = str(row["folder"])
            if Path(place).name != place or place in (".", ".."):
                raise ValueError(f"'{place}' is no plain name of a folder")
            sets = row["sets"]
            kept = {"name": str(sets["name"]), "options": dict(sets["options"])}
            weight, temperature = float(row["weight"]), float(row["temperature"])
            pipeline = Pipeline.load(folder / place)
            members.append(Member(str(row["features"]), kept, weight, temperature, pipeline))
        labels = tuple(str(label) for label in saved["labels"])
    except (KeyError, TypeError, ValueError) as error:
        raise bad_file(path, f"is not complete or not of ours ({type(error).__name__}: {error})") from error
    if not members:
        raise bad_file(path, "names no member")
    return members, labels


def answer_of(members: Sequence[Member], said: Sequence[np.ndarray], labels: Sequence[str]) -> np.ndarray:
    """What a committee answers, exactly as when it was tested.

    Args:
        members: who counts how much
        said: of each member: probabilities that are not calibrated yet, ``(rows, labels)``, or numbers ``(rows,)``
        labels: the classes; empty for regression

    Returns:
        probabilities ``(rows, labels)``, or numbers ``(rows,)``
    """
    parts = [
        member.weight * (apply_temperature(each, member.temperature) if labels else each)
        for member, each in zip(members, said, strict=True)
    ]
    return np.asarray(np.sum(parts, axis=0))
