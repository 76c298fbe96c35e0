"""``[FLAGS]``: many experiments in one file."""

from __future__ import annotations

from typing import Any

from nkululeko.config.declare import Section, option


class Flags(Section):
    """Many experiments in one file: the product of these lists."""

    ini_section = "FLAGS"

    models: tuple[str, ...] = option((), "models", names="models", planned=True)
    features: tuple[str | tuple[str, ...], ...] = option((), "feature sets, or lists of them", planned=True)
    balancing: tuple[str, ...] = option((), "balancing methods", names="balancers", planned=True)
    scale: tuple[str, ...] = option((), "scalers", names="scalers", planned=True)
    others: dict[str, Any] = option({}, "the values of any other option", ini="*", planned=True)
