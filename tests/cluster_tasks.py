"""What workers of a cluster are given to do in tests: in a module that they can import."""

from __future__ import annotations

import os
import time

import numpy as np

from nkululeko.core.errors import NkululekoError


def doubled(number: int) -> int:
    return 2 * number


def with_pid(number: int) -> tuple[int, int]:
    return number, os.getpid()


def refused(number: int) -> int:
    if number == 3:
        raise NkululekoError("three is not allowed", "the test", "take four")
    return number


def slow(number: int) -> tuple[int, int]:
    time.sleep(0.1)
    return number, os.getpid()


def total(values: np.ndarray, number: int) -> float:
    return float(values.sum()) + number
