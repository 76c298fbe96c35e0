"""Short-time spectra and pitch as Kaldi defines them, through kaldi-native-fbank: 25 ms windows every 10 ms.

Signals are scaled to the range of 16-bit integers first, as Kaldi's constants (its floor of the logarithm,
the ballast of its pitch tracker) expect. Nothing is dithered: the same samples give the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError

RATE = 16000
WINDOW = 400
HOP = 0.010
#: full scale of 16-bit integers, which Kaldi takes for that of the signal
FULL_SCALE = 32768.0
#: exponent of Kaldi's contour of voicing, (1.0001 - NCCF) ** 0.15
POV_EXPONENT = 0.15


def fbank_options(n_mels: int) -> Any:
    """Kaldi's options: povey window, pre-emphasis 0.97, bands from 20 Hz to 8 kHz, energy in front."""
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.samp_freq = RATE
    options.frame_opts.frame_length_ms = 1000 * WINDOW / RATE
    options.frame_opts.frame_shift_ms = 1000 * HOP
    options.frame_opts.window_type = "povey"
    options.frame_opts.preemph_coeff = 0.97
    options.frame_opts.remove_dc_offset = True
    options.frame_opts.snip_edges = True
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = n_mels
    options.mel_opts.low_freq = 20
    options.mel_opts.high_freq = 0  # Kaldi's way to say: the Nyquist frequency
    options.use_energy = True
    options.raw_energy = True
    options.energy_floor = 0.0
    return options


def log_mel(scaled: list[float], n_mels: int) -> tuple[np.ndarray, np.ndarray]:
    """Log energy and log-mel spectrum of each frame (natural logarithm).

    Args:
        scaled: samples in the range of 16-bit integers, at 16 kHz (a list: Kaldi reads it fastest)
        n_mels: number of bands

    Returns:
        energy of shape ``(frames,)``, bands of shape ``(frames, n_mels)``
    """
    import kaldi_native_fbank as knf

    bank = knf.OnlineFbank(fbank_options(n_mels))
    bank.accept_waveform(RATE, scaled)
    bank.input_finished()
    frames = np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)]).astype(np.float64)
    return frames[:, 0], frames[:, 1:]


def cepstra(bands: np.ndarray, n_mfcc: int, lifter: float = 22.0) -> np.ndarray:
    """MFCCs from C0 on: orthonormal DCT-II of the log-mel spectrum, liftered (Davis & Mermelstein 1980; HTK).

    Args:
        bands: log-mel spectrum, shape ``(frames, n_mels)``
        n_mfcc: number of coefficients
        lifter: of Kaldi and HTK, lends the higher ones more weight

    Returns:
        shape ``(frames, n_mfcc)``
    """
    n_mels = bands.shape[1]
    order = np.arange(n_mfcc)[:, np.newaxis]
    basis = np.sqrt(2 / n_mels) * np.cos(np.pi * order * (np.arange(n_mels) + 0.5) / n_mels)
    basis[0] = np.sqrt(1 / n_mels)
    weights = 1 + lifter / 2 * np.sin(np.pi * order / lifter)
    return bands @ (weights * basis).T


def deltas(contours: np.ndarray, reach: int = 2) -> np.ndarray:
    """Slope a frame of the regression line over ``2 * reach + 1`` frames (Furui 1986); edges are repeated.

    Args:
        contours: shape ``(frames, contours)``

    Returns:
        the same shape

    Example:
        >>> deltas(np.array([[1.0], [2.0], [4.0]]), reach=1).ravel().tolist()
        [0.5, 1.5, 1.0]
    """
    frames = len(contours)
    padded = np.pad(contours, ((reach, reach), (0, 0)), mode="edge")
    total = np.zeros_like(contours)
    for step in range(1, reach + 1):
        ahead = padded[reach + step : reach + step + frames]
        behind = padded[reach - step : reach - step + frames]
        total += step * (ahead - behind)
    return total / (2 * sum(step * step for step in range(1, reach + 1)))


def pitch(scaled: list[float], f0min: float, f0max: float) -> tuple[np.ndarray, np.ndarray]:
    """F0 in Hz and probability of voicing of each frame (Ghahremani et al. 2014).

    The tracker gives every frame an F0, continuous through unvoiced sounds: keep those that are voiced.

    Args:
        scaled: samples in the range of 16-bit integers, at 16 kHz, without offset
        f0min: lowest F0 in Hz
        f0max: highest F0 in Hz

    Returns:
        two arrays of shape ``(frames,)``

    Raises:
        NkululekoError: the package is too old to have the tracker
    """
    import kaldi_native_fbank as knf

    if not hasattr(knf, "compute_and_process_kaldi_pitch"):
        raise NkululekoError(
            "feature set 'mfcc' needs kaldi-native-fbank 1.23 or newer",
            todo="pip install -U kaldi-native-fbank",
        )
    tracker = knf.PitchExtractionOptions()
    tracker.samp_freq, tracker.min_f0, tracker.max_f0 = RATE, f0min, f0max
    wanted = knf.ProcessPitchOptions()
    wanted.add_normalized_log_pitch = wanted.add_delta_pitch = False
    wanted.add_pov_feature = wanted.add_raw_log_pitch = True
    wanted.pov_scale, wanted.pov_offset = 1.0, 1.0  # plainly (1.0001 - NCCF) ** 0.15
    frames = knf.compute_and_process_kaldi_pitch(tracker, wanted, scaled).astype(np.float64)
    nccf = 1.0001 - frames[:, 0] ** (1 / POV_EXPONENT)
    return np.exp(frames[:, 1]), probability_of_voicing(nccf)


def probability_of_voicing(nccf: np.ndarray) -> np.ndarray:
    """Probability that a frame is voiced, from its cross-correlation (Ghahremani et al. 2014)."""
    a = np.clip(np.abs(nccf), 0, 1)
    logit = -5.2 + 5.4 * np.exp(7.5 * (a - 1)) + 4.8 * a - 2 * np.exp(-10 * a) + 4.2 * np.exp(20 * (a - 1))
    return 1 / (1 + np.exp(-logit))
