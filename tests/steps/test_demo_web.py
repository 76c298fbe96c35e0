"""The demo's page in a browser: a real upload, a real (played) microphone; and nothing leaves this computer."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile

from browsers import BROWSER, DRIVER, links, open_browser, requests
from finished_runs import finish, write_ini
from nkululeko import demo
from nkululeko.steps.apply import open_trained
from nkululeko.steps.demo_guard import QUIET, nothing_leaves
from nkululeko.steps.demo_web import announce
from spotlight_fakes import fetch, is_running

pytest.importorskip("gradio", reason="NOT TESTED: gradio is not installed")
#: an address of another computer
ELSEWHERE = "93.184.215.14"
#: notes every address that the process asks for, resolves or listens on, from its first moment
NOTED = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind", "socket.gethostbyname"):
        address = arguments[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else arguments[1]
        place = os.open(os.environ["NOTED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(place, f"{event} {address!r}\\n".encode())
        os.close(place)
sys.addaudithook(note)
"""


class Server:
    """The command, with its page open."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        (folder / "sitecustomize.py").write_text(NOTED)
        (folder / "tmp").mkdir()
        self.noted = folder / "noted.txt"
        self.scratch = folder / "tmp"
        names = {name: value for name, value in os.environ.items() if name not in QUIET}
        environment = names | {
            "PYTHONPATH": str(folder),
            "NOTED": str(self.noted),
            "TMPDIR": str(folder / "tmp"),
        }
        command = [sys.executable, "-m", "nkululeko.demo", *arguments, "--web", "--port", "0"]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.talks: set[str] = set()
        self.address = ""
        for line in self.process.stdout:
            found = re.search(r"http://\S+", line)
            if found:
                self.address = found[0]
                break
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """What the system says of its connections, whoever made them."""
        while self.process.poll() is None:
            with contextlib.suppress(OSError):
                sockets = set(links(self.process.pid))
                for protocol in ("tcp", "tcp6", "udp", "udp6"):
                    for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
                        words = line.split()
                        if f"socket:[{words[9]}]" in sockets:
                            self.talks |= {words[1].partition(":")[0], words[2].partition(":")[0]}
            time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> tuple[str, str]:
        self.process.send_signal(number)
        try:
            return self.process.communicate(timeout=20)
        finally:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def home(tmp_path_factory, corpus, store):
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = finish(write_ini(folder, corpus, store), "web", "MODEL.type=xgb")
    return result


@pytest.fixture(scope="module")
def server(home, tmp_path_factory):
    opened = Server(tmp_path_factory.mktemp("server"), str(home.folder))
    assert opened.address, opened.end()
    yield opened
    if opened.process.poll() is None:
        opened.end()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not (BROWSER and DRIVER):
        pytest.skip("NO BROWSER: chromium and chromedriver are not found")
    driver = open_browser(
        tmp_path_factory.mktemp("profile"),
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
    )
    yield driver
    driver.quit()


def buttons(browser, word: str):
    from selenium.webdriver.common.by import By

    return [
        button
        for button in browser.find_elements(By.CSS_SELECTOR, "#recording button")
        if word in f"{button.text} {button.get_attribute('aria-label')}".lower() and button.is_displayed()
    ]


def when(condition, seconds: float = 40.0):
    """What a condition gives, once it gives something; the page may be on its way."""
    from selenium.common.exceptions import WebDriverException

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(WebDriverException, IndexError):
            found = condition()
            if found:
                return found
        time.sleep(0.1)
    raise AssertionError("it took too long")


def answer_after(browser, address: str, act) -> str:
    from selenium.webdriver.common.by import By

    browser.get(address)
    when(lambda: buttons(browser, "upload"))
    act()
    return when(lambda: browser.find_elements(By.CSS_SELECTOR, ".nk-answer")[0].text)


def upload(browser, address: str, path: Path) -> str:
    from selenium.webdriver.common.by import By

    def act():
        buttons(browser, "upload")[0].click()
        when(lambda: browser.find_elements(By.CSS_SELECTOR, "#recording input[type=file]"))[0].send_keys(
            str(path)
        )

    return answer_after(browser, address, act)


@pytest.fixture(scope="module")
def asked():
    """Every address that the browser asked for."""
    return set()


def test_an_upload_is_judged_as_in_the_test_of_the_run(server, browser, home, asked):
    file, said = home.predictions.index[0][0], home.predictions.iloc[0]
    text = upload(browser, server.address, Path(file))
    asked.update(requests(browser))
    assert text.startswith(f"emotion: {said['prediction']} (")
    shown = dict(re.findall(r"^(\w+)\n([<>]?\d+) %$", text, re.MULTILINE))
    assert {*shown} == {*home.labels}
    assert shown[said["prediction"]].lstrip(">") == f"{min(100 * said[f'p_{said.prediction}'], 99):.0f}"
    assert "What moved it" in text and re.search(rf"(raises|lowers) {said['prediction']} by", text)


def test_the_microphone_is_heard(server, browser, home, asked):
    def act():
        buttons(browser, "record audio")[0].click()
        when(lambda: [button for button in buttons(browser, "record") if button.text == "Record"])[0].click()
        time.sleep(1.5)
        when(lambda: [button for button in buttons(browser, "stop") if button.text])[0].click()

    text = answer_after(browser, server.address, act)
    asked.update(requests(browser))
    assert re.match(rf"emotion: ({'|'.join(home.labels)}) \(", text)
    assert "it was brought from" in text  # the browser records at the rate of the sound card


def test_bad_uploads_are_one_clear_sentence(server, browser, home, asked, tmp_path):
    (tmp_path / "text.wav").write_text("I am no sound")
    soundfile.write(tmp_path / "nothing.wav", np.zeros(0), 16000)
    soundfile.write(tmp_path / "click.wav", np.zeros(3), 16000)
    signal_, rate = soundfile.read(home.predictions.index[0][0])
    soundfile.write(tmp_path / "stereo.wav", np.repeat(signal_, 3)[:, np.newaxis] * [1, 1], 3 * rate)
    for name, expected in (
        ("text", "This recording cannot be judged: it is no readable audio file"),
        ("nothing", "This recording cannot be judged: it holds no samples"),
        ("click", "This recording cannot be judged: "),
        ("stereo", "emotion: "),
    ):
        text = upload(browser, server.address, tmp_path / f"{name}.wav")
        assert text.startswith(expected), name
        assert "Traceback" not in text and "Error" not in text
        assert "\n" not in text or name == "stereo"
    asked.update(requests(browser))


def test_the_browser_asks_this_computer_alone(asked):
    places = [urlsplit(url) for url in asked]
    assert len(places) > 20
    assert {place.hostname for place in places if place.scheme in ("http", "https", "ws", "wss")} == {
        "127.0.0.1"
    }
    assert {place.scheme for place in places} <= {
        "http",
        "data",
        "blob",
        "chrome",
    }  # the last is its own first page


def test_the_page_says_to_the_browser_that_nothing_is_fetched(server):
    host = urlsplit(server.address).netloc
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", "/")
    answered = connection.getresponse()
    policy = answered.getheader("content-security-policy")
    assert "default-src 'self'" in policy and "http" not in policy
    page = answered.read().decode()
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']https?://(?!127\.0\.0\.1)""", page)


@pytest.mark.parametrize("name", ["example.com", "127.0.0.1.example.com", "localhost.example.com:80", ""])
def test_other_names_that_lead_here_are_refused(server, name):
    """Else another page in the browser could speak to this one (DNS rebinding)."""
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)
    connection.request("GET", "/config", headers={"Host": name})
    assert connection.getresponse().status == 403


def test_too_large_an_upload_is_refused(server):
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=10)
    connection.putrequest("POST", "/gradio_api/upload")
    connection.putheader("Content-Length", str(500 * 2**20))
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.endheaders()
    answered = connection.getresponse()
    assert answered.status == 413 and b"more than 200 MB" in answered.read()


def test_what_it_is_asked_to_fetch_is_not_fetched(server):
    """The library behind the page fetches recordings by their addresses; here it cannot."""
    config = json.loads(fetch(server.address, "config"))
    (event,) = [each for each in config["dependencies"] if each["inputs"]]
    elsewhere = {"path": f"http://{ELSEWHERE}/a.wav", "meta": {"_type": "gradio.FileData"}}
    body = {"data": [elsewhere], "fn_index": event["id"], "session_hash": "x", "event_data": None}
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=20)
    connection.request(
        "POST", "/gradio_api/queue/join", json.dumps(body), {"Content-Type": "application/json"}
    )
    connection.getresponse().read()
    connection.request("GET", "/gradio_api/queue/data?session_hash=x")
    answered = connection.getresponse().read().decode()
    assert '"success":false' in answered
    asked_for = [line.split()[0] for line in noted(server) if ELSEWHERE in line]
    assert "socket.connect" not in asked_for and "socket.sendto" not in asked_for


def noted(server) -> list[str]:
    return server.noted.read_text().splitlines()


def test_it_speaks_to_this_computer_alone_and_forgets(server):
    heard = [line for line in noted(server) if ELSEWHERE not in line]  # what the test above tried
    assert any(line.startswith("socket.bind") for line in heard), "nothing was noted"
    for line in heard:
        assert re.search(r"'(127\.0\.0\.1|::1|localhost)'|None", line) or line.endswith((" ''", " b''")), line
    here, nowhere = "0100007F", {"00000000", "0" * 32}
    assert here in server.talks and server.talks <= {here, *nowhere}
    kept = [path for path in server.scratch.rglob("*.wav")]
    assert kept, "uploads are expected here, as long as the page is open"
    out, errors = server.end()
    assert "recordings are deleted" in out
    assert (
        errors.count("Traceback")
        == errors.count("PermissionError: the demo speaks to this computer alone")
        <= 1
    )
    assert server.process.returncode == 0
    assert not [path for path in server.scratch.rglob("*") if path.is_file()]


def test_ctrl_c_ends_it(home, tmp_path, capsys):
    opened = Server(tmp_path, str(home.folder))
    assert opened.address
    connection = http.client.HTTPConnection(urlsplit(opened.address).netloc, timeout=10)
    port = urlsplit(opened.address).port
    assert demo.main([str(home.folder), "--web", "--port", str(port)]) == 1
    assert f"port {port} (Address already in use" in capsys.readouterr().err
    connection.request("GET", "/gradio_api/heartbeat/abc")  # a page that stays open must not keep it
    out, errors = opened.end(signal.SIGINT)
    assert (opened.process.returncode, errors) == (0, "") and out.endswith("the recordings are deleted\n")
    assert not is_running(opened.process.pid)


def test_who_lets_others_in_is_warned(home, capsys):
    trained = open_trained(home.folder)
    announce(trained, "http://0.0.0.0:1/", "0.0.0.0")
    assert "everyone in your network" in capsys.readouterr().err
    announce(trained, "http://127.0.0.1:1/", "127.0.0.1")
    shown = capsys.readouterr()
    assert "warning" not in shown.err and "http://127.0.0.1:1/ (Ctrl-C ends it)" in shown.out


def test_without_gradio_one_line_says_what_to_install(home, tmp_path):
    (tmp_path / "gradio.py").write_text("raise ImportError('no gradio')")
    done = subprocess.run(
        [sys.executable, "-m", "nkululeko.demo", str(home.folder), "--web", "--port", "0"],
        capture_output=True, text=True, timeout=60, env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert 'pip install "nkululeko[demo]"' in done.stderr and "Traceback" not in done.stderr


def test_guard():
    import socket

    before = dict(os.environ)
    with nothing_leaves():
        assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
        with pytest.raises(PermissionError, match="this computer alone"):
            socket.create_connection((ELSEWHERE, 80), timeout=1)
        with pytest.raises(PermissionError, match=r"not to example\.com"):
            socket.getaddrinfo("example.com", 80)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with pytest.raises(PermissionError):
            sender.sendto(b"x", ("8.8.8.8", 53))
        sender.close()
        listening = socket.create_server(("127.0.0.1", 0))
        socket.create_connection(listening.getsockname()).close()
        listening.close()
        assert socket.getaddrinfo("localhost", 80)
    assert dict(os.environ) == before
    with contextlib.suppress(OSError):  # it sleeps again: whatever the net says, it is not our refusal
        try:
            socket.getaddrinfo("no.such.host.invalid", 80)
        except PermissionError:
            pytest.fail("the guard goes on")
