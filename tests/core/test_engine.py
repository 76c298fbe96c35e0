"""Parallel work: the same results whoever does it, few items under way, errors travel."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from typing import Literal

import pytest

from nkululeko.audio.read import read_segment
from nkululeko.core import engine
from nkululeko.core.errors import NkululekoError

Workers = Literal["threads", "processes"]
BOTH: list[Workers] = ["threads", "processes"]


@pytest.mark.parametrize("workers", BOTH)
@pytest.mark.parametrize("jobs", [1, 2])
def test_every_item_once(workers: Workers, jobs: int) -> None:
    found = list(engine.unordered(math.sqrt, (i * i for i in range(20)), workers=workers, jobs=jobs))
    assert sorted(found) == list(range(20))


@pytest.mark.parametrize("workers", BOTH)
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_worker_is_the_callers(workers: Workers, jobs: int) -> None:
    with pytest.raises(NkululekoError, match="/no/such/file: cannot be read"):
        list(engine.unordered(read_segment, ["/no/such/file"] * 9, workers=workers, jobs=jobs))


def test_results_come_as_they_are_done() -> None:
    release = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert release.wait(20)
        return number

    results = engine.unordered(work, range(2), workers="threads", jobs=2)
    assert next(results) == 1  # the first item is still waiting
    release.set()
    assert list(results) == [0]


@pytest.mark.parametrize("jobs", [1, 2])
def test_items_are_read_as_work_proceeds(jobs: int) -> None:
    """Memory is bounded by the chunk, not by the corpus."""
    read, done, ahead = [], [], []

    def items() -> Iterator[int]:
        for number in range(200):
            read.append(number)
            yield number

    def work(number: int) -> int:
        done.append(number)
        ahead.append(len(read) - len(done))
        return number

    assert len(list(engine.unordered(work, items(), workers="threads", jobs=jobs))) == 200
    assert max(ahead) < 20


@pytest.mark.filterwarnings("error")
def test_whoever_stops_early_stops_the_work() -> None:
    done = []

    def work(number: int) -> int:
        done.append(number)
        time.sleep(0.005)
        return number

    results = engine.unordered(work, range(500), workers="threads", jobs=2)
    next(results)
    results.close()
    assert len(done) < 100


def test_cores() -> None:
    assert 1 <= engine.cores() <= 4096
