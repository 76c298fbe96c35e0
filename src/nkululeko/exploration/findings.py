"""The overview: what a person should know of the data before anything is learned, the weightiest first.

What decides is how strong an effect is, and whether it holds over speakers where they are known; a small p-value of
many samples alone is no finding. Good news is told too, with little weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from nkululeko.core.exploration import Association, Evidence, FeatureRanking, Finding, Variable
from nkululeko.exploration._balance import imbalances
from nkululeko.exploration._sentences import CONFOUNDERS, PEOPLE, related, words_of

#: a p-value below this is taken for more than chance
LEVEL = 0.05
_RECORDINGS = {
    "clipped": "clipped: the level was too high when they were recorded",
    "silent": "silent",
    "very short": "very short",
    "very long": "very long",
    "very quiet": "very quiet",
    "duplicated": "duplicated: the same audio stands in another file",
}

Verdict = Literal["found", "doubtful", "open", "nothing", "untested"]


def findings(
    target: Variable,
    associations: Sequence[Association],
    confounders: Sequence[Association],
    ranking: FeatureRanking | None,
    suspicious: pd.DataFrame,
    speakers: pd.Series | None,
    most: int = 12,
) -> list[Finding]:
    """The overview's sentences, the weightiest first.

    Args:
        target: the predicted column
        associations: what was asked for
        confounders: the target against what may stand behind it: gender, age, duration, database, quality
        ranking: of features
        suspicious: from :func:`nkululeko.exploration.suspicious.suspicious`
        speakers: key of who speaks, a row a sample; None: not known
        most: so many sentences at most
    """
    seen: dict[str, Association] = {}
    for association in (*associations, *confounders):
        seen.setdefault(association.name, association)
    found = imbalances(target, speakers)
    clear = []
    for association in seen.values():
        finding = _of_association(association, speakers)
        if finding is not None:
            found.append(finding)
        elif _is_confounder(association) and verdict(association) == "nothing":
            clear.append(association)
    found += _reassuring(target, clear, speakers)
    found += _of_recordings(suspicious, len(target.values))
    if ranking is not None:
        found += _of_features(target, ranking)
    return sorted(found, key=lambda finding: -finding.weight)[:most]


def verdict(association: Association) -> Verdict:
    """What the tests of an association add up to.

    ``found``: a strong effect that is no chance. ``doubtful``: a strong effect in these samples that may be chance over
    speakers. ``open``: a strong effect, but too few samples to tell. ``nothing``: no effect to speak of.
    """
    samples, speakers = association.evidence("samples"), association.evidence("speakers")
    if samples is None or np.isnan(samples.effect):
        return "untested"
    tested = speakers is not None and not np.isnan(speakers.p)
    if tested and _strong(speakers) and _chance(speakers) < LEVEL and samples.size != "negligible":
        return "found"
    if not _strong(samples):
        return "nothing"
    if not _chance(samples) < LEVEL:
        return "open"
    return "doubtful" if speakers is not None and not _chance(speakers) < LEVEL else "found"


def _strong(test: Evidence | None) -> bool:
    return test is not None and test.size in ("medium", "large")


def _chance(test: Evidence | None) -> float:
    """The p-value, corrected where it is; NaN: none."""
    if test is None:
        return float("nan")
    return test.p if np.isnan(test.p_corrected) else test.p_corrected


def _is_confounder(association: Association) -> bool:
    return association.group is None and association.x.name in CONFOUNDERS


def _of_association(association: Association, speakers: pd.Series | None) -> Finding | None:
    """The sentence of an association that is a finding."""
    judged = verdict(association)
    if judged not in ("found", "doubtful") or "speaker" in (association.x.name, association.y.name):
        return None  # that each speaker has one gender is no news
    text = related(association)
    if not text:
        return None
    confound = _is_confounder(association)
    samples = association.evidence("samples")
    large = samples is not None and samples.size == "large"
    weight = (0.85 if large else 0.7) if judged == "found" else (0.55 if large else 0.45)
    if confound:
        text += f" {words_of(association.x.name).danger(association.y.name)}"
        weight += 0.05
    if judged == "doubtful":
        text += _doubt(association.evidence("speakers"))
    if speakers is None:
        text += " Speakers are not known, so that a few of them may have caused this."
    return Finding("confound" if confound else "association", text, round(weight, 3), association.name)


def _doubt(test: Evidence | None) -> str:
    """Why something may not hold for other speakers."""
    if test is None or np.isnan(test.p):
        return " Whether it holds over speakers could not be tested."
    return f" Over the {test.n} speakers this may be chance: others may show no such difference."


def _reassuring(target: Variable, clear: Sequence[Association], speakers: pd.Series | None) -> list[Finding]:
    """What does not stand behind the target."""
    found = []
    gender = next((each for each in clear if each.x.name == "gender"), None)
    if gender is not None and len(gender.x.levels) > 1:
        text = f"{_who(gender, speakers)}no sign that gender explains {target.name}."
        found.append(Finding("confound", text, 0.15, gender.name))
    others = [each for each in clear if each is not gender]
    if others:
        names = [each.x.name for each in others]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
        text = f"No sign that {listed} goes with {target.name}: differences are small, or chance."
        found.append(Finding("confound", text, 0.1, others[0].name))
    return found


def _who(gender: Association, speakers: pd.Series | None) -> str:
    """How many speakers are of which gender, as the beginning of a sentence."""
    levels = [PEOPLE.get(level.lower(), level) for level in gender.x.levels]
    listed = " and ".join([", ".join(levels[:-1]), levels[-1]])
    alike = f"{listed} show about the same {gender.y.name}: "
    if gender.y.is_category:
        alike = f"{listed} show each {gender.y.name} about equally often: "
    if speakers is None or gender.speakers is None:
        return alike[:1].upper() + alike[1:]
    each = gender.samples.drop_duplicates("speaker").dropna(subset=["speaker"])
    numbers = [f"{int((each['x'] == level).sum())} are {level}" for level in gender.x.levels]
    return f"Of the {len(each)} speakers, {', '.join(numbers)}; {alike}"


def _of_recordings(suspicious: pd.DataFrame, samples: int) -> list[Finding]:
    """A sentence for each reason why recordings are suspicious."""
    if not len(suspicious):
        return [Finding("recording", "No recording is clipped, silent, duplicated, or of odd length.", 0.1)]
    found = []
    for reason, rows in suspicious.groupby("reason", sort=False):
        n = len(rows)
        first = str(rows["file"].iloc[0]).replace("\\", "/").rsplit("/", 1)[-1]
        what = _RECORDINGS.get(str(reason), str(reason))
        if n == 1:
            what = what.replace("they were", "it was")
        text = f"{'One recording is' if n == 1 else f'{n} recordings are'} {what}; e.g. {first}."
        found.append(
            Finding("recording", text, round(0.3 + min(0.45, 3 * n / max(samples, 1)), 3), "suspicious")
        )
    return found


def _of_features(target: Variable, ranking: FeatureRanking) -> list[Finding]:
    """Which features tell most about the target, and how many tell anything."""
    table = ranking.table
    if not len(table):
        return []
    names = [str(name) for name in table.index[:3]]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    text = f"Of the {len(table)} features, {listed} tell{'s' if len(names) == 1 else ''} most about {target.name}"
    column = next((name for name in ("p_speakers_corrected", "p_corrected") if _any(table, name)), "")
    if column:
        number = int((table[column] < LEVEL).sum())
        over = " over speakers" if column.startswith("p_speakers") else ""
        text += f"; {number} of them differ{over} by more than chance"
        if not number:
            return [Finding("feature", f"None of the {len(table)} features differs{over} with {target.name} by more "
                            "than chance.", 0.6, "features")]  # fmt: skip
    return [Finding("feature", f"{text}.", 0.5, "features")]


def _any(table: pd.DataFrame, name: str) -> bool:
    return name in table and bool(table[name].notna().any())
