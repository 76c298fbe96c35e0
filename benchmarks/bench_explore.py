"""An exploration of 100,000 samples with 88 features: statistics, ranking, map, pictures, page.

python benchmarks/bench_explore.py [--rows 100000] [--scatter tsne umap]

Nothing is read or extracted: the samples, their features and the quality of their recordings are invented.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

INI = """[EXP]
root = {folder}/results
name = big
[DATA]
databases = ['big']
big = {folder}/big.csv
big.type = csv
target = emotion
[FEATS]
type = os
[EXPL]
value_counts = ['gender', 'age', 'duration', 'many', ['age', 'duration'], ['gender', 'duration']]
feature_distributions = True
model = {models}
scatter = {scatter}
regplot = [['age', 'duration', 'gender']]
plot_tree = True
"""
CLASSES = ["anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness"]


def main() -> None:
    """Measure once, with the time of the parts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=88)
    parser.add_argument("--models", nargs="*", default=["tree", "xgb"])
    parser.add_argument("--scatter", nargs="*", default=["pca"])
    parser.add_argument("--profile", type=int, default=0, help="show so many functions")
    arguments = parser.parse_args()
    from nkululeko.config.load import load
    from nkululeko.core.journal import journal
    from nkululeko.core.rundir import RunDir
    from nkululeko.explore import READS
    from nkululeko.steps.explore import explore_data

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "big.ini")
        path.write_text(INI.format(folder=folder, models=arguments.models, scatter=arguments.scatter))
        Path(folder, "big.csv").touch()
        config = load(path, reads=READS, if_there=("FEATS",))
        data, quality, featured = invented(arguments.rows, arguments.features)
        profile = cProfile.Profile()
        with journal() as log:
            began = time.perf_counter()
            if arguments.profile:
                profile.enable()
            explored = explore_data(
                config,
                data,
                quality,
                featured,
                RunDir(Path(folder), "big", door="explore"),
                log,
                time.monotonic(),
            )
            profile.disable()
            seconds = time.perf_counter() - began
        page = explored.page.stat().st_size / 2**20
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print("| samples | features | pictures | s | CPU s | peak GB | page MB |\n|---|---|---|---|---|---|---|")
    cells = [arguments.rows, arguments.features, len(explored.images)]
    print(*("|", *(f"{cell} |" for cell in cells), f"{seconds:.1f} |"), end=" ")
    print(f"{time.process_time():.1f} | {peak:.2f} | {page:.1f} |")
    if arguments.profile:
        pstats.Stats(profile, stream=sys.stdout).sort_stats("cumtime").print_stats(arguments.profile)


def invented(rows: int, columns: int):
    """Samples of 500 speakers in segments of 1,000 files, some of whose features know the target."""
    from nkululeko.audio.probe import AudioInfo
    from nkululeko.core.samples import segmented_index
    from nkululeko.steps.explore_features import Featured
    from nkululeko.steps.extract import Extracted
    from nkululeko.steps.load import Data

    random = np.random.default_rng(1)
    speaker = random.integers(0, 500, rows)
    emotion = random.choice(len(CLASSES), rows, p=[0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1])
    start = pd.to_timedelta(np.arange(rows) // 1000 * 10.0, unit="s")
    length = random.gamma(4, 0.6, rows) + 0.2 * emotion + 0.3
    files = [f"/data/{number % 1000:04}.wav" for number in range(rows)]
    index = segmented_index(files, start, start + pd.to_timedelta(length, unit="s"))
    samples = pd.DataFrame(
        {
            "database": "big",
            "speaker": np.char.add("s", speaker.astype(str)),
            "gender": np.where(speaker % 2 == 0, "female", "male"),
            "age": 20.0 + speaker % 50,
            "many": np.char.add("v", random.integers(0, 300, rows).astype(str)),
            "emotion": np.array(CLASSES)[emotion],
            "split": np.where(speaker % 5 == 0, "test", "train"),
            "duration": length,
        },
        index,
    )
    names = [f"feature_{number:02}" for number in range(columns)]
    values = random.normal(size=(rows, columns)) + 0.3 * (speaker % 2)[:, None]
    values[:, : columns // 2] += 0.5 * np.sin(np.outer(emotion, np.arange(1, columns // 2 + 1)))
    features = pd.DataFrame(values.astype(np.float32), index, columns=names)
    level = random.normal(-25, 4, rows) + 0.5 * emotion
    quality = pd.DataFrame(
        {
            "peak_dbfs": level + 15, "level_dbfs": level,
            "clipped_share": np.where(random.random(rows) < 0.001, 0.01, 0),
            "silence_share": random.random(rows) / 3, "dc_offset": 0.0, "noise_floor_dbfs": level - 30,
            "dynamic_range_db": random.normal(35, 5, rows),
        },
        index,
    )  # fmt: skip
    audio = {file: AudioInfo(file, file.encode(), 16000 * 2000, 16000, 1) for file in set(files)}
    keys = "big/" + samples["speaker"].astype("str")
    data = Data(samples, CLASSES, keys, [], audio, {"big": rows})
    return data, quality, Featured(features, data, Extracted(features, {}, [], {}))


if __name__ == "__main__":
    main()
