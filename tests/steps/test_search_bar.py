"""The bar of a search: what it tells, and that nothing writes over it."""

from __future__ import annotations

import io
import re
import sys

import pytest

from nkululeko.core.progress import progress
from nkululeko.steps.search_bar import search_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with search_bar("search", "UAR") as show:
        show(1, 3, 0.5)
    assert capsys.readouterr() == ("", "")


def test_trials_and_the_best_and_no_other_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with search_bar("search", "UAR") as show:
        with progress("training", 5) as advance:
            advance()
        show(2, 3, 0.512)
    told = re.sub(r"\x1b\[[\d;?]*\w", "", terminal.getvalue())
    assert "2/3 trials" in told and "best UAR so far: 0.512" in told and "training" not in told


def test_a_search_within_something_else_that_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("experiments", 2), search_bar("search", "UAR") as show:
        show(1, 3, 0.5)
    assert "search" not in terminal.getvalue()
