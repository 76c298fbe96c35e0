"""The page in a real browser: nothing runs, nothing is loaded, nothing sticks out, sound plays."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from exploration_factory import made
from html_reader import PIXEL
from nkululeko.plots import Drawing, draw_all
from nkululeko.report.audio import clips
from nkululeko.report.explore import Drawn, explore_page
from nkululeko.report.leaderboard import Entry, leaderboard_page
from nkululeko.report.page import page
from nkululeko.report.sheet import sheet_page
from nkululeko.report.worst import worst
from result_factory import (
    HOSTILE,
    LONG,
    SEVEN,
    classification,
    regression,
    twenty,
    with_curve,
    with_folds,
    with_runs,
    with_speakers,
)
from sheet_factory import made_sheet

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
)
EXPLORATIONS = ("explore_seven", "explore_hostile", "explore_long")
pytestmark = [
    pytest.mark.skipif(
        not (BROWSER and DRIVER), reason="NO BROWSER: chromium and chromedriver are not found"
    ),
]


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
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages on disk, by name; recordings at 16 kHz (FLAC) and 96 kHz (MP3), one broken, some missing."""
    folder = tmp_path_factory.mktemp("pages")
    wav = folder / "wav"
    wav.mkdir()
    random = np.random.default_rng(0)
    results = {
        "seven": classification(samples=60, folder=str(wav), embedding=True),
        "hostile": classification(HOSTILE, samples=60, file_name='"><img src=x onerror=hacked=1>{}.wav'),
        "long": classification(LONG, samples=60),
        "twenty": classification(twenty(), samples=200),
        "regression": regression(samples=60),
        "learned": with_runs(with_folds(with_speakers(with_curve(classification())))),
    }
    first, second, third, *_ = (mistake.segment[0] for mistake in worst(results["seven"]))
    soundfile.write(first, random.normal(0, 0.1, 32000), 16000)
    soundfile.write(second, random.normal(0, 0.2, 192000), 96000)
    (wav / third).write_bytes(b"broken")
    for name, result in results.items():
        sounds = clips(mistake.segment for mistake in worst(result))
        if name in ("seven", "regression", "learned"):
            images = draw_all(result, Drawing(asked=("tsne", "epoch_progression", "anim_progression")))
        html = page(result, images, sounds)
        (folder / f"{name}.html").write_text(html, "utf-8")
    for name, sheet in sheets().items():
        html = sheet_page(sheet, {"value_counts.png": PIXEL, "balance.png": PIXEL}, warnings=["a warning"])
        (folder / f"{name}.html").write_text(html, "utf-8")
    for name, exploration in explorations(wav).items():
        segments = [(str(row["file"]), 0.0, None) for row in exploration.suspicious.to_dict("records")]
        html = explore_page(exploration, pictures_of(exploration), None, made_sheet(SEVEN), clips(segments))
        (folder / f"{name}.html").write_text(html, "utf-8")
    for name, found in leaderboards().items():
        html = leaderboard_page(found, "Which?", "UAR", ["a note"], ["a warning"])
        (folder / f"{name}.html").write_text(html, "utf-8")
    return folder


def leaderboards():
    """Leaderboards: hostile names in links and cells; long ones, with all columns."""
    evil = [Entry(text, {text: text}, 0.5, best=not n, note=text) for n, text in enumerate(HOSTILE)]
    long = [
        Entry(
            name,
            {"model": name, "C": n},
            0.5,
            0.4,
            0.6,
            0.1,
            0.0,
            0.2,
            0.1,
            0.2,
            not n,
            0.3,
            Path("run"),
            name,
        )
        for n, name in enumerate(LONG)
    ]
    return {"board_hostile": evil, "board_long": long}


def sheets():
    """Data sheets: hostile and long names, many databases, numbers, next to nothing."""
    ten = [f"corpus {number}" for number in range(10)]
    evil = ['"><img src=x onerror=hacked=1>', "<script>window.hacked=1</script>"]
    return {
        "sheet_hostile": made_sheet(
            HOSTILE, target="<b>x</b>", databases=evil, apart=False, copies=25, gaps=True
        ),
        "sheet_long": made_sheet(
            LONG, databases=["b", LONG[1]], apart=False, dev=10, copies=2, balanced=True
        ),
        "sheet_ten": made_sheet(SEVEN, databases=ten, apart=False, dev=10, gaps=True),
        "sheet_regression": made_sheet((), target="age", databases=["a", "b"]),
        "sheet_unknown": made_sheet(("a", "b"), known=False, dropped=False),
    }


def explorations(folder):
    """Explorations: one with sound, one of hostile names, one of long ones."""
    evil = '"><img src=x onerror=hacked=1>'
    return {
        "explore_seven": made(
            SEVEN, samples=70, texts=["Men are older than women."] * 12, odd=15, file=f"{folder}/{{:04d}}.wav"
        ),
        "explore_hostile": made(
            HOSTILE, target="<b>x</b>", column=evil, features=[evil, *HOSTILE], texts=HOSTILE, file=f"{evil}{{}}.wav"
        ),
        "explore_long": made(LONG, target=LONG[1], column=LONG[0], features=LONG, texts=LONG),
    }  # fmt: skip


def pictures_of(exploration):
    """A wide picture for each association, the ranking and the maps."""
    from nkululeko.plots._explore import draw_views

    (picture,) = (content for _, content in draw_views(exploration, names=("overview",)))
    found = [Drawn("associations", each.name, picture, each.name) for each in exploration.associations]
    maps = [Drawn("maps", f"map_{place}", picture, "pca") for place in range(3)]
    return [Drawn("overview", "overview", picture), Drawn("feature_importance", "x", picture), *found, *maps]


def show(browser, file, width=1280):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    for kind in ("performance", "browser"):
        browser.get_log(kind)  # reading empties it
    browser.get(file.as_uri())


@pytest.mark.parametrize(
    "name",
    [
        "seven",
        "hostile",
        "regression",
        "learned",
        "sheet_hostile",
        "sheet_long",
        "explore_seven",
        "explore_hostile",
        *leaderboards(),
    ],
)
def test_page_opens_without_complaint_and_asks_for_nothing(browser, pages, name):
    show(browser, pages / f"{name}.html")
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert asked, "the log holds nothing at all"
    assert [address for address in asked if not address.startswith(("file:///", "data:"))] == []
    assert sum(address.startswith("file:") for address in asked) == 1
    broken = "return [...document.images].filter(image => !image.complete || !image.naturalWidth).length"
    assert browser.execute_script(broken) == 0


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize(
    "name",
    [
        "seven",
        "hostile",
        "long",
        "twenty",
        "regression",
        "learned",
        *EXPLORATIONS,
        *sheets(),
        *leaderboards(),
    ],
)
def test_nothing_sticks_out(browser, pages, name, width):
    show(browser, pages / f"{name}.html", width)
    browser.execute_script("for (const part of document.querySelectorAll('details')) part.open = true")
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script("return document.scrollingElement.scrollWidth") <= width


def test_sound_can_be_played(browser, pages):
    show(browser, pages / "seven.html")
    load = """
        const done = arguments[arguments.length - 1];
        const players = [...document.querySelectorAll('audio')];
        const ready = player => new Promise(resolve => {
            const kind = player.src.slice(0, 15);
            player.onloadeddata = () => resolve([kind, player.duration, player.readyState]);
            player.onerror = () => resolve([kind, 0, 0]);
            player.preload = 'auto';
            player.load();
        });
        Promise.all(players.map(ready)).then(done);
    """
    heard = browser.execute_async_script(load)
    assert sorted(kind for kind, _, _ in heard) == ["data:audio/flac", "data:audio/mpeg"]
    for kind, duration, ready in heard:
        assert duration == pytest.approx(2.0, abs=0.06), kind
        assert ready >= 2, kind
    assert len(browser.find_elements("css selector", ".silence")) == 10


@pytest.mark.parametrize("name", ["hostile", "sheet_hostile", "board_hostile", "explore_hostile"])
def test_hostile_labels_do_nothing(browser, pages, name):
    show(browser, pages / f"{name}.html")
    assert browser.execute_script("return window.hacked") is None
    assert browser.execute_script("return document.scripts.length") == 0
    shown = browser.execute_script("return document.body.textContent")
    assert HOSTILE[0] in shown
    assert name == "board_hostile" or "<img src=x onerror=hacked=1>" in shown


def test_the_policy_stops_what_would_slip_through(browser, pages, tmp_path):
    """Were a label not escaped, the browser would still refuse to run or to load anything."""
    html = (pages / "regression.html").read_text("utf-8")
    evil = "<script>window.hacked=1</script><img src=http://127.0.0.1:9/x><p style='color:red' id=evil>x</p>"
    (tmp_path / "evil.html").write_text(html.replace("<main>", "<main>" + evil), "utf-8")
    show(browser, tmp_path / "evil.html")
    assert browser.execute_script("return window.hacked") is None
    colour = "return getComputedStyle(document.getElementById('evil')).color"
    assert browser.execute_script(colour) != "rgb(255, 0, 0)"
    assert (
        len([entry for entry in browser.get_log("browser") if "Content Security Policy" in entry["message"]])
        >= 3
    )


@pytest.mark.parametrize("name", ["seven", "learned", "sheet_long", "board_long", "explore_seven"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(browser, pages, scheme, name):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    show(browser, pages / f"{name}.html")
    browser.execute_script("for (const part of document.querySelectorAll('details')) part.open = true")
    script = """
        const light = colour => {
            const part = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
                .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
            return .2126 * part[0] + .7152 * part[1] + .0722 * part[2];
        };
        const ground = element => {
            for (; element; element = element.parentElement) {
                const colour = getComputedStyle(element).backgroundColor;
                if (colour.startsWith('rgb(')) return colour;
            }
            return 'rgb(255, 255, 255)';
        };
        const shaded = /^s[1-5]$/;
        const tags = 'p, li, th, td, dt, dd, h1, h2, a, summary, span, strong, caption';
        return [...document.querySelectorAll(tags)]
            .filter(element => !shaded.test(element.className))
            .map(element => {
                const pair = [light(getComputedStyle(element).color), light(ground(element))];
                const contrast = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
                return [contrast, element.outerHTML.slice(0, 60)];
            }).filter(found => found[0] < 4.5);
    """
    assert browser.execute_script(script) == []


def test_findings_lead_to_their_parts_and_wide_pictures_can_be_moved_on_a_phone(browser, pages):
    show(browser, pages / "explore_seven.html", 390)
    browser.find_element("css selector", ".findings a").click()
    place = (
        "return document.querySelector(location.hash.replace(/\\./g, '\\\\.')).getBoundingClientRect().top"
    )
    assert abs(browser.execute_script(place)) < 100
    wide = "const pan = document.querySelector('.pan'); return [pan.scrollWidth, pan.clientWidth]"
    inside, shown = browser.execute_script(wide)
    assert inside > 1.3 * shown
