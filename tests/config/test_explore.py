"""What [EXPL] and [PLOT] may ask of explore, and what has no effect where."""

from __future__ import annotations

from pathlib import Path

import pytest

from config_files import Project, ini_text
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.load import load
from nkululeko.config.schema.expl import Expl
from nkululeko.core.errors import ConfigError

READS = ("EXP", "DATA", "EXPL", "PLOT", "REPORT")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def explore(project: Project, *overrides: str, **sections: str) -> ExperimentConfig:
    return load(project.write(ini_text(**sections)), overrides, reads=READS, if_there=("FEATS",))


def expl(project: Project, *overrides: str, **sections: str) -> Expl:
    return explore(project, *overrides, **sections).section(Expl)


def notes(config: ExperimentConfig) -> list[str]:
    return [note.partition(": ")[2] for note in config.notes]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[['gender'], ['age', 'duration']]", (("gender",), ("age", "duration"))),
        ("['gender', ['age', 'duration']]", ("gender", ("age", "duration"))),
        ("gender", ("gender",)),
        ("[]", ()),
    ],
)
def test_columns_may_be_named_or_listed(project: Project, text: str, wanted: tuple) -> None:
    assert expl(project, EXPL=f"value_counts = {text}").value_counts == wanted


@pytest.mark.parametrize(
    ("sections", "mistake"),
    [
        ({"EXPL": "value_counts = [['a', 'b', 'c']]"}, "expected one or two columns in each list"),
        ({"EXPL": "value_counts = [[]]"}, "expected one or two columns in each list"),
        ({"EXPL": "value_counts = [['a', 'a']]"}, "'a' is there twice in one list"),
        ({"PLOT": "value_counts = [['a', 'b', 'c']]"}, "[PLOT] value_counts = [['a', 'b', 'c']]: expected one or two"),
        ({"EXPL": "regplot = [['a']]"}, "[EXPL] regplot = [['a']]: expected lists of two names, or of three"),
        ({"EXPL": "regplot = ['a', 'b']"}, "expected lists of two names, or of three"),
        ({"EXPL": "regplot = [['a', 'a']]"}, "expected two different names in each list"),
        ({"EXPL": "age_bins = 1"}, "[EXPL] age_bins = 1: expected 2 to 50 bins"),
        ({"EXPL": "scatter = ['tnse']"}, "[EXPL] scatter = ['tnse']: expected a list of 'tsne', 'umap' or 'pca'"),
        ({"EXPL": "scatter.dim = 4"}, "[EXPL] scatter.dim = 4: expected 2 or 3"),
        ({"EXPL": "feature_distributions = vioin"}, "expected True or False, 'violin', 'box'"),
        ({"EXPL": "model = ['tre']"}, "[EXPL] model: unknown model 'tre'; did you mean 'tree'?"),
        ({"EXPL": "sample_selection = tests"}, "expected 'all', 'train', 'test' or 'dev'"),
        ({"PLOT": "kind = pie"}, "[PLOT] kind = 'pie': expected 'violin', 'box', 'bar', 'swarm' or 'strip'"),
    ],
)  # fmt: skip
def test_mistakes(project: Project, sections: dict[str, str], mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        explore(project, **sections)
    (line,) = str(caught.value).split("\n")
    assert line.startswith("exp.ini, line ") and mistake in line


def test_a_section_of_its_own_goes_first(project: Project) -> None:
    assert expl(project).sample_selection == "all"
    assert expl(project, EXP="sample_selection = train").sample_selection == "train"
    both = {"EXP": "sample_selection = train", "EXPL": "sample_selection = all"}
    assert expl(project, **both).sample_selection == "all"


def test_bins_of_columns(project: Project) -> None:
    found = expl(project, EXPL="bin_reals = False\nage.bin_reals = True\nage_bins = 4")
    assert (found.bin_reals, found.bin_reals_of, found.bins_of) == (False, {"age": True}, {"age": 4})


def test_models_follow_the_task(project: Project) -> None:
    config = explore(project, EXP="type = regression", EXPL="model = ['tree', 'xgb']")
    assert config.section(Expl).model == ("tree_reg", "xgr")
    assert [note.partition(" is a")[0] for note in notes(config)] == [
        "[EXPL] model = tree",
        "[EXPL] model = xgb",
    ]


def test_no_model_is_needed_and_features_only_where_they_are_named(project: Project) -> None:
    text = "[DATA]\ndatabases = ['db']\ndb = db\ntarget = emotion\n"
    config = load(project.write(text), reads=READS, if_there=("FEATS",))
    assert "FEATS" not in config.sections and config.notes == ()
    config = load(project.write(text + "[FEATS]\n"), reads=READS, if_there=("FEATS",))
    assert config.feats.type == ("os",)
    assert load(project.write(text), ["FEATS.type=mfcc"], reads=READS, if_there=("FEATS",)).feats.type == (
        "mfcc",
    )


@pytest.mark.parametrize(
    "option", ["scatter = ['pca']", "model = ['tree']", "plot_features = ['F0']", "shap = True"]
)
def test_features_are_asked_for_and_there_are_none(project: Project, option: str) -> None:
    wanted = f"[EXPL] {option.split(' ')[0]} has no effect in this run: there are no features ([FEATS] type)"
    assert notes(explore(project, FEATS="type = []", EXPL=option)) == [wanted]
    assert notes(explore(project, EXPL=option)) == []


def test_what_has_no_effect_is_said(project: Project) -> None:
    plot = "kind = box\nfill_areas = True\nccc = True\nvalue_counts = ['gender']"
    run = notes(project.load(PLOT=plot))
    assert run == [
        *(f"[PLOT] {name} has no effect in this run: it is for explore" for name in ("kind", "fill_areas", "ccc")),
        "[PLOT] value_counts has no effect in this run: lists of columns are for explore",
    ]  # fmt: skip
    assert notes(explore(project, PLOT=plot)) == []
    assert notes(project.load(PLOT="value_counts = True\nepoch_progression = True")) == []
    config = explore(project, PLOT="epoch_progression = True", FEATS="scale = robust\nbalancing = ros")
    wanted = {"[FEATS] scale", "[FEATS] balancing", "[PLOT] epoch_progression"}
    assert {
        note.removesuffix(" has no effect in this run: it is for runs that learn") for note in notes(config)
    } == wanted


def test_a_number_may_have_bins_that_a_run_does_not_need(project: Project) -> None:
    sections = {"EXP": "type = regression", "DATA": "target = age\nbins = [0, 30, 90]"}
    assert notes(explore(project, **sections)) == []
    assert notes(project.load(MODEL="type = svr", **sections)) == [
        "[DATA] bins has no effect in this run: it is for EXP.type = classification"
    ]


def test_the_resolved_file_means_the_same(project: Project) -> None:
    asked = (
        "value_counts = ['gender', ['age', 'duration']]\nage_bins = 4\nage.bin_reals = False\nmodel = ['tree']\n"
        "feature_distributions = violin\nscatter = ['pca']\nscatter.target = ['age']\nscatter.dim = 3\n"
        "regplot = [['a', 'b', 'c']]\nspotlight = True"
    )
    config = explore(project, EXPL=asked, PLOT="kind = box\nvalue_counts = ['speaker']")
    again = load(project.write(config.to_ini(), "again.ini"), reads=READS, if_there=("FEATS",))
    named = {name: section for name, section in config.sections.items() if name != "EXP"}
    assert {name: section for name, section in again.sections.items() if name != "EXP"} == named
    assert again.notes == ()
