"""Checkpoints of pretrained networks: folders in the format of Hugging Face, given or fetched once from its hub.

Nothing in a checkpoint is executed: weights are read from safetensors only, and code beside
them is left alone.
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

_log = logging.getLogger("nkululeko")
#: what is fetched: never weights in a pickle, never code, never the same weights twice
_WANTED = (
    "config.json", "preprocessor_config.json", "processor_config.json",
    "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors",
)  # fmt: skip
#: files smaller than this are hashed each time (bytes), the hashes of others are remembered
_SMALL = 2**23
#: a file that was written this many nanoseconds ago may change again within one tick of its clock
_SETTLED = 2 * 10**9
_CONVERT = "save the weights as model.safetensors (docs: wav2vec embeddings), or take another model"


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


def open_checkpoint(model: str, kinds: Mapping[str, str], name: str) -> Checkpoint:
    """The checkpoint of that name or folder; looks at the configuration, not yet at the weights.

    Args:
        model: a folder, or a name on the hub such as ``facebook/wav2vec2-base-960h``
        kinds: architectures that can be used, as ``config.json`` has them, to the feature sets that are for them
        name: of the feature set that asks

    Raises:
        NkululekoError: it is not there, is of another architecture, or has no weights that can be read safely
    """
    folder = _folder(model, name)
    found = Checkpoint(folder, "")
    if not (folder / "config.json").is_file():
        raise NkululekoError(
            "is no checkpoint: it has no config.json", str(folder),
            f"{name}.model is a folder in the format of Hugging Face (config.json, model.safetensors ...)",
        )  # fmt: skip
    kind = found.config.get("model_type")
    if kinds.get(str(kind)) != name:
        mine = " or ".join(kind for kind, its in kinds.items() if its == name)
        other = kinds.get(str(kind))
        todo = f"set FEATS.type = {other}" if other else "take another model"
        raise NkululekoError(f"is a network of type '{kind}'; '{name}' takes {mine}", str(folder), todo)
    if found.config.get("add_adapter"):
        raise NkululekoError("has an adapter for text on top, which is not supported", str(folder))
    rate = found.preparation.get("sampling_rate", 16000)
    if rate != 16000:
        raise NkululekoError(f"is a network for {rate} Hz; only those for 16000 Hz can be used", str(folder))
    _check_weights(folder)
    return Checkpoint(folder, _content(folder))


def _folder(model: str, name: str) -> Path:
    path = Path(model).expanduser()
    if path.is_dir():
        return path.absolute()
    if path.exists():
        raise NkululekoError("is a file", str(path), f"{name}.model is the folder that it lies in")
    if path.is_absolute() or not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", model):
        raise NkululekoError(f"there is no folder '{model}'", f"FEATS.{name}.model")
    return _from_hub(model, name)


@lru_cache(maxsize=8)
def _from_hub(model: str, name: str) -> Path:
    """The folder of a model of the hub: that of an earlier time, else it is fetched, which is said."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError as problem:
        raise missing_package("transformers", "transformers", f"feature set '{name}'") from problem
    here = f"download it elsewhere and give its folder: {name}.model = /path/to/folder"
    where = f"FEATS.{name}.model"
    try:
        found = Path(hub.snapshot_download(model, allow_patterns=list(_WANTED), local_files_only=True))
        if (found / "config.json").exists() and list(found.glob("model*.safetensors")):
            return found
    except (errors.HfHubHTTPError, OSError, ValueError):
        pass
    if hub.constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE") in ("1", "true", "True"):
        raise NkululekoError(
            f"the model '{model}' is not on this computer, and HF_HUB_OFFLINE is set", where, here
        )
    _log.info("%s: fetching the model '%s' from the hub, once", name, model)
    try:
        return Path(hub.snapshot_download(model, allow_patterns=list(_WANTED)))
    except errors.RepositoryNotFoundError:
        what = f"there is no model '{model}' on the hub, or it is not public"
        raise NkululekoError(what, where, "check its name, or give a folder") from None
    except Exception as problem:  # no network, a proxy, a full disk: many kinds of many libraries
        what = f"the model '{model}' is not on this computer and cannot be fetched ({type(problem).__name__})"
        raise NkululekoError(what, where, here) from None


def _check_weights(folder: Path) -> None:
    if list(folder.glob("model*.safetensors")):
        return
    pickles = sorted(
        path.name for path in folder.glob("*") if path.suffix in (".bin", ".pt", ".pth", ".ckpt")
    )
    if pickles:
        what = f"its weights are in {pickles[0]}, a pickle, which could run any program: it is not opened"
        raise NkululekoError(what, str(folder), _CONVERT)
    raise NkululekoError("has no weights that can be read (model.safetensors)", str(folder), _CONVERT)


def _content(folder: Path) -> str:
    """What stands for configuration and weights: the hub's own hash of them, else ours."""
    if folder.parent.name == "snapshots" and re.fullmatch(r"[0-9a-f]{40}", folder.name):
        return f"commit={folder.name}"
    files = sorted({path for pattern in _WANTED for path in folder.glob(pattern)})
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
