"""A browser without a window, and who is spoken to: what tests of pages share."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1500,950 "
    "--use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader"
)


def open_browser(profile: Path, *flags: str) -> Any:
    """A browser that writes down what it asks for, see :func:`requests`."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS.split(), *flags, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))


def requests(browser: Any) -> dict[str, int | None]:
    """What the page asked for: address and status of the answer, if it came."""
    found: dict[str, int | None] = {}
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        params = message["params"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            found.setdefault((params.get("request") or params)["url"], None)
        if message["method"] == "Network.responseReceived":
            found[params["response"]["url"]] = params["response"]["status"]
    return found


def links(pid: int) -> list[str]:
    """What the open files of a process are."""
    found = []
    try:
        for path in Path(f"/proc/{pid}/fd").iterdir():
            found.append(str(path.readlink()))
    except OSError:
        pass
    return found
