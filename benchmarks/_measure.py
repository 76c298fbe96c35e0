"""Whole processes, measured: wall and CPU time and peak memory, pairs in turn because machines drift."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Of one process with its children: wall and CPU in s, peak memory of the largest one in MB."""

    wall: float
    cpu: float
    memory: float


def process(command: Sequence[str], cwd: Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a command to its end; it must succeed."""
    began = time.perf_counter()
    child = subprocess.Popen(
        list(command),
        cwd=cwd,
        env=os.environ | (environment or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    errors = child.stderr.read() if child.stderr else b""
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors.decode()[-2000:]}")
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def in_turn(first: Callable[[], float], second: Callable[[], float], runs: int) -> tuple[float, float, float]:
    """Medians of two measurements made in turn, and the median of their ratios."""
    pairs = [(first(), second()) for _ in range(runs)]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(a / b for a, b in pairs),
    )


def row(what: str, ours: str, other: str, ratio: float, wanted: float) -> None:
    """Print one line of the table."""
    verdict = "" if ratio <= wanted else "  MISSED"
    print(f"| {what} | {ours} | {other} | {ratio:.2f} | {wanted:.2f}{verdict} |", flush=True)


def header() -> None:
    """Print the head of the table."""
    print("| what | nkululeko | compared with | ratio | wanted at most |\n|---|---|---|---|---|", flush=True)
