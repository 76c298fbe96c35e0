"""CPU time a file of the feature set ``praat``, beside that of the published release where there is one.

    python benchmarks/bench_praat.py FOLDER_OF_WAVS [--files 60] [--published PYTHON]

``--published`` names the Python of an environment with the release to compare with: it runs twice on the
same files from a folder of its own, once to extract and once on what it has stored; the difference counts.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from nkululeko.core.families import features

EXPERIMENT = """[EXP]
root = {folder}/results/
name = bench
[DATA]
databases = ['bench']
bench = {folder}/bench.csv
bench.type = csv
bench.split_strategy = random
bench.test_size = 50
target = emotion
labels = ['a', 'b']
[FEATS]
type = ['praat']
scale = standard
[MODEL]
type = svm
"""


def ours(files: list[Path]) -> float:
    """CPU seconds of reading and extracting, the import of the libraries left out."""
    extractor = features.load("praat")()
    extractor.extract(*_read(files[0]))
    start = time.process_time()
    for file in files:
        extractor.extract(*_read(file))
    return time.process_time() - start


def published(python: str, files: list[Path]) -> float:
    """CPU seconds of the published release: a run that extracts, less one that finds all extracted."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            f"{file},s{i % 8},{'male' if i % 2 else 'female'},{'ab'[i // 2 % 2]}"
            for i, file in enumerate(files)
        ]
        Path(folder, "bench.csv").write_text("\n".join(["file,speaker,gender,emotion", *rows]) + "\n")
        Path(folder, "bench.ini").write_text(EXPERIMENT.format(folder=folder))
        return _cpu(python, folder) - _cpu(python, folder)


def _cpu(python: str, folder: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [python, "-m", "nkululeko.nkululeko", "--config", "bench.ini"]
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the published release failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment() -> dict[str, str]:
    """Without PYTHONPATH: each environment runs its own packages."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _read(file: Path) -> tuple[np.ndarray, int]:
    signal, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return signal.mean(axis=1), rate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of WAV files")
    parser.add_argument("--files", type=int, default=60, help="how many of them, evenly spread")
    parser.add_argument("--published", help="Python of an environment with the release to compare with")
    arguments = parser.parse_args()
    found = sorted(arguments.folder.resolve().glob("*.wav"))
    if not found:
        raise SystemExit(f"no *.wav in {arguments.folder}")
    files = [found[i] for i in np.unique(np.linspace(0, len(found) - 1, arguments.files).astype(int))]
    length = sum(soundfile.info(file).duration for file in files) / len(files)
    # before and after the other, and the mean of both: a machine's speed drifts
    first = ours(files)
    theirs = published(arguments.published, files) if arguments.published else None
    mean = (first + ours(files)) / 2
    print(f"{len(files)} files of {length:.2f} s on average")
    print(f"ours:      {1000 * mean / len(files):6.1f} ms CPU a file")
    if theirs is not None:
        print(f"published: {1000 * theirs / len(files):6.1f} ms CPU a file")
        print(f"ratio:     {mean / theirs:6.2f}")


if __name__ == "__main__":
    main()
