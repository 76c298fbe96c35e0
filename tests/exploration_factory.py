"""Explorations made from invented samples, for the tests of page, JSON and terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.core.exploration import (
    SUSPICIOUS,
    Association,
    Evidence,
    Exploration,
    FeatureMap,
    FeatureRanking,
    Finding,
    Variable,
)
from nkululeko.core.samples import segmented_index

NAN = float("nan")


def index_of(count: int, file: str = "/data/wav/{:04d}.wav") -> pd.MultiIndex:
    """Whole files of a second or more."""
    ends = pd.to_timedelta(1 + np.arange(count) % 5, unit="s")
    return segmented_index([file.format(n) for n in range(count)], np.zeros(count, "timedelta64[ns]"), ends)


def category(name: str, values: Sequence[str], index: pd.MultiIndex, note: str = "") -> Variable:
    column = pd.Series(np.resize(np.array(values, dtype=object), len(index)), index)
    return Variable(name, "category", column, tuple(values), note)


def number(name: str, index: pd.MultiIndex, seed: int = 0) -> Variable:
    return Variable(name, "number", pd.Series(np.random.default_rng(seed).normal(30, 5, len(index)), index))


def association(name: str, x: Variable, y: Variable, group: Variable | None = None, **test) -> Association:
    facts = {
        "statistic": 12.5, "p": 0.012, "effect": 0.31, "n": 10, "detail": "anger against sadness",
        "p_corrected": 0.036,
    } | test  # fmt: skip
    tests = (
        Evidence("samples", "chi-square", 55.0, 1e-9, "Cramer's V", 0.4, len(x.values), p_corrected=1e-8),
        Evidence("speakers", "permutation", effect_name="Cramer's V", **facts),
    )
    frame = pd.DataFrame({"x": x.values, "y": y.values})
    return Association(name, x, y, group, tests, frame, None, ("so few speakers",))


def ranking(
    index: pd.MultiIndex, names: Sequence[str], ways: Sequence[str] = ("tree", "xgb")
) -> FeatureRanking:
    random = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "rank": np.arange(1.0, len(names) + 1),
            **{way: np.sort(random.random(len(names)))[::-1] for way in ways},
            "test": "Kruskal-Wallis", "statistic": 9.0, "p": 1e-5, "p_corrected": 0.004,
            "effect_name": "epsilon squared", "effect": np.linspace(0.6, 0, len(names)), "n": len(index),
            "p_speakers": 0.01, "p_speakers_corrected": NAN,
        },
        index=list(names),
    )  # fmt: skip
    values = pd.DataFrame(random.normal(size=(len(index), len(names))), index, columns=list(names))
    return FeatureRanking(
        table, tuple(ways), values, values.corr(), None, ("ranks are averaged over 2 models",)
    )


def suspicious(index: pd.MultiIndex, count: int, reason: str = "clipped") -> pd.DataFrame:
    rows = [(*index[place], reason, f"{place} % of its samples") for place in range(count)]
    return pd.DataFrame([*rows, *[(*index[0], "silent", "-80 dBFS")] * bool(count)], columns=SUSPICIOUS)


def made(
    labels: Sequence[str] = ("anger", "joy", "sadness"), *, samples: int = 30, target: str = "emotion",
    column: str = "gender", features: Sequence[str] = ("F0_mean", "loudness"), odd: int = 2,
    file: str = "/data/wav/{:04d}.wav", texts: Sequence[str] = ("men are older",), folder: Path = Path("/results/x"),
    regression: bool = False,
) -> Exploration:  # fmt: skip
    """An exploration with something of everything."""
    index = index_of(samples, file)
    y = number(target, index, 3) if regression else category(target, labels, index)
    gender, age = category(column, ("female", "male"), index, "two values"), number("age", index)
    frame = pd.DataFrame(
        {"database": "db", "split": "train", target: y.values, column: gender.values, "duration": 1.5}, index
    )
    spread = np.random.default_rng(2)
    points = pd.DataFrame(spread.normal(size=(samples, 2)), index, columns=["x", "y"])
    found = [
        association(f"{target}_{column}", gender, y),
        association(f"{target}_{column}_age", gender, age, y),
    ]
    kinds = ("confound", "association", "imbalance", "recording", "feature")
    links = (found[0].name, found[1].name, "nowhere", "suspicious", "features")
    findings = [
        Finding(kinds[place % 5], text, 1 / (place + 1), links[place % 5]) for place, text in enumerate(texts)
    ]
    return Exploration(
        "exp", y, "all", frame, 10, found, ranking(index, features), [association("regplot_a", age, age)],
        [association("feature_F0", age, y, p=NAN, effect=NAN, note="too few speakers")],
        [FeatureMap("pca", points, (y, gender), ("PC 1 (31 %)", "PC 2 (9 %)"), "some are shown")],
        suspicious(index, odd), findings, ["a note"], ["a warning"],
        {"seed": 1, "config": "a\nb", "licences": ["openSMILE"]}, folder,
    )  # fmt: skip
