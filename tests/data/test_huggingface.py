"""Datasets of Hugging Face on disk: the layout of the package, and the package itself where it is installed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from dataset_files import dataset_on_disk
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, databases

AUDIO = {"_type": "Audio", "sampling_rate": 8000}
LABEL = {"_type": "ClassLabel", "names": ["anger", "joy"]}


def sound(value: float, kind: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(800, value), 8000, format=kind)
    return buffer.getvalue()


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Loaded]:
    def load_from(root: Path, target: str = "label", cache: bool = True, **options: object) -> Loaded:
        plugin = databases.load("huggingface")
        request = Request(
            "db", str(root), target, {}, (tmp_path / "call",), tmp_path / "cache" if cache else None
        )
        return plugin(plugin.Options(**options)).load(request)

    return load_from


def bytes_dataset(
    folder: Path, values: list[float], paths: list[str | None] | None = None, **more: object
) -> Path:
    """Audio as bytes, labels as numbers of classes."""
    audio = [
        {"bytes": sound(value), "path": path}
        for value, path in zip(values, paths or [None] * len(values), strict=True)
    ]
    columns = {"audio": audio, "label": [index % 2 for index in range(len(values))]}
    return dataset_on_disk(folder, columns, features={"audio": AUDIO, "label": LABEL}, **more)  # type: ignore[arg-type]


def signal(file: str) -> float:
    return round(float(soundfile.read(file)[0][0]), 2)


def test_bytes_become_files(load: Callable[..., Loaded], tmp_path: Path) -> None:
    root = bytes_dataset(tmp_path / "hf", [0.1, 0.2, 0.3], ["a.wav", None, "c.wav"], shards=2)
    samples = contract.check(load(root).samples)
    assert samples["label"].tolist() == ["anger", "joy", "anger"]
    files = [file for file, _, _ in samples.index]
    assert [signal(file) for file in files] == [0.1, 0.2, 0.3]
    assert all((tmp_path / "cache") in Path(file).parents and file.endswith(".wav") for file in files)
    assert sorted(str(p) for p in (tmp_path / "cache").rglob("*") if p.is_file()) == sorted(files), (
        "and nothing else"
    )


def test_bytes_are_written_once(load: Callable[..., Loaded], tmp_path: Path) -> None:
    first = load(bytes_dataset(tmp_path / "one", [0.1, 0.2])).samples
    times = {file: Path(file).stat().st_mtime_ns for file, _, _ in first.index}
    for file in times:
        Path(file).chmod(0o400)
    again = load(bytes_dataset(tmp_path / "two", [0.1, 0.2, 0.1])).samples
    assert [file for file, _, _ in again.index] == [*times, next(iter(times))], "named by their content"
    assert {file: Path(file).stat().st_mtime_ns for file in times} == times


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("path", [None, "x.{ending}", "x.webm"])
def test_endings(load: Callable[..., Loaded], tmp_path: Path, kind: str, path: str | None) -> None:
    name = path.format(ending=kind.lower()) if path else None
    columns = {"audio": [{"bytes": sound(0.1, kind), "path": name}], "label": ["x"]}
    file = load(dataset_on_disk(tmp_path / "hf", columns)).samples.index[0][0]
    assert Path(file).suffix == f".{kind.lower()}"
    assert soundfile.info(file).format == kind


def test_audio_as_files(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """Relative to the dataset, then to the folder of the call; nothing is written."""
    for place in ("hf/wav/a.wav", "call/b.wav", "c.wav"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    names = ["wav/a.wav", "b.wav", str(tmp_path / "c.wav"), None]
    audio = [{"bytes": None, "path": name} for name in names]
    dataset_on_disk(tmp_path / "hf/set", {"audio": audio, "label": list("wxyz")})
    (tmp_path / "hf/set").rename(tmp_path / "set")
    (tmp_path / "hf/wav").rename(tmp_path / "set/wav")
    found = load(tmp_path / "set", cache=False)
    expected = [tmp_path / place for place in ("set/wav/a.wav", "call/b.wav", "c.wav")]
    assert [Path(file) for file, _, _ in found.samples.index] == expected
    assert any("1 rows without a file name" in note for note in found.notes)
    columns = {"audio": pa.array([str(path) for path in expected]), "label": ["x"] * 3}
    folder = dataset_on_disk(tmp_path / "text", columns, {"audio": pa.string()})
    assert load(folder, cache=False).samples.index.equals(found.samples.index)
    assert not (tmp_path / "cache").exists()


def test_parts_are_the_datas_own_splits(load: Callable[..., Loaded], tmp_path: Path) -> None:
    parts = {"train": [0.1, 0.2], "validation": [0.3], "test": [0.4, 0.5, 0.6], "unlabelled": [0.7]}
    for name, values in parts.items():
        bytes_dataset(tmp_path / "hf" / name, values)
    (tmp_path / "hf/dataset_dict.json").write_text(json.dumps({"splits": list(parts)}))
    found = load(tmp_path / "hf")
    assert len(found.samples) == 7
    names = {name: [signal(file) for file, _, _ in index] for name, index in found.splits.items()}
    assert names == {"train": [0.1, 0.2], "dev": [0.3], "test": [0.4, 0.5, 0.6]}
    assert load(tmp_path / "hf/train").splits == {}


def test_columns(load: Callable[..., Loaded], tmp_path: Path) -> None:
    columns = {
        "audio": [{"bytes": None, "path": f"{name}.wav"} for name in "abcd"], "file": list("wxyz"),
        "age": [1, 2, 3, None], "speaker": ["s1", "s2", "s3", "s4"], "label": [1, 0, -1, None], "vector": [[1.0]] * 4,
    }  # fmt: skip
    found = load(
        dataset_on_disk(tmp_path / "hf", columns, features={"label": LABEL, "vector": [{"dtype": "float"}]})
    )
    assert list(found.samples.columns) == ["age", "speaker", "label"]
    assert found.samples["label"].fillna("?").tolist() == ["joy", "anger", "?", "?"]
    assert [Path(file).name for file, _, _ in found.samples.index] == ["a.wav", "b.wav", "c.wav", "d.wav"]
    assert [note.partition(": ")[2] for note in found.notes] == [
        "left out, as they hold no single values: vector",
        "the files are those of column 'audio', not of column 'file'",
    ]


def test_another_audio_column(load: Callable[..., Loaded], tmp_path: Path) -> None:
    columns = {"speech": [{"bytes": None, "path": "a.wav"}], "label": ["x"]}
    root = dataset_on_disk(tmp_path / "hf", columns, features={"speech": AUDIO})
    assert Path(load(root, audio_column="speech").samples.index[0][0]).name == "a.wav"
    with pytest.raises(
        NkululekoError, match=r"db\.audio_column \(.*hf\): no column 'audio'; expected one of: speech"
    ):
        load(root)
    with pytest.raises(NkululekoError, match=r"no column 'speach'; did you mean 'speech'\?"):
        load(root, audio_column="speach")


def test_a_column_that_holds_no_audio(load: Callable[..., Loaded], tmp_path: Path) -> None:
    root = dataset_on_disk(tmp_path / "hf", {"number": [1], "label": ["x"]})
    with pytest.raises(NkululekoError, match="column 'number' holds no audio; name the column that does"):
        load(root, audio_column="number")


def test_bytes_without_a_place_for_them(load: Callable[..., Loaded], tmp_path: Path) -> None:
    with pytest.raises(NkululekoError, match="holds audio as bytes, and there is no folder to write it to"):
        load(bytes_dataset(tmp_path / "hf", [0.1]), cache=False)


def test_an_interrupted_write_leaves_nothing(
    load: Callable[..., Loaded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = bytes_dataset(tmp_path / "hf", [0.1])

    def stop(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", stop)
        load(root)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert signal(load(root).samples.index[0][0]) == 0.1


# --- damage, and what is something else


def test_something_else(load: Callable[..., Loaded], tmp_path: Path) -> None:
    with pytest.raises(NkululekoError, match="missing: no such folder"):
        load(tmp_path / "missing")
    (tmp_path / "hub/data").mkdir(parents=True)
    with pytest.raises(
        NkululekoError, match=r"no dataset there .*; write it by save_to_disk of the package datasets$"
    ):
        load(tmp_path / "hub")
    (tmp_path / "hub/data/train-0.parquet").touch()
    with pytest.raises(NkululekoError, match=r"or name one of its Parquet files and set db\.type = parquet"):
        load(tmp_path / "hub")


@pytest.mark.parametrize("name", ["state.json", "dataset_info.json", "data-00000-of-00001.arrow"])
@pytest.mark.parametrize("content", [None, b"", b"[7", b"[]", b"\xff\xff\xff\xff\x10\0\0\0nonsense"])
def test_damage(load: Callable[..., Loaded], tmp_path: Path, name: str, content: bytes | None) -> None:
    root = bytes_dataset(tmp_path / "hf", [0.1])
    load(root)
    if content is None:
        (root / name).unlink()
    else:
        (root / name).write_bytes(content)
    with pytest.raises(NkululekoError) as error:
        load(root)
    assert "\n" not in str(error.value) and "hf" in str(error.value)


def test_no_file_outside_the_folder_is_read(load: Callable[..., Loaded], tmp_path: Path) -> None:
    bytes_dataset(tmp_path / "other", [0.1])
    root = bytes_dataset(tmp_path / "hf", [0.2])
    other = [{"filename": "../other/data-00000-of-00001.arrow"}]
    (root / "state.json").write_text(json.dumps({"_data_files": other}))
    assert signal(load(root).samples.index[0][0]) == 0.2


def test_extension_types_are_plain_values(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """A type that only another package knows, or that names Python objects, is its storage."""
    root = dataset_on_disk(tmp_path / "hf", {"audio": [{"bytes": None, "path": "a.wav"}], "label": ["x"]})
    kind = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": b"cos\nsystem\n.",
    }
    fields = [pa.field("audio", pa.string()), pa.field("label", pa.string(), metadata=kind)]
    table = pa.table([["a.wav"], ["joy"]], schema=pa.schema(fields))
    with (
        pa.OSFile(str(root / "data-00000-of-00001.arrow"), "wb") as file,
        pa.ipc.new_stream(file, table.schema) as out,
    ):
        out.write_table(table)
    assert load(root).samples["label"].tolist() == ["joy"]


def test_the_package_itself(load: Callable[..., Loaded], tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="NOT TESTED: datasets is not installed")
    audio = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
    features = datasets.Features({"audio": audio, "label": datasets.ClassLabel(names=["anger", "joy"])})
    parts = {}
    for name, values in (("train", [0.1, 0.2]), ("validation", [0.3])):
        rows = {"audio": [{"bytes": sound(v), "path": None} for v in values], "label": [1] * len(values)}
        part = datasets.Dataset.from_dict(rows, features=features)
        parts[name] = part.cast_column("audio", datasets.Audio(sampling_rate=8000))
    datasets.DatasetDict(parts).save_to_disk(str(tmp_path / "hf"))
    found = load(tmp_path / "hf")
    assert [signal(file) for file, _, _ in found.samples.index] == [0.1, 0.2, 0.3]
    assert found.samples["label"].tolist() == ["joy"] * 3
    assert {name: len(index) for name, index in found.splits.items()} == {"train": 2, "dev": 1, "test": 0}
