"""``[EXP]``: the experiment as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import field_validator

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, each_once

#: models that learn in epochs
NETS = "models: mlp mlp_reg cnn cnn_reg lstm lstm_reg finetune"


class Exp(Section):
    """The experiment as a whole."""

    ini_section = "EXP"

    root: Path = option(Path("results"), "folder of the results; root/name is the run's own folder")
    name: str = option("", "the experiment's name; not given: that of the file")
    type: Literal["classification", "regression"] = option("classification", "predict labels, or numbers")
    runs: int = option(1, "repetitions with different seeds; mean and spread are reported", ge=1)
    epochs: int | None = option(None, "epochs of neural nets (50 if not given)", needs=NETS, ge=1)
    save: bool = option(True, "keep the experiment so that predict and demo can load it")
    save_test: Path | None = option(
        None, "write the test predictions to this CSV, from the folder of the call, as a new database"
    )
    soft_label_threshold: float | None = option(
        None, "save_test leaves out predictions that are less probable than this", gt=0, le=1
    )
    databases: tuple[str, ...] = option((), "multidb: the databases to compare")
    use_splits: bool = option(
        False, "cross_data, multidb: use each database's own splits, not the whole of it"
    )
    lodo: bool = option(False, "multidb: a further row of cells, trained on all databases but the tested one")
    root_folders: str | None = option(None, "file with the databases' paths and options; also in [DATA]")
    store: Path | None = option(
        None, "folder of the feature store; not given: one per user, for all experiments"
    )
    fig_dir: Path = option(Path("images"), "folder of the figures below root/name")
    res_dir: Path = option(Path(), "folder of the results below root/name")
    models_dir: Path = option(Path("models"), "folder of the models below root/name")
    traindevtest: bool = option(False, "three-way split; dev drives early stopping and model choice")
    sample_selection: Selection = option("all", "the samples that a module works on")
    export_onnx: bool = option(False, "also write the model as ONNX, into the folder onnx of the run")
    language: str | None = option(None, "spoken language as ISO code, e.g. 'de'")
    random_seed: int = option(42, "the one seed of everything", ge=0, lt=2**32)
    jobs: int | None = option(None, "worker processes; not given: as many as there are cores", ge=1)
    engine: Literal["local", "dask"] = option(
        "local", "where extraction, folds and searches run: on this computer, or on a Dask cluster"
    )
    dask_address: str = option(
        "",
        "address of a Dask scheduler; not given: a cluster of processes on this computer",
        ini="dask.address",
    )
    strict: bool = option(True, "unknown sections and options are errors, not warnings")

    @field_validator("name")
    @classmethod
    def _plain_folder(cls, name: str) -> str:
        if name in (".", "..") or any(sign in name for sign in "/\\\0"):
            raise ValueError("expected a plain folder name, without / or \\")
        return name

    @field_validator("databases")
    @classmethod
    def _unique(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(names)

    @field_validator("fig_dir", "res_dir", "models_dir")
    @classmethod
    def _below_the_run(cls, path: Path) -> Path:
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("expected a folder below root/name")
        return path
