"""Names of picture files."""

from __future__ import annotations

#: longer names some file systems refuse
LONGEST = 100


def stem(*parts: str) -> str:
    """The name of a picture without its ending: letters and digits as they are, all else an underscore.

    Example:
        >>> stem("map", "tsne", "speaker/id")
        'map_tsne_speaker_id'
        >>> stem("feature", "..")
        'feature_'
    """
    text = "_".join(parts)
    kept = "".join(c if c.isalnum() or c in "-.+" else "_" for c in text)
    kept = kept.replace("..", "").strip(".") or "picture"
    return kept[:LONGEST]
