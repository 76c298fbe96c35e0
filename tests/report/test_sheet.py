"""The data sheet as a page, as JSON and in the terminal."""

import dataclasses
import io
import json

import pandas as pd
import pytest
from rich.console import Console

from html_reader import PIXEL, Reader, assert_sound
from nkululeko.report import sheet_tables as tables
from nkululeko.report.sheet import sheet_json, sheet_page, sheet_summary
from nkululeko.report.sheet_blocks import blocks
from nkululeko.report.sheet_records import TABLES, SheetRecord
from result_factory import HOSTILE, LONG, SEVEN
from sheet_factory import made_sheet

EVIL = ["</title><script>window.hacked=1</script>", '"><img src=x onerror=hacked=1>']
SHEETS = {
    "one": made_sheet(SEVEN, balanced=True),
    "ten": made_sheet(SEVEN, databases=[f"corpus{i}" for i in range(10)], dev=10, gaps=True, train=30),
    "hostile": made_sheet(HOSTILE, target="<b>target</b>", databases=EVIL, apart=False, copies=25, gaps=True),
    "long": made_sheet(LONG, databases=["b", LONG[1]], apart=False),
    "regression": made_sheet((), target="age", databases=["a", "b"]),
    "unknown": made_sheet(("a", "b"), known=False, dropped=False),
    "test_only": made_sheet(("a", "b"), train=0),
    "text": dataclasses.replace(made_sheet(("a", "b")), target="file\udce4"),
}


def names(sheet):
    return [block.name for block in blocks(sheet)]


def block(sheet, name):
    return next(each for each in blocks(sheet) if each.name == name)


def printed(sheet, width=100, warnings=()):
    console = Console(file=io.StringIO(), width=width)
    console.print(sheet_summary(sheet, warnings))
    return console.file.getvalue()


@pytest.mark.parametrize("kind", SHEETS)
def test_every_sheet_makes_a_sound_page_json_and_summary(kind):
    sheet = SHEETS[kind]
    html = sheet_page(
        sheet, {"value_counts.png": PIXEL}, warnings=["w"], provenance={"seed": 1, "config": "a\nb"}
    )
    assert_sound(html)
    html.encode("utf-8")
    text = json.dumps(sheet_json(sheet), allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    again = SheetRecord.model_validate_json(text)
    for name in TABLES:
        assert len(getattr(again, name)) == len(getattr(sheet, name)), name
    assert printed(sheet).count("\n") > 2


@pytest.mark.parametrize("kind", SHEETS)
def test_rows_of_every_table_are_as_long_as_its_head(kind):
    for each in blocks(SHEETS[kind]):
        for shown in [*each.tables, *each.more]:
            assert shown.table.rows, shown.caption
            assert {len(row) for row in shown.table.rows} == {len(shown.table.head)}, shown.caption
            if shown.table.shades:
                assert {len(row) for row in shown.table.shades} == {len(shown.table.head) - 1}
                assert len(shown.table.shades) == len(shown.table.rows)


def test_only_what_there_is_has_a_block():
    assert names(SHEETS["unknown"]) == ["parts", "target", "rows", "audio"]
    assert names(SHEETS["one"]) == ["parts", "target", "gender", "age", "balance", "rows", "audio"]
    assert names(SHEETS["regression"]) == ["parts", "target", "gender", "speakers", "rows", "audio"]
    full = [*names(SHEETS["one"])[:4], "speakers", "copies", "rows", "missing", "audio"]
    assert names(SHEETS["hostile"]) == full


def test_totals_of_parts():
    sheet = made_sheet(SEVEN, databases=["a", "b"], train=40, test=20, dropped=False)
    table = tables.parts(sheet)
    assert table.totals == 3 and [row[:3] for row in table.rows[-3:]] == [
        ["all", "train", "80"], ["all", "test", "40"], ["all", "all", "120"],
    ]  # fmt: skip
    hours = sheet.parts["hours"]
    assert table.rows[-1][4] == f"{hours.sum():.3f}".lstrip("0")
    assert tables.parts(made_sheet(SEVEN, train=0)).totals == 0


def test_a_speaker_of_two_splits_counts_once_in_all():
    sheet = made_sheet(SEVEN, databases=["a", "b"], train=200, test=200, apart=False)
    assert sheet.parts["speakers"].tolist() == [10] * 4
    assert tables.total_speakers(sheet) == 20
    assert tables.parts(sheet).rows[-1][3] == "20"
    assert "400 samples of 20 speakers" not in printed(sheet) and "800 samples of 20 speakers" in printed(
        sheet
    )


def test_many_parts_are_folded_and_their_sums_are_not():
    first = block(SHEETS["ten"], "parts")
    assert [row[0] for row in first.tables[0].table.rows] == ["train", "dev", "test", "all"]
    assert len(first.more[0].table.rows) == 34


def test_distribution_has_counts_and_shares_of_the_split():
    rows = [
        {"database": name, "split": split, "value": value, "samples": samples, "speakers": pd.NA}
        for name in ("x", "y")
        for split, value, samples in [
            ("test", "a", 0),
            ("test", "b", 5),
            ("train", "a", 30),
            ("train", "b", 10),
        ]
    ]
    table = tables.distribution(rows, "emotion")
    assert table.head == ["emotion", "train", "test", "all"]
    assert table.rows == [
        ["a", "60 (75 %)", "0", "60 (67 %)"],
        ["b", "20 (25 %)", "10 (100 %)", "30 (33 %)"],
        ["all", "80", "10", "90"],
    ]
    assert table.shades == [[8, 0, 7], [2, 10, 3], [0, 0, 0]]
    assert tables.distribution(rows[:2], "emotion").head == ["emotion", "test"]


def test_a_class_named_all_is_a_class():
    rows = [{"database": "x", "split": "test", "value": "all", "samples": 4, "speakers": 1}]
    table = tables.distribution(rows, "emotion")
    assert table.rows == [["all", "4 (100 %)"], ["all", "4"]] and table.shades == [[10], [0]]


def test_bins_read_as_ranges_or_as_one_number():
    assert tables.value_of({"low": 20.0, "high": 25.0}) == "20 to 25"
    assert tables.value_of({"low": 19.5, "high": 20.5}) == "20"
    assert tables.value_of({"low": 0.0, "high": 1.0}) == "0 to 1"


def test_long_lists_are_cut_and_say_so():
    sheet = made_sheet(SEVEN, train=2000, test=2000, copies=25, apart=False)
    many = sheet.shared_speakers.loc[[0]].sample(53, replace=True).assign(between="splits")
    speakers = block(dataclasses.replace(sheet, shared_speakers=many), "speakers")
    copies = block(sheet, "copies")
    for each, count in ((speakers, 53), (copies, 25)):
        assert len(each.tables[0].table.rows) == 20
        assert each.tables[0].note.startswith(f"And {count - 20} more")
        assert each.serious
    assert copies.lines[0].startswith("25 recordings are in the data more than once")
    exactly = dataclasses.replace(sheet, copies=sheet.copies.head(20))
    assert block(exactly, "copies").tables[0].note == ""


def test_cut_tables_keep_their_totals():
    many = [f"class {i}" for i in range(150)]
    table = block(made_sheet(many, train=3000), "target").tables[0].table
    assert len(table.rows) == len(table.shades) == 101 and table.rows[-1][0] == "all"


def test_folder_that_all_copies_share_is_left_out():
    sheet = made_sheet(SEVEN, copies=1)
    assert tables.copies(sheet, 20).rows[0][0] == "test_00000.wav; train_00000.wav"
    other = sheet.copies.assign(files="/a/x/1.wav; /a/y/1.wav")
    assert tables.copies(dataclasses.replace(sheet, copies=other), 20).rows[0][0] == "x/1.wav; y/1.wav"
    mixed = sheet.copies.assign(files="1.wav; /a/1.wav")
    assert tables.copies(dataclasses.replace(sheet, copies=mixed), 20).rows[0][0] == "1.wav; /a/1.wav"


def test_rows_that_fell_out_are_told_with_their_reason():
    rows = block(SHEETS["one"], "rows")
    assert rows.lines == ["Of 133 rows, 13 are left out and 120 are used."]
    assert rows.tables[0].table.rows == [
        ["loaded", "", "", "133", ""],
        ["features", "file cannot be read", "2", "131", "broken <1>.wav, empty.wav"],
        ["labels", "label 'other' is outside the mapping", "11", "120", ", ".join(["x.wav"] * 5)],
    ]
    unknown = block(SHEETS["unknown"], "rows")
    assert unknown.lines == ["All 120 rows are used."] and not unknown.tables


def test_balance_ends_with_the_weighted_mean():
    table = tables.balance(SHEETS["one"])
    found = SHEETS["one"].balance.query("split == 'train'")
    mean = (found["weight"] * found["divergence"]).sum() / found["weight"].sum()
    assert table.rows[2] == ["train", "weighted mean", "", f"{mean:.3f}".lstrip("0")]


def test_page_says_what_matters_in_this_order():
    html = sheet_page(
        SHEETS["one"], {"balance.png": PIXEL, "value_counts.png": PIXEL, "zoo.png": PIXEL}, title="My data",
        author="A. Author", notes=["a note"], warnings=["a warning"], provenance={"seed": 42},
    )  # fmt: skip
    words = Reader(html).words
    order = [
        "data sheet, target emotion", "My data", "A. Author", "120 samples", "1 warning to read", "a warning",
        "How much there is", "Distribution of emotion", "Gender", "Age", "Balance of the splits",
        "What became of the rows", "Audio formats", "More plots", "a note", "42",
    ]  # fmt: skip
    places = [words.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    alts = [image["alt"].split()[0] for image in Reader(html).all("img")]
    assert alts == ["Distribution", "Balance", "Plot"]


def test_hostile_names_are_text():
    html = sheet_page(SHEETS["hostile"], {}, notes=["<b>n</b>"], warnings=["{{ 7 * 7 }}"], title="<i>t</i>")
    reader = Reader(html)
    assert not {"script", "b", "i", "img"} & {tag for tag, _ in reader.elements}
    assert HOSTILE[0] in reader.words and EVIL[1] in reader.words and "{{ 7 * 7 }}" in reader.words
    assert "\x1b" not in html
    text = printed(SHEETS["hostile"], warnings=["\x1b[2J[bold]x[/bold]"])
    assert "\x1b" not in text and "[bold]x[/bold]" in text and "[red]not" in text


def test_the_only_database_may_have_a_hostile_name():
    html = sheet_page(made_sheet(HOSTILE, databases=["<b>&amp;{{ 7 * 7 }}"]))
    assert "b" not in {tag for tag, _ in Reader(html).elements}
    assert "from database <b>&amp;{{ 7 * 7 }}." in Reader(html).words


def test_summary_is_short():
    text = printed(SHEETS["one"], width=140, warnings=["speaker 3 is everywhere"])
    assert len(text.splitlines()) == 7
    assert "120 samples of" in text and "anger " in text and "warning: speaker 3 is everywhere" in text
    assert "left out of emodb: 11 (labels: label 'other' is outside the mapping)" in text
    text.encode("ascii")
    numbers = printed(SHEETS["regression"], width=140)
    assert "mean " in numbers and "deviation " in numbers
    twenty = printed(made_sheet([f"c{i:02d}" for i in range(12)], train=500), width=200)
    assert "and 2 labels more" in twenty


def test_json_rounds_nothing_and_knows_null():
    found = sheet_json(SHEETS["unknown"])
    assert found["parts"][0]["speakers"] is None and found["values"][0]["speakers"] is None
    assert [row["hours"] for row in found["parts"]] == SHEETS["unknown"].parts["hours"].tolist()
    assert found["chain"] == [
        {"database": "emodb", "step": "loaded", "reason": "", "dropped": 0, "left": 120, "examples": []}
    ]
    assert "wanted" not in found


def test_sheet_page_imports_no_heavy_library():
    import subprocess
    import sys

    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from nkululeko.report.sheet import sheet_json, sheet_page, sheet_summary\n"
        "heavy = {'matplotlib', 'sklearn', 'scipy', 'soundfile', 'rich', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
