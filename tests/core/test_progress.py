"""Progress is for people: a bar on a terminal, silence in a log file."""

from __future__ import annotations

import sys

import pytest

from nkululeko.core import engine
from nkululeko.core.progress import clear_after_another, no_bars, progress
from terminals import Terminal, shown_in_a_worker


def test_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("os", 3) as advance:
        advance()
        advance(2)
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress("extracting os", 3) as advance:
        advance()
        advance(2)
    assert "extracting os" in terminal.getvalue() and "3/3" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_nothing_to_do_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("extracting os", 0):
        pass
    assert terminal.getvalue() == ""


def test_what_is_done_within_a_bar_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("outer", 1), progress("inner", 1):
        pass
    assert "outer" in terminal.getvalue() and "inner" not in terminal.getvalue()
    with no_bars(), progress("silent", 1):
        pass
    assert "silent" not in terminal.getvalue()
    with progress("next", 1):
        pass
    assert "next" in terminal.getvalue(), "it may be shown again afterwards"


def test_workers_show_no_bars_of_their_own() -> None:
    assert "training" in shown_in_a_worker(0)
    found = engine.unordered(shown_in_a_worker, range(4), workers="processes", jobs=2)
    assert list(found) == [""] * 4


def test_the_bar_of_a_process_that_was_ended_is_cleared_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clear_after_another()
    assert capsys.readouterr() == ("", "")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "dumb")
    clear_after_another()
    assert terminal.getvalue() == ""
    monkeypatch.setenv("TERM", "xterm")
    clear_after_another()
    assert terminal.getvalue().endswith("\x1b[?25h"), "the cursor is seen again"
