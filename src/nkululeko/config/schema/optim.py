"""``[OPTIM]``: search for hyperparameters."""

from __future__ import annotations

from typing import Any

from nkululeko.config.declare import Section, option


class Optim(Section):
    """Search for hyperparameters."""

    ini_section = "OPTIM"

    model: str | None = option(None, "the model", names="models", planned=True)
    search_strategy: str | None = option(None, "how to search", planned=True)
    metric: str | None = option(None, "what to optimise", names="metrics", planned=True)
    n_iter: int | None = option(None, "how many trials", planned=True, ge=1)
    cv_folds: int | None = option(None, "number of folds", planned=True, ge=2)
    parameters: dict[str, Any] = option(
        {}, "a parameter's values: list, (min, max) or (min, max, step)", ini="*", planned=True
    )
