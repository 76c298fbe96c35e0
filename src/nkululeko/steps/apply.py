"""A trained experiment, opened from its folder and applied to other speech.

The same file gets exactly the numbers that it had in the test set of the run: features come through the same
extraction and store, and scaler, imputation and model are those that were saved.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.config.declare import Choice
from nkululeko.config.kept import Kept, read_kept
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.quick import importing
from nkululeko.learning.pipeline import Part, Pipeline
from nkululeko.steps.bundle_files import is_bundle
from nkululeko.steps.extract import Extracted, Extractor, extract
from nkululeko.steps.finished import folder_of
from nkululeko.steps.recordings import segments

_log = logging.getLogger("nkululeko")
#: scalers that look at all recordings of a speaker together
_OF_SPEAKERS = ("speaker",)


@dataclass(frozen=True)
class Expert:
    """One fitted pipeline, and the features that it wants.

    Args:
        pipeline: all that was learned
        sets: feature sets with their options, in the order of the run
        columns: only these of all sets together; all if empty
        columns_of: only these of one set, by its name
        weight: how much it counts in a committee
        temperature: of its probabilities in a committee
    """

    pipeline: Pipeline
    sets: tuple[Choice, ...]
    columns: tuple[str, ...] = ()
    columns_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weight: float = 1.0
    temperature: float = 1.0


@dataclass(frozen=True)
class Trained:
    """A trained experiment.

    Args:
        name: of the experiment
        folder: where it lies; absolute
        target: what it predicts, e.g. ``emotion``
        labels: the classes in order; empty for regression
        experts: what it asks: one pipeline, or the members of a committee (``nkululeko auto``)
        committee: whether it is a committee
        store: the feature store of the run; None: the user's own
        rate: of a bundle: that of the recordings it learned from, in Hz; of a run see `learned_rate`
    """

    name: str
    folder: Path
    target: str
    labels: tuple[str, ...]
    experts: tuple[Expert, ...]
    committee: bool = False
    store: Path | None = None
    rate: int | None = None

    @property
    def task(self) -> str:
        """``classification`` or ``regression``."""
        return self.experts[0].pipeline.recipe.context.task

    @property
    def needs_speakers(self) -> bool:
        """Whether it must know who speaks: a scaler sets each recording against the speaker's others."""
        return any(expert.pipeline.scaler_name in _OF_SPEAKERS for expert in self.experts)

    @property
    def probabilistic(self) -> bool:
        """Whether it gives a probability for each class."""
        return bool(self.labels) and (self.committee or self.experts[0].pipeline.model.probabilistic)

    @property
    def columns(self) -> list[str]:
        """The columns of :func:`apply` but ``error``, in order."""
        if self.probabilistic:
            return ["prediction", *(f"p_{label}" for label in self.labels), "confidence"]
        known = self.experts[0].pipeline.classes
        return ["prediction", *(f"s_{label}" for label in self.labels if label in known)]

    @property
    def licences(self) -> list[str]:
        """What the user must be told of the feature sets."""
        names = {choice.name for expert in self.experts for choice in expert.sets}
        return sorted({licence for name in names if (licence := families.features.load(name).licence)})


def open_trained(run: str | Path) -> Trained:
    """Open a trained experiment; nothing from its files is executed.

    Args:
        run: the folder of a finished run (``root/name``), its ``config.ini``, the experiment's own file, or a bundle

    Raises:
        NkululekoError: there is no run, it kept no model, or what it kept is broken or of a newer version
    """
    if is_bundle(run):
        from nkululeko.steps.bundle import open_bundle

        return open_bundle(run)
    folder = folder_of(run)
    config = folder / "config.ini"
    if not config.is_file():
        raise _no_run(folder)
    kept = read_kept(config)
    models = folder / str(kept.value("EXP", "models_dir", "models"))
    store = kept.value("EXP", "store", None)
    with importing():
        experts, labels, committee = _experts(models, kept, folder)
    return Trained(
        str(kept.value("EXP", "name") or folder.name), folder, str(kept.value("DATA", "target")), labels, experts,
        committee, Path(str(store)) if store else None,
    )  # fmt: skip


def _no_run(folder: Path) -> NkululekoError:
    if folder.is_file():
        return NkululekoError(
            "is no folder of a trained experiment", str(folder), "name root/name of the run"
        )
    what = "there is no trained experiment" if folder.is_dir() else "there is no such folder"
    inside = sorted(path.parent.name for path in folder.glob("*/config.ini"))
    todo = f"below it there are: {', '.join(inside[:10])}" if inside else "run the experiment first"
    return NkululekoError(what, str(folder), todo)


def _experts(models: Path, kept: Kept, folder: Path) -> tuple[tuple[Expert, ...], tuple[str, ...], bool]:
    """The pipelines that a run kept, the labels, and whether they are a committee."""
    from nkululeko.learning.auto.kept import is_committee
    from nkululeko.learning.auto.kept import load as load_committee

    if is_committee(models):
        members, labels = load_committee(models)
        experts = [
            Expert(each.pipeline, (_choice(each.sets),), weight=each.weight, temperature=each.temperature)
            for each in members
        ]
        return tuple(experts), labels, True
    if not (models / "pipeline.json").exists():
        raise NkululekoError(
            "this run kept no model", str(folder),
            "set EXP.save = True and MODEL.save = True (both are the default) and run it again",
        )  # fmt: skip
    pipeline = Pipeline.load(models)
    classes = pipeline.recipe.labels or tuple(pipeline.classes)
    feats = kept.feats
    expert = Expert(pipeline, feats.sets, tuple(feats.features), feats.features_of)
    return (expert,), () if pipeline.recipe.context.task == "regression" else classes, False


def _choice(sets: Mapping[str, Any]) -> Choice:
    """A feature set as a committee remembers it.

    Raises:
        NkululekoError: there is no such set, or not with these options
    """
    kind = families.features.load(str(sets["name"]))
    try:
        return Choice(kind.plugin_name(), kind.Options(**sets["options"]))
    except ValueError as problem:
        reason = str(problem).splitlines()[0]
        raise NkululekoError(f"feature set {sets['name']}: {reason}", todo="train it again") from None


def apply(
    trained: Trained, index: pd.MultiIndex, extractor: Extractor, speakers: Sequence[Any] | None = None
) -> pd.DataFrame:
    """Predict segments of audio that can be read.

    Args:
        trained: the experiment
        index: segments, their ends known
        extractor: feature store, what the audio files hold, workers; how many segments may fail does not matter here
        speakers: who speaks in each row; needed where ``trained.needs_speakers``

    Returns:
        a row each, in the same order: ``prediction``; for classes ``p_LABEL`` (probabilities) or ``s_LABEL`` (scores)
        and, with probabilities, ``confidence`` (that of the predicted class); ``error``: why there is no prediction,
        else empty

    Raises:
        NkululekoError: the features are not those that it learned from, or speakers are not known
    """
    groups = _groups(trained, speakers, len(index))
    extractor = replace(extractor, fail_threshold=1.0)
    errors = np.full(len(index), "", dtype=object)
    tables = []
    for expert in trained.experts:
        extracted = features_for(expert, index, extractor)
        for place, row in enumerate(index if extracted.failed else ()):
            errors[place] = errors[place] or extracted.failed.get(row, "")
        tables.append(extracted.features)
    if (errors != "").all():
        return _empty(errors, index)
    for expert, table in zip(trained.experts, tables, strict=True):
        _same_features(expert, table, trained)
        errors = _gaps(expert, table, index, errors)
    good = errors == ""
    if not good.any():
        return _empty(errors, index)
    rows = index[good]
    parts = [
        Part(contract.align(table, rows).to_numpy(), np.empty(0), None if groups is None else groups[good])
        for table in tables
    ]
    answers = _answers(trained, parts).set_axis(np.flatnonzero(good), axis=0)
    return answers.reindex(range(len(index))).set_axis(index, axis=0).assign(error=errors)


def features_for(expert: Expert, index: pd.MultiIndex, extractor: Extractor) -> Extracted:
    """What a pipeline wants of the segments: features, or, where its model starts from sound, themselves."""
    model = expert.pipeline.model
    if not model.takes_recordings:
        return extract(expert.sets, index, extractor, expert.columns, expert.columns_of)
    found = segments(index, extractor, model.shortest())
    # those that it learned from are forgotten: the rows speak of these files now
    model.listen_to(found.recordings)
    return found


def _empty(errors: np.ndarray, index: pd.MultiIndex) -> pd.DataFrame:
    return pd.DataFrame({"prediction": [None] * len(index), "error": errors}, index=index)


def _groups(trained: Trained, speakers: Sequence[Any] | None, count: int) -> np.ndarray | None:
    if not trained.needs_speakers:
        return None
    names = [] if speakers is None else ["" if who is None or who != who else str(who) for who in speakers]
    unknown = count - sum(name != "" for name in names)
    if unknown:
        raise NkululekoError(
            f"this model sets each recording against the speaker's others (scale = speaker): it must know who speaks,"
            f" and {unknown} of {count} recordings have no speaker", str(trained.folder),
            "give a table with a column 'speaker' and all recordings of each speaker (--csv), or, where one person"
            " speaks in all of them, --speaker NAME",
        )  # fmt: skip
    return np.array(names, dtype=object)


def _same_features(expert: Expert, table: pd.DataFrame, trained: Trained) -> None:
    """The columns are those that the pipeline learned from, in their order."""
    learned, names = expert.pipeline.feature_names, [str(name) for name in table]
    if not learned or learned == names:
        return
    missing = [name for name in learned if name not in names]
    what = (
        f"{missing[0]} is missing"
        if missing
        else f"{len(names)} instead of {len(learned)}, or in another order"
    )
    raise NkululekoError(
        f"the features are not those that the model learned from ({what})", str(trained.folder),
        "take the versions of the packages with which it was trained, or train it again",
    )  # fmt: skip


def _gaps(expert: Expert, table: pd.DataFrame, index: pd.MultiIndex, errors: np.ndarray) -> np.ndarray:
    """Rows with missing values have no prediction where the run left such samples out, or could not take them."""
    recipe, model = expert.pipeline.recipe, expert.pipeline.model
    if recipe.nan_strategy != "drop" and (recipe.nan_strategy != "none" or model.accepts_missing):
        return errors
    gaps = ~np.isfinite(table.to_numpy(dtype=float))
    if not gaps.any():
        return errors
    columns = np.array([str(name) for name in table], dtype=object)
    reasons = {
        row: f"feature {columns[gap.argmax()]} has no value here, and the model was trained without such samples"
        f" (nan_strategy = {recipe.nan_strategy})"
        for row, gap in zip(table.index[gaps.any(axis=1)], gaps[gaps.any(axis=1)], strict=True)
    }
    found = [error or reasons.get(row, "") for error, row in zip(errors, index, strict=True)]
    return np.array(found, dtype=object)


def _answers(trained: Trained, parts: Sequence[Part]) -> pd.DataFrame:
    """Predictions with probabilities or scores, a row each."""
    if trained.committee:
        return _of_committee(trained, parts)
    pipeline, part = trained.experts[0].pipeline, parts[0]
    prediction = pipeline.predict(part.features, part.groups)
    if not trained.labels:
        return pd.DataFrame({"prediction": np.asarray(prediction, dtype=float)})
    frame = pd.DataFrame({"prediction": np.asarray(prediction, dtype=object)})
    scores = pipeline.scores(part.features, part.groups)
    if scores is None:
        return frame
    of_class = {label: scores[:, column] for column, label in enumerate(pipeline.classes)}
    if not trained.probabilistic:
        return frame.assign(
            **{f"s_{label}": of_class[label] for label in trained.labels if label in of_class}
        )
    # a class that no training sample had is never likely
    nothing = np.zeros(len(frame))
    return _with_probabilities(
        frame, trained, np.column_stack([of_class.get(n, nothing) for n in trained.labels])
    )


def _of_committee(trained: Trained, parts: Sequence[Part]) -> pd.DataFrame:
    from nkululeko.learning.auto.kept import answer_of
    from nkululeko.learning.auto.outcome import Member, answer

    labels = trained.labels
    said = [
        answer(expert.pipeline, part, labels) for expert, part in zip(trained.experts, parts, strict=True)
    ]
    members = [Member("", {}, each.weight, each.temperature, each.pipeline) for each in trained.experts]
    together = answer_of(members, said, labels)
    if not labels:
        return pd.DataFrame({"prediction": together})
    frame = pd.DataFrame({"prediction": np.array(labels, dtype=object)[together.argmax(axis=1)]})
    return _with_probabilities(frame, trained, together)


def _with_probabilities(frame: pd.DataFrame, trained: Trained, values: np.ndarray) -> pd.DataFrame:
    columns = {f"p_{label}": values[:, column] for column, label in enumerate(trained.labels)}
    place = {label: column for column, label in enumerate(trained.labels)}
    mine = values[np.arange(len(frame)), [place[str(label)] for label in frame["prediction"]]]
    return frame.assign(**columns, confidence=mine)
