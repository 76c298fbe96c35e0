"""A whole experiment: the steps in a row."""

from __future__ import annotations

import logging
import time

import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import engine
from nkululeko.core import samples as contract
from nkululeko.core.companion import Companion
from nkululeko.core.errors import NkululekoError
from nkululeko.core.journal import Journal
from nkululeko.core.result import Result
from nkululeko.core.rundir import RunDir
from nkululeko.core.store import FeatureStore, default_store
from nkululeko.learning.embedding import tsne
from nkululeko.steps.evaluate import evaluate
from nkululeko.steps.extract import Extractor, extract
from nkululeko.steps.load import load, previous_split
from nkululeko.steps.provenance import provenance
from nkululeko.steps.report import draw, warm, write
from nkululeko.steps.train import beside, matrices, nan_strategy, recipe_of, train, with_features

_log = logging.getLogger("nkululeko")


def run_experiment(
    config: ExperimentConfig, rundir: RunDir, log: Journal, companion: Companion | None, began: float
) -> Result:
    """Load, split, extract, train, evaluate, report.

    Args:
        config: the experiment
        rundir: where everything goes
        log: collects notes and warnings
        companion: the process that learns; None: this one does
        began: when the run began, ``time.monotonic()``
    """
    jobs = config.exp.jobs or engine.cores()
    store = FeatureStore(config.exp.store or default_store())
    data = load(config, store, previous_split(rundir.path("split.csv")), jobs)
    anew = config.feats.needs_feature_extraction or config.feats.no_reuse or config.data.no_reuse
    extractor = Extractor(store, data.audio, jobs, config.feats.fail_threshold, anew)
    extracted = extract(
        config.feats.sets, data.samples.index, extractor, config.feats.features, config.feats.features_of
    )
    if config.data.target in extracted.features:
        raise NkululekoError(
            f"the target '{config.data.target}' is also among the features: the model would be told the answer",
            "FEATS.import_file", "take that column out, or choose columns by FEATS.features",
        )  # fmt: skip
    data = with_features(data, extracted, nan_strategy(config))

    parts = matrices(data, extracted.features, config.data.target)
    keep = config.exp.save and config.model.save
    learning = train(
        recipe_of(config, data.labels, jobs), parts, rundir.model_folder() if keep else None, companion
    )
    mapping = (
        beside(companion, tsne, parts.features, config.exp.random_seed, jobs) if config.plot.tsne else None
    )
    warm()  # while the companion learns
    rundir.write("split.csv", contract.to_csv_text(_split_table(data.samples, config.data.target)))
    rundir.write("config.ini", config.to_ini())
    learned = learning.result()
    for level, lines in ((logging.INFO, learned.notes), (logging.WARNING, learned.warnings)):
        for line in lines:
            _log.log(level, line)
    origin = provenance(config, data, extracted, time.monotonic() - began)
    result = evaluate(
        config, data, learned, parts.columns,
        embedding=mapping.result() if mapping else None,
        notes=log.notes, warnings=log.warnings, provenance=origin, folder=rundir.folder,
    )  # fmt: skip
    write(result, draw(result, config), rundir, config)
    return result


def _split_table(samples: pd.DataFrame, target: str) -> pd.DataFrame:
    kept = [name for name in ("database", "speaker", target, "split") if name in samples]
    return samples[list(dict.fromkeys(kept))]
