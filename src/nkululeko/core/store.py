"""The feature store: vectors addressed by what they were computed from, never by a file's name.

A row's key hashes the audio's content and the segment; a table's name hashes the extractor, its options
and its versions. So an old row can never meet a changed file, option or model.

``STORE/features/NAME-HASH/*.parquet`` hold ``key`` (16 bytes), ``error`` (why there is no vector) and
``vector`` (float32, little-endian, as fixed-length binary: reading is one copy and a checksum, where 6,000
Parquet columns would take minutes); the names of the columns stand in the file's metadata. Each writer
adds files of its own, written atomically, so any number of processes may write at once.

``STORE/audio.sqlite`` remembers the content hash of files that have not changed since it was computed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.errors import NkululekoError

if TYPE_CHECKING:
    import pyarrow

_log = logging.getLogger("nkululeko")
_COLUMNS = b"nkululeko.columns"
_FLUSH_BYTES = 16 * 2**20
_FLUSH_SECONDS = 10.0


def default_store() -> Path:
    """One store per user, shared by all experiments; ``NKULULEKO_STORE`` or ``EXP.store`` name another."""
    if os.environ.get("NKULULEKO_STORE"):
        return Path(os.environ["NKULULEKO_STORE"])
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "nkululeko"


def digest(*parts: object) -> bytes:
    """16 bytes that stand for the given values (their JSON)."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True, default=str).encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Vectors:
    """What a table holds of the wanted rows.

    Args:
        columns: names of the features; empty while nothing is stored
        values: shape ``(rows, features)``, float32; NaN where ``found`` is False or there is an error
        found: whether the table knows the row, shape ``(rows,)``
        errors: position of a row to the reason why it has no vector
    """

    columns: list[str]
    values: np.ndarray
    found: np.ndarray
    errors: dict[int, str]


class FeatureTable:
    """All stored vectors of one extractor with one set of options.

    Args:
        folder: where its Parquet files lie
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, keys: Sequence[bytes]) -> Vectors:
        """The rows with these keys, in this order; memory: the result and one batch of a file."""
        wanted = np.asarray(keys, dtype="S16")
        order = np.argsort(wanted, kind="stable")
        ordered = wanted[order]
        found = np.zeros(len(wanted), dtype=bool)
        errors: dict[int, str] = {}
        columns: list[str] = []
        values = np.empty((len(wanted), 0), dtype=np.float32)
        for file in sorted(self.folder.glob("*.parquet")):
            part = _Part.open(file)
            if part is None or (columns and part.columns != columns):
                _log.info("%s: is damaged or of another kind, and is not used", file)
                continue
            if not columns:
                columns = part.columns
                values = np.full((len(wanted), len(columns)), np.nan, dtype=np.float32)
            try:
                part.fill(ordered, order, values, found, errors)
            except (
                OSError
            ) as problem:  # a checksum: the rows read so far are sound, the others are computed again
                _log.info("%s: is damaged (%s)", file, problem)
        return Vectors(columns, values, found, errors)

    def writer(self, columns: Sequence[str]) -> TableWriter:
        """Adds rows; use it as a context, so that rows are kept on Ctrl-C too."""
        return TableWriter(self.folder, list(columns))


class _Part:
    """One Parquet file of a table."""

    def __init__(self, file: object, columns: list[str]) -> None:
        self.file, self.columns = file, columns

    @classmethod
    def open(cls, path: Path) -> _Part | None:
        """None for a file that is damaged or not ours: its rows are computed again."""
        import pyarrow
        import pyarrow.parquet

        try:
            file = pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)
            schema = file.schema_arrow
            columns = json.loads(schema.metadata[_COLUMNS])
            if not schema.remove_metadata().equals(_schema(len(columns))):
                return None
        except (OSError, ValueError, KeyError, TypeError, pyarrow.ArrowException):
            return None
        return cls(file, columns)

    def fill(
        self,
        ordered: np.ndarray,
        order: np.ndarray,
        values: np.ndarray,
        found: np.ndarray,
        errors: dict[int, str],
    ) -> None:
        """Copy the wanted rows of this file to where they belong."""
        groups = [g for g in range(self.file.num_row_groups) if self._wanted(g, ordered)]  # type: ignore[attr-defined]
        if not groups:
            return
        for batch in self.file.iter_batches(row_groups=groups, batch_size=4096):  # type: ignore[attr-defined]
            keys = _bytes(batch.column("key"), 16).view("S16").ravel()
            low, high = np.searchsorted(ordered, keys, "left"), np.searchsorted(ordered, keys, "right")
            vectors = _bytes(batch.column("vector"), 4 * len(self.columns)).view("<f4")
            reasons = batch.column("error").to_pylist()
            for row in np.flatnonzero(high > low):
                for position in order[low[row] : high[row]]:
                    values[position] = vectors[row]
                    errors.pop(int(position), None)  # files are read oldest first: the last word counts
                    if reasons[row] is not None:
                        errors[int(position)] = reasons[row]
                    found[position] = True

    def _wanted(self, group: int, ordered: np.ndarray) -> bool:
        """Whether a row group holds any wanted key: only the keys are read to find out."""
        keys = self.file.read_row_group(group, columns=["key"]).column(0).combine_chunks()  # type: ignore[attr-defined]
        here = _bytes(keys, 16).view("S16").ravel()
        return bool((np.searchsorted(ordered, here, "right") > np.searchsorted(ordered, here, "left")).any())


def _schema(columns: int) -> pyarrow.Schema:
    """What a file holds, for vectors of so many columns."""
    import pyarrow

    return pyarrow.schema(
        [("key", pyarrow.binary(16)), ("error", pyarrow.string()), ("vector", pyarrow.binary(4 * columns))]
    )


def _bytes(array: object, width: int) -> np.ndarray:
    """A fixed-length binary Arrow array as bytes, shape ``(rows, width)``, without a copy."""
    count, offset = len(array), array.offset  # type: ignore[arg-type, attr-defined]
    if width == 0 or count == 0:
        return np.zeros((count, width), dtype=np.uint8)
    flat = np.frombuffer(array.buffers()[1], dtype=np.uint8, count=count * width, offset=offset * width)  # type: ignore[attr-defined]
    return flat.reshape(count, width)


class TableWriter:
    """Gathers rows and writes them every few seconds, so that a killed extraction loses little."""

    def __init__(self, folder: Path, columns: list[str]) -> None:
        self.folder, self.columns = folder, columns
        self._keys: list[bytes] = []
        self._vectors: list[np.ndarray] = []
        self._errors: list[str | None] = []
        self._since = time.monotonic()

    def add(self, key: bytes, vector: np.ndarray | None, error: str | None = None) -> None:
        """Keep a vector, or the reason why there is none."""
        if vector is None:
            vector = np.full(len(self.columns), np.nan)
        if vector.shape != (len(self.columns),):
            raise ValueError(f"a vector of {vector.shape} for {len(self.columns)} columns")
        self._keys.append(key)
        self._vectors.append(vector.astype("<f4"))
        self._errors.append(error)
        full = len(self._keys) * 4 * max(1, len(self.columns)) >= _FLUSH_BYTES
        if full or time.monotonic() - self._since >= _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered as one more file."""
        if not self._keys:
            return
        import pyarrow

        width = 4 * len(self.columns)
        vectors = np.ascontiguousarray(self._vectors)
        columns = [
            pyarrow.array(self._keys, pyarrow.binary(16)),
            pyarrow.array(self._errors, pyarrow.string()),
            pyarrow.FixedSizeBinaryArray.from_buffers(
                pyarrow.binary(width), len(vectors), [None, pyarrow.py_buffer(vectors)]
            ),
        ]
        schema = _schema(len(self.columns)).with_metadata({_COLUMNS: json.dumps(self.columns)})
        try:
            self._write(pyarrow.Table.from_arrays(columns, schema=schema))
        except OSError as problem:
            reason = os.strerror(problem.errno) if problem.errno else str(problem)
            raise NkululekoError(
                f"cannot keep features there ({reason})",
                str(self.folder),
                "set EXP.store to a folder you may write to",
            ) from None
        self._keys, self._vectors, self._errors = [], [], []
        self._since = time.monotonic()

    def _write(self, table: pyarrow.Table) -> None:
        """One more file, as a whole or not at all."""
        import pyarrow.parquet

        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{uuid.uuid4().hex[:12]}.parquet"
        temporary = self.folder / f".{name}.tmp"
        try:
            pyarrow.parquet.write_table(
                table, temporary, compression="none", use_dictionary=False, write_statistics=False,
                write_page_checksum=True, row_group_size=max(64, _FLUSH_BYTES // max(1, 4 * len(self.columns))),
            )  # fmt: skip
            temporary.replace(self.folder / name)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()


class FeatureStore:
    """All tables and the content hashes of audio files.

    Args:
        root: its folder; made if it is missing

    Raises:
        NkululekoError: the folder cannot be made
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise NkululekoError(
                f"cannot keep features there ({problem.strerror})",
                str(root),
                "set EXP.store to a folder you may write to",
            ) from None

    def table(self, name: str, *identity: object) -> FeatureTable:
        """The table of an extractor; ``identity``: all that its values depend on (options, versions)."""
        return FeatureTable(self.root / "features" / f"{name}-{digest(name, *identity).hex()[:16]}")

    def known_audio(self, signatures: dict[str, str]) -> dict[str, tuple]:
        """What is remembered of files whose signature (size, times, inode) is still the same.

        Returns:
            path to (content, frames, sampling rate, channels, error)
        """
        known: dict[str, tuple] = {}
        paths = list(signatures)

        def look_up(database: sqlite3.Connection) -> None:
            for begin in range(0, len(paths), 500):
                chunk = paths[begin : begin + 500]
                marks = ",".join("?" * len(chunk))
                rows = database.execute(f"SELECT * FROM audio WHERE path IN ({marks})", chunk)
                known.update({row[0]: row[2:] for row in rows if row[1] == signatures[row[0]]})

        self._ask(look_up)
        return known

    def remember_audio(self, rows: Iterable[tuple]) -> None:
        """Remember (path, signature, content, frames, sampling rate, channels, error) of files."""
        self._ask(
            lambda database: database.executemany(
                "INSERT OR REPLACE INTO audio VALUES (?, ?, ?, ?, ?, ?, ?)", rows
            )
        )

    def _ask(self, action: Callable[[sqlite3.Connection], object]) -> None:
        """Use the database of content hashes; where that is impossible, files are just hashed again."""
        path = self.root / "audio.sqlite"
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=30)) as database, database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS audio (path TEXT PRIMARY KEY, signature TEXT, content BLOB,"
                    " frames INTEGER, rate INTEGER, channels INTEGER, error TEXT)"
                )
                action(database)
        except sqlite3.OperationalError as problem:  # locked for long, a full disk, no permission
            _log.info("%s: cannot be used (%s)", path, problem)
        except sqlite3.DatabaseError as problem:
            _log.info("%s: is damaged (%s) and begun anew", path, problem)
            with contextlib.suppress(OSError):
                path.unlink()
