import base64
import dataclasses
import hashlib
import subprocess
import sys

import pytest

from html_reader import PIXEL, Reader, assert_sound
from nkululeko.report.audio import Clip
from nkululeko.report.page import page
from nkululeko.report.worst import worst
from result_factory import HOSTILE, all_results, classification, regression
from sheet_factory import made_sheet


@pytest.mark.parametrize("kind", all_results())
def test_every_result_makes_a_sound_page_that_loads_nothing(kind):
    result = all_results()[kind]
    sounds = {mistake.segment: Clip(b"sound", "audio/flac", 2.0) for mistake in worst(result)[:3]}
    html = page(result, {"confusion_matrix.png": PIXEL, "tsne.svg": b"<svg/>"}, sounds)
    assert_sound(html)


def test_policy_forbids_the_network_and_allows_the_own_style_only():
    html = page(classification(samples=30))
    policy = next(meta for meta in Reader(html).all("meta") if "http-equiv" in meta)["content"]
    style = html.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "http" not in policy


def test_hostile_names_are_text():
    result = classification(HOSTILE, samples=60, file_name='"><img src=x onerror=hacked=1>{}.wav')
    result = dataclasses.replace(
        result,
        name="</title><script>1</script>",
        target="<b>target</b>",
        warnings=["</li><script>1</script>"],
        notes=["{{ 7 * 7 }}{% raw %}"],
        provenance={"<i>k</i>": "<script>", "config": "</pre><script>\n1", "licences": ["<b>x</b>"]},
        sheet=made_sheet(
            HOSTILE, target="<u>c</u>", databases=["</td><script>", "<x>"], apart=False, copies=3
        ),
    )
    html = page(result, {"<x>.png": PIXEL}, {}, title="<script>t</script>", author="</p><script>")
    reader = Reader(html)
    found = {tag for tag, _ in reader.elements}
    assert not {"script", "b", "i", "u", "x"} & found
    assert [attrs for attrs in reader.all("img") if attrs["src"] == "x"] == []
    assert "<script>window.hacked=1</script>" in reader.words
    assert "{{ 7 * 7 }}{% raw %}" in reader.words and "49" not in "".join(result.notes)
    assert "\x1b" not in html


def test_the_page_says_what_matters_in_this_order():
    result = classification(samples=80)
    words = Reader(page(result, {"reliability.png": PIXEL}, title="My study", author="A. Author")).words
    order = [
        "My study",
        "A. Author",
        "UAR .",
        "95 % interval [",
        "guessing gives 1/7 = .143",
        "6 test speakers",
        "Learned from 240 samples, tested on 80 samples of 6 speakers.",
        "320 samples of 20 speakers",
        "Distribution of emotion: 7 classes",
        "13 of 333 left out",
        "label 'other' is outside the mapping",
        "speaker 03 is in train and in test",
        "Scores on the test samples",
        "Confusion matrix: number of samples",
        "Scores of each class",
        "UAR of each group of speakers",
        "ECE",
        "Feature importance",
        "The worst mistakes",
        "the option FEATS.level has no effect here",
        "research and personal use only",
        "databases = ['emodb']",
    ]
    places = [words.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_pictures_are_in_the_page():
    images = {
        "scatter.png": PIXEL,
        "scatter.svg": b"<svg/>",
        "bland_altman.pdf": b"%PDF",
        "mine.svg": b"<svg/>",
    }
    shown = Reader(page(regression(samples=30), images)).all("img")
    address = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
    assert [image["src"][:26] for image in shown] == [address[:26], "data:image/svg+xml;base64,"]
    assert shown[0]["src"] == address
    assert all(image["alt"] for image in shown)


def test_pictures_of_the_data_stand_in_their_place():
    result = classification(samples=30)
    images = {"value_counts.png": PIXEL, "balance.png": PIXEL, "zoo.png": PIXEL}
    html = page(result, images)
    alts = [image["alt"] for image in Reader(html).all("img")]
    # the split is not balanced: its picture has no block, so it comes with the others
    assert ["Distribution" in alts[0], "Balance" in alts[1], alts[2]] == [True, True, "Plot zoo."]
    data, others = html.split('<section id="plots">')
    assert data.count("<img") == 1 and others.count("<img") == 2
    assert 'id="data-target" open' in data


def test_players_hold_the_sound_and_a_missing_one_is_said():
    result = classification(samples=100)
    mistakes = worst(result, 2)
    sounds = {mistakes[0].segment: Clip(b"sound", "audio/flac", 10.0, cut=True), mistakes[1].segment: None}
    reader = Reader(page(result, audio=sounds, mistakes=mistakes))
    (player,) = reader.all("audio")
    assert player["src"] == "data:audio/flac;base64," + base64.b64encode(b"sound").decode()
    assert player["preload"] == "none" and "controls" in player
    assert reader.words.count("This recording could not be read.") == 1
    assert "the first 10.0 s" in reader.words and "This page holds the voices themselves" in reader.words


def test_without_audio_nothing_is_said_of_it():
    reader = Reader(page(classification(samples=100)))
    assert reader.all("audio") == []
    assert "could not be read." not in reader.words and "voices" not in reader.words


def test_result_that_cannot_be_told_from_guessing_is_called_so():
    result = classification(samples=60)
    score = dataclasses.replace(result.headline, value=0.15, low=0.1, high=0.2)
    words = Reader(page(dataclasses.replace(result, scores={"uar": score}))).words
    assert "this result cannot be told from chance" in words


def test_bare_result_has_no_empty_sections():
    result = classification(samples=30, scores="", speakers=False, importance=False)
    bare = dataclasses.replace(result, sheet=None, notes=(), warnings=(), provenance={}, per_class=None)
    ids = {attrs["id"] for _, attrs in Reader(page(bare)).elements if "id" in attrs}
    assert ids == {"data", "scores", "confusion", "worst"}


def test_file_names_that_are_no_text_can_be_written():
    provenance = {"config": "a\nb\udce4.wav", "file": "\udce4.wav"}
    result = dataclasses.replace(classification(samples=60), warnings=["\udce4.wav"], provenance=provenance)
    page(result).encode("utf-8")


def test_same_result_gives_the_same_page():
    assert page(classification(samples=30)) == page(classification(samples=30))


def test_report_imports_no_heavy_library(tmp_path):
    code = (
        "import sys, pickle, pathlib\n"
        "result = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "from nkululeko.report.page import page\n"
        "from nkululeko.report.machine import result_json\n"
        "from nkululeko.report.terminal import summary\n"
        "page(result), result_json(result), summary(result)\n"
        "heavy = {'matplotlib', 'sklearn', 'scipy', 'soundfile'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    import pickle

    file = tmp_path / "result.pickle"
    file.write_bytes(pickle.dumps(classification(samples=30)))
    subprocess.run([sys.executable, "-c", code, str(file)], check=True)


@pytest.mark.parametrize(
    ("scores", "said"),
    [("p", "where the model was surest"), ("s", "Margin: by how much"), ("", "does not tell")],
)
def test_order_of_the_mistakes_is_said(scores, said):
    words = Reader(page(classification(samples=60, scores=scores))).words
    assert said in words
