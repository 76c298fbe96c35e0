"""The folder of an experiment, as its file says."""

from __future__ import annotations

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core.rundir import RunDir


def rundir_of(config: ExperimentConfig, door: str = "") -> RunDir:
    """Where a command writes; it is made if it is not there.

    Args:
        config: with [EXP]
        door: of a command that shares the folder with a run, see :class:`~nkululeko.core.rundir.RunDir`
    """
    exp = config.exp
    return RunDir(
        exp.root, exp.name, images=exp.fig_dir.as_posix(), models=exp.models_dir.as_posix(),
        results=exp.res_dir.as_posix(), door=door,
    )  # fmt: skip
