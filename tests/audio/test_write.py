"""Encoded audio reads back as it was; a write that fails leaves nothing."""

from __future__ import annotations

import errno
import io

import numpy as np
import pytest
import soundfile

from nkululeko.audio import write
from nkululeko.audio.write import MP3_RATES, check_rate, encoded, within_range, write_audio
from nkululeko.core.errors import NkululekoError

SIGNAL = (0.4 * np.sin(np.arange(16000) / 15)).astype(np.float32)


@pytest.mark.parametrize(
    "form, subtype, step",
    [
        ("wav", None, 2**-15),
        ("wav", "PCM_24", 2**-23),
        ("wav", "FLOAT", 1e-7),
        ("flac", None, 2**-15),
        ("mp3", None, 0.05),
    ],
)
def test_reads_back(form, subtype, step):
    signal, rate = soundfile.read(io.BytesIO(encoded(SIGNAL, 16000, form, subtype)), dtype="float32")
    assert rate == 16000 and signal.ndim == 1
    if form != "mp3":
        np.testing.assert_allclose(signal, SIGNAL, atol=step)
    else:
        level = np.sqrt(np.mean(signal**2)) / np.sqrt(np.mean(SIGNAL**2))
        assert len(signal) == pytest.approx(len(SIGNAL), abs=1600) and level == pytest.approx(1, abs=step)


@pytest.mark.parametrize("rate", MP3_RATES)
def test_rates_of_mp3(rate):
    assert soundfile.info(io.BytesIO(encoded(SIGNAL, rate, "mp3"))).samplerate == rate


def test_what_a_format_cannot():
    with pytest.raises(NkululekoError, match="MP3 cannot hold 10000 Hz; choose one of 8000"):
        check_rate(10000, "mp3")
    with pytest.raises(NkululekoError, match="cannot be written as flac"):
        encoded(SIGNAL, 16000, "flac", "FLOAT")


def test_too_loud_is_made_softer_and_nothing_else_is_changed():
    assert within_range(SIGNAL) is SIGNAL
    np.testing.assert_allclose(within_range(4 * SIGNAL), SIGNAL / 0.4, rtol=1e-4)


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write, "write_atomically", full)
    with pytest.raises(NkululekoError, match="No space left on device"):
        write_audio(tmp_path / "a.wav", b"x")
    assert not list(tmp_path.iterdir())
