"""Checkpoints of pretrained networks: folders in the format of Hugging Face, given or fetched once from its hub.

Nothing in a checkpoint is executed: weights are read from safetensors (older ones are converted once, reading plain
numbers only), and code beside them is left alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from time import time_ns
from typing import Any

from nkululeko.audio.probe import signature
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.store import FeatureStore, default_store
from nkululeko.pretrained._convert import converted

_log = logging.getLogger("nkululeko")
#: what is fetched: never code, never the same weights twice
_WANTED = (
    "config.json", "preprocessor_config.json", "processor_config.json",
    "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors",
    "vocab.txt", "vocab.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "merges.txt",
    "generation_config.json", "normalizer.json", "added_tokens.json",
)  # fmt: skip
_WEIGHTS = "model*.safetensors"
#: where older models have their weights
_PICKLE = "pytorch_model.bin"
#: where an experiment leaves the network that it has trained
_TUNED = Path("models", "model", "network")
#: files smaller than this are hashed each time (bytes), the hashes of others are remembered
_SMALL = 2**23
#: a file that was written this many nanoseconds ago may change again within one tick of its clock
_SETTLED = 2 * 10**9
_CONVERT = "save the weights as model.safetensors (docs: wav2vec embeddings), or take another model"


@dataclass(frozen=True)
class Asker:
    """Who wants a network, as messages speak of it.

    Args:
        who: e.g. ``feature set 'wav2vec'``
        model: the option that names the network, e.g. ``FEATS.wav2vec.model``
        device: the option that names the device
    """

    who: str
    model: str
    device: str

    @property
    def option(self) -> str:
        """The option that names the network, without its section."""
        return self.model.partition(".")[2]


@dataclass(frozen=True)
class Checkpoint:
    """A folder with a network.

    Args:
        folder: where it is
        content: hash of its configuration and weights, or the hub's own (commit)
    """

    folder: Path
    content: str

    @cached_property
    def config(self) -> dict[str, Any]:
        """What ``config.json`` says of the network."""
        return _json(self.folder / "config.json")

    @cached_property
    def preparation(self) -> dict[str, Any]:
        """What ``preprocessor_config.json`` says of its input."""
        for name in ("preprocessor_config.json", "processor_config.json"):
            if (self.folder / name).exists():
                found = _json(self.folder / name)
                return found.get("feature_extractor", found)
        raise NkululekoError(
            "has no preprocessor_config.json, which says how the network wants its input",
            str(self.folder),
            "copy it from the model that this one was made from",
        )


def open_checkpoint(model: str, kinds: Sequence[str], asker: Asker, hints: Mapping[str, str]) -> Checkpoint:
    """The checkpoint of that name or folder; looks at the configuration, not yet at the weights.

    Args:
        model: a folder, or a name on the hub such as ``facebook/wav2vec2-base-960h``, or the folder of an experiment
            that has trained a network
        kinds: architectures that can be used, as ``config.json`` has them (``model_type``)
        asker: who wants it
        hints: architectures to what can be done with them instead

    Raises:
        NkululekoError: it is not there, is of another architecture, or has no weights that can be read safely
    """
    folder = _folder(model, asker)
    found = Checkpoint(folder, "")
    if not (folder / "config.json").is_file():
        raise NkululekoError(
            "is no checkpoint: it has no config.json", str(folder),
            f"{asker.option} is a folder in the format of Hugging Face (config.json, model.safetensors ...)",
        )  # fmt: skip
    kind = str(found.config.get("model_type"))
    if kind not in kinds:
        todo = hints.get(kind, "take another model")
        what = f"is a network of type '{kind}'; {asker.who} takes {' or '.join(kinds)}"
        raise NkululekoError(what, str(folder), todo)
    if found.config.get("add_adapter"):
        raise NkululekoError("has an adapter for text on top, which is not supported", str(folder))
    return Checkpoint(*_safe(folder))


def open_files(model: str, files: Sequence[str], asker: Asker) -> Checkpoint:
    """The folder of a model that is not in the format of Hugging Face.

    Args:
        model: a folder, or a name on the hub
        files: names or patterns; there must be something of each
        asker: who wants it

    Raises:
        NkululekoError: it is not there, or a file is missing
    """
    folder = _folder(model, asker, tuple(files))
    for name in files:
        if not any(folder.glob(name)):
            what = f"is no model for {asker.who}: it has no {name}"
            raise NkululekoError(what, str(folder), f"{asker.option} is a folder with {', '.join(files)}")
    return Checkpoint(folder, _content(folder, tuple(files)))


def _folder(model: str, asker: Asker, files: tuple[str, ...] = ()) -> Path:
    path = Path(model).expanduser()
    if path.is_dir():
        tuned = path / _TUNED
        return (path if (path / "config.json").exists() or not tuned.is_dir() else tuned).absolute()
    if path.exists():
        raise NkululekoError("is a file", str(path), f"{asker.option} is the folder that it lies in")
    if path.is_absolute() or not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", model):
        raise NkululekoError(f"there is no folder '{model}'", asker.model)
    return _from_hub(model, asker, files)


@lru_cache(maxsize=8)
def _from_hub(model: str, asker: Asker, files: tuple[str, ...] = ()) -> Path:
    """The folder of a model of the hub: that of an earlier time, else it is fetched, which is said."""
    wanted, weights = list(files or _WANTED), list(files or (_WEIGHTS, _PICKLE))
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError as problem:
        raise missing_package("transformers", "transformers", asker.who) from problem
    here = f"download it elsewhere and give its folder: {asker.option} = /path/to/folder"
    where = asker.model
    try:
        found = Path(hub.snapshot_download(model, allow_patterns=wanted, local_files_only=True))
        there = [name for name in weights if any(found.glob(name))]
        if there == list(files) if files else there and (found / "config.json").exists():
            return found
    except (errors.HfHubHTTPError, OSError, ValueError):
        pass
    if hub.constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE") in ("1", "true", "True"):
        raise NkululekoError(
            f"the model '{model}' is not on this computer, and HF_HUB_OFFLINE is set", where, here
        )
    _log.info("%s: fetching the model '%s' from the hub, once", asker.who, model)
    try:
        found = Path(hub.snapshot_download(model, allow_patterns=wanted))
        if not files and not any(found.glob(_WEIGHTS)):  # older models have their weights in a pickle only
            found = Path(hub.snapshot_download(model, allow_patterns=[*_WANTED, _PICKLE]))
        return found
    except errors.RepositoryNotFoundError:
        what = f"there is no model '{model}' on the hub, or it is not public"
        raise NkululekoError(what, where, "check its name, or give a folder") from None
    except Exception as problem:  # no network, a proxy, a full disk: many kinds of many libraries
        what = f"the model '{model}' is not on this computer and cannot be fetched ({type(problem).__name__})"
        raise NkululekoError(what, where, here) from None


def for_sound(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint itself, if it takes sound at 16 kHz.

    Raises:
        NkululekoError: it takes another rate, or does not say what it takes
    """
    rate = checkpoint.preparation.get("sampling_rate", 16000)
    if rate != 16000:
        what = f"is a network for {rate} Hz; only those for 16000 Hz can be used"
        raise NkululekoError(what, str(checkpoint.folder))
    return checkpoint


def _safe(folder: Path) -> tuple[Path, str]:
    """A folder whose weights can be read safely, and what stands for its content."""
    if list(folder.glob(_WEIGHTS)):
        return folder, _content(folder)
    if (folder / _PICKLE).exists():
        content = _content(folder)
        return converted(folder, _PICKLE, content), content
    others = sorted(path.name for path in folder.glob("*") if path.suffix in (".bin", ".pt", ".pth", ".ckpt"))
    if others:
        what = f"its weights are in {others[0]}, a pickle, which could run any program: it is not opened"
        raise NkululekoError(what, str(folder), _CONVERT)
    raise NkululekoError("has no weights that can be read (model.safetensors)", str(folder), _CONVERT)


def _content(folder: Path, wanted: tuple[str, ...] = (*_WANTED, _PICKLE)) -> str:
    """What stands for configuration and weights: the hub's own hash of them, else ours."""
    if folder.parent.name == "snapshots" and re.fullmatch(r"[0-9a-f]{40}", folder.name):
        return f"commit={folder.name}"
    return content_of(sorted({path for pattern in wanted for path in folder.glob(pattern)}))


def content_of(files: Sequence[Path]) -> str:
    """A hash of the names and contents of some files, in this order; those of large ones are remembered."""
    state = hashlib.blake2b(digest_size=16)
    for path, part in zip(files, _hashes(files), strict=True):
        state.update(f"{path.name}:".encode() + part)
    return state.hexdigest()


def _hashes(files: Sequence[Path]) -> list[bytes]:
    """The hash of each file; those of large ones are remembered by size, times and inode, as those of audio are."""
    large = {str(path): signature(str(path)) for path in files if path.stat().st_size >= _SMALL}
    if not large:
        return [_hash(path) for path in files]
    store = FeatureStore(default_store())
    known = {path: row[0] for path, row in store.known_audio(large).items()}
    new = {path: _hash_once(path, mark) for path, mark in large.items() if path not in known}
    now = time_ns()
    settled = [path for path in new if now - max(map(int, large[path].split(",")[1:3])) > _SETTLED]
    store.remember_audio([(path, large[path], new[path], 0, 0, 0, "") for path in settled])
    return [(known | new).get(str(path)) or _hash(path) for path in files]


@lru_cache(maxsize=64)
def _hash_once(path: str, mark: str) -> bytes:
    return _hash(Path(path))


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise NkululekoError(f"is no readable JSON ({problem})", str(path)) from None
    if not isinstance(found, dict):
        raise NkululekoError("is no readable JSON (no names in it)", str(path))
    return found
