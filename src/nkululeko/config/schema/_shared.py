"""What several sections have in common."""

from __future__ import annotations

from typing import Any, Literal

from nkululeko.config.declare import Section, option
from nkululeko.core.plugin import Device

__all__ = ["Device", "Limits", "Selection", "each_once", "few_columns", "selection"]

#: which samples a module works on
Selection = Literal["all", "train", "test", "dev"]


def selection(planned: bool = True) -> Any:
    """The option ``sample_selection`` of a module's own section."""
    return option("all", "the samples that the module works on; goes before that of [EXP]", planned=planned)


def each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names themselves.

    Raises:
        ValueError: one is there twice
    """
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValueError(f"'{twice[0]}' is there twice")
    return names


def few_columns(items: Any, most: int = 2) -> Any:
    """The lists of columns themselves, of ``value_counts``.

    Args:
        items: names, or lists of names
        most: names a list may hold

    Raises:
        ValueError: a list is empty, too long, or names a column twice
    """
    for item in items:
        columns = (item,) if isinstance(item, str) else item
        if not 0 < len(columns) <= most:
            raise ValueError(
                "expected one or two columns in each list, e.g. [['gender'], ['age', 'duration']]"
            )
        if len(set(columns)) < len(columns):
            raise ValueError(f"'{columns[0]}' is there twice in one list")
    return items


class Limits(Section):
    """The filters: which samples are left out, of one database, or without its name of all of them together.

    Each option but the last is the name of a plug-in in :mod:`nkululeko.data.filters`.
    """

    filter: dict[str, str | tuple[str, ...]] | None = option(
        None, "keep only these samples: {column: value, or values}"
    )
    required: str | None = option(None, "keep only samples that have a value in this column")
    check_size: int | None = option(None, "drop files smaller than this (bytes)", ge=0)
    min_duration_of_sample: float | None = option(None, "drop samples shorter than this (s)", ge=0)
    max_duration_of_sample: float | None = option(None, "drop samples longer than this (s)", gt=0)
    check_vad: bool | None = option(None, "drop samples without speech")
    limit_samples_per_speaker: int | None = option(None, "at most so many of each speaker", ge=1)
    limit_samples: int | None = option(None, "use at most so many samples, drawn by the seed", ge=1)
    filter_selection: Selection = option(
        "all",
        "all: the filters work before the split; train, dev, test: after it, on this part",
        ini="filter.sample_selection",
    )
