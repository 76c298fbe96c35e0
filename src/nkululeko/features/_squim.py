"""Quality as networks estimate it without the clean original: SQUIM, by torchaudio.

Kumar et al. 2023, "TorchAudio-Squim: reference-less speech quality and intelligibility measures in TorchAudio",
ICASSP; the opinion score after Manocha and Kumar 2022, "Speech quality assessment through MOS using non-matching
references", Interspeech. The networks are torchaudio's own; only the weights are read here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Literal

import numpy as np

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import BatchFeatureSet
from nkululeko.core.plugin import Device, option
from nkululeko.features import _files as files
from nkululeko.pretrained.checkpoint import Asker
from nkululeko.pretrained.network import device_of

_log = logging.getLogger("nkululeko")
#: raise it whenever this code may give other values
REVISION = 1
RATE = 16000
#: shortest segment in s: intelligibility (STOI) compares stretches of 384 ms
SHORTEST = 0.4
#: longer ones go through the network in equal pieces of at most so many s
LONGEST = 10.0
#: where torchaudio's weights are published
ADDRESS = "https://download.pytorch.org/torchaudio/models/"
_loading = Lock()


@dataclass(frozen=True)
class Kind:
    """One of SQUIM's two networks.

    Args:
        build: torchaudio's function in ``torchaudio.models`` that makes it, without weights
        weights: the file that torchaudio publishes
        size: of that file, in words
    """

    build: str
    weights: str
    size: str


OBJECTIVE = Kind("squim_objective_base", "squim_objective_dns2020.pth", "28 MB")
SUBJECTIVE = Kind("squim_subjective_base", "squim_subjective_bvcc_daps.pth", "360 MB")


class SquimOptions(plugin.Options):
    """Where the weights are, and where to compute."""

    model: str | None = option(
        None,
        "file with SQUIM's weights (.pth, .pt or .safetensors); not given: those of torchaudio, fetched once",
        is_path=True,
    )
    device: Device = option("auto", "cpu, cuda, cuda:3 or auto (cuda where there is one)")


class Estimator(BatchFeatureSet):
    """What one of the networks says of a recording, a mean over the pieces of a long one."""

    Options = SquimOptions
    options: SquimOptions
    sampling_rate: ClassVar[int | None] = RATE
    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    kind: ClassVar[Kind]
    columns: ClassVar[tuple[str, ...]]

    def names(self) -> list[str]:
        """The measures."""
        return list(self.columns)

    def version(self) -> str:
        """Revision, content of the weights, versions of the libraries.

        Raises:
            NkululekoError: torchaudio or the weights are missing
        """
        name = self.plugin_name()
        need_torchaudio(name)
        weights = files.digest(weights_file(self.kind, self.options.model, name), f"FEATS.{name}.model")
        versions = [f"{package}={importlib.metadata.version(package)}" for package in ("torchaudio", "torch")]
        return ";".join([str(REVISION), f"weights={weights}", *versions])

    def identity(self) -> dict[str, Any]:
        """Nothing: the weights' content is in the version, and where they are computed does not matter."""
        return {}

    def prepare(self, signal: np.ndarray, sampling_rate: int) -> list[np.ndarray]:
        """The pieces of one segment in which something sounds.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``, at least 0.4 s
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: the segment is too short, of another rate or not a signal
        """
        name = self.plugin_name()
        if sampling_rate != RATE:
            raise NkululekoError(f"feature set '{name}' needs {RATE} Hz, not {sampling_rate} Hz")
        if len(signal) < SHORTEST * RATE:
            found = f"segment of {len(signal) / RATE:.3f} s is too short for {name}"
            raise NkululekoError(found, todo=f"it needs at least {SHORTEST:g} s")
        if not np.all(np.isfinite(signal)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
        return [piece for piece in pieces(np.asarray(signal, np.float32)) if np.ptp(piece) > 0]

    def extract_batch(self, prepared: Sequence[list[np.ndarray]]) -> np.ndarray:
        """The measures of some segments, shape ``(segments, measures)``; NaN where nothing sounds."""
        rows = np.full((len(prepared), len(self.columns)), np.nan, np.float32)
        if not any(prepared):
            return rows
        name = self.plugin_name()
        asker = Asker(f"feature set '{name}'", f"FEATS.{name}.model", f"FEATS.{name}.device")
        device = device_of(self.options.device, asker)
        network = load(self.kind, self.options.model, device, name)
        for row, parts in zip(rows, prepared, strict=True):
            if parts:
                row[:] = np.mean([self.estimate(network, part, device) for part in parts], axis=0)
        return rows

    def estimate(self, network: Any, piece: np.ndarray, device: str) -> list[float]:
        """The measures of one piece, in the order of :meth:`names`."""
        import torch

        with torch.inference_mode():
            return [float(value) for value in network(torch.tensor(piece[np.newaxis]).to(device))]


def pieces(samples: np.ndarray) -> list[np.ndarray]:
    """Equal pieces of at most 10 s, one after the other; a shorter recording stays whole.

    Example:
        >>> [len(piece) for piece in pieces(np.zeros(400_000))], len(pieces(np.zeros(160_000)))
        ([133333, 133333, 133334], 1)
    """
    count = max(1, -(-len(samples) // round(LONGEST * RATE)))
    edges = np.arange(count + 1) * len(samples) // count
    return [samples[start:end] for start, end in pairwise(edges)]


def need_torchaudio(name: str) -> Any:
    """The package torchaudio, which must be of the same make as torch.

    Args:
        name: of the feature set that needs it

    Raises:
        NkululekoError: one of them is missing, or they do not fit together; says how to install
    """
    who = f"feature set '{name}'"
    try:
        import torch
    except ImportError:
        raise missing_package("torch", "torch", who) from None
    command = install_command(torch.__version__)
    if importlib.util.find_spec("torchaudio") is None:
        what = f"{who} needs the package torchaudio, of the same make as your torch {torch.__version__}"
        raise NkululekoError(what, todo=command)
    try:
        import torchaudio
        import torchaudio.models
    except Exception as problem:  # an OSError where its libraries want another torch, or whatever it does
        reason = " ".join(f"{type(problem).__name__}: {problem}".split())
        what = (
            f"{who}: the torchaudio that is installed does not fit your torch {torch.__version__} ({reason})"
        )
        raise NkululekoError(what, todo=f"{command} --force-reinstall --no-deps") from None
    return torchaudio


def install_command(torch_version: str) -> str:
    """How to install a torchaudio that fits a torch: from the index that torch came from.

    Example:
        >>> install_command("2.11.0"), install_command("2.11.0+cpu")
        ('pip install torchaudio', 'pip install torchaudio --index-url https://download.pytorch.org/whl/cpu')
    """
    make = torch_version.partition("+")[2]
    known = re.fullmatch(r"cpu|xpu|cu\d+|rocm[\d.]+", make)
    return "pip install torchaudio" + (
        f" --index-url https://download.pytorch.org/whl/{make}" if known else ""
    )


def weights_file(kind: Kind, model: str | None, name: str) -> Path:
    """The file with the weights: the user's, else torchaudio's, fetched where it is not there yet.

    It lies where torchaudio itself would keep it, in PyTorch's cache.

    Raises:
        NkululekoError: it cannot be fetched
    """
    if model is not None:
        return Path(model)
    import torch

    path = Path(torch.hub.get_dir()) / "torchaudio" / "models" / kind.weights
    if path.is_file():
        return path
    _log.info("%s: fetching %s%s (%s)", name, ADDRESS, kind.weights, kind.size)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(ADDRESS + kind.weights, str(path), progress=False)
    except Exception as problem:
        reason = " ".join(str(problem).split())
        what = f"feature set '{name}': the weights {kind.weights} could not be fetched ({reason})"
        todo = (
            f"go on line once, or fetch {ADDRESS}{kind.weights} elsewhere and name the file in {name}.model"
        )
        raise NkululekoError(what, todo=todo) from None
    return path


def load(kind: Kind, model: str | None, device: str, name: str) -> Any:
    """The network with its weights, on its device; loaded once.

    Raises:
        NkululekoError: torchaudio is missing; the file holds no weights, or those of another network
    """
    with _loading:
        path = weights_file(kind, model, name)
        return _loaded(kind, str(path), files.digest(path, f"FEATS.{name}.model"), device, name)


@lru_cache(maxsize=2)
def _loaded(kind: Kind, path: str, content: str, device: str, name: str) -> Any:
    network = getattr(need_torchaudio(name).models, kind.build)()
    state = read_weights(path)
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError):
        what = f"holds no weights of torchaudio's {kind.build}"
        raise NkululekoError(what, path, f"{name}.model wants a file such as {kind.weights}") from None
    return network.eval().to(device)


def read_weights(path: str) -> Any:
    """Tensors by name; nothing else is ever read from the file.

    Raises:
        NkululekoError: it is no such file
    """
    try:
        if path.endswith(".safetensors"):
            from safetensors.torch import load_file

            return load_file(path)
        import torch

        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # pickles, zip files and safetensors: each has errors of its own
        reason = str(problem).split("\n", 1)[0][:120]
        todo = "expected a PyTorch state dict (.pth, .pt) or .safetensors"
        raise NkululekoError(f"cannot be read as weights ({reason})", path, todo) from None
