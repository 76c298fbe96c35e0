"""A database by its audb name, from a repository on this computer."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Request, databases

audb = pytest.importorskip("audb")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a database: in the second, the labels were turned round."""
    import audformat
    import soundfile

    folder = tmp_path_factory.mktemp("audb")
    (folder / "repository/here").mkdir(parents=True)
    repository = audb.Repository("here", str(folder / "repository"), "file-system")
    files = ["wav/a.wav", "wav/b.wav", "wav/unlabelled.wav"]
    for version, labels in (("1.0.0", ["joy", "anger"]), ("1.1.0", ["anger", "joy"])):
        build = folder / version
        (build / "wav").mkdir(parents=True)
        for number, file in enumerate(files):
            soundfile.write(build / file, np.full((800 + number, 2), 0.1), 8000)
        db = audformat.Database("toy")
        db.schemes["speaker"] = audformat.Scheme(
            labels={"s1": {"gender": "male"}, "s2": {"gender": "female"}}
        )
        db["files"] = audformat.Table(audformat.filewise_index(files))
        db["files"]["speaker"] = audformat.Column(scheme_id="speaker")
        db["files"]["speaker"].set(["s1", "s2", "s2"])
        db["emotion"] = audformat.Table(audformat.filewise_index(files[:2]))
        db["emotion"]["emotion"] = audformat.Column()
        db["emotion"]["emotion"].set(labels)
        db.save(str(build))
        audb.publish(
            str(build),
            version,
            repository,
            previous_version=None,
            cache_root=str(folder / "build"),
            verbose=False,
        )
    return folder


@pytest.fixture(autouse=True)
def configured(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """audb knows this repository only, and an empty cache."""
    repository = audb.Repository("here", str(published / "repository"), "file-system")
    monkeypatch.setattr(audb.config, "REPOSITORIES", [repository])
    monkeypatch.setenv("AUDB_CACHE_ROOT", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDB_SHARED_CACHE_ROOT", str(tmp_path / "shared"))


def load(name: str = "toy", target: str = "emotion", **options: object):  # type: ignore[no-untyped-def]
    plugin = databases.load("audb")
    return plugin(plugin.Options(**options)).load(Request("mydata", name, target))


def test_the_latest_version(tmp_path: Path) -> None:
    found = load()
    samples = contract.check(found.samples)
    assert samples["emotion"].tolist() == ["anger", "joy"]
    assert samples["gender"].tolist() == ["male", "female"]
    files = [Path(file) for file in contract.files_of(samples.index)]
    assert all(file.is_absolute() and file.exists() and tmp_path in file.parents for file in files)
    assert [file.name for file in files] == ["a.wav", "b.wav"]
    assert sorted(found.tables) == ["emotion", "files"]
    assert found.tables["emotion"].equals(samples.index)


def test_again_from_the_cache(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(version="1.0.0").samples
    assert first["emotion"].tolist() == ["joy", "anger"]
    monkeypatch.setattr(audb.config, "REPOSITORIES", [])
    assert load(version="1.0.0").samples.equals(first)


def test_tables_and_columns() -> None:
    found = load(target_tables=["emotion"], files_tables=["files"], columns=["emotion"]).samples
    assert sorted(found.columns) == ["emotion", "gender", "speaker"]
    with pytest.raises(NkululekoError, match="no table 'emotions'; did you mean 'emotion'"):
        load(target_tables=["emotions"])


@pytest.mark.parametrize(("name", "version"), [("tyo", None), ("toy", "9.0.0"), ("tyo", "1.0.0")])
def test_what_is_not_there(name: str, version: str | None) -> None:
    with pytest.raises(
        NkululekoError, match=rf"mydata: audb cannot load '{name}' \(.*\); check the name and audb's"
    ):
        load(name, version=version)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    load()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("options", [{}, {"sampling_rate": 16000}, {"format": "flac"}])
def test_only_audio_that_is_needed_is_fetched(tmp_path: Path, options: dict) -> None:
    found = load(**options).samples
    kept = sorted(path.stem for kind in ("wav", "flac") for path in (tmp_path / "cache").rglob(f"*.{kind}"))
    assert kept == ["a", "b"]
    assert len(found) == 2
    assert sorted(load(target="speaker", **options).samples["speaker"]) == ["s1", "s2", "s2"]


def test_audio_is_converted_as_it_is_fetched() -> None:
    import soundfile

    as_it_is = [soundfile.info(file) for file, _, _ in load().samples.index]
    assert {(info.samplerate, info.channels, info.format) for info in as_it_is} == {(8000, 2, "WAV")}
    found = load(sampling_rate=16000, mixdown=True, format="flac", num_workers=1)
    assert found.samples["emotion"].tolist() == ["anger", "joy"]
    infos = [soundfile.info(file) for file, _, _ in found.samples.index]
    assert {(info.samplerate, info.channels, info.format) for info in infos} == {(16000, 1, "FLAC")}
    assert [info.frames for info in infos] == [1600, 1602]
    assert found.tables["emotion"].equals(found.samples.index)


@pytest.mark.parametrize(
    "options", [{"sampling_rate": 12345}, {"format": "mp3"}, {"num_workers": 0}, {"mixdwon": True}]
)
def test_options_that_audb_does_not_have(options: dict) -> None:
    with pytest.raises(ValidationError):
        databases.load("audb").Options(**options)


def test_what_may_have_been_meant() -> None:
    with pytest.raises(NkululekoError, match=r"cannot load 'toyy' .*; did you mean 'toy'\?"):
        load("toyy")
    with pytest.raises(NkululekoError, match=r"cannot load 'toy' .*; did you mean '1\.1\.0'"):
        load(version="1.1")


def test_no_pickle_is_left_in_the_cache(tmp_path: Path) -> None:
    load(sampling_rate=16000)
    assert not list((tmp_path / "cache").rglob("db.*.pkl"))
    assert list((tmp_path / "cache").rglob("db.*.parquet"))


def test_audb_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "audb", None)
    with pytest.raises(
        NkululekoError, match=r'mydata\.type = audb needs the package audb; pip install "nkululeko\[audb\]"'
    ):
        load()
