"""What the tests of the neural nets share: small nets, and data that they can learn within a second."""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Model, ModelContext, models

VECTORS, SEQUENCES = ["mlp", "mlp_reg"], ["cnn", "cnn_reg", "lstm", "lstm_reg"]
QUICK = {"batch_size": 8, "learning_rate": 0.02, "layers": (16,), "drop": 0.0}


def net(name: str, shape: tuple[int, int] | None = None, epochs: int = 8, options=None, **context) -> Model:
    kind = models.load(name)
    chosen = kind.Options(**(QUICK | (options or {})))
    return kind(chosen, ModelContext(kind.tasks[0], epochs=epochs, shape=shape, **context))


def xor(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """No line tells these apart."""
    features = np.random.default_rng(seed).uniform(-1, 1, (rows, 2))
    return features, np.where(features[:, 0] * features[:, 1] > 0, "same", "other").astype(object)


def melodies(rows: int = 60, columns: int = 3, frames: int = 20, seed: int = 0) -> tuple:
    """Sequences of different lengths that rise or fall; how steeply is the number."""
    generator = np.random.default_rng(seed)
    slopes = generator.uniform(0.5, 2, rows) * np.where(np.arange(rows) % 2, 1, -1)
    sequences = np.full((rows, frames, columns), np.nan)
    for row, slope in enumerate(slopes):
        length = generator.integers(frames // 2, frames + 1)
        contour = slope * np.linspace(-1, 1, length)
        sequences[row, :length] = contour[:, None] + generator.normal(0, 0.3, (length, columns)) + 5
    labels = np.where(slopes > 0, "rising", "falling").astype(object)
    return sequences.reshape(rows, -1), labels, slopes, (frames, columns)


def noisy(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(rows, 10))
    return features, np.where(features[:, 0] + generator.normal(0, 2, rows) > 0, "up", "down")
