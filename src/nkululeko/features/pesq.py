"""Feature set ``pesq``: one of the measures of ``squim``."""

from __future__ import annotations

from nkululeko.features._squim_single import Single


class Pesq(Single):
    """Wide-band perceptual evaluation of speech quality (ITU-T P.862.2), 1 to about 4.6; see ``squim``."""

    summary = "quality (PESQ), estimated by a network; needs torchaudio"
