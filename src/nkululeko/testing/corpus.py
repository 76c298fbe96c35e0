"""A small corpus of synthetic emotional speech on disk, as a CSV database or an audformat one.

It is written once: files that are there stay, an interrupted call is taken up where it stopped, and the same
parameters give the same bytes. Every file appears whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.testing.speech import SENTENCES, STYLES, Plan, Style, Voice, planned, render, voices

if TYPE_CHECKING:
    import audformat

Format = Literal["csv", "audformat"]
FORMATS: tuple[Format, ...] = ("csv", "audformat")
MANIFEST, TABLE, HEADER = "manifest.json", "corpus.csv", "db.yaml"
COLUMNS = ("file", "speaker", "gender", "age", "emotion", "arousal")
#: raised whenever the same parameters give another signal
VERSION = 1


@dataclass(frozen=True)
class Parameters:
    """What a corpus depends on; its manifest says so."""

    speakers: int
    utterances_per_emotion: int
    seed: int
    sampling_rate: int
    version: int = VERSION

    def __post_init__(self) -> None:
        for name in ("speakers", "utterances_per_emotion", "sampling_rate"):
            least = 8000 if name == "sampling_rate" else 1
            if getattr(self, name) < least:
                what = f"{name} = {getattr(self, name)}"
                raise NkululekoError(what, "synthetic corpus", f"use {least} or more")


@dataclass(frozen=True)
class Utterance:
    """One file of the corpus."""

    voice: Voice
    style: Style
    sentence: str
    seed: tuple[int, int, int, int]

    @property
    def file(self) -> str:
        """Its path, relative to the corpus."""
        return f"wav/{self.voice.speaker}_{self.style.emotion}_{self.seed[-1] + 1:02d}.wav"

    @cached_property
    def plan(self) -> Plan:
        """What is to be heard."""
        return planned(self.voice, self.style, self.sentence, self.seed)

    def row(self) -> dict[str, Any]:
        """Its line in the table, by :data:`COLUMNS`."""
        voice = self.voice
        arousal = round(self.plan.manner.arousal, 3)
        return dict(
            zip(
                COLUMNS,
                (self.file, voice.speaker, voice.gender, voice.age, self.style.emotion, arousal),
                strict=True,
            )
        )


def write_corpus(
    folder: str | Path,
    *,
    speakers: int = 8,
    utterances_per_emotion: int = 7,
    seed: int = 42,
    format: Format = "csv",
    sampling_rate: int = 16000,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a corpus of synthetic speech: four emotions, as many women as men, with age and rated arousal.

    The folder gets ``wav/`` (PCM, 16 bit) and ``corpus.csv`` with the columns ``file`` (relative to it),
    ``speaker``, ``gender``, ``age``, ``emotion`` and ``arousal`` (0..1). With ``format="audformat"`` it is an
    audformat database too: tables ``files``, ``emotion``, ``emotion.train``, ``emotion.test``
    (speaker-disjoint) and ``phrases`` (segments); gender and age are labels of the scheme ``speaker``.

    Args:
        folder: where to; made if it is not there, else empty or a corpus of the same parameters
        speakers: how many
        utterances_per_emotion: of each speaker
        seed: of all chance
        format: ``csv`` or ``audformat``
        sampling_rate: in Hz
        progress: is told after each utterance how many are done and how many there are

    Returns:
        what names the database in an experiment file: the CSV file, or the folder for audformat

    Raises:
        NkululekoError: the folder holds something else, or a parameter is out of range
    """
    if format not in FORMATS:
        raise NkululekoError(f"unknown format '{format}'", "synthetic corpus", did_you_mean(format, FORMATS))
    folder = Path(folder)
    parameters = Parameters(speakers, utterances_per_emotion, seed, sampling_rate)
    _claim(folder, parameters)
    utterances = list(_utterances(parameters))
    with ThreadPoolExecutor() as pool:  # numpy works outside the interpreter lock, so threads help
        written = pool.map(lambda utterance: _ensure_audio(folder, utterance, sampling_rate), utterances)
        for done, _ in enumerate(written, start=1):
            if progress is not None:
                progress(done, len(utterances))
    table = folder / TABLE
    if not table.exists():
        _write(table, _csv(utterances))
    if format == "audformat" and not (folder / HEADER).exists():
        _write_database(folder, utterances, sampling_rate)
    return table if format == "csv" else folder


def _utterances(parameters: Parameters) -> Iterator[Utterance]:
    """All of the corpus, speaker by speaker; each has the same sentences in all emotions."""
    for speaker, voice in enumerate(voices(parameters.speakers)):
        for emotion, style in enumerate(STYLES):
            for number in range(parameters.utterances_per_emotion):
                seed = (parameters.seed, speaker, emotion, number)
                yield Utterance(voice, style, SENTENCES[number % len(SENTENCES)], seed)


def _claim(folder: Path, parameters: Parameters) -> None:
    """Make sure that the folder is ours: new, empty, or begun with the same parameters."""
    manifest = folder / MANIFEST
    if manifest.exists():
        try:
            same = json.loads(manifest.read_text(encoding="utf-8")) == asdict(parameters)
        except ValueError:
            same = False
        if not same:
            raise NkululekoError("another corpus is here", str(folder), "choose another folder, or remove it")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NkululekoError("something else is here", str(folder), "choose a folder that is new or empty")
    (folder / "wav").mkdir(parents=True, exist_ok=True)
    if not manifest.exists():
        _write(manifest, json.dumps(asdict(parameters), indent=2) + "\n")


def _csv(utterances: list[Utterance]) -> str:
    """The table, one line an utterance."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(utterance.row() for utterance in utterances)
    return text.getvalue()


def _write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)  # temporary files are private, these are not
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _ensure_audio(folder: Path, utterance: Utterance, sampling_rate: int) -> None:
    """Synthesise one file, unless it is there."""
    path = folder / utterance.file
    if path.exists():
        return
    import soundfile

    signal = render(utterance.plan, utterance.seed, sampling_rate)
    samples = np.round(signal * 32767).astype(np.int16)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, sampling_rate, format="WAV", subtype="PCM_16")
    _write(path, buffer.getvalue())


def _write_database(folder: Path, utterances: list[Utterance], sampling_rate: int) -> None:
    """Write the audformat database; its header comes last, and says that it is whole."""
    database = _database(utterances, sampling_rate)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as part:
        database.save(part, storage_format="parquet")
        for file in sorted(Path(part).iterdir(), key=lambda file: file.name == HEADER):
            file.replace(folder / file.name)


def _database(utterances: list[Utterance], sampling_rate: int) -> audformat.Database:
    """The audformat database in memory."""
    import audformat
    import pandas as pd

    database = audformat.Database(
        "synthetic",
        source="https://github.com/felixbur/nkululeko",
        usage=audformat.define.Usage.UNRESTRICTED,
        description="Synthetic speech in four emotions, made by nkululeko.testing",
    )
    database.media["microphone"] = audformat.Media(
        "audio", format="wav", sampling_rate=sampling_rate, channels=1, bit_depth=16
    )
    people = {utterance.voice.speaker: utterance.voice for utterance in utterances}
    labels = {name: {"gender": voice.gender, "age": voice.age} for name, voice in people.items()}
    database.schemes["speaker"] = audformat.Scheme("str", labels=labels)
    database.schemes["emotion"] = audformat.Scheme("str", labels=[style.emotion for style in STYLES])
    database.schemes["arousal"] = audformat.Scheme("float", minimum=0, maximum=1)
    database.schemes["duration"] = audformat.Scheme("time")

    def table(name: str, index: Any, **columns: list[Any]) -> None:
        table = database[name] = audformat.Table(
            index, media_id="microphone", split_id=_split(database, name)
        )
        for column, values in columns.items():
            table[column] = audformat.Column(scheme_id=column)
            table[column].set(values)

    plans = [utterance.plan for utterance in utterances]
    durations = [pd.to_timedelta(round(1000 * plan.duration), unit="ms") for plan in plans]
    files = audformat.filewise_index([utterance.file for utterance in utterances])
    table("files", files, speaker=[u.voice.speaker for u in utterances], duration=durations)
    testers = list(people)[len(people) - max(1, len(people) // 4) :] if len(people) > 1 else []
    parts = {"emotion": utterances}
    parts["emotion.train"] = [u for u in utterances if u.voice.speaker not in testers]
    parts["emotion.test"] = [u for u in utterances if u.voice.speaker in testers]
    for name, part in parts.items():
        rows = [utterance.row() for utterance in part]
        columns = {column: [row[column] for row in rows] for column in ("emotion", "arousal")}
        table(name, audformat.filewise_index([row["file"] for row in rows]), **columns)
    phrases = [(u, phrase) for u, plan in zip(utterances, plans, strict=True) for phrase in plan.phrases]
    starts, ends = (
        [pd.to_timedelta(round(1000 * phrase[side]), unit="ms") for _, phrase in phrases] for side in (0, 1)
    )
    segments = audformat.segmented_index([u.file for u, _ in phrases], starts, ends)
    table("phrases", segments, emotion=[utterance.style.emotion for utterance, _ in phrases])
    return database


def _split(database: audformat.Database, name: str) -> str | None:
    """The database's split that a table stands for, if any."""
    import audformat

    kind = name.rpartition(".")[2]
    if kind not in ("train", "test"):
        return None
    database.splits[kind] = audformat.Split(type=kind)
    return kind
