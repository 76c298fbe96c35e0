"""The reader: against configparser as an independent implementation, and what configparser cannot do."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nkululeko.config.ini import RawOption, literal, overriding, read, without_comments, written
from nkululeko.core.errors import NkululekoError

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def parse(
    folder: Path, text: str | bytes, headerless: str = ""
) -> tuple[dict[str, RawOption], list[str], list[str]]:
    path = folder / "exp.ini"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    ini = read(path, headerless)
    mistakes = [str(mistake).replace(str(path), "exp.ini") for mistake in ini.mistakes]
    notes = [note.replace(str(path), "exp.ini") for note in ini.notes]
    return {f"{option.section}.{option.name}": option for option in ini.options}, mistakes, notes


def test_options_know_their_place(tmp_path: Path) -> None:
    options, mistakes, _ = parse(tmp_path, "[EXP]\nname = a\n\n[DATA]\n# comment\nemodb.test_size: 30\n")
    assert not mistakes
    option = options["DATA.emodb.test_size"]
    assert (option.value, option.text, option.line, option.file) == (30, "30", 6, str(tmp_path / "exp.ini"))
    assert option.place == f"{tmp_path / 'exp.ini'}, line 6"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("['os', 'praat']", ["os", "praat"]),
        ("{'anger':'angry'}", {"anger": "angry"}),
        ("[-1000, 40, 50]", [-1000, 40, 50]),
        ("True", True),
        ("true", "true"),
        (".001", 0.001),
        ("None", None),
        ("os", "os"),
        ("[meta, emodb]", ["meta", "emodb"]),
        ("[meta, 'emo, db', 3,]", ["meta", "emo, db", 3]),
        ("[]", []),
        ("[a,,b]", "[a,,b]"),
        ("[[a], [b]]", "[[a], [b]]"),
        ("[O'Brien]", "[O'Brien]"),
        ("'a b'", "a b"),
        ("1, 2", (1, 2)),
        ("...", "..."),
        ("3j", "3j"),
        ("b'x'", "b'x'"),
        ("{1, 2}", "{1, 2}"),
        ("1-2", "1-2"),
        ("007", "007"),
        ("facebook/wav2vec2-large", "facebook/wav2vec2-large"),
        ("[" * 5000, "[" * 5000),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_literals(text: str, value: object) -> None:
    assert literal(text) == value
    assert type(literal(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch {marker}')",
        "[__import__('os').system('touch {marker}')]",
        "{{'a': __import__('os').system('touch {marker}')}}",
        "(lambda: __import__('os').system('touch {marker}'))()",
    ],
)
def test_nothing_is_executed(tmp_path: Path, text: str) -> None:
    marker = tmp_path / "marker"
    text = text.format(marker=marker)
    options, _, _ = parse(tmp_path, f"[EXP]\nname = {text}\n")
    assert options["EXP.name"].value == text
    assert not marker.exists()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("all # or train or test", "all"),
        ("adasyn ; either", "adasyn"),
        ("a#b", "a#b"),
        ("a;b", "a;b"),
        ("['a #1', 'b']", "['a #1', 'b']"),
        ("['a #1', 'b'] # two", "['a #1', 'b']"),
        ('{"a ;": "b"} ; it\'s a comment', '{"a ;": "b"}'),
        ("'a # b'", "'a # b'"),
        ("it's # a comment", "it's"),
        ("[it's # a comment", "[it's"),
        ("# only", ""),
        (r"'it\'s # one'", r"'it\'s # one'"),
        ("['a', # first\n'b' # second #2\n]", "['a',\n'b'\n]"),
    ],
)
def test_comments_behind_values(text: str, wanted: str) -> None:
    assert without_comments(f" {text}") == wanted


def test_values_over_several_lines(tmp_path: Path) -> None:
    text = (
        "[DATA]\nlabels = ['a #1', # the first\n   # a whole line\n ; another\n\n  'b']\n"
        "target =\n  emotion\nabout = one\n  two = 2\n\n  three\n\n\nnext = 1\n"
    )
    options, mistakes, _ = parse(tmp_path, text)
    assert not mistakes
    assert options["DATA.labels"].value == ["a #1", "b"]
    assert options["DATA.target"].value == "emotion"
    assert options["DATA.about"].text == "one\ntwo = 2\n\nthree"
    assert options["DATA.next"].line == 15


def test_names_are_case_sensitive_and_nothing_is_interpolated(tmp_path: Path) -> None:
    options, _, _ = parse(tmp_path, "[MODEL]\nC_val = 1\nc_val = %(x)s ${y}\n")
    assert options["MODEL.C_val"].value == 1
    assert options["MODEL.c_val"].text == "%(x)s ${y}"


def test_mistakes_are_collected_with_their_lines(tmp_path: Path) -> None:
    text = "[EXP]\nname = a\nname = b\nrubbish\n[DATA] ; fine\n = 3\n[EXP]\nroot = x\n'b'] # left over\n"
    _, mistakes, _ = parse(tmp_path, text)
    todo = "expected [SECTION], name = value, or a comment; lines that continue a value are indented"
    assert mistakes == [
        "exp.ini, line 3: option 'name' in [EXP] is there twice, first in line 2; remove one",
        f"exp.ini, line 4: cannot read 'rubbish'; {todo}",
        f"exp.ini, line 6: cannot read '= 3'; {todo}",
        "exp.ini, line 7: section [EXP] is there twice, first in line 1; merge the two",
        f"exp.ini, line 9: cannot read ''b'] # left over'; {todo}",
    ]


def test_options_before_any_section(tmp_path: Path) -> None:
    _, mistakes, _ = parse(tmp_path, "emodb = /a\n[EXP]\nname = x\n")
    assert mistakes == [
        "exp.ini, line 1: option 'emodb' stands before the first section; put [EXP], [DATA] ... above it"
    ]
    options, mistakes, _ = parse(tmp_path, "emodb = /a\n", headerless="DATA")
    assert not mistakes
    assert options["DATA.emodb"].value == "/a"


def test_encodings(tmp_path: Path) -> None:
    text = "[DATA]\r\nlabels = ['Ärger', 'Ruhe']\r\n"
    options, mistakes, notes = parse(tmp_path, "\ufeff".encode() + text.encode())
    assert options["DATA.labels"].value == ["Ärger", "Ruhe"]
    assert not mistakes and not notes
    options, _, notes = parse(tmp_path, text.encode("latin-1"))
    assert options["DATA.labels"].value == ["Ärger", "Ruhe"]
    assert notes == ["exp.ini: not UTF-8, read as Latin-1"]
    with pytest.raises(NkululekoError, match=r"exp\.ini: is not a text file in UTF-8; save it as UTF-8"):
        parse(tmp_path, text.encode("utf-16"))


def test_a_missing_file_names_its_absolute_path_and_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "experiment.ini").touch()
    (tmp_path / "unrelated.ini").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NkululekoError) as caught:
        read(Path("experimant.ini"))
    assert str(caught.value) == f"{tmp_path}/experimant.ini: no such file; did you mean 'experiment.ini'?"
    with pytest.raises(NkululekoError, match="cannot be read"):
        read(tmp_path)


def test_command_line() -> None:
    option = overriding("DATA.emodb.test_size=30")
    assert (option.section, option.name, option.value, option.place) == (
        "DATA",
        "emodb.test_size",
        30,
        "--set",
    )
    assert overriding("DATA.db=a=b").text == "a=b"
    for wrong in ("MODEL", "type=svm", "MODEL.=svm", ".type=svm"):
        with pytest.raises(NkululekoError) as caught:
            overriding(wrong)
        assert str(caught.value) == f"--set: '{wrong}' is no option; expected SECTION.option=value"


plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
scalars = st.one_of(
    st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.none(), plain
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain, inner, max_size=4),
    max_leaves=8,
)


@quick
@given(value=values)
def test_what_is_written_is_read(tmp_path: Path, value: object) -> None:
    options, mistakes, _ = parse(tmp_path, f"[A]\nx = {written(value)}  ; default\ny = 1\n")
    assert not mistakes
    assert options["A.x"].value == value
    assert type(options["A.x"].value) is type(value)
    assert options["A.y"].line == 3


@quick
@given(value=st.text(max_size=30))
def test_any_text_survives(tmp_path: Path, value: str) -> None:
    value = value.encode("utf-8", "ignore").decode()
    options, _, _ = parse(tmp_path, f"[A]\nx = {written(value)} # comment")
    assert options["A.x"].value == value


names = st.from_regex(r"[A-Za-z][A-Za-z_.0-9]{0,8}", fullmatch=True)
words = st.from_regex(r"[A-Za-z0-9/%$=:.#;'-]{1,8}", fullmatch=True)
lines = st.lists(words, min_size=1, max_size=3).map(" ".join)
entries = st.dictionaries(
    names,
    st.tuples(st.lists(lines, min_size=1, max_size=3), st.sampled_from(["=", ":", " = ", " : "])),
    max_size=4,
)


@quick
@given(data=st.data(), sections=st.dictionaries(st.sampled_from("ABC"), entries, max_size=3))
def test_agrees_with_configparser(tmp_path: Path, data: st.DataObject, sections: dict) -> None:
    """Any file of plain text values: the same sections, options and values as configparser finds."""
    noise = st.sampled_from(["", "", "# c", "  ; c = d", "\t"])
    text = ""
    for section, options in sections.items():
        text += f"[{section}]\n{data.draw(noise)}\n"
        for name, (parts, delimiter) in options.items():
            text += f"{name}{delimiter}" + "\n   ".join(parts) + f"\n{data.draw(noise)}\n"
    other = configparser.RawConfigParser(inline_comment_prefixes=("#", ";"))
    other.optionxform = str  # type: ignore[assignment,method-assign]
    other.read_string(text)
    theirs = {f"{s}.{name}": value for s in other.sections() for name, value in other.items(s)}
    ours, mistakes, _ = parse(tmp_path, text)
    assert not mistakes
    # configparser never strips blank values' own lines: neither do we where no quotes are involved
    assert {name: option.text for name, option in ours.items() if option.text[:1] != "'"} == {
        name: value.strip() for name, value in theirs.items() if value.strip()[:1] != "'"
    }
