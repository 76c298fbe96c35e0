"""Heads of published networks: what makes ages, genders or emotions of the mean of all frames.

They are no part of transformers: a dense layer, tanh, and a layer with one output a value, after the model cards of
``audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim`` (Wagner et al. 2023, https://arxiv.org/abs/2203.07378) and
``audeering/wav2vec2-large-robust-24-ft-age-gender`` (Burkhardt et al. 2023, https://arxiv.org/abs/2306.16962).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.pretrained.checkpoint import Checkpoint


@dataclass(frozen=True)
class Form:
    """What a head is, before its weights are read.

    Args:
        name: how its weights are called in the checkpoint: ``NAME.dense.weight`` ...
        columns: what its values are, in order
        softmax: they are probabilities of classes that exclude each other
        scale: they are multiplied by it, e.g. to get years
    """

    name: str
    columns: tuple[str, ...]
    softmax: bool = False
    scale: float = 1.0


#: arousal, dominance and valence, about 0 to 1
EMOTION = (Form("classifier", ("arousal", "dominance", "valence")),)
#: age in years, and how likely the voice is that of a woman, a man, a child
AGE_GENDER = (
    Form("age", ("age",), scale=100.0),
    Form("gender", ("female", "male", "child"), softmax=True),
)


@dataclass(frozen=True)
class Head:
    """A head with its weights, as :class:`Form` describes it.

    Args:
        form: what it is
        dense: weights ``(hidden, inputs)`` and bias ``(hidden,)`` of the first layer
        out: weights ``(values, hidden)`` and bias ``(values,)`` of the second
    """

    form: Form
    dense: tuple[np.ndarray, np.ndarray]
    out: tuple[np.ndarray, np.ndarray]

    def __call__(self, pooled: np.ndarray) -> np.ndarray:
        """Its values, shape ``(values,)``, for the mean of all frames, shape ``(inputs,)``.

        Example:
            >>> one = (np.ones((1, 1)), np.zeros(1))
            >>> Head(Form("age", ("age",), scale=100.0), one, one)(np.full(1, 0.5)).round(1)
            array([46.2])
        """
        hidden = np.tanh(self.dense[0] @ pooled + self.dense[1])
        values = self.out[0] @ hidden + self.out[1]
        if self.form.softmax:
            values = np.exp(values - values.max())
            values /= values.sum()
        return values * self.form.scale


def check_heads(checkpoint: Checkpoint, forms: Sequence[Form], todo: str) -> None:
    """Look whether a checkpoint has these heads.

    Args:
        checkpoint: whose weights are in safetensors
        forms: of the heads
        todo: what else the user may do with it

    Raises:
        NkululekoError: one is missing, or has another number of values
    """
    places = _places(checkpoint.folder)
    for form in forms:
        lost = next((name for name in _weights(form) if name not in places), None)
        if lost:
            what = f"has no head '{form.name}' for {', '.join(form.columns)} ({lost} is missing)"
            raise NkululekoError(what, str(checkpoint.folder), todo)
        last = f"{form.name}.out_proj.weight"
        with _open(places[last], "np") as weights:
            count = weights.get_slice(last).get_shape()[0]
        if count != len(form.columns):
            what = f"its head '{form.name}' gives {count} values, not {', '.join(form.columns)}"
            raise NkululekoError(what, str(checkpoint.folder), todo)


def read_heads(checkpoint: Checkpoint, forms: Sequence[Form]) -> list[Head]:
    """The heads of a checkpoint that :func:`check_heads` has looked at."""
    places = _places(checkpoint.folder)
    heads = []
    for form in forms:
        values = []
        for name in _weights(form):
            with _open(places[name], "pt") as weights:
                values.append(weights.get_tensor(name).double().numpy())
        heads.append(Head(form, (values[0], values[1]), (values[2], values[3])))
    return heads


def _weights(form: Form) -> list[str]:
    return [f"{form.name}.{layer}.{kind}" for layer in ("dense", "out_proj") for kind in ("weight", "bias")]


def _places(folder: Path) -> dict[str, Path]:
    """The file that each weight of a checkpoint is in."""
    whole = folder / "model.safetensors"
    found: dict[str, Path] = {}
    for path in [whole] if whole.exists() else sorted(folder.glob("model-*-of-*.safetensors")):
        with _open(path, "np") as weights:
            found |= dict.fromkeys(weights.keys(), path)
    return found


def _open(path: Path, framework: str) -> Any:
    try:
        import safetensors
    except ImportError as problem:
        raise missing_package("safetensors", "transformers", "a pretrained network") from problem
    try:
        return safetensors.safe_open(path, framework=framework)
    except (OSError, safetensors.SafetensorError) as problem:
        reason = " ".join(str(problem).split())[:200]
        raise NkululekoError(f"cannot be loaded ({reason})", str(path)) from None
