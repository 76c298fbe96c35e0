"""Making a bundle of a trained experiment: everything that it needs elsewhere, and nothing that tells of people.

Left behind are the experiment's file, the names of recordings, speakers and folders, and whatever could run.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nkululeko.config.declare import Choice
from nkululeko.core import families
from nkululeko.core.errors import NkululekoError
from nkululeko.report.model_card import model_card
from nkululeko.steps.apply import Expert, Trained, open_trained
from nkululeko.steps.bundle import (
    CARD,
    NETWORKS,
    NOT_IN_BUNDLES,
    is_hub_name,
    places_of,
    read_bundle,
)
from nkululeko.steps.bundle_files import DESCRIPTION, FORMAT, KINDS, MANIFEST, is_bundle, pack, write_manifest
from nkululeko.steps.learned_rate import learned_rate
from nkululeko.steps.onnx_files import Converted, export_onnx
from nkululeko.steps.provenance import versions

_log = logging.getLogger("nkululeko")
#: models that keep rows of the training set as they are, scaled: features of somebody's voice
_KEEPS_ROWS = ("knn", "knn_reg", "svm", "svr")


@dataclass(frozen=True)
class Exported:
    """A bundle that was made.

    Args:
        path: the folder or zip
        notes: what the user should know of it, a line each
        size: of all files in bytes
        onnx: what became of the models in ONNX; empty: it was not asked for
    """

    path: Path
    notes: tuple[str, ...]
    size: int
    onnx: tuple[Converted, ...] = ()


def export_bundle(run: str | Path, out: str | Path, onnx: bool = False) -> Exported:
    """Make a bundle of a finished run.

    Args:
        run: the folder of the run (``root/name``), or its experiment file
        out: a folder, or a file ``*.zip``; an earlier bundle there is replaced
        onnx: also write the models as ONNX, where they can be converted

    Raises:
        NkululekoError: there is no trained experiment, its features cannot be had elsewhere, or ``out`` is taken
    """
    if is_bundle(run):
        raise NkululekoError("is a bundle already", str(run), "copy it, or name the folder of a run")
    goal = Path(out).expanduser().absolute()
    _check_free(goal)
    trained = open_trained(run)
    record = _result(trained.folder)
    _check_sets(trained)
    try:
        goal.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=goal.parent, prefix=f".{goal.name}.") as scratch:
            folder = Path(scratch, "bundle")
            folder.mkdir()
            notes, converted = _fill(folder, trained, record, onnx)
            write_manifest(folder)
            made = folder
            if goal.suffix.lower() == ".zip":
                made = Path(scratch, "bundle.zip")
                pack(folder, made)
            read_bundle(made)  # whoever gets it must be able to open it
            _remove(goal)
            made.replace(goal)
    except OSError as problem:
        raise NkululekoError(
            f"cannot be written ({problem.strerror})", str(goal), "name another place"
        ) from None
    return Exported(goal, tuple(notes), _size(goal), tuple(converted))


def _fill(
    folder: Path, trained: Trained, record: Mapping[str, Any], onnx: bool
) -> tuple[list[str], list[Converted]]:
    """Write everything but the manifest; says what the user should know."""
    from_features = not trained.experts[0].pipeline.model.takes_recordings
    notes = [*trained.licences] if from_features else []
    experts = []
    for number, expert in enumerate(trained.experts, 1):
        place = f"models/member_{number}" if trained.committee else "models"
        (folder / place).mkdir(parents=True)
        _save(expert, folder / place)
        from_sound = expert.pipeline.model.takes_recordings
        sets = [] if from_sound else [_set(choice, folder, notes) for choice in expert.sets]
        experts.append(
            {
                "models": place, "sets": sets, "columns": list(expert.columns),
                "columns_of": {name: list(columns) for name, columns in expert.columns_of.items()},
                "weight": expert.weight, "temperature": expert.temperature,
            }
        )  # fmt: skip
        name = expert.pipeline.recipe.model
        if name in _KEEPS_ROWS:
            notes.append(f"model {name} keeps features of training recordings: ask who may have them")
    description = {
        "format": FORMAT, "name": trained.name, "target": trained.target, "task": trained.task,
        "labels": list(trained.labels), "committee": trained.committee, "experts": experts,
        "features": record.get("provenance", {}).get("features", {}), "versions": versions(),
        "sampling_rate": learned_rate(trained),
    }  # fmt: skip
    text = json.dumps(description, indent=1, ensure_ascii=False)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    converted = export_onnx(trained, folder) if onnx else []
    (folder / CARD).write_text(model_card(record), encoding="utf-8")
    return list(dict.fromkeys(notes)), converted


def _save(expert: Expert, folder: Path) -> None:
    """A pipeline as it was trained, without the folders of the computer that trained it."""
    model = expert.pipeline.model
    named = {
        name: Path(value).name
        for name in places_of(model.Options)
        if isinstance(value := getattr(model.options, name), str) and not is_hub_name(value)
    }
    if named:
        model.options = model.options.model_copy(update=named)
    expert.pipeline.save(folder)
    for path in folder.rglob("config.json"):  # of a network that was fine-tuned: where it came from
        config = json.loads(path.read_text(encoding="utf-8"))
        if not is_hub_name(str(config.get("_name_or_path", "x"))):
            path.write_text(json.dumps({**config, "_name_or_path": ""}, indent=2), encoding="utf-8")


def _set(choice: Choice, folder: Path, notes: list[str]) -> dict[str, Any]:
    """A feature set with its options; networks that lie on this computer are copied into the bundle."""
    options = choice.options.model_dump(mode="json")
    for option, may_be_name in places_of(type(choice.options)).items():
        value = options[option]
        if not value:
            continue
        if may_be_name and is_hub_name(value) and not Path(value).exists():
            notes.append(
                f"feature set '{choice.name}' fetches {value} from the Hugging Face hub where it is used"
            )
            continue
        options[option] = _copied(choice, option, Path(value).expanduser(), folder)
    return {"name": choice.name, "options": options}


def _copied(choice: Choice, option: str, given: Path, folder: Path) -> str:
    """A network's files, copied into the bundle; their place in it.

    Raises:
        NkululekoError: it is not there, or is a pickle
    """
    feature_set = families.features.load(choice.name)(choice.options)
    # that of an older network is a copy without pickle
    source = Path(getattr(getattr(feature_set, "checkpoint", None), "folder", given))
    where = f"FEATS.{choice.name}.{option}"
    if not source.exists():
        raise NkululekoError(f"there is no '{source}' any more, and the model needs it", where)
    place = f"{NETWORKS}/{len(list((folder / NETWORKS).glob('*'))) + 1}_{choice.name}"
    (folder / place).mkdir(parents=True)
    files = [source] if source.is_file() else sorted(path for path in source.iterdir() if path.is_file())
    if source.is_file() and source.suffix == ".onnx":  # what it takes weights from, and what describes it
        files += [path for path in sorted(source.parent.glob(f"{source.stem}.*")) if path != source]
    files = [path for path in files if path.suffix in KINDS]
    if not files:
        kinds = ", ".join(KINDS)
        raise NkululekoError(
            f"has no file that a bundle may hold ({kinds})", str(source), "see docs: bundles"
        )
    for path in files:
        shutil.copyfile(path, folder / place / path.name)
    return f"{place}/{source.name}" if source.is_file() else place


def _check_sets(trained: Trained) -> None:
    for choice in (choice for expert in trained.experts for choice in expert.sets):
        if choice.name in NOT_IN_BUNDLES and not trained.experts[0].pipeline.model.takes_recordings:
            what = f"feature set '{choice.name}' cannot be in a bundle: {NOT_IN_BUNDLES[choice.name]}"
            raise NkululekoError(what, str(trained.folder), "train with another feature set")


def _result(folder: Path) -> dict[str, Any]:
    """The run's ``result.json``."""
    path = folder / "result.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        todo = "the model card is made of it: let the run end, or run it again"
        raise NkululekoError("there is no result.json", str(folder), todo) from None
    except (OSError, ValueError):
        raise NkululekoError("cannot be read", str(path), "run the experiment again") from None
    if not isinstance(found, dict) or not {"name", "scores", "interval", "measure"} <= set(found):
        raise NkululekoError("is no result of a run", str(path), "run the experiment again")
    return found


def _check_free(goal: Path) -> None:
    """Only an earlier bundle, or an empty folder, is replaced."""
    if not goal.exists() or (goal.is_dir() and not any(goal.iterdir())):
        return
    names: set[str] = set()
    if goal.is_dir():
        names = {path.name for path in goal.iterdir()}
    elif zipfile.is_zipfile(goal):
        with zipfile.ZipFile(goal) as archive:
            names = set(archive.namelist())
    if not {MANIFEST, DESCRIPTION} <= names:
        raise NkululekoError(
            "is there already, and is no bundle", str(goal), "name another place, or remove it"
        )


def _remove(goal: Path) -> None:
    if goal.is_dir():
        shutil.rmtree(goal)
    else:
        goal.unlink(missing_ok=True)


def _size(path: Path) -> int:
    files: Sequence[Path] = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(each.stat().st_size for each in files)
