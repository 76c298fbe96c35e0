"""What must hold before anything is learned, and what the user must know of the data."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.data import augmented, checks
from nkululeko.data.dropped import Dropped
from nkululeko.data.soft_labels import is_soft, leaks, true_column

_log = logging.getLogger("nkululeko")


def check(
    samples: pd.DataFrame, speakers: pd.Series, content: Mapping[str, bytes], target: str,
    labels: Sequence[str], dropped: Sequence[Dropped], *, complete: bool, crossed: bool = False,
) -> None:  # fmt: skip
    """Say what fell out, and warn of what makes a result untrue.

    Args:
        samples: with their splits
        speakers: who speaks, a row a sample
        content: path to the hash of what is heard
        target: the predicted column
        labels: the classes; empty for regression
        dropped: what fell out on the way
        complete: a train and a test set are needed
        crossed: a cross-validation follows: there are no such sets

    Raises:
        NkululekoError: there is nothing to learn from, or to test on
    """
    for drop in dropped:
        _log.info("left out: %d samples (%s): %s", len(drop.rows), drop.stage, drop.reason)
    if complete:
        _learnable(samples, target, labels, dropped, ("test",) if crossed else ("train", "test"))
    warnings = _soft_labels(samples, content, target, crossed)
    warnings += _copies(samples, speakers, content, crossed)
    warnings += [*checks.speaker_overlap(samples, speakers), *checks.audio_overlap(samples, content)]
    notes, both = checks.in_several_databases(samples, content, target)
    warnings += both
    for note in notes:
        _log.info(note)
    if labels and complete and not crossed:
        warnings += checks.class_overlap(samples, target, list(labels))
    heard = speakers[(samples["split"] == "test").to_numpy()].dropna().unique()
    if len(heard) == 1 and not crossed:
        warnings.append(
            f"the test set holds one speaker only ({heard[0]}): the score tells about this voice, and its interval,"
            " over samples, is too narrow; raise test_size"
        )
    if speakers.isna().all():
        warnings.append(
            "the speakers are not known: train and test may share voices, and intervals are too narrow"
        )
    for warning in warnings:
        _log.warning(warning)


def _soft_labels(
    samples: pd.DataFrame, content: Mapping[str, bytes], target: str, crossed: bool
) -> list[str]:
    """Warnings of labels that a model predicted.

    Raises:
        NkululekoError: such labels would be learned from, and their audio is tested on
    """
    owners, files = leaks(samples, content, target, crossed)
    if files:
        shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
        raise NkululekoError(
            f"{len(files)} recordings with predicted labels are also in the test set, by their audio: {shown}: the"
            " score of a model that has learned from what it is tested on is worth nothing",
            f"database '{', '.join(owners)}' (its column {true_column(target)} says that its labels are predicted)",
            "test on other recordings, or take these out",
        )  # fmt: skip
    tested = int((is_soft(samples, target) & (samples["split"] == "test").to_numpy()).sum())
    if not tested:
        return []
    return [
        f"{tested} test samples have labels that a model predicted (column {true_column(target)}): the score tells how"
        " well the two models agree, not how right they are"
    ]


def _copies(
    samples: pd.DataFrame, speakers: pd.Series, content: Mapping[str, bytes], crossed: bool
) -> list[str]:
    """Warnings of augmented copies.

    Raises:
        NkululekoError: a copy is learned from, and what it was made of is tested on, or the other way round
    """
    files = augmented.leaks(samples, content, crossed)
    if files:
        shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
        raise NkululekoError(
            f"{len(files)} augmented copies are on another side of the split than what they were made of: {shown}: the"
            " score of a model that has learned from copies of its test samples is worth nothing",
            f"column '{augmented.ID}'",
            "make copies of the training samples of this very split, or use aug_train, which does both",
        )  # fmt: skip
    shared = augmented.shared_speakers(samples, speakers)
    tested = int((augmented.is_copy(samples) & (samples["split"] == "test").to_numpy()).sum())
    warnings = []
    if shared:
        warnings.append(
            f"augmented copies of {len(shared)} speakers of the test set are learned from ({', '.join(shared[:8])}):"
            " the score tells nothing about voices that the model has not heard"
        )
    if tested:
        warnings.append(
            f"{tested} test samples are augmented copies: the score tells about changed recordings, not about real ones"
        )
    return warnings


def _learnable(
    samples: pd.DataFrame,
    target: str,
    labels: Sequence[str],
    dropped: Sequence[Dropped],
    parts: Sequence[str],
) -> None:
    """An error where a part is empty, or there is one class only to learn from."""
    counts = samples["split"].value_counts()
    for part in parts:
        if not counts.get(part, 0):
            why = "; ".join(f"{len(d.rows)} left out, {d.stage}: {d.reason}" for d in dropped)
            raise NkululekoError(
                f"the {part} set is empty",
                "DATA",
                (why + "; " if why else "") + "check split_strategy and labels",
            )
    if labels:
        classes = samples.loc[samples["split"] == parts[0], target].unique()
        if len(classes) < 2:
            raise NkululekoError(
                f"the train set holds one class only ('{classes[0]}')", "DATA", "check the split"
            )
