"""The feature store: what is written is read, whatever happens to the writer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from nkululeko.core import store as module
from nkululeko.core.errors import NkululekoError
from nkululeko.core.store import FeatureStore, FeatureTable, default_store, digest

COLUMNS = ["a", "b", "ü"]


def key(number: int) -> bytes:
    return digest("row", number)


def vector(number: int, width: int = 3) -> np.ndarray:
    return np.arange(width, dtype=np.float32) + number * width


def filled(folder: Path, *numbers: int) -> FeatureTable:
    """A table with one file more."""
    table = FeatureTable(folder)
    with table.writer(COLUMNS) as writer:
        for number in numbers:
            writer.add(key(number), vector(number))
    return table


floats = hnp.arrays(np.float32, (3,), elements=st.floats(width=32))
rows = st.lists(
    st.tuples(st.integers(0, 9), floats | st.text(max_size=5), st.booleans()), max_size=30
)  # key, vector or reason, and whether a new file begins


@settings(max_examples=40, deadline=None)
@given(rows, st.lists(st.integers(0, 12), max_size=20))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list, wanted: list[int]) -> None:
    """A dictionary does the same: the last word on a key counts, within a file and over files."""
    table = FeatureTable(tmp_path_factory.mktemp("table"))
    model: dict[int, np.ndarray | str] = {}
    writer = table.writer(COLUMNS)
    for number, value, cut in rows:
        model[number] = value
        writer.add(
            key(number), None if isinstance(value, str) else value, value if isinstance(value, str) else None
        )
        if cut:
            writer.flush()
    writer.flush()
    found = table.read([key(number) for number in wanted])
    assert found.found.tolist() == [number in model for number in wanted]
    assert found.errors == {i: model[n] for i, n in enumerate(wanted) if isinstance(model.get(n), str)}
    expected = [v if isinstance(v := model.get(n), np.ndarray) else [np.nan] * 3 for n in wanted]
    if rows:
        assert found.columns == COLUMNS
        assert found.values.dtype == np.float32
        np.testing.assert_array_equal(found.values, np.reshape(np.array(expected, np.float32), (-1, 3)))
    else:
        assert (found.columns, found.values.shape) == ([], (len(wanted), 0))


def test_keys_that_end_in_zeros_are_different_keys(tmp_path: Path) -> None:
    """NumPy's bytes drop zeros at the end."""
    keys = [b"k" * 14 + tail for tail in (b"\0\0", b"\0\1", b"\1\0", b"\1\1")] + [b"\0" * 16]
    table = FeatureTable(tmp_path)
    with table.writer(["n"]) as writer:
        for number, k in enumerate(keys):
            writer.add(k, np.array([number]))
    assert table.read(keys[::-1]).values.ravel().tolist() == [4, 3, 2, 1, 0]
    assert not table.read([b"k" * 13 + b"\0\0\0"]).found.any()


def test_missing_values_stay_missing_and_are_no_errors(tmp_path: Path) -> None:
    table = FeatureTable(tmp_path)
    with table.writer(COLUMNS) as writer:
        writer.add(key(1), np.array([np.nan, 1, -np.inf]))
    found = table.read([key(1)])
    np.testing.assert_array_equal(found.values, [[np.nan, 1, -np.inf]])
    assert found.found.all() and not found.errors


def test_an_error_gives_way_to_a_later_value_and_the_other_way_round(tmp_path: Path) -> None:
    table = FeatureTable(tmp_path)
    for value, reason in [(None, "too short"), (vector(1), None), (None, "broken")]:
        with table.writer(COLUMNS) as writer:
            writer.add(key(1), value, reason)
        found = table.read([key(1)])
        assert found.found.all()
        assert found.errors == ({0: reason} if reason else {})
        np.testing.assert_array_equal(found.values[0], np.full(3, np.nan) if value is None else value)


def test_nothing_is_written_for_nothing(tmp_path: Path) -> None:
    filled(tmp_path / "table")
    assert not (tmp_path / "table").exists()
    assert filled(tmp_path / "table", 1).read([]).values.shape == (0, 3)


def test_a_wrong_vector_is_a_mistake_in_the_extractor(tmp_path: Path) -> None:
    writer = FeatureTable(tmp_path).writer(COLUMNS)
    for wrong in (np.zeros(2), np.zeros((1, 3))):
        with pytest.raises(ValueError, match="3 columns"):
            writer.add(key(1), wrong)


def test_a_full_buffer_becomes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FLUSH_BYTES", 5 * 4 * 3)
    writer = FeatureTable(tmp_path).writer(COLUMNS)
    for number in range(12):
        writer.add(key(number), vector(number))
    assert len(list(tmp_path.glob("*.parquet"))) == 2
    assert FeatureTable(tmp_path).read([key(n) for n in range(12)]).found.sum() == 10


def test_rows_are_kept_on_an_interruption(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), FeatureTable(tmp_path).writer(COLUMNS) as writer:
        writer.add(key(1), vector(1))
        raise KeyboardInterrupt
    assert FeatureTable(tmp_path).read([key(1)]).found.all()


def spoil_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def spoil_values(path: Path) -> None:
    """As a disk that lost power does: the length is right, the contents are not."""
    content = bytearray(path.read_bytes())
    at = content.index(vector(1).tobytes())
    content[at : at + 12] = bytes(12)
    path.write_bytes(content)


def spoil_all(path: Path) -> None:
    path.write_bytes(os.urandom(500))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    """Somebody's own table."""
    import pandas as pd

    pd.DataFrame({"x": [1]}).to_parquet(path)


def other_columns(path: Path) -> None:
    with FeatureTable(path.parent / "other").writer(["a", "b"]) as writer:
        writer.add(key(1), np.zeros(2))
    next((path.parent / "other").glob("*.parquet")).replace(path)


def other_schema(path: Path) -> None:
    """Our mark, but not our columns."""
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table({"key": ["x"]}).replace_schema_metadata({b"nkululeko.columns": json.dumps(COLUMNS)}), path
    )


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "spoil", [spoil_end, spoil_values, spoil_all, empty, foreign, other_columns, other_schema, folder]
)
def test_a_damaged_file_costs_its_rows_only(tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    filled(tmp_path, 0)
    table = filled(tmp_path, 1)
    spoil(sorted(tmp_path.glob("*.parquet"))[1])
    filled(tmp_path, 2)
    found = table.read([key(0), key(1), key(2)])
    assert found.found.tolist() == [True, False, True]
    assert found.columns == COLUMNS
    np.testing.assert_array_equal(found.values[[0, 2]], [vector(0), vector(2)])
    assert np.isnan(found.values[1]).all()
    filled(tmp_path, 1)  # computed again
    np.testing.assert_array_equal(table.read([key(1)]).values, [vector(1)])


WRITER = """
import sys, time, numpy as np
from pathlib import Path
from nkululeko.core import store
store._FLUSH_BYTES, store._FLUSH_SECONDS = {bytes}, {seconds}
first, last = int(sys.argv[2]), int(sys.argv[3])
with store.FeatureTable(Path(sys.argv[1])).writer(["a", "b", "ü"]) as writer:
    for number in range(first, last):
        writer.add(store.digest("row", number), np.arange(3) + number * 3)
        time.sleep({pause})
        if number == first:
            print("begun", flush=True)
"""


def start_writer(folder: Path, first: int, last: int, **settings: float) -> subprocess.Popen[str]:
    code = WRITER.format(**{"bytes": 2**24, "seconds": 10, "pause": 0} | settings)
    arguments = [sys.executable, "-c", code, str(folder), str(first), str(last)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_two_writers_at_once(tmp_path: Path) -> None:
    """Also on the same rows; each of them reads whole files of the other only."""
    writers = [start_writer(tmp_path, *span, bytes=200) for span in ((0, 300), (200, 500))]
    table = FeatureTable(tmp_path)
    keys = [key(n) for n in range(500)]
    while any(writer.poll() is None for writer in writers):
        found = table.read(keys)
        assert not found.errors
        for n in np.flatnonzero(found.found):
            assert found.values[n].tolist() == vector(n).tolist()
    assert [writer.wait() for writer in writers] == [0, 0]
    for writer in writers:
        writer.stdout.close()  # type: ignore[union-attr]
    found = table.read(keys)
    assert found.found.all()
    np.testing.assert_array_equal(found.values, [vector(n) for n in range(500)])


def test_a_killed_writer_loses_little(tmp_path: Path) -> None:
    writer = start_writer(tmp_path, 0, 10**6, seconds=0.05, pause=0.001)
    end = time.monotonic() + 60
    while len(list(tmp_path.glob("*.parquet"))) < 3:
        assert time.monotonic() < end
        time.sleep(0.005)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()  # type: ignore[union-attr]
    (tmp_path / ".half.parquet.tmp").write_bytes(next(tmp_path.glob("*.parquet")).read_bytes()[:300])
    table = FeatureTable(tmp_path)
    found = table.read([key(n) for n in range(5000)])
    count = int(found.found.sum())
    assert count >= 3 and found.found[:count].all()  # all rows up to some point, none beyond
    np.testing.assert_array_equal(found.values[:count], [vector(n) for n in range(count)])


def test_memory_is_bounded(tmp_path: Path) -> None:
    """20,000 rows of 2,000 numbers: reading them takes less than twice their size."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs the peak memory of a process as Linux tells it")
    code = """
        import sys, numpy as np
        from pathlib import Path
        from nkululeko.core import store
        def peak(): return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
        folder, rows, columns = Path(sys.argv[1]), 20_000, 2_000
        keys = [store.digest(n) for n in range(rows)]
        if sys.argv[2] == "write":
            before = None
            with store.FeatureTable(folder).writer([f"f{n}" for n in range(columns)]) as writer:
                for n, key in enumerate(keys):
                    writer.add(key, np.full(columns, n, dtype=np.float32))
                    if n == 5000:
                        before = peak()
            print((peak() - before) / (4 * rows * columns))
        else:
            table = store.FeatureTable(folder)
            table.read(keys[:1])
            before = peak()
            found = table.read(keys[::-1])
            assert found.found.all() and (found.values[:, 7] == np.arange(rows)[::-1]).all()
            print((peak() - before) / (4 * rows * columns))
    """
    shares = {
        action: float(
            subprocess.run(
                [sys.executable, "-c", textwrap.dedent(code), str(tmp_path), action],
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for action in ("write", "read")
    }  # fmt: skip
    assert 0.5 < shares["read"] < 2.0
    assert shares["write"] < 0.3


def test_tables_go_by_all_that_their_values_depend_on(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    first = store.table("os", "1.0", {"set": "a", "level": "b"}, None)
    assert first.folder == store.table("os", "1.0", {"level": "b", "set": "a"}, None).folder
    others = [
        store.table("os", "1.1", {"set": "a", "level": "b"}, None),
        store.table("os", "1.0", {"set": "b", "level": "b"}, None),
        store.table("os", "1.0", {"set": "a", "level": "b"}, 16000),
        store.table("mfcc", "1.0", {"set": "a", "level": "b"}, None),
    ]
    assert len({table.folder for table in [first, *others]}) == 5
    assert first.folder.parent == tmp_path / "features" and first.folder.name.startswith("os-")


@pytest.mark.parametrize("place", ["file", "/proc/nobody/may"])
def test_a_store_that_cannot_be_made(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        NkululekoError, match=r"cannot keep features there .*; set EXP\.store to a folder you may write to"
    ):
        FeatureStore(tmp_path / place)


def test_a_store_that_cannot_be_written_to(tmp_path: Path) -> None:
    """It may exist and yet take no files: somebody else's, or on a full disk."""
    (tmp_path / "features").write_text("in the way of the folder")
    writer = FeatureStore(tmp_path).table("os").writer(COLUMNS)
    writer.add(key(1), vector(1))
    with pytest.raises(
        NkululekoError, match=r"features/os-.*: cannot keep features there .*; set EXP\.store"
    ):
        writer.flush()


def test_audio_is_remembered_while_its_signature_is_the_same(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    paths = [f"/{n}.wav" for n in range(1201)]  # more than one query holds
    store.remember_audio([(path, "s", b"c" * 16, n, 16000, 1, "") for n, path in enumerate(paths)])
    found = store.known_audio(dict.fromkeys(paths, "s") | {paths[5]: "other", "/new.wav": "s"})
    assert len(found) == 1200
    assert found[paths[1200]] == (b"c" * 16, 1200, 16000, 1, "")
    assert paths[5] not in found
    store.remember_audio([(paths[5], "other", b"d" * 16, 1, 8000, 2, "broken")])
    assert FeatureStore(tmp_path).known_audio({paths[5]: "other"}) == {
        paths[5]: (b"d" * 16, 1, 8000, 2, "broken")
    }
    assert store.known_audio({paths[5]: "s"}) == {}


def test_a_damaged_memory_of_audio_is_made_anew(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    (tmp_path / "audio.sqlite").write_bytes(b"no database at all" * 100)
    row = ("/a.wav", "s", b"c" * 16, 1, 16000, 1, "")
    assert store.known_audio({"/a.wav": "s"}) == {}
    store.remember_audio([row])
    assert store.known_audio({"/a.wav": "s"}) == {"/a.wav": row[2:]}


def test_one_store_per_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path))
    assert default_store() == tmp_path
    monkeypatch.delenv("NKULULEKO_STORE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_store() == tmp_path / "nkululeko"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_store() == Path.home() / ".cache/nkululeko"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert default_store() == Path.home() / "Library/Caches/nkululeko"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert default_store() == tmp_path / "Local/nkululeko"
