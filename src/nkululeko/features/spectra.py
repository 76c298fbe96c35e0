"""Feature set ``spectra``: log-mel spectrograms, for models that take sequences (``cnn``, ``lstm``)."""

from __future__ import annotations

import importlib.metadata
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import model_validator

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import option
from nkululeko.features import _kaldi as kaldi
from nkululeko.features import _sequences as sequences

#: raise it whenever this code may give other values
REVISION = 1
#: samples a millisecond
PER_MS = kaldi.RATE // 1000
#: where the lowest band begins, in Hz; the highest ends at the Nyquist frequency
LOWEST = 20.0


class SpectraOptions(plugin.Options):
    """Settings of the spectral analysis."""

    fft_win_dur: float = option(25.0, "length of the window (ms)", ge=2, le=500)
    fft_hop_dur: float = option(10.0, "distance of two windows (ms)", ge=1, le=500)
    fft_nbands: int = option(64, "number of mel bands", ge=3, le=256)
    max_duration: float = option(4.0, "of each segment, use the first so many seconds", gt=0, le=60)

    @model_validator(mode="after")
    def _possible(self) -> SpectraOptions:
        if self.max_duration * 1000 < self.fft_win_dur:
            raise ValueError(
                f"max_duration ({self.max_duration:g} s) is shorter than one window ({self.fft_win_dur:g} ms)"
            )
        most = most_bands(self.fft_win_dur)
        if self.fft_nbands > most:
            raise ValueError(
                f"fft_nbands ({self.fft_nbands}) is too fine for a window of {self.fft_win_dur:g} ms; "
                f"take {most} at most, or a longer window"
            )
        return self


class Spectra(FeatureSet):
    """The log-mel spectrogram of the first seconds, frame after frame: 398 frames of 64 bands by default.

    Windows and filters are Kaldi's, for signals scaled to 16-bit range (natural logarithm). Segments that are
    longer than ``max_duration`` are cut there, the rows of shorter ones end in NaN.

    Example:
        >>> spectra = Spectra()
        >>> spectra.shape(), spectra.names()[:2], spectra.names()[-1]
        ((398, 64), ['mel00_t000', 'mel01_t000'], 'mel63_t397')
        >>> row = spectra.extract(np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000), 16000)
        >>> frames = row.reshape(spectra.shape())
        >>> int(np.isfinite(frames).all(axis=1).sum())  # one second
        98
    """

    Options = SpectraOptions
    options: SpectraOptions
    sampling_rate: ClassVar[int | None] = kaldi.RATE
    # kaldi-native-fbank holds the interpreter lock
    workers: ClassVar[Literal["threads", "processes"]] = "processes"
    summary = "log-mel spectrograms, for cnn and lstm; free of licence limits"

    def names(self) -> list[str]:
        """Names like ``mel07_t012``: band 7 of frame 12, both from 0."""
        frames, bands = self.shape()
        return sequences.names([f"mel{band:02d}" for band in range(bands)], frames)

    def shape(self) -> tuple[int, int]:
        """Frames (whole windows within ``max_duration``) and bands."""
        window, hop = self._samples(self.options.fft_win_dur), self._samples(self.options.fft_hop_dur)
        return 1 + (self._longest() - window) // hop, self.options.fft_nbands

    def version(self) -> str:
        """Revision of this code and version of kaldi-native-fbank."""
        return f"{REVISION};kaldi-native-fbank={importlib.metadata.version('kaldi-native-fbank')}"

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The spectrogram of one segment as a row, float32; see :meth:`shape`.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``, at least one window
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: the segment is too short, of another sampling rate or not a signal
        """
        samples = np.asarray(signal[: self._longest()], dtype=np.float32)
        _check(samples, sampling_rate, self._samples(self.options.fft_win_dur))
        frames, _ = self.shape()
        return sequences.row(self._log_mel(samples), frames)

    def _log_mel(self, samples: np.ndarray) -> np.ndarray:
        """Natural logarithm of the energy in each band, shape ``(frames, bands)``."""
        import kaldi_native_fbank as knf

        bank: Any = knf.OnlineFbank(self._fbank_options())
        bank.accept_waveform(kaldi.RATE, (samples * kaldi.FULL_SCALE).tolist())
        bank.input_finished()
        return np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)])

    def _fbank_options(self) -> Any:
        options = kaldi.fbank_options(self.options.fft_nbands)
        options.frame_opts.frame_length_ms = self._samples(self.options.fft_win_dur) / PER_MS
        options.frame_opts.frame_shift_ms = self._samples(self.options.fft_hop_dur) / PER_MS
        options.mel_opts.low_freq = LOWEST
        options.use_energy = False
        return options

    def _longest(self) -> int:
        """``max_duration`` in samples."""
        return self._samples(1000 * self.options.max_duration)

    @staticmethod
    def _samples(milliseconds: float) -> int:
        return round(milliseconds * PER_MS)


def most_bands(window_ms: float) -> int:
    """How many mel bands a window can tell apart: each needs a line of the spectrum for itself.

    Args:
        window_ms: length of the window (ms)

    Example:
        >>> most_bands(25), most_bands(10)
        (126, 70)
    """
    samples = round(window_ms * PER_MS)
    lines = 1 << max(0, (samples - 1).bit_length() - 1)  # half of the window, zero-padded to a power of two
    mel = _mel(np.arange(lines) * kaldi.RATE / 2 / lines)
    most = 0
    for bands in range(1, 400):
        edges = np.linspace(_mel(LOWEST), _mel(kaldi.RATE / 2), bands + 2)
        first_above = np.searchsorted(mel, edges[:-2], side="right")
        if np.any(first_above >= np.searchsorted(mel, edges[2:], side="left")):
            break  # a band from edge to edge but one, with no line inside
        most = bands
    return most


def _mel(frequency: Any) -> Any:
    """The mel scale of HTK and Kaldi; frequency in Hz."""
    return 1127 * np.log1p(np.asarray(frequency) / 700)


def _check(samples: np.ndarray, sampling_rate: int, window: int) -> None:
    if sampling_rate != kaldi.RATE:
        raise NkululekoError(f"feature set 'spectra' needs {kaldi.RATE} Hz, not {sampling_rate} Hz")
    if len(samples) < window:
        found = f"segment of {len(samples) / sampling_rate:.3f} s is too short for a spectrum"
        raise NkululekoError(found, todo=f"it needs at least {window / sampling_rate:.3f} s")
    if not np.all(np.isfinite(samples)):
        raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
