"""Features from tables: matched by file and segment, never by position."""

from __future__ import annotations

import logging
import os
import pickle
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features

NAMES = ["a", "b", "c", "d"]


def never(*_: object) -> pd.DataFrame:
    raise AssertionError("imported features need no audio")


def fetch(index: pd.MultiIndex, *paths: Path, **options: object) -> pd.DataFrame:
    plugin = features.load("import")
    return plugin(plugin.Options(import_file=tuple(map(str, paths)), **options)).fetch(index, never)


def times(*seconds: float | None) -> pd.TimedeltaIndex:
    return pd.to_timedelta([np.nan if s is None else s for s in seconds], unit="s")


@pytest.fixture
def index(tmp_path: Path) -> pd.MultiIndex:
    """Whole files of 1 s, their ends resolved, as an experiment has them."""
    return contract.segmented_index(
        [str(tmp_path / f"{name}.wav") for name in NAMES], None, times(1, 1, 1, 1)
    )


def table(index: pd.MultiIndex) -> pd.DataFrame:
    count = len(index)
    return pd.DataFrame({"f1": np.arange(count) + 0.5, "f2": np.arange(count)[::-1]}, index=index)


def save(frame: pd.DataFrame, path: Path, **options: object) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False, **options)
    else:
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "CSV"])
@pytest.mark.parametrize("levels", [["file"], ["file", "start", "end"]])
def test_files_and_segments(index: pd.MultiIndex, tmp_path: Path, kind: str, levels: list[str]) -> None:
    expected = table(index)
    flat = expected.reset_index()[[*levels, "f1", "f2"]]
    path = tmp_path / f"features.{kind}"
    flat.to_parquet(path) if kind == "parquet" else flat.to_csv(path, index=False)
    pd.testing.assert_frame_equal(fetch(index, path), expected)


def test_a_table_with_the_index_of_audformat(index: pd.MultiIndex, tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(fetch(index, save(table(index), tmp_path / "f.parquet")), table(index))


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(8)), st.permutations(range(8)), st.booleans())
def test_the_order_of_the_rows_is_of_no_meaning(
    tmp_path_factory: pytest.TempPathFactory, stored: list[int], asked: list[int], segments: bool
) -> None:
    folder = tmp_path_factory.mktemp("import")
    if segments:
        files = [str(folder / f"{n // 4}.wav") for n in range(8)]
        index = contract.segmented_index(files, times(*[0, 1, 2, 3] * 2), times(*[1, 2, 3, 4] * 2))
    else:
        index = contract.segmented_index([str(folder / f"{n}.wav") for n in range(8)], None, times(*[1] * 8))
    expected = table(index)
    flat = expected.reset_index() if segments else expected.reset_index().drop(columns=["start", "end"])
    path = save(flat.iloc[stored], folder / "f.csv")
    pd.testing.assert_frame_equal(fetch(index[asked], path), expected.iloc[asked])


def test_names_relative_to_the_table_or_to_the_call(
    index: pd.MultiIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = table(index).reset_index(drop=True).assign(file=[f"{name}.wav" for name in NAMES])
    path = save(flat, tmp_path / "f.csv")
    pd.testing.assert_frame_equal(fetch(index, path), table(index))
    (tmp_path / "tables").mkdir()
    path = path.rename(tmp_path / "tables/f.csv")
    monkeypatch.chdir(tmp_path)
    pd.testing.assert_frame_equal(fetch(index, path), table(index))
    flat = flat.assign(file=[f"../{name}.wav" for name in NAMES])
    monkeypatch.chdir("/")
    pd.testing.assert_frame_equal(fetch(index, save(flat, path)), table(index))


def test_missing_rows_are_left_out(index: pd.MultiIndex, tmp_path: Path) -> None:
    path = save(table(index).reset_index().iloc[[3, 1]], tmp_path / "f.csv")
    pd.testing.assert_frame_equal(fetch(index, path), table(index).iloc[[1, 3]])


@pytest.mark.parametrize("kind", ["timedelta", "seconds", "rounded"])
def test_times_of_other_tools(tmp_path: Path, kind: str) -> None:
    """16 samples are a millisecond at 16 kHz: many ends lie between two of them."""
    file = str(tmp_path / "a.wav")
    index = contract.segmented_index([file] * 3, times(0, 1.0625, 2.0005), times(1.0625, 2.0005, 3.1234375))
    flat = table(index).reset_index()
    if kind != "timedelta":
        for name in ("start", "end"):
            flat[name] = flat[name].dt.total_seconds()
            # half up, where Python rounds half to even
            flat[name] = np.floor(flat[name] * 1000 + 0.5) / 1000 if kind == "rounded" else flat[name]
    pd.testing.assert_frame_equal(fetch(index, save(flat, tmp_path / "f.csv")), table(index))
    other = contract.segmented_index([file], times(0), times(1.07))
    with pytest.raises(NkululekoError, match="no row for any sample"):
        fetch(other, tmp_path / "f.csv")


def test_a_table_of_whole_files_with_empty_ends(index: pd.MultiIndex, tmp_path: Path) -> None:
    """As audformat writes them."""
    flat = table(contract.segmented_index(index.get_level_values("file"))).reset_index()
    for path in (save(flat, tmp_path / "f.csv"), save(flat, tmp_path / "f.parquet")):
        pd.testing.assert_frame_equal(fetch(index, path), table(index))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(index: pd.MultiIndex, tmp_path: Path, separator: str) -> None:
    path = save(table(index).reset_index(), tmp_path / "f.csv", sep=separator, encoding="utf-8-sig")
    pd.testing.assert_frame_equal(fetch(index, path), table(index))


def test_the_number_of_the_row_is_no_feature(
    index: pd.MultiIndex, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """pandas writes it without a name; sorted by label it would give the label away."""
    table(index).reset_index().to_csv(tmp_path / "f.csv")
    with caplog.at_level(logging.INFO, "nkululeko"):
        found = fetch(index, tmp_path / "f.csv")
    assert list(found.columns) == ["f1", "f2"]
    assert "1 columns without a name are no features" in caplog.text


def test_missing_values_stay_missing(index: pd.MultiIndex, tmp_path: Path) -> None:
    expected = table(index).astype(float)
    expected.iloc[1, 0] = np.nan
    pd.testing.assert_frame_equal(fetch(index, save(expected.reset_index(), tmp_path / "f.csv")), expected)


# --- several tables


def test_rows_below_each_other(index: pd.MultiIndex, tmp_path: Path) -> None:
    flat = table(index).reset_index()
    other = flat.iloc[[2, 3]][["file", "start", "end", "f2", "f1"]]  # the columns in another order
    paths = [save(flat.iloc[[1, 0]], tmp_path / "one.csv"), save(other, tmp_path / "two.parquet")]
    for order in (paths, paths[::-1]):
        pd.testing.assert_frame_equal(fetch(index, *order)[["f1", "f2"]], table(index))
    foreign = save(flat.assign(file="/elsewhere.wav").iloc[:1], tmp_path / "three.csv")
    assert len(fetch(index, paths[0], foreign)) == 2


def test_columns_side_by_side(index: pd.MultiIndex, tmp_path: Path) -> None:
    flat = table(index).reset_index()
    one = save(flat.drop(columns="f2").iloc[[3, 1, 0]], tmp_path / "one.csv")
    two = save(flat.drop(columns="f1").iloc[[0, 1, 2]], tmp_path / "two.csv")
    found = fetch(index, one, two, import_files_append=False)
    pd.testing.assert_frame_equal(found, table(index).iloc[[0, 1]])


def test_tables_that_do_not_fit(index: pd.MultiIndex, tmp_path: Path) -> None:
    flat = table(index).reset_index()
    one, two = save(flat, tmp_path / "one.csv"), save(flat.assign(f3=1), tmp_path / "two.csv")
    with pytest.raises(
        NkululekoError, match=r"one\.csv and .*two\.csv: column 'f3' is in one of the tables only; .*= False"
    ):
        fetch(index, one, two)
    with pytest.raises(NkululekoError, match=r"one\.csv and .*two\.csv: column 'f1' is in both tables"):
        fetch(index, one, two, import_files_append=False)


# --- mistakes


class Malicious:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple:
        return (os.mkdir, (str(self.witness),))


@pytest.mark.parametrize("name", ["f.pkl", "f.pickle", "f.csv", "f.parquet"])
def test_a_pickle_is_never_loaded(index: pd.MultiIndex, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Malicious(tmp_path / "executed")))
    with pytest.raises(
        NkululekoError, match=r"cannot be imported from '\.pi?c?kl?e?' files|is no readable table|no column"
    ):
        fetch(index, tmp_path / name)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no readable table"),
        ("name,f1\na.wav,1\n", r"no column 'file' \(there are: name, f1\)"),
        ("file,f1,text\na.wav,1,x\n", "column 'text' holds no numbers; keep feature columns only"),
        ("file,f1\na.wav,1\na.wav,2\n", "has several rows for one segment; add columns start and end"),
        ("file,start,end,f1\na.wav,0,1,1\na.wav,0,1,2\n", "has several rows for one segment"),
        ("file,f1\nx.wav,1\n", "no row for any sample of the experiment; compare the file names"),
        ("file,f1\n", "no row for any sample"),
        ("file,f1\na.wav,1\nb.wav,2,3,4\n", "is no readable table"),
    ],
)
def test_mistakes(index: pd.MultiIndex, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "f.csv").write_text(content)
    with pytest.raises(NkululekoError, match=message) as error:
        fetch(index, tmp_path / "f.csv")
    assert "f.csv" in error.value.where and "\n" not in str(error.value)


def test_no_file() -> None:
    index = contract.segmented_index(["/a.wav"])
    with pytest.raises(NkululekoError, match=r"needs FEATS\.import_file"):
        fetch(index)
    with pytest.raises(NkululekoError, match=r"missing\.csv: no such file; check FEATS\.import_file"):
        fetch(index, Path("missing.csv"))
    with pytest.raises(NkululekoError, match="does not start from audio"):
        features.load("import")().extract(np.zeros(1), 16000)
