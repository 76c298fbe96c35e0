"""What was heard in a recording, in words: for the terminal and for the demo's page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from nkululeko.report.text import clean

#: signs of the longest bar in the terminal
_WIDEST = 24


def percent(share: float) -> str:
    """A probability, as people say it; nothing is certain, and nothing impossible.

    Example:
        >>> percent(0.824), percent(0.004), percent(0.9991), percent(1.0), percent(0.0)
        ('82 %', '<1 %', '>99 %', '>99 %', '<1 %')
    """
    if share < 0.005:
        return "<1 %"
    return ">99 %" if share > 0.995 else f"{100 * share:.0f} %"


def figure(value: float) -> str:
    """A value with about three digits that matter.

    Example:
        >>> figure(0.012345), figure(12.3456), figure(1234.5), figure(0.0), figure(float("nan"))
        ('0.0123', '12.3', '1234', '0', 'no value')
    """
    if value != value:
        return "no value"
    if not math.isfinite(value):
        return "infinite"
    size = abs(value)
    return f"{value:.0f}" if size >= 1000 else f"{value:.3g}"


def headline(target: str, prediction: str | float, scores: Mapping[str, float], probable: bool) -> str:
    """The answer in one line.

    Example:
        >>> headline("emotion", "anger", {"anger": 0.824, "fear": 0.176}, True)
        'emotion: anger (82 %)'
        >>> headline("age", 31.25, {}, False)
        'age: 31.2'
    """
    if isinstance(prediction, float):
        return f"{clean(target)}: {figure(prediction)}"
    sure = f" ({percent(scores[prediction])})" if probable and prediction in scores else ""
    return f"{clean(target)}: {clean(prediction)}{sure}"


def as_words(
    file: str, target: str, prediction: str | float, scores: Mapping[str, float], probable: bool, block: str = "█"
) -> str:  # fmt: skip
    """The answer for one recording: the file, the answer, and a line for each class, the likeliest first.

    Args:
        file: its path
        target: what was predicted
        prediction: label or number
        scores: a number for each class, the likeliest first
        probable: whether these are probabilities; else they are listed without bars
        block: what bars are made of

    Example:
        >>> print(as_words("a.wav", "emotion", "anger", {"anger": 0.75, "fear": 0.25}, True, "#"))
        a.wav
          emotion: anger (75 %)
          anger   75 %  ##################
          fear    25 %  ######
    """
    lines = [clean(Path(file).name), f"  {headline(target, prediction, scores, probable)}"]
    names = {name: clean(name) for name in scores}
    wide = max((len(name) for name in names.values()), default=0)
    for name, score in scores.items():
        shown = percent(score) if probable else f"score {figure(score)}"
        bar = f"  {block * round(_WIDEST * score)}" if probable else ""
        lines.append(f"  {names[name]:{wide}}  {shown:>5}{bar}".rstrip())
    return "\n".join(lines)


def effect_in_words(
    effect: float, target: str, prediction: str | float, probable: bool
) -> str:  # fmt: skip
    """What one feature does to an answer, compared to its usual value.

    Example:
        >>> effect_in_words(0.124, "emotion", "anger", True)
        'raises anger by 12 points'
        >>> effect_in_words(-0.0031, "emotion", "anger", True)
        'lowers anger by 0.31 points'
        >>> effect_in_words(2.5, "age", 31.0, False)
        'raises age by 2.5'
    """
    verb = "raises" if effect > 0 else "lowers"
    what = clean(target) if isinstance(prediction, float) else clean(prediction)
    if not probable:
        return f"{verb} {what} by {figure(abs(effect))}"
    points = 100 * abs(effect)
    return (
        f"{verb} {what} by {points:.0f} points" if points >= 10 else f"{verb} {what} by {points:.2g} points"
    )
