import io

import numpy as np
import pytest
import soundfile

from nkululeko.report.audio import LARGEST, clip, clips


def write(path, seconds, rate=16000, channels=1, noise=0.05):
    random = np.random.default_rng(1)
    time = np.arange(round(seconds * rate)) / rate
    signal = 0.4 * np.sin(2 * np.pi * 200 * time) + noise * random.standard_normal(len(time))
    soundfile.write(path, np.stack([signal] * channels, axis=1), rate)
    return str(path)


def read(found):
    return soundfile.read(io.BytesIO(found.data), dtype="float32")


def test_whole_file_without_loss(tmp_path):
    file = write(tmp_path / "a.wav", 1.5)
    found = clip(file)
    signal, rate = read(found)
    assert found.mime == "audio/flac" and rate == 16000 and not found.cut
    assert found.seconds == 1.5
    np.testing.assert_allclose(signal, soundfile.read(file)[0], atol=2 / 32768)


def test_segment(tmp_path):
    file = write(tmp_path / "a.wav", 3)
    signal, _ = read(clip(file, 1.0, 1.5))
    np.testing.assert_allclose(signal, soundfile.read(file)[0][16000:24000], atol=2 / 32768)


def test_segment_beyond_the_end_is_what_there_is(tmp_path):
    file = write(tmp_path / "a.wav", 1)
    assert clip(file, 0.5, 9.0).seconds == 0.5
    assert clip(file, 2.0, 3.0) is None


def test_channels_are_mixed(tmp_path):
    signal, _ = read(clip(write(tmp_path / "a.wav", 1, channels=2)))
    assert signal.ndim == 1


def test_long_segments_are_cut_and_stay_small(tmp_path):
    found = clip(write(tmp_path / "a.wav", 14))
    assert found.cut and found.seconds == 10
    assert len(found.data) < LARGEST


@pytest.mark.parametrize("rate", [44100, 48000, 96000, 20000])
def test_what_is_too_large_becomes_mp3_at_any_rate(tmp_path, rate):
    found = clip(write(tmp_path / "a.wav", 9, rate=rate, noise=0.2))
    signal, played = read(found)
    assert found.mime == "audio/mpeg"
    assert len(found.data) < LARGEST
    assert len(signal) / played == pytest.approx(9, abs=0.1)
    spectrum = np.abs(np.fft.rfft(signal[:played]))
    assert abs(int(spectrum.argmax()) - 200) <= 1  # in Hz: one second of signal


def test_broken_values_do_not_break_the_clip(tmp_path):
    signal = np.full(8000, np.nan, dtype="float32")
    signal[:4000] = 3.0
    soundfile.write(tmp_path / "a.wav", signal, 16000, subtype="FLOAT")
    heard, _ = read(clip(str(tmp_path / "a.wav")))
    assert heard.max() <= 1 and np.isfinite(heard).all()


def test_unreadable_files_have_no_clip(tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"not a sound")
    empty = tmp_path / "empty.wav"
    soundfile.write(empty, np.zeros(0), 16000)
    segments = [(str(broken), 0.0, None), (str(tmp_path / "none.wav"), 0.0, 1.0), (str(empty), 0.0, None)]
    assert clips(segments) == dict.fromkeys(segments)
