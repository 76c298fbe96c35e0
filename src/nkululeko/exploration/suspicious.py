"""Recordings one should listen to before they are trusted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nkululeko.core.exploration import SUSPICIOUS
from nkululeko.core.samples import LEVELS, by_file, seconds

#: from this share of its samples on a recording is clipped: 16 samples a second at 16 kHz
CLIPPED = 0.001
#: a recording of this level (RMS) or less, or this share of silent frames or more, is silent
SILENT_DBFS, SILENT_SHARE = -60.0, 0.95
#: a recording of this level or less is very quiet; or one that is an outlier and this much below the others
QUIET_DBFS, QUIET_DB = -45.0, 15.0
#: a recording of no more seconds than this is very short, whatever the others are
SHORT = 0.1
#: an outlier is so many times further from the median than usual (scaled median absolute deviation: Iglewicz and
#: Hoaglin, "How to detect and handle outliers", 1993) ...
OUTLYING = 3.5
#: ... and a length is odd only if it is also so many times shorter or longer than the median
TIMES = 3.0
#: the reasons, the worst first
REASONS = ("silent", "clipped", "duplicated", "very short", "very long", "very quiet")


def suspicious(
    samples: pd.DataFrame, quality: pd.DataFrame | None, content: Mapping[str, bytes] | None
) -> pd.DataFrame:
    """Recordings that are clipped, silent, very short, very long, very quiet or duplicated.

    Args:
        samples: on the segmented index, with a column ``duration`` (s)
        quality: the feature set ``quality`` of them, of which ``level_dbfs``, ``clipped_share`` and ``silence_share``
            are used; None: not measured
        content: file to the hash of its audio; empty ones are not known; None: none is

    Returns:
        a row a reason and sample: the columns of :data:`~nkululeko.core.exploration.SUSPICIOUS`; by reason, and
        within a reason the worst first
    """
    found = [_lengths(samples)]
    if quality is not None:
        found.append(_levels(samples, quality.reindex(samples.index)))
    if content is not None:
        found.append(_copies(samples, content))
    table = pd.concat([_table(samples, part) for part in found], ignore_index=True)
    order = table["reason"].map({reason: place for place, reason in enumerate(REASONS)})
    return table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)


#: reason, rows in order, and a detail for each
_Found = list[tuple[str, np.ndarray, list[str]]]


def _table(samples: pd.DataFrame, found: _Found) -> pd.DataFrame:
    parts = [
        pd.DataFrame({name: [] for name in SUSPICIOUS}).astype(
            {"file": "str", "reason": "str", "detail": "str"}
        )
    ]
    for reason, rows, details in found:
        if len(rows):
            frame = samples.index[rows].to_frame(index=False)[LEVELS]
            parts.append(frame.assign(reason=reason, detail=details))
    return pd.concat(parts[1:], ignore_index=True)[SUSPICIOUS] if len(parts) > 1 else parts[0]


def _distance(values: np.ndarray) -> np.ndarray:
    """How far each value lies from the median, in robust deviations; infinite where the others do not vary at all."""
    median = np.nanmedian(values) if np.isfinite(values).any() else np.nan
    deviation = 1.4826 * np.nanmedian(np.abs(values - median)) if np.isfinite(median) else np.nan
    away = values - median
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(away == 0, 0.0, away / deviation)


def _lengths(samples: pd.DataFrame) -> _Found:
    duration = samples["duration"].to_numpy(dtype=float, na_value=np.nan)
    logs = np.log(np.where(duration > 0, duration, np.nan))
    away = _distance(logs)
    median = float(np.exp(np.nanmedian(logs))) if np.isfinite(logs).any() else np.nan
    short = (duration <= SHORT) | ((away < -OUTLYING) & (duration * TIMES < median))
    long = (away > OUTLYING) & (duration > median * TIMES)
    found: _Found = []
    for reason, which, sign in (("very short", short, 1), ("very long", long, -1)):
        rows = _worst_first(which, sign * duration)
        details = [f"{duration[row]:.2f} s; half of all are longer than {median:.2f} s" for row in rows]
        found.append((reason, rows, details))
    return found


def _levels(samples: pd.DataFrame, quality: pd.DataFrame) -> _Found:
    def column(name: str) -> np.ndarray:
        return quality[name].to_numpy(dtype=float) if name in quality else np.full(len(samples), np.nan)

    level, clipped, pauses = column("level_dbfs"), column("clipped_share"), column("silence_share")
    silent = (level <= SILENT_DBFS) | (pauses >= SILENT_SHARE)
    away = _distance(np.where(silent, np.nan, level))
    median = np.nanmedian(level[~silent]) if np.isfinite(level[~silent]).any() else np.nan
    quiet = ~silent & ((level <= QUIET_DBFS) | ((away < -OUTLYING) & (level < median - QUIET_DB)))
    rows = _worst_first(clipped >= CLIPPED, -clipped)
    found: _Found = [
        ("clipped", rows, [f"{100 * clipped[row]:.2g} % of it is cut off at full scale" for row in rows])
    ]
    for reason, which in (("silent", silent), ("very quiet", quiet)):
        rows = _worst_first(which, level)
        found.append((reason, rows, [_loudness(level[row], pauses[row]) for row in rows]))
    return found


def _loudness(level: float, pauses: float) -> str:
    if pauses >= SILENT_SHARE:
        return f"level {level:.0f} dBFS, {100 * pauses:.0f} % of it is silence"
    return f"level {level:.0f} dBFS (0 is the loudest possible)"


def _copies(samples: pd.DataFrame, content: Mapping[str, bytes]) -> _Found:
    """Segments that are there twice, from different files with the same audio."""
    index = samples.index
    hashes = by_file(index, {file: (value or b"").hex() for file, value in content.items()}, "")
    codes = pd.factorize(hashes)[0]
    keys = pd.DataFrame({"content": codes, "start": seconds(index, "start"), "end": seconds(index, "end")})
    group = keys.groupby(["content", "start", "end"], dropna=False, sort=False).ngroup().to_numpy()
    files = index.get_level_values("file").to_numpy(dtype=object)
    pairs = pd.DataFrame({"group": group, "file": files}).drop_duplicates()
    number = np.bincount(pairs["group"].to_numpy(), minlength=group.max(initial=-1) + 1)
    rows = np.flatnonzero((number[group] > 1) & (hashes != ""))
    members = pairs[number[pairs["group"].to_numpy()] > 1].groupby("group", sort=False)["file"].agg(list)
    details = []
    for row in rows:
        others = [name for name in members[group[row]] if name != files[row]]
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        details.append(f"the same audio as {_short(others[0])}{more}")
    order = np.argsort(group[rows], kind="stable")  # copies stand together
    return [("duplicated", rows[order], [details[place] for place in order])]


def _short(file: str) -> str:
    return file.replace("\\", "/").rsplit("/", 1)[-1]


def _worst_first(which: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The rows that are meant, those with the smallest value first."""
    rows = np.flatnonzero(which)
    return rows[np.argsort(value[rows], kind="stable")]
