"""Where a result comes from: versions, data, configuration."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core.samples import fingerprint
from nkululeko.steps.extract import Extracted
from nkululeko.steps.load import Data

_PACKAGES = (
    "nkululeko", "numpy", "pandas", "scipy", "scikit-learn", "xgboost-cpu", "xgboost", "opensmile",
    "praat-parselmouth", "kaldi-native-fbank", "audformat", "soundfile", "matplotlib",
)  # fmt: skip


def provenance(config: ExperimentConfig, data: Data, extracted: Extracted, seconds: float) -> dict[str, Any]:
    """What must be known to get the same numbers again.

    Args:
        config: the experiment, as resolved
        data: its samples
        extracted: their features
        seconds: how long the run took until here
    """
    files = data.samples.index.get_level_values("file")
    rows = data.samples.assign(
        content=[data.audio[file].content.hex() for file in files],
        start=data.samples.index.get_level_values("start"),
        end=data.samples.index.get_level_values("end"),
    )
    return {
        "config_file": str(config.source),
        "config": config.to_ini(),
        "seed": config.exp.random_seed,
        "data_fingerprint": fingerprint(
            rows, ["content", "start", "end", config.data.target, "speaker", "split"]
        ),
        "features": extracted.versions,
        "licences": extracted.licences,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": versions(),
        "seconds": round(seconds, 2),
    }


def versions() -> dict[str, str]:
    """The installed version of each package that the numbers may depend on."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
