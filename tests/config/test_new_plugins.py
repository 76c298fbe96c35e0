"""A plug-in is one file: once it is there, its name, its spellings and its options are known."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config_files import Project
from nkululeko.config.reference import names, reference
from nkululeko.core import families
from nkululeko.core.plugin import Family

PLUGIN = """
from pydantic import model_validator
from nkululeko.core.families import Model
from nkululeko.core.plugin import Options as Base, option

class {name}Options(Base):
    {options}

class {name}(Model):
    Options = {name}Options
    tasks = {tasks}
    partner = "{partner}"
    also = {also}
    summary = "about {name}"
    def fit(self, features, target, weights=None): ...
    def predict(self, features): ...
    def save(self, folder): ...
    def restore(self, folder): ...
    classes = []
"""

MLP = """
    layers: tuple[int, ...] = option((), "sizes")
    width: int = option(1, "w", also=("breadth",), ge=1)
"""
OWN = """
    depth: int = option(help="how deep", default=...)
    C_val: float = option(1.0, "c", le=9)
"""
BOTH = """
    low: int = option(0, "l")
    high: int = option(1, "h")

    @model_validator(mode="after")
    def _order(self):
        if self.low > self.high:
            raise ValueError("low is above high")
        return self
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project whose only models are ``mlp`` (of the contract), ``own`` (of an outsider) and ``both``."""
    folder = tmp_path / "house_of_models"
    folder.mkdir()
    (folder / "__init__.py").touch()

    def add(
        stem: str, options: str, tasks: tuple = ("classification",), partner: str = "", also: tuple = ()
    ) -> None:
        text = PLUGIN.format(name=stem.title(), options=options, tasks=tasks, partner=partner, also=also)
        (folder / f"{stem}.py").write_text(text)

    add("mlp", MLP)
    add("own", OWN, also=("mine",))
    add("both", BOTH, tasks=("classification", "regression"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(families, "models", Family("house_of_models", families.Model, "model"))
    monkeypatch.chdir(tmp_path)
    yield Project(tmp_path)
    for name in [name for name in sys.modules if name.startswith("house_of_models")]:
        del sys.modules[name]


def test_a_name_of_the_contract_becomes_available(project: Project) -> None:
    config = project.load(EXP="epochs = 3", MODEL="type = mlp\nlayers = 64\nbreadth = 2")
    options: Any = config.model.choice.options
    assert (options.layers, options.width) == ((64,), 2)
    assert config.exp.epochs == 3
    assert config.notes == ()


def test_its_own_declaration_goes_before_the_planned_one(project: Project) -> None:
    # the planned option would take a dictionary
    found = project.mistakes(MODEL="type = mlp\nlayers = {'l1': 64}")
    assert found == ["exp.ini, line 11: [MODEL] layers = {'l1': 64}: expected a list of whole numbers"]


def test_another_spelling_of_a_plugin(project: Project) -> None:
    config = project.load(MODEL="type = mine\nmine.depth = 3\nown.C_val = 2")
    options: Any = config.model.choice.options
    assert (config.model.type, options.depth, options.C_val) == ("own", 3, 2)


def test_an_option_without_a_default(project: Project) -> None:
    found = project.mistakes(MODEL="type = own")
    assert found == ["exp.ini: model 'own' needs the option depth; how deep"]


def test_what_options_mean_together(project: Project) -> None:
    found = project.mistakes(MODEL="type = both\nlow = 3")
    assert [mistake.partition(": ")[2] for mistake in found] == ["low is above high"]


def test_an_option_of_a_plugin_that_is_not_chosen(project: Project) -> None:
    config = project.load(MODEL="type = both\nwidth = 3")
    assert [note.partition(": ")[2] for note in config.notes] == [
        "[MODEL] width has no effect in this run: it is for mlp"
    ]
    found = project.mistakes(MODEL="type = both\nwidht = 3")
    assert "unknown option 'widht' in [MODEL]; did you mean 'width'" in found[0]


def test_a_model_of_both_tasks_needs_no_partner(project: Project) -> None:
    config = project.load(EXP="type = regression", MODEL="type = both")
    assert config.model.choice.name == "both"
    assert config.notes == ()


def test_the_reference_knows_it(project: Project) -> None:
    rows = {(row.option, row.plugins): row for row in reference("MODEL")}
    assert rows["width", "mlp"].also == "breadth"
    assert rows["layers", "mlp"].type == "a list of whole numbers"
    assert ("layers", "mlp, mlp_reg") not in rows
    assert rows["C_val", "own"].type == "a number <= 9"
    known = {row.name: row for row in names("MODEL")}
    assert (known["own"].summary, known["own"].also, known["own"].available) == ("about Own", "mine", "yes")
    assert known["svm"].available == "not in this version"
