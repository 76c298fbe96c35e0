"""Split by the values of a column."""

from __future__ import annotations

import logging

import pandas as pd
from pydantic import field_validator

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Loaded, Split, SplitContext
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option
from nkululeko.data.splits._lists import by_value, nearest, once, some
from nkululeko.data.targets import as_labels

_log = logging.getLogger("nkululeko")

#: what corpora call the parts, in lower case; for their ``eval`` see :func:`_usual`
USUAL = {
    "train": ("train", "training", "trn"),
    "dev": ("dev", "devel", "development", "val", "valid", "validation"),
    "test": ("test", "testing", "tst"),
}
EVALUATION = ("eval", "evaluation")


class ColumnOptions(BaseOptions):
    """The column, and which of its values mean what."""

    split_column: str = option("", "the column that says train, dev or test")
    train_vals: tuple[str, ...] = option((), "its values that mean train")
    dev_vals: tuple[str, ...] = option((), "its values that mean dev")
    test_vals: tuple[str, ...] = option((), "its values that mean test")

    _once = field_validator("train_vals", "dev_vals", "test_vals")(once)


class Column(Split):
    """Each row goes where its value in a column says; rows with other values are not used.

    Values are compared as text, whole numbers without ``.0``. Without any list of values the usual words are
    understood, in capitals too: train, training, trn; dev, devel, development, val, valid, validation; test, testing,
    tst. ``eval`` and ``evaluation`` mean test, as in ASVspoof or AudioSet, where nothing else does; beside a value
    that means test they could mean either: then the lists have to be given.
    """

    Options = ColumnOptions
    summary = "as the values of a column say: split_column, train_vals, dev_vals, test_vals"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        name, where = self.options.split_column, f"database '{context.name}'"
        if not name:
            todo = f"set {context.name}.split_column"
            raise NkululekoError("split_strategy = column needs the name of a column", where, todo)
        if name not in loaded.samples:
            hint = did_you_mean(name, map(str, loaded.samples.columns))
            raise NkululekoError(f"no column '{name}' (split_column)", where, hint)
        values = as_labels(loaded.samples[name])
        there = sorted(values.dropna().unique())
        parts = {part: getattr(self.options, f"{part}_vals") for part in USUAL}
        given = any(parts.values())
        if given:
            self._warn(parts, there, context.name)
        else:
            parts = _usual(there, f"{where}, column '{name}'")
        split = by_value(values, parts)
        if split.isna().all():
            what = f"column '{name}' has none of the values that mean train, dev or test (there are: {some(there)})"
            raise NkululekoError(what, where, f"set {context.name}.train_vals and {context.name}.test_vals")
        unused = [value for value in there if not any(value in part for part in parts.values())]
        if unused:
            _log.info("%s: not used: %d samples with %s = %s", context.name,
                      int((split.isna() & values.notna()).sum()), name, some(unused))  # fmt: skip
        return split

    def _warn(self, parts: dict[str, tuple[str, ...]], there: list[str], name: str) -> None:
        """Say which of the listed values no row has."""
        for part, values in parts.items():
            for value in values:
                if value not in there:
                    hint = nearest(value, there) or f"there are: {some(there)}"
                    _log.warning("%s.%s_vals: no sample has the value '%s'; %s", name, part, value, hint)


def _usual(there: list[str], where: str) -> dict[str, tuple[str, ...]]:
    """The values that are usual words for a part."""
    parts = {part: tuple(v for v in there if v.lower() in words) for part, words in USUAL.items()}
    evaluation = tuple(value for value in there if value.lower() in EVALUATION)
    if evaluation and parts["test"]:
        what = f"'{evaluation[0]}' beside '{parts['test'][0]}': it is not clear which means what"
        raise NkululekoError(what, where, "set train_vals, dev_vals, test_vals")
    return {**parts, "test": (*parts["test"], *evaluation)}
