"""An experiment on a real Dask cluster: the same results bit for bit, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from checkpoints import make_checkpoint
from nkululeko import nkululeko as door
from nkululeko import optim
from nkululeko.testing.corpus import write_corpus

distributed = pytest.importorskip("distributed", reason="NOT TESTED: dask is not installed")
INI = """\
[EXP]
root = ./results
name = here
[DATA]
databases = ['db']
db = ./corpus/corpus.csv
db.type = csv
target = emotion
[FEATS]
type = ['mfcc']
[MODEL]
type = svm
[OPTIM]
C_val = [0.1, 1, 10]
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as own:
        yield str(own.scheduler_address)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "corpus", speakers=4, utterances_per_emotion=3)
    Path("exp.ini").write_text(INI)
    return tmp_path


def both_ways(run: Any, address: str, *changes: str) -> list[pd.DataFrame]:
    """Predictions here and there, each with a store of its own."""
    found = []
    for name, more in (("here", []), ("there", ["EXP.engine=dask", f"EXP.dask.address={address}"])):
        run("exp.ini", [*changes, *more, f"EXP.name={name}", f"EXP.store=./{name}"])
        found.append(pd.read_csv(f"results/{name}/predictions.csv"))
    return found


@pytest.mark.parametrize(
    "changes",
    [
        (),
        ("MODEL.type=xgb", "MODEL.logo=4"),
        ("FEATS.type=os", "MODEL.type=mlp", "EXP.epochs=2", "MODEL.loso=True"),
    ],
    ids=["svm", "xgb in folds", "mlp in folds"],
)
def test_the_same_bit_for_bit(project, address, changes):
    here, there = both_ways(door.run, address, *changes)
    pd.testing.assert_frame_equal(here, there, check_exact=True)
    assert "Dask cluster" in Path("results/there/log.txt").read_text()
    again = door.run("results/there/config.ini", ["EXP.name=again"])
    assert again.provenance["seed"] == 42


def test_a_search(project, address):
    here, there = both_ways(optim.run, address)
    pd.testing.assert_frame_equal(here, there, check_exact=True)


def test_networks(project, address):
    pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")
    make_checkpoint("wav2vec", Path("tiny"))
    changes = ("FEATS.type=wav2vec", "FEATS.wav2vec.model=./tiny", "MODEL.type=knn")
    here, there = both_ways(door.run, address, *changes)
    assert list(here["file"]) == list(there["file"])
    assert (here["prediction"] == there["prediction"]).mean() > 0.95  # in other company: equal to 1e-5


def test_a_worker_killed_in_the_middle_of_an_extraction(project, address):
    """The work of the killed one is done by the other, and by the one that takes its place."""
    killed: list[int] = []

    def kill() -> None:
        with distributed.Client(address) as client:
            began = time.monotonic()
            while time.monotonic() - began < 60:
                busy = [who for who, tasks in client.processing().items() if tasks]
                if busy:
                    pid = client.run(os.getpid, workers=busy[:1], wait=True)
                    killed.extend(pid.values())
                    os.kill(killed[0], signal.SIGKILL)
                    return
                time.sleep(0.02)

    thread = threading.Thread(target=kill)
    thread.start()
    here, there = both_ways(door.run, address, "FEATS.type=os")
    thread.join()
    assert killed
    pd.testing.assert_frame_equal(here, there, check_exact=True)
    assert "no features" not in Path("results/there/log.txt").read_text()
