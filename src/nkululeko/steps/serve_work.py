"""One request of the HTTP service, answered: files of sound in a folder of their own, which goes afterwards."""

from __future__ import annotations

import math
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.progress import no_bars
from nkululeko.report.text import clean, shortened
from nkululeko.steps.apply import Trained
from nkululeko.steps.apply_files import LONGEST, Hearing, predict_segments, windows


@dataclass(frozen=True)
class Upload:
    """A file of sound that came.

    Args:
        name: as the client calls it, made printable
        path: where it lies for as long as the request is answered
    """

    name: str
    path: Path


class Busy(Exception):
    """Too many requests wait already."""


class Worker:
    """Answers one request after the other: models and extractors are not made for several at once.

    Args:
        trained: what is asked
        waiting: so many requests may wait
    """

    def __init__(self, trained: Trained, waiting: int) -> None:
        self.trained = trained
        self._pool = ThreadPoolExecutor(1, "predict")
        self._places = threading.BoundedSemaphore(waiting + 1)

    def submit(
        self, uploads: Sequence[Upload], folder: Path, speaker: str, window: float
    ) -> Future[list[dict]]:
        """Answer when it is its turn; the folder is removed whatever becomes of it.

        Raises:
            Busy: too many requests wait already
        """
        if not self._places.acquire(blocking=False):
            shutil.rmtree(folder, ignore_errors=True)
            raise Busy
        future = self._pool.submit(answer, self.trained, uploads, folder, speaker, window)
        future.add_done_callback(self._free(folder))
        return future

    def _free(self, folder: Path) -> Callable[[object], None]:
        def done(_: object) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            self._places.release()

        return done

    def close(self) -> None:
        """Wait for what is being answered."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def scratch() -> Path:
    """A folder for one request."""
    return Path(tempfile.mkdtemp(prefix="nkululeko-serve-"))


def shown_name(name: str | None) -> str:
    """What a file is called in answers.

    Example:
        >>> shown_name("a\\x1b[31m.wav"), shown_name(None)
        ('a [31m.wav', 'audio')
    """
    return shortened(clean(name or "audio"), 100) or "audio"


def answer(
    trained: Trained, uploads: Sequence[Upload], folder: Path, speaker: str = "", window: float = 0.0
) -> list[dict[str, Any]]:
    """What the model says of each file, or of each piece of it.

    Args:
        trained: the model
        uploads: the files
        folder: where features may be kept meanwhile
        speaker: who speaks in all of them; needed where ``trained.needs_speakers``
        window: files are cut into pieces of so many seconds; 0: they are not

    Returns:
        a row each: ``file``, ``start``, ``end`` (s), ``prediction``, ``confidence``, ``probabilities`` or ``scores``,
        ``error``; what there is not is None

    Raises:
        NkululekoError: none of the files can be used, or the speaker must be known
    """
    errors = {str(upload.path): unusable(upload.path, bool(window)) for upload in uploads}
    usable = [upload for upload in uploads if not errors[str(upload.path)]]
    rows = [_row(upload.name, errors[str(upload.path)]) for upload in uploads if errors[str(upload.path)]]
    if usable:
        hearing = Hearing(folder / "store", 1)
        samples = pd.DataFrame(index=contract.segmented_index([str(upload.path) for upload in usable]))
        if speaker:
            samples["speaker"] = speaker
        if window:
            samples = windows(samples, window, hearing)
        names = {str(upload.path): upload.name for upload in usable}
        with no_bars():
            for frame in predict_segments(trained, samples, hearing):
                rows += _rows(frame, trained, names)
    if all(row["error"] for row in rows):
        raise NkululekoError(rows[0]["error"], rows[0]["file"])
    order = {upload.name: place for place, upload in enumerate(uploads)}
    return sorted(rows, key=lambda row: order[row["file"]])


def unusable(path: Path, cut: bool = False) -> str:
    """Why a file cannot be listened to, told without decoding all of it; empty if it can.

    Args:
        path: of the file
        cut: it will be cut into pieces, so that it may be longer
    """
    import soundfile

    if path.stat().st_size == 0:
        return "is an empty file"
    try:
        about = soundfile.info(str(path))
    except Exception:  # of any kind: it is whatever somebody sent
        return "is no sound that can be read (wav, flac, ogg or mp3)"
    longest = LONGEST * (4 if cut else 1)
    if about.frames > longest * about.samplerate:
        hint = "" if cut else "; cut it into pieces: window"
        return f"is longer than {longest / 60:.0f} minutes{hint}"
    return "" if about.frames > 0 else "holds no sound (length zero)"


def _row(name: str, error: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("start", "end", "prediction", "confidence", "probabilities", "scores"))
    return {"file": name, **nothing, "error": error}


def _rows(frame: pd.DataFrame, trained: Trained, names: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    starts, ends = contract.seconds(frame.index, "start"), contract.seconds(frame.index, "end")
    values = frame.to_dict("records")
    for file, start, end, row in zip(frame.index.get_level_values("file"), starts, ends, values, strict=True):
        made = _row(names[file], "")
        made.update(start=_number(start), end=_number(end))
        if row["error"]:
            made["error"] = clean(str(row["error"]).replace(file, names[file]))
        else:
            made["prediction"] = row["prediction"] if trained.labels else _number(row["prediction"])
            made["confidence"] = _number(row.get("confidence"))
            for prefix, key in (("p_", "probabilities"), ("s_", "scores")):
                of_class = {
                    label: row[f"{prefix}{label}"] for label in trained.labels if f"{prefix}{label}" in row
                }
                made[key] = {label: _number(value) for label, value in of_class.items()} or None
            made["error"] = None
        found.append(made)
    return found


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(np.float64(value))
