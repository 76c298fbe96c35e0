"""Feature set ``trill``: what TRILL makes of a recording (Shor et al. 2020), a network for all that is not words."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import re
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import field_validator

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import option
from nkululeko.features._transformer import asker_of
from nkululeko.pretrained.checkpoint import open_files

_log = logging.getLogger("nkululeko")
RATE = 16000
#: raise it whenever this code may give other values
REVISION = 1
#: a model of TensorFlow is a program: only its authors' own is fetched
_TRUSTED = r"https://tfhub\.dev/google/nonsemantic-speech-benchmark/[\w.-]+/\d+"
_FILES = ("saved_model.pb", "variables/*")
#: under these names TensorFlow is installed
_PACKAGES = ("tensorflow", "tensorflow_cpu", "tensorflow-intel", "tensorflow-macos")
_loading = Lock()


class TrillOptions(plugin.Options):
    """Which TRILL, and what of it."""

    model: str = option(
        "https://tfhub.dev/google/nonsemantic-speech-benchmark/trill/3",
        "folder of a SavedModel, or the address of one of Google's nonsemantic-speech-benchmark",
        is_path="or name",
    )
    output: Literal["embedding", "layer19"] = option(
        "embedding", "embedding (512 values), or layer19 (12,288), which its authors found best"
    )

    @field_validator("model")
    @classmethod
    def _no_stranger(cls, model: str) -> str:
        if "://" in model and not re.fullmatch(_TRUSTED, model):
            raise ValueError(
                "a model of TensorFlow is a program, and this is not the address of Google's own; download it, and if"
                " you trust it give its folder"
            )
        return model


class Trill(FeatureSet):
    """The output of TRILL, averaged over time. TensorFlow executes its model: it must come from whom you trust."""

    Options = TrillOptions
    options: TrillOptions
    summary = "TRILL, a network for what is not words (needs TensorFlow)"
    sampling_rate: ClassVar[int | None] = RATE
    workers: ClassVar[Literal["threads", "processes"]] = "threads"

    @property
    def _remote(self) -> bool:
        return "://" in self.options.model

    def names(self) -> list[str]:
        """Names like ``trill_0007``: dimension 7, from 0."""
        return [
            f"trill_{place:04d}" for place in range(len(self.extract(np.zeros(2 * RATE, np.float32), RATE)))
        ]

    def check_ready(self) -> None:
        """Stop where the model is not there, or TensorFlow."""
        self.version()

    def version(self) -> str:
        """Revision, content of the model (the address, whose last part is its version), that of TensorFlow."""
        if self._remote:
            content = self.options.model
        else:
            content = open_files(self.options.model, _FILES, asker_of("trill")).content
        return f"{REVISION};model={content};tensorflow={_tensorflow_version()}"

    def identity(self) -> dict[str, Any]:
        """Without the model's place: its content is in the version."""
        return {"output": self.options.output}

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The output of the network, averaged over time.

        Raises:
            NkululekoError: the segment is too short or no signal, or the model is not TRILL's kind
        """
        if sampling_rate != RATE:
            raise NkululekoError(f"feature set 'trill' needs {RATE} Hz, not {sampling_rate} Hz")
        if not len(signal) or not np.all(np.isfinite(signal)):
            raise NkululekoError(
                "the segment is empty, or holds values that are not numbers (NaN or infinite)"
            )
        model, name = _model(self.options.model), self.options.output
        found = model(samples=np.ascontiguousarray(signal, np.float32), sample_rate=RATE)
        if not isinstance(found, dict) or name not in found:
            there = ", ".join(sorted(found)) if isinstance(found, dict) else "one without a name"
            raise NkululekoError(f"has no output '{name}' (there is: {there})", self.options.model)
        frames = np.asarray(found[name], np.float64)
        frames = frames.reshape(-1, frames.shape[-1])
        if not len(frames):
            raise NkululekoError(f"segment of {len(signal) / RATE:.3f} s is too short for trill")
        return frames.mean(axis=0).astype(np.float32)


def _tensorflow_version() -> str:
    """The version of TensorFlow, without importing it.

    Raises:
        NkululekoError: it is not installed
    """
    for package in _PACKAGES:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise missing_package("tensorflow", "trill", "feature set 'trill'")


def _model(model: str) -> Any:
    with _loading:  # one for all threads
        return _loaded(model)


@lru_cache(maxsize=1)
def _loaded(model: str) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # it talks a lot otherwise
    _tensorflow_version()
    import tensorflow

    try:
        if "://" not in model:
            found = tensorflow.saved_model.load(str(Path(model).expanduser()))
        else:
            found = _fetched(model)
    except NkululekoError:
        raise
    except Exception as problem:  # of TensorFlow and of the network: many kinds
        reason = " ".join(str(problem).split())[:200]
        raise NkululekoError(
            f"cannot be loaded ({type(problem).__name__}: {reason})", model,
            "download the model elsewhere and give its folder: trill.model = /path/to/folder",
        ) from None  # fmt: skip
    if not callable(found):
        raise NkululekoError("is a SavedModel, but not of TRILL's kind (it cannot be called)", model)
    return found


def _fetched(model: str) -> Any:
    """A model of TensorFlow Hub, from its own cache or fetched once, which is said."""
    try:
        import tensorflow_hub
    except ImportError as problem:
        raise missing_package("tensorflow-hub", "trill", "a model of TensorFlow Hub") from problem
    _log.info("trill: loading '%s'; TensorFlow Hub fetches it once", model)
    return tensorflow_hub.load(model)
