"""The report: one self-contained HTML page that needs no network and no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nkululeko.report import repeats, tables, tried, words
from nkululeko.report.sheet_blocks import Block, blocks
from nkululeko.report.text import cell, clean, interval, number, plural
from nkululeko.report.worst import Mistake, Segment, worst

if TYPE_CHECKING:
    from jinja2 import Environment

    from nkululeko.core.result import Result
    from nkululeko.report.audio import Clip

TEMPLATES = Path(__file__).parent / "templates"
#: what a page can show
MIME = {".png": "image/png", ".svg": "image/svg+xml", ".gif": "image/gif"}
#: words for those who cannot see the picture
ALT = {
    "confusion_matrix": "Confusion matrix; the table below holds the same counts.",
    "reliability": "Reliability curve; the table below holds the same figures.",
    "importance": "Bars of the most important features; the table below holds the same figures.",
    "scatter": "Scatter plot of predictions over true values.",
    "bland_altman": "Bland-Altman plot: differences of prediction and truth over their mean.",
    "tsne": "Map of the samples, coloured by the target.",
    "value_counts": "Distribution of the target in each split; the tables hold the same counts.",
    "balance": "Balance of the splits; the table holds the same divergences.",
    "uncertainty": "Risk-coverage curve: share of wrong answers over the share kept; the table holds some of it.",
    "epoch_progression": "Learning curves: losses and measure epoch by epoch, the epoch that was kept marked.",
    "per_speaker": "One answer a speaker: the confusion matrix, or a dot a speaker; the table holds the answers.",
    "runs_compare": "The measure of each run with its interval; behind them mean and deviation over the runs.",
    "anim_progression": "Film of the learning curves, epoch by epoch; result.json holds the same figures.",
}


#: pictures that have their place in the report; those of the data sheet stand in its blocks
PLACED = (
    "confusion_matrix", "reliability", "importance", "scatter", "bland_altman", "uncertainty",
    "epoch_progression", "anim_progression", "per_speaker", "runs_compare",
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A picture as the page holds it: its plot's name, a data address, words that describe it."""

    name: str
    source: str
    alt: str


@dataclass(frozen=True)
class Card:
    """One of the worst mistakes as the page shows it.

    Args:
        file: its name without the folder
        path: with the folder
        facts: lines below the file name: title and text
        truth: as text
        prediction: as text
        source: a data address of the sound; empty: no player
        silence: why there is no player; empty if there is one, or none is wanted
    """

    file: str
    path: str
    facts: Sequence[tuple[str, str]]
    truth: str
    prediction: str
    source: str = ""
    silence: str = ""


def page(
    result: Result,
    images: Mapping[str, bytes] | None = None,
    audio: Mapping[Segment, Clip | None] | None = None,
    title: str = "",
    author: str = "",
    mistakes: Sequence[Mistake] | None = None,
) -> str:
    """The report as one HTML page.

    Args:
        result: of a run
        images: file name to content, as :func:`nkululeko.plots.draw_all` gives them; PNG, SVG and GIF are shown
        audio: clips of the worst mistakes, from :func:`nkululeko.report.audio.clips`; None: no players
        title: of the page; the experiment's name without one
        author: named below the title
        mistakes: the worst mistakes, where they are known already

    Returns:
        the page; can be written as UTF-8 whatever the labels hold
    """
    mistakes = worst(result) if mistakes is None else mistakes
    guess = words.chance(result)
    shown = pictures(images or {})
    parts = [] if result.sheet is None else blocks(result.sheet)
    return render(
        "page.html",
        result=result,
        title=clean(title or result.name),
        author=clean(author),
        pictures=shown,
        others=others(shown, parts, PLACED),
        blocks=parts,
        guess=guess,
        verdict=words.verdict(result.headline, guess),
        judgement=words.judgement(result.headline, guess),
        cards=[_card(mistake, audio) for mistake in mistakes],
        kind=mistakes[0].kind if mistakes else "",
        with_audio=any((audio or {}).values()),
        basis=repeats.basis(result),
        own=repeats.blocks(result) | tried.blocks(result),
        decided=repeats.decided(result),
        over_runs=repeats.over_runs(result),
        chosen_run=repeats.chosen_run(result),
        epochs=repeats.epochs(result),
        provenance=tables.provenance(result.provenance),
        licences=[clean(line) for line in result.provenance.get("licences", ())],
    )


def render(template: str, **values: Any) -> str:
    """One of the templates with these values, its style included.

    Returns:
        the page; can be written as UTF-8 whatever the values hold
    """
    from markupsafe import Markup

    style = _style()
    html = _environment().get_template(template).render(
        # our own file, not the user's: the only text that is not escaped
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        **values,
    )  # fmt: skip
    # file names may hold bytes that are no text (lone surrogates): UTF-8 cannot write them
    return html.encode("utf-8", "replace").decode("utf-8")


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text("utf-8")


def warm() -> None:
    """Import and compile what :func:`page` needs, while others still compute."""
    _environment().get_template("page.html")


@cache
def _environment() -> Environment:
    """The templates; everything that they insert is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, cell=cell, clean=clean)
    environment.globals.update(interval=interval, plural=plural, tables=tables, words=words)
    return environment


def address(data: bytes, mime: str) -> str:
    """The address under which a page holds a picture or a sound in itself."""
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def pictures(images: Mapping[str, bytes]) -> dict[str, Picture]:
    """The pictures that a browser can show, one a plot (a PNG rather than an SVG), by the plot's name."""
    found: dict[str, Picture] = {}
    for name in sorted(images):
        plot, suffix = Path(name).stem, Path(name).suffix.lower() or ".png"
        if suffix in MIME and plot not in found:
            alt = ALT.get(plot, f"Plot {clean(plot)}.")
            found[plot] = Picture(clean(plot), address(images[name], MIME[suffix]), alt)
    return found


def others(shown: Mapping[str, Picture], parts: Sequence[Block], placed: Sequence[str] = ()) -> list[Picture]:
    """The pictures that have no place of their own, neither in the page nor in its blocks."""
    taken = {*placed, *(name for block in parts for name in block.pictures)}
    return [picture for name, picture in shown.items() if name not in taken]


def _card(mistake: Mistake, audio: Mapping[Segment, Clip | None] | None) -> Card:
    file, start, end = mistake.segment
    facts: list[tuple[str, Any]] = []
    if mistake.kind:
        facts.append((mistake.kind, number(mistake.weight)))
    if mistake.speaker:
        facts.append(("speaker", clean(mistake.speaker)))
    if start > 0:
        facts.append(("from", f"{start:.2f} s" + ("" if end is None else f" to {end:.2f} s")))
    source = silence = ""
    if audio is not None:
        sound = audio.get(mistake.segment)
        source = address(sound.data, sound.mime) if sound else ""
        silence = "" if sound else "This recording could not be read."
        if sound:
            facts.append(("the first" if sound.cut else "length", f"{sound.seconds:.1f} s"))
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    return Card(
        clean(name), clean(file), facts, cell(mistake.truth), cell(mistake.prediction), source, silence
    )
