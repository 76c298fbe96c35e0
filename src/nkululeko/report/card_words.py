"""What a model card says in words: use, limits, groups; for people who know speech rather than statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nkululeko.report.text import number, plural
from nkululeko.report.words import Chance

#: test speakers below which a figure is called rough
FEW_SPEAKERS = 10
_NO_SKILL = ("ccc", "pcc", "scc", "kappa", "mcc")


def guess_of(record: Mapping[str, Any]) -> Chance | None:
    """What guessing reaches in the headline measure; None where that has no simple answer.

    Args:
        record: what ``result.json`` holds

    Example:
        >>> rows = {"anger": {"support": 3}, "calm": {"support": 9}}
        >>> guess_of({"measure": "uar", "per_class": rows}).text
        'guessing gives 1/2 = .500'
    """
    name = record["measure"]
    support = {label: row["support"] for label, row in (record.get("per_class") or {}).items()}
    present = {label: many for label, many in support.items() if many}
    if name == "uar" and present:
        return Chance(1 / len(present), f"guessing gives 1/{len(present)} = {number(1 / len(present))}")
    if name in ("acc", "accuracy") and present:
        most = max(present, key=lambda label: present[label])
        share = present[most] / sum(present.values())
        return Chance(share, f"always answering '{most}' gives {number(share)}")
    if name in ("eer", "auc"):
        return Chance(0.5, "guessing gives .5")
    return Chance(0.0, "guessing gives 0") if name in _NO_SKILL else None


def uses(record: Mapping[str, Any], target: str) -> list[str]:
    """What the model is for.

    Args:
        record: what ``result.json`` holds
        target: its name, safe for Markdown
    """
    return [
        f"For research on speech: to label recordings that resemble those below with {target}, to compare groups of"
        " recordings, to find those worth listening to.",
        "Not for decisions about a single person, and no diagnosis: for one recording, any answer may be wrong.",
        "Who uses it on other people's voices needs their consent, and must ask what the law says of it: some uses,"
        " such as recognising emotions at work or at school, are forbidden in some countries.",
    ]


def limits(record: Mapping[str, Any]) -> list[str]:
    """What one must know before believing it, worst first."""
    score, guess = record["scores"][record["measure"]], guess_of(record)
    made, lines = record["interval"], []
    low, high = score.get("low"), score.get("high")
    if guess and low is not None and high is not None and low <= guess.value <= high:
        lines.append("It cannot be told from guessing: the interval of its score includes chance.")
    if made["unit"] == "speakers" and made["groups"] < FEW_SPEAKERS:
        lines.append(
            f"It was tested on {plural(made['groups'], 'speaker')} only: with others it may be much better or worse."
        )
    if made["unit"] != "speakers":
        lines.append(
            "It is not known how many people speak in the test: how it does with new speakers is not known."
        )
    weak = [
        label for label, row in (record.get("per_class") or {}).items() if _weak(row, len(record["labels"]))
    ]
    if weak:
        lines.append(f"It hardly finds: {', '.join(weak)}.")
    never = [label for label, row in (record.get("per_class") or {}).items() if not row["support"]]
    if never:
        lines.append(
            f"Nothing is known about how it does with {', '.join(never)}: no test sample was of that class."
        )
    if not record.get("groups"):
        lines.append(
            "Whether it serves women and men, young and old alike was not tested: the data do not say who is who."
        )
    if record["target"] == "speaker":
        lines.append("Its answers are the names of people: give it only to those who may know them.")
    if record.get("warnings"):
        lines.append(
            f"The run gave {plural(len(record['warnings']), 'warning')}; they stand in its report, and may name"
            " speakers or files, which a card must not."
        )
    lines.append(
        "It was tested on recordings like those below. Other microphones, rooms, languages, ages, illnesses, or"
        " spontaneous instead of acted speech, were not tested unless the data below hold them."
    )
    return lines


def _weak(row: Mapping[str, Any], classes: int) -> bool:
    """Whether a class is found no more often than by guessing among all classes."""
    return bool(row["support"]) and row["recall"] is not None and row["recall"] <= 1 / classes


def about_groups(record: Mapping[str, Any]) -> str:
    """What the groups tell, and what they do not."""
    with_interval = [row for row in record["groups"] if row["low"] is not None]
    alone = [row for row in record["groups"] if row["speakers"] == 1]
    parts = []
    if len(with_interval) > 1:
        parts.append("Groups whose intervals do not meet are served differently.")
    if alone:
        parts.append("A group of one speaker has no interval: it tells of one voice, not of the group.")
    return " ".join(parts)
