"""Nkululeko: machine learning on speech databases. One INI file in, a trusted result out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nkululeko.core.result import Result

__all__ = ["run"]

# voices are personal data: no library that is imported later reports to its makers
for _switch in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY", "DO_NOT_TRACK"):
    os.environ.setdefault(_switch, "1")


def run(config: str | Path, overrides: Sequence[str] = ()) -> Result:
    """Run an experiment file; see :func:`nkululeko.nkululeko.run`.

    Example:
        >>> result = run("exp.ini", ["MODEL.type=svm"])  # doctest: +SKIP
        >>> print(result.headline)  # doctest: +SKIP
        UAR 0.514 [0.441, 0.588]
    """
    from nkululeko import nkululeko as door

    return door.run(config, overrides)
