"""What a browser would find in a page, for the tests of the pages."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """What a browser would find in the page: elements with attributes, text, and whether tags match."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(html)
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def words(self):
        return " ".join("".join(self.text).split())


def assert_sound(html):
    """Unique ids, no active parts, nothing that is loaded from elsewhere."""
    reader = Reader(html)
    ids = [attrs["id"] for _, attrs in reader.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in reader.elements:
        assert tag not in ("script", "iframe", "object", "embed", "form", "base", "svg", "input")
        assert not any(name.startswith("on") or name == "style" for name in attrs), (tag, attrs)
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert attrs.get(name, "#").startswith(("data:", "#")), attrs
    assert not re.search(r"url\(|@import", html)
