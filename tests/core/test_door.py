"""What the user sees of an error: one line, an exit code, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from nkululeko.core.door import door, guarded
from nkululeko.core.errors import ConfigError, NkululekoError


def raising(problem: BaseException) -> None:
    raise problem


@pytest.mark.parametrize(
    ("problem", "code", "lines"),
    [
        (NkululekoError("is empty", "a.csv", "fill it"), 1, ["error: a.csv: is empty; fill it"]),
        (
            ConfigError([NkululekoError("one", "a"), NkululekoError("two", "b")]),
            1,
            ["error: a: one", "error: b: two"],
        ),
        (
            KeyboardInterrupt(),
            130,
            ["interrupted: features extracted so far are kept; the same command goes on from there"],
        ),
        (
            ZeroDivisionError("by zero"),
            1,
            [
                "error: unexpected ZeroDivisionError: by zero; this is a mistake in nkululeko: please report it,"
                " with the output that NKULULEKO_DEBUG=1 gives"
            ],
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_guarded(
    problem: BaseException, code: int, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(lambda: raising(problem)) == code
    shown = capsys.readouterr()
    assert (shown.out, shown.err.splitlines()) == ("", lines)


def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


def test_debugging_keeps_the_traceback_of_what_nobody_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NKULULEKO_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: raising(ZeroDivisionError()))
    assert guarded(lambda: raising(NkululekoError("expected"))) == 1


def test_arguments_reach_the_action() -> None:
    seen: list[tuple[str, Sequence[str]]] = []

    def action(config: str, overrides: Sequence[str]) -> None:
        seen.append((config, overrides))

    assert door("nkululeko.x", action, ["--config", "a.ini"]) == 0
    assert (
        door("nkululeko.x", action, ["--set", "EXP.name=b", "--config", "a.ini", "--set", "MODEL.type=svm"])
        == 0
    )
    assert seen == [("a.ini", []), ("a.ini", ["EXP.name=b", "MODEL.type=svm"])]


def test_a_door_may_have_switches(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[bool] = []

    def action(config: str, overrides: Sequence[str], no_browser: bool) -> None:
        seen.append(no_browser)

    switches = {"no_browser": "do not open it"}
    assert door("nkululeko.x", action, ["--config", "a.ini"], switches) == 0
    assert door("nkululeko.x", action, ["--config", "a.ini", "--no-browser"], switches) == 0
    assert seen == [False, True]
    with pytest.raises(SystemExit):
        door("nkululeko.x", lambda config, overrides: None, ["--config", "a.ini", "--no-browser"])
    assert "--no-browser" in capsys.readouterr().err


def test_wrong_arguments_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        door("nkululeko.x", lambda config, overrides: None, [])
    assert end.value.code == 2
    assert "usage: python -m nkululeko.x" in (shown := capsys.readouterr().err) and "--config" in shown


def test_the_exit_code_of_the_process() -> None:
    code = (
        "from nkululeko.core.door import door\nfrom nkululeko.core.errors import NkululekoError\n"
        "def action(config, overrides): raise NkululekoError('is empty', config)\n"
        "raise SystemExit(door('x', action))"
    )
    ended = subprocess.run([sys.executable, "-c", code, "--config", "a.ini"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "error: a.ini: is empty\n")
