"""``[CROSSDB]``: comparing databases."""

from __future__ import annotations

from pydantic import field_validator

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import each_once


class Crossdb(Section):
    """Comparing databases."""

    ini_section = "CROSSDB"

    train_extra: tuple[str, ...] = option((), "multidb: databases added to every training set")

    @field_validator("train_extra")
    @classmethod
    def _unique(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(names)
