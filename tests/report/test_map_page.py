"""The interactive maps: what is in the page, and what a real browser makes of it."""

from __future__ import annotations

import builtins
import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import soundfile

from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import FeatureMap, Variable
from nkululeko.core.samples import segmented_index
from nkululeko.report import map_page as module
from nkululeko.report.map_page import MOST, address, map_page
from result_factory import HOSTILE, LONG

pytest.importorskip("plotly", reason="NOT TESTED: plotly is not installed")

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --enable-unsafe-swiftshader --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage"
)
in_browser = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="NO BROWSER: chromium and chromedriver are not found"
)
EVIL = [
    *HOSTILE,
    "</script><script>window.hacked=1</script>",
    "<!--<script>",
    "]]>&lt;b&gt;x",
    "<img src=x onerror=window.hacked=1>",
    '<a href="javascript:window.hacked=1">x</a>',
    "%{x} $\\alpha$",
]
SAFE = ("anger", "joy", "sadness")


def made(
    folder: Path, labels=SAFE, methods=(("tsne", 2), ("pca", 3)), count: int = 24, name: str = "{}.wav",
    second: str = "speaker",
) -> tuple[list[FeatureMap], pd.MultiIndex]:  # fmt: skip
    """Maps of segments, two in each file, and one that shows but half of them."""
    random = np.random.default_rng(0)
    files = [str(folder / name.format(f"{n // 2:03d}")) for n in range(count)]
    starts = pd.to_timedelta([0.25 * (n % 2) for n in range(count)], unit="s")
    index = segmented_index(files, starts, starts + pd.Timedelta(0.25, "s"))
    target = Variable(
        "emotion", "category", pd.Series(np.resize(np.array(labels, object), count), index), tuple(labels)
    )
    who = pd.Series([f"s{n % 5}" if n else None for n in range(count)], index, dtype=object)
    age = pd.Series(random.normal(40, 9, count), index)
    age.iloc[3] = np.nan
    colours = (
        target,
        Variable(second, "category", who, tuple(f"s{n}" for n in range(5))),
        Variable("age", "number", age),
    )
    maps = []
    for number, (method, dimensions) in enumerate(methods):
        rows = index[:: number + 1]
        points = pd.DataFrame(random.normal(size=(len(rows), dimensions)), rows, list("xyz")[:dimensions])
        axes = tuple(f"PC {n} (5 %)" for n in range(1, dimensions + 1)) if method == "pca" else ()
        maps.append(FeatureMap(method, points, colours, axes, "drawn" if number else ""))
    return maps, index


def data_of(html: str) -> dict:
    """What the script of the page reads."""
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0])


def test_the_data_are_those_of_the_maps(tmp_path):
    maps, index = made(tmp_path / "wav")
    data = data_of(map_page(maps, tmp_path / "results", title="mine"))
    assert data["paths"] == list(index.get_level_values("file"))
    assert data["names"][2] == "001.wav"
    assert data["addresses"][0] == "../wav/000.wav"
    assert (data["starts"][1], data["ends"][1], data["parts"]) == (0.25, 0.5, True)
    assert [each["dimensions"] for each in data["maps"]] == [2, 3]
    assert data["maps"][1]["rows"] == list(range(0, 24, 2))
    np.testing.assert_allclose(data["maps"][1]["z"], maps[1].points["z"], atol=1e-4)
    emotion, speaker, age = data["colours"]
    assert emotion["levels"] == list(SAFE) and emotion["values"][:4] == [0, 1, 2, 0]
    assert speaker["values"][0] == -1 and age["values"][3] is None and age["levels"] is None


def test_maps_of_other_samples_share_one_list(tmp_path):
    maps, index = made(tmp_path, methods=(("pca", 2), ("pca", 2)))
    data = data_of(map_page([maps[1], maps[0]], tmp_path))
    there = [(file, start) for file, start in zip(data["paths"], data["starts"], strict=True)]
    assert len(there) == len(set(there)) == len(index)
    for each, points in zip(data["maps"], (maps[1].points, maps[0].points), strict=True):
        files = [data["paths"][row] for row in each["rows"]]
        assert files == list(points.index.get_level_values("file"))


def test_speakers_are_shown_by_name_however_many_there_are(tmp_path):
    maps, index = made(tmp_path)
    names = pd.Series([f"speaker {n}" for n in range(len(index))], index, dtype="str")
    names.iloc[0] = None
    colours = {each["name"]: each for each in data_of(map_page(maps, tmp_path, names))["colours"]}
    speaker = colours["speaker"]
    assert len(speaker["levels"]) == len(index) - 1 and speaker["values"][0] == -1
    assert speaker["levels"][speaker["values"][7]] == "speaker 7"


def test_nothing_a_name_holds_ends_the_script(tmp_path):
    maps, _ = made(tmp_path, EVIL, name="</script><script>window.hacked=1<!--{}.wav", second="</script>'\"&")
    html = map_page(maps, tmp_path, title="</title></script><script>window.hacked=1</script>")
    assert html.count("<script") == html.count("</script") == 3
    raw = re.findall(r'id="data">(.*?)</script>', html, re.DOTALL)[0]
    assert not re.search("[<>&]", raw)
    assert data_of(html)["names"][0] == "script><script>window.hacked=1<!--000.wav"


def test_addresses_hold_the_bytes_of_names_that_are_no_text():
    assert address("/data/caf\udce9.wav", Path("/data")) == "./caf%E9.wav"


@pytest.mark.parametrize(
    "name", ["a.wav", "a b#1?.wav", "a%20b.wav", "x:y.wav", "ä/ö.wav", "\\n.wav", "a&b='\".wav"]
)
@pytest.mark.parametrize("place", ["data", "results/run", "results/run/sub"])
def test_addresses_lead_from_the_page_to_the_file(tmp_path, name, place):
    page, file = tmp_path / "results" / "run", tmp_path / place / name
    found = address(str(file), page)
    assert found.startswith(("./", "../")) and not re.search(r"[#?\s'\"<>]", found)
    assert os.path.normpath(page / unquote(found)) == str(file)


def test_without_a_folder_addresses_are_absolute():
    assert address("/data/a b.wav", None) == "file:///data/a%20b.wav"


def test_too_many_dots_are_thinned_out_and_it_is_said(tmp_path):
    count = MOST + 500
    index = segmented_index([f"{n}.wav" for n in range(count)])
    points = pd.DataFrame(np.zeros((count, 2)), index, ["x", "y"])
    html = map_page([FeatureMap("pca", points, ())], tmp_path)
    assert len(data_of(html)["maps"][0]["rows"]) == MOST
    assert f"{MOST} of {count} samples are drawn" in html


def test_a_missing_package_names_the_extra(tmp_path, monkeypatch):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name.startswith("plotly"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    module._plotly.cache_clear()
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(NkululekoError, match=r'needs the package plotly; pip install "nkululeko\[explore\]"'):
        map_page(made(tmp_path)[0], tmp_path)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pages beside a folder of recordings whose names must be quoted."""
    place = tmp_path_factory.mktemp("maps")
    (place / "my wav#1").mkdir()
    (place / "results").mkdir()
    for number in range(12):
        sound = np.random.default_rng(number).normal(0, 0.1, 8000)
        soundfile.write(place / "my wav#1" / f"a%20{number:03d}.wav", sound, 16000)
    maps, _ = made(place / "my wav#1", name="a%20{}.wav")
    evil, _ = made(place, EVIL, name="<img src=x onerror=window.hacked=1>{}.wav", second=EVIL[1])
    long, _ = made(place, LONG, name="{}" + "x" * 200 + ".wav")
    for name, shown in {"plain": maps, "evil": evil, "long": long}.items():
        html = map_page(shown, place / "results", title=EVIL[0] if name == "evil" else name)
        (place / "results" / f"{name}.html").write_text(html, "utf-8")
    return place / "results"


def show(browser, file: Path, width: int = 1280) -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    for kind in ("performance", "browser"):
        browser.get_log(kind)  # reading empties it
    browser.get(file.as_uri())


def asked(browser) -> list[str]:
    """The addresses that the page asked for since it was opened."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def complaints(browser) -> list[str]:
    """What the browser says, but for its hints on speed."""
    said = [entry["message"] for entry in browser.get_log("browser")]
    return [line for line in said if "willReadFrequently" not in line and "GL Driver Message" not in line]


@in_browser
@pytest.mark.parametrize("name", ["plain", "evil", "long"])
def test_the_page_draws_its_maps_and_asks_for_nothing(browser, folder, name):
    show(browser, folder / f"{name}.html")
    dots = "return document.querySelectorAll('#map0 .scatterlayer .point').length"
    assert browser.execute_script(dots) == 24
    assert browser.execute_script("return document.querySelectorAll('#map1 canvas').length") > 0
    assert browser.execute_script("return document.getElementById('flat1').hidden")
    addresses = asked(browser)
    assert [address for address in addresses if not address.startswith("data:")] == [
        (folder / f"{name}.html").as_uri()
    ]
    assert complaints(browser) == []


@in_browser
def test_hostile_names_are_shown_as_they_are_and_do_nothing(browser, folder):
    from selenium.webdriver.common.action_chains import ActionChains

    show(browser, folder / "evil.html")
    points = browser.find_elements("css selector", "#map0 .scatterlayer .point")
    ActionChains(browser).move_to_element(points[0]).pause(0.5).perform()
    hovered = browser.execute_script("return document.querySelector('#map0 .hoverlayer').textContent")
    assert "<img src=x onerror=window.hacked=1>" in hovered
    legend = browser.execute_script("return document.querySelector('#map0 .legend').textContent")
    assert "<img src=x onerror=" in legend and "</script><script>" in legend
    assert browser.execute_script("return document.querySelectorAll('.plotly a, .plotly img').length") == 0
    assert browser.execute_script("return document.scripts.length") == 3
    assert browser.execute_script("return window.hacked") is None


@in_browser
def test_a_click_plays_that_segment_and_shows_its_path(browser, folder):
    from selenium.webdriver.common.action_chains import ActionChains

    show(browser, folder / "plain.html")
    browser.execute_script("document.getElementById('map0').scrollIntoView({block: 'center'})")
    points = browser.find_elements("css selector", "#map0 .scatterlayer .point")
    ActionChains(browser).move_to_element(points[-1]).pause(0.5).click().perform()
    heard = browser.execute_async_script("""
        const done = arguments[arguments.length - 1], player = document.getElementById("player");
        const tell = () => done([player.src, player.duration, player.readyState]);
        if (player.readyState >= 2) tell();
        player.addEventListener("loadeddata", tell);
        player.addEventListener("error", tell);
    """)
    path = browser.find_element("id", "path").text
    file, _, part = heard[0].partition("#t=")
    assert Path(unquote(file.removeprefix("file://"))) == Path(path)
    assert Path(path).exists() and Path(path).name in browser.find_element("id", "name").text
    assert heard[1] == pytest.approx(0.5, abs=0.01) and heard[2] >= 2
    assert part in ("0,0.25", "0.25,0.5")
    assert all(url.startswith(("file:", "data:")) for url in asked(browser))


@in_browser
def test_colours_can_be_chosen(browser, folder):
    from selenium.webdriver.support.select import Select

    show(browser, folder / "plain.html")
    choice = Select(browser.find_element("id", "colour"))
    assert [option.text for option in choice.options] == ["emotion", "speaker", "age"]
    legend = "return document.querySelector('#map0 .legend')?.textContent"
    assert all(f"{label} (8)" in browser.execute_script(legend) for label in SAFE)
    choice.select_by_visible_text("speaker")
    assert "s1 (5)" in browser.execute_script(legend) and "unknown (1)" in browser.execute_script(legend)
    choice.select_by_visible_text("age")
    assert browser.execute_script("return document.querySelectorAll('#map0 .colorbar').length") == 1


@in_browser
def test_no_button_sends_the_data_away(browser, folder):
    show(browser, folder / "plain.html")
    titles = browser.execute_script(
        "return [...document.querySelectorAll('.modebar-btn')].map(button => button.dataset.title)"
    )
    assert len(titles) == 6 + 5
    assert not [title for title in titles if re.search("share|cloud|edit|send", title, re.IGNORECASE)]
    assert browser.execute_script("return document.querySelectorAll('a[href]').length") == 0


@in_browser
def test_the_policy_stops_what_would_slip_through(browser, folder):
    html = (folder / "plain.html").read_text("utf-8")
    evil = "<script>window.hacked=1</script><img src=http://127.0.0.1:9/x onerror=window.hacked=1>"
    (folder / "slipped.html").write_text(html.replace("<main>", "<main>" + evil), "utf-8")
    show(browser, folder / "slipped.html")
    browser.execute_async_script(
        "const done = arguments[arguments.length - 1]; fetch('http://127.0.0.1:9/').then(done, () => done(0))"
    )
    assert browser.execute_script("return window.hacked") is None
    assert len([line for line in complaints(browser) if "Content Security Policy" in line]) >= 3
    assert browser.execute_script("return document.querySelectorAll('#map0 .point').length") == 24


@in_browser
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", ["plain", "evil", "long"])
def test_nothing_sticks_out(browser, folder, name, width):
    show(browser, folder / f"{name}.html", width)
    assert browser.execute_script("return document.scrollingElement.scrollWidth") <= width
