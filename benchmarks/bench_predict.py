"""How long one file takes from a bundle, Python start to exit, beside the imports that cannot be avoided.

Run: python benchmarks/bench_predict.py [REPEATS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nkululeko
from nkululeko.export_model import export
from nkululeko.testing.corpus import write_corpus

INI = """\
[EXP]
root = {folder}
name = {model}
store = {folder}/store
[DATA]
databases = ['db']
db = {folder}/corpus/corpus.csv
db.type = csv
target = emotion
[FEATS]
type = os
set = eGeMAPSv02
[MODEL]
type = {model}
"""
#: what any program must import that does the same with these libraries
IMPORTS = {"svm": "import pandas, opensmile, sklearn.svm", "xgb": "import pandas, opensmile, xgboost"}


def seconds(command: list[str], repeats: int, environment: dict[str, str]) -> float:
    """The median time of a command, warm."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def main(repeats: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_corpus(folder / "corpus", speakers=4, utterances_per_emotion=2)
        wav = next((folder / "corpus").rglob("*.wav"))
        print(
            f"{'model':6}{'new file':>10}{'known file':>12}{'imports':>10}{'ratio':>8}   (s, median of {repeats})"
        )
        for model, imports in IMPORTS.items():
            ini = folder / "exp.ini"
            ini.write_text(INI.format(folder=folder, model=model))
            bundle = export(nkululeko.run(ini).folder, folder / f"{model}_bundle").path
            command = [sys.executable, "-m", "nkululeko.predict", str(bundle), "--file", str(wav)]
            known = os.environ | {"NKULULEKO_STORE": str(folder / "known")}
            bare = seconds([sys.executable, "-c", imports], repeats, known)
            of_known = seconds(command, repeats, known)
            times = []
            for number in range(repeats):
                new = os.environ | {"NKULULEKO_STORE": str(folder / f"{model}_{number}")}
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True, env=new)
                times.append(time.perf_counter() - began)
            of_new = statistics.median(times)
            print(f"{model:6}{of_new:10.2f}{of_known:12.2f}{bare:10.2f}{of_new / bare:8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
