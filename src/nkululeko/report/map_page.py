"""Maps of the samples to move around in: one HTML page, in which a click on a dot plays its recording.

Everything but the recordings is in the page. It runs two scripts of its own, and none that a name might smuggle in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from nkululeko.core.errors import missing_package
from nkululeko.core.exploration import FeatureMap, Variable
from nkululeko.core.samples import seconds
from nkululeko.report.page import TEMPLATES, render
from nkululeko.report.text import clean, plural

#: dots in a map: more would make a browser slow
MOST = 10_000
TITLES = {"tsne": "t-SNE", "umap": "UMAP", "pca": "Principal components"}
_NEIGHBOURS = (
    "{} keeps neighbours together (van der Maaten & Hinton 2008): distances between clusters, and their sizes,"
    " mean little."
)
MEANINGS = {
    "tsne": _NEIGHBOURS.format("t-SNE"),
    "umap": _NEIGHBOURS.format("UMAP").replace(
        "van der Maaten & Hinton 2008", "McInnes, Healy & Melville 2018"
    ),
    "pca": "The directions in which the samples differ most; per cent: the share of all differences that lies in each.",
}


@dataclass(frozen=True)
class _Shown:
    """A map as the template shows it: what it is called, means, and what is to be said of it."""

    title: str
    meaning: str
    note: str


def map_page(
    maps: Sequence[FeatureMap], folder: Path | None = None, speakers: pd.Series | None = None, title: str = ""
) -> str:
    """The maps as one HTML page that needs no network.

    Args:
        maps: of the samples, in two or three dimensions
        folder: where the page will lie: recordings are looked for from there, so that both can be moved together;
            None: by their absolute paths
        speakers: who speaks, on the index of all samples, shown when the mouse points at a dot; None: not known, or
            among the colours
        title: of the page

    Returns:
        the page; can be written as UTF-8 whatever names and labels hold

    Raises:
        NkululekoError: the package plotly is missing
    """
    plotly, script = _plotly(), (TEMPLATES / "map.js").read_text("utf-8")
    data = _data(maps, folder, speakers)
    notes = [
        _Shown(
            TITLES.get(each.method, clean(each.method)),
            MEANINGS.get(each.method, ""),
            "; ".join(
                part
                for part in (
                    each.note,
                    f"{MOST} of {plural(len(each.points), 'sample')} are drawn"
                    if len(each.points) > MOST
                    else "",
                )
                if part
            ),
        )
        for each in maps
    ]
    from markupsafe import Markup

    return render(
        "map.html",
        title=clean(title) or "Features",
        maps=notes,
        dots=len(data["names"]),
        # not escaped: two scripts of our own, and JSON without any sign that HTML would read
        data=Markup(_json(data)),
        plotly=Markup(plotly),
        script=Markup(script),
        script_hashes=Markup(" ".join(f"'sha256-{_hash(text)}'" for text in (plotly, script))),
    )


def _data(maps: Sequence[FeatureMap], folder: Path | None, speakers: pd.Series | None) -> dict[str, Any]:
    """What the script needs: samples once for all maps, and each map's points by the samples' numbers."""
    points = [each.points.iloc[_some(len(each.points))] for each in maps]
    index = points[0].index if points else pd.MultiIndex.from_arrays([[], [], []])
    for frame in points[1:]:
        index = index.append(frame.index[~frame.index.isin(index)])
    files = [str(file) for file in index.get_level_values(0)]
    starts = np.nan_to_num(seconds(index, "start")) if points else np.zeros(0)
    ends = seconds(index, "end") if points else np.zeros(0)
    colours = _colours(maps, speakers)
    return {
        "names": [file.replace("\\", "/").rsplit("/", 1)[-1] for file in files],
        "paths": files,
        "addresses": [address(file, folder) for file in files],
        "starts": _numbers(starts, 3),
        "ends": _numbers(ends, 3),
        # several samples in one file, or not from its beginning: then it matters which part it is
        "parts": bool(starts.any()) or len(set(files)) < len(files),
        "colours": [_colour(each, index) for each in colours],
        "maps": [
            {
                "dimensions": each.dimensions,
                "axes": [clean(name) for name in each.axes],
                "rows": index.get_indexer(frame.index).tolist(),
                **{axis: _numbers(frame[axis].to_numpy(), 4) for axis in frame},
            }
            for each, frame in zip(maps, points, strict=True)
        ],
    }


def address(file: str, folder: Path | None) -> str:
    """Where a browser finds a file: a relative address from the page's folder, or an absolute one.

    Example:
        >>> address("/data/my corpus/a#1.wav", Path("/data/results"))
        '../my%20corpus/a%231.wav'
    """
    if folder is not None:
        try:
            relative = Path(os.path.relpath(file, folder)).as_posix()
        except ValueError:  # on another drive
            relative = ""
        if relative:
            quoted = quote(os.fsencode(relative), safe="/")
            return quoted if relative.startswith("../") else "./" + quoted
    return Path(file).absolute().as_uri()


def _colours(maps: Sequence[FeatureMap], speakers: pd.Series | None) -> list[Variable]:
    """The variables that colour the dots, each once, and the speaker by name."""
    found: dict[str, Variable] = {}
    for each in maps:
        for colour in each.colours:
            found.setdefault(colour.name, colour)
    if speakers is not None:
        names = speakers.astype("object").where(speakers.notna(), None)
        levels = tuple(sorted({str(name) for name in names if name is not None}))
        found["speaker"] = Variable("speaker", "category", names, levels)
    return list(found.values())


def _colour(variable: Variable, index: pd.MultiIndex) -> dict[str, Any]:
    values = variable.values.reindex(index)
    if not variable.is_category:
        return {
            "name": clean(variable.name),
            "levels": None,
            "values": _numbers(values.to_numpy(dtype=float), 6),
        }
    levels = list(variable.levels)
    codes = pd.Index(levels, dtype="object").get_indexer(values.astype("object"))
    return {
        "name": clean(variable.name),
        "levels": [clean(level) for level in levels],
        "values": codes.tolist(),
    }


def _numbers(values: np.ndarray, digits: int) -> list[float | None]:
    """Rounded numbers; None, as JSON writes it, where there is none."""
    rounded = np.round(np.asarray(values, dtype=np.float64), digits)
    return [value if value == value and abs(value) != np.inf else None for value in rounded.tolist()]


def _some(count: int) -> np.ndarray:
    """Which dots are drawn: all, or so many at even distances."""
    return np.arange(count) if count <= MOST else np.arange(MOST) * count // MOST


def _json(data: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end the element, or begin another."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _plotly() -> str:
    """The drawing library, 5 MB of JavaScript.

    Raises:
        NkululekoError: the package plotly is missing
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as missing:
        raise missing_package("plotly", "explore", "the interactive map") from missing
    # the browser takes line breaks as they are written: the hash must be that of the same text
    return str(get_plotlyjs()).replace("\r\n", "\n").replace("\r", "\n")
