"""Seconds and memory of the bootstrap: 1,000 resamples of 10,000 samples, over speakers and over samples.

Run with ``python benchmarks/bench_intervals.py``.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc

import numpy as np

from nkululeko.core.families import Metric, Scored, metrics
from nkululeko.evaluation.intervals import bootstrap_scores


def classification(n: int, classes: int) -> Scored:
    generator = np.random.default_rng(0)
    names = np.array([f"class {c}" for c in range(classes)], dtype=object)
    truth = generator.integers(classes, size=n)
    scores = generator.random((n, classes)) + 0.5 * np.eye(classes)[truth]
    return Scored(names[truth], names[scores.argmax(axis=1)], names.tolist(), scores)


def regression(n: int) -> Scored:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=n)
    return Scored(truth, truth + generator.normal(size=n))


def cost(
    family: dict[str, Metric], scored: Scored, groups: np.ndarray | None, resamples: int
) -> tuple[float, float]:
    """Best of three in seconds, and the peak of memory in MB of one more run."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        bootstrap_scores(family, scored, groups, resamples=resamples, seed=1)
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    bootstrap_scores(family, scored, groups, resamples=resamples, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(seconds), peak / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--resamples", type=int, default=1_000)
    parser.add_argument("--speakers", type=int, default=100)
    options = parser.parse_args()
    n = options.samples
    speakers = np.arange(n) % options.speakers
    cases = [
        ("uar, acc, f1; 4 classes", ["uar", "acc", "f1"], classification(n, 4)),
        ("uar, acc, f1; 7 classes", ["uar", "acc", "f1"], classification(n, 7)),
        ("eer; 2 classes", ["eer"], classification(n, 2)),
        ("eer; 7 classes", ["eer"], classification(n, 7)),
        ("mse, mae, pcc, ccc", ["mse", "mae", "pcc", "ccc"], regression(n)),
    ]
    print(f"{options.resamples} resamples of {n} samples")
    for title, names, scored in cases:
        family = {name: metrics.load(name)() for name in names}
        for unit, groups in ((f"{options.speakers} speakers", speakers), ("samples", None)):
            seconds, megabytes = cost(family, scored, groups, options.resamples)
            print(f"{title:26s} over {unit:14s} {seconds:6.3f} s {megabytes:6.0f} MB")


if __name__ == "__main__":
    main()
