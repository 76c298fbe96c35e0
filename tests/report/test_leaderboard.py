import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from html_reader import Reader, assert_sound
from nkululeko.report.leaderboard import (
    Entry,
    address,
    bars,
    described,
    flattered,
    leaderboard_csv,
    leaderboard_page,
    leaderboard_summary,
    ordered,
    verdict,
)

EVIL = '</td><script>window.hacked=1</script>"><img src=x onerror=1>\x1b[2J'


def entries(count=4, **more):
    return [
        Entry(
            f"system {n}", {"features": "os", "model": f"m{n}"}, 0.7 - n / 50, 0.6 - n / 50, 0.8 - n / 50,
            -n / 50, -n / 50 - 0.05, -n / 50 + 0.05, 0.01 * n if n else np.nan, 0.02 * n if n else np.nan, n == 0,
            folder=Path(f"/results/run {n}"), **more,
        )
        for n in range(count)
    ]  # fmt: skip


def sound(html):
    """The bars are drawn in the page, and links lead to reports; all else as in every page."""
    links = [attrs["href"] for attrs in Reader(html).all("a") if not attrs["href"].startswith("#")]
    drawn = Reader("".join(re.findall(r"<svg.*?</svg>", html, re.S)))
    assert {tag for tag, _ in drawn.elements} <= {"svg", "line", "circle"}
    assert not any(name in attrs for _, attrs in drawn.elements for name in ("style", "href", "onload"))
    without = re.sub(r"<svg.*?</svg>", "", html, flags=re.S)
    for link in links:
        without = without.replace(f'href="{link}"', 'href="#"')
    assert_sound(without)
    return links


def test_best_comes_first_and_the_rest_as_given():
    first, *others = entries()
    assert ordered([*others, first]) == [first, *others]
    words = Reader(leaderboard_page([*others, first], "Which?", "UAR")).words
    places = [words.find(f"system {n}", words.find("All systems")) for n in range(4)]
    assert places == sorted(places) and -1 not in places
    assert "The best: system 0" in words and "UAR .700" in words


def test_page_is_sound_and_its_links_are_relative():
    html = leaderboard_page(entries(), "Which?", "UAR", ["a note"], ["a warning"], here=Path("/results/all"))
    assert sound(html) == [f"../run%20{n}/report.html" for n in range(4)]
    words = Reader(html).words
    assert "The same in all: features os." in words and "a note" in words and "a warning" in words
    assert html == leaderboard_page(
        entries(), "Which?", "UAR", ["a note"], ["a warning"], here=Path("/results/all")
    )


@pytest.mark.parametrize(
    ("folder", "here", "link"),
    [
        (None, None, ""),
        (Path("run"), None, "run/report.html"),
        (Path("javascript:alert(1)"), None, "javascript%3Aalert%281%29/report.html"),
        (Path('a"b<c>#?%'), None, "a%22b%3Cc%3E%23%3F%25/report.html"),
        (Path("b\udce4"), None, "b%E4/report.html"),
        (Path("/r/a/x"), Path("/r/b"), "../a/x/report.html"),
        (Path("/r/x"), None, "file:///r/x/report.html"),
    ],
)
def test_addresses(folder, here, link):
    assert address(folder, here) == link


def test_hostile_names_are_text():
    html = leaderboard_page(
        [
            Entry(EVIL, {EVIL: EVIL, "x": 1}, 0.5, best=True, note=EVIL, folder=Path(EVIL)),
            Entry("b\udce4", {EVIL: 2, "x": 1}, 0.4),
        ],
        EVIL, EVIL, [EVIL], [EVIL],
    )  # fmt: skip
    sound(html)
    html.encode("utf-8")
    assert "\x1b" not in html and Reader(html).words.count("<script>window.hacked=1</script>") >= 6


def test_what_is_common_is_said_once_and_what_is_missing_is_empty():
    common, differing = described(
        [Entry("a", {"m": "svm", "C": 0.0001, "s": "x"}), Entry("b", {"m": "xgb", "s": "x"})]
    )
    assert (common, differing) == ({"s": "x"}, ["m", "C"])
    assert Entry("", {"C": 0.0001, "m": "svm"}).title == "0.0001, svm"


def test_bars_share_a_scale():
    found, ends = bars([Entry("a", value=0.5, low=0.4, high=0.6), Entry("b", value=0.2), Entry("c")])
    assert ends == (0.2, 0.6)
    assert (found[0].high, found[1].value, found[2].value) == (152, 8, None)
    assert found[0].low == found[1].value + (152 - 8) / 2
    assert found[0].low < found[0].value < found[0].high
    assert bars([Entry("a")])[1] is None
    assert bars([Entry("a", value=0.5)])[0][0].value == 8


def test_verdict_counts_what_is_beyond_chance():
    assert verdict(entries()) == (
        "Of the 3 others, 2 are worse than the best beyond chance (corrected p below .05); 1 cannot be told from it."
    )
    assert (
        verdict(entries(2)) == "The other one is worse than the best beyond chance (corrected p below .05)."
    )
    none = [Entry("a", best=True), Entry("b", p_corrected=0.5), Entry("c", p_corrected=1.0)]
    assert "none is worse" in verdict(none) and "all cannot be told from it" in verdict(none)
    assert verdict([Entry("a", value=1, best=True), Entry("b", value=0)]) == ""


def test_flattery_is_named_unless_other_data_chose():
    assert "best of 4" in flattered(entries())
    assert flattered(entries(watched=0.5)) == ""
    assert flattered([Entry("a", value=0.5, best=True), Entry("b", value=0.6), Entry("c", value=0.4)]) == ""
    assert flattered(entries(1)) == ""


def test_columns_that_nobody_has_are_left_out():
    words = Reader(
        leaderboard_page([Entry("a", value=0.5, best=True), Entry("b", value=0.4)], "x", "UAR")
    ).words
    assert "corrected" not in words and "difference" not in words and "interval" not in words
    assert "nothing to compare" in Reader(leaderboard_page([], "x", "UAR")).words


def test_csv_rounds_nothing():
    rows = list(
        csv.DictReader(io.StringIO(leaderboard_csv([Entry("b", {"p": 1, "C": 0.1}, 1 / 3), *entries()])))
    )
    assert [row["name"] for row in rows] == ["system 0", "b", "system 1", "system 2", "system 3"]
    assert float(rows[1]["value"]) == 1 / 3
    assert rows[1]["low"] == rows[1]["watched"] == rows[0]["p"] == rows[1]["features"] == ""
    assert (
        rows[1]["p_"] == "1"
        and rows[0]["best"] == "True"
        and rows[0]["folder"] == str(Path("/results/run 0"))
    )
    assert leaderboard_csv([]).startswith("name,value,low")


def printed(*args, width=100, **options):
    console = Console(file=io.StringIO(), width=width)
    console.print(leaderboard_summary(*args, **options), soft_wrap=True)
    return console.file.getvalue()


def test_summary_shows_the_first_ten():
    text = printed(entries(13), "UAR", "Which?", ["a warning"], Path("/results/all.html"))
    assert "system 9" in text and "system 10" not in text and "and 3 more" in text
    assert "warning: a warning" in text and f"page: {Path('/results/all.html')}" in text
    assert "[.600, .800]" in text
    text.encode("ascii")


def test_hostile_names_do_not_steer_the_terminal():
    text = printed([Entry("[bold]x[/bold]\x1b[2J", value=0.5, best=True)], "[red]y", "\x07[link=x]z")
    assert "\x1b" not in text and "\x07" not in text
    assert "[bold]x[/bold]" in text and "[red]y" in text and "[link=x]z" in text


def test_importing_it_is_quick():
    import subprocess
    import sys

    code = (
        "import sys\nimport nkululeko.report.leaderboard\n"
        "heavy = {'matplotlib', 'sklearn', 'scipy', 'soundfile', 'rich', 'jinja2', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
