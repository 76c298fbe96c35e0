"""Finished runs, read back from their folders: tables and JSON only, nothing is executed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError

from nkululeko.config import ini
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric, Scored

#: of predictions.csv: what is text, whatever it looks like
_TEXT = ("speaker", "database", "gender", "fold")


class _Score(BaseModel):
    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    higher_is_better: bool


class _Interval(BaseModel):
    unit: str
    groups: int


class _Runs(BaseModel):
    each: list[dict[str, Any]]


class Record(BaseModel):
    """What is needed of ``result.json``; the rest is left alone."""

    name: str
    task: Literal["classification", "regression"]
    target: str
    labels: list[str]
    measure: str
    scores: dict[str, _Score]
    interval: _Interval
    runs: _Runs | None = None
    history: list[dict[str, Any]] | None = None
    notes: list[str] = []
    warnings: list[str] = []
    provenance: dict[str, Any]


@dataclass(frozen=True)
class Finished:
    """A run that left its results.

    Args:
        name: of the experiment, or what tells it from others
        folder: where it lies; absolute
        record: its ``result.json``
        predictions: its test samples on the segmented index: ``truth``, ``prediction``, ``p_LABEL`` or ``s_LABEL`` ...
    """

    name: str
    folder: Path
    record: Record
    predictions: pd.DataFrame

    @property
    def watched(self) -> float | None:
        """The measure on the data that the epoch was chosen on, never the test set; None where nothing was."""
        if self.record.runs:
            found = [row.get("watched") for row in self.record.runs.each if row.get("chosen")]
        else:  # of a cross-validation: one kept epoch a fold
            found = [row.get("watched") for row in self.record.history or () if row.get("best")]
        values = [float(value) for value in found if isinstance(value, int | float)]
        return float(np.mean(values)) if values and len(values) == len(found) else None

    @property
    def options(self) -> dict[tuple[str, str], str]:
        """Section and name to text: the configuration as it was resolved."""
        path = self.folder / "config.ini"
        if not path.exists():
            return {}
        return {(raw.section, raw.name): raw.text for raw in ini.read(path).options}

    def scores(self, prefix: str) -> np.ndarray | None:
        """The columns ``p_LABEL`` or ``s_LABEL``, shape ``(samples, labels)``; None if they are not there."""
        names = [f"{prefix}_{label}" for label in self.record.labels]
        if not names or not all(name in self.predictions for name in names):
            return None
        return self.predictions[names].to_numpy(dtype=float)

    @property
    def probabilities(self) -> np.ndarray | None:
        """A probability for each sample and label, or None."""
        return self.scores("p")

    def scored(self, metric: Metric) -> Scored:
        """Truth and prediction for a metric; scores only where it looks at them."""
        kind: Any = object if self.record.labels else float
        scores = None
        if metric.needs_scores:
            scores = self.probabilities if self.probabilities is not None else self.scores("s")
        truth, prediction = (self.predictions[name].to_numpy(dtype=kind) for name in ("truth", "prediction"))
        return Scored(truth, prediction, self.record.labels, scores)

    def groups(self) -> np.ndarray | None:
        """Who speaks in each row, as the run itself counted the speakers; None where it did not know them."""
        if self.record.interval.unit != "speakers" or "speaker" not in self.predictions:
            return None
        keys = [contract.speaker_keys(self.predictions, shared) for shared in (False, True)]
        # speakers that databases share go by their name alone: their number tells
        is_shared = keys[0].nunique() != self.record.interval.groups == keys[1].nunique()
        return keys[is_shared].to_numpy(dtype=object)

    def at(self, index: pd.MultiIndex) -> Finished:
        """With these samples only, in this order."""
        return replace(self, predictions=contract.align(self.predictions, index))


def read_all(runs: Sequence[str | Path]) -> list[Finished]:
    """Finished runs with names that tell them apart.

    Args:
        runs: folders of runs, or their experiment files

    Raises:
        NkululekoError: one is none, or is there twice
    """
    found = [read(folder_of(run)) for run in runs]
    folders = [run.folder for run in found]
    for folder in folders:
        if folders.count(folder) > 1:
            raise NkululekoError("this run is there twice", str(folder), "name each once")
    for tell in (lambda run: run.name, lambda run: f"{run.folder.parent.name}/{run.folder.name}"):
        names = [tell(run) for run in found]
        if len(set(names)) == len(names):
            return [replace(run, name=name) for run, name in zip(found, names, strict=True)]
    return [replace(run, name=str(run.folder)) for run in found]


def folder_of(run: str | Path) -> Path:
    """The folder of a run: as it is, or the one that an experiment file writes to; absolute.

    Example:
        >>> folder_of("/results/exp/config.ini").as_posix(), folder_of("/results/exp").as_posix()
        ('/results/exp', '/results/exp')
    """
    path = Path(run).absolute()
    if path.suffix != ".ini" or path.is_dir():
        return path
    if path.name == "config.ini":  # the one that a run leaves
        return path.parent
    values = {raw.name: raw.value for raw in ini.read(path).options if raw.section == "EXP"}
    return Path(str(values.get("root", "results"))).absolute() / str(values.get("name", path.stem))


def read(folder: Path) -> Finished:
    """A finished run.

    Raises:
        NkululekoError: there is no run, or what it left is incomplete or of different runs
    """
    place = folder / "result.json"
    try:
        record = Record.model_validate(json.loads(place.read_text("utf-8")))
    except OSError:
        if folder.is_file():
            raise NkululekoError("is no run, but a file", str(folder), "name folders of runs") from None
        inside = len(list(folder.glob("*/result.json")))
        todo = f"there are {inside} below it: name them, {folder}/*" if inside else "run the experiment first"
        raise NkululekoError("there is no finished run", str(folder), todo) from None
    except (ValueError, ValidationError) as problem:
        reason = str(problem).splitlines()[0]
        raise NkululekoError(f"is no result of a run ({reason})", str(place)) from None
    table = _table(folder)
    run = Finished(record.name, folder, record, _predictions(table, record))
    _belong_together(run, table)
    return run


def _table(folder: Path) -> Path:
    """Where ``predictions.csv`` lies: the experiment may have a folder for tables."""
    config = folder / "config.ini"
    below = ini.glance(config, [], "EXP", "res_dir") if config.exists() else ""
    return folder / below / "predictions.csv"


def _predictions(path: Path, record: Record) -> pd.DataFrame:
    """The table; labels stay the text that they are, be it ``01`` or ``NA``."""
    try:
        text = pd.read_csv(path, dtype=str, keep_default_na=False)
        starts, ends = (pd.to_timedelta(text[name].replace("", None)) for name in ("start", "end"))
        index = contract.segmented_index(text["file"], starts, ends)
        columns = {name: _column(name, text[name], record) for name in text if name not in contract.LEVELS}
        frame = pd.DataFrame(columns).set_axis(index, axis=0)
        frame[["truth", "prediction"]]  # both must be there
    except (OSError, ValueError, KeyError) as problem:
        raise NkululekoError(f"is no table of predictions ({problem})", str(path)) from None
    if not index.is_unique:
        raise NkululekoError("holds the same sample twice", str(path), "run the experiment again")
    return frame


def _column(name: str, column: pd.Series, record: Record) -> np.ndarray:
    """Text, or numbers where the column is one of numbers; an empty cell is a missing value."""
    values = column.tolist()
    is_answer = name in ("truth", "prediction")
    if is_answer and record.task == "classification":
        return np.array(values, dtype=object)
    try:
        if name not in _TEXT:
            return np.array([float(value) if value else np.nan for value in values])
    except ValueError:
        if is_answer or name.startswith(("p_", "s_")):
            raise
    return np.array([value or None for value in values], dtype=object)


def _belong_together(run: Finished, table: Path) -> None:
    """Stop where the predictions do not have the score that stands in the result."""
    if not families.metrics.has(run.record.measure):
        return
    metric = families.metrics.load(run.record.measure)()
    noted = run.record.scores.get(run.record.measure)
    value = metric.value(run.scored(metric))
    if noted is None or noted.value is None or np.isnan(value):
        return
    if abs(value - noted.value) > 1e-6 * max(1.0, abs(noted.value)):
        raise NkululekoError(
            f"the predictions have {metric.label} {value:.4f}, and result.json says {noted.value:.4f}:"
            " they are of different runs", str(table), "run the experiment again",
        )  # fmt: skip


def on_same_samples(runs: Sequence[Finished], common: bool = False) -> tuple[list[Finished], list[str]]:
    """All runs with the same samples in the same order.

    Args:
        runs: two or more
        common: where they were tested on different samples, take those that all have

    Returns:
        the runs, and what there is to say about it

    Raises:
        NkululekoError: not the same samples, nothing in common, or another truth
    """
    index = runs[0].predictions.index
    notes = []
    for run in runs[1:]:
        theirs = run.predictions.index
        if not common and (len(theirs) != len(index) or not theirs.isin(index).all()):
            raise _different(runs[0], run)
        index = index[index.isin(theirs)]
    if not len(index):
        raise NkululekoError("the runs have no sample in common", " and ".join(run.name for run in runs))
    sizes = [len(run.predictions) for run in runs]
    if any(size != len(index) for size in sizes):
        notes.append(
            f"compared on the {len(index)} samples that all runs were tested on (they were tested on {min(sizes)} to"
            f" {max(sizes)}), so the figures are not those of their reports"
        )
    aligned = [run.at(index) for run in runs]
    for run in aligned[1:]:
        _same_truth(aligned[0], run)
    return aligned, notes


def _different(one: Finished, other: Finished) -> NkululekoError:
    mine, theirs = one.predictions.index, other.predictions.index
    only = [int((~mine.isin(theirs)).sum()), int((~theirs.isin(mine)).sum())]
    return NkululekoError(
        f"were not tested on the same samples: {only[0]} only in the first, {only[1]} only in the second,"
        f" {len(mine) - only[0]} in both",
        f"'{one.name}' and '{other.name}'",
        "use the same data, seed and split (split_strategy = reuse keeps it), or compare the common samples: --common",
    )


def _same_truth(one: Finished, other: Finished) -> None:
    where = f"'{one.name}' and '{other.name}'"
    if one.record.task != other.record.task or set(one.record.labels) != set(other.record.labels):
        ours, theirs = (", ".join(run.record.labels) or run.record.task for run in (one, other))
        raise NkululekoError(f"have different classes ({ours}; {theirs})", where, "compare runs of one task")
    differ = (one.predictions["truth"] != other.predictions["truth"]).to_numpy()
    if differ.any():
        raise NkululekoError(
            f"{int(differ.sum())} of {len(differ)} samples have another truth, e.g."
            f" {one.predictions.index[differ][0][0]}", where, "compare runs of one target",
        )  # fmt: skip
