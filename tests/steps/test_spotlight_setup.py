"""The environment of Spotlight: when it counts as there, and that nothing of the user's is touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nkululeko import spotlight_setup
from nkululeko.cli import app
from nkululeko.core.errors import NkululekoError
from nkululeko.core.store import default_store
from nkululeko.steps.spotlight_setup import find, place, set_up
from spotlight_fakes import make_python

#: makes environments that have Spotlight in them already, and a pip that does what the test wants
MAKER = """#!/bin/sh
if [ "$1" = "-m" ] && [ "$2" = "venv" ]; then
  mkdir -p "$3/bin" && cp "{pip}" "$3/bin/python"
else
  exec "{python}" "$@"
fi
"""
PIP = """#!/bin/sh
if [ "$1" = "-m" ]; then
  echo "$@" >> "{folder}/asked"
  {action}
else
  exec "{fake}" "$@"
fi
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the environment will be."""
    monkeypatch.setenv("NKULULEKO_SPOTLIGHT", str(tmp_path / "spotlight"))
    return tmp_path / "spotlight"


def make_maker(tmp_path, action="exit 0"):
    fake = make_python(tmp_path / "fake")
    for name, text in (("pip", PIP), ("maker", MAKER)):
        program = tmp_path / name
        program.write_text(
            text.format(
                folder=tmp_path, action=action, fake=fake, python=sys.executable, pip=tmp_path / "pip"
            )
        )
        program.chmod(0o755)
    return str(tmp_path / "maker")


def test_it_is_beside_the_feature_store(monkeypatch, tmp_path):
    monkeypatch.delenv("NKULULEKO_SPOTLIGHT", raising=False)
    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path / "disk" / "store"))
    assert place() == tmp_path / "disk" / "nkululeko-spotlight"
    monkeypatch.delenv("NKULULEKO_STORE")
    assert place() == default_store().parent / "nkululeko-spotlight"
    # Spotlight's own folders of settings and copies have another name
    assert place().name != "spotlight"


def test_it_is_made_once(folder, tmp_path, capsys):
    maker = make_maker(tmp_path)
    assert find() is None
    made = set_up(maker)
    assert made == find() and made.version == "1.8.9" and made.python == folder / "bin" / "python"
    told = capsys.readouterr().out
    assert told.startswith(f"installing Spotlight into {folder}") and "1.4 GB" in told
    assert told.endswith(f"Spotlight 1.8.9 is set up: {folder}/bin/python\n")
    asked = (tmp_path / "asked").read_text()
    assert asked.count("pip install") == 1 and "renumics-spotlight>=1.8,<2 pandas<3" in asked
    assert "--upgrade" not in asked
    assert set_up() == made
    assert capsys.readouterr().out == f"Spotlight 1.8.9 is set up: {folder}/bin/python\n"
    assert (tmp_path / "asked").read_text() == asked
    assert set_up(upgrade=True) == made
    assert (tmp_path / "asked").read_text().count("--upgrade renumics-spotlight") == 1


def test_half_made_it_does_not_count_and_is_made_anew(folder, tmp_path):
    with pytest.raises(NkululekoError) as problem:
        set_up(make_maker(tmp_path, 'echo "ERROR: no matching distribution"; exit 1'))
    assert "could not be installed (ERROR: no matching distribution)" in str(problem.value)
    assert "setup.log" in str(problem.value) and "network" in str(problem.value)
    assert "no matching" in (folder / "setup.log").read_text()
    assert (folder / "bin" / "python").exists() and find() is None
    left = folder / "left"
    left.touch()
    (tmp_path / "again").mkdir()
    assert set_up(make_maker(tmp_path / "again")) == find() is not None
    assert not left.exists()


def test_without_its_python_it_does_not_count(folder, tmp_path):
    made = set_up(make_maker(tmp_path))
    made.python.unlink()
    assert find() is None


def test_folders_of_others_are_left_alone(folder, tmp_path):
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(
        NkululekoError, match=r"is there already, and is not of nkululeko; .*NKULULEKO_SPOTLIGHT"
    ):
        set_up(make_maker(tmp_path))
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


def test_an_environment_of_the_user_is_used_and_never_changed(folder, tmp_path, monkeypatch, capsys):
    program = make_python(folder / "bin")
    before = sorted(folder.rglob("*"))
    for named in (folder, program):
        monkeypatch.setenv("NKULULEKO_SPOTLIGHT", str(named))
        assert find().python == program
        assert set_up().python == program
        with pytest.raises(NkululekoError, match="an environment of yours"):
            set_up(upgrade=True)
    assert sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts) == before


def test_a_python_that_has_spotlight_is_remembered(folder, tmp_path):
    program = make_python(tmp_path / "theirs")
    assert set_up(str(program)).python == program
    assert find().python == program
    assert [path.name for path in folder.iterdir()] == ["nkululeko.json"]
    program.unlink()
    assert find() is None


def test_a_python_without_spotlight_is_not_it(monkeypatch):
    monkeypatch.setenv("NKULULEKO_SPOTLIGHT", sys.executable)
    assert find() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no Python"),
        ("echo 3 9", "is Python 3.9, and Spotlight needs 3.10"),
        ("exit 3", "is no Python that runs"),
        ("echo hello", "is no Python that runs"),
    ],
)
def test_pythons_that_will_not_do(text, said, folder, tmp_path):
    program = tmp_path / "python"
    if text is not None:
        # the first question is for Spotlight
        program.write_text(f'#!/bin/sh\ncase "$2" in *metadata*) exit 1;; esac\n{text}\n')
        program.chmod(0o755)
    with pytest.raises(NkululekoError, match=said):
        set_up(str(program))
    assert not folder.exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"python": 3}', '{"python": "/nowhere", "spotlight": "1.8.9"}']
)
def test_damaged_stamps_are_no_stamps(content, folder):
    folder.mkdir()
    (folder / "nkululeko.json").write_text(content)
    assert find() is None


def test_ctrl_c_leaves_nothing(folder, tmp_path):
    maker = make_maker(tmp_path, "sleep 60")
    process = subprocess.Popen(
        [sys.executable, "-m", "nkululeko.spotlight_setup", "--python", maker],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not (tmp_path / "asked").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert said == "interrupted: Spotlight is not set up; the same command begins anew\n"
    assert not folder.exists()


def test_doors(folder, tmp_path, capsys):
    program = make_python(tmp_path / "theirs")
    assert spotlight_setup.main(["--python", str(program)]) == 0
    assert json.loads((folder / "nkululeko.json").read_text())["python"] == str(program)
    assert spotlight_setup.main(["--python", "no-such-python"]) == 1
    assert "error: there is no Python 'no-such-python'" in capsys.readouterr().err
    assert spotlight_setup.main(["--stop", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"no Spotlight is open of {tmp_path}\n"
    done = CliRunner().invoke(app, ["spotlight-setup"])
    assert (done.exit_code, done.output) == (0, f"Spotlight 1.8.9 is set up: {program}\n")
    ini = Path(tmp_path / "my.ini")
    ini.write_text("[EXP]\nroot = there\nname = mine\n")
    done = CliRunner().invoke(app, ["spotlight-stop", str(ini)])
    assert (done.exit_code, done.output) == (0, f"no Spotlight is open of {ini}\n")
