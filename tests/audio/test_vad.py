"""Finding speech: as the original package does it, for any rate and length, and nothing is told to anybody."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from nkululeko.audio import vad
from nkululeko.audio.read import resample
from nkululeko.core.errors import NkululekoError
from nkululeko.testing.speech import SENTENCES, STYLES, VOICES, synthesise

# not importorskip: to import it before it is told to keep quiet would start its telemetry
pytestmark = pytest.mark.skipif(
    find_spec("onnxruntime") is None, reason="NOT TESTED: onnxruntime is not installed"
)

RATE = 16000
EMODB = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "emodb" / "wav"


def conversation(seed: int) -> np.ndarray:
    """Cuts of six utterances by various voices, with pauses of 0.02 to 0.5 s."""
    random = np.random.default_rng(seed)
    parts = []
    for turn in range(6):
        voice, mood = VOICES[random.integers(8)], STYLES[random.integers(4)]
        speech = synthesise(voice, mood, SENTENCES[random.integers(len(SENTENCES))], seed=[seed, turn])
        length = int(random.uniform(0.1, 1.2) * RATE)
        pause = 3e-4 * random.standard_normal(int(random.uniform(0.02, 0.5) * RATE))
        parts += [speech[:length], pause.astype(np.float32)]
    return np.concatenate(parts)


# --- goldens: silero-vad 6.2.3 with its torch model (silero_vad.jit, torch 2.x), in samples

GOLDEN = {
    0: [(8736, 20448), (24608, 32224), (38944, 47072), (49184, 67552)],
    2: [(2080, 16864), (23072, 34784), (39456, 45536), (48160, 60896), (66080, 74720), (82464, 94386)],
    6: [(1568, 9696), (12832, 24544), (52768, 61920)],
}
#: threshold 0.3, speech of at least 50 ms, no silence needed, pad 100 ms
GOLDEN_OTHERWISE = {
    0: [(0, 4096), (4096, 7424), (7424, 21568), (22976, 33344), (37312, 48128), (48128, 68672)],
    2: [(448, 11008), (11008, 18496), (21440, 36416), (38336, 46848), (46848, 62016), (64960, 76352), (80832, 94386)],
    6: [(448, 10816), (11712, 26176), (30144, 36416), (39360, 45120), (47552, 52224), (52224, 63552)],
}  # fmt: skip
#: every ninth window of conversation 0
GOLDEN_PROBABILITIES = [
    0.01922, 0.34138, 0.97549, 0.99992, 0.99874, 0.01445, 0.99785, 0.05135, 0.00030, 0.99540,
    0.40222, 0.99876, 0.99996, 0.99999, 0.99999, 0.00342,
]  # fmt: skip
#: likewise, real speech
GOLDEN_EMODB = {
    "08a02Tb": [(3104, 16352), (27168, 32000)],
    "11b09Ad": [(1056, 19424), (23072, 32000)],
    "03a01Fa": [(1568, 30176)],
    "16b10Wb": [(544, 30820)],
}  # fmt: skip


def in_samples(segments: list[tuple[float, float]]) -> list[tuple[int, int]]:
    return [(round(start * RATE), round(end * RATE)) for start, end in segments]


@pytest.mark.parametrize("seed", GOLDEN)
def test_segments_are_those_of_the_original_package(seed: int) -> None:
    signal = conversation(seed)
    assert in_samples(vad.speech_segments(signal, RATE)) == GOLDEN[seed]
    otherwise = vad.speech_segments(signal, RATE, threshold=0.3, min_speech=0.05, min_silence=0, pad=0.1)
    assert in_samples(otherwise) == GOLDEN_OTHERWISE[seed]


def test_probabilities_are_those_of_the_original_package() -> None:
    found = vad.speech_probabilities(conversation(0), RATE)
    assert found.shape == (137,) and found.dtype == np.float32
    np.testing.assert_allclose(found[::9], GOLDEN_PROBABILITIES, atol=1e-4)


@pytest.mark.skipif(not EMODB.exists(), reason="NOT TESTED: there is no EmoDB")
@pytest.mark.parametrize("name", GOLDEN_EMODB)
def test_real_speech(name: str) -> None:
    import soundfile

    signal, rate = soundfile.read(EMODB / f"{name}.wav", dtype="float32")
    assert in_samples(vad.speech_segments(signal, rate)) == GOLDEN_EMODB[name]


def test_the_model_is_the_published_one() -> None:
    """silero_vad/data/silero_vad_16k_sequence.onnx of the wheel silero-vad 6.2.3; its licence lies beside it."""
    published = "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85"
    assert hashlib.sha256(vad.MODEL.read_bytes()).hexdigest() == published
    assert "MIT License" in (vad.MODEL.parent / "silero_vad_LICENSE.txt").read_text()


# --- the rules, on probabilities by hand: 100 ms are four windows of pause and the one that ends it


@pytest.mark.parametrize(
    ("probabilities", "stretches"),
    [
        ([0.0] * 9, []),
        ([0.49] * 9, []),  # never at the threshold
        ([0.5, 0.5], [(0, 2)]),  # lasts to the end
        ([0, 1, 0.36, 0.36, 0.36, 0.36, 0.36, 0.36], [(1, 8)]),  # not below the exit
        ([0, 1, 1, 0, 0, 0, 0, 0, 0], [(1, 3)]),
        ([0, 1, 1, 0, 0, 0, 0, 1, 0], [(1, 9)]),  # the pause is too short
        ([0, 1, 1, 0, 0, 0, 0, 0, 1], [(1, 3), (8, 9)]),
        ([0, 1, 0, 0.4, 0.4, 0.4, 0, 0, 0], [(1, 2)]),  # what is between the two is still a pause
        ([0, 1, 0, 0.6, 0, 0, 0, 0, 0], [(1, 4)]),  # the pause begins anew
    ],
)
def test_entering_and_leaving_speech(probabilities: list[float], stretches: list[tuple[int, int]]) -> None:
    found = vad._stretches(np.array(probabilities), len(probabilities) * vad.WINDOW, 0.5, 0.1)
    assert found == [(start * vad.WINDOW, end * vad.WINDOW) for start, end in stretches]


@pytest.mark.parametrize(
    ("stretches", "padded"),
    [
        ([], []),
        ([(100, 200)], [(90, 210)]),
        ([(5, 200), (300, 995)], [(0, 210), (290, 1000)]),  # not beyond the signal
        ([(100, 200), (215, 300)], [(90, 207), (208, 310)]),  # they share a pause of 15
    ],
)
def test_padding(stretches: list[tuple[int, int]], padded: list[tuple[int, int]]) -> None:
    assert vad._padded(stretches, 1000, 10) == padded


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0, 1, width=32), max_size=60),
    st.floats(0.05, 0.95),
    st.floats(0, 0.3),
    st.integers(0, 3000),
)
def test_segments_are_in_order_and_within_the_signal(
    probabilities: list[float], threshold: float, min_silence: float, pad: int
) -> None:
    length = max(0, len(probabilities) * vad.WINDOW - 100)
    found = vad._padded(vad._stretches(np.array(probabilities), length, threshold, min_silence), length, pad)
    borders = np.ravel(found)
    assert np.all(np.diff(borders) >= 0)
    assert np.all((borders >= 0) & (borders <= length))
    assert bool(found) == any(probability >= threshold for probability in probabilities)


# --- signals


@pytest.mark.parametrize("level", [0.0, 1e-6, 1e-3, 0.01, 0.1])
def test_silence_and_noise_are_no_speech(level: float) -> None:
    noise = level * np.random.default_rng(0).standard_normal(5 * RATE, dtype=np.float32)
    assert vad.speech_segments(noise, RATE) == []


def test_long_signals_go_through_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = conversation(0)
    whole = vad.speech_probabilities(signal, RATE)
    monkeypatch.setattr(vad, "_BLOCK", 7)
    np.testing.assert_allclose(vad.speech_probabilities(signal, RATE), whole, atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_other_rates(rate: int) -> None:
    signal = conversation(6)
    there = vad.speech_segments(resample(signal, RATE, rate), rate)
    here = vad.speech_segments(signal, RATE)
    assert len(there) == len(here)
    np.testing.assert_allclose(there, here, atol=0.1)


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 800])
def test_short_signals(size: int) -> None:
    signal = conversation(0)[10_000 : 10_000 + size]
    assert vad.speech_probabilities(signal, RATE).shape == (-(-size // 512),)
    assert vad.speech_segments(signal, RATE) == []  # 0.25 s at least


def test_what_is_no_signal_is_said() -> None:
    with pytest.raises(NkululekoError, match="not numbers"):
        vad.speech_segments(np.array([0, np.nan], dtype=np.float32), RATE)


def test_threads_may_share_the_model() -> None:
    signals = [conversation(seed) for seed in (0, 2, 6)] * 4
    alone = [vad.speech_probabilities(signal, RATE) for signal in signals]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda signal: vad.speech_probabilities(signal, RATE), signals))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


# --- the package


@pytest.fixture
def without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    vad._session.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr(sys, "path", [])  # installed packages are found along it
    yield
    vad._session.cache_clear()


def test_a_missing_package_is_named(without_onnxruntime: None) -> None:
    for call in (lambda: vad.speech_probabilities(np.zeros(RATE), RATE), vad.version):
        with pytest.raises(NkululekoError, match=r'onnxruntime; pip install "nkululeko\[vad\]"'):
            call()


def test_nothing_is_told_to_anybody(tmp_path: Path) -> None:
    """onnxruntime 1.31 would write an identifier of the device below the home folder, and send it."""
    code = (
        "import numpy, os; from nkululeko.audio import vad; "
        "assert vad.speech_probabilities(numpy.zeros(16000), 16000).shape == (32,); "
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'"
    )
    homes = {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME")}
    known = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", code], env=known | homes, check=True)
    assert list(tmp_path.iterdir()) == []
