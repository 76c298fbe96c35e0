"""Makes the pictures of an exploration: a plain function that another process can run; writes no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import View, views
from nkululeko.plots._draw import FORMATS, render

if TYPE_CHECKING:
    from nkululeko.core.exploration import Exploration


def draw_views(
    exploration: Exploration,
    formats: Sequence[str] = ("png",),
    titles: bool = True,
    options: Mapping[str, object] | None = None,
    names: Sequence[str] | None = None,
) -> Iterator[tuple[str, bytes]]:
    """All pictures of an exploration, one after the other: file name (``emotion_gender_samples.png``) and content.

    Args:
        exploration: what was found
        formats: ``png``, ``svg``, ``pdf``, ``eps``
        titles: write titles, statistics and notes around the pictures
        options: of the views by name: ``dist_type``, ``fill_areas``, ``kind``, ``max_feats``; each view takes those
            that it has
        names: of the views; None: all that the exploration has something for

    Raises:
        NkululekoError: no such view or format
    """
    for format in formats:
        if format not in FORMATS:
            raise NkululekoError(
                f"unknown picture format '{format}'", "PLOT.format", did_you_mean(format, FORMATS)
            )
    taken: set[str] = set()
    for name in views.names() if names is None else names:
        for stem, figure in _view(name, titles, options or {}).draw(exploration):
            free = _free(stem, taken)
            taken.add(free.casefold())
            for format in formats:
                yield f"{free}.{format}", render(figure, format)


def _view(name: str, titles: bool, options: Mapping[str, object]) -> View:
    """A view with those of the options that it has."""
    kind = views.load(name)
    asked = {**options, "titles": titles}
    return kind(kind.Options(**{key: asked[key] for key in kind.Options.model_fields if key in asked}))


def _free(stem: str, taken: set[str]) -> str:
    """A name that no other picture has, also where upper and lower case are the same to the file system."""
    free, number = stem, 2
    while free.casefold() in taken:
        free, number = f"{stem}_{number}", number + 1
    return free
