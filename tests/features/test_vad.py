"""How much of a segment is speech: on speech with known pauses, on noise, on real recordings."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nkululeko.audio import vad
from nkululeko.core.errors import NkululekoError
from nkululeko.features.vad import Vad
from nkululeko.testing.speech import SENTENCES, STYLES, VOICES, synthesise

# not importorskip: to import it before it is told to keep quiet would start its telemetry
pytestmark = pytest.mark.skipif(
    find_spec("onnxruntime") is None, reason="NOT TESTED: onnxruntime is not installed"
)

RATE = 16000
EMODB = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "emodb" / "wav"


def measured(signal: np.ndarray) -> dict[str, float]:
    extractor = Vad()
    return dict(zip(extractor.names(), extractor.extract(signal, RATE).tolist(), strict=True))


@pytest.mark.parametrize("voice", VOICES[::3], ids=lambda voice: voice.speaker)
@pytest.mark.parametrize("mood", STYLES, ids=lambda mood: mood.emotion)
def test_speech(voice, mood) -> None:  # type: ignore[no-untyped-def]
    signal = synthesise(voice, mood, SENTENCES[0], seed=1)
    found = measured(signal)
    assert found["speech_share"] > 0.8
    assert found["speech_s"] == pytest.approx(found["speech_share"] * len(signal) / RATE)


def test_pauses_do_not_count() -> None:
    speech = synthesise(VOICES[0], STYLES[0], SENTENCES[0], seed=1)
    alone = measured(speech)["speech_s"]
    pause = 1e-4 * np.random.default_rng(0).standard_normal(2 * RATE, dtype=np.float32)
    found = measured(np.concatenate([pause, speech, pause]))
    assert found["speech_s"] == pytest.approx(alone, abs=0.15)
    assert found["speech_share"] == pytest.approx(found["speech_s"] * RATE / (4 * RATE + len(speech)))


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(RATE, dtype=np.float32),
        1e-3 * np.random.default_rng(0).standard_normal(3 * RATE, dtype=np.float32),
        0.1 * np.random.default_rng(1).standard_normal(3 * RATE, dtype=np.float32),
        0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE),
        0.1 * np.sin(2 * np.pi * 50 * np.arange(2 * RATE) / RATE),
    ],
    ids=["silence", "soft noise", "loud noise", "tone", "mains hum"],
)
def test_what_is_no_speech(signal: np.ndarray) -> None:
    assert measured(signal) == {"speech_s": 0.0, "speech_share": 0.0}


def test_sustained_vowels_are_no_speech_to_it() -> None:
    """The manual warns of it; if this changes, the warning goes."""
    assert measured(synthesise(VOICES[0], STYLES[2], "a" * 40, seed=1))["speech_share"] < 0.2
    manual = Path(__file__).resolve().parents[2] / "docs" / "filters.md"
    assert "sustained vowels" in manual.read_text("utf-8")


@pytest.mark.skipif(not EMODB.exists(), reason="NOT TESTED: there is no EmoDB")
def test_real_speech() -> None:
    import soundfile

    files = sorted(EMODB.glob("*.wav"))[::20]
    shares = [measured(soundfile.read(file, dtype="float32")[0])["speech_share"] for file in files]
    assert min(shares) > 0.4 and np.median(shares) > 0.9


def test_the_version_names_model_and_runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = Vad().version()
    assert version("onnxruntime") in before
    other = tmp_path / "model.onnx"
    other.write_bytes(b"another model")
    monkeypatch.setattr(vad, "MODEL", other)
    vad._fingerprint.cache_clear()
    changed = Vad().version()
    vad._fingerprint.cache_clear()
    assert changed != before


def test_an_empty_segment_is_an_error() -> None:
    with pytest.raises(NkululekoError, match="no samples"):
        Vad().extract(np.zeros(0, dtype=np.float32), RATE)
