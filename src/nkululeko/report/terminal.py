"""The summary in the terminal: the headline, and where to read more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.report import repeats, words
from nkululeko.report.text import NONE, clean, interval, number

if TYPE_CHECKING:
    from rich.console import Group

    from nkululeko.core.result import Result


def summary(result: Result) -> Group:
    """A short coloured summary: score with interval, samples, warnings, path of the report.

    Labels and names are shown as they are: they can neither style the text nor steer the terminal.

    Returns:
        what a console of rich prints; ``print(..., soft_wrap=True)`` keeps a long path in one piece
    """
    from rich.console import Group
    from rich.text import Text

    score = result.headline
    guess = words.chance(result)
    colour = {"better": "green", "unclear": "yellow", "worse": "red"}.get(words.verdict(score, guess), "cyan")
    head = Text()
    head.append(f"{clean(result.name)}  ", style="bold")
    head.append(f"{clean(score.label)} {number(score.value)}", style=f"bold {colour}")
    span = interval(score.low, score.high)
    head.append("  no interval" if span == NONE else f"  {100 * result.interval.level:.0f} % interval {span}")
    lines = [head]
    if guess:
        lines.append(Text(clean(f"{guess.text}. {words.judgement(score, guess)}"), style="dim"))
    if result.runs is not None:
        run = repeats.chosen_run(result)
        own = f"shown is run {run}, whose interval tells of other speakers, not seeds"
        lines.append(Text(f"{repeats.over_runs(result, '+-')} over the seeds; {own}"))
    lines.append(Text(clean(repeats.basis(result))))
    lines += [Text(f"warning: {clean(line)}", style="yellow") for line in result.warnings]
    link = f" link {result.report.as_uri()}" if result.report.is_absolute() else ""
    lines.append(Text("report: ").append(clean(result.report), style=f"cyan{link}"))
    return Group(*lines)
