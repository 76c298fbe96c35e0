"""What audio files hold: the same sound has the same hash, another sound another one."""

from __future__ import annotations

import logging
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nkululeko.audio import probe as module
from nkululeko.audio.probe import AudioInfo, look, probe, signature
from nkululeko.core.store import FeatureStore

RATE = 16000


def tone(frames: int = 8000, channels: int = 1) -> np.ndarray:
    """Numbers that 16 bits hold exactly."""
    t = np.arange(frames * channels).reshape(frames, channels) / RATE
    return np.round(8000 * np.sin(2 * np.pi * 220 * t)).astype(np.int16)


def wav(path: Path, samples: np.ndarray | None = None, rate: int = RATE, **kind: str) -> str:
    soundfile.write(path, tone() if samples is None else samples, rate, **kind)
    return str(path)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    """A store that remembers files at once, however new they are."""
    monkeypatch.setattr(module, "_SETTLED", -1.0)
    return FeatureStore(tmp_path / "store")


def test_what_a_file_holds(tmp_path: Path) -> None:
    info = look(wav(tmp_path / "a.wav", tone(8000, 2), 22050))
    assert (info.frames, info.sampling_rate, info.channels, info.error) == (8000, 22050, 2, "")
    assert info.duration == pytest.approx(8000 / 22050)
    assert len(info.content) == 16
    assert np.isnan(AudioInfo("x", error="broken").duration)


def test_the_same_sound_has_the_same_hash(tmp_path: Path) -> None:
    first = wav(tmp_path / "a.wav")
    shutil.copy(first, tmp_path / "copy.wav")
    same = [
        str(tmp_path / "copy.wav"),
        wav(tmp_path / "a.flac"),
        wav(tmp_path / "a.aiff"),
        wav(tmp_path / "24.wav", subtype="PCM_24"),
        wav(tmp_path / "float.wav", tone().astype(np.float32) / 2**15, subtype="FLOAT"),
    ]
    assert {look(file).content for file in same} == {look(first).content}


def test_another_sound_has_another_hash(tmp_path: Path) -> None:
    changed = tone()
    changed[4000] += 1
    files = [
        wav(tmp_path / "a.wav"),
        wav(tmp_path / "changed.wav", changed),
        wav(tmp_path / "shorter.wav", tone()[:-1]),
        wav(tmp_path / "rate.wav", rate=8000),
        wav(tmp_path / "stereo.wav", np.repeat(tone(), 2, axis=1)),
        wav(tmp_path / "interleaved.wav", tone().reshape(-1, 2)),
    ]
    assert len({look(file).content for file in files}) == len(files)


def test_the_hash_does_not_depend_on_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = wav(tmp_path / "a.wav", tone(3000, 2))
    whole = look(file)
    monkeypatch.setattr(module, "_BLOCK", 1000)
    assert look(file) == whole


def test_the_hash_stands_for_these_samples(tmp_path: Path) -> None:
    """Stores live long: whoever changes the hash makes all of them worthless."""
    import hashlib

    signal = (tone().astype(np.float32) / 2**15).astype("<f4")
    expected = hashlib.blake2b(b"16000,1;" + signal.tobytes(), digest_size=16).digest()
    assert look(wav(tmp_path / "a.wav")).content == expected


def text(path: Path) -> None:
    path.write_text("this is no sound\n" * 100)


def empty(path: Path) -> None:
    path.touch()


def a_folder(path: Path) -> None:
    path.mkdir()


def no_samples(path: Path) -> None:
    wav(path, tone(0))


def header_only(path: Path) -> None:
    wav(path)
    path.write_bytes(path.read_bytes()[:30])


def not_a_number(path: Path) -> None:
    samples = tone().astype(np.float32)
    samples[10] = np.nan
    wav(path, samples, subtype="FLOAT")


def infinite(path: Path) -> None:
    samples = tone().astype(np.float32)
    samples[10] = np.inf
    wav(path, samples, subtype="FLOAT")


def cut_flac(path: Path) -> None:
    rng = np.random.default_rng(0).integers(-9000, 9000, 50000).astype(np.int16)
    wav(path.with_suffix(".flac"), rng)
    path.write_bytes(path.with_suffix(".flac").read_bytes()[:40000])


BROKEN = {
    text: "is no readable audio file (Format not recognised)",
    empty: "is an empty file",
    a_folder: "is a folder, not an audio file",
    no_samples: "holds no samples (length zero)",
    header_only: "is no readable audio file",
    not_a_number: "holds samples that are no numbers (NaN or infinite)",
    infinite: "holds samples that are no numbers (NaN or infinite)",
    cut_flac: "is no readable audio file (Error : flac decoder lost sync)",
}


@pytest.mark.parametrize(
    ("spoil", "reason"), BROKEN.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_what_cannot_be_used_says_why(tmp_path: Path, spoil, reason: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "broken.wav"
    spoil(path)
    info = look(str(path))
    assert info.error.startswith(reason)
    assert str(tmp_path) not in info.error, "the name of the file is said elsewhere"
    assert np.isnan(info.duration) and info.content == b""


def test_a_file_that_vanishes_is_an_error_of_that_file(tmp_path: Path) -> None:
    assert look(str(tmp_path / "gone.wav")).error == "does not exist"


def test_a_wav_that_was_cut_off_is_as_long_as_what_is_left(tmp_path: Path) -> None:
    """Recorders that crash leave such files; what they hold can be used."""
    path = tmp_path / "cut.wav"
    wav(path)
    path.write_bytes(path.read_bytes()[: 44 + 2 * 5000])
    info = look(str(path))
    assert (info.frames, info.error) == (5000, "")
    assert info.content == look(wav(tmp_path / "5000.wav", tone()[:5000])).content


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_files(tmp_path: Path, store: FeatureStore, jobs: int) -> None:
    files = [wav(tmp_path / f"{n}.wav", tone(1000 + n)) for n in range(20)]
    text(tmp_path / "text.wav")
    strange = [str(tmp_path / "text.wav"), str(tmp_path / "missing.wav")]
    infos = probe(files + strange, store, jobs)
    assert set(infos) == {*files, *strange}
    assert [infos[file].frames for file in files] == [1000 + n for n in range(20)]
    assert infos[strange[1]].error == "does not exist"
    assert all(infos[file].file == file for file in infos)


def test_what_is_remembered_is_what_was_found(
    tmp_path: Path, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [wav(tmp_path / f"{n}.wav", tone(1000 + n)) for n in range(3)]
    text(tmp_path / "text.wav")
    files += [str(tmp_path / "text.wav"), str(tmp_path / "missing.wav")]
    fresh = probe(files, store)

    def never(file: str) -> AudioInfo:
        raise AssertionError(f"{file} was read again")

    monkeypatch.setattr(module, "look", never)
    assert probe(files, store) == fresh


def test_a_change_is_noticed_whatever_the_clock_says(tmp_path: Path, store: FeatureStore) -> None:
    """The same size, the same modification time: as copying with its times, or a bad clock, gives."""
    path = tmp_path / "a.wav"
    wav(path)
    before = path.stat()
    first = probe([str(path)], store)[str(path)]
    time.sleep(0.02)  # a tick of the file system's clock
    samples = tone()
    samples[100] += 1
    wav(path, samples)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    )
    assert probe([str(path)], store)[str(path)].content not in (first.content, b"")


def test_a_file_put_in_the_place_of_another_is_noticed(tmp_path: Path, store: FeatureStore) -> None:
    path, other = tmp_path / "a.wav", tmp_path / "b.wav"
    wav(path)
    samples = tone()
    samples[100] += 1
    wav(other, samples)
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    first = probe([str(path)], store)[str(path)]
    other.replace(path)
    assert probe([str(path)], store)[str(path)].content != first.content
    path.unlink()
    assert probe([str(path)], store)[str(path)].error == "does not exist"
    assert signature(str(path)) == ""


def test_a_file_that_was_just_written_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may change again within the same tick of the clock."""
    store = FeatureStore(tmp_path / "store")
    file = wav(tmp_path / "a.wav")
    probe([file], store)
    assert store.known_audio({file: signature(file)}) == {}
    monkeypatch.setattr(module, "_SETTLED", 0.0)
    probe([file], store)
    assert set(store.known_audio({file: signature(file)})) == {file}


def test_an_interruption_keeps_what_was_found(
    tmp_path: Path, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [wav(tmp_path / f"{n}.wav", tone(1000 + n)) for n in range(3)]

    def interrupted(file: str) -> AudioInfo:
        if file == files[2]:
            raise KeyboardInterrupt
        return look(file)

    monkeypatch.setattr(module, "look", interrupted)
    with pytest.raises(KeyboardInterrupt):
        probe(files, store)
    assert set(store.known_audio({file: signature(file) for file in files})) == set(files[:2])


def test_a_memory_that_cannot_be_used_costs_time_only(
    tmp_path: Path, store: FeatureStore, caplog: pytest.LogCaptureFixture
) -> None:
    (store.root / "audio.sqlite").mkdir()
    file = wav(tmp_path / "a.wav")
    with caplog.at_level(logging.INFO, "nkululeko"):
        assert probe([file], store)[file].frames == 8000
    assert "audio.sqlite: cannot be used" in caplog.text
