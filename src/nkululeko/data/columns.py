"""Column names: blanks, ``sex``, and the user's ``colnames``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from nkululeko.core.errors import NkululekoError, did_you_mean


def orient(
    colnames: Mapping[str, str], present: Iterable[str], where: str
) -> tuple[dict[str, str], list[str]]:
    """The user's ``colnames`` as old name to new name, and notes.

    A mapping whose keys are no columns but whose values are is read the other way round.

    Raises:
        NkululekoError: a name that no column has
    """
    columns = set(present)
    if colnames and not columns & set(colnames) and columns & set(colnames.values()):
        names = {new: old for old, new in colnames.items()}
        notes = [
            f"{where}: colnames is read as new name to old name: its keys are no columns, its values are"
        ]
    else:
        names, notes = dict(colnames), []
    for old in names:
        if old not in columns:
            raise NkululekoError(f"colnames: no column '{old}'", where, did_you_mean(old, columns))
    return names, notes


def rename(frame: pd.DataFrame, colnames: Mapping[str, str], where: str) -> tuple[pd.DataFrame, list[str]]:
    """The frame with the user's column names, ``sex`` as ``gender``; and notes.

    Raises:
        NkululekoError: unknown column, or two columns of one name
    """
    names, notes = orient(colnames, frame.columns, where)
    if "sex" in frame and "gender" not in frame and "sex" not in names and "gender" not in names.values():
        names["sex"] = "gender"
    # a column that already bears the new name gives way: the user asked for the other one
    replaced = [new for old, new in names.items() if new in frame and new not in names and new != old]
    if replaced:
        notes.append(f"{where}: colnames replaces the column(s) {', '.join(replaced)}")
    renamed = frame.drop(columns=replaced).rename(columns=names)
    twice = renamed.columns[renamed.columns.duplicated()].unique()
    if len(twice):
        raise NkululekoError(f"column '{twice[0]}' stands twice after colnames", where)
    return renamed, notes


def own_name(column: str, colnames: Mapping[str, str]) -> list[str]:
    """The names that a column of ours may have in the data, likeliest first."""
    olds = [old for old, new in colnames.items() if new == column]
    turned = [colnames[column]] if column in colnames else []
    return [*olds, *turned, column]


def no_target(target: str, present: Iterable[str], where: str) -> NkululekoError:
    """The error of a target that no column has."""
    columns = list(present)
    hint = did_you_mean(target, columns)
    if target in columns:
        hint = "the data have it, but colnames gives it another name: check colnames"
    if target == "sex" and "gender" in columns:
        hint = "did you mean 'gender'? A column 'sex' is read as that"
    return NkululekoError(f"no column '{target}' to predict", where, hint)
