"""The models of a trained experiment as files of ONNX, each compared with the model itself before it is kept."""

from __future__ import annotations

import importlib.util
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.rundir import RunDir

if TYPE_CHECKING:
    from nkululeko.config.experiment import ExperimentConfig
    from nkululeko.steps.apply import Expert, Trained

_log = logging.getLogger("nkululeko")
FOLDER, ABOUT = "onnx", "onnx.json"
#: packages that some models need for it, beside onnx and onnxruntime
_PACKAGES = {
    "skl2onnx": ("tree", "tree_reg", "rf", "rf_reg"),
    "onnxmltools": ("xgb", "xgr", "lgbm", "lgbm_reg"),
}


@dataclass(frozen=True)
class Converted:
    """What became of one model.

    Args:
        file: name of its file in the folder ``onnx``; empty: it was not converted
        note: what it holds, and how far its answers are from the model's own; or why it was not converted
    """

    file: str
    note: str


def check_onnx(models: Iterable[str]) -> None:
    """Stop where a package is missing; without importing any.

    Args:
        models: names of the models that are to be converted

    Raises:
        NkululekoError: names the extra to install
    """
    wanted = ["onnx", "onnxruntime"]
    names = set(models)
    wanted += [package for package, needed in _PACKAGES.items() if names & set(needed)]
    for package in wanted:
        if importlib.util.find_spec(package) is None:
            raise missing_package(package, "onnx", "the export to ONNX")


def export_onnx(trained: Trained, folder: Path) -> list[Converted]:
    """Write every model that can be converted into ``onnx/`` below a folder, and what they are into ``onnx.json``.

    Args:
        trained: the experiment; of a committee each member gets a file
        folder: where it goes

    Returns:
        what became of each model

    Raises:
        NkululekoError: a package is missing
    """
    check_onnx(expert.pipeline.recipe.model for expert in trained.experts)
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    found, about = [], []
    for number, expert in enumerate(trained.experts, 1):
        name = f"member_{number}.onnx" if trained.committee else "model.onnx"
        try:
            described = _convert(expert, place / name)
        except NkululekoError as problem:
            found.append(Converted("", str(problem)))
            continue
        about.append({"file": name, "weight": expert.weight, "temperature": expert.temperature, **described})
        inside, apart = ", ".join(described["inside"]), described["difference"]
        found.append(
            Converted(name, f"{name} takes {described['input']} and does: {inside}; difference {apart:.1e}")
        )
    text = {"target": trained.target, "labels": list(trained.labels), "models": about}
    (place / ABOUT).write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


def _convert(expert: Expert, path: Path) -> dict:
    """Write one model; what it is.

    Raises:
        NkululekoError: it cannot be converted, or answers otherwise
    """
    from nkululeko.learning.exporting.whole import TOLERANCE, difference, rows_like_training, to_onnx

    pipeline = expert.pipeline
    try:
        model = to_onnx(pipeline)
        apart = difference(pipeline, model, rows_like_training(pipeline, model.given))
    except NkululekoError:
        raise
    except Exception as problem:  # of converters and runtime, whatever this model is to them
        reason = " ".join(str(problem).split())[:200]
        what = (
            f"model {pipeline.recipe.model} cannot be converted to ONNX ({type(problem).__name__}: {reason})"
        )
        raise NkululekoError(what) from problem
    if not apart <= TOLERANCE:
        what = f"in ONNX, model {pipeline.recipe.model} answers otherwise (difference {apart:.2g}): it is not written"
        raise NkululekoError(what)
    path.write_bytes(model.content)
    sets = [(choice.name, _plain(choice.options.model_dump(mode="json"))) for choice in expert.sets]
    return {
        "input": model.given, "outputs": list(model.outputs), "columns": list(model.labels),
        "inside": list(model.inside), "features": pipeline.feature_names, "difference": apart,
        "sets": [{"name": name, "options": options} for name, options in sets],
    }  # fmt: skip


def _plain(options: dict) -> dict:
    """Options without the folders of this computer."""
    return {
        name: Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value
        for name, value in options.items()
    }


def check_wanted(config: ExperimentConfig, models: Iterable[str] = ()) -> None:
    """Stop before anything runs where ``EXP.export_onnx`` cannot be done.

    Args:
        config: the experiment
        models: those that it may choose from; not given: its own

    Raises:
        NkululekoError: the model is not kept, or a package is missing
    """
    if not config.exp.export_onnx:
        return
    if not (config.exp.save and config.model.save):
        raise NkululekoError(
            "only a model that is kept can be exported", "EXP.export_onnx", "set EXP.save and MODEL.save to True"
        )  # fmt: skip
    check_onnx(models or [config.model.choice.name])


def export_wanted(config: ExperimentConfig, rundir: RunDir) -> None:
    """Write the model of a run as ONNX where ``EXP.export_onnx`` asks for it; what became of it is logged."""
    if not config.exp.export_onnx:
        return
    from nkululeko.steps.apply import open_trained

    rundir.emptied(FOLDER)
    for one in export_onnx(open_trained(rundir.folder), rundir.folder):
        _log.log(logging.INFO if one.file else logging.WARNING, "ONNX: %s", one.note)
