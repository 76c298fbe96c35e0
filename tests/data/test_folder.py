"""Folders of audio files: labels from the names of folders and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, databases
from nkululeko.data._pattern import compile_pattern

ENDINGS = ("wav", "flac")


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Loaded]:
    """Makes empty files and loads their folder: nothing is opened."""

    def touch_and_load(
        *files: str, target: str = "emotion", colnames: dict | None = None, **options: object
    ) -> Loaded:
        root = tmp_path / "my corpus"
        root.mkdir(exist_ok=True)
        for file in files:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).touch()
        plugin = databases.load("folder")
        return plugin(plugin.Options(**options)).load(Request("db", str(root), target, colnames or {}))

    return touch_and_load


def rows(found: Loaded, *columns: str) -> list[tuple]:
    names = [Path(file).name for file, _, _ in contract.check(found.samples).index]
    return [*zip(names, *(found.samples[column].tolist() for column in columns), strict=True)]


# --- sub-folders


def test_the_sub_folder_is_the_target(load: Callable[..., Loaded], tmp_path: Path) -> None:
    found = load(
        "joy/2.wav",
        "joy/1.FLAC",
        "fear/x/3.ogg",
        "fear/4.mp3",
        "fear/.hidden.wav",
        ".trash/5.wav",
        "joy/read.me",
    )
    assert rows(found, "emotion") == [("4.mp3", "fear"), ("3.ogg", "x"), ("1.FLAC", "joy"), ("2.wav", "joy")]
    assert found.samples.index[1][0] == str(tmp_path / "my corpus/fear/x/3.ogg")
    assert found.samples.columns.tolist() == ["emotion"] and list(found.notes) == []
    assert found.samples.index.get_level_values("end").isna().all()


def test_the_target_has_the_users_name_and_numbers_are_numbers(load: Callable[..., Loaded]) -> None:
    assert rows(load("1/a.wav", "10/b.wav", target="stars"), "stars") == [("a.wav", 1), ("b.wav", 10)]
    assert load("07/a.wav", target="code").samples["code"].tolist()[0] == "07"


def test_files_beside_the_folders_are_counted(load: Callable[..., Loaded]) -> None:
    found = load("a.wav", "b.wav", "joy/1.wav")
    assert rows(found, "emotion") == [("1.wav", "joy")]
    assert len(found.notes) == 1
    assert found.notes[0].endswith("2 audio files lie in no sub-folder, and are left out, e.g. 'a.wav'")


def test_linked_folders_are_read_and_circles_end(load: Callable[..., Loaded], tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else/1.wav").touch()
    (tmp_path / "my corpus").mkdir()
    (tmp_path / "my corpus/joy").symlink_to(tmp_path / "else")
    (tmp_path / "my corpus/circle").symlink_to(tmp_path / "my corpus")
    assert rows(load(), "emotion") == [("1.wav", "joy")]


# --- patterns


def test_a_pattern_of_the_file_name(load: Callable[..., Loaded]) -> None:
    found = load(
        "a/s01_joy_1.wav", "a/s01_fear_02.WAV", "b/c/s02_low_joy_10.flac", "readme.wav", "a/s03_joy.wav",
        pattern="{speaker}_{emotion}_{n}",
    )  # fmt: skip
    assert rows(found, "speaker", "emotion") == [
        ("s01_fear_02.WAV", "s01", "fear"), ("s01_joy_1.wav", "s01", "joy"),
        ("s02_low_joy_10.flac", "s02", "low"),
    ]  # fmt: skip
    assert found.samples["n"].tolist() == ["02", "1", "joy_10"]
    assert found.notes[0].endswith(
        "2 audio files do not match the pattern, and are left out, e.g. 'a/s03_joy.wav'"
    )


def test_a_pattern_with_folders(load: Callable[..., Loaded]) -> None:
    found = load(
        "x/train/anna/joy_1.wav", "x/test/bert/fear_2.wav", "train/anna/joy.wav",
        pattern="{split}/{speaker}/{emotion}_{n}.wav",
    )  # fmt: skip
    assert rows(found, "speaker", "emotion", "n") == [
        ("fear_2.wav", "bert", "fear", 2),
        ("joy_1.wav", "anna", "joy", 1),
    ]
    assert {name: len(index) for name, index in found.splits.items()} == {"train": 1, "dev": 0, "test": 1}


def test_names_of_fixed_width(load: Callable[..., Loaded]) -> None:
    """The Berlin database: two digits of the speaker, three signs of the text, a letter of the emotion."""
    found = load("03a01Fa.wav", "16b10Wb.wav", pattern="{speaker:2}{text:3}{emotion:1}{_}.wav")
    assert rows(found, "speaker", "text", "emotion") == [
        ("03a01Fa.wav", "03", "a01", "F"), ("16b10Wb.wav", "16", "b10", "W"),
    ]  # fmt: skip
    assert found.samples.columns.tolist() == ["speaker", "text", "emotion"]


def test_a_field_that_stands_twice(load: Callable[..., Loaded]) -> None:
    found = load("anna/anna_joy.wav", "anna/bert_joy.wav", pattern="{speaker}/{speaker}_{emotion}.wav")
    assert rows(found, "speaker") == [("anna_joy.wav", "anna")]


def test_names_of_fields_are_names_of_columns(load: Callable[..., Loaded]) -> None:
    found = load(
        "anna_m_joy.wav", "bea_f_NA.wav", pattern="{who}_{sex}_{emotion}.wav", colnames={"who": "speaker"}
    )
    assert rows(found, "speaker", "gender") == [("anna_m_joy.wav", "anna", "m"), ("bea_f_NA.wav", "bea", "f")]
    assert found.samples["emotion"].isna().tolist() == [False, True]


def test_blanks_in_file_names(load: Callable[..., Loaded]) -> None:
    found = load(" anna _joy.wav", pattern="{speaker}_{emotion}.wav")
    assert rows(found, "speaker") == [(" anna _joy.wav", "anna")]


SIGNS = st.text(
    st.characters(codec="utf-8", exclude_characters="/_{}\0\n", exclude_categories=["Cs"]), min_size=1
)


@given(st.lists(SIGNS, min_size=3, max_size=3))
def test_what_a_pattern_wrote_it_reads(values: list[str]) -> None:
    pattern = compile_pattern("{a}/{b}_({c}).wav", ENDINGS, "x")
    a, b, c = values
    found = pattern.read(f"any/{a}/{b}_({c}).wav")
    assert found == values
    assert "/".join(["any", found[0], f"{found[1]}_({found[2]}).wav"]) == f"any/{a}/{b}_({c}).wav"


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("{a}_{b}", "x_y.wav", ["x", "y"]),
        ("{a}_{b}", "x_y.txt", ["x", "y.txt"]),
        ("{a}.{b}.wav", "x.y.WAV", ["x", "y"]),
        ("{a}_{b}.wav", "_y.wav", None),
        ("{a}_{b}.wav", "x/_y.wav", None),
        ("{a}[0-9]+.wav", "x5.wav", None),
        ("{a}[0-9]+.wav", "x[0-9]+.wav", ["x"]),
        ("./{a}/x/", "1/2/x.flac", ["2"]),
        ("{a}{b:2}.wav", "xyz.wav", ["x", "yz"]),
        ("{a}.wav", "x\ny.wav", ["x\ny"]),
    ],
)
def test_what_matches(pattern: str, path: str, expected: list[str] | None) -> None:
    assert compile_pattern(pattern, ENDINGS, "x").read(path) == expected


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{speaker_{emotion}", "has a brace that belongs to no field"),
        ("{speaker}}", "has a brace that belongs to no field"),
        ("{the speaker}", "has a brace that belongs to no field"),
        ("{speaker:0}", "has a brace that belongs to no field"),
        ("speaker_emotion", r"no field in 'speaker_emotion'; e\.g\. \{speaker\}_\{emotion\}"),
        ("", "no field in ''"),
        ("{file}_{emotion}", "a field cannot be called 'file'; choose another name"),
        ("{speaker}_{start}", "a field cannot be called 'start'"),
    ],
)
def test_patterns_that_are_none(load: Callable[..., Loaded], pattern: str, message: str) -> None:
    with pytest.raises(NkululekoError, match=rf"^db\.pattern: .*{message}"):
        load("a_b.wav", pattern=pattern)


def test_nothing_matches(load: Callable[..., Loaded]) -> None:
    with pytest.raises(
        NkululekoError, match=r"no file matches '\{a\}-\{b\}\.wav', e\.g\. 'x/a_b\.wav' does not; write"
    ):
        load("x/a_b.wav", pattern="{a}-{b}.wav")


def test_the_target_is_no_field(load: Callable[..., Loaded]) -> None:
    with pytest.raises(NkululekoError, match=r"no column 'emotion' to predict; did you mean 'emotoin'\?"):
        load("a_b.wav", pattern="{speaker}_{emotoin}.wav")


# --- nothing there


def test_no_sub_folders(load: Callable[..., Loaded]) -> None:
    match = r"no sub-folders with audio, .* the emotion; set db\.pattern, e\.g\. \{speaker\}_\{emotion\}.*like 'a\.wav'"
    with pytest.raises(NkululekoError, match=match):
        load("a.wav")


def test_no_audio(load: Callable[..., Loaded], tmp_path: Path) -> None:
    with pytest.raises(
        NkululekoError, match=r"no audio files; expected wav, flac, ogg, opus, mp3, also in sub"
    ):
        load("joy/a.txt", "joy/.b.wav")
    with pytest.raises(
        NkululekoError, match=r"no audio files that can be read \(2 m4a cannot\); convert them"
    ):
        load("joy/a.m4a", "joy/b.M4A")
    plugin = databases.load("folder")()
    with pytest.raises(NkululekoError, match="missing: no such folder; check the path"):
        plugin.load(Request("db", str(tmp_path / "missing"), "emotion"))
    with pytest.raises(NkululekoError, match=r"a\.txt: is no folder"):
        plugin.load(Request("db", str(tmp_path / "my corpus/joy/a.txt"), "emotion"))


def test_the_same_rows_whatever_the_order_of_the_disk(load: Callable[..., Loaded]) -> None:
    files = [f"{label}/{number}.wav" for number in range(20) for label in ("b", "a", "c")]
    first = load(*files).samples
    assert [Path(file).parts[-2:] for file, _, _ in first.index] == [
        tuple(file.split("/")) for file in sorted(files)
    ]
    pd.testing.assert_frame_equal(load(*reversed(files)).samples, first)
