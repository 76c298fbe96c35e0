"""``[AUTO]``: let the program find features, scaler and model."""

from __future__ import annotations

from pydantic import field_validator

from nkululeko.config.declare import Section, option
from nkululeko.config.names import FEATURES


class Auto(Section):
    """Let the program find features, scaler and model, within a time, and fuse the best."""

    ini_section = "AUTO"

    minutes: float = option(
        10.0, "no candidate is begun that would not end within so many minutes, extraction included", gt=0
    )
    features: tuple[str, ...] = option(
        (), "feature sets to try; not given: os (eGeMAPSv02 and ComParE_2016), mfcc and praat"
    )
    models: tuple[str, ...] = option(
        (), "models to try, each with likely settings; not given: linear ones, support vectors and trees",
        names="models",
    )  # fmt: skip
    scale: tuple[str, ...] = option(
        (), "scalers to try; not given: standard, and speaker where speakers are known", names="scalers"
    )
    most: int = option(5, "at most so many are fused; 1: only the best is taken", ge=1, le=20)
    cv_folds: int = option(5, "inner folds: on them the choice is made", ge=2, le=20)

    @field_validator("features")
    @classmethod
    def _feature_sets(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:  # they stay as written: wav2vec2-base-960h says which network is meant
            FEATURES.check(name)
        return names
