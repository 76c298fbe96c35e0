"""Feature set ``stoi``: one of the measures of ``squim``."""

from __future__ import annotations

from nkululeko.features._squim_single import Single


class Stoi(Single):
    """Short-time objective intelligibility (Taal et al. 2011), 0 to 1; see ``squim``."""

    summary = "intelligibility (STOI), estimated by a network; needs torchaudio"
