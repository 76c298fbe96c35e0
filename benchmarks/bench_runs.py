"""Whole runs on EmoDB against the published release, and extraction against a bare loop.

python benchmarks/bench_runs.py --emodb ../shared/data/emodb --published /path/to/venv/bin/python
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from _measure import header, in_turn, process, row

INI = """[EXP]
root = ./results/
name = {name}
[DATA]
databases = ['emodb']
emodb = {emodb}
emodb.split_strategy = specified
emodb.train_tables = ['emotion.categories.train.gold_standard']
emodb.test_tables = ['emotion.categories.test.gold_standard']
target = emotion
labels = ['anger', 'boredom', 'disgust', 'fear', 'happiness', 'neutral', 'sadness']
[FEATS]
type = ['os']
{scale}
[MODEL]
type = {model}
"""
BARE = """
import sys, glob, soundfile, opensmile
from concurrent.futures import ThreadPoolExecutor
smile = opensmile.Smile(opensmile.FeatureSet[sys.argv[1]])
def one(file):
    signal, rate = soundfile.read(file, dtype="float32")
    return smile(signal, rate)
with ThreadPoolExecutor(2) as pool:
    list(pool.map(one, sorted(glob.glob(sys.argv[2] + "/wav/*.wav"))))
"""
EXTRACT = """
import sys, glob
from pathlib import Path
from nkululeko.audio.probe import probe
from nkululeko.config.declare import Choice
from nkululeko.core import families, samples
from nkululeko.core.store import FeatureStore
from nkululeko.steps.extract import Extractor, extract
store = FeatureStore(Path(sys.argv[3]))
files = [str(Path(f).absolute()) for f in sorted(glob.glob(sys.argv[2] + "/wav/*.wav"))]
audio = probe(files, store, 2)
index = samples.resolve_ends(samples.segmented_index(files), {f: a.duration for f, a in audio.items()})
choice = Choice("os", families.features.load("os").Options(set=sys.argv[1]))
extract([choice], index, Extractor(store, audio, 2))
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--emodb", required=True, type=Path)
    parser.add_argument("--published", help="python of an environment with the published release")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="one of: extraction, cold, cached, help, xgb")
    arguments = parser.parse_args()
    emodb = arguments.emodb.absolute()
    header()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), emodb, arguments.published, arguments.runs)
        for name in ("extraction", "cold", "cached", "help", "xgb"):
            if arguments.only in ("", name):
                getattr(bench, name)()


class Bench:
    """The measurements, in a folder of their own."""

    def __init__(self, folder: Path, emodb: Path, published: str | None, runs: int) -> None:
        self.folder, self.emodb, self.published, self.runs = folder, emodb, published, runs
        self.store = {"NKULULEKO_STORE": str(folder / "store")}
        for name, model, scale in (("svm", "svm", "scale = standard"), ("xgb", "xgb", "")):
            (folder / f"{name}.ini").write_text(INI.format(name=name, emodb=emodb, model=model, scale=scale))

    def run(self, python: str, name: str, cold: bool = False) -> tuple[float, float]:
        """A whole run; wall and CPU in s."""
        side = self.folder / ("ours" if python == sys.executable else "published")
        side.mkdir(exist_ok=True)
        if cold:
            shutil.rmtree(side / "results", ignore_errors=True)
            shutil.rmtree(self.folder / "store", ignore_errors=True)
        command = [python, "-m", "nkululeko.nkululeko", "--config", str(self.folder / f"{name}.ini")]
        cost = process(command, side, self.store)
        return cost.wall, cost.cpu

    def extraction(self) -> None:
        """Our extraction, all of it, against a bare loop in two threads."""
        for name in ("eGeMAPSv02", "ComParE_2016"):

            def ours(name: str = name) -> float:
                shutil.rmtree(self.folder / "extracted", ignore_errors=True)
                command = [
                    sys.executable,
                    "-c",
                    EXTRACT,
                    name,
                    str(self.emodb),
                    str(self.folder / "extracted"),
                ]
                return process(command, self.folder).wall

            def bare(name: str = name) -> float:
                return process([sys.executable, "-c", BARE, name, str(self.emodb)], self.folder).wall

            a, b, ratio = in_turn(ours, bare, max(2, self.runs // 2))
            row(f"extraction {name}", f"{a:.1f} s", f"{b:.1f} s bare loop, 2 threads", ratio, 1.1)

    def cold(self) -> None:
        """From nothing to everything written."""
        if self.published:
            a, b, ratio = in_turn(
                lambda: self.run(sys.executable, "svm", cold=True)[0],
                lambda: self.run(str(self.published), "svm", cold=True)[0],
                max(2, self.runs // 2),
            )
            row("cold run os+svm", f"{a:.1f} s", f"{b:.1f} s published", ratio, 0.5)

    def cached(self) -> None:
        """With the features in the store, everything written."""
        self.run(sys.executable, "svm")
        imports = [sys.executable, "-c", "import pandas, scipy.stats, sklearn.svm"]
        a, b, ratio = in_turn(
            lambda: self.run(sys.executable, "svm")[0], lambda: process(imports, self.folder).wall, self.runs
        )
        row(
            "cached run os+svm",
            f"{a:.2f} s",
            f"{b:.2f} s importing pandas, scipy.stats, sklearn.svm",
            ratio,
            1.8,
        )
        if self.published:
            self.run(self.published, "svm")
            a, b, ratio = in_turn(
                lambda: self.run(sys.executable, "svm")[0],
                lambda: self.run(str(self.published), "svm")[0],
                self.runs,
            )
            row("cached run os+svm", f"{a:.2f} s", f"{b:.2f} s published", ratio, 0.33)

    def help(self) -> None:
        """The command line's help."""
        if self.published:
            a, b, ratio = in_turn(
                lambda: process([str(Path(sys.executable).parent / "nkululeko"), "--help"], self.folder).wall,
                lambda: (
                    process([str(self.published), "-m", "nkululeko.nkululeko", "--help"], self.folder).wall
                ),
                self.runs,
            )
            row("--help", f"{a:.2f} s", f"{b:.2f} s published", ratio, 0.1)

    def xgb(self) -> None:
        """xgb on cached eGeMAPS, seven classes; and CPU against cores x wall."""
        self.run(sys.executable, "xgb")
        wall, cpu = self.run(sys.executable, "xgb")
        row("xgb: CPU", f"{cpu:.1f} s", f"{2 * wall:.1f} s = 2 cores x wall", cpu / (2 * wall), 1.0)
        if self.published:
            self.run(self.published, "xgb")
            a, b, ratio = in_turn(
                lambda: self.run(sys.executable, "xgb")[0],
                lambda: self.run(str(self.published), "xgb")[0],
                self.runs,
            )
            row("cached run os+xgb", f"{a:.2f} s", f"{b:.2f} s published", ratio, 0.5)


if __name__ == "__main__":
    main()
