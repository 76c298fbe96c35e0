"""Feature set ``snr``: how far speech stands above the noise, estimated from the recording alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import ClassVar, Literal

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet

#: raise it whenever this code may give other values
REVISION = 1
#: estimates do not leave this range, in dB: beyond it, neither method tells anything
LOWEST, HIGHEST = -20.0, 100.0
#: shortest segment in seconds
SHORTEST = 0.2
#: length of a frame in seconds; a new one begins after half of it
FRAME = 0.032
#: so many frames are averaged before their minimum is taken
SMOOTHED = 4
#: the noise is taken to be steady for so long, in seconds
STEADY = 4.0
#: what lies below is rumble and drift, no voice, and does not count for minimum statistics; in Hz
LOWEST_FREQUENCY = 80.0
#: shape of the gamma distribution of clean speech (Kim and Stern 2008)
SHAPE = 0.4


class Snr(FeatureSet):
    """Signal-to-noise ratio in dB, twice: by minimum statistics and by the shape of the waveform.

    Neither needs a clean reference. ``snr`` calls noise what does not change within seconds, and looks at each
    frequency for the moments when nobody speaks there; see :func:`minimum_statistics`. ``snr_wada`` looks at how the
    amplitudes are distributed; see :func:`wada`. Neither depends on the level. Digital silence (samples that are
    exactly zero) is left out, so that padding changes little. Both are NaN where nothing else is left.

    With white noise added to clean speech, ``snr`` is right within 2 dB up to 15 dB, and some 4 dB too low at 30 dB:
    speech that hardly pauses passes for noise. ``snr_wada`` scatters by several dB between utterances.

    Example:
        >>> from nkululeko.testing import speech
        >>> voice = speech.synthesise(speech.VOICES[0], speech.style("neutral"), speech.SENTENCES[0], seed=1)
        >>> hiss = np.random.default_rng(1).normal(size=len(voice)) * np.std(voice)
        >>> noisy = voice + 10 ** (-10 / 20) * hiss
        >>> bool(abs(Snr().extract(noisy, 16000)[0] - 10) < 2)
        True
    """

    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    summary = "signal-to-noise ratio in dB, estimated without a reference"

    def names(self) -> list[str]:
        """Both in dB."""
        return ["snr", "snr_wada"]

    def version(self) -> str:
        """Revision of this code."""
        return str(REVISION)

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The two estimates in dB, from -20 to 100, shape ``(2,)``.

        Args:
            signal: mono, shape ``(samples,)``, at least 0.2 s
            sampling_rate: in Hz

        Raises:
            NkululekoError: the segment is too short or holds values that are not numbers
        """
        samples = np.asarray(signal, dtype=np.float64)
        if len(samples) < SHORTEST * sampling_rate:
            found = (
                f"segment of {len(samples) / sampling_rate:.3f} s is too short for a signal-to-noise ratio"
            )
            raise NkululekoError(found, todo=f"it needs at least {SHORTEST:g} s")
        if not np.all(np.isfinite(samples)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
        sounding = samples != 0
        heard = samples[sounding]
        if len(heard) == 0 or np.ptp(heard) == 0:  # nothing, or nothing but an offset
            return np.full(2, np.nan)
        samples = np.where(sounding, samples - heard.mean(), 0.0)
        return np.array([minimum_statistics(samples, sampling_rate), wada(samples)])


def minimum_statistics(samples: np.ndarray, sampling_rate: int) -> float:
    """Signal-to-noise ratio by the minima of a smoothed spectrogram (Martin 1994, 2001), in dB.

    The power of each frequency falls to that of the noise whenever speech pauses there, between words or
    between sounds. So the noise at a frequency is the smallest of its smoothed powers within 4 s, times a factor for
    the minimum of noise lying below its mean (:func:`minimum_bias`). The rest of the power is the signal.

    Martin 1994, "Spectral subtraction based on minimum statistics", EUSIPCO; Martin 2001, "Noise power spectral
    density estimation based on optimal smoothing and minimum statistics", IEEE Trans. Speech Audio Proc. 9(5).
    Here the smoothing is a plain mean of 4 frames of 32 ms, half overlapping; frequencies below 80 Hz are left out.

    Args:
        samples: without offset, shape ``(samples,)``; frames of zeros do not count
        sampling_rate: in Hz

    Returns:
        -20 to 100; NaN where less than 0.15 s sounds
    """
    total = noise = 0.0
    for powers in _stretches(samples, sampling_rate):
        smoothed = _smoothed(powers)
        total += powers.sum()
        noise += len(powers) * float(smoothed.min(axis=0).sum()) * minimum_bias(len(smoothed))
    if total == 0:
        return float("nan")
    if noise == 0:
        return HIGHEST
    return float(np.clip(10 * np.log10(max(total - noise, 1e-9 * noise) / noise), LOWEST, HIGHEST))


def wada(samples: np.ndarray) -> float:
    """Signal-to-noise ratio by the distribution of the amplitudes (WADA), in dB.

    Amplitudes of speech follow a gamma distribution of shape 0.4, those of noise a normal one. What is mixed
    of both has a ``log(mean|z|) - mean(log|z|)`` in between, which depends on the mixture only; see :func:`wada_table`.

    Kim and Stern 2008, "Robust signal-to-noise ratio estimation based on waveform amplitude distribution analysis",
    Interspeech.

    Args:
        samples: without offset, shape ``(samples,)``; zeros do not count

    Returns:
        -20 to 100; NaN where all are zero
    """
    amplitudes = np.abs(samples[samples != 0])
    if len(amplitudes) == 0:
        return float("nan")
    ratios, statistic = wada_table()
    return float(np.interp(np.log(amplitudes.mean()) - np.log(amplitudes).mean(), statistic, ratios))


@cache
def wada_table() -> tuple[np.ndarray, np.ndarray]:
    """Signal-to-noise ratios from -20 to 100 dB, and what WADA's statistic is at each.

    With speech ``x`` of density ``|x|^(a-1) exp(-|x|) / (2 Gamma(a))``, ``a = 0.4``, and normal noise of deviation
    ``s``, the means of ``|z|`` and ``log|z|`` for a given ``x`` are known: with ``m = |x| / s``,

    - ``E|z| = s sqrt(2 / pi) exp(-m^2 / 2) + |x| erf(m / sqrt(2))``
    - ``E log|z| = log(s) - (gamma + log 2) / 2 + sqrt(2) * integral from 0 to m of D(t / sqrt(2)) dt``
      with Dawson's ``D``

    What remains is an integral over ``x``, smooth in ``u = |x|^a``.
    """
    from scipy.special import erf, gamma

    ratios = np.arange(LOWEST, HIGHEST + 1)
    deviations = np.sqrt(SHAPE * (SHAPE + 1)) * 10 ** (-ratios / 20)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    top = 60**SHAPE  # exp(-60) is nothing
    speech = ((nodes + 1) / 2 * top) ** (1 / SHAPE)
    weights = weights * (top / 2) * np.exp(-speech) / (SHAPE * gamma(SHAPE))
    relative = speech[:, np.newaxis] / deviations
    spread = np.sqrt(2 / np.pi) * deviations * np.exp(-(relative**2) / 2)
    amplitude = spread + speech[:, np.newaxis] * erf(relative / np.sqrt(2))
    logarithm = np.log(deviations) + _mean_log(relative)
    return ratios, np.log(weights @ amplitude) - weights @ logarithm


def _mean_log(shift: np.ndarray) -> np.ndarray:
    """Mean of ``log|shift + n|`` for standard normal ``n``."""
    from scipy.special import dawsn

    step, far = 0.002, 20.0
    grid = np.arange(0, far + step / 2, step)
    slope = np.sqrt(2) * dawsn(grid / np.sqrt(2))
    integral = np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2) * step])
    near = np.interp(shift, grid, integral - (np.euler_gamma + np.log(2)) / 2)
    large = np.maximum(shift, far)  # there, the first terms of the asymptotic series will do
    return np.where(shift < far, near, np.log(large) - 1 / (2 * large**2) - 3 / (4 * large**4))


@cache
def minimum_bias(frames: int) -> float:
    """How far the mean of white noise lies above the minimum of so many smoothed frames, as a factor.

    It is measured on 64 s of noise (its seed is fixed). It depends on neither the sampling rate nor the level.

    Example:
        >>> [round(minimum_bias(frames)) for frames in (1, 20, 200)]
        [1, 3, 6]
    """
    noise = np.random.default_rng(0).normal(size=1_024_000)
    smoothed = _smoothed(_powers(noise, 256))[:, 2:-2]  # the bins at the edges are real, not complex
    whole = len(smoothed) // frames * frames
    minima = smoothed[:whole].reshape(-1, frames, smoothed.shape[1]).min(axis=1)
    return float(smoothed[:whole].mean() / minima.mean())


def _stretches(samples: np.ndarray, sampling_rate: int) -> Iterator[np.ndarray]:
    """Powers of the frames that sound, in stretches of equal length of up to 4 s."""
    size = max(8, 2 * round(FRAME * sampling_rate / 2))
    hop = size // 2
    starts = np.arange(0, len(samples) - size + 1, hop)
    sounding = np.concatenate([[0], np.cumsum(samples != 0)])
    starts = starts[sounding[starts + size] > sounding[starts]]
    most = int(STEADY * sampling_rate / hop)
    for part in np.array_split(starts, max(1, -(-len(starts) // most))):
        if len(part) > 2 * SMOOTHED:
            windows = np.lib.stride_tricks.sliding_window_view(samples, size)
            lowest = int(np.ceil(LOWEST_FREQUENCY * size / sampling_rate))
            yield _spectra(windows[part])[:, lowest:]


def _powers(samples: np.ndarray, size: int) -> np.ndarray:
    return _spectra(np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 2])


def _spectra(frames: np.ndarray) -> np.ndarray:
    """Power spectra of frames with a (periodic) Hann window, shape ``(frames, bins)``."""
    window = np.hanning(frames.shape[1] + 1)[:-1]
    return np.abs(np.fft.rfft(frames * window)) ** 2


def _smoothed(powers: np.ndarray) -> np.ndarray:
    """Means of 4 neighbouring frames."""
    count = len(powers) - SMOOTHED + 1
    return np.sum([powers[shift : shift + count] for shift in range(SMOOTHED)], axis=0) / SMOOTHED
