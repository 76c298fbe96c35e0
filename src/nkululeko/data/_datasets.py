"""A folder that Hugging Face ``datasets`` wrote with ``save_to_disk``, read by Arrow alone.

The package itself is not needed: the tables are Arrow streams, what the columns mean is JSON. Audio is
never decoded here.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.data._arrow import to_frame

if TYPE_CHECKING:
    import pandas as pd

#: our name of a split, by that in the data
SPLITS = {"train": "train", "test": "test"} | dict.fromkeys(("validation", "valid", "val", "dev"), "dev")
_ENDINGS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au")
#: how files of a kind begin
_SIGNS = {
    b"RIFF": ".wav",
    b"fLaC": ".flac",
    b"OggS": ".ogg",
    b"ID3": ".mp3",
    b"FORM": ".aiff",
    b".snd": ".au",
}


@dataclass(frozen=True)
class Source:
    """What to read.

    Args:
        audio: the column with the audio
        cache: folder for audio that the data hold as bytes; None: there is none
        name: the database's name, for messages
    """

    audio: str
    cache: Path | None
    name: str


def read_folder(root: Path, source: Source) -> tuple[pd.DataFrame, list[str]]:
    """The table of a ``Dataset``, or of all parts of a ``DatasetDict``; a column ``file``; and notes.

    The parts become a column ``split``: ``train``, ``dev`` (validation), ``test``; other parts have none.

    Raises:
        NkululekoError: no such folder, not of ``save_to_disk``, damaged, or without the audio column
    """
    import pandas as pd

    if (root / "state.json").is_file():
        return _read_dataset(root, source, str(root))
    if not (root / "dataset_dict.json").is_file():
        raise _no_dataset(root, source.name)
    frames, notes = [], []
    for part in _json(root / "dataset_dict.json").get("splits", []):
        frame, more = _read_dataset(root / Path(str(part)).name, source, str(root))
        frames.append(frame.assign(split=SPLITS.get(str(part))))
        notes += more
    if not frames:
        raise NkululekoError("the dataset has no parts", str(root / "dataset_dict.json"))
    return pd.concat(frames, ignore_index=True), list(dict.fromkeys(notes))


def _no_dataset(root: Path, name: str) -> NkululekoError:
    """The error of a folder that is something else."""
    if not root.is_dir():
        return NkululekoError("no such folder", str(root), "check the path")
    hint = "write it by save_to_disk of the package datasets"
    if any(root.rglob("*.parquet")):
        hint += f", or name one of its Parquet files and set {name}.type = parquet"
    return NkululekoError("no dataset there (neither state.json nor dataset_dict.json)", str(root), hint)


def _read_dataset(folder: Path, source: Source, where: str) -> tuple[pd.DataFrame, list[str]]:
    """One table, from all its shards; ``where`` is for notes."""
    import pyarrow as pa

    features = _json(folder / "dataset_info.json").get("features") or {}
    shards = [
        Path(str(shard["filename"])).name for shard in _json(folder / "state.json").get("_data_files", [])
    ]
    files: list[str | None] = []
    batches = []
    shard = ""
    try:
        for shard in shards:
            for batch in pa.ipc.open_stream(pa.memory_map(str(folder / shard))):
                files += _audio_files(batch, features, source, folder)
                batches.append(batch.drop_columns([source.audio]))
        if not batches:
            raise NkululekoError("the dataset is empty", str(folder))
        table = pa.Table.from_batches(batches).replace_schema_metadata(None)
    except (pa.ArrowException, OSError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise NkululekoError(f"cannot be read ({reason})", str(folder / shard)) from None
    frame, notes = to_frame(table, where)
    if "file" in frame:
        notes.append(f"{where}: the files are those of column '{source.audio}', not of column 'file'")
    return _with_class_names(frame, features).assign(file=files), notes


def _json(path: Path) -> dict[str, Any]:
    """What a file of the dataset says."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise NkululekoError(f"the dataset is damaged: {problem}", str(path), "save it again") from None
    if not isinstance(content, dict):
        raise NkululekoError("the dataset is damaged: no JSON object", str(path), "save it again")
    return content


def _with_class_names(frame: pd.DataFrame, features: Mapping[str, Any]) -> pd.DataFrame:
    """Numbers of classes as the names that the dataset has for them; -1 and empty are missing."""
    import pandas as pd

    named = {}
    for column, feature in features.items():
        if column in frame and isinstance(feature, dict) and feature.get("_type") == "ClassLabel":
            names = dict(enumerate(map(str, feature.get("names") or [])))
            named[column] = pd.Series(frame[column].map(names), dtype="str")
    return frame.assign(**named)


def _audio_files(
    batch: Any, features: Mapping[str, Any], source: Source, folder: Path
) -> Sequence[str | None]:
    """The file of each row; bytes are written below the cache."""
    import pyarrow as pa

    where = f"{source.name}.audio_column ({folder})"
    if source.audio not in batch.schema.names:
        audio = [
            name for name, kind in features.items() if isinstance(kind, dict) and kind.get("_type") == "Audio"
        ]
        raise NkululekoError(
            f"no column '{source.audio}'", where, did_you_mean(source.audio, audio or batch.schema.names)
        )
    column = batch.column(source.audio)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.to_pylist()
    if not pa.types.is_struct(column.type) or not {"bytes", "path"} <= {field.name for field in column.type}:
        raise NkululekoError(f"column '{source.audio}' holds no audio", where, "name the column that does")
    return [_audio_file(entry, source, folder) for entry in column]


def _audio_file(entry: Any, source: Source, folder: Path) -> str | None:
    """The path of a row's audio; None where it has none."""
    if not entry.is_valid:
        return None
    content, path = entry["bytes"], entry["path"].as_py()
    if not content.is_valid:
        return path
    if source.cache is None:
        raise NkululekoError(
            f"column '{source.audio}' holds audio as bytes, and there is no folder to write it to", str(folder),
            "write the audio to files, and their names to the column",
        )  # fmt: skip
    return str(_keep(content.as_buffer(), path or "", source.cache))


def _keep(content: Any, path: str, cache: Path) -> Path:
    """A file with the given content, named by it: written once, whole or not at all."""
    data = memoryview(content)
    ending = Path(path).suffix.lower()
    if ending not in _ENDINGS:
        ending = _ending(bytes(data[:4]))
    name = hashlib.blake2b(data, digest_size=16).hexdigest()
    place = cache.absolute() / name[:2] / f"{name}{ending}"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".part-", delete=False) as file:
            try:
                file.write(data)
                file.close()
                Path(file.name).replace(place)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    return place


def _ending(begin: bytes) -> str:
    """The ending of audio that begins so; that of WAV where it is not known, libsndfile looks inside anyway."""
    if begin[:1] == b"\xff" and begin[1:2] >= b"\xe0":  # a frame of MPEG audio begins with eleven ones
        return ".mp3"
    return next((kind for sign, kind in _SIGNS.items() if begin.startswith(sign)), ".wav")
