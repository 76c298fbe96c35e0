"""What was fitted before, in an SQLite file: a search that was killed goes on where it stopped.

A fit is found by everything that it depends on (data, rows, recipe, versions), so it is never stale, whatever
strategy asks for it.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from nkululeko.core.errors import NkululekoError

_TABLE = "CREATE TABLE IF NOT EXISTS fits (key TEXT PRIMARY KEY, fit TEXT NOT NULL)"


@dataclass(frozen=True)
class Fit:
    """What came of one recipe in one fold, as plain values.

    Args:
        prediction: label or number of each row of the fold's test part
        classes: the labels that the model knew
        scores: a number for each row and class, where the measure needs them
        error: why it could not be fitted; empty where it could
        seconds: how long it took
    """

    prediction: tuple[str, ...] | tuple[float, ...] = ()
    classes: tuple[str, ...] = ()
    scores: tuple[tuple[float, ...], ...] | None = None
    error: str = ""
    seconds: float = 0.0


class Memo:
    """Fits by their keys.

    Args:
        path: of the file; None: they are kept in memory only

    Raises:
        NkululekoError: the file cannot be read or written

    Example:
        >>> with Memo(None) as memo:
        ...     memo.put("a", Fit(("joy", "anger")))
        ...     memo.get("a").prediction, memo.get("b"), len(memo)
        (('joy', 'anger'), None, 1)
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        try:
            self._base = sqlite3.connect(path or ":memory:", timeout=60)
            self._base.execute(_TABLE)
            self._base.commit()
        except sqlite3.Error as problem:
            raise self._broken(problem) from problem

    def get(self, key: str) -> Fit | None:
        """What is kept under a key."""
        try:
            row = self._base.execute("SELECT fit FROM fits WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            kept = json.loads(row[0])
            scores = kept["scores"]
            return Fit(
                tuple(kept["prediction"]), tuple(kept["classes"]),
                None if scores is None else tuple(map(tuple, scores)), str(kept["error"]), float(kept["seconds"]),
            )  # fmt: skip
        except (sqlite3.Error, ValueError, KeyError, TypeError) as problem:
            raise self._broken(problem) from problem

    def put(self, key: str, fit: Fit) -> None:
        """Keep a fit; it is on the disk when this returns."""
        try:
            with self._base:
                self._base.execute(
                    "INSERT OR REPLACE INTO fits VALUES (?, ?)", (key, json.dumps(asdict(fit)))
                )
        except sqlite3.Error as problem:
            raise self._broken(problem) from problem

    def __len__(self) -> int:
        return int(self._base.execute("SELECT count(*) FROM fits").fetchone()[0])

    def _broken(self, problem: Exception) -> NkululekoError:
        return NkululekoError(
            f"what was tried before cannot be read or kept ({problem})", str(self.path or "memory"),
            "delete the file to start anew",
        )  # fmt: skip

    def __enter__(self) -> Memo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()
