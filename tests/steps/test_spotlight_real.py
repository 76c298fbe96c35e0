"""The real Spotlight: installed by our own command, on real sound, its page in a browser, and stopped again.

Its environment is made once for each user, in the user's cache, and used again by later calls of the tests.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from browsers import BROWSER, DRIVER, links, open_browser, requests
from nkululeko.cli import app
from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import Exploration, FeatureMap, Variable
from nkululeko.core.samples import segmented_index
from nkululeko.steps.spotlight import show_spotlight
from nkululeko.steps.spotlight_process import stop_spotlight
from nkululeko.steps.spotlight_setup import REQUIREMENTS, find, set_up
from spotlight_fakes import answers, fetch, is_running

#: what pip says where it reaches no packages
NO_NETWORK = (
    r"ConnectionError|Temporary failure|No matching distribution|Retrying|timed out|Connection refused"
)


@pytest.fixture(scope="module")
def installed():
    """Spotlight, installed by ``nkululeko spotlight-setup``."""
    recipe = hashlib.blake2b(repr((REQUIREMENTS, sys.version_info[:2])).encode(), digest_size=4).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("NKULULEKO_SPOTLIGHT"):
            patch.setenv("NKULULEKO_SPOTLIGHT", str(cache / "nkululeko-tests" / f"spotlight-{recipe}"))
        try:
            yield set_up()
        except NkululekoError as problem:
            log = Path(problem.where)
            if log.is_file() and re.search(NO_NETWORK, log.read_text()):
                pytest.skip(f"NOT TESTED: Spotlight cannot be installed here: {problem}")
            raise


@pytest.fixture(scope="module")
def exploration(corpus, tmp_path_factory):
    """Twelve recordings, each cut in two: labels, a prediction for half of them, places on the map for most."""
    table = pd.read_csv(corpus / "corpus.csv").head(12).loc[lambda frame: frame.index.repeat(2)]
    number = np.arange(len(table))
    starts, ends = (
        pd.to_timedelta(number % 2 * 0.5, unit="s"),
        pd.to_timedelta(number % 2 * 0.5 + 0.5, unit="s"),
    )
    index = segmented_index([str(corpus / name) for name in table["file"]], starts, ends)
    samples = table.drop(columns="file").set_axis(index).assign(
        database="db", split="train", duration=0.5, link=[f"http://example.com/{n}.wav" for n in number],
        happy=[None, *(number[1:] % 2 == 0)],
    )  # fmt: skip
    target = Variable("emotion", "category", samples["emotion"], tuple(sorted(set(samples["emotion"]))))
    random = np.random.default_rng(0)
    places = pd.DataFrame(random.normal(size=(20, 2)), columns=["x", "y"], index=index[:20])
    folder = tmp_path_factory.mktemp("results") / "my run"
    folder.mkdir()
    maps = (FeatureMap("umap", places, (target,)),)
    yield Exploration("exp", target, "all", samples, 3, maps=maps, folder=folder)
    stop_spotlight(folder)


@pytest.fixture(scope="module")
def opened(installed, exploration, tmp_path_factory):
    """Spotlight on it; who else it talks to is noted from the first moment."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, Watch(exploration.folder) as watch:
        for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(name, str(home))
        began = time.monotonic()
        found = show_spotlight(exploration, browser=False)
        print(f"Spotlight {installed.version} answers after {time.monotonic() - began:.1f} s")
        assert found is not None and list(home.iterdir()) == []
        yield found, watch


class Watch(threading.Thread):
    """Notes the addresses that a process group listens on and talks to, as long as it is watched."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.record, self.listens, self.talks, self.ended = folder / "spotlight.json", set(), set(), False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *problem):
        self.ended = True
        self.join()

    def run(self) -> None:
        while not self.ended:
            if self.record.exists():
                self.look(json.loads(self.record.read_text())["pid"])
            time.sleep(0.02)

    def look(self, group: int) -> None:
        sockets = {link for pid in members(group) for link in links(pid)}
        for protocol in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
                words = line.split()
                if f"socket:[{words[9]}]" in sockets:
                    (self.listens if words[3] == "0A" else self.talks).add(
                        words[1 if words[3] == "0A" else 2].partition(":")[0]
                    )


def members(group: int) -> list[int]:
    """The processes of a group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[2]) == group:
                found.append(int(path.parent.name))
        except OSError:  # it ended meanwhile
            continue
    return found


def test_table_arrives_as_it_was_sent(opened, exploration):
    address = opened[0].address
    columns = {column["name"]: column for column in json.loads(fetch(address, "api/table/"))["columns"]}
    kinds = {name: column["dtype"]["name"] for name, column in columns.items()}
    samples = exploration.samples
    assert kinds.items() >= {
        "file": "str", "emotion": "Category", "speaker": "Category", "link": "Category", "duration": "float",
        "happy": "bool", "map x": "float", "map y": "float", "segment": "Window", "audio": "Audio", "map": "Embedding",
    }.items()  # fmt: skip
    assert {*samples} <= kinds.keys()
    names = {code: name for name, code in columns["emotion"]["dtype"]["categories"].items()}
    assert [names[code] for code in columns["emotion"]["values"]] == samples["emotion"].tolist()
    assert columns["happy"]["values"] == [None, *(n % 2 == 0 for n in range(1, 24))]
    assert columns["segment"]["values"] == [[n % 2 * 0.5, n % 2 * 0.5 + 0.5] for n in range(24)]
    assert columns["map x"]["values"][:20] == pytest.approx(exploration.maps[0].points["x"].tolist())
    assert columns["map x"]["values"][20:] == [None] * 4
    place = json.loads(fetch(address, "api/table/map/3?generation_id=0"))
    assert place == pytest.approx(exploration.maps[0].points.iloc[3].tolist())
    file = samples.index.get_level_values("file")[5]
    assert fetch(address, "api/table/audio/5?generation_id=0") == Path(file).read_bytes()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = open_browser(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.mark.skipif(not (BROWSER and DRIVER), reason="NO BROWSER: chromium and chromedriver are not found")
def test_page_shows_the_samples_and_their_sound(opened, exploration, browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    address = opened[0].address
    wait = WebDriverWait(browser, 60)
    browser.get(address)

    def text(_=None):
        return browser.find_element(By.TAG_NAME, "body").text

    wait.until(lambda driver: "24 rows" in text() and "map x" in text())
    shown = text().splitlines()
    names = [Path(file).name for file in exploration.samples.index.get_level_values("file")]
    for word in (
        "spotlight.parquet",
        "file",
        "emotion",
        "speaker",
        "Scatter Plot",
        "Histogram",
        names[0],
        names[6],
    ):
        assert [line for line in shown if line.endswith(word)], word
    cell = next(
        cell
        for cell in browser.find_elements(By.XPATH, "//*[not(*)]")
        if cell.text.endswith(Path(names[0]).name)
    )
    cell.click()
    asked = {}

    def heard(_):
        asked.update(requests(browser))
        return asked.get(f"{address}api/table/audio/0/waveform?generation_id=0") == 200

    wait.until(heard)
    assert asked[f"{address}api/table/audio/0?generation_id=0"] == 200
    hosts = {
        urlsplit(url).hostname for url in asked if urlsplit(url).scheme in ("http", "https", "ws", "wss")
    }
    assert hosts == {"127.0.0.1"}


def test_it_talks_to_this_computer_alone_and_ends(opened, exploration, monkeypatch):
    found, watch = opened
    group = members(found.pid)
    assert len(group) >= 2 and watch.listens and watch.talks, "nothing was watched"
    here, nowhere = "0100007F", ("00000000", "0" * 32)
    assert watch.listens == {here}
    assert watch.talks <= {here, *nowhere}
    done = CliRunner().invoke(app, ["spotlight-stop", str(exploration.folder)])
    assert (done.exit_code, done.output) == (0, "Spotlight is stopped\n")
    assert not [pid for pid in group if is_running(pid)] and not answers(found.address)
    assert not (exploration.folder / ".spotlight").exists()


def test_what_it_cannot_read_is_told(installed, exploration):
    from nkululeko.steps.spotlight_process import start

    (exploration.folder / "spotlight.parquet").write_text("broken")
    with pytest.raises(NkululekoError, match="Spotlight ended before its page was there"):
        start(find().python, exploration.folder, {})
