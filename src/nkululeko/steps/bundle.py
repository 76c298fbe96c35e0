"""A bundle: all that a trained experiment needs to be used elsewhere, in one folder or zip; opened here.

No experiment file, no database and no pickle: numbers, text, and a list of checksums. Nothing in it is executed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from nkululeko.config.declare import Choice
from nkululeko.core import families
from nkululeko.core.errors import NkululekoError
from nkululeko.core.plugin import Options
from nkululeko.core.quick import importing
from nkululeko.steps.bundle_files import (
    DESCRIPTION,
    FORMAT,
    MANIFEST,
    check,
    is_safe,
    newer,
    not_a_bundle,
    unpack,
)

if TYPE_CHECKING:
    from nkululeko.steps.apply import Expert, Trained

CARD, NETWORKS = "model_card.md", "networks"
#: feature sets that a bundle cannot have, and why
NOT_IN_BUNDLES = {
    "import": "its features come from tables, not from sound",
    "bert": "it starts from text, which files of sound do not have",
    "xbow": "it runs a program, openXBOW, and a bundle holds no programs",
    "trill": "its networks are programs of TensorFlow, and a bundle holds no programs",
    "mos": "it compares with a recording of somebody's voice, and a bundle holds no voices",
}
_TODO = "get it again from where it comes from"
_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SetRecord(_Part):
    """A feature set with all its options."""

    name: str
    options: dict[str, Any]


class ExpertRecord(_Part):
    """One fitted pipeline, and the features that it wants."""

    models: str
    sets: list[SetRecord]
    columns: list[str] = []
    columns_of: dict[str, list[str]] = {}
    weight: float = 1.0
    temperature: float = 1.0


class BundleRecord(_Part):
    """What ``bundle.json`` holds."""

    format: int
    name: str
    target: str
    task: str
    labels: list[str]
    committee: bool
    experts: list[ExpertRecord] = Field(min_length=1)
    features: dict[str, str]
    versions: dict[str, str]
    sampling_rate: int | None = Field(default=None, gt=0)


@dataclass(frozen=True)
class Bundle:
    """A bundle that was checked.

    Args:
        folder: where its files lie: its own folder, or a temporary one
        record: what ``bundle.json`` says
        card: its model card, as Markdown
    """

    folder: Path
    record: BundleRecord
    card: str


def read_bundle(path: str | Path) -> Bundle:
    """Check a bundle: its files are those of the manifest, unchanged, and hold what they should.

    Args:
        path: of the folder or zip

    Raises:
        NkululekoError: it is none, was tampered with, or was made by a newer version
    """
    place = Path(path).expanduser().absolute()
    if not place.exists():
        raise NkululekoError("there is no such bundle", str(place))
    folder = place if place.is_dir() else unpack(place)
    if not (folder / MANIFEST).is_file():
        raise not_a_bundle(str(place))
    try:
        check(folder)
    except NkululekoError as problem:
        raise NkululekoError(problem.what, str(place), problem.todo) from None
    try:
        content = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        if isinstance(content, dict) and content.get("format") != FORMAT:
            raise newer(str(place))
        card = (folder / CARD).read_text(encoding="utf-8")
        record = BundleRecord.model_validate(content)
    except FileNotFoundError:
        raise not_a_bundle(str(place)) from None
    except (ValueError, RecursionError) as problem:  # pydantic's errors are among them
        reason = str(problem).splitlines()[0]
        raise NkululekoError(f"its {DESCRIPTION} is not of ours ({reason})", str(place), _TODO) from None
    return Bundle(folder, record, card)


def open_bundle(path: str | Path) -> Trained:
    """Open a bundle, to be used like a trained experiment; nothing from its files is executed.

    Args:
        path: of the folder or zip

    Raises:
        NkululekoError: see :func:`read_bundle`; or a package is missing that it needs
    """
    return trained_of(read_bundle(path), Path(path).expanduser().absolute())


def trained_of(bundle: Bundle, place: Path) -> Trained:
    """What a checked bundle holds, ready to be asked.

    Args:
        bundle: as :func:`read_bundle` gives it
        place: where the user has it, for messages
    """
    from nkululeko.steps.apply import Trained

    record = bundle.record
    with importing():
        experts = tuple(_expert(each, bundle.folder, place) for each in record.experts)
    tasks = {each.pipeline.recipe.context.task for each in experts}
    try:
        classes = {label for each in experts for label in each.pipeline.classes}
    except (AttributeError, TypeError):  # a model without what it has learned
        classes = {""}
    alone = record.committee or len(experts) == 1
    if tasks != {record.task} or not classes <= set(record.labels) or not alone:
        raise NkululekoError(f"{DESCRIPTION} does not fit its models", str(place), _TODO)
    labels = tuple(record.labels)
    return Trained(
        record.name, place, record.target, labels, experts, record.committee, rate=record.sampling_rate
    )


def _expert(record: ExpertRecord, folder: Path, place: Path) -> Expert:
    from nkululeko.learning.pipeline import Pipeline
    from nkululeko.steps.apply import Expert

    if not is_safe(record.models):
        raise NkululekoError(f"refused: {DESCRIPTION} names a place outside of the bundle", str(place), _TODO)
    pipeline = Pipeline.load(folder.joinpath(*PurePosixPath(record.models).parts))
    sets = tuple(_choice(each, folder, place) for each in record.sets)
    if not sets and not pipeline.model.takes_recordings:
        raise NkululekoError(f"its {DESCRIPTION} names no features", str(place), _TODO)
    columns_of = {name: tuple(columns) for name, columns in record.columns_of.items()}
    return Expert(pipeline, sets, tuple(record.columns), columns_of, record.weight, record.temperature)


def _choice(record: SetRecord, folder: Path, place: Path) -> Choice:
    """A feature set; what it needs lies in the bundle, or has a name on the hub, and nowhere else."""
    kind = families.features.load(record.name)
    name = kind.plugin_name()
    if name in NOT_IN_BUNDLES:
        raise NkululekoError(f"refused: feature set '{name}': {NOT_IN_BUNDLES[name]}", str(place))
    options = dict(record.options)
    for option, may_be_name in places_of(kind.Options).items():
        options[option] = _inside(options.get(option), may_be_name, f"{name}.{option}", folder, place)
    given = {key: value for key, value in options.items() if value is not None}
    try:
        return Choice(name, kind.Options(**given))
    except ValueError as problem:
        reason = str(problem).splitlines()[0]
        what = f"feature set '{name}' has other options in this version ({reason})"
        raise NkululekoError(what, str(place), "export it again with this version") from None


def places_of(options: type[Options]) -> Mapping[str, bool]:
    """The options that name files or folders, and whether each may be a name on the hub instead."""
    found = {}
    for name, field in options.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if extra.get("is_path"):
            found[name] = extra["is_path"] == "or name"
    return found


def is_hub_name(value: str) -> bool:
    """Whether a text may be the name of a model on the hub.

    Example:
        >>> is_hub_name("facebook/wav2vec2-base"), is_hub_name("/home/a/network"), is_hub_name("../network")
        (True, False, False)
    """
    return bool(_HUB_NAME.fullmatch(value))


def _inside(value: Any, may_be_name: bool, option: str, folder: Path, place: Path) -> Any:
    if value in (None, "", [], ()):
        return None
    outside = f"refused: {option} names a place outside of the bundle"
    if not isinstance(value, str):
        raise NkululekoError(outside, str(place), _TODO)
    if value.startswith(f"{NETWORKS}/") and is_safe(value):
        inside = folder.joinpath(*PurePosixPath(value).parts)
        if inside.exists():
            return str(inside)
    elif may_be_name and is_hub_name(value):
        return value
    raise NkululekoError(outside, str(place), _TODO)
