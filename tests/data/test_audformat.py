"""Real audformat databases, made here: tables joined, schemes unfolded, nothing from a file executed."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import audformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, databases
from nkululeko.data._raters import combined

FILES = ["wav/a.wav", "wav/b.wav", "wav/c.wav"]
SPEAKERS = {1: {"age": 31, "gender": "male"}, 2: {"age": 34, "gender": "female"}}


def database() -> audformat.Database:
    """Files with speakers, whose scheme tells age and gender; no target yet."""
    db = audformat.Database("toy")
    db.schemes["speaker"] = audformat.Scheme(labels=SPEAKERS)
    db.schemes["emotion"] = audformat.Scheme(labels=["anger", "joy"])
    db.schemes["rating"] = audformat.Scheme("float")
    db.schemes["duration"] = audformat.Scheme("time")
    table = db["files"] = audformat.Table(audformat.filewise_index(FILES))
    add(table, "speaker", "speaker", [1, 2, 2])
    add(table, "duration", "duration", pd.to_timedelta([1.0, 1.5, 2.0], unit="s"))
    return db


def add(table: audformat.Table, column: str, scheme: str | None, values: object) -> None:
    table[column] = audformat.Column(scheme_id=scheme)
    table[column].set(values)


def filewise(
    db: audformat.Database, name: str, files: list[str], split: str | None = None
) -> audformat.Table:
    db[name] = audformat.Table(audformat.filewise_index(files), split_id=split)
    return db[name]


def segmented(db: audformat.Database, name: str) -> audformat.Table:
    """Two segments of the first file, the rest of the second."""
    index = audformat.segmented_index(
        [FILES[0], FILES[0], FILES[1]], ["0s", "1s", "0.5s"], ["1s", "2s", pd.NaT]
    )
    db[name] = audformat.Table(index)
    return db[name]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Loaded]:
    """Saves a database and loads it."""

    def save_and_load(
        db: audformat.Database,
        target: str = "emotion",
        colnames: dict | None = None,
        kind: str = "parquet",
        **options: object,
    ) -> Loaded:
        db.save(str(tmp_path / "db"), storage_format=kind)
        return load_from(tmp_path / "db", target, colnames, **options)

    return save_and_load


def load_from(root: Path, target: str = "emotion", colnames: dict | None = None, **options: object) -> Loaded:
    plugin = databases.load("audformat")
    return plugin(plugin.Options(**options)).load(Request("toy", str(root), target, colnames or {}))


def names(index: pd.MultiIndex) -> list[str]:
    return [Path(file).stem for file in index.get_level_values("file")]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_filewise(load: Callable[..., Loaded], tmp_path: Path, kind: str) -> None:
    db = database()
    add(filewise(db, "emotion", FILES), "emotion", "emotion", ["joy", "anger", None])
    found = load(db, kind=kind)
    samples = contract.check(found.samples)
    assert samples.index.equals(contract.segmented_index([str(tmp_path / "db" / file) for file in FILES]))
    assert samples["emotion"].tolist()[:2] == ["joy", "anger"] and pd.isna(samples["emotion"].iloc[2])
    assert samples["speaker"].tolist() == [1, 2, 2]
    assert samples["age"].tolist() == [31, 34, 34]
    assert samples["gender"].tolist() == ["male", "female", "female"]
    assert samples["duration"].dt.total_seconds().tolist() == [1, 1.5, 2]
    assert not any(isinstance(dtype, pd.CategoricalDtype) for dtype in samples.dtypes)
    assert sorted(found.tables) == ["emotion", "files"] and found.splits == {}


def test_segmented(load: Callable[..., Loaded]) -> None:
    db = database()
    add(segmented(db, "segments"), "emotion", "emotion", ["joy", "anger", "joy"])
    samples = load(db).samples
    assert names(samples.index) == ["a", "a", "b"]
    assert contract.seconds(samples.index, "start").tolist() == [0, 1, 0.5]
    np.testing.assert_array_equal(contract.seconds(samples.index, "end"), [1, 2, np.nan])
    assert samples["speaker"].tolist() == [1, 1, 2] and samples["gender"].tolist() == [
        "male",
        "male",
        "female",
    ]


def test_information_by_segment(load: Callable[..., Loaded]) -> None:
    db = database()
    add(segmented(db, "segments"), "emotion", "emotion", ["joy", "anger", "joy"])
    add(segmented(db, "turns"), "rating", "rating", [0.1, 0.2, 0.3])
    assert load(db, files_tables=["turns"]).samples["rating"].tolist() == [0.1, 0.2, 0.3]


def test_a_target_that_only_the_scheme_tells(load: Callable[..., Loaded]) -> None:
    samples = load(database(), "age").samples
    assert samples["age"].tolist() == [31, 34, 34]
    db = database()
    del db.tables["files"]
    for name, files, speakers in (("one", FILES[:1], [1]), ("two", FILES[1:], [2, 2])):
        add(filewise(db, name, files), "speaker", "speaker", speakers)
    assert load(db, "age").samples["age"].tolist() == [31, 34, 34]


def test_a_misc_table_as_labels(load: Callable[..., Loaded]) -> None:
    db = database()
    db["people"] = audformat.MiscTable(pd.Index(["p1", "p2"], name="person", dtype="string"))
    add(db["people"], "age", None, [20, 60])
    add(db["people"], "sex", None, ["f", "m"])
    db.schemes["person"] = audformat.Scheme("str", labels="people")
    del db.tables["files"]
    add(filewise(db, "files", FILES), "speaker", "person", ["p2", "p1", "p2"])
    for kind in ("parquet", "csv"):
        found = load(db, "age", kind=kind).samples
        assert found["age"].tolist() == [60, 20, 60]
        assert found["speaker"].tolist() == ["p2", "p1", "p2"]
        assert found["gender"].tolist() == ["m", "f", "m"]


def test_the_table_that_is_called_like_the_target(load: Callable[..., Loaded]) -> None:
    db = database()
    add(filewise(db, "emotion", FILES[:2]), "emotion", "emotion", ["joy", "anger"])
    add(filewise(db, "emotion.test", FILES), "emotion", "emotion", ["anger", "anger", "anger"])
    assert load(db).samples["emotion"].tolist() == ["joy", "anger"]


def test_all_tables_with_the_target(load: Callable[..., Loaded]) -> None:
    """Tables of the same rows do not repeat them; rows that differ stay, to be looked at."""
    db = database()
    add(filewise(db, "train", FILES[:2]), "emotion", "emotion", ["joy", "anger"])
    add(filewise(db, "test", FILES[2:]), "emotion", "emotion", ["joy"])
    add(filewise(db, "again", FILES[1:]), "emotion", "emotion", ["anger", "anger"])
    found = load(db).samples
    assert sorted(zip(names(found.index), found["emotion"], strict=True)) == [
        ("a", "joy"), ("b", "anger"), ("c", "anger"), ("c", "joy"),
    ]  # fmt: skip


def test_several_target_tables_beside_each_other(load: Callable[..., Loaded]) -> None:
    db = database()
    add(filewise(db, "one", FILES[:2]), "emotion", "emotion", ["joy", "anger"])
    other = filewise(db, "two", FILES[1:])
    add(other, "rating", "rating", [0.2, 0.3])
    add(other, "emotion", "emotion", ["joy", "joy"])
    found = load(db, target_tables=["one", "two"]).samples.sort_index()
    assert found["emotion"].tolist() == ["joy", "anger", "joy"], "the first table wins"
    np.testing.assert_array_equal(found["rating"], [np.nan, 0.2, 0.3])


def test_several_target_tables_below_each_other(load: Callable[..., Loaded]) -> None:
    db = database()
    add(filewise(db, "one", FILES[:2]), "emotion", "emotion", ["joy", "anger"])
    add(filewise(db, "two", FILES[1:]), "emotion", "emotion", ["joy", "joy"])
    found = load(db, target_tables=["one", "two"], target_tables_append=True).samples
    assert [*zip(names(found.index), found["emotion"], strict=True)] == [
        ("a", "joy"), ("b", "anger"), ("b", "joy"), ("c", "joy"),
    ]  # fmt: skip
    assert found["speaker"].tolist() == [1, 2, 2, 2]


def test_chosen_columns(load: Callable[..., Loaded]) -> None:
    db = database()
    table = filewise(db, "emotion", FILES)
    add(table, "emotion", "emotion", ["joy", "anger", "joy"])
    add(table, "rating", "rating", [1, 2, 3])
    found = load(db, columns=["rating"]).samples
    assert sorted(found.columns) == ["age", "emotion", "gender", "rating", "speaker"], (
        "the target is always wanted"
    )
    with pytest.raises(NkululekoError, match=r"columns: no column 'ratng'; did you mean 'rating'"):
        load(db, columns=["ratng"])


def test_speakers_in_another_table_than_the_files(load: Callable[..., Loaded]) -> None:
    db = database()
    db.tables["files"].drop_columns("speaker", inplace=True)
    add(filewise(db, "who", FILES), "speaker", "speaker", [2, 1, 1])
    add(filewise(db, "emotion", FILES), "emotion", "emotion", ["joy", "anger", "joy"])
    found = load(db).samples
    assert found["speaker"].tolist() == [2, 1, 1]
    assert "duration" in found


def test_renamed_columns(load: Callable[..., Loaded]) -> None:
    db = database()
    add(filewise(db, "labels", FILES), "feeling", "emotion", ["joy", "anger", "joy"])
    for colnames in ({"feeling": "emotion"}, {"emotion": "feeling"}):
        assert load(db, colnames=colnames).samples["emotion"].tolist() == ["joy", "anger", "joy"]


def test_the_datas_own_splits(load: Callable[..., Loaded]) -> None:
    db = database()
    for kind in ("train", "test", "dev"):
        db.splits[f"my-{kind}"] = audformat.Split(kind)
    db.splits["else"] = audformat.Split("other")
    add(filewise(db, "emotion", FILES), "emotion", "emotion", ["joy", "anger", "joy"])
    for name, files, split in [
        ("one", FILES[:1], "my-train"), ("two", FILES[1:2], "my-train"), ("three", FILES[2:], "my-test"),
        ("four", FILES, "else"),
    ]:  # fmt: skip
        add(filewise(db, name, files, split), "emotion", "emotion", ["joy"] * len(files))
    found = load(db)
    assert {kind: names(index) for kind, index in found.splits.items()} == {
        "train": ["a", "b"],
        "test": ["c"],
    }
    for index in found.splits.values():
        assert found.samples.index.isin(index).sum() == len(index)
        contract.resolve_ends(index, {})
    assert names(found.tables["two"]) == ["b"]


# --- several tables


def test_several_file_tables_complete_each_other(load: Callable[..., Loaded]) -> None:
    """Large databases keep the speakers of each official part in a table of its own."""
    db = database()
    del db.tables["files"]
    add(filewise(db, "files.train", FILES[:2]), "speaker", "speaker", [1, 2])
    test = filewise(db, "files.test", FILES[1:])
    add(test, "speaker", "speaker", [2, 2])
    add(test, "rating", "rating", [0.2, 0.3])
    for part, files in (("train", FILES[:2]), ("test", FILES[2:])):
        add(filewise(db, f"emotion.{part}", files), "emotion", "emotion", ["joy"] * len(files))
    options = {"target_tables": ["emotion.train", "emotion.test"], "target_tables_append": True}
    for chosen in ({}, {"files_tables": ["files.train", "files.test"]}):
        found = load(db, **options, **chosen).samples
        assert names(found.index) == ["a", "b", "c"]
        assert found["speaker"].tolist() == [1, 2, 2]
        assert found["age"].tolist() == [31, 34, 34] and found["gender"].notna().all()
        np.testing.assert_array_equal(found["rating"], [np.nan, 0.2, 0.3])


def test_tables_that_disagree(load: Callable[..., Loaded]) -> None:
    db = database()
    add(filewise(db, "more", FILES), "speaker", "speaker", [1, 1, 2])
    add(filewise(db, "emotion", FILES), "emotion", "emotion", ["joy", "anger", "joy"])
    found = load(db, files_tables=["files", "more"])
    assert found.samples["speaker"].tolist() == [1, 2, 2]
    disagree = [note.partition(": ")[2] for note in found.notes]
    assert disagree == [
        f"tables disagree on '{column}' of 1 samples: the first table is believed"
        for column in ("speaker", "age", "gender")
    ]


def test_information_on_files_and_on_segments(load: Callable[..., Loaded]) -> None:
    """A table that holds both: what is known of the segment goes before what is known of its file."""
    db = database()
    add(segmented(db, "segments"), "emotion", "emotion", ["joy", "anger", "joy"])
    index = audformat.segmented_index(
        [FILES[0], FILES[1], FILES[0]], ["0s", "0s", "1s"], [pd.NaT, pd.NaT, "2s"]
    )
    db["mixed"] = audformat.Table(index)
    add(db["mixed"], "rating", "rating", [0.1, 0.2, 0.3])
    assert load(db, files_tables=["mixed"]).samples["rating"].tolist() == [0.1, 0.3, 0.2]


@pytest.mark.parametrize("first", ["segments", "whole"])
def test_a_table_of_files_beside_one_of_segments(load: Callable[..., Loaded], first: str) -> None:
    db = database()
    add(segmented(db, "segments"), "emotion", "emotion", ["joy", "anger", "joy"])
    add(filewise(db, "whole", FILES), "rating", "rating", [0.1, 0.2, 0.3])
    order = [first, *({"segments", "whole"} - {first})]
    found = load(db, target_tables=order).samples
    assert names(found.index) == ["a", "a", "b", "c"]
    np.testing.assert_array_equal(found["rating"], [0.1, 0.1, 0.2, 0.3])
    assert found["emotion"].fillna("?").tolist() == ["joy", "anger", "joy", "?"], "c has no segment"
    np.testing.assert_array_equal(contract.seconds(found.index, "end"), [1, 2, np.nan, np.nan])


def test_targets_of_files_and_of_segments(load: Callable[..., Loaded]) -> None:
    """Both are samples: nobody can say that a file's label is that of its parts."""
    db = database()
    add(segmented(db, "segments"), "emotion", "emotion", ["joy", "anger", "joy"])
    add(filewise(db, "whole", FILES), "emotion", "emotion", ["anger", "anger", "anger"])
    for append in (True, False):
        found = load(db, target_tables=["segments", "whole"], target_tables_append=append).samples
        assert len(found) == 6 and found["speaker"].notna().all()


def test_ends_that_are_not_known_are_resolved_once(load: Callable[..., Loaded], tmp_path: Path) -> None:
    db = database()
    add(segmented(db, "emotion"), "emotion", "emotion", ["joy", "anger", "joy"])
    found = load(db)
    lengths = {str(tmp_path / "db" / file): 3.0 for file in FILES}
    once = contract.resolve_ends(found.samples.index, lengths)
    assert contract.seconds(once, "end").tolist() == [1, 2, 3]
    assert contract.resolve_ends(once, dict.fromkeys(lengths, 9.0)).equals(once)
    assert contract.resolve_ends(found.tables["emotion"], lengths).equals(once)


# --- labels of schemes


def test_labels_as_a_dictionary_of_names(load: Callable[..., Loaded]) -> None:
    """Labels that say nothing but themselves add no columns; labels with holes are missing there."""
    db = database()
    db.schemes["code"] = audformat.Scheme("str", labels={"A": "anger", "J": "joy"})
    db.schemes["who"] = audformat.Scheme("str", labels={"p1": {"age": 20}, "p2": {"dialect": "saxon"}})
    del db.tables["files"]
    table = filewise(db, "files", FILES)
    add(table, "emotion", "code", ["J", "A", "J"])
    add(table, "speaker", "who", ["p1", "p2", None])
    found = load(db).samples
    assert sorted(found.columns) == ["age", "dialect", "emotion", "speaker"]
    assert found["emotion"].tolist() == ["J", "A", "J"]
    assert found["age"].isna().tolist() == [False, True, True] and found["age"].iloc[0] == 20
    assert found["dialect"].fillna("?").tolist() == ["?", "saxon", "?"]


def test_a_column_goes_before_what_a_label_says(load: Callable[..., Loaded]) -> None:
    db = database()
    add(db["files"], "age", None, [1, 2, 3])
    add(filewise(db, "emotion", FILES), "emotion", "emotion", ["joy", "anger", "joy"])
    assert load(db).samples["age"].tolist() == [1, 2, 3]


# --- raters


def rated(kind: str | None, **raters: list) -> audformat.Database:
    db = database()
    table = filewise(db, "ratings", FILES)
    for name, values in raters.items():
        add(table, name, kind, values)
    return db


def test_raters_of_a_scale(load: Callable[..., Loaded]) -> None:
    db = rated("rating", r1=[0.1, 0.2, None], r2=[0.3, None, None], r3=[0.5, 0.4, None])
    found = load(db, "arousal", columns=["r1", "r2", "r3"])
    np.testing.assert_allclose(found.samples["arousal"], [0.3, 0.3, np.nan])
    assert "duration" not in found.samples and found.samples["speaker"].tolist() == [1, 2, 2]
    assert len(found.notes) == 1 and found.notes[0].endswith(
        "'arousal' is the mean of the columns r1, r2, r3"
    )


def test_raters_of_classes(load: Callable[..., Loaded]) -> None:
    db = rated("emotion", r1=["joy", "joy", None], r2=["joy", "anger", None], r3=["anger", None, None])
    found = load(db, columns=["r1", "r2", "r3"])
    assert found.samples["emotion"].fillna("?").tolist() == ["joy", "?", "?"]
    assert found.notes[0].endswith(
        "most of the columns r1, r2, r3 say; 1 samples with as many votes for another are without"
    )
    clear = load(rated("emotion", r1=["joy", "joy", "joy"], r2=[None, "joy", "joy"]), columns=["r1", "r2"])
    assert clear.samples["emotion"].tolist() == ["joy"] * 3 and clear.notes[0].endswith("say")


def test_raters_in_several_tables_and_under_another_name(load: Callable[..., Loaded]) -> None:
    db = database()
    for name, files in (("train", FILES[:2]), ("test", FILES[2:])):
        table = filewise(db, name, files)
        add(table, "r1", "rating", [1.0] * len(files))
        add(table, "r2", "rating", [2.0] * len(files))
    found = load(db, "arousal", colnames={"speaker": "person"}, columns=["r1", "r2"]).samples
    assert sorted(names(found.index)) == ["a", "b", "c"] and found["arousal"].tolist() == [1.5] * 3
    assert found.sort_index()["person"].tolist() == [1, 2, 2]


def test_columns_that_are_no_raters(load: Callable[..., Loaded]) -> None:
    db = rated(None, r1=[1, 2, 3], r2=["a", "b", "c"])
    with pytest.raises(
        NkululekoError, match=r"no column 'emotion', and .*: 'r1' holds numbers, 'r2' does not"
    ):
        load(db, columns=["r1", "r2"])
    for columns, message in (
        (["duration"], "no column 'emotion' to predict"),
        (["r1"], r"columns: 'r1' is in none of the tables that are used; it is in ratings: name"),
        (["r1", "r4"], r"columns: no column 'r4'; expected one of: age, duration, gender, r1, r2, speaker"),
    ):
        with pytest.raises(NkululekoError, match=message):
            load(db, columns=columns)
    add(db["ratings"], "emotion", "emotion", ["joy", "anger", "joy"])
    found = load(db, columns=["r1", "r2"])
    assert found.samples["emotion"].tolist() == ["joy", "anger", "joy"] and list(found.notes) == []


VOTES = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=3, max_size=3), min_size=1, max_size=20
)


@settings(max_examples=40)
@given(VOTES)
def test_votes_are_counted_as_by_hand(votes: list[list[str | None]]) -> None:
    frame = pd.DataFrame(votes, columns=["x", "y", "z"])
    found, _ = combined(frame, ["x", "y", "z"], "t", "db")
    expected, ties = [], 0
    for row in votes:
        counts = Counter(vote for vote in row if vote is not None).most_common()
        tied = len(counts) > 1 and counts[0][1] == counts[1][1]
        ties += tied
        expected.append("?" if tied or not counts else counts[0][0])
    assert found.fillna("?").tolist() == expected
    _, notes = combined(frame, ["x", "y", "z"], "t", "db")
    assert (f"; {ties} samples" in notes[0]) == (ties > 0)


# --- mistakes


def test_mistakes(load: Callable[..., Loaded], tmp_path: Path) -> None:
    db = database()
    add(filewise(db, "emotion", FILES), "emotion", "emotion", ["joy", "anger", "joy"])
    with pytest.raises(NkululekoError, match=r"no column 'emotoin' to predict; did you mean 'emotion'\?"):
        load(db, "emotoin")
    for option in ("files_tables", "target_tables"):
        with pytest.raises(NkululekoError, match=r"toy .*: no table 'emotoin'; did you mean 'emotion'\?"):
            load(db, **{option: ["emotoin"]})
    with pytest.raises(NkululekoError, match="no column 'emotion' to predict"):
        load(audformat.Database("without tables"))
    (tmp_path / "db/db.emotion.parquet").unlink(missing_ok=True)


def test_no_database_there(tmp_path: Path) -> None:
    with pytest.raises(NkululekoError, match=r"missing: no such folder; check the path of toy"):
        load_from(tmp_path / "missing")
    (tmp_path / "x.csv").write_text("file,emotion\n")
    with pytest.raises(NkululekoError, match=r"no such folder; for a CSV set toy\.type = csv"):
        load_from(tmp_path / "x.csv")
    with pytest.raises(
        NkululekoError, match=r"db\.yaml is missing\); for a CSV: toy = .*x\.csv and toy\.type = csv"
    ):
        load_from(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"name: [", b"just text", b"\xff\xfe\x00", b"name: x\n", b"tables: 7\nname: x\n"]
)
def test_a_damaged_header(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "db.yaml").write_bytes(content)
    with pytest.raises(NkululekoError, match="no readable audformat database"):
        load_from(tmp_path)


@pytest.mark.parametrize(
    "content", [None, b"", b"PAR1 no more", b"\0" * 100], ids=["gone", "empty", "text", "zeros"]
)
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_damaged_table(
    load: Callable[..., Loaded], tmp_path: Path, kind: str, content: bytes | None
) -> None:
    db = database()
    add(filewise(db, "emotion", FILES), "emotion", "emotion", ["joy", "anger", "joy"])
    load(db, kind=kind)
    path = tmp_path / f"db/db.emotion.{kind}"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(NkululekoError, match=r"db\.emotion.*(cannot be read|there is no)"):
        load_from(tmp_path / "db")


# --- nothing from a file is executed


class Malicious:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple:
        return (os.mkdir, (str(self.witness),))


def poison(root: Path, table: str, witness: Path) -> None:
    """A pickle beside the table, newer than it: audformat itself would load it."""
    path = root / f"db.{table}.pkl"
    path.write_bytes(pickle.dumps(Malicious(witness)))
    later = (
        (root / f"db.{table}.parquet").stat().st_mtime + 10
        if (root / f"db.{table}.parquet").exists()
        else None
    )
    if later:
        os.utime(path, (later, later))


def with_misc() -> audformat.Database:
    db = database()
    db["people"] = audformat.MiscTable(pd.Index(["p1", "p2"], name="person", dtype="string"))
    add(db["people"], "age", None, [20, 60])
    db.schemes["person"] = audformat.Scheme("str", labels="people")
    del db.tables["files"]
    add(filewise(db, "files", FILES), "speaker", "person", ["p2", "p1", "p2"])
    add(filewise(db, "emotion", FILES), "emotion", "emotion", ["joy", "anger", "joy"])
    return db


def test_a_pickle_is_never_loaded(load: Callable[..., Loaded], tmp_path: Path) -> None:
    expected = load(with_misc()).samples
    witness = tmp_path / "executed"
    for table in ("files", "emotion", "people"):
        poison(tmp_path / "db", table, witness)
    found = load_from(tmp_path / "db")
    assert not witness.exists(), "a pickle was executed"
    pd.testing.assert_frame_equal(found.samples, expected)
    assert len(found.tables["emotion"]) == 3
    assert not witness.exists(), "a pickle was executed"
    audformat.Database.load(str(tmp_path / "db"))["files"].df  # noqa: B018
    assert witness.exists(), "the poison must be able to work, else this test shows nothing"


def test_a_database_that_audb_has_cached_loads(load: Callable[..., Loaded], tmp_path: Path) -> None:
    """audb leaves pickles beside the tables: folders that people have look like this."""
    db = with_misc()
    db.save(str(tmp_path / "db"), storage_format="pkl")
    assert load(db).samples["emotion"].tolist() == ["joy", "anger", "joy"]
    assert (tmp_path / "db/db.emotion.pkl").exists()


def test_a_table_that_is_only_a_pickle_is_refused(tmp_path: Path) -> None:
    db = with_misc()
    db.save(str(tmp_path / "db"), storage_format="pkl")
    with pytest.raises(NkululekoError, match=r"db\.files\.pkl: a pickle is never loaded.*save.*parquet"):
        load_from(tmp_path / "db")


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.mkdir",
        "!<tag:yaml.org,2002:python/object/apply:os.mkdir>",
        "!x!object/apply:os.mkdir",
    ],
    ids=["short", "full", "prefix"],
)
def test_a_header_is_never_executed(load: Callable[..., Loaded], tmp_path: Path, tag: str) -> None:
    load(with_misc())
    witness, header = tmp_path / "executed", tmp_path / "db/db.yaml"
    start = "%TAG !x! tag:yaml.org,2002:python/\n---\n" if "!x!" in tag else ""
    header.write_text(f"{start}{header.read_text()}\nmeta_x: {tag} ['{witness}']\n")
    with pytest.raises(NkululekoError, match=r"db\.yaml.*Python objects"):
        load_from(tmp_path / "db")
    assert not witness.exists()


def test_an_exclamation_mark_in_a_header_is_no_object(load: Callable[..., Loaded]) -> None:
    db = with_misc()
    db.description = "Listen! !!python/object is only mentioned here"
    assert len(load(db).samples) == 3


def test_emodb() -> None:
    """The real thing, where it is at hand."""
    root = Path(__file__).resolve().parents[2].parent / "shared/data/emodb"
    if not root.is_dir():
        pytest.skip(f"EmoDB is not at {root}")
    found = load_from(root)
    assert len(found.samples) == 535
    assert found.samples["speaker"].nunique() == 10
    assert found.samples.groupby("speaker")["gender"].first().value_counts().to_dict() == {
        "male": 5,
        "female": 5,
    }
    assert len(found.tables["emotion.categories.test.gold_standard"]) == 292
    assert all(Path(file).exists() for file in contract.files_of(found.samples.index))
