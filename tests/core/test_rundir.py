"""The run's folder: whole files, nothing stale, nothing of anybody else's touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.rundir import RunDir, write_atomically


def tree(folder: Path) -> set[str]:
    return {
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and not p.name.startswith(".written")
    }


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    write_atomically(path, b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_files_may_be_read_by_those_who_may_read_other_files(tmp_path: Path) -> None:
    """Temporary files are private: the result must not stay so."""
    (tmp_path / "ordinary").write_text("x")
    write_atomically(tmp_path / "ours", b"x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_where_things_go(tmp_path: Path) -> None:
    run = RunDir(tmp_path, "exp", images="figures", models="nets", results="tables")
    assert run.folder == tmp_path / "exp"
    assert run.write("log.txt", "ä") == tmp_path / "exp/log.txt"
    run.write_image("a.png", b"\x89")
    run.write_table("a.csv", "x")
    (run.model_folder() / "weights.json").write_text("{}")
    assert tree(run.folder) == {"log.txt", "figures/a.png", "tables/a.csv", "nets/weights.json"}
    assert (run.folder / "log.txt").read_bytes() == "ä".encode()
    assert (RunDir(tmp_path, "other").write_table("a.csv", "x")) == tmp_path / "other/a.csv"


def one_run(root: Path, images: list[str], models: list[str] | None) -> RunDir:
    run = RunDir(root, "exp")
    run.write("log.txt", "x")
    for name in images:
        run.write_image(name, b"x")
    if models is not None:
        folder = run.model_folder()
        for name in models:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("x")
    run.finish()
    return run


def test_nothing_stale_stays_and_nothing_foreign_goes(tmp_path: Path) -> None:
    run = one_run(tmp_path, ["a.png", "old.png"], ["old.json", "deep/old.json"])
    for foreign in ("notes.txt", "images/mine.png", "models/mine.json"):
        (run.folder / foreign).write_text("mine")
    one_run(tmp_path, ["a.png", "new.png"], ["new.json"])
    mine = {"notes.txt", "images/mine.png", "models/mine.json"}
    assert tree(run.folder) == mine | {"log.txt", "images/a.png", "images/new.png", "models/new.json"}
    one_run(tmp_path, [], [])
    assert tree(run.folder) == mine | {"log.txt"}


def test_a_run_without_models_removes_the_last_ones_and_takes_no_foreign_ones(tmp_path: Path) -> None:
    run = one_run(tmp_path, [], ["old.json"])
    (run.folder / "models/mine.json").write_text("mine")
    one_run(tmp_path, [], None)
    assert tree(run.folder) == {"log.txt", "models/mine.json"}
    one_run(tmp_path, [], [])
    assert tree(run.folder) == {"log.txt", "models/mine.json"}


def explored(root: Path, images: list[str]) -> None:
    run = RunDir(root, "exp", door="explore")
    run.write("explore.html", "x")
    for name in images:
        run.write_image(name, b"explored")
    run.finish()


def test_doors_that_share_a_folder_leave_each_other_what_they_wrote(tmp_path: Path) -> None:
    run = one_run(tmp_path, ["a.png", "shared.png"], ["m.json"])
    explored(tmp_path, ["b.png", "shared.png"])
    both = {"log.txt", "models/m.json", "explore.html", "images/a.png", "images/b.png", "images/shared.png"}
    assert tree(run.folder) == both
    explored(tmp_path, ["c.png"])  # the shared one is the run's as well
    assert tree(run.folder) == both - {"images/b.png"} | {"images/c.png"}
    one_run(tmp_path, [], [])
    assert tree(run.folder) == {"log.txt", "explore.html", "images/c.png"}


def test_an_interrupted_run_leaves_what_the_next_one_clears(tmp_path: Path) -> None:
    run = one_run(tmp_path, ["old.png"], [])
    RunDir(tmp_path, "exp").write_image("half.png", b"x")  # never finished
    assert (run.folder / "images/old.png").exists()
    one_run(tmp_path, ["new.png"], [])
    assert not (run.folder / "images/old.png").exists()


@pytest.mark.parametrize(
    "manifest",
    [
        [
            "../outside.txt",
            "/etc/hostname-of-nobody",
            "images/../../outside.txt",
            "",
            ".",
            "..",
            7,
            None,
            "\0",
        ],
        {"../outside.txt": 1},
        None,
        "../outside.txt",
        7,
    ],
)
def test_a_manifest_cannot_name_files_outside(tmp_path: Path, manifest: object) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    run = RunDir(tmp_path, "exp")
    (run.folder / ".written.json").write_text(json.dumps(manifest))
    one_run(tmp_path, ["a.png"], ["m.json"])
    assert outside.exists()
    assert tree(run.folder) == {"log.txt", "images/a.png", "models/m.json"}


def test_a_link_to_the_outside_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/theirs.txt").write_text("x")
    run = RunDir(tmp_path, "exp")
    (run.folder / "link").symlink_to(tmp_path / "elsewhere")
    (run.folder / "images").mkdir()
    (run.folder / ".written.json").write_text('["link/theirs.txt", "link", "images"]')
    one_run(tmp_path, ["a.png"], [])
    assert (tmp_path / "elsewhere/theirs.txt").exists()
    assert (run.folder / "images/a.png").exists()


def test_a_damaged_manifest_is_no_manifest(tmp_path: Path) -> None:
    run = RunDir(tmp_path, "exp")
    (run.folder / ".written.json").write_bytes(b"\xff[not json")
    one_run(tmp_path, ["a.png"], [])
    assert json.loads((run.folder / ".written.json").read_text()) == ["images/a.png", "log.txt"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NkululekoError, match=r"file/exp: cannot write results there .*; change EXP\.root"):
        RunDir(tmp_path / "file", "exp")


def test_a_folder_that_cannot_be_written_to() -> None:
    """A folder may exist and yet take no files, e.g. that of somebody else or on a full disk."""
    if not Path("/proc/self").is_dir():
        pytest.skip("needs a folder that nobody can write to: there is no /proc")
    with pytest.raises(NkululekoError, match=r"log\.txt: cannot be written .*; change EXP\.root"):
        RunDir(Path("/proc"), "self").write("log.txt", "x")
