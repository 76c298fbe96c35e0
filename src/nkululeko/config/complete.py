"""What follows from other options: partners of models, names, seeds, chosen plug-ins, absolute paths."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nkululeko.config.databases import folder_of
from nkululeko.config.declare import Choice, Declared, declared
from nkululeko.config.fill import Findings
from nkululeko.config.ini import RawOption
from nkululeko.config.names import MODELS
from nkululeko.config.paths import resolve
from nkululeko.config.schema.exp import Exp
from nkululeko.config.sections import Filled
from nkululeko.core.errors import NkululekoError


def for_task(name: str, task: str, raw: RawOption | None, findings: Findings) -> str:
    """The model for the task: a classifier's name under regression means its partner.

    Args:
        name: of a model
        task: ``classification`` or ``regression``
        raw: where it is named
        findings: gets a note, or a mistake where there is no partner
    """
    if raw is None or MODELS.family is None or not MODELS.is_installed(name):
        return name
    model = MODELS.family.load(name)
    if task in model.tasks:
        return name
    partner = model.partner
    if task == "regression" and partner and MODELS.is_installed(partner):
        findings.note(raw, f"{raw.label} = {name} is a classifier: its regression partner {partner} is used")
        return partner
    kind = "a regressor" if task == "classification" else "a classifier"
    hint = f"use {partner}" if partner else f"set EXP.type = {model.tasks[0]}, or choose another model"
    findings.wrong(raw, f"{raw.label}: '{name}' is {kind}, and EXP.type is {task}", hint)
    return name


def complete(filled: dict[str, Filled], source: Path, findings: Findings, folder_of_call: Path) -> None:
    """Complete the records of all sections.

    Args:
        filled: the sections; their records are replaced
        source: the experiment file, whose stem is the default of the experiment's name
        findings: gets mistakes in paths
        folder_of_call: where relative paths start
    """
    exp: Any = filled["EXP"].record if "EXP" in filled else Exp()
    if "EXP" in filled:
        _update(filled["EXP"], name=exp.name or source.stem, root_folders=None)
    for section in filled.values():
        _resolve_paths(section, findings, folder_of_call)
        asked = "EXP" in filled and filled["EXP"].form.raw("sample_selection")
        fields = type(section.record).model_fields
        if asked and "sample_selection" in fields and not section.form.raw("sample_selection"):
            _update(section, sample_selection=exp.sample_selection)
    if "FEATS" in filled:
        feats: Any = filled["FEATS"].record
        sets = [_choice(filled["FEATS"], "features", name) for name in feats.type]
        scaler = _choice(filled["FEATS"], "scalers", feats.scale)
        _update(filled["FEATS"], sets=tuple(choice for choice in sets if choice), scaler=scaler)
    if "AUGMENT" in filled:
        augment: Any = filled["AUGMENT"].record
        copied = [_choice(filled["AUGMENT"], "augmenters", name) for name in augment.augment]
        _update(filled["AUGMENT"], sets=tuple(choice for choice in copied if choice))
    if "MODEL" in filled:
        model: Any = filled["MODEL"].record
        _update(
            filled["MODEL"],
            choice=_choice(filled["MODEL"], "models", model.type) or Choice(""),
            measure=model.measure or ("ccc" if exp.type == "regression" else "uar"),
            n_jobs=exp.jobs if model.n_jobs is None else model.n_jobs,
            random_seed=exp.random_seed if model.random_seed is None else model.random_seed,
        )


def _update(section: Filled, **values: Any) -> None:
    section.record = section.record.model_copy(update=values)


def _choice(section: Filled, family: str, name: str) -> Choice | None:
    options = section.options.get((family, name))
    return None if options is None else Choice(name, options)


def _resolve_paths(section: Filled, findings: Findings, folder_of_call: Path) -> None:
    """Paths in the options of chosen plug-ins become absolute."""
    for plug, options in section.options.items():
        for option in [option for option in declared(type(options)).values() if option.is_path]:
            raw = section.forms[plug].raw(option.field)
            value = getattr(options, option.field)
            if raw is None or value is None:
                continue
            try:
                folder = folder_of(raw, findings)
                paths = value if isinstance(value, tuple) else (value,)
                places = tuple(_place(path, folder_of_call, folder, option) for path in paths)
            except NkululekoError as problem:
                findings.wrong(raw, f"{raw.label}: {problem.what}", problem.todo)
                continue
            options = options.model_copy(
                update={option.field: places if isinstance(value, tuple) else places[0]}
            )
            section.options[plug] = options


def _place(path: str, folder_of_call: Path, folder: Path, option: Declared) -> str:
    """The absolute path; what may be a name as well, such as ``owner/model``, is left where nothing is there.

    Example:
        >>> model = Declared("model", None, "model", is_path="or name")
        >>> _place("facebook/wav2vec2-base", Path("/tmp"), Path("/tmp"), model)
        'facebook/wav2vec2-base'
    """
    may_be_name = option.is_path == "or name" and re.fullmatch(
        r"[\w-][\w.-]*(/[\w-][\w.-]*)?|https://\S+", path
    )
    try:
        return str(resolve(path, folder_of_call, folder))
    except NkululekoError:
        if may_be_name:
            return path
        raise
