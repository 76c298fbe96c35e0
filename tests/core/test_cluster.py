"""Work on a real Dask cluster of processes: all is done once, whoever is killed; mistakes come back as they are."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from cluster_tasks import doubled, refused, slow, total, with_pid
from nkululeko.core import cluster as clusters
from nkululeko.core import engine
from nkululeko.core.cluster import cluster, on_cluster
from nkululeko.core.errors import NkululekoError

distributed = pytest.importorskip("distributed", reason="NOT TESTED: dask is not installed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as own:
        yield own


@pytest.fixture(scope="module")
def address(scheduler: Any) -> str:
    return str(scheduler.scheduler_address)


def done(function: Any, items: Any) -> list[Any]:
    return list(engine.unordered(function, items, workers="processes", jobs=1))


def test_every_item_once_and_not_here(address):
    assert not on_cluster()
    with cluster(address, 2):
        assert on_cluster()
        found = done(with_pid, range(50))
    assert sorted(number for number, _ in found) == list(range(50))
    pids = {pid for _, pid in found}
    assert len(pids) == 2 and os.getpid() not in pids
    assert not on_cluster() and done(doubled, [1, 2]) == [2, 4]


def test_mistakes_come_back_as_they_are(address):
    with cluster(address, 2):
        with pytest.raises(NkululekoError, match="the test: three is not allowed; take four"):
            done(refused, range(10))
        assert sorted(done(doubled, range(5))) == [0, 2, 4, 6, 8]


def test_items_are_read_as_work_proceeds(address):
    read = []

    def items() -> Iterator[int]:
        for number in range(200):
            read.append(number)
            yield number

    with cluster(address, 2):
        results = engine.unordered(doubled, items(), workers="processes", jobs=1)
        next(results)
        assert len(read) <= 2 * clusters._AHEAD + 2
        results.close()
        assert sorted(done(doubled, range(3))) == [0, 2, 4]


def test_what_is_large_is_sent_once_to_each_worker(address):
    values = np.ones(2**19)  # 4 MB
    with cluster(address, 2):
        assert sorted(done(partial(total, values), range(20))) == [
            values.size + number for number in range(20)
        ]


def test_a_worker_that_is_killed_loses_nothing(address):
    with cluster(address, 2):
        found, killed = [], 0
        for number, pid in engine.unordered(slow, range(40), workers="processes", jobs=1):
            found.append(number)
            if len(found) == 6:
                os.kill(pid, signal.SIGKILL)
                killed = pid
    assert killed and sorted(found) == list(range(40))


def test_one_of_our_own_and_within_it_no_other():
    with cluster("", 2):
        assert len({pid for _, pid in done(slow, range(12))}) == 2


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(clusters, "_PATIENCE", "1s")
    with (
        pytest.raises(
            NkululekoError, match=r"EXP.dask.address: no Dask scheduler answers at tcp://127.0.0.1:9"
        ),
        cluster("tcp://127.0.0.1:9", 2),
    ):
        pass
    with pytest.raises(NkululekoError, match="no Dask scheduler answers at nonsense"), cluster("nonsense", 2):
        pass


def test_a_scheduler_without_workers():
    with (
        distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(NkululekoError, match="has no workers; start some: dask worker ADDRESS"),
        cluster(str(empty.scheduler_address), 2),
    ):
        pass
