"""``[FLAGS]``: many experiments in one file."""

from __future__ import annotations

from typing import Any

from pydantic import field_validator

from nkululeko.config.declare import Section, option
from nkululeko.config.names import BALANCERS, FEATURES


class Flags(Section):
    """Many experiments in one file: every combination of these lists is run."""

    ini_section = "FLAGS"

    models: tuple[str, ...] = option((), "models: MODEL.type", names="models")
    features: tuple[str | tuple[str, ...], ...] = option(
        (), "feature sets: FEATS.type; an item may be a list of sets, which are used together"
    )
    balancing: tuple[str, ...] = option((), "balancing methods: FEATS.balancing; none: without")
    scale: tuple[str, ...] = option((), "scalers: FEATS.scale", names="scalers")
    targets: tuple[str, ...] = option(
        (), "columns to predict: DATA.target; each has a leaderboard of its own"
    )
    others: dict[str, Any] = option(
        {}, "any other option with the list of its values: SECTION.option, or option alone where one section has it",
        ini="*",
    )  # fmt: skip

    @field_validator("features")
    @classmethod
    def _feature_sets(cls, items: tuple[str | tuple[str, ...], ...]) -> tuple[str | tuple[str, ...], ...]:
        for item in items:
            for name in (item,) if isinstance(item, str) else item:
                FEATURES.check(name)
        return items

    @field_validator("balancing")
    @classmethod
    def _balancing_methods(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name != "none":
                BALANCERS.check(name)
        return names
