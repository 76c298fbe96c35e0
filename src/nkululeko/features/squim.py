"""Feature set ``squim``: intelligibility, quality and distortion, as a network estimates them."""

from __future__ import annotations

from typing import ClassVar

from nkululeko.features._squim import OBJECTIVE, Estimator, Kind


class Squim(Estimator):
    """STOI, PESQ and SI-SDR of a recording, estimated by SQUIM without its clean original.

    - ``stoi`` (0..1): short-time objective intelligibility (Taal et al. 2011)
    - ``pesq`` (1 to about 4.6): wide-band perceptual evaluation of speech quality (ITU-T P.862.2)
    - ``sdr``: scale-invariant signal-to-distortion ratio (Le Roux et al. 2019) in dB

    They say how a recording sounds, not who speaks or how. A recording of more than 10 s goes through the network in
    equal pieces, whose mean counts. Silence has no values.

    Example:
        >>> Squim().names()
        ['stoi', 'pesq', 'sdr']
    """

    kind: ClassVar[Kind] = OBJECTIVE
    columns: ClassVar[tuple[str, ...]] = ("stoi", "pesq", "sdr")
    summary = "intelligibility, quality and distortion, estimated by a network; needs torchaudio"
    licence = "SQUIM's objective weights (DNS Challenge): CC BY 4.0"
