"""``[ENSEMBLE]``: several experiments voting."""

from __future__ import annotations

from typing import Any

from nkululeko.config.declare import Section, option


class Ensemble(Section):
    """Several experiments voting."""

    ini_section = "ENSEMBLE"

    options: dict[str, Any] = option({}, "any option", ini="*", planned=True)
