"""Sequences as rows of a table: frame after frame, NaN beyond the end.

A sequence of 3 frames and 2 columns in a row that has room for 4 frames: ``a0 b0 a1 b1 a2 b2 NaN NaN``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def names(columns: Sequence[str], frames: int) -> list[str]:
    """Names of a row's columns, in order: the column's with the number of the frame, from 0.

    Example:
        >>> names(["mel00", "mel01"], 2)
        ['mel00_t000', 'mel01_t000', 'mel00_t001', 'mel01_t001']
    """
    return [f"{column}_t{frame:03d}" for frame in range(frames) for column in columns]


def row(sequence: np.ndarray, frames: int) -> np.ndarray:
    """A sequence as a row of fixed length: what is longer is cut, what is shorter is filled with NaN.

    Args:
        sequence: shape ``(any number of frames, columns)``
        frames: the row's room

    Returns:
        shape ``(frames * columns,)``, float32

    Example:
        >>> row(np.array([[1, 2], [3, 4]]), 3).tolist()
        [1.0, 2.0, 3.0, 4.0, nan, nan]
    """
    values = np.full((frames, sequence.shape[1]), np.nan, dtype=np.float32)
    values[: len(sequence)] = sequence[:frames]
    return values.ravel()
