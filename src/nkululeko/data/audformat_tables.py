"""From an audformat database to samples: tables joined, labels of schemes unfolded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Loaded, Request
from nkululeko.data._places import locate
from nkululeko.data._raters import combined
from nkululeko.data.columns import no_target, own_name, rename

#: columns that are wanted whatever the user chooses
_ALWAYS = ("speaker", "gender", "sex", "age")


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
    _check_names(db, tables, where)
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
        samples = _beside(targets, wanted, where)
    samples, notes = _with_information(samples, info, where)
    everywhere = {str(column) for table in db.tables.values() for column in table.columns} | set(
        samples.columns
    )
    if tables.columns:
        _check_columns(db, samples, tables.columns, everywhere, where)
        if len(tables.columns) > 1 and not set(wanted) & set(samples) and set(tables.columns) <= set(samples):
            values, more = combined(samples, tables.columns, request.target, where)
            samples, notes = samples.assign(**{request.target: values}), [*notes, *more]
        keep = {*tables.columns, *wanted, *request.colnames, *request.colnames.values(), *_ALWAYS}
        samples = samples[[column for column in samples if column in keep]]
    samples, more = rename(samples, request.colnames, where)
    if request.target not in samples:
        raise no_target(request.target, everywhere, where)
    return Loaded(samples, TableIndices(db, root), _splits(db, root), [*notes, *more])


def files_of_rows(db: Any, request: Request, tables: Tables) -> list[str]:
    """The files that :func:`to_samples` makes rows of, as the database calls them.

    Raises:
        NkululekoError: a table is missing
    """
    _check_names(db, tables, f"{request.name} ({request.path})")
    targets = _target_tables(db, tables, own_name(request.target, request.colnames))
    names = targets or _file_tables(db, tables)
    return sorted({file for name in names for file in db[name].files})


def _check_names(db: Any, tables: Tables, where: str) -> None:
    for name in [*(tables.files or ()), *(tables.targets or ())]:
        if name not in db.tables:
            raise NkululekoError(f"no table '{name}'", where, did_you_mean(name, db.tables))


def _check_columns(
    db: Any, samples: pd.DataFrame, columns: Sequence[str], everywhere: set[str], where: str
) -> None:
    """An error where a wanted column is in no table, or in none that is used."""
    for column in columns:
        if column not in everywhere:
            raise NkululekoError(f"columns: no column '{column}'", where, did_you_mean(column, everywhere))
    for column in columns:
        if column not in samples:
            homes = ", ".join(name for name in db.tables if column in db.tables[name].columns)
            raise NkululekoError(
                f"columns: '{column}' is in none of the tables that are used", where,
                f"it is in {homes}: name what you want in files_tables, or in target_tables",
            )  # fmt: skip


def _file_tables(db: Any, tables: Tables) -> list[str]:
    """Tables with information on speakers: as named, else ``files``; all with a speaker if that has none."""
    if tables.files is not None:
        return list(tables.files)
    files = [name for name in ("files",) if name in db.tables]
    if files and "speaker" in db.tables["files"].columns:
        return files
    return [*files, *(name for name in db.tables if "speaker" in db.tables[name].columns)]


def _target_tables(db: Any, tables: Tables, wanted: Sequence[str]) -> list[str]:
    """Tables with the target: as named, else the one called like it, else all that have it, or all its raters."""
    if tables.targets is not None:
        return list(tables.targets)
    for column in wanted:
        if column in db.tables and column in db.tables[column].columns:
            return [column]
    for column in wanted:
        having = [name for name in db.tables if column in db.tables[name].columns]
        if having:
            return ["files"] if "files" in having else having
    raters = set(tables.columns or ())
    return [name for name in db.tables if len(raters) > 1 and raters <= set(db.tables[name].columns)]


def _frame(db: Any, name: str, root: str) -> pd.DataFrame:
    """A table's columns on the segmented index, and beside them what labels of their schemes say.

    EmoDB's scheme ``speaker``, for example, tells gender and age of each speaker.
    """
    table = db[name]
    frame = table.df
    columns: dict[str, pd.Series] = {}
    for column_id, column in table.columns.items():
        columns[column_id] = frame[column_id]
        keys = [key for key in _label_keys(db, column.scheme_id) if key not in table.columns]
        if keys:
            labels = table.get(map={column_id: keys})
            for key in keys:
                columns.setdefault(key, labels[key])
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
    paths = locate(files.to_series(), [Path(root)])
    if isinstance(index, pd.MultiIndex):
        return contract.segmented_index(paths, index.get_level_values("start"), index.get_level_values("end"))
    return contract.segmented_index(paths)


def _beside(frames: Sequence[pd.DataFrame], wanted: Sequence[str], where: str) -> pd.DataFrame:
    """Tables joined column-wise: rows that any of them has; the first table with a column wins.

    A table of files says something of each segment in them, unless two tables know the target.
    """
    samples = frames[0]
    for frame in frames[1:]:
        if not (samples.index.is_unique and frame.index.is_unique):
            raise NkululekoError(
                "tables with repeated segments cannot be joined", where, "target_tables_append = True"
            )
        files, segments = sorted((samples, frame), key=_of_segments)
        two_targets = any(column in files and column in segments for column in wanted)
        if _of_segments(files) == _of_segments(segments) or two_targets:
            samples = samples.combine_first(frame)
        else:
            alone = ~files.index.get_level_values("file").isin(segments.index.get_level_values("file"))
            samples = pd.concat([_with_information(segments, [files], where)[0], files[alone]])
    return samples


def _of_segments(frame: pd.DataFrame) -> bool:
    return not contract.whole_files(frame.index).all()


def _with_information(
    samples: pd.DataFrame, tables: Sequence[pd.DataFrame], where: str
) -> tuple[pd.DataFrame, list[str]]:
    """Adds columns by segment, or by file where the information is about whole files; and notes.

    Several tables with the same column complete each other, e.g. those of train and of test.
    """
    own = set(samples.columns)
    files = samples.index.get_level_values("file")
    disputed: dict[str, int] = {}
    for info in tables:
        new = info[[column for column in info if column not in own]]
        whole = contract.whole_files(new.index)
        found = new[whole].groupby(level="file").first().reindex(files).set_axis(samples.index, axis=0)
        if not whole.all():
            of_segments = new[~new.index.duplicated()].reindex(samples.index)
            found = of_segments.where(of_segments.notna(), found)
        for column, values in found.items():
            if column in samples:
                known = samples[column]
                disputed[str(column)] = disputed.get(str(column), 0) + int(
                    (known.notna() & values.notna() & (known != values)).sum()
                )
                values = known.where(known.notna(), values)
            samples = samples.assign(**{str(column): values})
    notes = [
        f"{where}: tables disagree on '{column}' of {count} samples: the first table is believed"
        for column, count in disputed.items()
        if count
    ]
    return samples, notes


def _splits(db: Any, root: str) -> dict[str, pd.MultiIndex]:
    """The data's own splits: the tables that say to which split they belong."""
    parts: dict[str, list[pd.MultiIndex]] = {}
    for name, table in db.tables.items():
        if table.split_id and table.split_id in db.splits:
            kind = str(db.splits[table.split_id].type)
            if kind in contract.SPLITS:
                parts.setdefault(kind, []).append(_absolute(db[name].index, root))
    return {kind: indices[0].append(indices[1:]) for kind, indices in parts.items()}
