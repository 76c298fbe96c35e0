"""A table of 1,000,000 rows and 50,000 speakers: loaded, mapped, filtered and split.

python benchmarks/bench_data.py [--rows 1000000]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

INI = """[EXP]
root = {folder}/results
name = big
store = {folder}/store
[DATA]
databases = ['big']
big = {folder}/big.csv
big.type = csv
big.split_strategy = speaker_split
big.mapping = {{'anger': 'angry', 'joy': 'happy', 'calm': 'calm'}}
big.filter = {{'gender': ['female', 'male']}}
big.required = age
min_duration_of_sample = .5
limit_samples_per_speaker = 15
target = emotion
labels = ['angry', 'happy', 'calm']
"""
RUN = """
import resource, sys, time
from nkululeko.config.load import load as load_config
from nkululeko.core.store import FeatureStore
config = load_config(sys.argv[1], reads=("EXP", "DATA"))
began = time.perf_counter()
from nkululeko.steps.load import load
from nkululeko.steps.sheet import sheet_of
data = load(config, FeatureStore(config.exp.store), None, 2)
loaded = time.perf_counter()
sheet_of(data, config)
done = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"| {sys.argv[2]} | {len(data.samples)} | {loaded - began:.1f} | {done - loaded:.1f} | {peak:.2f} |")
"""


def main() -> None:
    """Measure twice: durations not yet known, and known."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print("| durations | samples left | load to split, s | data sheet, s | peak GB |", flush=True)
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), arguments.rows)
        for name in ("read", "known"):
            subprocess.run([sys.executable, "-c", RUN, f"{folder}/big.ini", name], check=True)


def write(folder: Path, rows: int) -> None:
    """1,000 recordings of low rate, and a table of segments in them."""
    import pandas as pd
    import soundfile

    (folder / "big.ini").write_text(INI.format(folder=folder))
    random = np.random.default_rng(1)
    for number in range(1000):
        noise = random.uniform(-0.5, 0.5, 100_000)
        soundfile.write(folder / f"{number:04}.wav", noise, 100, subtype="PCM_U8")
    start = np.round(np.arange(rows) // 1000 % 1000 * 1.0, 2)
    frame = pd.DataFrame(
        {
            "file": np.char.add(np.char.zfill((np.arange(rows) % 1000).astype(str), 4), ".wav"),
            "start": start,
            "end": np.round(start + random.uniform(0.4, 0.99, rows), 3),
            "speaker": np.char.add("s", random.integers(0, 50_000, rows).astype(str)),
            "gender": random.choice(["female", "male", "other"], rows, p=[0.48, 0.48, 0.04]),
            "age": np.where(random.random(rows) < 0.01, np.nan, random.integers(18, 90, rows)),
            "emotion": random.choice(["anger", "joy", "calm", "fear"], rows),
        }
    )
    frame.to_csv(folder / "big.csv", index=False)


if __name__ == "__main__":
    main()
