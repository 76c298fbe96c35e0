"""multidb on two databases against its parts: extraction of both, two trainings, four evaluations; all from nothing.

python benchmarks/bench_multidb.py data_roots.ini emodb urdu [--runs 3] [--wanted 1.15]

The file is one with the databases' places and options; labels must be mapped there to the same ones. Both sides are
whole processes, in turn, each with an empty store. The parts draw no pictures and write no reports; multidb does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from _measure import header, in_turn, process, row

INI = """[EXP]
root = {folder}/results
name = pair
databases = {names}
[DATA]
root_folders = {roots}
target = {target}
labels = {labels}
[FEATS]
type = ['os']
[MODEL]
type = xgb
"""


def main() -> None:
    """Measure in turn and print a line of the table; with ``--parts``, be the parts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("roots", type=Path)
    parser.add_argument("databases", nargs="*", default=["emodb", "urdu"])
    parser.add_argument("--target", default="emotion")
    parser.add_argument("--labels", nargs="+", default=["neutral", "happy", "sad", "angry"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--wanted", type=float, default=1.15)
    parser.add_argument("--parts", action="store_true", help="roots is then the experiment file")
    given = parser.parse_args()
    if given.parts:
        return parts(given.roots)
    header()
    ours, other, ratio = in_turn(lambda: cold(given, False), lambda: cold(given, True), given.runs)
    row(
        f"multidb, {len(given.databases)} databases, cold",
        f"{ours:.1f} s",
        f"{other:.1f} s",
        ratio,
        given.wanted,
    )


def cold(given: argparse.Namespace, as_parts: bool) -> float:
    """How long a process takes with an empty store, in s."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pair.ini")
        text = INI.format(
            folder=folder, names=given.databases, roots=given.roots.absolute(), target=given.target,
            labels=given.labels,
        )  # fmt: skip
        path.write_text(text, encoding="utf-8")
        command = (
            [sys.executable, str(Path(__file__).absolute()), str(path), "--parts"]
            if as_parts
            else [sys.executable, "-m", "nkululeko.multidb", "--config", str(path)]
        )
        cost = process(command, Path.cwd(), {"NKULULEKO_STORE": f"{folder}/store"})
        what = "parts" if as_parts else "multidb"
        print(f"{what}: {cost.wall:.1f} s, {cost.cpu:.1f} s of processor time", file=sys.stderr, flush=True)
        return cost.wall


def parts(path: Path) -> None:
    """Extract both, learn from each as a whole, evaluate each cell; nothing is drawn or written."""
    from nkululeko.core.journal import NOTHING, journal
    from nkululeko.learning.reuse import Fits
    from nkululeko.steps.evaluate import evaluate
    from nkululeko.steps.multidb import _learner
    from nkululeko.steps.multidb_cells import plan
    from nkululeko.steps.prepare import jobs_of, prepare
    from nkululeko.steps.train import recipe_of

    cells = {(cell.row, cell.column): cell.config for cell in plan(path).cells}
    names = dict.fromkeys(row for row, _ in cells)
    whole = {one: next(cells[one, other] for other in names if other != one) for one in names}
    marks = [time.perf_counter()]
    with journal(NOTHING):
        prepared = {one: prepare(config) for one, config in whole.items()}  # the first one extracts
        marks.append(time.perf_counter())
        for one, config in whole.items():
            fits, mine = Fits(), prepared[one]
            recipe = recipe_of(config, mine.data, jobs_of(config), mine.extracted)
            for _ in names:
                runs = _learner(fits, 0)(recipe, mine.parts, config, None, None).result()
                evaluate(
                    config, mine.data, runs, mine.parts.columns, embedding=None, notes=[], warnings=[], provenance={},
                    folder=path.parent,
                )  # fmt: skip
    marks.append(time.perf_counter())
    print(f"extraction {marks[1] - marks[0]:.1f} s, the rest {marks[2] - marks[1]:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
