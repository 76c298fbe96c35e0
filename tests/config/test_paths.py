"""Where relative paths lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from nkululeko.config.paths import resolve
from nkululeko.core.errors import NkululekoError


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("call", "home", "home/db", "home/both", "call/both"):
        (tmp_path / name).mkdir()
    return tmp_path / "call", tmp_path / "home"


def test_the_folder_of_the_call_goes_before_that_of_the_file(folders: tuple[Path, Path]) -> None:
    call, home = folders
    assert resolve("both", call, home) == call / "both"
    assert resolve("./db/", call, home) == home / "db"
    assert resolve("../home/db", call, home) == home / "db"
    assert resolve(home / "db", call, call) == home / "db"


def test_the_home_folder(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    call, home = folders
    monkeypatch.setenv("HOME", str(home))
    assert resolve("~/db", call, call) == home / "db"


def test_a_missing_path_names_both_places(folders: tuple[Path, Path]) -> None:
    call, home = folders
    with pytest.raises(NkululekoError) as caught:
        resolve("../x/db", call, home / "db")
    assert str(caught.value) == f"there is no '../x/db'; looked at {call.parent}/x/db and {home}/x/db"
    with pytest.raises(NkululekoError) as caught:
        resolve(call / "x", call, home)
    assert str(caught.value) == f"there is no '{call}/x'; looked at {call}/x"
