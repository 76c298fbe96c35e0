"""Augmented copies of recordings: they never stand on another side of a split than what they were made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.data.checks import overlapping

#: the file that a copy was made of, by which method, and who speaks there (database/speaker)
FROM, BY, SPEAKER = "augmented_from", "augmented_by", "augmented_speaker"
#: content and segment that it was made of: found again whatever the file is called now
ID = "augmented_id"


def identity(content: bytes, start: float, end: float) -> str:
    """What a copy was made of, as text.

    Example:
        >>> identity(b"ab", 0.0, 1.5)
        '6162:0.000000:1.500000'
    """
    return f"{content.hex()}:{start:.6f}:{end:.6f}"


def is_copy(samples: pd.DataFrame) -> np.ndarray:
    """True for augmented copies, shape ``(samples,)``."""
    if ID not in samples:
        return np.zeros(len(samples), dtype=bool)
    return samples[ID].notna().to_numpy()


def leaks(samples: pd.DataFrame, content: Mapping[str, bytes], crossed: bool = False) -> list[str]:
    """Copies that stand on one side of the split, while what they were made of, or another copy of it, is on the other.

    Args:
        samples: with ``split``
        content: path to the hash of what is heard
        crossed: every sample is tested once

    Returns:
        the files of such copies and originals; empty where all is well

    Raises:
        NkululekoError: the column :data:`ID` holds something else
    """
    copies = is_copy(samples)
    if not copies.any():
        return []
    rows = _origins(samples, copies, content)
    heard = (rows["content"] != "").to_numpy()
    if crossed:  # whatever is tested, the copy is learned from, or the other way round
        hit = rows[copies & heard]
        hit = hit[overlapping(hit, rows[~copies & heard])]
        again = rows[copies & heard].duplicated(["content", "start", "end"], keep=False)
        return list(dict.fromkeys([*hit["file"], *rows[copies & heard].loc[again, "file"]]))
    tested = (samples["split"] == "test").to_numpy()
    learned = heard & ~tested
    tested = heard & tested
    first = rows[learned & copies]
    second = rows[tested & copies]
    first = first[overlapping(first, rows[tested])]
    second = second[overlapping(second, rows[learned])]
    return list(dict.fromkeys([*first["file"], *second["file"]]))


def shared_speakers(samples: pd.DataFrame, speakers: pd.Series) -> list[str]:
    """Speakers of the test set whose augmented copies, in a database of another name, are learned from."""
    copies = is_copy(samples)
    if not copies.any() or SPEAKER not in samples:
        return []
    tested = (samples["split"] == "test").to_numpy()
    known = set(speakers[tested].dropna().astype(str)) | set(
        samples.loc[tested, SPEAKER].dropna().astype(str)
    )
    learned = set(samples.loc[copies & ~tested, SPEAKER].dropna().astype(str))
    # those whose key is the same are told of anyway
    return sorted((known & learned) - set(speakers[copies & ~tested].dropna().astype(str)))


def _origins(samples: pd.DataFrame, copies: np.ndarray, content: Mapping[str, bytes]) -> pd.DataFrame:
    """What each row was made of: for copies what their identity says, for others they themselves."""
    codes = {file: key.hex() for file, key in content.items()}
    rows = pd.DataFrame(
        {
            "content": contract.by_file(samples.index, codes, "").astype(object),
            "start": contract.seconds(samples.index, "start"),
            "end": np.nan_to_num(contract.seconds(samples.index, "end"), nan=np.inf),
            "file": samples.index.get_level_values("file"),
        }
    )
    said = samples.loc[copies, ID].astype(str).str.split(":", expand=True)
    times = said.reindex(columns=[1, 2]).apply(pd.to_numeric, errors="coerce")
    if said.shape[1] != 3 or times.isna().to_numpy().any():
        raise NkululekoError(
            "does not say what augmented copies were made of", f"column '{ID}'",
            "take the column as 'nkululeko augment' wrote it, or rename it",
        )  # fmt: skip
    rows.loc[copies, "content"] = said[0].to_numpy()
    rows.loc[copies, "start"] = times[1].to_numpy()
    rows.loc[copies, "end"] = times[2].to_numpy()
    return rows
