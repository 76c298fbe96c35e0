"""``nkululeko flags``: every combination of lists, each a run of its own, and a leaderboard."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finished_runs import finish, write_ini
from nkululeko import flags
from nkululeko.config.load import load
from nkululeko.config.schema.exp import Exp
from nkululeko.config.schema.flags import Flags
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.steps import flags as steps
from nkululeko.steps.combinations import combinations, folder_name, owner_of
from nkululeko.steps.finished import read


@pytest.fixture
def ini(tmp_path: Path, corpus: Path, store: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes an experiment file with these lines in [FLAGS]; what is called with it may change other sections."""
    monkeypatch.chdir(tmp_path)

    def write(*lines: str) -> Path:
        path = write_ini(tmp_path, corpus, store)
        path.write_text(path.read_text() + "\n".join(["[FLAGS]", *lines, ""]))
        return path

    return write


def names(found) -> list[str]:
    return [combination.name for combination in found]


def test_values_of_any_option_keep_their_kind(ini):
    """Numbers stay numbers, True stays True, and what is in quotes stays text, whichever option they are for."""
    path = ini(
        "C_val = [1, 0.5]", "class_weight = [True, False]", "MODEL.random_seed = 7", "MODEL.kernel = ['rbf']"
    )
    found = load(path, reads=("EXP", "FLAGS")).section(Flags).others
    assert found == {
        "C_val": [1, 0.5], "class_weight": [True, False], "MODEL.random_seed": 7, "MODEL.kernel": ["rbf"],
    }  # fmt: skip
    assert [type(value) for value in found["C_val"]] == [int, float]
    configs = [one.config.model for one in combinations(path, ["MODEL.type=svm"])]
    assert {(one.choice.options.C_val, one.class_weight) for one in configs} == {
        (1.0, True), (1.0, False), (0.5, True), (0.5, False),
    }  # fmt: skip
    assert {one.random_seed for one in configs} == {7}


def test_every_combination_is_a_run_like_any_other(ini, tmp_path):
    path = ini("models = ['nb', 'lda']", "scale = 'robust'")
    (board,) = flags.run(path)
    folder = tmp_path / "results" / "exp"
    for name in ("nb_robust", "lda_robust"):
        left = {each.name for each in (folder / name).iterdir()}
        assert {"report.html", "result.json", "predictions.csv", "config.ini", "log.txt", "models"} <= left
        notes = json.loads((folder / name / "result.json").read_text())["notes"]
        assert not [line for line in notes if "no effect" in line]
    assert not [line for line in notes if re.search(r"[1-9]\d* to extract", line)]  # the first one did
    single = finish(path, "single", "MODEL.type=lda", "FEATS.scale=robust")
    found = next(entry for entry in board.entries if entry.name == "lda_robust")
    assert found.value == single.headline.value
    pd.testing.assert_frame_equal(
        read(folder / "lda_robust").predictions, read(single.folder).predictions, check_dtype=False
    )
    table = pd.read_csv(folder / "leaderboard.csv").set_index("name")
    assert table.loc["nb_robust", ["model", "scale"]].tolist() == ["nb", "robust"]
    assert table["best"].tolist() == [True, False]
    assert "lda_robust/report.html" in (folder / "leaderboard.html").read_text()
    assert any("decided by their own test samples" in line for line in board.warnings)
    config = load(folder / "nb_robust" / "config.ini")
    assert (config.exp.root.absolute(), config.exp.name) == (folder, "nb_robust")
    assert config.to_ini() == (folder / "nb_robust" / "config.ini").read_text()


def test_what_is_finished_is_not_run_again_until_something_changes(ini, tmp_path, corpus, monkeypatch):
    ran: list[str] = []
    original = steps.run_experiment

    def counting(config, *args):
        ran.append(config.exp.name)
        return original(config, *args)

    monkeypatch.setattr(steps, "run_experiment", counting)
    table = pd.read_csv(corpus / "corpus.csv")
    table["file"] = [str(corpus / name) for name in table["file"]]
    table.to_csv("mine.csv", index=False)
    path = ini("models = ['nb']")
    mine = ["DATA.db=mine.csv"]
    first = flags.run(path, mine)
    assert ran == ["nb"]
    assert repr(flags.run(path, mine)) == repr(first)
    assert ran == ["nb"]
    (board,) = flags.run(path, [*mine, "FLAGS.models=['lda', 'nb']"])
    assert ran == ["nb", "lda"]
    assert {entry.name for entry in board.entries} == {"nb", "lda"}

    def again(*changes: str) -> bool:
        (one,) = combinations(path, [*mine, "FLAGS.models=nb", *changes])
        return steps.finished_before(one.config) is None

    assert not again()
    assert again("MODEL.measure=acc")
    assert again("EXP.random_seed=7")
    assert again("FEATS.no_reuse=True")
    table.iloc[1:].to_csv("mine.csv", index=False)
    assert again()
    table.sample(frac=1, random_state=1).to_csv("mine.csv", index=False)
    assert not again()  # the order of rows changes nothing
    (tmp_path / "results" / "exp" / "nb" / "report.html").unlink()
    assert again()  # stopped before its end


def test_one_that_fails_is_a_line_with_its_reason(ini):
    path = ini("balancing = ['ros', 'none']")
    (board,) = flags.run(path, ["DATA.target=age", "EXP.type=regression", "MODEL.type=lin_reg"])
    assert [entry.name for entry in board.entries] == ["no-balancing", "ros"]
    assert "class" in board.entries[1].note
    assert pd.notna(board.best.value) and not board.best.note
    assert board.entries[1].note in board.page.read_text().replace("&#39;", "'")


def test_a_mistake_of_ours_costs_one_experiment(ini, monkeypatch, tmp_path):
    original = steps.run_experiment

    def broken(config, *args):
        if config.exp.name == "nb":
            raise ZeroDivisionError("oops")
        return original(config, *args)

    monkeypatch.setattr(steps, "run_experiment", broken)
    monkeypatch.delenv("NKULULEKO_DEBUG", raising=False)
    (board,) = flags.run(ini("models = ['nb', 'lda']"))
    assert {entry.name: entry.note for entry in board.entries} == {
        "lda": "",
        "nb": "unexpected ZeroDivisionError: oops",
    }
    assert "oops" in (tmp_path / "results" / "exp" / "nb" / "log.txt").read_text()


def test_where_all_fail_there_is_no_leaderboard(ini):
    path = ini("models = ['nb', 'lda']")
    sweep = steps.Sweep(failed={"nb": "too few samples", "lda": "the same"})
    with pytest.raises(
        NkululekoError, match=r"none of the 2 experiments could be run \(nb: too few samples; lda: the same\)"
    ):
        steps.leaderboards(combinations(path), sweep, load(path, reads=("EXP", "FLAGS")))


def test_stopped_in_the_middle_keeps_what_is_done(ini, monkeypatch, tmp_path, capsys):
    path = ini("models = ['nb', 'lda']")
    original = steps.run_experiment

    def stopped(config, *args):
        if config.exp.name == "lda":
            raise KeyboardInterrupt
        return original(config, *args)

    with monkeypatch.context() as patch:
        patch.setattr(steps, "run_experiment", stopped)
        assert flags.main(["--config", str(path)]) == 130
    shown = capsys.readouterr()
    assert "interrupted: 1 of 2 experiments were not run" in shown.out.replace("\n", " ")
    assert "the same command goes on from there" in shown.err
    before = (tmp_path / "results" / "exp" / "nb" / "result.json").stat().st_mtime_ns
    (board,) = flags.run(path)
    assert len(board.entries) == 2
    assert (tmp_path / "results" / "exp" / "nb" / "result.json").stat().st_mtime_ns == before


def test_targets_have_a_leaderboard_each(ini, tmp_path):
    boards = flags.run(ini("targets = ['emotion', 'gender']"))
    assert {board.title for board in boards} == {"exp: emotion", "exp: gender"}
    assert [[entry.name for entry in board.entries] for board in boards] == [["emotion"], ["gender"]]
    assert {path.name for path in (tmp_path / "results" / "exp").glob("*.html")} == {
        "leaderboard_emotion.html",
        "leaderboard_gender.html",
    }


def test_what_was_watched_is_shown_and_says_who_would_be_chosen(ini):
    pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
    path = ini("EXP.epochs = [1, 3]", "models = ['mlp']")
    (board,) = flags.run(path, ["EXP.traindevtest=True"])
    watched = {entry.name: entry.watched for entry in board.entries}
    assert all(value is not None and 0 <= value <= 1 for value in watched.values())
    best = max(watched, key=lambda name: watched[name])
    (line,) = [line for line in board.notes if "were watched" in line]
    assert f"the best is {best}:" in line


# what is asked for


def test_a_flag_without_effect_makes_no_second_experiment(ini):
    found = combinations(ini("models = ['svm', 'nb']", "C_val = [0.1, 1]"))
    assert names(found) == ["svm_C_val=0.1", "svm_C_val=1", "nb"]
    assert found[2].description == {"model": "nb"}
    assert [one.config.model.choice.name for one in found] == ["svm", "svm", "nb"]
    assert not [note for one in found for note in one.config.notes]


def test_lists_reach_the_options_they_are_for(ini):
    path = ini(
        "features = ['mfcc', ['mfcc', 'os']]", "scale = ['standard', 'none']", "os.level = ['functionals']",
        "db.test_size = [25]", "EXP.random_seed = [1]", "k_fold_cross = 2",
    )  # fmt: skip
    found = combinations(path)
    assert [[choice.name for choice in one.config.feats.sets] for one in found] == [
        ["mfcc"], ["mfcc"], ["mfcc", "os"], ["mfcc", "os"],
    ]  # fmt: skip
    assert [one.config.feats.scale for one in found] == ["standard", "none"] * 2
    assert {one.config.data.databases[0].test_size for one in found} == {25.0}
    assert {one.config.exp.random_seed for one in found} == {1}
    assert {one.config.folds for one in found} == {("k_fold_cross", 2)}
    assert names(found)[2].startswith("mfcc+os_standard_os.level=functionals")
    assert len(set(names(found))) == 4


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("C_val", ("MODEL", "C_val")),
        ("MODEL.learning_rate", ("MODEL", "learning_rate")),
        ("svm.C_val", ("MODEL", "svm.C_val")),
        ("os.set", ("FEATS", "os.set")),
        ("random_split_of_mine.test_size", ("DATA", "random_split_of_mine.test_size")),
        ("target_divide_by", ("DATA", "target_divide_by")),
        ("age_bins", ("DATA", "age_bins")),
        ("traindevtest", ("EXP", "traindevtest")),
    ],
)
def test_an_option_belongs_to_the_section_that_has_it(name, owner):
    assert owner_of(name) == owner


@pytest.mark.parametrize(
    ("lines", "messages"),
    [
        (["modles = ['svm']"], ["line 16: unknown option 'modles' in [FLAGS]; did you mean 'models'?"]),
        (["models = ['smv']"], ["[FLAGS] models: unknown model 'smv'"]),
        (["features = ['mfcc', ['oss']]"], ["unknown feature set 'oss'; did you mean 'os'?"]),
        (["balancing = ['none', 'smite']"], ["unknown balancing method 'smite'"]),
        (["type = ['svm']"], ["write EXP.type or DATA.type or FEATS.type or MODEL.type"]),
        (["PLOT.tsne = [True]"], ["options of [PLOT] cannot be listed"]),
        (["EXP.name = ['a']"], ["the folder of each experiment follows from its flags"]),
        (["models = ['nb']", "MODEL.type = ['svm']"], ["sets the same option as"]),
        (["models = ['nb', 'nb']"], ["[FLAGS] model: nb is there twice"]),
        (["C_val = []"], ["[FLAGS] C_val: expected at least one value"]),
        ([], ["[FLAGS] holds no lists; e.g. models"]),
        ([f"C_val = {list(range(1, 1002))}"], ["asks for 1001 experiments, and the most is 1000"]),
        (
            ["models = ['svm', 'svr']", "C_val = [-1, 1]", "measure = ['uar', 'mae']"],
            [
                "[FLAGS] (model svm, C_val -1, measure uar): [MODEL] C_val = -1: expected a number > 0",
                "'svr' is a regressor",
                "'mae' is not for classification",
            ],
        ),
    ],
)
def test_all_mistakes_are_told_before_anything_runs(ini, tmp_path, lines, messages):
    with pytest.raises(NkululekoError) as problem:
        flags.run(ini(*lines))
    for message in messages:
        assert message in str(problem.value)
    assert len(str(problem.value).splitlines()) == len(messages)
    assert not (tmp_path / "results").exists()


def test_mistakes_of_the_rest_of_the_file_are_told_too(ini):
    with pytest.raises(ConfigError, match="EXP"):
        flags.run(ini("models = ['nb']"), ["EXP.runs=0"])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["model", "features", "target", "C_val", "x.y"]), st.text(max_size=120))
)
def test_names_of_folders_are_plain(described):
    name = folder_name(described)
    assert Exp(name=name).name == name  # its validator lets it pass
    assert 0 < len(name) <= 80
    assert not re.search(r'[\s/\\:*?"<>|]', name)


def test_names_do_not_depend_on_what_else_is_listed(ini):
    few = names(combinations(ini("models = ['nb', 'lda']")))
    more = names(combinations(ini("models = ['lda', 'tree', 'nb']")))
    assert set(few) < set(more)
