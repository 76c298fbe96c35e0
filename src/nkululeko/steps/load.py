"""From the databases of an experiment to its samples: loaded, targets tweaked, filtered, split.

The order of the steps (docs/targets.md, docs/filters.md): for each database mapping, missing targets, filters by
columns, numeric tweaks; then over all of them bins and labels, unusable audio, filters by audio, limits; the split;
filters that work on one split.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.audio.probe import AudioInfo, probe
from nkululeko.config.declare import Choice
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.data import DatabaseConfig
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, SplitContext
from nkululeko.core.store import FeatureStore
from nkululeko.data import targets, tested
from nkululeko.data.columns import own_name
from nkululeko.data.dropped import Dropped
from nkululeko.data.splits._dev import with_dev
from nkululeko.steps import filters
from nkululeko.steps.chain import Chain
from nkululeko.steps.check import check
from nkululeko.steps.extract import Extractor, extract

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
        loaded: how many rows each database had
    """

    samples: pd.DataFrame
    labels: list[str]
    speakers: pd.Series
    dropped: list[Dropped]
    audio: dict[str, AudioInfo]
    loaded: dict[str, int]

    def only(self, keep: np.ndarray, dropped: list[Dropped]) -> Data:
        """Without the rows where ``keep`` is False."""
        return replace(
            self, samples=self.samples[keep], speakers=self.speakers[keep], dropped=[*self.dropped, *dropped]
        )


def load(
    config: ExperimentConfig, store: FeatureStore, previous: pd.DataFrame | None, jobs: int, *,
    complete: bool = True, labelled: bool = True, look: Callable[[pd.Index], None] | None = None,
) -> Data:  # fmt: skip
    """Load all databases of an experiment and split them.

    Args:
        config: the experiment
        store: remembers what audio files hold
        previous: the split of the last run, for ``reuse``
        jobs: threads for reading audio
        complete: there must be something to learn from and to test on
        labelled: samples without a target are left out, and it is said what makes a result untrue; else they stay,
            for nothing is learned
        look: is shown the columns before the audio is read, and may refuse them

    Raises:
        NkululekoError: something is missing, or nothing is left to learn from
    """
    target = config.data.target
    speakers = partial(_speakers, config=config)
    brought: dict[str, Loaded] = {}
    chains = []
    for db in config.data.databases:
        part = _load_database(db, config, store)
        chain = Chain(part.samples, {db.name: len(part.samples)})
        brought[db.name] = replace(part, samples=part.samples.iloc[:0])
        _prepare_target(chain, db, config, labelled)
        chains.append(chain)
    chain = Chain.joined(chains)
    if look is not None:
        look(chain.samples.columns)
    filters.apply(chain, config, speakers, _no_audio, looks_at="columns")
    for db in config.data.databases if _is_number(config) else ():
        _tweak_numbers(chain, db, config)
    labels = _classes(chain, config, labelled)
    audio = probe(sorted(contract.files_of(chain.samples.index)), store, jobs)
    _say_formats(audio)
    durations = {file: info.duration for file, info in audio.items() if not info.error}
    _usable(chain, audio, durations, target)
    measure = partial(_measured, extractor=Extractor(store, audio, jobs, fail_threshold=1.0))
    for kind in filters.LISTENING:
        filters.apply(chain, config, speakers, measure, looks_at=kind)
    if config.folds:  # every sample is tested once
        chain.samples = chain.samples.assign(split="test")
    else:
        _split_all(chain, brought, durations, config, previous)
    for kind in filters.KINDS:
        filters.apply(chain, config, speakers, measure, looks_at=kind, split=True)
    content = {file: info.content for file, info in audio.items()}
    if config.data.leave_out_tested and not config.folds:
        chain.leave_out(tested.by_audio(chain.samples, content), "tested", "its audio is in the test set")
        heard = tested.by_speaker(chain.samples, speakers(chain.samples))
        chain.leave_out(heard, "tested", "its speaker is in the test set")
    samples = contract.check(chain.samples)
    data = Data(samples, labels, speakers(samples), chain.dropped, audio, chain.loaded)
    if not labelled:
        return data
    check(
        samples,
        data.speakers,
        content,
        target,
        labels,
        chain.dropped,
        complete=complete,
        crossed=config.folds is not None,
    )
    return data


def _no_audio(name: str, index: pd.MultiIndex) -> pd.DataFrame:
    raise NkululekoError(f"a filter of columns cannot listen to the audio ('{name}')", "DATA")


def _measured(name: str, index: pd.MultiIndex, extractor: Extractor) -> pd.DataFrame:
    """A feature set of the samples; rows of missing values where it fails."""
    choice = Choice(name, families.features.load(name).Options())
    return extract([choice], index, extractor).features.reindex(index)


def _speakers(samples: pd.DataFrame, config: ExperimentConfig) -> pd.Series:
    """Who speaks: (database, speaker), but the speaker alone in databases that share their speakers."""
    shared = {db.name for db in config.data.databases if db.shared_speakers}
    keys = contract.speaker_keys(samples)
    return keys.mask(samples["database"].isin(shared), contract.speaker_keys(samples, shared=True))


def _load_database(db: DatabaseConfig, config: ExperimentConfig, store: FeatureStore) -> Loaded:
    """One database, in an order of rows of its own that does not depend on the data's."""
    target = config.data.target
    colnames = {str(old): str(new) for old, new in (db.colnames or {}).items()}
    own = db.label or own_name(target, colnames)[-1]
    folders = (config.folder_of_call, config.source.parent)
    request = Request(db.name, str(db.path), own, colnames, folders, store.root / "audio")
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


def _prepare_target(chain: Chain, db: DatabaseConfig, config: ExperimentConfig, labelled: bool) -> None:
    """The target of one database: mapping, then labels or numbers, missing values out unless they may stay."""
    target = config.data.target
    chain.accept(*targets.apply_mapping(chain.samples, target, db.mapping or {}, db.name))
    column = chain.samples[target]
    values = targets.as_numbers(column, target, db.name) if _is_number(config) else targets.as_labels(column)
    chain.samples = chain.samples.assign(**{target: values})
    if labelled:
        chain.leave_out(values.isna().to_numpy(), "target", f"'{target}' is missing")


def _tweak_numbers(chain: Chain, db: DatabaseConfig, config: ExperimentConfig) -> None:
    """``reverse``, ``target_divide_by`` and ``scale`` of one database, on what its filters left."""
    target = config.data.target
    mine = (chain.samples["database"] == db.name).to_numpy()
    values = targets.tweak_numbers(
        chain.samples.loc[mine, target].astype(float),
        reverse=db.reverse,
        reverse_max=db.reverse_max,
        divide_by=config.data.target_divide_by,
        scale=db.scale,
    )
    column = chain.samples[target].to_numpy(dtype=float, copy=True)
    column[mine] = values.to_numpy()
    chain.samples = chain.samples.assign(**{target: column})


def _classes(chain: Chain, config: ExperimentConfig, labelled: bool) -> list[str]:
    """Bins and labels over all databases; the labels in order, none for regression, or where none is known."""
    target = config.data.target
    if config.exp.type == "regression":
        return []
    column = chain.samples[target]
    if not labelled and column.isna().all():
        return []
    names = [str(label) for label in config.data.labels or ()]
    if config.data.type == "continuous":
        column, names, note = targets.to_bins(column, config.data.bins, names)
        _log.info("%s: %s", target, note)
    labels, warnings = targets.choose_labels(column.to_frame(target), target, names)
    owners = chain.samples["database"]
    for warning in (*warnings, *targets.compare_labels(column, owners, target)) if labelled else ():
        _log.warning(warning)
    chain.samples = chain.samples.assign(**{target: column.to_numpy()})
    for database in owners.unique():
        outside = ((owners == database) & ~column.isin(labels)).to_numpy()
        outside = outside & (labelled | column.notna().to_numpy())
        if outside.any():
            found = ", ".join(sorted(column[outside].dropna().unique())) or "outside the bins"
            chain.leave_out(outside, "labels", f"not in labels: {found}")
            column, owners = chain.samples[target], chain.samples["database"]
    return labels


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
    chain: Chain, audio: Mapping[str, AudioInfo], durations: Mapping[str, float], target: str
) -> None:
    """Samples whose audio can be read, ends resolved, nothing twice."""
    faults = {file: info.error for file, info in audio.items()}
    errors = contract.by_file(chain.samples.index, faults, "").astype(object)
    _no_audio_at_all(chain.samples, errors)
    for reason in sorted(set(errors) - {""}):
        gone = errors == reason
        chain.leave_out(gone, "audio", f"file {reason}")
        errors = errors[~gone]
    chain.samples = chain.samples.set_axis(contract.resolve_ends(chain.samples.index, durations), axis=0)
    index = chain.samples.index
    empty = contract.seconds(index, "end") <= contract.seconds(index, "start")
    chain.leave_out(empty, "segments", "segment is empty, or begins after the end of the file")
    _without_duplicates(chain, target)


def _no_audio_at_all(samples: pd.DataFrame, errors: np.ndarray) -> None:
    """An error where no file of a database can be used: its path is wrong, most likely."""
    owners = samples["database"].to_numpy()
    for name in dict.fromkeys(owners):
        mine = errors[owners == name]
        if (mine != "").all():
            worst = sorted(set(mine))[0]
            first = str(samples.index[(owners == name) & (errors == worst)][0][0])
            hint = f"check {name}.absolute_path or {name}.audio_path" if "does not exist" in worst else ""
            raise NkululekoError(
                f"no audio file of database '{name}' can be used: file {worst} ({(mine == worst).sum()} files)",
                first, hint,
            )  # fmt: skip


def _without_duplicates(chain: Chain, target: str) -> None:
    """Each segment of a database once; where copies disagree on the target none is kept: nobody knows who is right."""
    for name in chain.loaded:
        mine = (chain.samples["database"] == name).to_numpy()
        samples = chain.samples[mine]
        if samples.index.is_unique:
            continue
        again = samples.index.duplicated(keep="first")
        kinds = samples.groupby(level=contract.LEVELS)[target].transform("nunique").to_numpy()
        reasons = np.where(kinds > 1, f"same segment with different '{target}', none is kept", "")
        reasons[again & (kinds == 1)] = "row stands twice, one is kept"
        everywhere = np.full(len(mine), "", dtype=object)
        everywhere[mine] = reasons
        for reason in sorted(set(reasons) - {""}, reverse=True):
            gone = everywhere == reason
            _log.warning("%s: %d rows: %s", name, int(gone.sum()), reason)
            chain.leave_out(gone, "duplicates", reason)
            everywhere = everywhere[~gone]


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


def _split_all(
    chain: Chain, brought: Mapping[str, Loaded], durations: Mapping[str, float], config: ExperimentConfig,
    previous: pd.DataFrame | None,
) -> None:  # fmt: skip
    """Give each sample its split; those without one fall out, and those of the part that is not asked for."""
    column = np.full(len(chain.samples), None, dtype=object)
    owners = chain.samples["database"].to_numpy()
    for db in config.data.databases:
        mine = owners == db.name
        part = brought[db.name]
        splits = {name: _resolved(index, durations) for name, index in part.splits.items()}
        loaded = Loaded(chain.samples[mine], Resolved(part.tables, durations), splits)
        column[mine] = _split(loaded, db, config, previous).to_numpy(dtype=object)
    chain.samples = chain.samples.assign(split=pd.Series(column, index=chain.samples.index, dtype="str"))
    chain.leave_out(chain.samples["split"].isna().to_numpy(), "split", "in none of train, dev, test")
    for db in config.data.databases:
        for part_name, wanted in (("train", db.as_train), ("test", db.as_test)):
            if wanted:
                mine = (chain.samples["database"] == db.name).to_numpy()
                other = mine & (chain.samples["split"] != part_name).to_numpy()
                # a dev set cut out of train serves the training
                other &= ~((chain.samples["split"] == "dev").to_numpy() & (part_name == "train"))
                chain.leave_out(other, f"as_{part_name}", f"not in its {part_name} set")


def _split(
    loaded: Loaded, db: DatabaseConfig, config: ExperimentConfig, previous: pd.DataFrame | None
) -> pd.Series:
    context = SplitContext(
        db.name, config.exp.random_seed, config.data.target, float(db.test_size), db.dev_size, previous
    )
    split = families.splits.load(db.split_strategy)(db.split_options).assign(loaded, context)
    return with_dev(loaded, split, context)


def previous_split(path: Path) -> pd.DataFrame | None:
    """The split of an earlier run, None if there is none that can be read: only ``reuse`` needs it."""
    if not path.exists():
        return None
    try:
        return contract.from_csv(path)
    except NkululekoError as problem:  # e.g. saved by a spreadsheet
        _log.info("%s", problem)
        return None
