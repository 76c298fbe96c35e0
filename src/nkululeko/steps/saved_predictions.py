"""Test predictions as a database of their own (``EXP.save_test``): soft labels for the next experiment."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import models
from nkululeko.core.result import Result
from nkululeko.core.rundir import write_atomically
from nkululeko.data.soft_labels import true_column

_log = logging.getLogger("nkululeko")


def check_save_test(config: ExperimentConfig) -> None:
    """Stop, before anything is learned, where the predictions could not be kept as asked.

    Raises:
        NkululekoError: there is a threshold, and the model gives no probabilities
    """
    exp = config.exp
    if exp.soft_label_threshold is None:
        return
    if exp.save_test is None:
        _log.info("EXP.soft_label_threshold has no effect in this run: it is for EXP.save_test")
    elif exp.type == "regression":
        _log.info("EXP.soft_label_threshold has no effect in this run: it is for classes")
    elif config.model.choice.name and not models.load(config.model.choice.name).probabilistic:
        raise NkululekoError(
            f"EXP.soft_label_threshold needs probabilities, and model {config.model.choice.name} gives none",
            str(config.source), "remove it, or take a model such as xgb, logreg or mlp",
        )  # fmt: skip


def save_test(config: ExperimentConfig, samples: pd.DataFrame, result: Result) -> Path | None:
    """Write the test predictions as a CSV database, if that is asked for.

    Args:
        config: the experiment
        samples: all of them, with their splits
        result: of the run

    Returns:
        the file; None: it was not asked for

    Raises:
        NkululekoError: it cannot be written
    """
    asked = config.exp.save_test
    if asked is None:
        return None
    test = samples[(samples["split"] == "test").to_numpy()]
    table = as_database(test, result)
    threshold = config.exp.soft_label_threshold
    if threshold is not None and "confidence" in table:
        sure = (table["confidence"] >= threshold).to_numpy()
        _log.info(
            "save_test: %d of %d predictions are less probable than %g and left out",
            int((~sure).sum()),
            len(sure),
            threshold,
        )
        table = table[sure]
    path = (config.folder_of_call / asked.expanduser()).absolute()
    try:
        write_atomically(path, contract.to_csv_text(table).encode())
    except OSError as problem:
        raise NkululekoError(
            f"cannot be written ({problem.strerror})", str(path), "change EXP.save_test"
        ) from None
    _log.info("save_test: %d predictions were written to %s", len(table), path)
    return path


def as_database(test: pd.DataFrame, result: Result) -> pd.DataFrame:
    """Test samples whose target is what was predicted.

    Args:
        test: the test samples with all their columns
        result: of the run

    Returns:
        on the segmented index: the columns of the samples, but database and split; the target as predicted, its truth
        in ``TARGET_true``; for classes ``p_LABEL`` or ``s_LABEL`` and, with probabilities, ``confidence``
    """
    target, said = result.target, contract.align(result.predictions, test.index)
    scores = [name for name in said if str(name).startswith(("p_", "s_"))]
    new = {
        target: said["prediction"],
        true_column(target): said["truth"],
        **{str(name): said[name] for name in scores},
    }
    probable = [name for name in scores if str(name).startswith("p_")]
    if probable:
        new["confidence"] = said[probable].max(axis=1)
    kept = test.drop(columns=[name for name in (*new, "database", "split", "confidence") if name in test])
    kept = kept[[name for name in kept if kept[name].notna().any()]]
    return pd.concat([pd.DataFrame({target: new.pop(target)}), kept, pd.DataFrame(new)], axis=1)
