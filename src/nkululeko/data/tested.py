"""Training data that are tested as well: the same audio, or the same person in another database."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.data.checks import overlapping


def by_audio(samples: pd.DataFrame, content: Mapping[str, bytes]) -> np.ndarray:
    """Which samples of train and dev share audio with the test set, by what is heard, shape ``(samples,)``.

    Args:
        samples: with their column ``split``
        content: path to the hash of what is heard; empty where it is not known
    """
    numbers = {key: number for number, key in enumerate(dict.fromkeys(content.values()))}
    known = {file: numbers[key] if key else -1 for file, key in content.items()}
    rows = pd.DataFrame(
        {
            "content": contract.by_file(samples.index, known, -1),
            "start": contract.seconds(samples.index, "start"),
            "end": np.nan_to_num(contract.seconds(samples.index, "end"), nan=np.inf),
        }
    )
    is_test = (samples["split"] == "test").to_numpy()
    learned = ~is_test & (rows["content"] >= 0).to_numpy()
    hit = np.zeros(len(samples), dtype=bool)
    hit[learned] = overlapping(rows[learned], rows[is_test & (rows["content"] >= 0).to_numpy()])
    return hit


def by_speaker(samples: pd.DataFrame, speakers: pd.Series) -> np.ndarray:
    """Which samples of train and dev are of a person who is tested in another database, shape ``(samples,)``.

    Within a database, who is tested is its own split's to decide.

    Args:
        samples: with their columns ``split`` and ``database``
        speakers: key of who speaks, a row a sample; the same in several databases only where they share speakers

    Example:
        >>> samples = pd.DataFrame({"database": ["a", "a", "b"], "split": ["train", "train", "test"]})
        >>> by_speaker(samples, pd.Series(["anna", "bert", "anna"])).tolist()
        [True, False, False]
    """
    split, database = samples["split"].to_numpy(), samples["database"].to_numpy()
    keys = speakers.to_numpy(dtype=object)
    known = ~pd.isna(keys)
    tested = set(zip(keys[known & (split == "test")], database[known & (split == "test")], strict=True))
    places: dict[object, set[object]] = {}
    for key, place in tested:
        places.setdefault(key, set()).add(place)
    hit = [
        part != "test" and is_known and bool(places.get(key, set()) - {place})
        for key, place, part, is_known in zip(keys, database, split, known, strict=True)
    ]
    return np.array(hit, dtype=bool)
