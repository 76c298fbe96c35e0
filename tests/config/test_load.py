"""Loading: defaults, choices, overrides, root_folders, notes, and the way back to a file."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config_files import Project, ini_text
from nkululeko.config.ini import written
from nkululeko.config.load import RUN, load
from nkululeko.config.schema.expl import Expl
from nkululeko.core.errors import ConfigError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def notes(project: Project, *overrides: str, **sections: str) -> list[str]:
    """The notes of the base file with other sections, without their places."""
    return [without_place(note) for note in project.load(*overrides, **sections).notes]


def without_place(note: str) -> str:
    return (
        note.partition(": ")[2]
        .replace("testsplit", "test_size")
        .replace("MODEL] weights", "MODEL] KNN_weights")
    )


def test_defaults(project: Project) -> None:
    config = project.text("[DATA]\ndatabases = db\ndb = db\ntarget = emotion\n[MODEL]\ntype = svm\n")
    assert config.notes == ()
    assert (config.source, config.folder_of_call) == (Path("exp.ini"), project.folder)
    assert (config.exp.name, config.exp.root, config.exp.type) == ("exp", Path("results"), "classification")
    assert (config.exp.random_seed, config.exp.jobs, config.exp.save, config.exp.store) == (
        42,
        None,
        True,
        None,
    )
    (database,) = config.data.databases
    assert (database.name, database.path, database.type) == ("db", str(project.folder / "db"), "audformat")
    assert (database.split_strategy, database.test_size, database.shared_speakers) == (
        "speaker_split",
        20,
        False,
    )
    assert database.type_options.files_tables is None  # type: ignore[attr-defined]
    assert [choice.name for choice in config.feats.sets] == ["os"]
    assert config.feats.sets[0].options.set == "eGeMAPSv02"  # type: ignore[attr-defined]
    assert (config.feats.scale, config.feats.scaler, config.feats.fail_threshold) == ("auto", None, 0.5)
    assert (config.model.type, config.model.choice.name, config.model.measure) == ("svm", "svm", "uar")
    assert (config.model.random_seed, config.model.n_jobs, config.model.device) == (42, None, "auto")
    assert (config.plot.tsne, config.plot.format, config.report.title) == (False, "png", None)


def test_values_of_all_kinds(project: Project) -> None:
    config = project.load(
        EXP="name = 2024\nroot = './out'\nrandom_seed = 7.0\njobs = 3\nsave = no",
        DATA=(
            "labels = [1, 2.5, 'drei']\ndb.columns = emotion\ndb.reverse = ON\ndb.reverse.max = 10\n"
            "db.colnames = {'Participant ID': 'speaker', 'Age': 'age'}\n"
            "db.mapping = {'emotion': {1: 'one'}}\ndb.testsplit = 40\nshared_speakers = TRUE"
        ),
        FEATS="type = ['os', 'mfcc']\nfeatures = [F0, 'a, b']\nos.features = x\nscale = standard",
        MODEL="C_val = 2\nsvm.kernel = linear\ngamma = .5",
    )
    assert (config.exp.name, config.exp.root, config.exp.save) == ("2024", Path("out"), False)
    assert config.exp.random_seed == 7 and isinstance(config.exp.random_seed, int)
    assert (config.model.random_seed, config.model.n_jobs) == (7, 3)
    assert config.data.labels == ("1", "2.5", "drei")
    (database,) = config.data.databases
    assert database.type_options.columns == ("emotion",)  # type: ignore[attr-defined]
    assert database.colnames == {"Participant ID": "speaker", "Age": "age"}
    assert database.mapping == {"emotion": {"1": "one"}}
    assert (database.reverse, database.reverse_max, database.test_size) == (True, 10.0, 40.0)
    assert database.shared_speakers is True
    assert [choice.name for choice in config.feats.sets] == ["os", "mfcc"]
    assert config.feats.features == ("F0", "a, b")
    assert config.feats.features_of == {"os": ("x",)}
    assert config.feats.scaler is not None and config.feats.scaler.name == "standard"
    options: Any = config.model.choice.options
    assert (options.C_val, options.kernel, options.gamma) == (2.0, "linear", 0.5)


def test_names_are_canonical(project: Project) -> None:
    assert project.load(MODEL="type = bayes").model.type == "nb"
    assert project.load(MODEL="type = bayes").model.choice.name == "nb"


@pytest.mark.parametrize(("classifier", "regressor"), [("svm", "svr"), ("xgb", "xgr"), ("knn", "knn_reg")])
def test_a_classifier_under_regression_means_its_partner(
    project: Project, classifier: str, regressor: str
) -> None:
    config = project.load(EXP="type = regression", MODEL=f"type = {classifier}")
    assert (config.model.type, config.model.choice.name, config.model.measure) == (
        regressor,
        regressor,
        "ccc",
    )
    assert config.notes == (
        f"exp.ini, line 11: [MODEL] type = {classifier} is a classifier: "
        f"its regression partner {regressor} is used",
    )


def test_the_command_line_goes_before_the_file(project: Project) -> None:
    (project.folder / "sub").mkdir()
    config = project.load(
        "MODEL.type=knn", "DATA.db.test_size=30", "MODEL.K_val=3", "MODEL.K_val=7", "DATA.other=other",
        "DATA.databases=['db', other]", "PLOT.tsne=yes",
        DATA="db.testsplit = 40", MODEL="type = svm\nknn.K_val = 9",
    )  # fmt: skip
    assert config.model.choice.name == "knn"
    assert config.model.choice.options.K_val == 7  # type: ignore[attr-defined]
    assert [(db.name, db.test_size) for db in config.data.databases] == [("db", 30), ("other", 20)]
    assert config.plot.tsne


def test_the_prefixed_option_wins(project: Project) -> None:
    options: Any = project.load(MODEL="svm.C_val = 5\nC_val = 2").model.choice.options
    assert options.C_val == 5


@pytest.mark.parametrize("header", ["", "[DATA]\n"])
def test_root_folders(project: Project, header: str) -> None:
    (project.folder / "roots").mkdir()
    (project.folder / "roots" / "near").mkdir()
    project.write(
        f"; all databases\n{header}db = other\ndb.test_size = 33\ndb.split_strategy = random\n"
        "near = near\nsomewhere = /nowhere\nsomewhere.lables = 3\n",
        "roots/all.ini",
    )
    config = project.text(
        "[DATA]\nroot_folders = roots/all.ini\ndatabases = [db, near]\ndb.test_size = 44\ntarget = x\n"
        "[MODEL]\ntype = svm"
    )
    assert config.notes == ()
    first, second = config.data.databases
    assert (first.path, first.test_size, first.split_strategy) == (
        str(project.folder / "other"),
        44,
        "random",
    )
    assert second.path == str(project.folder / "roots" / "near")
    in_exp = project.text(
        "[EXP]\nroot_folders = roots/all.ini\n[DATA]\ndatabases = near\ntarget = x\n[MODEL]\ntype = svm"
    )
    assert in_exp.data.databases == (second,)


def test_paths(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    home = project.folder / "home"
    (home / "own").mkdir(parents=True)
    (home / "db").mkdir()
    (home / "exp.ini").write_text(
        ini_text(
            DATA="databases = [db, own, remote]\nown = ./own\nremote = emodb\nremote.type = audb",
            FEATS="type = import\nimport_file = [table.csv, own]",
        )
    )
    config = load(home / "exp.ini")
    # the folder of the call first, then that of the file; the names of audb are no paths
    paths = [database.path for database in config.data.databases]
    assert paths == [str(project.folder / "db"), str(home / "own"), "emodb"]
    options: Any = config.feats.sets[0].options
    assert options.import_file == (str(project.folder / "table.csv"), str(home / "own"))


@pytest.mark.parametrize(
    ("sections", "option", "owners"),
    [
        ({"EXP": "epochs = 5"}, "[EXP] epochs", "mlp, mlp_reg, cnn, cnn_reg, lstm, lstm_reg, finetune"),
        ({"MODEL": "K_val = 3"}, "[MODEL] K_val", "knn, knn_reg"),
        (
            {"EXP": "type = regression", "MODEL": "type = rf_reg\nC_val = 3"},
            "[MODEL] C_val",
            "logreg, svm, svr",
        ),
        ({"MODEL": "layers = {'l1': 64}"}, "[MODEL] layers", "cnn, cnn_reg, lstm, lstm_reg, mlp, mlp_reg"),
        ({"MODEL": "GMM_components = 3"}, "[MODEL] GMM_components", "gmm"),
        ({"MODEL": "gmm.GMM_components = 3"}, "[MODEL] gmm.GMM_components", "gmm"),
        ({"FEATS": "max_formant = 5000"}, "[FEATS] max_formant", "praat"),
        ({"FEATS": "praat.features = [a]"}, "[FEATS] praat.features", "praat"),
        ({"DATA": "db.absolute_path = True"}, "[DATA] db.absolute_path", "csv, parquet"),
        (
            {"DATA": "db.split_strategy = train\ndb.test_size = 3"},
            "[DATA] db.test_size",
            "speaker_split, random, balanced",
        ),
        ({"DATA": "bins = [1, 2]"}, "[DATA] bins", "type = continuous"),
        (
            {"EXP": "type = regression", "MODEL": "type = svr", "DATA": "labels = [a]"},
            "[DATA] labels",
            "EXP.type = classification",
        ),
    ],
)
def test_what_has_no_effect_is_a_note(
    project: Project, sections: dict[str, str], option: str, owners: str
) -> None:
    assert notes(project, **sections) == [f"{option} has no effect in this run: it is for {owners}"]


def test_other_notes(project: Project) -> None:
    assert notes(project, FEATS="store_format = pkl", EXPL="spotlight = True", OPTIM="C_val = (1, 10)") == [
        "[FEATS] store_format has no effect: the store is Parquet",
        "section [EXPL] has no effect in this run",
        "section [OPTIM] has no effect in this run",
    ]
    assert notes(project, DATA="db.test_size = .3") == [
        "[DATA] db.test_size = 0.3 is a percentage: less than one percent"
    ]


@pytest.mark.parametrize(
    "sections",
    [
        {"EXP": "runs = 1\nengine = local\nsample_selection = train\nlanguage = de"},
        {"MODEL": "logo = 0\nk_fold_cross = False\nloso = False\ndevice = cpu"},
        {"DATA": "db.value_counts = False\nstrategy = train_test\ndb.dev_size = 10\nlimit_samples = 9"},
        {"FEATS": "scale = none\nnan_strategy = median"},
        {"PLOT": "tsne = 1\nformat = svg"},
    ],
)
def test_what_this_version_takes_without_a_word(project: Project, sections: dict[str, str]) -> None:
    assert notes(project, **sections) == []


def test_only_the_sections_that_are_read(project: Project) -> None:
    text = "[DATA]\ndatabases = db\ndb = db\ntarget = x\n[EXPL]\nmax_feats = 10\n[MODEL]\ntype = mlp\n"
    config = project.text(text, reads=("EXP", "DATA", "EXPL"))
    assert config.section(Expl).max_feats == 10
    assert config.notes == ()
    (note,) = project.text(text.replace("type = mlp", "type = svm")).notes
    assert note == "exp.ini, line 5: section [EXPL] has no effect in this run"
    with pytest.raises(LookupError, match="MODEL"):
        _ = config.model
    with pytest.raises(ConfigError, match=r"\[REPORT\] latex = 'paper' is not available in this version"):
        wanted = text.replace("[EXPL]\nmax_feats = 10", "[REPORT]\nlatex = paper")
        project.text(wanted, reads=("EXP", "DATA", "REPORT"))


def test_a_value_is_never_executed(project: Project) -> None:
    evil = "__import__('os').system('touch marker')"
    assert project.mistakes(MODEL=f"C_val = {evil}") == [
        f"exp.ini, line 11: [MODEL] C_val = {evil!r}: expected a number > 0"
    ]
    assert project.load(REPORT=f"title = {evil}").report.title == evil
    assert project.load(f"REPORT.title={evil}").report.title == evil
    assert not (project.folder / "marker").exists()


def test_the_configuration_travels_to_other_processes(project: Project) -> None:
    config = project.load(DATA="labels = [a, b]")
    assert pickle.loads(pickle.dumps(config)) == config


def test_config_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, nkululeko.config.load, nkululeko.config.checks\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'scipy', 'rich', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_chosen_plugins_are_imported(project: Project) -> None:
    path = project.write(ini_text())
    code = (
        f"import sys\nfrom nkululeko.config.load import load\nload({str(path)!r})\n"
        "models = [name for name in sys.modules if name.startswith('nkululeko.learning.models.')]\n"
        "loaded = {name.rpartition('.')[2] for name in models}\n"
        "assert 'svm' in loaded and not loaded & {'xgb', 'gmm', 'knn'}, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=project.folder)


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=8)
numbers = st.floats(0.001, 99, allow_nan=False)
some_names = st.lists(names, min_size=1, max_size=3)
OPTIONS = {
    "EXP": {
        "root": names.filter(lambda text: "\0" not in text),
        "random_seed": st.integers(0, 2**32 - 1),
        "jobs": st.integers(1, 99),
        "language": names,
        "save": st.booleans(),
        "type": st.sampled_from(["classification", "regression"]),
    },
    "DATA": {
        "target": names,
        "labels": st.lists(names, min_size=1, max_size=3, unique=True),
        "type": st.just("continuous"),
        "target_divide_by": numbers,
        "shared_speakers": st.booleans(),
        "db.type": st.sampled_from(["audformat", "audb", "csv"]),
        "db.split_strategy": st.sampled_from(["random", "train", "specified", "database", "reuse"]),
        "db.train_tables": some_names,
        "db.testsplit": st.floats(1, 99),
        "db.columns": some_names,
        "db.audio_path": names,
        "db.absolute_path": st.booleans(),
        "db.mapping": st.dictionaries(names, names | st.dictionaries(names, names, max_size=2), max_size=2),
        "db.label": names,
        "db.reverse.max": numbers,
        "db.shared_speakers": st.booleans(),
    },
    "FEATS": {
        "type": st.lists(
            st.sampled_from(["os", "mfcc", "praat", "import"]), min_size=1, max_size=3, unique=True
        ),
        "set": st.sampled_from(["eGeMAPSv02", "GeMAPS"]),
        "os.set": st.sampled_from(["eGeMAPSv02", "GeMAPS"]),
        "pooling": st.lists(st.sampled_from(["mean", "std", "max"]), min_size=1, unique=True),
        "features": some_names,
        "os.features": some_names,
        "max_formant": st.integers(3000, 8000),
        "scale": st.sampled_from(["auto", "none", "standard", "speaker"]),
        "nan_strategy": st.sampled_from(["zero", "drop"]),
        "import_file": st.just(["table.csv"]),
        "import_files_append": st.booleans(),
    },
    "MODEL": {
        "type": st.sampled_from(["svm", "xgb", "knn", "bayes", "gmm", "rf", "tree"]),
        "C_val": numbers,
        "svm.C_val": numbers,
        "gamma": st.sampled_from(["auto", 0.25]),
        "weights": st.sampled_from(["uniform", "distance"]),
        "n_estimators": st.integers(1, 500),
        "max_depth": st.integers(1, 9),
        "learning_rate": st.floats(0.01, 1),
        "GMM_components": st.integers(1, 9),
        "class_weight": st.booleans(),
        "random_seed": st.integers(0, 99),
    },
    "PLOT": {"tsne": st.booleans(), "format": st.sampled_from(["png", "pdf"]), "name": names},
    "REPORT": {"title": names, "author": names},
}


@st.composite
def experiments(draw: st.DrawFn) -> str:
    lines = []
    for section, options in OPTIONS.items():
        lines.append(f"[{section}]")
        chosen = draw(st.sets(st.sampled_from(sorted(options))))
        required = {"DATA": ["target"], "MODEL": ["type"]}.get(section, [])
        lines += [f"{name} = {written(draw(options[name]))}" for name in sorted({*chosen, *required})]
        lines += ["databases = [db, table]", "db = db", "table = table.csv"] if section == "DATA" else []
    return "\n".join(lines)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=experiments())
def test_the_resolved_configuration_means_the_same(project: Project, text: str) -> None:
    """What to_ini writes is a file that gives an equal configuration, and the same file again."""
    try:
        config = project.text(text)
    except ConfigError as problem:
        # a model that has no regression partner
        assert "and EXP.type is" in str(problem) and "\n" not in str(problem), problem
        return
    (project.folder / "elsewhere").mkdir(exist_ok=True)
    again = load(project.write(config.to_ini(), "elsewhere/config.ini"))
    assert again == config
    assert again.to_ini() == config.to_ini()
    assert set(map(without_place, again.notes)) <= set(map(without_place, config.notes))


def test_to_ini_marks_defaults_and_keeps_what_was_set(project: Project) -> None:
    text = project.load(MODEL="C_val = 2", FEATS="os.level = lld").to_ini()
    lines = text.split("\n")
    assert lines[0].startswith(";")
    assert [line for line in lines if line.startswith("[")] == [f"[{name}]" for name in RUN]
    assert "name = test" in lines
    assert "C_val = 2.0" in lines
    assert "kernel = rbf  ; default" in lines
    assert "level = lld" in lines
    assert "db.test_size = 20.0  ; default" in lines
    assert not any("K_val" in line or "latex" in line or "root_folders" in line for line in lines)
