"""CSV databases as people have them: from Excel, from R, with blanks, accents and missing values."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, databases


@pytest.fixture
def load(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Writes a CSV and loads it."""

    def write_and_load(
        content: str | bytes,
        target: str = "emotion",
        colnames: dict[str, str] | None = None,
        **options: object,
    ) -> Loaded:
        path = tmp_path / "data" / "my.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        plugin = databases.load("csv")
        folders = (tmp_path / "call", tmp_path / "ini")
        return plugin(plugin.Options(**options)).load(
            Request("db", str(path), target, colnames or {}, folders)
        )

    return write_and_load


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


PLAIN = "file,speaker,emotion\na.wav,1,joy\nb.wav,2,fear\n"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_any_separator_and_line_end(load, separator: str, ends: str, mark: str) -> None:  # type: ignore[no-untyped-def]
    found = load(mark + PLAIN.replace(",", separator).replace("\n", ends))
    assert found.samples.columns.tolist() == ["speaker", "emotion"]
    assert found.samples["emotion"].tolist() == ["joy", "fear"]
    assert [Path(file).name for file in contract.files_of(found.samples.index)] == ["a.wav", "b.wav"]
    assert list(found.notes) == []
    assert contract.check(found.samples) is found.samples


def test_blanks_around_names_and_values(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file, speaker , sex,emotion \n a.wav , x, male ,joy \nb.wav,y ,\tfemale, \n").samples
    assert found.columns.tolist() == ["speaker", "gender", "emotion"]
    assert found["speaker"].tolist() == ["x", "y"]
    assert found["gender"].tolist() == ["male", "female"]
    assert found["emotion"].isna().tolist() == [False, True]
    assert Path(found.index[0][0]).name == "a.wav"


def test_latin_1_with_a_note(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file,emotion\nMüller.wav,Ärger\n".encode("latin-1"))
    assert found.samples["emotion"].tolist() == ["Ärger"]
    assert Path(found.samples.index[0][0]).name == "Müller.wav"
    assert len(found.notes) == 1 and found.notes[0].endswith("my.csv: not UTF-8, read as Latin-1")


def test_names_are_names_even_where_they_look_like_numbers(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file,speaker,gender,emotion,code\n1,007,1,3,010\n2,8,2,4,011\n").samples
    assert found["speaker"].tolist() == ["007", "8"]
    assert found["gender"].tolist() == ["1", "2"]
    assert found["code"].tolist() == ["010", "011"]
    assert found["emotion"].tolist() == [3, 4]


def test_a_renamed_speaker_column_is_a_name_too(load) -> None:  # type: ignore[no-untyped-def]
    content = "path,Participant ID,emotion\n1.10,1.10,a\n1.1,1.1,b\n"
    for colnames in (
        {"path": "file", "Participant ID": "speaker"},
        {"file": "path", "speaker": "Participant ID"},
    ):
        found = load(content, colnames=colnames).samples
        assert found["speaker"].tolist() == ["1.10", "1.1"]
        assert [Path(f).name for f in contract.files_of(found.index)] == ["1.10", "1.1"]


def test_numbers(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file,age,score,mixed,mark\na,31,0.5,1,-1\nb,,1e-3,x,+2\nc,60,.25,,0\n", "age").samples
    np.testing.assert_array_equal(found["age"], [31, np.nan, 60])
    np.testing.assert_array_equal(found["score"], [0.5, 0.001, 0.25])
    np.testing.assert_array_equal(found["mark"], [-1, 2, 0])
    assert found["mixed"].tolist()[:2] == ["1", "x"]


def test_decimal_commas_are_numbers(load) -> None:  # type: ignore[no-untyped-def]
    """As Excel writes them in most of Europe: a semicolon between the columns."""
    found = load("file;age;text\na;31,5;1,2\nb;40;x\n", "age").samples
    assert found["age"].tolist() == [31.5, 40.0]
    assert found["text"].tolist() == ["1,2", "x"]


@pytest.mark.parametrize("value", ["", "NA", "nan", "NaN", "N/A", "null", "  "])
def test_missing_labels(load, value: str) -> None:  # type: ignore[no-untyped-def]
    found = load(f"file,emotion\na.wav,joy\nb.wav,{value}\n").samples
    assert found["emotion"].isna().tolist() == [False, True]


def test_a_label_none_is_a_label(load) -> None:  # type: ignore[no-untyped-def]
    assert load("file,emotion\na,none\nb,joy\n").samples["emotion"].tolist() == ["none", "joy"]


def test_quotes(load) -> None:  # type: ignore[no-untyped-def]
    found = load('file,emotion,text\n"a, b.wav",joy,"she said ""no""\nand left"\n').samples
    assert Path(found.index[0][0]).name == "a, b.wav"
    assert found["text"].tolist() == ['she said "no"\nand left']


# --- where the files are


def test_the_first_place_where_a_file_exists(load, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    both = "file,emotion\na.wav,x\nb.wav,x\nc.wav,x\nd.wav,x\n"
    touch(tmp_path / "call/a.wav", tmp_path / "data/a.wav", tmp_path / "data/b.wav", tmp_path / "ini/c.wav")
    found = contract.files_of(load(both).samples.index).tolist()
    assert found == [
        str(tmp_path / place) for place in ("call/a.wav", "data/b.wav", "ini/c.wav", "call/d.wav")
    ]
    found = contract.files_of(load(both, absolute_path=True).samples.index).tolist()
    assert found == [str(tmp_path / f"call/{name}.wav") for name in "abcd"]
    found = contract.files_of(load(both, absolute_path=False).samples.index).tolist()
    assert found == [str(tmp_path / f"data/{name}.wav") for name in "abcd"]


def test_absolute_names_stay(load, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    name = str(tmp_path / "x" / "a.wav")
    for absolute in (True, False, None):
        found = load(
            f"file,emotion\n{name},x\n{tmp_path}/y/../x/b.wav,x\n", absolute_path=absolute
        ).samples.index
        assert contract.files_of(found).tolist() == [name, str(tmp_path / "x/b.wav")]


def test_a_common_folder_of_the_audio(load, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    touch(tmp_path / "call/wav/a.wav", tmp_path / "data/wav/b.wav", tmp_path / "ini/wav/c.wav")
    found = load("file,emotion\na.wav,x\nb.wav,x\nc.wav,x\nd.wav,x\n", audio_path="wav").samples.index
    expected = ["call/wav/a.wav", "data/wav/b.wav", "ini/wav/c.wav", "call/wav/d.wav"]
    assert contract.files_of(found).tolist() == [str(tmp_path / place) for place in expected]
    found = load("file,emotion\na.wav,x\n", audio_path=str(tmp_path / "ini/wav")).samples.index
    assert found[0][0] == str(tmp_path / "ini/wav/a.wav")


def test_the_home_folder(load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert load("file,emotion\n~/a.wav,x\n").samples.index[0][0] == str(tmp_path / "a.wav")
    assert load("file,emotion\na.wav,x\n", audio_path="~/wav").samples.index[0][0] == str(
        tmp_path / "wav/a.wav"
    )


def test_names_of_another_system(load, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """A CSV made on Windows names folders with backslashes."""
    if os.sep == "\\":
        pytest.skip("this is the other system")
    touch(tmp_path / "data/wav/a.wav")
    assert load("file,emotion\nwav\\a.wav,x\n").samples.index[0][0] == str(tmp_path / "data/wav/a.wav")


# --- segments


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (["0.5", "2", ""], ["1.25", "", "3"]),
        (
            ["0 days 00:00:00.500000", "0 days 00:00:02", ""],
            ["0 days 00:00:01.250000", "NaT", "0 days 00:00:03"],
        ),
        (["00:00:00.5", "2", "NaT"], ["1.25", "", "00:00:03"]),
    ],
)
def test_segments(load, start: list[str], end: list[str]) -> None:  # type: ignore[no-untyped-def]
    rows = "".join(f"a.wav,{s},{e},x\n" for s, e in zip(start, end, strict=True))
    found = load(f"file,start,end,emotion\n{rows}").samples
    assert found.columns.tolist() == ["emotion"]
    assert contract.seconds(found.index, "start").tolist() == [0.5, 2, 0]
    np.testing.assert_array_equal(contract.seconds(found.index, "end"), [1.25, np.nan, 3])


def test_audformats_own_csv(load) -> None:  # type: ignore[no-untyped-def]
    import audformat

    index = audformat.segmented_index(["a.wav", "a.wav"], ["0.1s", "1.5s"], ["1.1s", pd.NaT])
    table = pd.DataFrame({"emotion": ["x", "y"]}, index=index)
    found = load(table.reset_index().to_csv(index=False)).samples
    assert found.index.droplevel("file").equals(index.droplevel("file"))


def test_only_one_of_start_and_end(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file,end,emotion\na.wav,1.5,x\n").samples.index
    assert (contract.seconds(found, "start")[0], contract.seconds(found, "end")[0]) == (0, 1.5)


def test_times_that_are_none(load) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(
        NkululekoError, match=r"my\.csv: column 'start' holds no times; seconds \(1\.25\) or timedeltas"
    ):
        load("file,start,emotion\na.wav,soon,x\n")


# --- what else the data bring


def test_the_datas_own_split(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file,split,emotion\na,train,x\nb,test,x\nc,dev,x\nd,,x\ne,train,x\n")
    names = {name: [Path(f).name for f in contract.files_of(index)] for name, index in found.splits.items()}
    assert names == {"train": ["a", "e"], "dev": ["c"], "test": ["b"]}
    assert load(PLAIN).splits == {} and len(load(PLAIN).tables) == 0


def test_rows_without_a_file(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file,start,emotion\na,0,x\n,0,x\nb,1,y\n")
    assert found.samples["emotion"].tolist() == ["x", "y"]
    assert contract.seconds(found.samples.index, "start").tolist() == [0, 1]
    assert found.notes[0].endswith("1 rows without a file name are left out")


def test_names_in_both_directions(load) -> None:  # type: ignore[no-untyped-def]
    content = "path,who,feeling\na.wav,1,joy\n"
    straight = load(content, colnames={"path": "file", "who": "speaker", "feeling": "emotion"})
    turned = load(content, colnames={"file": "path", "speaker": "who", "emotion": "feeling"})
    pd.testing.assert_frame_equal(straight.samples, turned.samples)
    assert straight.notes == [] and "new name to old name" in turned.notes[0]


def test_a_table_without_rows(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file,start,speaker,emotion\n").samples
    assert found.empty and found.columns.tolist() == ["speaker", "emotion"]


# --- mistakes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"my\.csv: the CSV is empty"),
        ("\n\nfile,emotion\na,x\n", "the CSV is empty, or its first line is"),
        (b"RIFF\0\0\0\0WAVE", "is no text file"),
        (PLAIN.encode("utf-16"), r"is no text file; if it is a table, save it as UTF-8"),
        (
            "wav,emotion\na,x\n",
            r"no column 'file' \(there are: wav, emotion\); db\.colnames = \{'wav': 'file'\}",
        ),
        ("x,emotion\na,x\n", r"no column 'file' \(there are: x, emotion\); name it by colnames"),
        ("file,emotoin\na,x\n", r"no column 'emotion' to predict; did you mean 'emotoin'\?"),
        (
            "file,emotion,text\na,x,well\nb,y,well, no\n",
            r"Expected 3 fields in line 3, saw 4\); put values that hold",
        ),
        (
            "file,text,emotion\na,well, no,x\nb,y,z\n",
            "lines have more values than the header; put values that hold",
        ),
        ("file,emotion\na,x,\nb,y,z\n", "lines have more values than the header"),
        ('file,emotion\na,x\n"b,y\n', "is no readable CSV"),
    ],
)
def test_mistakes(load, content: str | bytes, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NkululekoError, match=message):
        load(content)


def test_sex_is_gender_also_as_the_target(load) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NkululekoError, match="no column 'sex' to predict; did you mean 'gender'"):
        load("file,sex\na,m\n", "sex")


def test_rows_with_too_few_values_are_filled(load) -> None:  # type: ignore[no-untyped-def]
    assert load("file,emotion,text\na,x\nb,y,hm\n").samples["text"].isna().tolist() == [True, False]


def test_an_empty_column_at_the_end_is_no_extra_value(load) -> None:  # type: ignore[no-untyped-def]
    """A separator at the end of each line, as some tools write it."""
    found = load("file,emotion,\na,x,\nb,y,\n").samples
    assert found["emotion"].tolist() == ["x", "y"]


def test_no_such_file(tmp_path: Path) -> None:
    touch(tmp_path / "emodb.csv")
    plugin = databases.load("csv")()
    with pytest.raises(NkululekoError, match=r"emo_db\.csv: no such CSV file; did you mean 'emodb\.csv'\?"):
        plugin.load(Request("db", str(tmp_path / "emo_db.csv"), "emotion"))
    with pytest.raises(NkululekoError, match="cannot be read"):
        plugin.load(Request("db", str(tmp_path), "emotion"))


# --- separators and encodings


@pytest.mark.parametrize("header", ["file emotion", "file:emotion", "file"])
def test_no_separator(load, header: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NkululekoError, match=rf"no separator in the header '{header}'; use comma, semicolon"):
        load(f"{header}\na.wav joy\n")


def test_a_separator_in_a_quoted_name_does_not_count(load) -> None:  # type: ignore[no-untyped-def]
    found = load('file;emotion;"a, b, c, d"\nx.wav;joy;1\n').samples
    assert found.columns.tolist() == ["emotion", "a, b, c, d"]


def test_the_second_line_tells_the_separator(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file;emotion, age\nx.wav;joy\n", "emotion, age").samples
    assert found["emotion, age"].tolist() == ["joy"]
    with pytest.raises(NkululekoError, match="separator is not clear: ',' and ';' stand equally often"):
        load("file;emotion, age\nx.wav;joy, 31\n")


def test_utf_8_with_a_broken_line(load) -> None:  # type: ignore[no-untyped-def]
    """Umlauts of all other lines would be spoilt if it were read as Latin-1."""
    content = "file,emotion\nä.wav,Ärger\n".encode() + "ö.wav,Freude\n".encode("latin-1")
    with pytest.raises(NkululekoError, match=r"my\.csv: broken encoding: line 3 is not UTF-8, others are"):
        load(content)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_refused(load, encoding: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NkululekoError, match="is no text file; if it is a table, save it as UTF-8 CSV"):
        load(PLAIN.encode(encoding))


@pytest.mark.parametrize("quote", ["", '"'])
def test_with_and_without_quotes_the_same(load, quote: str) -> None:  # type: ignore[no-untyped-def]
    """Two readers share the work: a fast one for tables without quotes, and pandas."""
    rows = [
        "file, emotion ,age,n/a\n", "a.wav,joy ,31,NA\n", "\n", "b.wav, None,+2,nan \n", "c.wav,-NaN,0.5,\n",
        "d.wav,anger,,x\n",
    ]  # fmt: skip
    text = "".join(rows).replace("anger", f"{quote}anger{quote}")
    found = load(text).samples
    assert found["emotion"].fillna("?").tolist() == ["joy", "?", "?", "anger"]
    np.testing.assert_array_equal(found["age"], [31, 2, 0.5, np.nan])
    assert found["n/a"].fillna("?").tolist() == ["?", "?", "?", "x"]


def test_whole_numbers_stay_whole(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file,emotion,big,sign\na,1,12345678901,+1\nb,2,2,-1\n").samples
    assert [str(kind) for kind in found.dtypes] == ["int64"] * 3
    assert found["big"].tolist() == [12345678901, 2] and found["sign"].tolist() == [1, -1]


# --- times that are none, and which


@pytest.mark.parametrize(
    ("value", "row"),
    [("soon", 2), ("inf", 2), ("1e400", 2), ("1:30", 2), ("3 o'clock", 2), ("99999999999", 2)],
)
def test_a_value_that_is_no_time(load, value: str, row: int) -> None:  # type: ignore[no-untyped-def]
    match = rf"my\.csv: column 'end' holds no times; .*not '{value}' as in data row {row}"
    with pytest.raises(NkululekoError, match=match):
        load(f"file,start,end,emotion\na.wav,0,1.5,x\na.wav,2,{value},x\na.wav,,,x\n")


def test_times_with_decimal_commas(load) -> None:  # type: ignore[no-untyped-def]
    found = load("file;start;end;emotion\na.wav;0,5;1,25;x\na.wav;2;00:00:02,5;y\n").samples.index
    assert contract.seconds(found, "start").tolist() == [0.5, 2]
    assert contract.seconds(found, "end").tolist() == [1.25, 2.5]


# --- many rows


def many(n: int, folder: str = "") -> str:
    rows = (f"{folder}{i % 3000:04d}.wav,{i // 3000}.5,s{i % 700},joy\n" for i in range(n))
    return "file,start,speaker,emotion\n" + "".join(rows)


@pytest.mark.parametrize("folder", ["", "wav/", "../data/wav/./"])
def test_many_files_are_found_as_few_are(load, tmp_path: Path, folder: str) -> None:  # type: ignore[no-untyped-def]
    """Folders of many files are listed, single files are asked for: the outcome is the same."""
    names = [f"{number:04d}.wav" for number in range(3000)]
    for base, chosen in (("call", names[:10]), ("data", names[:20]), ("ini", names[10:2990])):
        touch(*(tmp_path / base / folder.replace("../data/", "").replace("./", "") / name for name in chosen))
    index = load(many(6000, folder)).samples.index
    found = index.get_level_values("file")
    few = [
        load(f"file,emotion\n{folder}{names[number]},x\n").samples.index[0][0]
        for number in (0, 9, 10, 19, 20, 2989, 2990, 2999)
    ]
    assert [found[number] for number in (0, 9, 10, 19, 20, 2989, 2990, 2999)] == few
    assert [found[3000 + number] for number in (0, 9, 10, 19, 20, 2989, 2990, 2999)] == few
    assert contract.seconds(index, "start")[[0, 2999, 3000]].tolist() == [0.5, 0.5, 1.5]


def test_each_file_is_asked_for_once(load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    touch(tmp_path / "call/a.wav", tmp_path / "call/b.wav")
    asked: list[str] = []
    exists = os.path.exists
    monkeypatch.setattr(os.path, "exists", lambda path: asked.append(str(path)) or exists(path))
    load("file,start,emotion\n" + "a.wav,1,x\nb.wav,2,y\n" * 500)
    assert sorted(path for path in asked if path.endswith(".wav")) == [
        str(tmp_path / "call/a.wav"),
        str(tmp_path / "call/b.wav"),
    ]
    asked.clear()
    for absolute in (True, False):
        load(PLAIN, absolute_path=absolute)
    load(f"file,emotion\n{tmp_path}/x.wav,joy\n")
    assert not [path for path in asked if path.endswith(".wav")], "where they are is known"


def test_folders_as_file_names(load, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    found = load("file,emotion\nwav/,x\nwav/..,x\n/a.wav,x\n~a.wav,x\n", absolute_path=False).samples.index
    expected = [tmp_path / "data/wav", tmp_path / "data", Path("/a.wav"), tmp_path / "data/~a.wav"]
    assert contract.files_of(found).tolist() == [str(path) for path in expected]


def test_two_columns_of_one_name(load) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NkululekoError, match="column 'emotion' stands twice"):
        load("file,emotion,emotion \na,x,y\n")
