"""``nkululeko multidb``: databases against each other, each pair a run of its own, and a heat map."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nkululeko
from nkululeko import multidb
from nkululeko.config.load import RUN, load
from nkululeko.config.schema.augment import Augment
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.steps import flags as single
from nkululeko.steps import multidb as steps
from nkululeko.steps.multidb_cells import OTHERS, plan


@pytest.fixture
def ini(bench):
    """Writes an experiment on three databases with other speakers each; lines for the sections."""
    table = bench.table
    speakers = sorted(table["speaker"].unique())
    for name, mine in (("a", speakers[:4]), ("b", speakers[4:6]), ("c", speakers[6:])):
        bench.csv(table[table["speaker"].isin(mine)], f"{name}.csv")

    def write(
        exp: str = "databases = ['a', 'b']", data: str = "", rest: str = "", model: str = "svm"
    ) -> Path:
        places = "\n".join(f"{name} = {name}.csv\n{name}.type = csv" for name in "abc")
        Path("roots.ini").write_text(
            f"[DATA]\n{places}\na.test_size = 50\nb.test_size = 50\nc.test_size = 50\n"
        )
        return bench.write(
            f"[EXP]\nroot = results\nname = exp\nstore = {bench.store}\n{exp}\n"
            f"[DATA]\nroot_folders = roots.ini\ntarget = emotion\n{data}\n"
            f"[FEATS]\ntype = mfcc\n[MODEL]\ntype = {model}\n{rest}\n"
        )

    return write


def split_of(cell: str) -> pd.Series:
    """How many samples of each database are in which split of a cell."""
    table = pd.read_csv(Path("results/exp") / cell / "split.csv")
    return table.groupby(["database", "split"]).size()


def test_all_against_all_and_themselves(ini, capsys):
    path = ini()
    before = {each.name for each in Path().iterdir()}
    found = multidb.run(path)
    assert {each.name for each in Path().iterdir()} == before | {"results"}
    grid, folder = found.grid, Path("results/exp").absolute()
    assert (grid.rows, grid.columns, grid.measure) == (("a", "b"), ("a", "b"), "UAR")
    assert split_of("a_vs_b").to_dict() == {("a", "train"): 32, ("b", "test"): 16}
    assert split_of("a_vs_a").to_dict() == {("a", "train"): 16, ("a", "test"): 16}
    for cell in grid.cells:
        name = f"{cell.row}_vs_{cell.column}"
        result = json.loads((folder / name / "result.json").read_text())
        headline = result["scores"]["uar"]
        assert (cell.value, cell.low, cell.high) == (headline["value"], headline["low"], headline["high"])
        predictions = pd.read_csv(folder / name / "predictions.csv")
        right = predictions["truth"] == predictions["prediction"]
        assert cell.value == pytest.approx(right.groupby(predictions["truth"]).mean().mean())
        assert cell.samples == len(predictions) and (folder / name / "report.html").exists()
        assert not [line for line in result["notes"] if "no effect" in line]
    left = {path.name for path in folder.iterdir() if path.is_file()}
    assert left == {"heatmap.png", "heatmap.svg", "heatmap.csv", "heatmap.json", "multidb.html"}
    record = json.loads((folder / "heatmap.json").read_text())
    values = np.array([cell["value"] for cell in record["cells"]]).reshape(2, 2)
    assert list(record["row_means"].values()) == pytest.approx(values.mean(axis=1).tolist())
    assert list(record["column_means"].values()) == pytest.approx(values.mean(axis=0).tolist())
    assert record["cells"][1]["folder"] == "a_vs_b"
    assert pd.read_csv(folder / "heatmap.csv")["value"].tolist() == values.ravel().tolist()
    page = (folder / "multidb.html").read_text()
    assert 'href="a_vs_b/report.html"' in page and "<script" not in page
    assert found.trained == 4  # the whole of each, and the training set of each


def test_a_cell_is_a_run_like_any_other(ini, monkeypatch):
    """What shares a training has the figures of an experiment by itself, and its config.ini gives them again."""
    multidb.run(ini(exp="databases = ['a', 'c']"))
    cell = Path("results/exp/a_vs_c")
    before = json.loads((cell / "result.json").read_text())["scores"]
    again = nkululeko.run(cell / "config.ini", ["EXP.root=elsewhere", "EXP.name=alone"])
    after = json.loads(Path("elsewhere/alone/result.json").read_text())["scores"]
    assert before == after
    plain = nkululeko.run(
        ini(exp="", data="databases = ['a', 'c']\nstrategy = cross_data\ntrains = ['a']\ntests = ['c']"),
        ["EXP.name=plain"],
    )
    assert plain.headline == again.headline
    assert load(cell / "config.ini").exp.name == "a_vs_c"


def test_a_training_set_is_learned_once_here_and_in_other_processes(ini, monkeypatch):
    path = ini(exp="databases = ['a', 'b', 'c']\njobs = 2")
    here = multidb.run(path)
    monkeypatch.setattr(steps, "_PATIENCE", 0.0)
    there = multidb.run(path, ["EXP.name=other"])
    assert there.trained == here.trained == 6  # the whole of each, and the training set of each
    assert there.grid.values().tolist() == here.grid.values().tolist()


def test_own_splits(ini):
    found = multidb.run(ini(exp="databases = ['a', 'b']\nuse_splits = True"))
    assert found.trained == 2  # the diagonal learns from what the others of its row learn from
    assert split_of("a_vs_b").to_dict() == {("a", "train"): 16, ("b", "test"): 8}
    assert split_of("a_vs_a").to_dict() == {("a", "train"): 16, ("a", "test"): 16}
    halves = [pd.read_csv(f"results/exp/{cell}/split.csv") for cell in ("a_vs_a", "a_vs_b")]
    trains = [set(half.loc[half["split"] == "train", "file"]) for half in halves]
    assert trains[0] == trains[1]


def test_extra_databases_are_learned_from_but_never_tested_ones(ini):
    """Names without quotes, as in the tutorial; the extra database may be one of the others."""
    rest = "[CROSSDB]\ntrain_extra = [c, b]"
    grid = multidb.run(ini(rest=rest)).grid
    assert split_of("a_vs_b").to_dict() == {("a", "train"): 32, ("b", "test"): 16, ("c", "train"): 16}
    assert split_of("a_vs_a").to_dict() == {
        ("a", "test"): 16, ("a", "train"): 16, ("b", "train"): 16, ("c", "train"): 16,
    }  # fmt: skip
    assert split_of("b_vs_b").to_dict() == {("b", "test"): 8, ("b", "train"): 8, ("c", "train"): 16}
    (note,) = grid.cell("a", "b").notes
    assert note == "the extra database 'b' is what is tested here: nothing is learned from it"
    multidb.run(ini(exp="databases = ['a', 'b']\nuse_splits = True", rest=rest), ["EXP.name=exp"])
    assert split_of("a_vs_b").to_dict() == {
        ("a", "train"): 16, ("b", "test"): 8, ("b", "train"): 8, ("c", "train"): 8,
    }  # fmt: skip


def test_audio_that_is_tested_is_not_learned_from(ini, bench):
    """Copies under other names, and in another format, are known by what is heard."""
    import soundfile

    tested = pd.read_csv("b.csv")
    copies = tested.head(6).copy()
    for place, file in enumerate(copies["file"].tolist()):
        copy = Path(f"copy{place}.{'flac' if place % 2 else 'wav'}").absolute()
        sound, rate = soundfile.read(file, dtype="int16")
        soundfile.write(copy, sound, rate, subtype="PCM_16")
        copies.iloc[place, copies.columns.get_loc("file")] = str(copy)
    bench.csv(pd.concat([pd.read_csv("c.csv"), copies.assign(speaker="somebody")]), "c.csv")
    grid = multidb.run(ini(rest="[CROSSDB]\ntrain_extra = ['c']")).grid
    assert split_of("a_vs_b").to_dict() == {("a", "train"): 32, ("b", "test"): 16, ("c", "train"): 16}
    (note,) = grid.cell("a", "b").notes
    assert "6 samples" in note and "its audio is in the test set" in note
    assert not [line for line in grid.cell("a", "b").warnings if "also in train" in line]
    assert split_of("a_vs_a")["c", "train"] == 22


def test_people_of_the_test_set_are_not_learned_from_where_databases_share_them(ini, bench):
    shared = pd.read_csv("b.csv")
    bench.csv(
        pd.concat([pd.read_csv("c.csv"), pd.read_csv("a.csv").head(4).assign(speaker=shared["speaker"][0])]),
        "c.csv",
    )
    rest = "[CROSSDB]\ntrain_extra = ['c']"
    grid = multidb.run(ini(rest=rest, data="shared_speakers = True")).grid
    (note,) = grid.cell("a", "b").notes
    assert "4 samples" in note and "its speaker is in the test set" in note


def test_databases_that_are_the_same_give_an_empty_cell(ini):
    """Every recording of the one is tested in the other: nothing is left to learn from."""
    shutil.copy("a.csv", "b.csv")
    grid = multidb.run(ini()).grid
    for row, column in (("a", "b"), ("b", "a")):
        cell = grid.cell(row, column)
        assert cell.is_empty and "its audio is in the test set" in cell.reason
    own = grid.cell("a", "a").value
    assert grid.row_means().tolist() == [own, own] and grid.mean() == own  # nothing was counted as 0
    page, record = (
        Path("results/exp/multidb.html").read_text(),
        json.loads(Path("results/exp/heatmap.json").read_text()),
    )
    assert "Empty cells" in page and record["cells"][1]["value"] is None


def test_leaves_one_out(ini):
    found = multidb.run(ini(exp="databases = ['a', 'b', 'c']\nlodo = True"))
    grid = found.grid
    assert grid.rows == ("a", "b", "c", OTHERS)
    assert split_of("all-but-b_vs_b").to_dict() == {
        ("a", "train"): 32, ("b", "test"): 16, ("c", "train"): 16,
    }  # fmt: skip
    assert grid.column_means().tolist() == pytest.approx(grid.values()[:3].mean(axis=0).tolist())
    assert any(OTHERS in note for note in grid.notes)


def test_databases_without_a_label_in_common(ini, bench):
    table = pd.read_csv("b.csv")
    bench.csv(table.assign(emotion="new_" + table["emotion"]), "b.csv")
    grid = multidb.run(ini()).grid
    assert re.match(
        r"DATA: no label in common: anger, .* are learned, new_anger, .*", grid.cell("a", "b").reason
    )
    assert not grid.cell("b", "b").is_empty and not grid.cell("a", "a").is_empty
    (note,) = [note for note in grid.notes if "different labels" in note]
    assert "in common: none" in note and "DATA.labels" in note
    labels = sorted(pd.read_csv("a.csv")["emotion"].unique())
    mapped = f"b.mapping = { ({f'new_{label}': label for label in labels}) }"
    grid = multidb.run(ini(data=mapped)).grid
    assert not np.isnan(grid.values()).any() and not [note for note in grid.notes if "different" in note]


def test_a_database_without_the_target_is_empty_and_the_others_are_not(ini, bench, capsys):
    bench.csv(pd.read_csv("b.csv").drop(columns="emotion"), "b.csv")
    path = ini()
    assert multidb.main(["--config", str(path)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("empty: ") == 3 and "emotion" in shown
    record = json.loads(Path("results/exp/heatmap.json").read_text())
    assert [cell["value"] is not None for cell in record["cells"]] == [True, False, False, False]
    with pytest.raises(NkululekoError, match="none of the 4 cells could be run"):
        multidb.run(path, ["EXP.databases=['b', 'c']", "DATA.target=mood"])


@pytest.mark.parametrize(
    ("exp", "message"),
    [
        ("databases = ['a', 'b', 'a']", "'a' is there twice"),
        ("databases = ['a']", r"one database only \('a'\)"),
        ("", "names no databases"),
        ("databases = ['a', 'd']", "database 'd' has no path"),
    ],
)
def test_mistakes_are_told_before_anything_runs(ini, exp, message):
    with pytest.raises(NkululekoError, match=message) as caught:
        multidb.run(ini(exp=exp))
    assert "exp.ini" in str(caught.value) and not Path("results").exists()


def test_mistakes_in_what_comes_with_it(ini):
    with pytest.raises(ConfigError, match="database 'd' has no path"):
        multidb.run(ini(rest="[CROSSDB]\ntrain_extra = [d]"))
    with pytest.raises(NkululekoError, match="loso is a cross-validation"):
        multidb.run(ini(), ["MODEL.loso=True"])
    with pytest.raises(ConfigError, match="'c' is there twice"):
        multidb.run(ini(rest="[CROSSDB]\ntrain_extra = [c, c]"))
    with pytest.raises(ConfigError) as caught:
        multidb.run(ini(), ["MODEL.C_vall=1"])
    assert len(caught.value.mistakes) == 1  # of all cells, once


def test_what_is_finished_is_not_run_again_until_something_changes(ini, bench, monkeypatch):
    ran: list[str] = []
    original = single.run_experiment

    def counting(config, *args):
        ran.append(config.exp.name)
        return original(config, *args)

    monkeypatch.setattr(single, "run_experiment", counting)
    first = multidb.run(ini())
    assert len(ran) == 4
    again = multidb.run(ini())
    assert len(ran) == 4 and (again.again, again.trained) == (4, 0)
    assert repr(again.grid) == repr(first.grid)
    bench.csv(pd.read_csv("b.csv").iloc[:-1], "b.csv")
    assert multidb.run(ini()).again == 1 and ran[4:] == ["a_vs_b", "b_vs_a", "b_vs_b"]


def test_ctrl_c_loses_nothing(ini, monkeypatch, capsys):
    original = single.run_experiment

    def interrupted(config, *args):
        if config.exp.name == "b_vs_a":
            raise KeyboardInterrupt
        return original(config, *args)

    path = ini()
    with monkeypatch.context() as patch:
        patch.setattr(single, "run_experiment", interrupted)
        with pytest.raises(KeyboardInterrupt):
            multidb.run(path)
    record = json.loads(Path("results/exp/heatmap.json").read_text())
    assert [cell["value"] is not None for cell in record["cells"]] == [True, True, False, False]
    assert record["warnings"] == ["interrupted: 2 of 4 cells were not run"]
    assert record["cells"][2]["reason"] == "not run yet"
    done = multidb.run(path)
    assert done.again == 2 and not any("interrupted" in line for line in done.grid.warnings)


def test_augmented_copies_are_learned_from_and_never_tested(ini):
    path = ini(rest="[AUGMENT]\naugment = ['random_splice']")
    found = multidb.run(path)
    assert split_of("a_vs_b").to_dict() == {("a", "train"): 64, ("b", "test"): 16}
    assert split_of("a_vs_a").to_dict() == {("a", "train"): 32, ("a", "test"): 16}
    assert found.trained == 4
    again = multidb.run(path)
    assert (again.again, repr(again.grid)) == (4, repr(found.grid))
    alone = load("results/exp/a_vs_b/config.ini", reads=(*RUN, "AUGMENT"))
    assert alone.data.leave_out_tested and [one.name for one in alone.section(Augment).sets] == [
        "random_splice"
    ]
    with pytest.raises(NkululekoError, match="names no method"):
        multidb.run(path, ["AUGMENT.augment=[]"])


def test_a_regression(ini):
    grid = multidb.run(ini(model="lin_reg"), ["EXP.type=regression", "DATA.target=age"]).grid
    assert grid.measure == "CCC" and not np.isnan(grid.values()).any()


def test_other_commands_say_whose_options_these_are(ini):
    config = load(ini(exp="databases = ['a', 'b']\nlodo = True", data="databases = ['a']"))
    found = [note for note in config.notes if "it is for nkululeko multidb" in note]
    assert len(found) == 2
    with pytest.raises(ConfigError, match=r"those of \[EXP\] are for nkululeko multidb"):
        load(ini())


def test_names_of_cells_are_folders_of_their_own(ini):
    cells = plan(ini(exp="databases = ['a', 'b', 'c']\nlodo = True")).cells
    assert len({cell.config.exp.name for cell in cells}) == 12
    assert all(cell.config.exp.databases == () and not cell.config.exp.lodo for cell in cells)
