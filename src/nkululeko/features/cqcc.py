"""Feature set ``cqcc``: cepstral coefficients of the constant-Q transform."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from nkululeko.core import plugin
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import option
from nkululeko.features import _cepstra as cepstra

#: raise it whenever this code may give other values
REVISION = 1
#: six octaves, from 125 Hz to 8 kHz
LOWEST, OCTAVES = 125.0, 6
#: so many points in Hz for the lowest octave (Todisco et al. 2017)
PER_OCTAVE = 16
#: powers do not fall below this: 160 dB below full scale
FLOOR = 1e-16


class CqccOptions(plugin.Options):
    """Settings of the transform."""

    bins: int = option(
        24, "bands an octave: more tell frequencies apart, fewer moments", also=("cqcc.bins",), ge=6, le=96
    )
    n_cqcc: int = option(
        20, "number of cepstral coefficients, C0 included", also=("cqcc.n_cqcc",), ge=1, le=60
    )


class Cqcc(FeatureSet):
    """Mean, spread and quantiles of 20 constant-Q cepstral coefficients and of their deltas: 200 columns.

    The constant-Q transform (Brown 1991) hears low tones with long windows and high ones with short windows, each as
    many periods long; bands lie like the keys of a piano. Its log power is brought to a scale of equal steps in Hz
    (cubic splines, 16 steps in the lowest octave) and then turned into cepstral coefficients by an orthonormal DCT-II
    (Todisco, Delgado and Evans 2017, "Constant Q cepstral coefficients", Computer Speech & Language 45). There
    is a frame every 10 ms. Bands lie between 125 Hz and 8 kHz: the paper's, 96 an octave from 15 Hz on, take windows
    of several seconds. Where a window reaches beyond the segment, it finds silence.

    Example:
        >>> Cqcc().names()[:2], len(Cqcc().names())
        (['cqcc0_mean', 'cqcc0_std'], 200)
    """

    Options = CqccOptions
    options: CqccOptions
    sampling_rate: ClassVar[int | None] = cepstra.RATE
    workers: ClassVar[Literal["threads", "processes"]] = "processes"
    summary = "constant-Q cepstral coefficients; free of licence limits"

    def names(self) -> list[str]:
        """Names like ``cqcc3_mean``, ``cqcc3_delta_p20``."""
        return cepstra.named("cqcc", self.options.n_cqcc)

    def version(self) -> str:
        """Revision of this code."""
        return str(REVISION)

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The functionals of one segment, in the order of :meth:`names`.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``, at least 25 ms
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: the segment is too short, of another sampling rate or not a signal
        """
        from scipy.fft import dct

        samples = cepstra.centred(signal, sampling_rate, "cqcc")
        levels = np.log(np.maximum(constant_q(samples, self.options.bins), FLOOR))
        coefficients = dct(in_equal_steps(levels, self.options.bins), type=2, axis=1, norm="ortho")
        return cepstra.summed_up(coefficients[:, : self.options.n_cqcc])


def frequencies(bins: int) -> np.ndarray:
    """Centres of the bands in Hz.

    Example:
        >>> frequencies(12)[[0, 12, 71]].round().tolist()
        [125.0, 250.0, 7551.0]
    """
    return LOWEST * 2 ** (np.arange(OCTAVES * bins) / bins)


def constant_q(samples: np.ndarray, bins: int) -> np.ndarray:
    """Power of each band every 10 ms (Brown 1991, JASA 89): that of the tone in a Hamming window around the moment.

    The window of a band of frequency ``f`` is ``N = ceil(Q rate / f)`` samples long, with ``Q = 1 / (2^(1/bins) - 1)``:
    ``|1/N sum of x[n] w[n] exp(-2 pi i n f / rate)|^2``.

    Args:
        samples: at 16 kHz, shape ``(samples,)``
        bins: bands an octave

    Returns:
        shape ``(frames, bands)``
    """
    centres = frequencies(bins)
    lengths = np.ceil(cepstra.RATE / centres / (2 ** (1 / bins) - 1)).astype(int)
    half = lengths[0] // 2 + 1
    padded = np.pad(samples, half)
    middles = half + np.arange(0, len(samples), cepstra.HOP)
    powers = np.empty((len(middles), len(centres)))
    # an octave at a time: its lowest band has the longest window, into which the others are put
    for first in range(0, len(centres), bins):
        octave = slice(first, first + bins)
        longest = lengths[first]
        kernel = np.zeros((longest, bins), dtype=np.complex128)
        for column, (centre, length) in enumerate(zip(centres[octave], lengths[octave], strict=True)):
            start = longest // 2 - length // 2
            tone = np.exp(-2j * np.pi * centre / cepstra.RATE * np.arange(length))
            kernel[start : start + length, column] = np.hamming(length) * tone / length
        windows = np.lib.stride_tricks.sliding_window_view(padded, longest)
        powers[:, octave] = _energy(windows, middles - longest // 2, kernel)
    return powers


def _energy(windows: np.ndarray, starts: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Squared magnitude of the windows' products with the kernel; a thousand windows at a time bound the memory."""
    parts = []
    for at in np.array_split(starts, -(-len(starts) // 1000)):
        frames = windows[at]
        parts.append((frames @ kernel.real) ** 2 + (frames @ kernel.imag) ** 2)
    return np.concatenate(parts)


def in_equal_steps(levels: np.ndarray, bins: int) -> np.ndarray:
    """Levels of bands that lie in octaves, at frequencies of equal distance in Hz, by cubic splines.

    Args:
        levels: shape ``(frames, bands)``
        bins: bands an octave

    Returns:
        shape ``(frames, points)``
    """
    from scipy.interpolate import CubicSpline

    here = frequencies(bins)
    there = np.arange(here[0], here[-1], LOWEST / PER_OCTAVE)
    return CubicSpline(here, levels, axis=1)(there)
