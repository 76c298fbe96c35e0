"""What an exploration makes of features: which carry the target, pairs of them, maps."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nkululeko.config.declare import Choice
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import FeatureMap, FeatureRanking, Node, Variable
from nkululeko.core.families import Task
from nkululeko.exploration.feature_tests import feature_tests, make_ranking
from nkululeko.exploration.variables import variable
from nkululeko.learning.embedding import project
from nkululeko.learning.ranking import rank, small_tree
from nkululeko.steps.explore_asked import Columns, expl
from nkululeko.steps.extract import Extracted, Extractor, extract
from nkululeko.steps.load import Data
from nkululeko.steps.prepare import jobs_of, store_of
from nkululeko.steps.train import with_features

_log = logging.getLogger("nkululeko")
QUALITY = "quality"
#: the model that ranks where only permutation or SHAP is asked for
_DEFAULT_MODEL: dict[Task, str] = {"classification": "xgb", "regression": "xgr"}


@dataclass(frozen=True)
class Featured:
    """Features and the samples that have them.

    Args:
        features: a row a sample, in the order of ``data``
        data: the samples
        extracted: where the features come from
    """

    features: pd.DataFrame
    data: Data
    extracted: Extracted


def known_names(config: ExperimentConfig) -> list[str]:
    """The names of the features, as far as they are known before anything is extracted."""
    if "FEATS" not in config.sections:
        return []
    feats = config.feats
    if feats.features:
        return list(feats.features)
    names: list[str] = []
    for choice in feats.sets:
        own = (
            feats.features_of.get(choice.name) or families.features.load(choice.name)(choice.options).names()
        )
        names += [*own, *(f"{choice.name}.{name}" for name in own)]
    return names


def features_of(config: ExperimentConfig, data: Data) -> Featured | None:
    """The features that the file names; None where it names none, or they are sequences.

    Args:
        config: the experiment
        data: the samples that are looked at
    """
    if "FEATS" not in config.sections or not config.feats.sets:
        return None
    feats = config.feats
    anew = feats.needs_feature_extraction or feats.no_reuse or config.data.no_reuse
    columns = data.samples.drop(columns=config.data.target, errors="ignore")
    extractor = Extractor(store_of(config), data.audio, jobs_of(config), feats.fail_threshold, anew, columns)
    extracted = extract(feats.sets, data.samples.index, extractor, feats.features, feats.features_of)
    if extracted.shape:
        _log.warning(
            "the features are sequences of %d frames: they are not looked at (os: pooling = mean, std makes"
            " vectors of them)", extracted.shape[0],
        )  # fmt: skip
        return None
    data = with_features(data, extracted, "none", ())
    if data.samples.empty:
        _log.warning("no sample has features: nothing is said about them")
        return None
    features = contract.align(extracted.features, data.samples.index)
    if config.data.target in features:
        _log.warning("the target '%s' is also among the features: it is left out there", config.data.target)
        features = features.drop(columns=config.data.target)
    return Featured(features, data, extracted)


def quality_of(config: ExperimentConfig, data: Data) -> pd.DataFrame | None:
    """Level, noise, clipping and silence of each recording; None where they cannot be measured.

    Args:
        config: the experiment
        data: the samples that are looked at
    """
    extractor = Extractor(store_of(config), data.audio, jobs_of(config), fail_threshold=1.0)
    try:
        kind = families.features.load(QUALITY)
        extracted = extract([Choice(QUALITY, kind.Options())], data.samples.index, extractor)
    except NkululekoError as problem:
        _log.info("the quality of the recordings is not looked at: %s", problem)
        return None
    if extracted.failed:
        example, reason = next(iter(extracted.failed.items()))
        _log.info(
            "the quality of %d recordings could not be measured (e.g. %s: %s)", len(extracted.failed), example[0],
            reason,
        )  # fmt: skip
    return extracted.features.reindex(data.samples.index)


def ranking_of(config: ExperimentConfig, featured: Featured, target: Variable) -> FeatureRanking:
    """Which features carry the target: tests always, importances by the models that are asked for.

    Args:
        config: the experiment
        featured: the features
        target: its values on the same samples
    """
    asked = expl(config)
    features, data = featured.features, featured.data
    known = data.speakers.notna().to_numpy()
    tests = feature_tests(features, target, data.speakers if known.any() else None)
    importances, notes = _importances(config, featured, target)
    tree = _tree(featured, target) if asked.plot_tree else None
    return make_ranking(tests, importances, features, asked.max_feats, tree, notes)


def _tree(featured: Featured, target: Variable) -> Node | None:
    """A small decision tree; None where the data do not allow it, which is said."""
    features, rows = featured.features, target.values.notna().to_numpy()
    names = [str(name) for name in features]
    try:
        return small_tree(features.to_numpy()[rows], names, _plain(target)[rows], _task(target))
    except NkululekoError as problem:
        _log.warning("no decision tree: %s", problem)
        return None


def _importances(
    config: ExperimentConfig, featured: Featured, target: Variable
) -> tuple[pd.DataFrame | None, Sequence[str]]:
    asked, features, data = expl(config), featured.features, featured.data
    task = _task(target)
    models = asked.model or ((_DEFAULT_MODEL[task],) if asked.permutation or asked.shap else ())
    if not models:
        return None, ()
    rows = target.values.notna().to_numpy()
    known = data.speakers.notna().all()
    groups = data.speakers.to_numpy(dtype=object)[rows] if known else None
    try:
        return rank(
            features.to_numpy()[rows], [str(name) for name in features], _plain(target)[rows], groups,
            models=models, task=task, permutation=asked.permutation, shap=asked.shap, seed=config.exp.random_seed,
            jobs=jobs_of(config),
        )  # fmt: skip
    except NkululekoError as problem:  # e.g. one class only, or a package is absent: the tests tell the order
        _log.warning("the features are ranked by effect size, not by models: %s", problem)
        return None, ()


def _task(target: Variable) -> Task:
    return "classification" if target.is_category else "regression"


def _plain(target: Variable) -> np.ndarray:
    return target.values.to_numpy(dtype=object if target.is_category else float)


def feature_variable(featured: Featured, name: str, index: pd.MultiIndex) -> Variable:
    """A feature as a variable of all samples; missing where it could not be computed.

    Args:
        featured: the features
        name: of one of them
        index: all samples
    """
    return variable(featured.features[[name]].reindex(index), name)


def maps_of(config: ExperimentConfig, featured: Featured, columns: Columns) -> list[FeatureMap]:
    """The maps that are asked for; one whose package is absent is left out, with a warning.

    Args:
        config: the experiment
        featured: the features
        columns: of all samples
    """
    asked = expl(config)
    methods = list(dict.fromkeys([*asked.scatter, *(["tsne"] if config.plot.tsne else [])]))
    if asked.spotlight and not methods:
        methods = ["pca"]  # Spotlight shows the features as points, too, and this map costs next to nothing
    found = []
    colours = _colours(config, columns, featured.data) if methods else ()
    strata = columns.grouped_target().values.reindex(featured.features.index).to_numpy(dtype=object)
    for method in methods:
        try:
            made = project(
                featured.features.to_numpy(), method, asked.scatter_dim, seed=config.exp.random_seed,
                jobs=jobs_of(config), max_points=asked.max_points, strata=strata,
            )  # fmt: skip
        except NkululekoError as problem:
            _log.warning("no map by %s: %s", method, problem)
            continue
        index = featured.features.index[made.rows]
        points = pd.DataFrame(made.points, index=index, columns=list("xyz")[: made.points.shape[1]])
        found.append(FeatureMap(method, points, colours, tuple(made.axes), made.note))
    return found


def _colours(config: ExperimentConfig, columns: Columns, data: Data) -> tuple[Variable, ...]:
    """The target, what ``scatter.target`` names, and what a model might learn instead of the target."""
    samples, asked = data.samples, expl(config)
    several = ["database"] if samples["database"].nunique() > 1 else []
    gender = [] if asked.ignore_gender else ["gender"]
    names = [config.data.target, *asked.scatter_target, *gender, "speaker", *several]
    there = [name for name in dict.fromkeys(names) if name in columns]
    found = [columns.column(name) for name in there]
    return tuple(each for each in found if each.values.notna().any())
