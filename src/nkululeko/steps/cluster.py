"""Where the work of an experiment is done: on this computer, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core.cluster import cluster, on_cluster
from nkululeko.core.engine import cores

P = ParamSpec("P")
R = TypeVar("R")
Step = Callable[Concatenate[ExperimentConfig, P], R]


def on_its_engine(step: Step[P, R]) -> Step[P, R]:
    """Runs a step where ``EXP.engine`` of the experiment, its first argument, says; steps within share the cluster."""

    @wraps(step)
    def run(config: ExperimentConfig, /, *args: P.args, **options: P.kwargs) -> R:
        if config.exp.engine != "dask" or on_cluster():
            return step(config, *args, **options)
        with cluster(config.exp.dask_address, config.exp.jobs or cores()):
            return step(config, *args, **options)

    return run
