"""Nkululeko: machine learning on speech databases. One INI file in, a trusted result out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nkululeko.core.result import Result

__all__ = ["run"]


def run(config: str | Path, overrides: Sequence[str] = ()) -> Result:
    """Run an experiment file; see :func:`nkululeko.nkululeko.run`.

    Example:
        >>> result = run("exp.ini", ["MODEL.type=svm"])  # doctest: +SKIP
        >>> print(result.headline)  # doctest: +SKIP
        UAR 0.514 [0.441, 0.588]
    """
    from nkululeko import nkululeko as door

    return door.run(config, overrides)
