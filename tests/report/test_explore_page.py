"""An exploration as a page, as JSON and in the terminal."""

import dataclasses
import io
import json
import re

import pandas as pd
import pytest
from rich.console import Console

from exploration_factory import NAN, association, index_of, made, number
from html_reader import PIXEL, Reader, assert_sound
from nkululeko.core.exploration import SUSPICIOUS, Evidence, Finding
from nkululeko.report import explore_words as words
from nkululeko.report.audio import Clip
from nkululeko.report.explore import Drawn, explore_json, explore_page
from nkululeko.report.explore_terminal import explore_summary, statistics_table, values_table
from result_factory import HOSTILE, LONG, SEVEN
from sheet_factory import made_sheet

EVIL = '"><img src=x onerror=hacked=1>'
MADE = {
    "seven": made(SEVEN, samples=70, texts=[f"finding {place}" for place in range(12)], odd=15),
    "hostile": made(
        HOSTILE, target="<b>target</b>", column=EVIL, features=[EVIL, *HOSTILE], texts=HOSTILE, file=f"{EVIL}{{}}.wav"
    ),
    "long": made(LONG, target=LONG[1], column=LONG[0], features=LONG, texts=[LONG[1] * 3]),
    "regression": made((), target="age", regression=True),
}  # fmt: skip
MADE["bare"] = dataclasses.replace(
    MADE["seven"], associations=(), ranking=None, pairs=(), shown=(), maps=(), suspicious=None, findings=(), notes=(),
    warnings=(), provenance={}, speakers=None,
)  # fmt: skip
MADE["nothing odd"] = dataclasses.replace(MADE["seven"], suspicious=pd.DataFrame(columns=SUSPICIOUS))


def drawn(exploration):
    """A pixel in the place of each picture."""
    found = [Drawn("overview", "overview", PIXEL)]
    for view, several in (("associations", exploration.associations), ("shown_features", exploration.shown)):
        for each in several:
            found += [
                Drawn(view, f"{each.name}_{unit}", PIXEL, each.name) for unit in ("samples", "speakers")
            ]
    found += [
        Drawn("regplots", f"regplot_{place}", PIXEL, each.name)
        for place, each in enumerate(exploration.pairs)
    ]
    if exploration.ranking is not None:
        names = ("feature_importance", "feature_correlation", "feature_distributions")
        found += [Drawn(name, name, PIXEL) for name in names]
        found.append(Drawn("feature_distributions", "feature_F0", PIXEL))
    for each in exploration.maps:
        found += [
            Drawn("maps", f"map_{each.method}_{colour.name}", PIXEL, each.method) for colour in each.colours
        ]
    return found


def page_of(exploration, **more):
    return explore_page(exploration, drawn(exploration), **more)


def printed(shown, width=120):
    console = Console(file=io.StringIO(), width=width)
    console.print(shown, soft_wrap=True)
    return console.file.getvalue()


@pytest.mark.parametrize("kind", MADE)
def test_every_exploration_makes_a_sound_page_json_and_summary(kind):
    exploration = MADE[kind]
    sheet = made_sheet(SEVEN, balanced=True)
    html = page_of(exploration, sheet=sheet, sounds={})
    assert_sound(html)
    html.encode("utf-8")
    text = json.dumps(
        explore_json(exploration, exploration.associations), allow_nan=False, ensure_ascii=False
    )
    again = json.loads(text.encode("utf-8"))
    assert again["samples"] == len(exploration.samples) and len(again["findings"]) == len(
        exploration.findings
    )
    assert printed(explore_summary(exploration, 3)).count("\n") > 2
    assert printed(statistics_table(exploration.associations)) and printed(values_table(exploration.samples))


@pytest.mark.parametrize("kind", MADE)
def test_links_of_findings_lead_somewhere(kind):
    reader = Reader(page_of(MADE[kind], sheet=made_sheet(SEVEN)))
    ids = {attrs["id"] for _, attrs in reader.elements if "id" in attrs}
    links = [attrs["href"] for attrs in reader.all("a") if attrs["href"].startswith("#")]
    assert {link[1:] for link in links} <= ids
    if MADE[kind].findings:
        assert any(link.startswith("#associations-") for link in links)


def test_each_kind_of_link_finds_its_part():
    links = ["emotion_gender", "suspicious", "features", "target", "speakers", "nobody knows"]
    findings = [Finding("imbalance", link, 0.5, link) for link in links]
    html = page_of(dataclasses.replace(MADE["seven"], findings=findings), sheet=made_sheet(SEVEN))
    wanted = ["associations-emotion.5fgender", "suspicious", "features", "target", "data-parts", "statistics"]
    assert re.findall(r'</span> [\w ]+ <a href="#([^"]+)">Show', html) == wanted
    bare = page_of(
        dataclasses.replace(MADE["bare"], findings=[Finding("recording", "none", 0.1, "suspicious")])
    )
    assert "<a href=" not in bare


def test_hostile_text_stays_text():
    html = page_of(MADE["hostile"], sounds={}, author=EVIL, title=HOSTILE[0])
    assert_sound(html)
    assert "<script" not in html and "<b>" not in html and EVIL not in html
    assert "&lt;b&gt;target&lt;/b&gt;" in html
    shown = printed(explore_summary(MADE["hostile"], 1))
    assert "\x1b" not in shown


def test_pictures_stand_where_they_belong_and_have_words():
    exploration = MADE["seven"]
    reader = Reader(page_of(exploration))
    alts = [attrs["alt"] for attrs in reader.all("img")]
    assert len(alts) == len(drawn(exploration)) and all(len(alt) > 10 for alt in alts)
    assert alts[1].startswith("emotion and gender. Over speakers: permutation")
    assert any(alt.startswith("Map of the samples") for alt in alts)
    other = explore_page(exploration, [Drawn("of a plug-in", "spiral", PIXEL)])
    assert "More pictures" in other and 'alt="spiral."' in other


def test_the_first_map_of_each_method_is_open():
    exploration = MADE["seven"]
    twice = dataclasses.replace(
        exploration, maps=[*exploration.maps, dataclasses.replace(exploration.maps[0], method="tsne")]
    )
    html = page_of(twice)
    places = [
        html.index(f"Map of the samples, map {name}.")
        for name in ("pca emotion", "tsne emotion", "pca gender")
    ]
    assert places == sorted(places)
    assert places[1] < html.index("<summary>Other colours") < places[2]


def test_the_map_page_is_linked_where_there_is_one():
    assert 'href="map.html"' in page_of(MADE["seven"], map_page="map.html")
    assert "map.html" not in page_of(MADE["seven"])


def test_speakers_stand_before_samples_and_doubt_is_said():
    each = association("e", number("age", index_of(9)), number("f0", index_of(9)), note="few speakers")
    first, second = words.lines(each)
    assert first == (
        "Over speakers: permutation = 12.5, p = .012 (corrected .036), Cramer's V = .31 (medium), n = 10 speakers;"
        " anger against sadness; few speakers."
    )
    assert second.startswith("Over samples: chi-square = 55.0, p < .001")
    table = words.statistics([each])
    assert [row[1] for row in table.rows] == ["10 speakers", "9 samples"]
    assert table.rows[0][:6] == [
        "f0 and age",
        "10 speakers",
        "permutation = 12.50",
        "Cramer's V .310 (medium)",
        ".012",
        ".036",
    ]
    undefined = association(
        "e", each.x, each.y, p=NAN, effect=NAN, statistic=NAN, note="one value only", detail=""
    )
    assert words.lines(undefined)[0] == "Over speakers: no test of speakers: one value only."
    assert words.statistics([undefined]).rows[0][3:] == ["n/a", "n/a", ".036", "one value only"]
    assert words.statistics([]) is None


def test_tests_within_categories_have_a_table_of_their_own():
    each = MADE["seven"].associations[1]
    inner = Evidence(
        "samples",
        "Pearson's r",
        0.5,
        0.01,
        "Pearson's r",
        0.5,
        9,
        within="emotion = joy",
        detail="emotion = joy",
    )
    each = dataclasses.replace(each, tests=(*each.tests, inner))
    assert len(words.statistics([each]).rows) == 2
    (row,) = words.statistics([each], within=True).rows
    assert row[-1] == "emotion = joy"
    assert "Within single categories" in page_of(dataclasses.replace(MADE["seven"], associations=[each]))
    assert "Within single categories" not in page_of(MADE["seven"])


def test_what_all_associations_have_in_common_is_said_once():
    text = Reader(page_of(MADE["seven"])).words
    assert text.count("So few speakers.") == 3  # once for both, and once for each of the two other parts


def test_the_table_of_features_is_cut_and_says_so():
    many = made(SEVEN, features=[f"f{place}" for place in range(90)])
    html = page_of(many)
    assert "The first 30 of 90 features" in html and ">f29<" in html and ">f30<" not in html
    assert len(explore_json(many, [])["features"]["ranking"]) == 90


def test_suspicious_recordings_have_players():
    exploration = MADE["seven"]
    segments = [segment for segment, _ in words.recordings(exploration.suspicious)]
    assert len(segments) == 15  # one has two reasons
    sounds = {segment: Clip(b"sound", "audio/flac", 2.0) for segment in segments[:11]} | {segments[11]: None}
    reader = Reader(page_of(exploration, sounds=sounds))
    assert len(reader.all("audio")) == 11 and "This recording could not be read." in reader.words
    assert (
        "15 recordings are odd" in reader.words
        and "pass it on only where the recordings may go" in reader.words
    )
    assert "silent -80 dBFS" in reader.words and "All 15" in reader.words
    assert "Recordings to listen to" not in page_of(MADE["nothing odd"])


def test_good_news_looks_like_good_news():
    good, bad = Finding("confound", "no sign of it", 0.1), Finding("confound", "a sign of it", 0.9)
    html = page_of(dataclasses.replace(MADE["seven"], findings=[bad, good]))
    assert re.findall(r'class="tag (\w+)">([^<]+)<', html) == [
        ("confound", "beware"),
        ("good", "good to know"),
    ]
    assert "2 findings" in html
    assert "Nothing stands out" in page_of(MADE["bare"]) and "nothing stands out" in printed(
        explore_summary(MADE["bare"], 0)
    )


def test_the_terminal_tells_the_first_findings_and_where_to_read_on():
    shown = printed(explore_summary(MADE["seven"], 7))
    assert [line for line in shown.splitlines() if line.startswith("- ")] == [
        f"- finding {n}" for n in range(5)
    ]
    assert (
        "and 7 findings more, on the page" in shown
        and "7 pictures" in shown
        and "warning: a warning" in shown
    )
    assert shown.splitlines()[-1] == "report: /results/x/explore.html"


def test_values_of_columns():
    frame = pd.DataFrame({"gender": ["f", "f", "m", None], "age": [1.0, 2, 3, 4], "empty": [None] * 4})
    frame = pd.concat([frame] * 10, ignore_index=True)
    frame["number"] = range(40)
    lines = printed(values_table(frame), 200).splitlines()
    assert re.match(r"gender +30 +2 +f 20, m 10", lines[1])
    assert re.match(r"age +40 +4 +1 10, 2 10", lines[2])
    assert re.match(r"empty +0 +0 +none", lines[3])
    assert re.match(r"number +40 +40 +0 to 39, mean 19.5", lines[4])
