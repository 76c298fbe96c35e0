"""Feature set ``sdr``: one of the measures of ``squim``."""

from __future__ import annotations

from nkululeko.features._squim_single import Single


class Sdr(Single):
    """Scale-invariant signal-to-distortion ratio (Le Roux et al. 2019) in dB; see ``squim``."""

    summary = "signal-to-distortion ratio in dB, estimated by a network; needs torchaudio"
