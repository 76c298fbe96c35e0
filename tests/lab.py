"""Small databases of noise, to be loaded by the tests of steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from nkululeko.config.load import load as load_config
from nkululeko.core.store import FeatureStore
from nkululeko.steps.load import Data, load

RATE = 8000


class Lab:
    """A folder with recordings, tables and an experiment file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def audio(
        self, name: str, frames: int = 4000, level: float | None = None, rate: int = RATE, channels: int = 1
    ) -> str:
        """A recording of its own; with ``level`` the same whatever its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(list(name.encode())).uniform(-0.5, 0.5, (frames, channels))
        soundfile.write(path, noise if level is None else np.full((frames, channels), level), rate)
        return str(path)

    def csv(self, rows: list[dict], name: str = "db") -> str:
        pd.DataFrame(rows).to_csv(self.folder / f"{name}.csv", index=False)
        return f"{name} = {self.folder / name}.csv\n{name}.type = csv\n"

    def config(self, data: str, exp: str = "", names: str = "['db']", target: str = "emotion"):  # type: ignore[no-untyped-def]
        path = self.folder / "exp.ini"
        path.write_text(
            f"[EXP]\n{exp}\n[DATA]\ndatabases = {names}\ntarget = {target}\n{data}\n"
            "[FEATS]\ntype = os\n[MODEL]\ntype = xgb\n"
        )
        return load_config(path)

    def load(
        self, data: str, exp: str = "", names: str = "['db']", target: str = "emotion", previous=None
    ) -> Data:  # type: ignore[no-untyped-def]
        return load(self.config(data, exp, names, target), FeatureStore(self.folder / "store"), previous, 1)

    def rows(self, count: int = 12, **columns: object) -> list[dict]:
        """Six speakers in turns, two emotions."""
        return [
            {"file": self.audio(f"{n:02}.wav"), "speaker": f"s{n % 6}", "emotion": "ab"[n // 6 % 2]} | columns
            for n in range(count)
        ]
