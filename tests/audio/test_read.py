"""Segments of audio files: exactly the samples that were asked for."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings

from nkululeko.audio.read import read_segment, resample
from nkululeko.core.errors import NkululekoError

RATE = 8000
SIGNAL = np.random.default_rng(0).integers(-20000, 20000, (6000, 2)).astype(np.int16)
FLOATS = SIGNAL.astype(np.float32) / 2**15


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("audio")
    for name in ("mono.wav", "mono.flac", "stereo.wav", "stereo.flac"):
        soundfile.write(folder / name, SIGNAL[:, 0] if "mono" in name else SIGNAL, RATE)
    return {path.name: str(path) for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["mono.wav", "mono.flac"])
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5999), st.integers(1, 6000))
def test_a_segment_is_a_slice_of_the_whole(files: dict[str, str], name: str, first: int, length: int) -> None:
    last = min(first + length, 6000)
    signal, rate = read_segment(files[name], first / RATE, last / RATE)
    assert (rate, signal.dtype, signal.ndim) == (RATE, np.float32, 1)
    np.testing.assert_array_equal(signal, FLOATS[first:last, 0])


@pytest.mark.parametrize("name", ["stereo.wav", "stereo.flac"])
def test_channels_are_mixed_down_to_their_mean(files: dict[str, str], name: str) -> None:
    signal, _ = read_segment(files[name], 0.1)
    np.testing.assert_allclose(signal, FLOATS[800:].mean(axis=1), atol=1e-7)
    assert signal.flags.c_contiguous


def test_the_whole_file(files: dict[str, str]) -> None:
    for end in (None, 0.75, 0.75 + 1e-9, 99.0):
        signal, _ = read_segment(files["mono.wav"], 0.0, end)
        np.testing.assert_array_equal(signal, FLOATS[:, 0])


@pytest.mark.parametrize(
    ("start", "end"), [(0.75, None), (9.0, None), (9.0, 10.0), (0.5, 0.5), (0.5, 0.4), (0.5, 0.50001)]
)
def test_a_segment_without_samples(files: dict[str, str], start: float, end: float | None) -> None:
    with pytest.raises(NkululekoError, match=r"mono\.wav: the segment .* s to .* s is empty"):
        read_segment(files["mono.wav"], start, end)


def test_a_segment_that_begins_before_the_file(files: dict[str, str]) -> None:
    with pytest.raises(NkululekoError, match=r"mono\.wav: the segment begins at -0\.5 s"):
        read_segment(files["mono.wav"], -0.5, 0.2)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    for name in ("text.wav", "missing.wav", ""):
        with pytest.raises(NkululekoError, match="cannot be read"):
            read_segment(str(tmp_path / name))


@pytest.mark.parametrize("wanted", [4000, 8000, 16000, 44100])
def test_resampling_keeps_the_length_in_seconds(wanted: int) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(6000) / RATE).astype(np.float32)
    found = resample(tone, RATE, wanted)
    assert (found.dtype, found.ndim) == (np.float32, 1)
    assert abs(len(found) / wanted - 0.75) <= 1 / wanted
    expected = np.sin(2 * np.pi * 440 * np.arange(len(found)) / wanted)
    middle = slice(len(found) // 10, -len(found) // 10)  # the filter rings at the ends
    np.testing.assert_allclose(found[middle], expected[middle], atol=0.02)


def test_nothing_is_resampled_that_has_the_rate() -> None:
    tone = np.zeros(100, np.float32)
    assert resample(tone, RATE, RATE) is tone
    assert resample(tone, RATE, None) is tone
