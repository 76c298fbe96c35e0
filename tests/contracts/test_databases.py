"""Every database type: the same two recordings come out as the same samples, under the same rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import soundfile

from dataset_files import dataset_on_disk
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, databases

FILES = ["wav/a.wav", "wav/b.wav", "wav/c.wav"]
SPEAKERS, SEXES, EMOTIONS = ["1", "2", "2"], ["male", "female", "female"], ["joy", "anger", None]
SPLITS = ["train", "test", "test"]


def recordings(folder: Path) -> None:
    for number, file in enumerate(FILES):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / file, np.full(800 + number, 0.1), 8000)


def make_csv(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    recordings(folder)
    table = {"file": FILES, "speaker": SPEAKERS, "sex": SEXES, "emotion": EMOTIONS, "split": SPLITS}
    pd.DataFrame(table).to_csv(folder / "toy.csv", index=False)
    return str(folder / "toy.csv")


def make_audformat(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    import audformat

    recordings(folder)
    db = audformat.Database("toy")
    sexes = dict(zip(SPEAKERS, SEXES, strict=True))
    db.schemes["speaker"] = audformat.Scheme(labels={speaker: {"sex": sex} for speaker, sex in sexes.items()})
    for name in ("train", "test"):
        db.splits[name] = audformat.Split(name)
        db[name] = audformat.Table(
            audformat.filewise_index([f for f, s in zip(FILES, SPLITS, strict=True) if s == name]),
            split_id=name,
        )
    db["files"] = audformat.Table(audformat.filewise_index(FILES))
    for column, scheme, values in (("speaker", "speaker", SPEAKERS), ("emotion", None, EMOTIONS)):
        db["files"][column] = audformat.Column(scheme_id=scheme)
        db["files"][column].set(values)
    db.save(str(folder))
    return str(folder)


def make_audb(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    audb = pytest.importorskip("audb")
    make_audformat(folder / "build", monkeypatch)
    (folder / "repository/here").mkdir(parents=True)
    repository = audb.Repository("here", str(folder / "repository"), "file-system")
    monkeypatch.setattr(audb.config, "REPOSITORIES", [repository])
    monkeypatch.setenv("AUDB_CACHE_ROOT", str(folder / "cache"))
    monkeypatch.setenv("AUDB_SHARED_CACHE_ROOT", str(folder / "shared"))
    audb.publish(str(folder / "build"), "1.0.0", repository, previous_version=None, verbose=False)
    return "toy"


def make_parquet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    table = pd.read_csv(make_csv(folder, monkeypatch), dtype="str")
    table.set_index("file").to_parquet(folder / "toy.parquet")
    return str(folder / "toy.parquet")


def make_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    recordings(folder)
    for file, speaker, sex, emotion, split in zip(FILES, SPEAKERS, SEXES, EMOTIONS, SPLITS, strict=True):
        place = folder / "named" / split / f"{speaker}_{sex}_{emotion or 'NA'}"
        place.mkdir(parents=True)
        (folder / file).rename(place / Path(file).name)
    return str(folder / "named")


def make_huggingface(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    recordings(folder)
    columns = {"speaker": SPEAKERS, "sex": SEXES, "emotion": EMOTIONS}
    rows = [
        dict(zip(("file", *columns), row, strict=True)) for row in zip(FILES, *columns.values(), strict=True)
    ]
    parts = {name: [row for row, split in zip(rows, SPLITS, strict=True) if split == name] for name in SPLITS}
    for name, part in parts.items():
        audio = [{"bytes": None, "path": f"{folder}/{row['file']}"} for row in part]
        table = {"audio": audio} | {column: [row[column] for row in part] for column in columns}
        dataset_on_disk(folder / "hf" / name, table, {"emotion": pa.string()}, {"audio": {"_type": "Audio"}})
    (folder / "hf/dataset_dict.json").write_text(json.dumps({"splits": list(parts)}))
    return str(folder / "hf")


MAKERS: dict[str, Callable[[Path, pytest.MonkeyPatch], str]] = {
    "csv": make_csv, "audformat": make_audformat, "audb": make_audb, "parquet": make_parquet,
    "folder": make_folder, "huggingface": make_huggingface,
}  # fmt: skip
#: what such a database cannot be read without
OPTIONS: dict[str, dict[str, object]] = {"folder": {"pattern": "{split}/{speaker}_{sex}_{emotion}/{_}.wav"}}


@pytest.fixture(params=databases.names())
def kind(request: pytest.FixtureRequest) -> str:
    """A new type says in ``MAKERS`` how to make such a database, and is tested."""
    return request.param


@pytest.fixture
def path(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return MAKERS[kind](tmp_path, monkeypatch)


def load(kind: str, path: str, target: str = "emotion", colnames: dict[str, str] | None = None) -> Loaded:
    plugin = databases.load(kind)
    request = Request("toy", path, target, colnames or {}, (Path("/nowhere"),))
    return plugin(plugin.Options(**OPTIONS.get(kind, {}))).load(request)


def test_samples(kind: str, path: str) -> None:
    samples = contract.check(load(kind, path).samples)
    samples = samples.iloc[np.argsort([Path(file).name for file, _, _ in samples.index])]
    files = [Path(file) for file in samples.index.get_level_values("file")]
    assert [file.name for file in files] == ["a.wav", "b.wav", "c.wav"]
    assert all(file.is_absolute() and file.exists() and ".." not in file.parts for file in files)
    assert (contract.seconds(samples.index, "start") == 0).all()
    assert samples.index.get_level_values("end").isna().all()
    assert samples["speaker"].astype("str").tolist() == SPEAKERS
    assert samples["gender"].tolist() == SEXES and "sex" not in samples
    assert samples["emotion"].isna().tolist() == [False, False, True]
    assert samples["emotion"].tolist()[:2] == EMOTIONS[:2]
    assert all(isinstance(column, str) for column in samples.columns)
    assert not any(isinstance(dtype, pd.CategoricalDtype) for dtype in samples.dtypes)


def test_the_datas_own_split(kind: str, path: str) -> None:
    found = load(kind, path)
    assert set(found.splits) - {"dev"} == {"train", "test"}
    for name in ("train", "test"):
        rows = found.samples.index[found.samples.index.isin(found.splits[name])]
        expected = [Path(f).name for f, s in zip(FILES, SPLITS, strict=True) if s == name]
        assert sorted(Path(file).name for file, _, _ in rows) == expected
    for name in found.tables:
        assert list(found.tables[name].names) == contract.LEVELS


def test_loading_twice_gives_the_same(kind: str, path: str) -> None:
    pd.testing.assert_frame_equal(load(kind, path).samples, load(kind, path).samples)


def test_renamed_columns(kind: str, path: str) -> None:
    for colnames in ({"emotion": "feeling"}, {"feeling": "emotion"}):
        found = load(kind, path, "feeling", colnames)
        assert found.samples["feeling"].notna().sum() == 2
        assert all(isinstance(note, str) for note in found.notes)
    with pytest.raises(NkululekoError, match=r"colnames: no column 'emotoin'; did you mean 'emotion'\?"):
        load(kind, path, "feeling", {"emotoin": "feeling"})


def test_an_unknown_target(kind: str, path: str) -> None:
    with pytest.raises(NkululekoError, match=r"no column 'emotoin' to predict; did you mean 'emotion'\?"):
        load(kind, path, "emotoin")


def test_nothing_there(kind: str, path: str) -> None:
    with pytest.raises(NkululekoError) as error:
        load(kind, f"{path}-missing")
    assert "missing" in str(error.value) and "\n" not in str(error.value)


def test_nothing_is_printed(kind: str, path: str, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    load(kind, path)
    assert capfd.readouterr() == ("", "")
