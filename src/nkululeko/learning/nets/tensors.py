"""From rows of features to tensors: vectors as they are, sequences cut out of their padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.errors import NkululekoError

if TYPE_CHECKING:
    from torch import Tensor

_CHUNK = 512  # rows that are looked at together, so that memory stays bounded


@dataclass(frozen=True)
class Inputs:
    """What a net sees of many samples, in memory, on its device.

    Args:
        values: vectors ``(samples, features)`` or sequences ``(samples, frames, columns)``, float32; 0 beyond their end
        lengths: the number of frames of each sequence, on the CPU; None: these are vectors
    """

    values: Tensor
    lengths: Tensor | None = None

    def __len__(self) -> int:
        return len(self.values)

    def of(self, rows: Tensor) -> tuple[Tensor, ...]:
        """Some samples, as the net's arguments; sequences only as long as the longest of these."""
        if self.lengths is None:
            return (self.values[rows],)
        lengths = self.lengths[rows]
        return self.values[rows, : int(lengths.max())], lengths


@dataclass(frozen=True)
class Scale:
    """Brings each column of the frames to mean 0 and standard deviation 1.

    Args:
        center: mean of each column, shape ``(columns,)``
        spread: standard deviation of each column, 1 where nothing varies
    """

    center: np.ndarray
    spread: np.ndarray


def as_sequences(features: np.ndarray, columns: int | None, model: str) -> np.ndarray:
    """Rows as sequences: ``(samples, frames, columns)``, NaN beyond their end; nothing is copied.

    Args:
        features: shape ``(samples, frames * columns)``
        columns: of a frame; None: the rows are vectors
        model: who wants them, for messages

    Raises:
        NkululekoError: the rows are vectors
    """
    if columns is None:
        todo = "set FEATS.type = spectra, or os with level = frame; or take model mlp"
        raise NkululekoError(f"model {model} needs sequences", "FEATS", todo)
    if features.shape[1] % columns:
        raise ValueError(f"{features.shape[1]} numbers a row are no frames of {columns} columns")
    return features.reshape(len(features), -1, columns)


def fit_scale(sequences: np.ndarray) -> Scale:
    """Mean and standard deviation of each column over all frames of all samples, without missing values.

    Args:
        sequences: shape ``(samples, frames, columns)``, NaN beyond their end

    Example:
        >>> scale = fit_scale(np.array([[[1.0], [3.0], [np.nan]]]))
        >>> scale.center.tolist(), scale.spread.tolist()
        ([2.0], [1.0])
    """
    chunks = [sequences[start : start + _CHUNK] for start in range(0, len(sequences), _CHUNK)]
    counts = np.maximum(sum((~np.isnan(chunk)).sum(axis=(0, 1)) for chunk in chunks), 1)
    center = sum(np.nansum(chunk, axis=(0, 1), dtype=np.float64) for chunk in chunks) / counts
    with np.errstate(invalid="ignore", over="ignore"):  # infinite values are told of later
        squares = sum(np.nansum((chunk - center) ** 2, axis=(0, 1), dtype=np.float64) for chunk in chunks)
    spread = np.sqrt(squares / counts)
    # what does not vary but for rounding is left as it is, not blown up
    constant = spread <= 1e-7 * np.maximum(np.abs(center), 1e-30)
    return Scale(center, np.where(constant, 1.0, spread))


def vector_inputs(features: np.ndarray, model: str, device: str) -> Inputs:
    """Vectors as a tensor.

    Raises:
        NkululekoError: values are missing, or too large for 32 bits
    """
    import torch

    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(features, dtype=np.float32)
    wrong = ~np.isfinite(values)
    if wrong.any():
        what = f"{wrong.any(axis=1).sum()} of {len(values)} samples have missing or infinite values"
        todo = "set it to mean, median, zero or drop"
        raise NkululekoError(f"{what}, and model {model} cannot take them", "FEATS.nan_strategy", todo)
    return Inputs(torch.from_numpy(values).to(device))


def sequence_inputs(sequences: np.ndarray, scale: Scale, device: str) -> Inputs:
    """Standardised sequences as a tensor; a missing value within a sequence becomes its column's mean.

    Args:
        sequences: shape ``(samples, frames, columns)``, NaN beyond their end

    Raises:
        NkululekoError: a value is infinite
    """
    import torch

    frames = sequences.shape[1]
    lengths = np.zeros(len(sequences), dtype=np.int64)
    values = np.zeros(sequences.shape, dtype=np.float32)
    for start in range(0, len(sequences), _CHUNK):
        rows = slice(start, start + _CHUNK)
        present = ~np.isnan(sequences[rows])
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = ((sequences[rows] - scale.center) / scale.spread).astype(np.float32)
        last_first = present.any(axis=2)[:, ::-1]
        lengths[rows] = np.where(last_first.any(axis=1), frames - last_first.argmax(axis=1), 0)
        values[rows] = np.where(present, scaled, 0.0)
    if not np.isfinite(values).all():
        raise NkululekoError("the features hold infinite values", "FEATS", "look at the feature set")
    # a sequence without a single frame counts as one frame of average values
    return Inputs(torch.from_numpy(values).to(device), torch.from_numpy(np.maximum(lengths, 1)))


def valid_frames(lengths: Tensor, sequences: Tensor) -> Tensor:
    """Which frames lie within the sequences, shape ``(samples, frames)``.

    Args:
        lengths: shape ``(samples,)``
        sequences: shape ``(samples, frames, ...)``; only its shape and device count

    Example:
        >>> import torch
        >>> valid_frames(torch.tensor([1, 2]), torch.zeros(2, 2, 1)).tolist()
        [[True, False], [True, True]]
    """
    import torch

    places = torch.arange(sequences.shape[1], device=sequences.device)
    return places < lengths.to(sequences.device)[:, None]
