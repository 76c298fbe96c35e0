"""A run over very many segments, all features known: how time and memory grow with their number.

    python benchmarks/bench_scale.py [--sizes 62500,125000,250000,500000,1000000] [--model nb]

No speech is decoded for features: the store is filled with random vectors of 88 columns, for segments of 1 s
in long files of a very low rate. Then an ordinary experiment runs, in a process of its own: table read, split by
speaker, features out of the store, model, scores with intervals over speakers, tables and page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from nkululeko.audio.probe import probe
from nkululeko.core import samples as contract
from nkululeko.core.families import features
from nkululeko.core.store import FeatureStore
from nkululeko.steps.extract import _segments

#: segments of 1 s in a file, and the files' rate in Hz
_EACH, _RATE = 10_000, 100
_SPEAKERS = 1000
RUN = """
import json, resource, sys, time
began = time.monotonic()
import nkululeko
result = nkululeko.run(sys.argv[1])
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
both = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"seconds": time.monotonic() - began, "peak": peak / 2**20, "both": both / 2**20,
                  "tested": len(result.predictions)}))
"""


def corpus(folder: Path, count: int) -> Path:
    """A table of segments in long files of noise."""
    rng = np.random.default_rng(1)
    (folder / "wav").mkdir()
    for number in range(-(-count // _EACH)):
        noise = rng.integers(-100, 100, _EACH * _RATE).astype(np.int16)
        soundfile.write(folder / "wav" / f"{number}.wav", noise, _RATE, subtype="PCM_U8")
    place = np.arange(count)
    speaker = place * _SPEAKERS // count
    table = pd.DataFrame({
        "file": np.char.add(np.char.add("wav/", (place // _EACH).astype(str)), ".wav"),
        "start": (place % _EACH).astype(float), "end": (place % _EACH + 1).astype(float),
        "speaker": np.char.add("s", speaker.astype(str)), "gender": np.where(speaker % 2, "male", "female"),
        "emotion": rng.choice(["anger", "boredom", "neutral", "sadness"], count),
    })  # fmt: skip
    table.to_csv(folder / "corpus.csv", index=False)
    return folder / "corpus.csv"


def fill(folder: Path, store: FeatureStore, count: int) -> float:
    """Random vectors for all segments; returns seconds."""
    table = pd.read_csv(folder / "corpus.csv")
    files = [str(folder / name) for name in table["file"]]
    starts, ends = (pd.to_timedelta(table[name], unit="s") for name in ("start", "end"))
    index = contract.segmented_index(files, starts, ends)
    audio = probe(sorted(set(files)), store, 2)
    feature_set = features.load("os")()
    kept = store.table("os", feature_set.version(), feature_set.identity(), feature_set.sampling_rate)
    vectors = np.random.default_rng(2).normal(size=(4096, 88)).astype(np.float32)
    began = time.perf_counter()
    with kept.writer(feature_set.names()) as writer:
        for place, segment in enumerate(_segments(index, audio)):
            writer.add(segment.key, vectors[place % 4096], None)
    return time.perf_counter() - began


def measured(count: int, model: str) -> dict[str, float]:
    """One size: filling the store, and the run."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        corpus(folder, count)
        filled = fill(folder, FeatureStore(folder / "store"), count)
        ini = folder / "exp.ini"
        ini.write_text(
            f"[EXP]\nroot = {folder}/results\nstore = {folder}/store\n[DATA]\ndatabases = ['db']\n"
            f"db = {folder}/corpus.csv\ndb.type = csv\ntarget = emotion\n[FEATS]\ntype = ['os']\n"
            f"[MODEL]\ntype = {model}\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(ini)], capture_output=True, text=True, env=os.environ
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        page = folder / "results" / "exp" / "report.html"
        return json.loads(done.stdout.splitlines()[-1]) | {
            "fill": filled,
            "page": page.stat().st_size / 2**20,
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="62500,125000,250000,500000,1000000")
    parser.add_argument("--model", default="nb")
    given = parser.parse_args()
    print(
        "| segments | store filled (s) | run (s) | ms a segment | peak (GB) | page (MB) |\n|---|---|---|---|---|---|"
    )
    for count in map(int, given.sizes.split(",")):
        found = measured(count, given.model)
        print(
            f"| {count:,} | {found['fill']:.1f} | {found['seconds']:.1f} | {1000 * found['seconds'] / count:.3f} |"
            f" {found['peak']:.2f} (both processes at most {found['both']:.2f}) | {found['page']:.1f} |", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
