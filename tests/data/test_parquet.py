"""Parquet databases, as pandas, audformat and others write them."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from pathlib import Path

import audformat
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, databases


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Loaded]:
    """Writes a table, or what is given as bytes, and loads it."""

    def write_and_load(
        table: pd.DataFrame | pa.Table | bytes, target: str = "emotion", **options: object
    ) -> Loaded:
        path = tmp_path / "data" / "my.parquet"
        path.parent.mkdir(exist_ok=True)
        if isinstance(table, bytes):
            path.write_bytes(table)
        elif isinstance(table, pa.Table):
            pq.write_table(table, path)
        else:
            table.to_parquet(path)
        plugin = databases.load("parquet")
        folders = (tmp_path / "call", tmp_path / "ini")
        return plugin(plugin.Options(**options)).load(Request("db", str(path), target, {}, folders))

    return write_and_load


def frame(**columns: list) -> pd.DataFrame:
    return pd.DataFrame({"file": ["a.wav", "b.wav"], "emotion": ["joy", None], **columns})


def test_columns_keep_their_types(load: Callable[..., Loaded]) -> None:
    samples = load(
        frame(age=[31, 40], score=[0.5, np.nan], code=["007", "8"], sex=["m", "f"], old=[True, False])
    ).samples
    assert contract.check(samples)["age"].dtype == "int64"
    np.testing.assert_array_equal(samples["score"], [0.5, np.nan])
    assert samples["code"].tolist() == ["007", "8"] and samples["gender"].tolist() == ["m", "f"]
    assert samples["old"].tolist() == [True, False]
    assert samples["emotion"].isna().tolist() == [False, True]


def test_an_index_is_a_column(load: Callable[..., Loaded]) -> None:
    plain = load(frame()).samples
    pd.testing.assert_frame_equal(load(frame().set_index("file")).samples, plain)
    nameless = frame()
    nameless.index = pd.Index([7, 9])
    pd.testing.assert_frame_equal(load(nameless).samples, plain)


@pytest.mark.parametrize("kind", ["filewise", "segmented"])
def test_audformats_own_parquet(load: Callable[..., Loaded], tmp_path: Path, kind: str) -> None:
    db = audformat.Database("toy")
    if kind == "filewise":
        index = audformat.filewise_index(["a.wav", "b.wav"])
    else:
        index = audformat.segmented_index(["a.wav", "a.wav"], ["0.1s", "1.5s"], ["1.1s", pd.NaT])
    db.schemes["emotion"] = audformat.Scheme(labels=["joy", "fear"])
    db["emotion"] = audformat.Table(index)
    db["emotion"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["emotion"]["emotion"].set(["joy", "fear"])
    db.save(str(tmp_path / "db"), storage_format="parquet")
    samples = load((tmp_path / "db/db.emotion.parquet").read_bytes()).samples
    expected = audformat.utils.to_segmented_index(index)
    assert samples.index.droplevel("file").equals(expected.droplevel("file"))
    assert samples["emotion"].tolist() == ["joy", "fear"] and list(samples.columns) == ["emotion"]


@pytest.mark.parametrize(
    "starts",
    [
        [0.5, 2], [decimal.Decimal("0.5"), decimal.Decimal("2")], ["0.5", "0 days 00:00:02"],
        [pd.Timedelta("0.5s"), pd.Timedelta("2s")], [datetime.time(0, 0, 0, 500000), datetime.time(0, 0, 2)],
    ],
    ids=["numbers", "decimals", "text", "timedeltas", "clock"],
)  # fmt: skip
def test_times(load: Callable[..., Loaded], starts: list) -> None:
    found = load(frame(start=starts)).samples.index
    assert contract.seconds(found, "start").tolist() == [0.5, 2]
    assert found.get_level_values("end").isna().all()


@pytest.mark.parametrize(
    ("starts", "shown"),
    [([True, False], "True"), ([0, np.inf], "inf"), ([0, 1e12], "1000000000000.0"), (["0", "x"], "x"),
     ([pd.Timestamp("2026-01-01")] * 2, "2026-01-01")],
)  # fmt: skip
def test_times_that_are_none(load: Callable[..., Loaded], starts: list, shown: str) -> None:
    with pytest.raises(NkululekoError, match=rf"my\.parquet: column 'start' holds no times; .*not '{shown}"):
        load(frame(start=starts))


def test_categories_and_what_holds_no_single_values(load: Callable[..., Loaded]) -> None:
    table = frame(
        vector=[[1, 2], [3]],
        raw=[b"1", b"2"],
        nested=[{"a": 1}, {"a": 2}],
        price=[decimal.Decimal("1.5")] * 2,
    )
    table["emotion"] = pd.Categorical(["joy", "fear"], ["fear", "joy", "anger"])
    found = load(table)
    assert found.samples["emotion"].tolist() == ["joy", "fear"]
    assert not isinstance(found.samples["emotion"].dtype, pd.CategoricalDtype)
    assert found.samples["price"].tolist() == [1.5, 1.5]
    assert list(found.samples.columns) == ["emotion", "price"]
    assert found.notes == [found.notes[0]] and found.notes[0].endswith(
        "no single values: vector, raw, nested"
    )


def test_where_the_files_are(load: Callable[..., Loaded], tmp_path: Path) -> None:
    for place in ("data/a.wav", "call/b.wav", "data/wav/a.wav"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()

    def files(**options: object) -> list[str]:
        found = contract.files_of(load(frame(), **options).samples.index)
        return [Path(file).relative_to(tmp_path).as_posix() for file in found]

    assert files() == ["data/a.wav", "call/b.wav"]
    assert files(absolute_path=False) == ["data/a.wav", "data/b.wav"]
    assert files(absolute_path=True) == ["call/a.wav", "call/b.wav"]
    assert files(audio_path="wav") == ["data/wav/a.wav", "call/wav/b.wav"]


def test_the_datas_own_split(load: Callable[..., Loaded]) -> None:
    found = load(frame(split=["train", "test"]))
    assert {name: len(index) for name, index in found.splits.items()} == {"train": 1, "dev": 0, "test": 1}


@pytest.mark.parametrize("content", [b"", b"file,emotion\na,x\n", b"PAR1 and no more PAR1", b"\0" * 100])
def test_no_parquet(load: Callable[..., Loaded], content: bytes) -> None:
    with pytest.raises(
        NkululekoError, match=r"my\.parquet: is no readable Parquet file \(.*\); if it is a CSV"
    ):
        load(content)


def test_a_damaged_file(load: Callable[..., Loaded], tmp_path: Path) -> None:
    load(frame(text=["x" * 1000, "y" * 1000]))
    content = bytearray((tmp_path / "data/my.parquet").read_bytes())
    content[4:60] = bytes(56)
    with pytest.raises(NkululekoError, match="is no readable Parquet file"):
        load(bytes(content))


def test_mistakes(load: Callable[..., Loaded], tmp_path: Path) -> None:
    with pytest.raises(
        NkululekoError, match=r"no column 'file' \(there are: wav, emotion\); db\.colnames = "
    ):
        load(frame().rename(columns={"file": "wav"}))
    with pytest.raises(NkululekoError, match=r"no column 'emotoin' to predict; did you mean 'emotion'\?"):
        load(frame(), "emotoin")
    with pytest.raises(NkululekoError, match="column 'emotion' stands twice"):
        load(pa.table([pa.array(["a"]), pa.array(["x"]), pa.array(["y"])], ["file", "emotion", "emotion"]))
    plugin = databases.load("parquet")()
    with pytest.raises(
        NkululekoError, match=r"my\.parkuet: no such Parquet file; did you mean 'my\.parquet'\?"
    ):
        plugin.load(Request("db", str(tmp_path / "data/my.parkuet"), "emotion"))
    with pytest.raises(NkululekoError, match="is a folder; name one Parquet file"):
        plugin.load(Request("db", str(tmp_path), "emotion"))
