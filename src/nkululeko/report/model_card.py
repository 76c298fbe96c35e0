"""The model card: what a trained model is, what it is for and how far it can be trusted, in Markdown.

Everything comes from ``result.json``, so that a card can be made of any finished run. Voices are personal data: a card
names no speaker, no file and no folder; it counts them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from nkululeko.config import ini
from nkululeko.core.result import Interval, Score
from nkululeko.report.card_words import about_groups, guess_of, limits, uses
from nkululeko.report.text import clean, count, duration, interval, number, percent, plural
from nkululeko.report.words import how_made, judgement, measure

#: measures under the names that the Hugging Face hub has for them
_HUB_METRICS = {
    "acc": "accuracy",
    "f1": "f1",
    "mae": "mae",
    "mse": "mse",
    "pcc": "pearsonr",
    "auc": "roc_auc",
}
#: options of the experiment that say nothing of the model
_UNTOLD = (
    "save",
    "push_to_hub",
    "logo",
    "loso",
    "k_fold_cross",
    "measure",
    "n_jobs",
    "device",
    "type",
    "random_seed",
)
_FEATS = ("scale", "balancing", "nan_strategy")
_MARKED = re.compile(r"([\\`*_\[\]|#~])")


def model_card(record: Mapping[str, Any]) -> str:
    """The card of a run as Markdown, with the front matter that the Hugging Face hub reads.

    Args:
        record: what ``result.json`` holds

    Returns:
        the card; it names no speaker, no file and no folder

    Example:
        >>> record = {
        ...     "name": "exp", "task": "classification", "target": "emotion", "labels": ["anger", "calm"],
        ...     "measure": "uar", "scores": {"uar": {"label": "UAR", "value": 0.8, "low": 0.6, "high": 0.9}},
        ...     "interval": {"unit": "speakers", "groups": 4, "resamples": 1000, "level": 0.95}, "test_samples": 40,
        ... }
        >>> print(model_card(record).split("---")[2].strip().splitlines()[2])
        It listens to speech and says which **emotion** it hears: anger, calm.
    """
    options = _options(record)
    parts = [
        _front_matter(record, options),
        f"# {_safe(record['name'])}",
        _what(record),
        "## What it is for, and what it is not for",
        _bullets(uses(record, _safe(record["target"]))),
        "## Limits",
        _bullets([_safe(line) for line in limits(record)]),
        "## How good it is",
        *_scores(record),
        *_classes(record),
        *_groups(record),
        *_calibration(record),
        "## What it learned from, and what it was tested on",
        *_data(record),
        "## Which data decided what",
        _bullets(_decided(record)),
        "## What it is made of",
        *_made_of(record, options),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _safe(text: object) -> str:
    """Text as Markdown shows it as it is: no markup, no HTML, one line."""
    return _MARKED.sub(r"\\\1", clean(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A table; after the first columns, which hold words, come numbers, which stand to the right."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * words}{'---:|' * (len(head) - words)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _options(record: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Section and name to value: the experiment as it was resolved."""
    found: dict[tuple[str, str], Any] = {}
    section = ""
    for line in str(record.get("provenance", {}).get("config", "")).splitlines():
        text = ini.without_comments(line).strip()
        if text.startswith("[") and text.endswith("]"):
            section = text[1:-1]
        elif " = " in text:
            name, _, value = text.partition(" = ")
            found[section, name.strip()] = ini.literal(value.strip())
    return found


def _front_matter(record: Mapping[str, Any], options: Mapping[tuple[str, str], Any]) -> str:
    """What the hub reads; JSON's texts are YAML's, too."""
    known = [_HUB_METRICS.get(name, name) for name in record["scores"]]
    tags = ["speech", "audio", f"audio-{record['task']}", "nkululeko"]
    lines = ["---", "library_name: nkululeko"]
    if record["task"] == "classification":
        lines.append("pipeline_tag: audio-classification")
    lines += ["tags:", *(f"- {json.dumps(tag)}" for tag in tags)]
    lines += ["metrics:", *(f"- {json.dumps(name)}" for name in known)]
    language = options.get(("EXP", "language"))
    if isinstance(language, str) and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
        lines += ["language:", f"- {json.dumps(language)}"]
    if record.get("provenance", {}).get("licences"):
        lines.append("license: other")
    return "\n".join([*lines, "---"])


def _what(record: Mapping[str, Any]) -> str:
    target = f"**{_safe(record['target'])}**"
    if record["task"] == "regression":
        spread = _target_range(record)
        return f"It listens to speech and estimates the number {target}{spread}."
    labels = ", ".join(_safe(label) for label in record["labels"])
    return f"It listens to speech and says which {target} it hears: {labels}."


def _target_range(record: Mapping[str, Any]) -> str:
    rows = [
        row for row in (record.get("sheet") or {}).get("numbers", [])
        if row["variable"] == record["target"] and row["split"] != "test"
    ]  # fmt: skip
    if not rows:
        return ""
    least, most = min(row["least"] for row in rows), max(row["most"] for row in rows)
    return f"; it has learned from values between {number(least)} and {number(most)}"


def _score(name: str, found: Mapping[str, Any]) -> Score:
    low, high = found.get("low"), found.get("high")
    nan = float("nan")
    return Score(
        name, str(found["label"]), nan if found["value"] is None else found["value"],
        nan if low is None else low, nan if high is None else high, bool(found.get("higher_is_better", True)),
    )  # fmt: skip


def _scores(record: Mapping[str, Any]) -> list[str]:
    """The figures, the headline first, and what they are worth."""
    first = record["measure"]
    scores = {name: _score(name, found) for name, found in record["scores"].items()}
    order = [first, *(name for name in scores if name != first)]
    made = Interval(**record["interval"])
    level = f"{100 * made.level:.0f} % interval"
    rows = [
        (_safe(scores[name].label), number(scores[name].value), interval(scores[name].low, scores[name].high))
        for name in order
    ]
    guess = guess_of(record)
    said = [measure(scores[first]) + "." if measure(scores[first]) else ""]
    said += [f"{guess.text[0].upper()}{guess.text[1:]}.", judgement(scores[first], guess)] if guess else []
    said += how_made(made, scores[first])
    tested = f"Tested once, on {plural(record['test_samples'], 'sample')} that it did not learn from."
    if record.get("folds"):
        tested = (
            f"Tested by cross-validation: each of {plural(record['test_samples'], 'sample')} by a model like this one"
            " that had not learned from it. This model itself learned from all of them."
        )
    return [
        tested,
        _table(["measure", "value", level], rows),
        " ".join(_safe(text) for text in said if text),
        *_repeats(record),
    ]


def _repeats(record: Mapping[str, Any]) -> list[str]:
    """How the figure differs between folds and between runs; folds may bear the names of speakers."""
    lines = []
    for key, what in (("folds", "parts of a cross-validation"), ("runs", "runs with different seeds")):
        found = record.get(key)
        if found and found["mean"] is not None:
            spread = (
                "" if found["deviation"] is None else f", standard deviation {number(found['deviation'])}"
            )
            lines.append(f"Over {len(found['each'])} {what}: mean {number(found['mean'])}{spread}.")
    return lines


def _classes(record: Mapping[str, Any]) -> list[str]:
    if not record.get("per_class"):
        return []
    rows = [
        (_safe(label), number(row["recall"]), number(row["precision"]), number(row["f1"]), count(row["support"]))
        for label, row in record["per_class"].items()
    ]  # fmt: skip
    text = "Recall: how many of the class are found. Precision: how many of the answers with this class are right."
    return ["### By class", _table(["class", "recall", "precision", "F1", "test samples"], rows), text]


def _groups(record: Mapping[str, Any]) -> list[str]:
    if not record.get("groups"):
        return []
    label = _safe(record["scores"][record["measure"]]["label"])
    rows = [
        (
            _safe(f"{row['variable']}: {row['group']}"), number(row["value"]), interval(row["low"], row["high"]),
            count(row["n"]), count(row["speakers"]),
        )
        for row in record["groups"]
    ]  # fmt: skip
    head = ["group", label, "95 % interval", "test samples", "speakers"]
    return ["### For whom", _table(head, rows), _safe(about_groups(record))]


def _calibration(record: Mapping[str, Any]) -> list[str]:
    found = record.get("calibration")
    if not found:
        return []
    rows = [
        (number(row["confidence"]), number(row["accuracy"]), count(row["count"]))
        for row in found["bins"] if row["count"]
    ]  # fmt: skip
    text = (
        "When it says that it is 80 % sure, it should be right four times out of five. It misses that by"
        f" {number(found['ece'])} on average (expected calibration error; 0 is perfect);"
        f" Brier score {number(found['brier'])}."
    )
    return [
        "### How far its confidence can be believed", text,
        _table(["says it is so sure", "is right so often", "test samples"], rows),
    ]  # fmt: skip


def _data(record: Mapping[str, Any]) -> list[str]:
    """The data sheet in numbers."""
    sheet = record.get("sheet")
    if not sheet:
        return ["The run left no data sheet."]
    parts = [
        (
            _safe(row["database"]), row["split"], count(row["samples"]), count(row["speakers"]),
            duration(row["hours"]), f"{number(row['shortest'])} to {number(row['longest'])} s",
        )
        for row in sheet["parts"]
    ]  # fmt: skip
    head = ["database", "part", "samples", "speakers", "length", "length of a sample"]
    out = [_table(head, parts, 2)]
    if sheet["values"]:
        rows = [
            (
                _safe(row["database"]), row["split"], _safe(row["variable"]), _safe(row["value"]),
                count(row["samples"]), count(row["speakers"]),
            )
            for row in sheet["values"] if row["variable"] != "speaker"
        ]  # fmt: skip
        head = ["database", "part", "variable", "value", "samples", "speakers"]
        out += ["How often each value occurs:", _table(head, rows, 4)]
    if sheet["numbers"]:
        numbers = [
            (
                _safe(row["database"]), row["split"], _safe(row["variable"]), count(row["samples"]),
                number(row["mean"]), number(row["deviation"]), f"{number(row['least'])} to {number(row['most'])}",
            )
            for row in sheet["numbers"]
        ]  # fmt: skip
        head = ["database", "part", "variable", "samples", "mean", "standard deviation", "range"]
        out += ["Numbers:", _table(head, numbers, 3)]
    rates = sorted({f"{row['sampling_rate']} Hz" for row in sheet["audio"]}, key=lambda text: int(text[:-3]))
    if rates:
        out.append(f"Sampling rate of the recordings: {', '.join(rates)}.")
    dropped = sum(row["dropped"] for row in sheet["chain"])
    if dropped:
        loaded = sum(row["left"] for row in sheet["chain"] if row["step"] == "loaded")
        out.append(
            f"{dropped} of {plural(loaded, 'sample')} ({_safe(percent(dropped, loaded))}) were left out."
        )
    return out


def _decided(record: Mapping[str, Any]) -> list[str]:
    """Which data decided what; folds that bear the names of speakers are not called by them."""
    names = [row["fold"] for row in (record.get("folds") or {}).get("each", [])]
    lines = []
    for line in record.get("decided", []):
        for name in names:
            line = re.sub(rf"^{re.escape(name)}: ", "in one part: ", line)
            line = line.replace(f"tested in {name}:", "tested in one part:")
        lines.append(line)
    nothing = "nothing had to be decided but what the experiment's file says"
    return [_safe(line) for line in dict.fromkeys(lines)] or [nothing]


def _made_of(record: Mapping[str, Any], options: Mapping[tuple[str, str], Any]) -> list[str]:
    origin = record.get("provenance", {})
    rows: list[tuple[str, str]] = []
    if ("MODEL", "type") in options:
        own = {n: v for (s, n), v in options.items() if s == "MODEL" and n not in _UNTOLD}
        of_model = ", ".join(f"{name} = {_told(value)}" for name, value in own.items())
        rows.append(("model", _safe(f"{options['MODEL', 'type']}" + (f" ({of_model})" if of_model else ""))))
    sets = [f"{name} ({version})" for name, version in origin.get("features", {}).items()]
    rows += [("features", _safe(", ".join(sets)))] if sets else []
    rows += [
        (name, _safe(_told(options["FEATS", name]))) for name in _FEATS if options.get(("FEATS", name)) is not None
    ]  # fmt: skip
    versions = ", ".join(f"{name} {version}" for name, version in origin.get("versions", {}).items())
    for name, value in (
        ("seed", origin.get("seed")), ("fingerprint of the data", origin.get("data_fingerprint")),
        ("Python", origin.get("python")), ("packages", versions),
    ):  # fmt: skip
        rows += [(name, _safe(value))] if value not in (None, "") else []
    licences = [_safe(line) for line in origin.get("licences", [])]
    told = ["Licences that its users must know of:", _bullets(licences)] if licences else []
    return [
        _table_of_words(rows),
        *told,
        "Voices are personal data: this card names no speaker and no recording.",
    ]


def _table_of_words(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _told(value: Any) -> str:
    """An option's value; of a path only the last part, for folders tell of people."""
    if isinstance(value, list | tuple):
        return ", ".join(_told(part) for part in value)
    text = str(value)
    for kind in (PurePosixPath, PureWindowsPath):
        if kind(text).is_absolute():
            return kind(text).name
    return text
