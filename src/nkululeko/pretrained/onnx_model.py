"""Networks in a file of ONNX, run by onnxruntime: from the signal to one vector.

A folder may have the description that audEERING's ``audonnx`` writes, ``model.yaml`` or ``labels.yaml``: only the names
of outputs and of their values are taken from it, as plain text.
"""

from __future__ import annotations

import importlib.metadata
import mmap
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError, did_you_mean, missing_package
from nkululeko.pretrained.checkpoint import content_of

RATE = 16000
#: the output that is taken unasked, where there is one of that name
HIDDEN = "hidden_states"
#: an entry of the file that names another file with weights: key and value, each with its tag and length
_ELSEWHERE = re.compile(rb"\x0a\x08location\x12([\x00-\x7f]|[\x80-\xff].)", re.DOTALL)
#: how long a signal is at first, and at most, when it is tried how short one may be, in samples
_TRY, _LONGEST = RATE, 32 * RATE
_loading = Lock()


@dataclass(frozen=True)
class OnnxFile:
    """A network in a file, looked at but not loaded.

    Args:
        path: of the file
        content: hash of it, of the files that it takes weights from, and of its description
        labels: names of the values of outputs, by output; ``""`` stands for the only one
    """

    path: Path
    content: str
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def names(self, network: OnnxNetwork) -> tuple[str, ...]:
        """The names of the values that a network of this file gives; empty where the description has none.

        Raises:
            NkululekoError: it has another number of names than the network has values
        """
        labels = dict(self.labels)
        names = labels.get(network.output, labels.get("", ()))
        if names and len(names) != network.width:
            what = (
                f"its description has {len(names)} names for the {network.width} values of '{network.output}'"
            )
            raise NkululekoError(what, str(self.path), "mend model.yaml, or remove it")
        return names


def open_onnx(model: str, where: str) -> OnnxFile:
    """The network of a file ``*.onnx``, or of a folder with ``model.onnx``.

    Args:
        model: path
        where: the option that names it

    Raises:
        NkululekoError: it is not there, its description cannot be used, or it takes weights from outside of its folder
    """
    given = Path(model).expanduser()
    if not model or not given.exists():
        raise NkululekoError(f"there is no file or folder '{model}'", where, "give a file .onnx")
    about = given / "model.yaml" if given.is_dir() else given.with_suffix(".yaml")
    described = _description(about) if about.exists() else {}
    path = given
    if given.is_dir():
        path = given / str(described.get("path") or "model.onnx")
    if not path.is_file() or path.suffix != ".onnx" or path.parent != about.parent:
        raise NkululekoError("has no network: no file model.onnx", str(given), "give a file .onnx")
    _only_sound(described.get("transform"), about)
    labels_file, transform_file = (about.with_name(f"{name}.yaml") for name in ("labels", "transform"))
    if given.is_dir() and transform_file.exists():
        _only_sound(transform_file.name, transform_file)
    labels = described.get("labels")
    if labels is None and given.is_dir() and labels_file.exists():
        labels = _yaml(labels_file)
    files = [path, *_others(path), *(file for file in (about, labels_file) if file.exists())]
    return OnnxFile(path.absolute(), content_of(files), _labels(labels, about))


def _description(path: Path) -> dict[str, Any]:
    """What ``model.yaml`` says: the arguments of the one object that it describes, which is not made."""
    found = _yaml(path)
    if isinstance(found, dict) and len(found) == 1 and str(next(iter(found))).startswith("$"):
        found = next(iter(found.values())) or {}
    if not isinstance(found, dict):
        raise NkululekoError("is no description of a network", str(path), "remove it, or mend it")
    return found


def _yaml(path: Path) -> Any:
    import yaml  # type: ignore[import-untyped]

    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError) as problem:
        reason = " ".join(str(problem).split())[:200]
        raise NkululekoError(f"cannot be read ({reason})", str(path), "remove it, or mend it") from None


def _only_sound(transform: Any, about: Path) -> None:
    if isinstance(transform, dict) and not any(transform.values()):
        transform = None
    if transform:
        name = str(next(iter(transform)) if isinstance(transform, dict) else transform).lstrip("$")
        what = f"the network takes features ({name}), which a program of its own would have to compute"
        raise NkululekoError(what, str(about), "only networks that take the signal itself can be used")


def _labels(given: Any, about: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    by_output = given if isinstance(given, dict) else {"": given or []}
    if not all(isinstance(names, list) for names in by_output.values()):
        raise NkululekoError(
            "labels are no list, and no lists by output", str(about), "remove it, or mend it"
        )
    return tuple((str(output), tuple(map(str, names))) for output, names in by_output.items() if names)


def _others(path: Path) -> list[Path]:
    """The files beside it that hold its larger weights, which the file names."""
    if not path.stat().st_size:
        raise NkululekoError("is empty", str(path))
    names = set()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for match in _ELSEWHERE.finditer(content):
            start, (low, *high) = match.end(), match[1]
            length = low % 128 + 128 * sum(high)
            names.add(content[start : start + length].decode("utf-8", "replace"))
    found = [path.parent / name for name in sorted(names)]
    for name, other in zip(sorted(names), found, strict=True):
        if Path(name).is_absolute() or ".." in Path(name).parts or not other.is_file():
            raise NkululekoError(f"takes weights from '{name}', which is not in its folder", str(path))
    return found


def runtime_version(who: str) -> str:
    """The version of onnxruntime, which is not imported.

    Raises:
        NkululekoError: it is not installed
    """
    for package in ("onnxruntime", "onnxruntime-gpu"):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise missing_package("onnxruntime", "onnx", who)


class OnnxNetwork:
    """A loaded network with one input, the signal, and one of its outputs.

    Args:
        session: of onnxruntime
        output: which of its outputs
        where: its file, for messages

    Raises:
        NkululekoError: it does not take a signal of any length, or gives neither a vector nor frames
    """

    def __init__(self, session: Any, output: str, where: str) -> None:
        self._session, self.output = session, output
        self._input, self._rank, self.can_batch = _input(session.get_inputs(), where)
        self.shortest = self._shortest(where)
        short, long = (self._run([_noise(self.shortest + more)]) for more in (0, RATE))
        self._time = _time_axes(short.shape, long.shape)
        rest = [size for axis, size in enumerate(long.shape) if axis not in self._time and size > 1]
        if short.ndim != long.ndim or len(self._time) > 1 or len(rest) > 1:
            what = (
                f"its output '{output}' is neither a vector nor frames of vectors: shape {list(long.shape)}"
            )
            raise NkululekoError(what, where, "name another output: audmodel.output")
        #: how many values a vector has
        self.width = int(np.prod(rest))

    def vectors(self, signals: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The output for some signals, frames averaged over time.

        Args:
            signals: at 16 kHz, all of one length; several only where :attr:`can_batch`

        Returns:
            shape ``(values,)`` each
        """
        found = self._run(signals)
        if len(signals) == 1:
            return [found.mean(self._time).reshape(-1)]
        if found.ndim == 0 or len(found) != len(signals):  # it said that it takes several, and does not
            return [self.vectors([signal])[0] for signal in signals]
        return [found[place : place + 1].mean(self._time).reshape(-1) for place in range(len(signals))]

    def _run(self, signals: Sequence[np.ndarray]) -> np.ndarray:
        values = np.stack(signals).astype(np.float32)
        shape = (len(values), *[1] * (self._rank - 2), values.shape[1])[-self._rank :]
        (found,) = self._session.run([self.output], {self._input: values.reshape(shape)})
        return np.asarray(found, np.float64)

    def _shortest(self, where: str) -> int:
        """The fewest samples that it makes something of: found by trying, for the file does not say it."""
        enough = _TRY
        while not self._takes(enough):
            enough *= 2
            if enough > _LONGEST:
                self._run([_noise(_TRY)])  # says what is wrong
                raise NkululekoError("makes nothing of 32 s of sound", where)
        too_few = 0
        while enough - too_few > 1:
            middle = (enough + too_few) // 2
            enough, too_few = (middle, too_few) if self._takes(middle) else (enough, middle)
        return enough

    def _takes(self, samples: int) -> bool:
        try:
            return self._run([_noise(samples)]).size > 0
        except Exception:  # onnxruntime has its own kinds, one for each way to fail
            return False


def _noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, samples)


def _time_axes(short: Sequence[int], long: Sequence[int]) -> tuple[int, ...]:
    """The axes that grow with the signal.

    Example:
        >>> _time_axes((1, 3, 7), (1, 3, 57)), _time_axes((1, 3), (1, 3))
        ((2,), ())
    """
    pairs = zip(short, long, strict=False)
    return tuple(axis for axis, (before, after) in enumerate(pairs) if before != after)


def _input(inputs: Sequence[Any], where: str) -> tuple[str, int, bool]:
    """Name and number of axes of the input, and whether the first stands for several signals."""
    todo = "only networks that take the signal itself, as float32 of shape (1, samples), can be used"
    if len(inputs) != 1:
        names = ", ".join(each.name for each in inputs)
        raise NkululekoError(f"the network has {len(inputs)} inputs ({names})", where, todo)
    (found,) = inputs
    shape = list(found.shape or ("batch", "samples"))
    fixed = [size for size in shape[1 if len(shape) > 1 else 0 : -1] if size != 1]
    first = len(shape) > 1 and isinstance(shape[0], int) and shape[0] != 1
    if found.type != "tensor(float)" or isinstance(shape[-1], int) or fixed or first:
        raise NkululekoError(f"its input '{found.name}' is {found.type} of shape {shape}", where, todo)
    return found.name, len(shape), len(shape) > 1 and not isinstance(shape[0], int)


def load_onnx(file: OnnxFile, output: str, who: str, where: str) -> OnnxNetwork:
    """The network of a file, loaded once.

    Args:
        file: of :func:`open_onnx`
        output: the name of an output; empty: ``hidden_states`` if there is one, else the first
        who: needs it
        where: the option that names the output

    Raises:
        NkululekoError: onnxruntime is missing, the file is no network for sound, or has no such output
    """
    with _loading:
        return _shared(file, output, who, where)


@lru_cache(maxsize=2)
def _shared(file: OnnxFile, output: str, who: str, where: str) -> OnnxNetwork:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # voices are personal: nothing is told to anybody
    try:
        import onnxruntime
    except ImportError as problem:
        raise missing_package("onnxruntime", "onnx", who) from problem
    onnxruntime.disable_telemetry_events()  # where somebody else imported it before
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it refuses is said by us
    try:
        session = onnxruntime.InferenceSession(str(file.path), options, providers=["CPUExecutionProvider"])
        there = [found.name for found in session.get_outputs() if found.type == "tensor(float)"]
        if output and output not in there:
            raise NkululekoError(f"there is no output '{output}'", where, did_you_mean(output, there))
        return OnnxNetwork(session, output or (HIDDEN if HIDDEN in there else there[0]), str(file.path))
    except NkululekoError:
        raise
    except Exception as problem:  # onnxruntime has its own kinds, one for each way to fail
        reason = " ".join(str(problem).split())[:200]
        raise NkululekoError(f"cannot be used ({type(problem).__name__}: {reason})", str(file.path)) from None
