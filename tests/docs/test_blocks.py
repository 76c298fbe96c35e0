"""The manual's examples do what it says: complete experiments run, wrong ones fail with the message shown."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import nkululeko
import nkululeko.aug_train
import nkululeko.explore
import nkululeko.export
import nkululeko.multidb
import nkululeko.predict
import nkululeko.resample
import nkululeko.segment
from docs_project import DOCS, READ, ROOT, Block, blocks, make_project
from nkululeko import quickstart
from nkululeko.config import ini
from nkululeko.config.load import RUN, load
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.testing.speech import STYLES

BASE = """\
[DATA]
databases = ['synthetic']
synthetic = ./quickstart/corpus/corpus.csv
synthetic.type = csv
target = emotion
[FEATS]
type = mfcc
[MODEL]
type = svm
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("docs"))


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the call; files that blocks name lie in it."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NKULULEKO_STORE", str(folder / "store"))
    for block in blocks("ini", "roots"):
        Path(f"{block.name}.ini").write_text(block.text, encoding="utf-8")
    return folder


def written(block: Block, name: str) -> Path:
    path = Path(f"{name}.ini")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    return path


@pytest.mark.parametrize("block", blocks("ini", "runs"), ids=str)
def test_complete_experiment_runs(block, project):
    result = nkululeko.run(written(block, block.name))
    assert result.report.exists()
    assert not [note for note in result.notes if "no effect" in note]


@pytest.mark.parametrize("block", blocks("ini", "predicts"), ids=str)
def test_prediction_runs(block, project):
    """Before those that explore what it leaves."""
    (path,) = nkululeko.predict.run(written(block, block.name)).files.values()
    assert "_pred" in path.read_text().partition("\n")[0]


@pytest.mark.parametrize("block", blocks("ini", "exports"), ids=str)
def test_export_runs(block, project):
    exported = nkululeko.export.run(written(block, block.name))
    assert exported.table.exists() and exported.written == exported.files > 0


@pytest.mark.parametrize("block", blocks("ini", "segments"), ids=str)
def test_segmentation_runs(block, project):
    pytest.importorskip("onnxruntime", reason="NOT TESTED: onnxruntime is not installed")
    assert len(nkululeko.segment.run(written(block, block.name)).samples)


@pytest.mark.parametrize("block", blocks("ini", "resamples"), ids=str)
def test_rates_are_told_as_shown(block, project, capsys):
    nkululeko.resample.print_resampling(str(written(block, block.name)), [])
    shown = next(other for other in blocks("") if other.page == block.page and "recordings" in other.text)
    plain = [re.sub(r"\b(\d{2,3}|[\d.]+ min)\b", "N", text) for text in (shown.text, capsys.readouterr().out)]
    assert plain[0] == plain[1]  # the corpus is smaller here


@pytest.mark.parametrize("block", blocks("ini", "augments"), ids=str)
def test_training_with_copies_runs(block, project):
    result = nkululeko.aug_train.run(written(block, block.name))
    assert not [note for note in result.notes if "no effect" in note]
    assert len(list((result.folder / nkululeko.aug_train.FOLDER).rglob("*.wav"))) > 10


@pytest.mark.parametrize("block", blocks("ini", "compares"), ids=str)
def test_databases_are_compared(block, project):
    grid = nkululeko.multidb.run(written(block, block.name)).grid
    assert not [cell.reason for cell in grid.cells if cell.is_empty]
    assert not [note for note in grid.notes if "no effect" in note]


@pytest.mark.parametrize("block", blocks("ini", "explores"), ids=str)
def test_exploration_runs(block, project):
    overrides = ["EXPL.spotlight=False"] if "spotlight" in block.text else []
    explored = nkululeko.explore.run(written(block, block.name), overrides)
    assert explored.page.exists() and explored.exploration.findings
    assert not [note for note in explored.exploration.notes if "no effect" in note]


@pytest.mark.parametrize("block", blocks("ini", "loads"), ids=str)
def test_experiment_can_be_read(block, project):
    load(written(block, block.name), reads=RUN, if_there=["AUTO"])  # with [AUTO] no model need be named


@pytest.mark.parametrize("block", blocks("ini", "later"), ids=str)
def test_what_this_version_lacks_is_refused_and_said(block, project):
    _, *module = block.marks[0][1].split()
    path = written(block, block.name)
    mistakes: list[str] = []
    try:
        load(path, reads=(*RUN, "EXPL", "PREDICT", "CROSSDB") if module else RUN)
    except ConfigError as problem:
        mistakes = [str(mistake) for mistake in problem.mistakes]
    assert not [line for line in mistakes if "unknown" in line], mistakes
    assert [line for line in mistakes if "not available in this version" in line], (
        "it is here now: take the box away"
    )
    if module:
        assert importlib.util.find_spec(f"nkululeko.{module[0]}") is None, "the module is here now"
    assert "Not available in this version" in (DOCS / block.page).read_text()


@pytest.mark.parametrize("block", blocks("ini", "fails"), ids=str)
def test_mistakes_are_told_as_shown(block, project):
    with pytest.raises(NkululekoError) as problem:
        nkululeko.run(written(block, "wrong"))
    for _, message in block.marks:
        assert message in str(problem.value)
    assert len(str(problem.value).splitlines()) == len(block.marks)


@pytest.mark.parametrize("block", blocks("ini", "part"), ids=str)
def test_part_of_an_experiment_knows_its_options(block, project):
    """Put into a complete experiment, it is right, but for databases that are not here."""
    part = ini.read(written(block, "part"))
    assert not part.mistakes, part.mistakes
    options = {(raw.section, raw.name): raw.text for raw in ini.read(Path(base(project))).options}
    given = {(raw.section, raw.name): raw.text for raw in part.options}
    if ("DATA", "databases") in given:
        options = {key: text for key, text in options.items() if not key[1].startswith("synthetic")}
    options |= given
    lines = [f"[{section}]\n" + text for section in RUN if (text := _section(options, section))]
    path = Path("part.ini")
    path.write_text("\n".join(lines))
    try:
        load(path)
    except ConfigError as problem:
        mistakes = [str(mistake) for mistake in problem.mistakes if "there is no '" not in str(mistake)]
        assert not mistakes, mistakes


def _section(options: dict[tuple[str, str], str], section: str) -> str:
    return "\n".join(f"{name} = {text}" for (where, name), text in options.items() if where == section)


def base(project: Path) -> Path:
    path = project / "base.ini"
    path.write_text(BASE)
    return path


@pytest.mark.parametrize("page", sorted({block.page for block in blocks("python", "runs")}))
def test_python_runs(page, project, capsys):
    mine = [block for block in blocks("python") if block.page == page and block.kind == "runs"]
    scope: dict[str, object] = {}
    for block in mine:
        exec(compile(block.text, str(block), "exec"), scope)
    if page == "python.md":
        assert len(mine) == len([block for block in blocks("python") if block.page == page])
        shown = re.search(r"# (--set: .*)$", "".join(block.text for block in mine), re.MULTILINE)[1]
        assert shown in capsys.readouterr().out


def test_plugin_of_the_manual(project, tmp_path):
    """The page's package, as pip would install it, in a process of its own."""
    (source,) = [block for block in blocks("python") if block.page == "extending.md"]
    (about,) = [block for block in blocks("toml") if block.page == "extending.md"]
    (experiment,) = blocks("ini", "plugin")
    described = tomllib.loads(about.text)["project"]
    package = tmp_path / "my_speech"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "zero_crossings.py").write_text(source.text, encoding="utf-8")
    installed = tmp_path / "my_speech-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {described['name']}\nVersion: 1.0\n")
    points = [
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in entries.items())
        for group, entries in described["entry-points"].items()
    ]
    (installed / "entry_points.txt").write_text("\n".join(points))
    path = written(experiment, experiment.name)
    done = subprocess.run(
        [sys.executable, "-m", "nkululeko.nkululeko", "--config", str(path)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    split = (project / "results" / experiment.name / "config.ini").read_text()
    assert "zc_frame = 0.03" in split


def _commands() -> list[tuple[str, list[str]]]:
    lines = [line for block in blocks("bash") for line in block.text.splitlines()]
    return [(line, shlex.split(line)[1:]) for line in lines if line.startswith("nkululeko ")]


def test_commands_exist():
    from nkululeko.cli import app

    known = {info.name or info.callback.__name__ for info in app.registered_commands}
    used = {words[0] for _, words in _commands()}
    inline = {word for page in READ for word in re.findall(r"`nkululeko ([\w-]+)", page.read_text())}
    assert {"train", "run", "options", "quickstart"} <= used | inline <= known


@pytest.mark.parametrize("line, words", [pair for pair in _commands() if "--set" in pair[1]])
def test_overrides_of_commands_are_right(line, words, project):
    overrides = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
    load(base(project), overrides)


def test_page_shows_the_file_of_quickstart():
    (shown,) = [block for block in blocks("ini", "runs") if block.page == "quickstart.md"]

    def plain(text: str) -> list[str]:
        return [line for line in text.splitlines() if line and not line.startswith(";")]

    assert plain(shown.text) == plain(quickstart.EXPERIMENT)


def test_pages_tell_the_size_of_the_corpus():
    files = quickstart.SPEAKERS * quickstart.UTTERANCES * len(STYLES)
    text = (DOCS / "quickstart.md").read_text()
    assert f"({quickstart.SPEAKERS} voices, four emotions, {files} files)" in text
    tested = round(quickstart.SPEAKERS * 0.5)
    line = f"learned from {files // 2} samples, tested on {files // 2} samples of {tested} speakers"
    assert line in text and line in (ROOT / "README.md").read_text()


def test_make_has_the_commands_of_the_readme():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    used = set(re.findall(r"^make (\w+)$", readme, re.MULTILINE))
    assert used == {"quickstart", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in used)
