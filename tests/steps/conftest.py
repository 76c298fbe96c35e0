"""A small synthetic database, and experiments on it in a folder of their own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import nkululeko
from nkululeko.core.result import Result
from nkululeko.testing.corpus import write_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight speakers, four emotions, twice: 64 utterances, audformat and CSV."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, speakers=8, utterances_per_emotion=2, format="audformat")
    return folder


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One feature store for all, as users have it."""
    return tmp_path_factory.mktemp("store")


@dataclass
class Bench:
    """A folder of the call, with a copy of the corpus's table that a test may change."""

    folder: Path
    corpus: Path
    store: Path

    @property
    def table(self) -> pd.DataFrame:
        frame = pd.read_csv(self.corpus / "corpus.csv")
        return frame.assign(file=[str(self.corpus / name) for name in frame["file"]])

    def csv(self, frame: pd.DataFrame, name: str = "data.csv") -> Path:
        path = self.folder / name
        frame.to_csv(path, index=False)
        return path

    def write(self, text: str, name: str = "exp.ini") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def ini(self, frame: pd.DataFrame | None = None, *, data: str = "", exp: str = "", feats: str = "type = mfcc",
            model: str = "type = svm", target: str = "emotion", rest: str = "") -> Path:  # fmt: skip
        """An experiment on a table; ``data`` and the others: lines added to the sections."""
        self.csv(self.table if frame is None else frame)
        return self.write(
            f"[EXP]\nroot = results\nname = exp\nstore = {self.store}\n{exp}\n"
            f"[DATA]\ndatabases = ['db']\ndb = data.csv\ndb.type = csv\ntarget = {target}\n{data}\n"
            f"[FEATS]\n{feats}\n[MODEL]\n{model}\n{rest}\n"
        )

    def run(self, *args, overrides: tuple[str, ...] = (), **options) -> Result:
        return nkululeko.run(self.ini(*args, **options), overrides)


@pytest.fixture
def bench(tmp_path: Path, corpus: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path, corpus, store)


@pytest.fixture
def own_corpus(bench: Bench) -> Bench:
    """The same with audio files of its own, to be broken."""
    shutil.copytree(bench.corpus, bench.folder / "own")
    bench.corpus = bench.folder / "own"
    return bench
