"""From the databases of an experiment to its samples: loaded, targets tweaked, checked, split."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.audio.probe import AudioInfo, probe
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.data import DatabaseConfig
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, SplitContext
from nkululeko.core.store import FeatureStore
from nkululeko.data import checks, targets
from nkululeko.data.columns import own_name
from nkululeko.data.targets import Dropped

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Data:
    """The samples of an experiment.

    Args:
        samples: on the segmented index; columns ``database``, the target, ``split``, and what the data bring
        labels: the classes in order; empty for regression
        speakers: key of who speaks, a row a sample
        dropped: what fell out on the way
        audio: path to what the file holds
    """

    samples: pd.DataFrame
    labels: list[str]
    speakers: pd.Series
    dropped: list[Dropped]
    audio: dict[str, AudioInfo]

    def only(self, keep: np.ndarray, dropped: list[Dropped]) -> Data:
        """Without the rows where ``keep`` is False."""
        return replace(
            self, samples=self.samples[keep], speakers=self.speakers[keep], dropped=[*self.dropped, *dropped]
        )


def load(config: ExperimentConfig, store: FeatureStore, previous: pd.DataFrame | None, jobs: int) -> Data:
    """Load all databases of an experiment and split them.

    Args:
        config: the experiment
        store: remembers what audio files hold
        previous: the split of the last run, for ``reuse``
        jobs: threads for reading audio

    Raises:
        NkululekoError: something is missing, or nothing is left to learn from
    """
    target = config.data.target
    loaded = {db.name: _load_database(db, config) for db in config.data.databases}
    dropped: list[Dropped] = []
    for db in config.data.databases:
        samples, gone = _tweak_target(loaded[db.name].samples, db, config)
        loaded[db.name] = replace(loaded[db.name], samples=samples)
        dropped += gone
    labels, gone = _classes(loaded, config)
    dropped += gone
    audio = probe(
        sorted({f for part in loaded.values() for f in contract.files_of(part.samples.index)}), store, jobs
    )
    _say_formats(audio)
    for name, part in loaded.items():
        loaded[name], gone = _usable(part, audio, name, target)
        dropped += gone
    parts = []
    for db in config.data.databases:
        split = _split(loaded[db.name], db, config, previous)
        unused = split.isna().to_numpy()
        if unused.any():
            index = loaded[db.name].samples.index[unused]
            dropped.append(Dropped(f"{db.name}, split", "in none of train, dev, test", index))
        parts.append(loaded[db.name].samples.assign(split=split.to_numpy())[~unused])
    samples = contract.check(pd.concat(parts)) if len(parts) > 1 else contract.check(parts[0])
    data = Data(samples, labels, _speakers(samples, config), dropped, audio)
    _check(data, target)
    return data


def _speakers(samples: pd.DataFrame, config: ExperimentConfig) -> pd.Series:
    """Who speaks: (database, speaker), but the speaker alone in databases that share their speakers."""
    shared = {db.name for db in config.data.databases if db.shared_speakers}
    keys = contract.speaker_keys(samples)
    return keys.mask(samples["database"].isin(shared), contract.speaker_keys(samples, shared=True))


def _load_database(db: DatabaseConfig, config: ExperimentConfig) -> Loaded:
    """One database, in an order of rows of its own that does not depend on the data's."""
    target = config.data.target
    colnames = {str(old): str(new) for old, new in (db.colnames or {}).items()}
    own = db.label or own_name(target, colnames)[-1]
    request = Request(db.name, str(db.path), own, colnames, (config.folder_of_call, config.source.parent))
    loaded = families.databases.load(db.type)(db.type_options).load(request)
    for note in loaded.notes:
        _log.info(note)
    samples = loaded.samples
    if own != target:
        samples = samples.drop(columns=[c for c in (target,) if c in samples]).rename(columns={own: target})
    if samples.empty:
        raise NkululekoError(f"database '{db.name}' has no samples", str(db.path))
    samples = samples.drop(columns=[c for c in ("database",) if c in samples])
    samples.insert(0, "database", db.name)
    if "speaker" in samples:
        speakers = targets.as_labels(samples["speaker"])
        samples = samples.assign(speaker=f"{db.name}_" + speakers if db.rename_speakers else speakers)
    order = samples[target].astype("str").fillna("").to_numpy()
    samples = samples.iloc[np.argsort(order, kind="stable")].sort_index(kind="stable")
    return replace(loaded, samples=samples)


def _is_number(config: ExperimentConfig) -> bool:
    return config.exp.type == "regression" or config.data.type == "continuous"


def _tweak_target(
    samples: pd.DataFrame, db: DatabaseConfig, config: ExperimentConfig
) -> tuple[pd.DataFrame, list[Dropped]]:
    """The target of one database: missing values out, mapping, numeric tweaks."""
    target = config.data.target
    samples, dropped = targets.apply_mapping(samples, target, db.mapping or {}, db.name)
    if _is_number(config):
        values = targets.as_numbers(samples[target], target, db.name)
        values = targets.tweak_numbers(
            values,
            reverse=db.reverse,
            reverse_max=db.reverse_max,
            divide_by=config.data.target_divide_by,
            scale=db.scale,
        )
    else:
        values = targets.as_labels(samples[target])
    missing = values.isna().to_numpy()
    if missing.any():
        dropped.append(Dropped(f"{db.name}, target", f"'{target}' is missing", samples.index[missing]))
    return samples.assign(**{target: values})[~missing], dropped


def _classes(loaded: dict[str, Loaded], config: ExperimentConfig) -> tuple[list[str], list[Dropped]]:
    """Bins and labels over all databases; changes the samples in ``loaded``."""
    target, dropped = config.data.target, []
    if config.exp.type == "regression":
        return [], []
    column = pd.concat([part.samples[target] for part in loaded.values()])
    names = [str(label) for label in config.data.labels or ()]
    if config.data.type == "continuous":
        column, names, note = targets.to_bins(column, config.data.bins, names)
        _log.info("%s: %s", target, note)
    labels, warnings = targets.choose_labels(column.to_frame(target), target, names)
    for warning in warnings:
        _log.warning(warning)
    begin = 0
    for name, part in loaded.items():
        values = column.iloc[begin : begin + len(part.samples)]
        begin += len(part.samples)
        outside = ~values.isin(labels).to_numpy()
        if outside.any():
            found = ", ".join(sorted(values[outside].dropna().unique())) or "outside the bins"
            dropped.append(Dropped(f"{name}, labels", f"not in labels: {found}", part.samples.index[outside]))
        loaded[name] = replace(part, samples=part.samples.assign(**{target: values.to_numpy()})[~outside])
    return labels, dropped


def _say_formats(audio: Mapping[str, AudioInfo]) -> None:
    """Say once what the audio is, where it is not all mono of one rate."""
    usable = [info for info in audio.values() if not info.error]
    several = [info for info in usable if info.channels > 1]
    if several:
        _log.info(
            "%d files have several channels (e.g. %s): mixed down to mono", len(several), several[0].file
        )
    rates = sorted({info.sampling_rate for info in usable})
    if len(rates) > 1:
        _log.warning(
            "the audio has different sampling rates (%s Hz): features may tell rates apart, not voices",
            ", ".join(map(str, rates)),
        )


def _usable(
    part: Loaded, audio: Mapping[str, AudioInfo], name: str, target: str
) -> tuple[Loaded, list[Dropped]]:
    """Samples whose audio can be read, ends resolved, nothing twice."""
    durations = {file: info.duration for file, info in audio.items() if not info.error}
    samples = part.samples
    errors = np.array([audio[file].error for file in samples.index.get_level_values("file")], dtype=object)
    dropped = [
        Dropped(f"{name}, audio", f"file {reason}", samples.index[errors == reason])
        for reason in sorted(set(errors) - {""})
    ]
    if len(samples) and (errors != "").all():
        worst = dropped[0]
        hint = f"check {name}.absolute_path or {name}.audio_path" if "does not exist" in worst.reason else ""
        raise NkululekoError(
            f"no audio file of database '{name}' can be used: {worst.reason} ({len(worst.rows)} files)",
            str(worst.rows[0][0]), hint,
        )  # fmt: skip
    samples = samples[errors == ""]
    samples = samples.set_axis(contract.resolve_ends(samples.index, durations), axis=0)
    empty = contract.seconds(samples.index, "end") <= contract.seconds(samples.index, "start")
    if empty.any():
        reason = "segment is empty, or begins after the end of the file"
        dropped.append(Dropped(f"{name}, segments", reason, samples.index[empty]))
        samples = samples[~empty]
    samples, twice = _without_duplicates(samples, name, target)
    tables = Resolved(part.tables, durations)
    splits = {split: _resolved(index, durations) for split, index in part.splits.items()}
    return Loaded(samples, tables, splits), [*dropped, *twice]


def _without_duplicates(samples: pd.DataFrame, name: str, target: str) -> tuple[pd.DataFrame, list[Dropped]]:
    """Each segment once; where copies disagree on the target none is kept, for nobody knows which is right."""
    if samples.index.is_unique:
        return samples, []
    again = samples.index.duplicated(keep="first")
    kinds = samples.groupby(level=contract.LEVELS)[target].transform("nunique").to_numpy()
    dropped = []
    for rows, reason in (
        (again & (kinds == 1), "row stands twice, one is kept"),
        (kinds > 1, f"same segment with different '{target}', none is kept"),
    ):
        if rows.any():
            _log.warning("%s: %d rows: %s", name, int(rows.sum()), reason)
            dropped.append(Dropped(f"{name}, duplicates", reason, samples.index[rows]))
    return samples[~(again | (kinds > 1))], dropped


class Resolved(Mapping[str, pd.MultiIndex]):
    """A database's tables with the ends of their segments resolved, each when it is asked for."""

    def __init__(self, tables: Mapping[str, pd.MultiIndex], durations: Mapping[str, float]) -> None:
        self._tables, self._durations = tables, durations

    def __getitem__(self, name: str) -> pd.MultiIndex:
        return _resolved(self._tables[name], self._durations)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def _resolved(index: pd.MultiIndex, durations: Mapping[str, float]) -> pd.MultiIndex:
    """The rows of a table with their ends; whole files stay so, for they stand for all their segments."""
    whole = contract.whole_files(index)
    ends = contract.resolve_ends(index, durations).get_level_values("end")
    return contract.segmented_index(
        index.get_level_values("file"), index.get_level_values("start"), ends.where(~whole)
    )


def _split(
    loaded: Loaded, db: DatabaseConfig, config: ExperimentConfig, previous: pd.DataFrame | None
) -> pd.Series:
    context = SplitContext(db.name, config.exp.random_seed, float(db.test_size), previous)
    if loaded.samples.empty:
        return pd.Series([], index=loaded.samples.index, dtype="str")
    return families.splits.load(db.split_strategy)(db.split_options).assign(loaded, context)


def _check(data: Data, target: str) -> None:
    """What must hold before anything is learned, and what the user must know."""
    split = data.samples["split"]
    for drop in data.dropped:
        record = drop.record()
        _log.info("left out: %s samples (%s): %s", record["count"], record["stage"], record["reason"])
    counts = split.value_counts()
    for part in ("train", "test"):
        if not counts.get(part, 0):
            why = "; ".join(f"{len(d.rows)} left out, {d.stage}: {d.reason}" for d in data.dropped)
            raise NkululekoError(
                f"the {part} set is empty",
                "DATA",
                (why + "; " if why else "") + "check split_strategy and labels",
            )
    if data.labels:
        classes = data.samples.loc[split == "train", target].unique()
        if len(classes) < 2:
            raise NkululekoError(
                f"the train set holds one class only ('{classes[0]}')", "DATA", "check the split"
            )
    speakers, content = data.speakers, {file: info.content for file, info in data.audio.items()}
    warnings = [*checks.speaker_overlap(data.samples, speakers), *checks.audio_overlap(data.samples, content)]
    if data.labels:
        warnings += checks.class_overlap(data.samples, target, data.labels)
    heard = speakers[(split == "test").to_numpy()].dropna().unique()
    if len(heard) == 1:
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


def previous_split(path: Path) -> pd.DataFrame | None:
    """The split of an earlier run, None if there is none that can be read: only ``reuse`` needs it."""
    if not path.exists():
        return None
    try:
        return contract.from_csv(path)
    except NkululekoError as problem:  # e.g. saved by a spreadsheet
        _log.info("%s", problem)
        return None
