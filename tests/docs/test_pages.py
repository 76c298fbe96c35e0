"""The manual hangs together: no empty page, none missing from the table of contents, no link into nowhere."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs_project import DOCS, EXAMPLES, PAGES, READ, ROOT, blocks, prose
from nkululeko.config.reference import to_markdown

NAV = (ROOT / "mkdocs.yml").read_text().split("\nnav:")[1]
LISTED = re.findall(r": ([\w/-]+\.md)$", NAV, re.MULTILINE)
ALL = [*READ, EXAMPLES / "README.md", ROOT / "CHANGELOG.md"]


def test_every_page_is_listed_once():
    assert sorted(LISTED) == [page.relative_to(DOCS).as_posix() for page in PAGES]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_no_page_is_empty(page):
    text = page.read_text("utf-8")
    assert text.startswith("# ")
    assert len(prose(page).split()) > 40


def slug(heading: str) -> str:
    """The anchor of a heading, as MkDocs makes it."""
    text = unicodedata.normalize("NFKD", re.sub(r"[`*]", "", heading)).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", text).strip().lower())


def anchors(page: Path) -> set[str]:
    lines = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE).splitlines()
    return {slug(line.lstrip("#")) for line in lines if line.startswith("#")}


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("https://", "http://")):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


def test_files_that_pages_name_exist():
    for page in READ:
        for name in re.findall(r"examples/([\w/]+\.(?:ini|csv))", page.read_text("utf-8")):
            assert (EXAMPLES / name).exists(), (page.name, name)


def test_reference_is_what_the_code_declares():
    fresh = (
        "python -c 'from nkululeko.config.reference import to_markdown as m; print(m())' > docs/options.md"
    )
    assert (DOCS / "options.md").read_text("utf-8") == to_markdown() + "\n", f"make it anew: {fresh}"


def test_blocks_are_of_a_known_kind():
    assert len(blocks("ini", "runs")) >= 5
    assert {block.kind for block in blocks("ini")} | {"later"} == {
        "runs",
        "loads",
        "explores",
        "predicts",
        "exports",
        "compares",
        "segments",
        "resamples",
        "augments",
        "later",
        "fails",
        "roots",
        "plugin",
        "part",
    }


@pytest.mark.parametrize("name", ["features.md", "index.md"])
def test_licences_are_told(name):
    text = (DOCS / name).read_text("utf-8")
    assert "openSMILE" in text and "personal" in text and "GPLv3" in text


class Loaded(HTMLParser):
    """Collects what a page makes the browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "audio", "source"):
            self.addresses.append(given.get("src") or "")
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preconnect", "preload"):
            self.addresses.append(given.get("href") or "")


@pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None,
    reason="NOT TESTED: mkdocs is not installed (pip install mkdocs-material)",
)
def test_manual_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        parser = Loaded()
        parser.feed(page.read_text("utf-8"))
        assert not [address for address in parser.addresses if re.match(r"(https?:)?//", address)], page.name
