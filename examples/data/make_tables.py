"""Makes the tables of this folder anew, from the corpus that ``nkululeko quickstart`` writes.

Called from the project's folder: ``python examples/data/make_tables.py``; needs praat-parselmouth.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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


def write_parquet(rows: list[dict[str, str]], path: dict[str, str]) -> None:
    """A table with types: age is a number."""
    names = ("speaker", "gender", "emotion")
    columns = {
        "file": [path[row["file"]] for row in rows],
        **{name: [r[name] for r in rows] for name in names},
    }
    table = pa.table({**columns, "age": [int(row["age"]) for row in rows]})
    pq.write_table(table, FOLDER / "people.parquet")


def write_dataset(rows: list[dict[str, str]], path: dict[str, str]) -> None:
    """What ``DatasetDict.save_to_disk`` of Hugging Face writes; the audio stays in its files, emotions are numbers."""
    emotions = sorted({row["emotion"] for row in rows})
    features = {"audio": {"_type": "Audio"}, "emotion": {"_type": "ClassLabel", "names": emotions}}
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    parts = {"train": ("s1", "s2", "s3", "s4", "s5", "s6"), "test": ("s7", "s8")}
    for part, speakers in parts.items():
        folder = FOLDER / "speech_dataset" / part
        folder.mkdir(parents=True, exist_ok=True)
        chosen = [row for row in rows if row["speaker"] in speakers]
        audio = pa.array([{"bytes": None, "path": path[row["file"]]} for row in chosen], kind)
        numbers = [emotions.index(row["emotion"]) for row in chosen]
        table = pa.table({"audio": audio, "speaker": [row["speaker"] for row in chosen], "emotion": numbers})
        name = "data-00000-of-00001.arrow"
        with pa.OSFile(str(folder / name), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table)
        (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}]}) + "\n")
        (folder / "dataset_info.json").write_text(json.dumps({"features": features}) + "\n")
    (FOLDER / "speech_dataset/dataset_dict.json").write_text(json.dumps({"splits": list(parts)}) + "\n")


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
    write_parquet(few, path)
    write_dataset(few, path)
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
