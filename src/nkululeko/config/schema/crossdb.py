"""``[CROSSDB]``: comparing databases."""

from __future__ import annotations

from nkululeko.config.declare import Section, option


class Crossdb(Section):
    """Comparing databases."""

    ini_section = "CROSSDB"

    train_extra: tuple[str, ...] = option((), "databases added to every training set", planned=True)
