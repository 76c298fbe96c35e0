"""How databases are used together: cross_data, lists of speakers, options for all databases, contradictions."""

from __future__ import annotations

from pathlib import Path

import pytest

from config_files import Project

CROSS = "databases = ['a', 'b']\na = db\nb = other\ntarget = emotion\nstrategy = cross_data\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def used(project: Project, data: str, exp: str = "") -> dict[str, tuple[str, bool, bool]]:
    config = project.text(f"[EXP]\nname = x\n{exp}\n[DATA]\n{data}\n[MODEL]\ntype = svm\n")
    return {db.name: (db.split_strategy, db.as_train, db.as_test) for db in config.data.databases}


def notes(project: Project, data: str, exp: str = "") -> str:
    return "\n".join(project.text(f"[EXP]\nname = x\n{exp}\n[DATA]\n{data}\n[MODEL]\ntype = svm\n").notes)


def test_cross_data_uses_each_database_as_a_whole(project: Project) -> None:
    found = used(project, CROSS + "trains = ['a']\ntests = ['b']")
    assert found == {"a": ("train", False, False), "b": ("test", False, False)}
    assert notes(project, CROSS + "trains = ['a']\ntests = ['b']") == ""


def test_cross_data_says_that_an_own_strategy_is_not_used(project: Project) -> None:
    data = CROSS + "trains = a\ntests = b\na.split_strategy = random\nb.split_strategy = test"
    assert used(project, data)["a"] == ("train", False, False)
    told = notes(project, data)
    assert "a.split_strategy has no effect" in told and "b.split_strategy" not in told


def test_cross_data_with_the_databases_own_splits(project: Project) -> None:
    data = CROSS + "trains = ['a']\ntests = ['a', 'b']\nb.split_strategy = random"
    found = used(project, data, "use_splits = True")
    assert found == {"a": ("speaker_split", False, False), "b": ("random", False, True)}


def test_a_database_in_neither_list_is_told_and_left_out(project: Project) -> None:
    data = CROSS.replace("'b']", "'b', 'c']") + "c = db\ntrains = ['a']\ntests = ['b']"
    assert set(used(project, data)) == {"a", "b"}
    assert "database 'c' is neither in trains nor in tests" in notes(project, data)


def test_cross_data_written_and_read_again_is_the_same(project: Project) -> None:
    first = project.text(f"[DATA]\n{CROSS}trains = ['a']\ntests = ['b']\na.filter = {{'sex': ['f', 'm']}}\n"
                         "limit_samples = 9\n[MODEL]\ntype = svm\n")  # fmt: skip
    second = project.text(first.to_ini())
    assert second == first and second.notes == ()


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ("trains = ['a']", "strategy = cross_data needs tests"),
        ("tests = ['b']", "strategy = cross_data needs trains"),
        ("trains = ['aa']\ntests = ['b']", "[DATA] trains: 'aa' is not in databases; did you mean 'a'?"),
        ("trains = ['a', 'b']\ntests = ['b']", "database 'b' is in trains and in tests"),
        ("trains = ['a', 'a']\ntests = ['b']", "'a' is there twice"),
    ],
)
def test_mistakes_of_cross_data(project: Project, lists: str, expected: str) -> None:
    mistakes = project.mistakes_of(f"[DATA]\n{CROSS}{lists}\n[MODEL]\ntype = svm\n")
    assert len(mistakes) == 1 and expected in mistakes[0], mistakes


def test_lists_without_cross_data_have_no_effect(project: Project) -> None:
    data = CROSS.replace("strategy = cross_data", "trains = ['a']")
    assert "trains has no effect in this run" in notes(project, data)
    assert "use_splits has no effect" in notes(
        project, "databases = a\na = db\ntarget = x", "use_splits = True"
    )


@pytest.mark.parametrize("value", ["['s1', 's2']", "[s1, s2]", "('s1', 's2')"])
def test_a_list_of_test_speakers(project: Project, value: str) -> None:
    (database,) = project.load(DATA=f"db.split_strategy = {value}").data.databases
    assert database.split_strategy == "speakers_stated"
    assert database.split_options.test == ("s1", "s2")  # type: ignore[attr-defined]


def test_a_strategy_in_brackets_is_a_strategy(project: Project) -> None:
    (database,) = project.load(DATA="db.split_strategy = ['random']").data.databases
    assert database.split_strategy == "random"


def test_options_of_balanced_for_all_databases_and_for_one(project: Project) -> None:
    data = (
        "databases = ['a', 'b']\na = db\nb = other\ntarget = emotion\n"
        "balance = {'emotion': 2, 'age': 1}\nage_bins = 3\n"
        "a.split_strategy = balanced\na.age_bins = 4\nb.split_strategy = balanced\nb.balance = {'emotion': 1}\n"
    )
    first, second = project.text(f"[DATA]\n{data}[MODEL]\ntype = svm\n").data.databases
    assert first.split_options.model_dump()["balance"] == {"emotion": 2, "age": 1}
    assert first.split_options.model_dump()["bins"] == {"age": 4}
    assert second.split_options.model_dump()["balance"] == {"emotion": 1}
    assert second.split_options.model_dump()["bins"] == {"age": 3}


def test_options_of_balanced_without_it_have_no_effect(project: Project) -> None:
    told = notes(project, "databases = a\na = db\ntarget = x\nbalance = {'x': 1}\nage_bins = 2")
    assert "balance has no effect in this run: it is for balanced" in told
    assert "age_bins has no effect in this run: it is for balanced" in told


def test_three_way_splits_have_a_default_size(project: Project) -> None:
    (plain,) = project.load().data.databases
    (three,) = project.load(EXP="traindevtest = True").data.databases
    (own,) = project.load(EXP="traindevtest = True", DATA="db.dev_size = 10").data.databases
    assert (plain.dev_size, three.dev_size, own.dev_size) == (None, 20, 10)


def test_filters_of_one_and_of_all(project: Project) -> None:
    config = project.load(DATA="db.filter = {'gender': 'female', 'age': [25, 30]}\ncheck_vad = True")
    assert config.data.databases[0].filter == {"gender": "female", "age": ("25", "30")}
    assert config.data.check_vad is True and config.data.databases[0].check_vad is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("db.as_train = True\ndb.as_test = True", "as_train and as_test contradict each other"),
        ("db.filter = female", "expected a dictionary"),
        ("db.limit_samples = 0", "expected a whole number >= 1"),
        ("filter.sample_selection = tests", "expected"),
        (
            "min_duration_of_sample = 3\nmax_duration_of_sample = 2",
            "min_duration_of_sample (3 s) is more than",
        ),
        ("db.split_strategy = column\ndb.train_vals = a\ndb.speed = 2", "unknown option 'db.speed'"),
        ("trainss = ['db']", "did you mean 'trains'?"),
        ("db.split_strategy = balanced\nbalanse = {'a': 1}", "did you mean 'balance'?"),
    ],
)
def test_mistakes(project: Project, data: str, expected: str) -> None:
    mistakes = project.mistakes(DATA=data)
    assert len(mistakes) == 1 and expected in mistakes[0], mistakes
