"""Makes the tables of this folder anew, from the corpus that ``nkululeko quickstart`` writes.

Called from the project's folder: ``python examples/data/make_tables.py``; needs praat-parselmouth.
"""

from __future__ import annotations

import csv
from pathlib import Path

import soundfile

from nkululeko.core.families import features

CORPUS = Path("quickstart/corpus")
FOLDER = Path(__file__).parent
MEASURES = (
    "f0_median", "f0_range", "hnr", "jitter_local", "shimmer_local", "f1_median", "speaking_rate", "duration",
)  # fmt: skip


def write(name: str, head: list[str], rows: list[list[str]]) -> None:
    """One table."""
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def measured(file: Path) -> list[str]:
    """What Praat measures in one file."""
    praat = features.load("praat")()
    signal, rate = soundfile.read(file, dtype="float32")
    values = dict(zip(praat.names(), praat.extract(signal, rate), strict=True))
    return [f"{values[name]:.5g}" for name in MEASURES]


def main() -> None:
    """Ratings on two scales are made from the corpus's arousal, for four speakers each."""
    with (CORPUS / "corpus.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    path = {row["file"]: (CORPUS / row["file"]).as_posix() for row in rows}
    write("features.csv", ["file", *MEASURES], [[name, *measured(Path(name))] for name in path.values()])
    few = [row for row in rows if row["file"][-6:-4] in ("01", "02")]
    first = [row for row in few if row["speaker"] in ("s1", "s2", "s3", "s4")]
    second = [row for row in few if row["speaker"] in ("s5", "s6", "s7", "s8")]
    people = [[path[r["file"]], r["speaker"], r["gender"], r["age"], r["emotion"]] for r in few]
    write("renamed.csv", ["recording", "Participant ID", "sex", "Age", "feeling"], people)
    likable = [
        [path[r["file"]], r["speaker"], r["gender"], f"{1 + 6 * float(r['arousal']):.1f}"] for r in second
    ]
    write("likability_1to7.csv", ["file", "speaker", "gender", "likability"], likable)
    not_so = [
        [path[r["file"]], r["speaker"], r["gender"], f"{10 - 9 * float(r['arousal']):.1f}"] for r in first
    ]
    write("non_attractive_1to10.csv", ["file", "speaker", "gender", "non-attractive"], not_so)


if __name__ == "__main__":
    main()
