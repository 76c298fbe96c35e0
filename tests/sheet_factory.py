"""Data sheets made from invented samples, for the tests of plots and report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.audio.probe import AudioInfo
from nkululeko.core.samples import segmented_index, speaker_keys
from nkululeko.core.sheet import Sheet
from nkululeko.data.balance import divergence
from nkululeko.data.dropped import Dropped
from nkululeko.data.sheet import make_sheet

DROPPED = (
    ("features", "file cannot be read", ["broken <1>.wav", "empty.wav"]),
    ("labels", "label 'other' is outside the mapping", ["x.wav"] * 11),
)


def invented(
    database: str, labels: Sequence[str], target: str, sizes: dict[str, int], random: np.random.Generator,
    known: bool = True, apart: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Samples of one database; ten speakers a split, the same in all splits unless ``apart``."""
    tables = []
    for place, (split, size) in enumerate(sizes.items()):
        number = random.integers(0, 10, size) + (100 * place if apart else 0)
        values: dict[str, Any] = {"database": database, "split": split}
        if labels:
            values[target] = np.array(labels, dtype=object)[random.integers(0, len(labels), size)]
        else:
            values[target] = random.uniform(18, 80, size).round(1)
        if known:
            values["speaker"] = [f"{n:02d}" for n in number]
            values["gender"] = np.where(number % 2 == 0, "female", "male")
            if target != "age":
                values["age"] = 20.0 + number % 10 * 5
        seconds = pd.to_timedelta(random.uniform(0.5, 9, size), unit="s")
        files = [f"/data/{database}/wav/{split}_{i:05d}.wav" for i in range(size)]
        index = segmented_index(files, np.zeros(size, "timedelta64[ns]"), seconds)
        tables.append(pd.DataFrame(values, index=index))
    return pd.concat(tables)


def made_sheet(
    labels: Sequence[str], *, target: str = "emotion", databases: Sequence[str] = ("emodb",),
    train: int = 90, dev: int = 0, test: int = 30, known: bool = True, apart: bool = True, copies: int = 0,
    gaps: bool = False, balanced: bool = False, dropped: bool = True, seed: int = 0,
) -> Sheet:  # fmt: skip
    """A data sheet, made by the real thing from invented samples.

    Args:
        labels: the classes; none: the target is a number
        databases: their names; each has these numbers of samples
        known: whether speakers, gender and age are known
        apart: whether each speaker is in one split only
        copies: so many recordings stand in train and in test
        gaps: whether some ages and genders are missing
        balanced: whether the split tells how balanced it is
        dropped: whether rows fell out
    """
    random = np.random.default_rng(seed)
    sizes = {split: size for split, size in (("train", train), ("dev", dev), ("test", test)) if size}
    samples = pd.concat([invented(name, labels, target, sizes, random, known, apart) for name in databases])
    if gaps:
        samples.loc[random.random(len(samples)) < 0.2, ["gender", "age"]] = None
    files = samples.index.get_level_values("file")
    twin = {f"/data/{databases[0]}/wav/test_{i:05d}.wav": i for i in range(copies)}
    audio = {}
    for place, file in enumerate(files):
        content = (
            f"copy {int(file[-9:-4])}" if file in twin or file.replace("train_", "test_") in twin else file
        )
        rate = 16000 if place % 7 or not gaps else 44100
        audio[file] = AudioInfo(file, content.encode(), 32000, rate, 1 + (gaps and place % 5 == 0))
    drops = [
        Dropped(databases[0], step, reason, segmented_index(list(names))) for step, reason, names in DROPPED
    ]
    loaded = dict.fromkeys(databases, len(samples) // len(databases))
    if dropped:
        loaded[databases[0]] += sum(len(drop.rows) for drop in drops)
    balance = None
    if balanced:
        variables = {target: 2.0, "gender": 1.0}
        tables = [divergence(rows, rows["split"], variables, {}).assign(database=name)
                  for name, rows in samples.groupby("database", sort=False)]  # fmt: skip
        balance = pd.concat(tables, ignore_index=True)
    return make_sheet(
        samples, speaker_keys(samples), target, labels, loaded=loaded, dropped=drops if dropped else [],
        audio=audio, balance=balance, wanted=[],
    )  # fmt: skip
