"""Every mistake of an experiment file: its message, word by word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config_files import Project, ini_text
from nkululeko.config.load import load
from nkululeko.core.errors import ConfigError, NkululekoError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_the_base_file_has_none(project: Project) -> None:
    assert project.mistakes() == []


@pytest.mark.parametrize(
    ("sections", "mistake"),
    [
        # unknown names
        (
            {"DATA": "db.split_stategy = random"},
            "unknown option 'db.split_stategy' in [DATA]; did you mean 'db.split_strategy'?",
        ),
        (
            {"DATA": "split_strategy = random"},
            "unknown option 'split_strategy' in [DATA]; did you mean 'db.split_strategy'?",
        ),
        ({"DATA": "lables = ['a']"}, "unknown option 'lables' in [DATA]; did you mean 'labels'?"),
        (
            {"DATA": "urdu = /data/urdu"},
            "unknown option 'urdu' in [DATA]; if 'urdu' is a database, list it in databases",
        ),
        (
            {"DATA": "databases = ['db', 'emodb']\nemodb = db\nemobd.test_size = 3"},
            "[DATA] emobd.test_size: 'emobd' is not listed in databases; did you mean 'emodb'?",
        ),
        (
            {"DATA": "filter.sample_selectoin = train"},
            "unknown option 'filter.sample_selectoin' in [DATA]; did you mean 'filter.sample_selection'?",
        ),
        ({"MODEL": "c_val = 2"}, "unknown option 'c_val' in [MODEL]; did you mean 'C_val'"),
        ({"FEATS": "os.sett = GeMAPS"}, "unknown option 'os.sett' in [FEATS]"),
        (
            {"FEATS": "prat.features = ['a']"},
            "[FEATS] prat.features: unknown feature set 'prat'; did you mean 'praat'",
        ),
        ({"MODELL": "type = svm"}, "unknown section [MODELL]; did you mean 'MODEL'?"),
        ({"EXPL": "spotligth = True"}, "unknown option 'spotligth' in [EXPL]; did you mean 'spotlight'?"),
        # unknown and unavailable plug-ins
        ({"MODEL": "type = svn"}, "[MODEL] type: unknown model 'svn'; did you mean 'sv"),
        (
            {"FEATS": "type = ['os', 'prat']"},
            "[FEATS] type: unknown feature set 'prat'; did you mean 'praat'",
        ),
        ({"FEATS": "scale = standart"}, "[FEATS] scale: unknown scaler 'standart'; did you mean 'standard'?"),
        (
            {"DATA": "db.split_strategy = speaker"},
            "[DATA] db.split_strategy: unknown split strategy 'speaker'; did you mean 'speaker_split'",
        ),
        ({"DATA": "db.type = cvs"}, "[DATA] db.type: unknown database type 'cvs'; did you mean 'csv'?"),
        (
            {"FEATS": "balancing = smot"},
            "[FEATS] balancing: unknown balancing method 'smot'; did you mean 'smote'",
        ),
        (
            {"FEATS": "balancing = smot"},
            "[FEATS] balancing: unknown balancing method 'smot'; did you mean 'smote'",
        ),
        (
            {"FEATS": "mld.anything = 3"},
            "unknown option 'mld.anything' in [FEATS]",
        ),
        # wrong values
        ({"MODEL": "C_val = abc"}, "[MODEL] C_val = 'abc': expected a number > 0"),
        ({"MODEL": "C_val = 0"}, "[MODEL] C_val = 0: expected a number > 0"),
        ({"MODEL": "C_val = True"}, "[MODEL] C_val = True: expected a number > 0"),
        ({"MODEL": "C_val = inf"}, "[MODEL] C_val = 'inf': expected a number > 0"),
        ({"MODEL": "C_val ="}, "[MODEL] C_val is empty: expected a number > 0"),
        ({"OPTIM": "C_val = [1]\nkernel ="}, "[OPTIM] kernel is empty: expected a value"),
        ({"MODEL": "svm.C_val = -1"}, "[MODEL] svm.C_val = -1: expected a number > 0"),
        ({"MODEL": "type = knn\nK_val = 3.5"}, "[MODEL] K_val = 3.5: expected a whole number >= 1"),
        ({"MODEL": "kernel = rfb"}, "[MODEL] kernel = 'rfb': expected 'rbf', 'linear', 'poly' or 'sigmoid'"),
        ({"MODEL": "gamma = wide"}, "[MODEL] gamma = 'wide': expected 'scale', 'auto' or a number > 0"),
        ({"MODEL": "save = perhaps"}, "[MODEL] save = 'perhaps': expected True or False"),
        ({"MODEL": "device = gpu"}, "[MODEL] device = 'gpu': expected cpu, cuda, cuda:0 ... or auto"),
        ({"DATA": "db.test_size = 0"}, "[DATA] db.test_size = 0: expected a number > 0 and < 100"),
        ({"DATA": "db.testsplit = 100"}, "[DATA] db.testsplit = 100: expected a number > 0 and < 100"),
        (
            {"DATA": "db.test_size = 70\ndb.dev_size = 40"},
            "database 'db': test (70 %) and dev set (40 %) leave nothing to train on",
        ),
        ({"DATA": "db.mapping = anger"}, "[DATA] db.mapping = 'anger': expected a dictionary {name: value}"),
        (
            {"DATA": "database = ['db']\ndatabases = ['db']"},
            "unknown option 'database' in [DATA]; did you mean 'databases'",
        ),
        ({"DATA": "databases = {'db': 1}"}, "[DATA] databases = {'db': 1}: expected a list of names"),
        ({"DATA": "databases = []"}, "[DATA] databases = []: expected at least one name"),
        ({"DATA": "databases = ['db', 'db']"}, "[DATA] databases = ['db', 'db']: 'db' is there twice"),
        ({"DATA": "labels = ['a', 'b', 'a']"}, "[DATA] labels = ['a', 'b', 'a']: 'a' is there twice"),
        ({"DATA": "bins = [1, 3, 2]"}, "[DATA] bins = [1, 3, 2]: expected ascending numbers"),
        ({"DATA": "bins = [1, 'x']"}, "[DATA] bins = [1, 'x']: expected a list of numbers"),
        ({"DATA": "bins = [1]"}, "[DATA] bins = [1]: expected at least two borders"),
        (
            {"DATA": "type = continuous\nbins = [0, 1, 2]\nlabels = ['a', 'b', 'c']"},
            "[DATA] bins: 3 borders for 3 labels, expected 4",
        ),
        ({"DATA": "target_divide_by = 0"}, "[DATA] target_divide_by = 0: expected a number other than 0"),
        ({"DATA": "db = nowhere"}, "[DATA] db: there is no 'nowhere'; looked at {folder}/nowhere"),
        (
            {"DATA": "root_folders = no.ini"},
            "[DATA] root_folders: there is no 'no.ini'; looked at {folder}/no.ini",
        ),
        ({"EXP": "type = regresion"}, "[EXP] type = 'regresion': expected 'classification' or 'regression'"),
        ({"EXP": "name = a/b"}, "[EXP] name = 'a/b': expected a plain folder name, without / or \\"),
        ({"EXP": "name = .."}, "[EXP] name = '..': expected a plain folder name, without / or \\"),
        ({"EXP": "fig_dir = ../x"}, "[EXP] fig_dir = '../x': expected a folder below root/name"),
        ({"EXP": "jobs = 0"}, "[EXP] jobs = 0: expected a whole number >= 1"),
        ({"FEATS": "fail_threshold = 1.5"}, "[FEATS] fail_threshold = 1.5: expected a number >= 0 and <= 1"),
        ({"FEATS": "type = []"}, "[FEATS] type = []: expected at least one feature set; e.g. type = ['os']"),
        (
            {"FEATS": "set = eGeMAPSv2"},
            "[FEATS] set = 'eGeMAPSv2': unknown openSMILE set 'eGeMAPSv2'; did you mean",
        ),
        (
            {"FEATS": "type = import\nimport_file = x.csv"},
            "[FEATS] import_file: there is no 'x.csv'; looked at ",
        ),
        ({"PLOT": "format = jpg"}, "[PLOT] format = 'jpg': expected 'png', 'svg', 'pdf' or 'eps'"),
        # what does not fit together
        (
            {"EXP": "type = regression", "MODEL": "type = svr\nmeasure = uar"},
            "[MODEL] measure: 'uar' is not for regression; expected one of: ccc, mae, mse, pcc",
        ),
        (
            {"MODEL": "measure = ccc"},
            "[MODEL] measure: 'ccc' is not for classification; expected one of: acc, eer, f1, uar",
        ),
        (
            {"MODEL": "type = svr"},
            "[MODEL] type: 'svr' is a regressor, and EXP.type is classification; use svm",
        ),
        (
            {"MODEL": "type = mlp\nloss = mse"},
            "[MODEL] loss: 'mse' is not for classification; expected one of: bce, cross, f1, focal, weighted_bce",
        ),
        (
            {"EXP": "type = regression", "MODEL": "type = mlp\nloss = focal"},
            "[MODEL] loss: 'focal' is not for regression; expected one of: ccc, mae, mse, pcc",
        ),
        (
            {"EXP": "type = regression", "MODEL": "type = lda"},
            "[MODEL] type: 'lda' is a classifier, and EXP.type is regression; "
            "set EXP.type = classification, or choose another model",
        ),
        (
            {"DATA": "db.test_size = 20\ndb.testsplit = 30"},
            "'db.testsplit' and 'db.test_size' in [DATA] are the same option; "
            "remove one of them (the other: exp.ini, line ",
        ),
        # what this version does not have
        ({"EXP": "runs = 0"}, "[EXP] runs = 0: expected a whole number >= 1"),
        ({"EXP": "engine = desk"}, "[EXP] engine = 'desk': expected 'local' or 'dask'"),
        ({"EXP": "databases = ['a', 'b', 'a']"}, "[EXP] databases = ['a', 'b', 'a']: 'a' is there twice"),
        ({"MODEL": "device = gpu:1"}, "[MODEL] device = 'gpu:1': expected cpu, cuda, cuda:0 ... or auto"),
        ({"MODEL": "k_fold_cross = 1"}, "k_fold_cross = 1: expected at least 2 folds"),
        ({"MODEL": "loso = True\nlogo = 5"}, "loso and logo exclude each other; choose one cross-validation"),
        (
            {"PLOT": "value_counts = age"},
            "[PLOT] value_counts = 'age': expected True or False or a list of names or lists of names",
        ),
        ({"REPORT": "latex = paper"}, "[REPORT] latex = 'paper' is not available in this version"),
    ],
)
def test_one_mistake(project: Project, sections: dict[str, str], mistake: str) -> None:
    found = project.mistakes(**sections)
    assert len(found) == 1
    where, _, what = found[0].partition(": ")
    assert re.fullmatch(r"exp\.ini, line \d+", where)
    assert what.startswith(mistake.format(folder=project.folder) if "{folder}" in mistake else mistake)


def test_the_line_is_right(project: Project) -> None:
    text = (
        "# a comment\n[EXP]\n\n[DATA]\ndatabases = ['db']\ndb = db\ntarget = x\n"
        "labels = ['a',\n  'a']\n[MODEL]\ntype = svn\n"
    )
    assert project.mistakes_of(text) == [
        "exp.ini, line 8: [DATA] labels = ['a', 'a']: 'a' is there twice",
        "exp.ini, line 11: [MODEL] type: unknown model 'svn'; did you mean 'svr' or 'svm'?",
    ]


def test_what_is_missing(project: Project) -> None:
    assert project.mistakes_of("[EXP]\n") == [
        "exp.ini: [DATA] databases is missing; name them: databases = ['emodb']",
        "exp.ini: [DATA] target is missing; name the column to predict: target = emotion",
        "exp.ini: [MODEL] type is missing; name a model: type = svm",
    ]
    text = "[DATA]\ndatabases = ['db', 'urdu']\ndb = db\ntarget = x\n[MODEL]\ntype = svm"
    assert project.mistakes_of(text) == [
        "exp.ini, line 2: database 'urdu' has no path; add urdu = PATH to [DATA]"
    ]


def test_a_database_called_like_an_option(project: Project) -> None:
    text = "[DATA]\ndatabases = ['target']\ntarget = x\n[MODEL]\ntype = svm"
    assert project.mistakes_of(text) == [
        "exp.ini, line 2: a database cannot be called 'target', as an option is; choose another name"
    ]


def test_all_mistakes_at_once_in_the_order_of_the_file(project: Project) -> None:
    text = (
        "name = x\n[EXP]\nname = a/b\nname = c\n[DATA]\ndatabases = ['db']\ndb = db\ntarget = x\n"
        "db.split_stategy = random\n[MODEL]\ntype = svm\nC_val = no\nrubbish\n[PLOTS]\ntsne = True\n"
    )
    assert project.mistakes_of(text, ["MODEL.kernel=x", "nothing"]) == [
        "exp.ini, line 1: option 'name' stands before the first section; put [EXP], [DATA] ... above it",
        "exp.ini, line 3: [EXP] name = 'a/b': expected a plain folder name, without / or \\",
        "exp.ini, line 4: option 'name' in [EXP] is there twice, first in line 3; remove one",
        "exp.ini, line 9: unknown option 'db.split_stategy' in [DATA]; did you mean 'db.split_strategy'?",
        "exp.ini, line 12: [MODEL] C_val = 'no': expected a number > 0",
        "exp.ini, line 13: cannot read 'rubbish'; "
        "expected [SECTION], name = value, or a comment; lines that continue a value are indented",
        "exp.ini, line 14: unknown section [PLOTS]; did you mean 'PLOT'?",
        "--set: 'nothing' is no option; expected SECTION.option=value",
        "--set: [MODEL] kernel = 'x': expected 'rbf', 'linear', 'poly' or 'sigmoid'",
    ]


def test_not_strict_makes_unknown_names_notes_but_not_wrong_values(project: Project) -> None:
    sections = {"EXP": "strict = False", "DATA": "lables = ['a']\nxy.test_size = 3", "PLOTS": "a = 1"}
    config = project.load(**sections)
    assert sorted(note.partition(": ")[2] for note in config.notes) == sorted(
        [
            "unknown section [PLOTS]; did you mean 'PLOT'?",
            "[DATA] xy.test_size: 'xy' is not listed in databases; expected one of: db",
            "unknown option 'lables' in [DATA]; did you mean 'labels'?",
        ]
    )
    assert len(project.mistakes(EXP="strict = no", MODEL="C_val = x", PLOTS="a = 1")) == 1


def test_mistakes_in_the_root_folders_file_name_that_file(project: Project) -> None:
    project.write("db = db\ndb.test_sise = 3\n\nelse = /nowhere\nelse.rubbish = 1\n", "roots.ini")
    found = project.mistakes_of(
        "[DATA]\ndatabases = db\nroot_folders = roots.ini\ntarget = x\n[MODEL]\ntype = svm"
    )
    assert found == [
        f"{project.folder}/roots.ini, line 2: unknown option 'db.test_sise' in [DATA]; "
        "did you mean 'db.test_size'?"
    ]


def test_a_wrong_path_names_both_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call, home = tmp_path / "call", tmp_path / "home"
    call.mkdir()
    home.mkdir()
    monkeypatch.chdir(call)
    (home / "exp.ini").write_text(ini_text())
    with pytest.raises(ConfigError) as caught:
        load(home / "exp.ini")
    assert str(caught.value) == (
        f"{home}/exp.ini, line 5: [DATA] db: there is no 'db'; looked at {call}/db and {home}/db"
    )


def test_a_missing_file(project: Project) -> None:
    project.write("", "experiment.ini")
    with pytest.raises(NkululekoError) as caught:
        load("experimnt.ini")
    assert (
        str(caught.value) == f"{project.folder}/experimnt.ini: no such file; did you mean 'experiment.ini'?"
    )
