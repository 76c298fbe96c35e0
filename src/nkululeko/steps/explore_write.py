"""Everything that an exploration leaves behind is drawn and written here."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import families
from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import Association, Exploration, FeatureMap
from nkululeko.core.progress import progress
from nkululeko.core.rundir import RunDir
from nkululeko.exploration.associations import association_table
from nkululeko.exploration.variables import MOST
from nkululeko.plots._explore import draw_views
from nkululeko.report.audio import clips
from nkululeko.report.explore import MOST_SOUNDS, Drawn, explore_json, explore_page
from nkululeko.report.explore_words import recordings
from nkululeko.report.map_page import map_page
from nkululeko.steps.explore_asked import expl
from nkululeko.steps.load import Data
from nkululeko.steps.sheet import sheet_of

_log = logging.getLogger("nkululeko")
MAP = "map.html"


def write(
    exploration: Exploration,
    tested: Sequence[Association],
    data: Data,
    config: ExperimentConfig,
    rundir: RunDir,
    map_file: str = "",
) -> tuple[str, ...]:
    """Draw the pictures; write tables, pictures and the page.

    Args:
        exploration: what was found
        tested: every association that was tested
        data: the samples
        config: the experiment
        rundir: where everything goes
        map_file: name of the interactive map; empty: there is none

    Returns:
        the names of the pictures
    """
    rundir.write_table(
        "associations.csv", association_table(list(tested)).to_csv(index=False, lineterminator="\n")
    )
    if exploration.ranking is not None:
        table = exploration.ranking.table.rename_axis("feature")
        rundir.write_table("features.csv", table.to_csv(lineterminator="\n"))
    if exploration.suspicious is not None:
        rundir.write_table("suspicious.csv", exploration.suspicious.to_csv(index=False, lineterminator="\n"))
    drawn, names = _draw(exploration, config, rundir)
    sheet = sheet_of(data, config)
    segments = [segment for segment, _ in recordings(exploration.suspicious)[:MOST_SOUNDS]]
    html = explore_page(
        exploration, drawn, tested, sheet, clips(segments),
        title=config.report.title or "", author=config.report.author or "",
        map_page=map_file,
    )  # fmt: skip
    rundir.write("explore.json", json.dumps(explore_json(exploration, tested), indent=1, ensure_ascii=False))
    rundir.write("explore.ini", config.to_ini())
    rundir.write("explore.html", html)
    return tuple(names)


def write_map(
    maps: Sequence[FeatureMap], samples: pd.DataFrame, config: ExperimentConfig, rundir: RunDir
) -> Path | None:
    """Write the interactive map; None where there is none, or its package is missing, which is said.

    Args:
        maps: of the features
        samples: all of them
        config: the experiment
        rundir: where everything goes
    """
    if not maps:
        return None
    speakers = samples.get("speaker")
    if speakers is not None and speakers.nunique() <= MOST:  # their colours tell them
        speakers = None
    try:
        html = map_page(maps, rundir.folder, speakers, config.report.title or config.exp.name)
    except NkululekoError as problem:
        _log.warning("no interactive map: %s", problem)
        return None
    return rundir.write(MAP, html)


def _draw(
    exploration: Exploration, config: ExperimentConfig, rundir: RunDir
) -> tuple[list[Drawn], list[str]]:
    """Write the pictures in the wished format; those for the page, and the names of the files."""
    plot = config.plot
    prefix = f"{plot.name}_" if plot.name else ""
    drawn: list[Drawn] = []
    written: dict[str, bytes] = {}
    wanted = views_of(config)
    with progress("drawing", len(wanted)) as advance:
        for view in wanted:
            subjects = _subjects(exploration, view)
            formats = tuple(dict.fromkeys(("png", plot.format)))
            for file, content in draw_views(exploration, formats, plot.titles, looks(config), (view,)):
                stem, format = file.rsplit(".", 1)
                free = file if file not in written else f"{view}_{file}"
                if format == plot.format:
                    written[free] = content
                    rundir.write_image(prefix + free, content)
                if format == "png":
                    drawn.append(Drawn(view, stem, content, next(subjects, "")))
            advance()
    return drawn, list(written)


def views_of(config: ExperimentConfig) -> list[str]:
    """Which pictures are wanted; those of single features only where they are asked for."""
    asked = expl(config)
    of_features = bool(asked.feature_distributions)
    ranked = of_features or asked.model or asked.permutation or asked.shap
    hidden = set() if of_features else {"feature_distributions"}
    if not ranked:
        hidden |= {"feature_correlation"}
    return [name for name in families.views.names() if name not in hidden]


def _subjects(exploration: Exploration, view: str) -> Iterator[str]:
    """What each picture of a view shows, in the order in which they are drawn: an association, or a method."""
    if view == "maps":
        yield from (made.method for made in exploration.maps for _ in made.colours)
    if view == "regplots":
        yield from (each.name for each in exploration.pairs)
        return
    found = {"associations": exploration.associations, "shown_features": exploration.shown}.get(view, ())
    for each in found:
        yield each.name
        if each.speakers is not None:
            yield each.name


def looks(config: ExperimentConfig) -> dict[str, Any]:
    """How the pictures look, as [EXPL] and [PLOT] want it."""
    asked, plot = expl(config), config.plot
    wanted = asked.feature_distributions if isinstance(asked.feature_distributions, str) else plot.kind
    kind = {"kind": wanted} if wanted else {}
    return {"dist_type": asked.dist_type, "fill_areas": plot.fill_areas, "max_feats": asked.max_feats, **kind}
