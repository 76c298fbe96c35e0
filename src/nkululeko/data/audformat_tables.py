"""From an audformat database to samples: tables joined, labels of schemes unfolded."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Loaded, Request
from nkululeko.data.columns import no_target, own_name, rename


@dataclass(frozen=True)
class Tables:
    """Which tables to take; None: find out.

    Args:
        files: with information on speakers and files
        targets: with the target
        append: several target tables: rows below each other, not columns beside each other
        columns: only these columns
    """

    files: Sequence[str] | None = None
    targets: Sequence[str] | None = None
    append: bool = False
    columns: Sequence[str] | None = None


class TableIndices(Mapping[str, pd.MultiIndex]):
    """The segmented index of each table of a database, read when it is asked for."""

    def __init__(self, db: Any, root: str) -> None:
        self._db, self._root = db, root

    def __getitem__(self, name: str) -> pd.MultiIndex:
        return _absolute(self._db[name].index, self._root)

    def __iter__(self) -> Iterator[str]:
        return iter(self._db.tables)

    def __len__(self) -> int:
        return len(self._db.tables)


def to_samples(db: Any, root: str, request: Request, tables: Tables) -> Loaded:
    """The samples of an audformat database.

    Args:
        db: ``audformat.Database``
        root: folder that its files are relative to
        request: name and target
        tables: which of them

    Raises:
        NkululekoError: a table or the target is missing
    """
    where = f"{request.name} ({request.path})"
    for name in [*(tables.files or ()), *(tables.targets or ())]:
        if name not in db.tables:
            raise NkululekoError(f"no table '{name}'", where, did_you_mean(name, db.tables))
    wanted = own_name(request.target, request.colnames)
    info = [_frame(db, name, root) for name in _file_tables(db, tables)]
    targets = [_frame(db, name, root) for name in _target_tables(db, tables, wanted)]
    if not targets:
        targets, info = info, []
    if not targets:
        raise no_target(request.target, (), where)
    if tables.append or (tables.targets is None and len(targets) > 1):
        samples = pd.concat(targets)
        samples = samples[~samples.reset_index().duplicated().to_numpy()]
    else:
        samples = _beside(targets, where)
    for frame in info:
        samples = _join(samples, frame)
    if tables.columns:
        samples = _only(samples, tables.columns, wanted, where)
    samples, notes = rename(samples, request.colnames, where)
    if request.target not in samples:
        everywhere = {str(column) for table in db.tables.values() for column in table.columns}
        raise no_target(request.target, everywhere | set(samples.columns), where)
    splits = _splits(db, root)
    return Loaded(samples, TableIndices(db, root), splits, notes)


def _file_tables(db: Any, tables: Tables) -> list[str]:
    """Tables with information on speakers: as named, else ``files``; all with a speaker if that has none."""
    if tables.files is not None:
        return list(tables.files)
    files = [name for name in ("files",) if name in db.tables]
    if files and "speaker" in db.tables["files"].columns:
        return files
    return [*files, *(name for name in db.tables if "speaker" in db.tables[name].columns)]


def _target_tables(db: Any, tables: Tables, wanted: Sequence[str]) -> list[str]:
    """Tables with the target: as named, else the one called like it, else all that have it."""
    if tables.targets is not None:
        return list(tables.targets)
    for column in wanted:
        if column in db.tables and column in db.tables[column].columns:
            return [column]
    for column in wanted:
        having = [name for name in db.tables if column in db.tables[name].columns]
        if having:
            return ["files"] if "files" in having else having
    return []


def _frame(db: Any, name: str, root: str) -> pd.DataFrame:
    """A table's columns on the segmented index, and beside them what labels of their schemes say.

    EmoDB's scheme ``speaker``, for example, tells gender and age of each speaker.
    """
    table = db[name]
    frame = table.df
    columns: dict[str, pd.Series] = {}
    for column_id, column in table.columns.items():
        columns[column_id] = frame[column_id]
        for key in _label_keys(db, column.scheme_id):
            if key not in table.columns:
                columns.setdefault(key, table.get(map={column_id: key})[key])
    plain = {column: _plain(values) for column, values in columns.items()}
    return pd.DataFrame(plain, index=frame.index).set_axis(_absolute(frame.index, root), axis=0)


def _label_keys(db: Any, scheme_id: str | None) -> list[str]:
    """The properties that the labels of a scheme have, e.g. ``age`` and ``gender`` of speakers."""
    if scheme_id is None or scheme_id not in db.schemes:
        return []
    labels = db.schemes[scheme_id].labels
    if isinstance(labels, str):  # a misc table
        return [str(column) for column in db.misc_tables[labels].columns] if labels in db.misc_tables else []
    if not isinstance(labels, dict):
        return []
    keys: dict[str, None] = {}
    for properties in labels.values():
        if isinstance(properties, dict):
            keys.update(dict.fromkeys(map(str, properties)))
    return list(keys)


def _plain(values: pd.Series) -> pd.Series:
    """Without categories and object columns of numbers, which compare and concatenate badly."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype if not values.isna().any() else "object")
    return values.infer_objects()


def _absolute(index: pd.Index, root: str) -> pd.MultiIndex:
    """The segmented index of a table, files absolute."""
    files = index.get_level_values("file") if isinstance(index, pd.MultiIndex) else index
    paths = [file if os.path.isabs(file) else os.path.normpath(os.path.join(root, file)) for file in files]
    if isinstance(index, pd.MultiIndex):
        return contract.segmented_index(paths, index.get_level_values("start"), index.get_level_values("end"))
    return contract.segmented_index(paths)


def _beside(frames: Sequence[pd.DataFrame], where: str) -> pd.DataFrame:
    """Tables joined column-wise: rows that any of them has; the first table with a column wins."""
    samples = frames[0]
    for frame in frames[1:]:
        if not (samples.index.is_unique and frame.index.is_unique):
            raise NkululekoError(
                "tables with repeated segments cannot be joined", where, "target_tables_append = True"
            )
        samples = samples.combine_first(frame)
    return samples


def _join(samples: pd.DataFrame, info: pd.DataFrame) -> pd.DataFrame:
    """Adds columns by segment, or by file where the information is about whole files."""
    new = [column for column in info if column not in samples]
    by_file = (
        info[new].groupby(level="file").first() if info.index.get_level_values("end").isna().all() else None
    )
    if by_file is not None:
        rows = by_file.reindex(samples.index.get_level_values("file"))
    else:
        unique = info.loc[~info.index.duplicated(), new]
        rows = unique.reindex(samples.index)
    return samples.assign(**{str(column): rows[column].to_numpy() for column in new})


def _only(samples: pd.DataFrame, columns: Sequence[str], wanted: Sequence[str], where: str) -> pd.DataFrame:
    for column in columns:
        if column not in samples:
            raise NkululekoError(
                f"columns: no column '{column}'", where, did_you_mean(column, samples.columns)
            )
    keep = {*columns, *wanted, "speaker", "gender", "sex", "age"}
    return samples[[column for column in samples if column in keep]]


def _splits(db: Any, root: str) -> dict[str, pd.MultiIndex]:
    """The data's own splits: the tables that say to which split they belong."""
    parts: dict[str, list[pd.MultiIndex]] = {}
    for name, table in db.tables.items():
        if table.split_id and table.split_id in db.splits:
            kind = str(db.splits[table.split_id].type)
            if kind in contract.SPLITS:
                parts.setdefault(kind, []).append(_absolute(db[name].index, root))
    return {kind: indices[0].append(indices[1:]) for kind, indices in parts.items()}
