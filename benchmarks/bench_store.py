"""The feature store with ComParE_2016's 6,373 columns: reading speed and memory; memory of extraction.

python benchmarks/bench_store.py [--rows 100000]
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nkululeko.core.store import FeatureStore

COLUMNS = 6373


def keys(rows: int) -> list[bytes]:
    """Keys as extraction makes them."""
    return [hashlib.blake2b(str(row).encode(), digest_size=16).digest() for row in range(rows)]


def write(root: Path, rows: int) -> None:
    """Stream synthetic rows into the store; say the peak memory."""
    random = np.random.default_rng(0)
    table = FeatureStore(root).table("synthetic", COLUMNS)
    began = time.perf_counter()
    with table.writer([f"c{i}" for i in range(COLUMNS)]) as writer:
        for key in keys(rows):
            writer.add(key, random.standard_normal(COLUMNS, dtype=np.float32))
    _say("write", rows, time.perf_counter() - began)


def read(root: Path, rows: int) -> None:
    """Read them back, in another order."""
    wanted = keys(rows)
    np.random.default_rng(1).shuffle(wanted)
    began = time.perf_counter()
    vectors = FeatureStore(root).table("synthetic", COLUMNS).read(wanted)
    seconds = time.perf_counter() - began
    assert vectors.found.all()
    assert not np.isnan(vectors.values).any()
    _say("read", rows, seconds)


def _say(what: str, rows: int, seconds: float) -> None:
    size = rows * COLUMNS * 4 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(
        f"| {what} | {rows} | {size:.0f} | {seconds:.1f} | {size / seconds:.0f} | {peak:.0f} | {peak / size:.2f} |",
        flush=True,
    )


def main() -> None:
    """Each step in a process of its own, so that peaks are its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--step", choices=["write", "read"])
    parser.add_argument("--root", type=Path)
    arguments = parser.parse_args()
    if arguments.step:
        {"write": write, "read": read}[arguments.step](arguments.root, arguments.rows)
        return
    print(
        "| step | rows | MB | s | MB/s | peak MB | peak / table |\n|---|---|---|---|---|---|---|", flush=True
    )
    with tempfile.TemporaryDirectory() as root:
        for rows in (arguments.rows // 10, arguments.rows):
            for step in ("write", "read"):
                store = f"{root}/{rows}"
                command = [sys.executable, __file__, "--rows", str(rows), "--step", step, "--root", store]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
