"""The answer on the demo's page: how likely each class is, and the features that moved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from nkululeko.report.demo_words import effect_in_words, figure, headline, percent

#: how the answer looks; colours are those of the page's theme, in light and in dark
STYLE = """
.nk-answer { font-size: 1rem; line-height: 1.45; overflow-wrap: anywhere }
.nk-answer h2 { font-size: 1.5rem; margin: .1rem 0 .7rem }
.nk-answer h3 { font-size: 1.05rem; margin: 1.3rem 0 .2rem }
.nk-answer p { margin: .2rem 0 .6rem }
.nk-answer .nk-quiet { opacity: .8; font-size: .9rem }
.nk-answer table { width: 100%; border-collapse: collapse; margin: 0 }
.nk-answer table, .nk-answer tr, .nk-answer th, .nk-answer td { border: 0 !important }
.nk-answer th, .nk-answer td { padding: .18rem .5rem .18rem 0; text-align: left; vertical-align: top;
  background: none; color: inherit; font-weight: normal }
.nk-answer .nk-classes th { width: 7.5rem; font-weight: 600 }
.nk-answer .nk-classes td:last-child { width: 4.5rem; text-align: right; font-variant-numeric: tabular-nums;
  padding-right: 0 }
.nk-answer .nk-bar { background: color-mix(in srgb, currentColor 12%, transparent); border-radius: 3px; height: .85rem;
  margin-top: .3rem }
.nk-answer .nk-bar > span { display: block; height: 100%; border-radius: 3px; background: #0f766e; min-width: 2px }
.nk-answer .nk-features tr + tr { border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent) !important }
.nk-answer .nk-features th { width: 55% }
.nk-answer .nk-two { display: flex; height: .7rem; margin-top: .35rem }
.nk-answer .nk-two > span { flex: 1; display: flex; background: color-mix(in srgb, currentColor 8%, transparent) }
.nk-answer .nk-two > span:first-child { justify-content: flex-end; border-right: 2px solid currentColor }
.nk-answer .nk-up { background: #0f766e } .nk-answer .nk-down { background: #b45309 }
.nk-answer .nk-wrong { border-left: 4px solid #b91c1c; padding: .4rem .8rem }
"""


@dataclass(frozen=True)
class Moved:
    """A feature that moved an answer.

    Args:
        name: of the feature
        value: in this recording
        low: the lower quartile of the training recordings
        high: their upper quartile
        place: ``low``, ``usual``, ``high`` or ``missing``
        effect: by how much it raised the answer; negative: lowered
    """

    name: str
    value: float
    low: float
    high: float
    place: str
    effect: float


def wrong(reason: str) -> str:
    """The page's answer where there is none: one clear sentence."""
    return f'<div class="nk-answer"><p class="nk-wrong" role="alert">{escape(reason)}</p></div>'


def answer_page(
    target: str, prediction: str | float, scores: Mapping[str, float], probable: bool, moved: Sequence[Moved],
    unexplained: str = "", remark: str = "",
) -> str:  # fmt: skip
    """The page's answer for one recording, as HTML; all text in it is escaped.

    Args:
        target: what was predicted
        prediction: label or number
        scores: a number for each class, the likeliest first
        probable: whether these are probabilities
        moved: the features that moved the answer, the strongest first
        unexplained: why there are none
        remark: what to know of the recording: "it ..."; or nothing
    """
    parts = [f"<h2>{escape(headline(target, prediction, scores, probable))}</h2>"]
    if scores:
        rows = "".join(_class_row(label, score, probable) for label, score in scores.items())
        parts.append(f'<table class="nk-classes">{rows}</table>')
        if not probable:
            parts.append('<p class="nk-quiet">Scores: higher is likelier, but they are no probabilities.</p>')
    if remark:
        parts.append(f'<p class="nk-quiet">Of this recording: {escape(remark)}.</p>')
    parts.append(_features(target, prediction, probable, moved, unexplained))
    return f'<div class="nk-answer">{"".join(parts)}</div>'


def _class_row(label: str, score: float, probable: bool) -> str:
    if not probable:
        return f"<tr><th scope=row>{escape(label)}</th><td>{figure(score)}</td></tr>"
    bar = f'<div class="nk-bar" aria-hidden="true"><span style="width:{100 * score:.1f}%"></span></div>'
    return f"<tr><th scope=row>{escape(label)}</th><td>{bar}</td><td>{escape(percent(score))}</td></tr>"


def _features(
    target: str, prediction: str | float, probable: bool, moved: Sequence[Moved], unexplained: str
) -> str:
    if not moved:
        return f'<h3>What moved it</h3><p class="nk-quiet">Not to be said here: {escape(unexplained)}.</p>'
    what = target if isinstance(prediction, float) else prediction
    widest = max(abs(feature.effect) for feature in moved)
    rows = "".join(_feature_row(feature, target, prediction, probable, widest) for feature in moved)
    lead = f"Each feature alone, compared to its usual value in the training recordings: does it raise or lower {what}?"
    note = (
        "One feature at a time: features that say the same share their effect or hide it, so the points do not add up."
        " It tells what the model listens to, not what makes a voice sound so."
    )
    return (
        f"<h3>What moved it</h3><p>{escape(lead)}</p>"
        f'<table class="nk-features">{rows}</table><p class="nk-quiet">{note}</p>'
    )


def _feature_row(feature: Moved, target: str, prediction: str | float, probable: bool, widest: float) -> str:
    places = {"low": "low", "high": "high", "usual": "as usual", "missing": "missing"}
    usual = f"usually {figure(feature.low)} to {figure(feature.high)}"
    value = "" if feature.place == "missing" else f" {figure(feature.value)},"
    width = 100 * abs(feature.effect) / widest
    side = "up" if feature.effect > 0 else "down"
    bar = f'<span class="nk-{side}" style="width:{width:.1f}%"></span>'
    halves = ("", bar) if side == "up" else (bar, "")
    words = escape(effect_in_words(feature.effect, target, prediction, probable))
    drawn = f'<div class="nk-two" aria-hidden="true"><span>{halves[0]}</span><span>{halves[1]}</span></div>'
    return (
        f"<tr><th scope=row>{escape(feature.name)}<br>"
        f'<span class="nk-quiet">{places[feature.place]}:{value} {usual}</span></th>'
        f"<td>{words}{drawn}</td></tr>"
    )
