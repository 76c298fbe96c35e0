"""The door explore: what it leaves, what each option does, and what it says of odd data."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nkululeko.config.load import load
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.explore import READS, main, run
from nkululeko.steps import explore_write
from nkululeko.steps.explore_asked import Columns, items


@pytest.fixture
def explore(bench):
    """Explores a table, the corpus's own if none is given; ``expl``: lines of [EXPL]."""

    def door(frame=None, *, expl: str = "", overrides: tuple[str, ...] = (), **options):
        options.setdefault("feats", "type = []")
        return run(bench.ini(frame, model="", rest=f"[EXPL]\n{expl}", **options), overrides)

    return door


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def notes(explored) -> str:
    return "\n".join([*explored.exploration.notes, *explored.exploration.warnings])


def test_nothing_is_asked_for_and_the_page_is_there(explore):
    explored = explore()
    folder = explored.exploration.folder
    left = {
        "explore.html",
        "explore.json",
        "explore.ini",
        "explore_log.txt",
        "associations.csv",
        "suspicious.csv",
    }
    assert left <= files(folder) and "images/overview.png" in files(folder)
    assert "features.csv" not in files(folder) and "map.html" not in files(folder)
    assert explored.exploration.findings and explored.page.stat().st_size > 10_000
    found = json.loads((folder / "explore.json").read_text())
    assert found["samples"] == 64 and found["speakers"] == 8 and found["features"] is None
    assert len(found["findings"]) == len(explored.exploration.findings)


def test_the_statistic_stands_in_table_page_and_json(explore, bench):
    explored = explore(expl="value_counts = [['gender'], 'age', ['age', 'duration']]")
    table = bench.table
    chi = stats.chi2_contingency(pd.crosstab(table["emotion"], table["gender"]), correction=False)
    csv = pd.read_csv(explored.exploration.folder / "associations.csv")
    mine = csv[(csv["x"] == "gender") & (csv["y"] == "emotion") & (csv["unit"] == "samples")].iloc[0]
    assert mine["statistic"] == pytest.approx(chi.statistic) and mine["n"] == 64
    names = [each.name for each in explored.exploration.associations[:3]]
    assert names == ["emotion_gender", "emotion_age", "emotion_age_duration"]
    assert {"emotion_gender_samples.png", "emotion_age_duration_samples.png"} <= set(explored.images)
    page = explored.page.read_text()
    assert "emotion and gender" in page and "duration and age by emotion" in page
    record = json.loads((explored.exploration.folder / "explore.json").read_text())
    (found,) = [each for each in record["associations"] if each["name"] == "emotion_gender"]
    assert found["tests"][0]["statistic"] == pytest.approx(chi.statistic)
    # over all that was tried, not only over what was asked for
    wanted = [
        t["p_corrected"] for each in record["associations"] for t in each["tests"] if t["unit"] == "samples"
    ]
    assert len(wanted) > 3 and found["tests"][0]["p_corrected"] >= found["tests"][0]["p"]


def test_value_counts_of_plot_mean_the_same(bench):
    asked = bench.ini(
        model="",
        rest="[EXPL]\nvalue_counts = ['age', ['age', 'emotion'], 'emotion']\n[PLOT]\nvalue_counts = ['gender', 'age']",
    )
    assert items(load(asked, reads=READS)) == [("age",), ("gender",)]  # the target is in all of them


def test_duration_comes_from_the_audio_and_from_the_data_where_they_have_it(explore, bench):
    samples = explore(bench.table.assign(duration=["3.5", *[None] * 63])).exploration.samples
    own = samples["duration"] == 3.5
    ends = samples.index.get_level_values("end").total_seconds()
    assert own.sum() == 1 and np.allclose(samples["duration"][~own], ends[~own])


@pytest.mark.parametrize(
    ("expl", "data", "kind", "levels"),
    [
        ("", "", "category", 3),
        ("bin_reals = False", "", "number", 0),
        ("age.bin_reals = False", "", "number", 0),
        ("bin_reals = False\nage.bin_reals = True\nage_bins = 2", "", "category", 2),
        ("age_bins = 4", "", "category", 4),
        ("", "bins = [0, 30, 100]\nlabels = ['young', 'old']", "category", ("young", "old")),
        ("", "labels = ['young', 'middle', 'old', 'aged']", "category", ("young", "middle", "old", "aged")),
    ],
)
def test_a_number_is_binned_or_not(bench, expl, data, kind, levels):
    path = bench.ini(target="age", exp="type = regression", data=data, model="", rest=f"[EXPL]\n{expl}")
    config = load(path, reads=READS, if_there=("FEATS",))
    assert not [note for note in config.notes if "bins" in note]
    columns = Columns(bench.table, [], config)
    assert columns.target.kind == "number" and columns.grouped_target().is_category
    shown = columns.shown_target()
    assert shown.kind == kind
    assert (shown.levels if isinstance(levels, tuple) else len(shown.levels)) == levels
    if levels == ("young", "old"):
        assert set(bench.table["age"][(shown.values == "young").to_numpy()]) < set(range(30))


def test_columns_are_binned_where_that_is_asked_for(bench):
    path = bench.ini(
        model="", rest="[EXPL]\nage_bins = 2\nduration.bin_reals = True\nn_bins = 4\nn.bin_reals = False"
    )
    table = bench.table.assign(n=np.arange(64.0), duration=np.arange(64.0))
    columns = Columns(table, [], load(path, reads=READS, if_there=("FEATS",)))
    assert len(columns.column("age").levels) == 2 and len(columns.column("duration").levels) == 3
    assert columns.column("n").kind == "number" and columns.plain("age").kind == "number"


def test_selection(explore):
    explored = explore(
        expl="sample_selection = test", data="db.split_strategy = speaker_split\ndb.test_size = 25"
    )
    assert set(explored.exploration.samples["split"]) == {"test"} and explored.exploration.speakers == 2
    assert "test set only" in explored.page.read_text()
    with pytest.raises(
        NkululekoError, match=r"exp\.ini, sample_selection: there is no dev set; there are: train"
    ):
        explore(exp="sample_selection = dev")


def test_features_are_ranked_drawn_and_mapped(explore):
    asked = (
        "feature_distributions = box\nmodel = ['tree']\nmax_feats = 4\nplot_tree = True\nscatter = ['pca']\n"
        "scatter.target = ['age']\nplot_features = ['logmel1_mean']\nregplot = [['logmel1_mean', 'age', 'emotion']]"
    )
    explored = explore(feats="type = mfcc", expl=asked)
    ranking = explored.exploration.ranking
    assert ranking.ways == ("tree",) and ranking.tree is not None and ranking.values.shape == (64, 4)
    csv = pd.read_csv(explored.exploration.folder / "features.csv")
    assert len(csv) == len(ranking.table) and csv["feature"].tolist() == list(ranking.table.index)
    assert csv["tree"].sum() == pytest.approx(1)
    names = set(explored.images)
    assert {
        "feature_importance.png",
        "feature_correlation.png",
        "feature_distributions.png",
        "feature_tree.png",
    } <= names
    assert len(names & {f"feature_{name}.png" for name in ranking.values}) == 4
    assert {"map_pca_emotion.png", "map_pca_age.png", "map_pca_gender.png", "map_pca_speaker.png"} <= names
    assert "regplot_logmel1_mean_age.png" in names and "shown_emotion_logmel1_mean_samples.png" in names
    assert explored.map_page is not None and explored.map_page.stat().st_size > 1000
    assert 'href="map.html"' in explored.page.read_text()


def test_a_regression_ranks_by_the_partner_of_the_model(explore):
    explored = explore(feats="type = mfcc", target="age", exp="type = regression", expl="model = ['tree']")
    assert explored.exploration.ranking.ways == ("tree_reg",)


def test_permutation_and_a_map_of_some_samples(explore):
    """Without a model, boosted trees rank; PLOT.tsne asks for the map as well."""
    explored = explore(
        feats="type = quality", expl="permutation = True\nmax_points = 20", overrides=("PLOT.tsne=True",)
    )
    assert explored.exploration.ranking.ways == ("xgb", "xgb permutation")
    (made,) = explored.exploration.maps
    assert made.method == "tsne" and len(made.points) == 20 and made.note.startswith("20 of 64 samples")
    assert set(made.points.index) <= set(explored.exploration.samples.index)


def test_how_pictures_look_and_which_are_drawn(bench):
    def config(*overrides):
        path = bench.ini(
            model="", rest="[EXPL]\ndist_type = kde\nmax_feats = 3\n[PLOT]\nkind = box\nfill_areas = True"
        )
        return load(path, overrides, reads=READS)

    looks = {"dist_type": "kde", "fill_areas": True, "max_feats": 3}
    assert explore_write.looks(config()) == looks | {"kind": "box"}
    assert explore_write.looks(config("EXPL.feature_distributions=strip")) == looks | {"kind": "strip"}
    assert explore_write.looks(config("EXPL.feature_distributions=True")) == looks | {"kind": "box"}
    always = {
        "associations",
        "feature_importance",
        "feature_tree",
        "maps",
        "overview",
        "regplots",
        "shown_features",
    }
    assert set(explore_write.views_of(config())) == always
    assert set(explore_write.views_of(config("EXPL.model=['tree']"))) == always | {"feature_correlation"}
    every = always | {"feature_correlation", "feature_distributions"}
    assert set(explore_write.views_of(config("EXPL.feature_distributions=box"))) == every


def test_three_dimensions(explore):
    explored = explore(feats="type = mfcc", expl="scatter = ['pca']\nscatter.dim = 3")
    (made,) = explored.exploration.maps
    assert made.dimensions == 3 and "map_pca_3d_emotion.png" in explored.images


def test_without_features_what_they_are_asked_for_is_said(explore):
    explored = explore(expl="scatter = ['pca']\nmodel = ['tree']")
    assert explored.exploration.ranking is None and not explored.exploration.maps
    assert "scatter has no effect in this run: there are no features" in notes(explored)


def test_format_name_and_titles_of_pictures(explore):
    plain = explore(overrides=("PLOT.format=svg", "PLOT.name=mine", "PLOT.titles=False"))
    written = [name for name in files(plain.exploration.folder) if name.startswith("images/")]
    assert written and all(name.startswith("images/mine_") and name.endswith(".svg") for name in written)
    assert (
        "Distribution of emotion"
        not in (plain.exploration.folder / "images" / "mine_overview.svg").read_text()
    )
    assert "data:image/png" in plain.page.read_text()


def test_ccc_in_the_place_of_pearsons_r(explore):
    asked = {"expl": "regplot = [['age', 'duration']]", "target": "emotion"}
    (test, *_) = explore(overrides=("PLOT.ccc=True",), **asked).exploration.pairs[0].tests
    pair = explore(**asked).exploration.pairs[0]
    x, y = (pair.samples[name].to_numpy(float) for name in ("x", "y"))
    wanted = 2 * np.cov(x, y, bias=True)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert test.effect == pytest.approx(wanted) and test.p == pair.tests[0].p
    assert test.line.startswith("CCC = ") and pair.tests[0].line.startswith("Pearson's r(62) = ")


def test_gender_is_ignored_where_that_is_wished(explore):
    ignored = explore(feats="type = mfcc", expl="ignore_gender = True\nscatter = ['pca']")
    assert "emotion_gender" not in [each.name for each in ignored.tested]
    assert "map_pca_gender.png" not in ignored.images


def test_a_run_in_the_same_folder_keeps_what_it_left(explore, bench):
    result = bench.run()
    run_left = files(result.folder)
    before = {name: (result.folder / name).read_bytes() for name in run_left}
    explored = explore(expl="value_counts = ['gender']")
    assert explored.exploration.folder == result.folder
    assert {name: (result.folder / name).read_bytes() for name in run_left} == before
    again = explore(expl="value_counts = ['age']")
    assert "images/emotion_gender_samples.png" not in files(again.exploration.folder) or "emotion_gender" in {
        each.name for each in again.exploration.associations
    }
    bench.run()
    assert {"explore.html", "images/overview.png"} <= files(result.folder)


def test_the_same_file_gives_the_same_page(explore):
    asked = {"feats": "type = mfcc", "expl": "value_counts = ['gender']\nmodel = ['tree']"}

    def page() -> str:
        return re.sub(r"<dt>seconds</dt><dd>[^<]*</dd>", "", explore(**asked).page.read_text())

    assert page() == page()


# odd data and wrong names


@pytest.mark.parametrize(
    ("expl", "message"),
    [
        ("value_counts = ['gnder']", "exp.ini, [EXPL] value_counts: no column 'gnder' in the data; did you mean"),
        ("value_counts = [['age', 'gnder']]", "[EXPL] value_counts: no column 'gnder'"),
        ("scatter = ['pca']\nscatter.target = ['gnder']", "[EXPL] scatter.target: no column 'gnder'"),
        ("aeg_bins = 3", "[EXPL] aeg_bins: no column 'aeg' in the data; did you mean 'age'?"),
        ("plot_features = ['logmel1_maen']", "plot_features: no feature 'logmel1_maen'; did you mean 'logmel1_mean'"),
        ("regplot = [['logmel1_mean', 'aeg']]", "[EXPL] regplot: no column or feature 'aeg'; did you mean 'age'?"),
    ],
)  # fmt: skip
def test_unknown_names_are_told_before_any_audio_is_read(explore, bench, expl, message):
    table = bench.table.assign(file=[f"/nowhere/{place}.wav" for place in range(64)])
    with pytest.raises(NkululekoError) as problem:
        explore(table, feats="type = mfcc", expl=expl)
    assert message in str(problem.value)


def test_a_pair_needs_two_names(explore):
    with pytest.raises(ConfigError, match="expected lists of two names"):
        explore(expl="regplot = [['age']]")


def odd(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(
        same="x",
        nothing=None,
        many=[f"value {place}" for place in range(len(table))],
        number=1.5,
        few=["rare", *["often"] * (len(table) - 1)],
        holes=[None if place % 2 else place for place in range(len(table))],
        **{"a <b> 'c'/..": ["p", "q"] * (len(table) // 2)},
    )


def test_odd_columns_are_drawn_or_said_to_be_odd(explore, bench):
    table = odd(bench.table)
    columns = [name for name in table if name not in bench.table] + ["speaker"]
    pairs = [["nothing", "age"], ["gender", "same"], ["many", "number"]]
    explored = explore(table, expl=f"value_counts = {[*columns, *pairs]}")
    asked = explored.exploration.associations[: len(columns) + len(pairs)]
    assert [each.x.name for each in asked[: len(columns)]] == columns
    undefined = {each.x.name: each.tests[0].note for each in asked if np.isnan(each.tests[0].p)}
    assert undefined["nothing"].startswith("no samples with both nothing and")
    assert "one value" in undefined["same"] and "most frequent of 64 values" in explored.page.read_text()
    assert len([name for name in explored.images if name.endswith("_samples.png")]) >= len(asked)
    assert all(
        (explored.exploration.folder / "images" / name).stat().st_size > 1000 for name in explored.images
    )
    assert "&lt;b&gt;" in explored.page.read_text()


@pytest.mark.parametrize("target", ["same", "few", "many"])
def test_odd_targets(explore, bench, target):
    explored = explore(
        odd(bench.table), target=target, feats="type = mfcc",
        expl="value_counts = ['gender', 'age']\nfeature_distributions = True\nscatter = ['pca', 'tsne']\n"
        "model = ['tree']\nplot_tree = True",
    )  # fmt: skip
    assert "images/overview.png" in files(explored.exploration.folder)
    if target == "same":
        assert explored.exploration.ranking.ways == () and explored.exploration.ranking.tree is None
        assert any("ranked by effect size, not by models" in line for line in explored.exploration.warnings)


@pytest.mark.parametrize("samples", [1, 5])
def test_next_to_no_samples(explore, bench, samples):
    table = bench.table.iloc[:: 64 // samples].iloc[:samples]
    explored = explore(
        table, data="db.split_strategy = train", feats="type = mfcc",
        expl="value_counts = ['gender', 'age']\nfeature_distributions = True\nscatter = ['pca', 'tsne']",
    )  # fmt: skip
    assert len(explored.exploration.samples) == samples


def test_speakers_are_not_known(explore, bench):
    explored = explore(
        bench.table.drop(columns="speaker"), data="db.split_strategy = random", expl="value_counts = ['age']"
    )
    assert explored.exploration.speakers is None
    assert [test.unit for test in explored.tested[0].tests] == ["samples"]


def test_suspicious_recordings_are_listed_and_can_be_heard(explore, own_corpus):
    import soundfile

    first, second, third = own_corpus.table["file"][:3]
    signal, rate = soundfile.read(first)
    soundfile.write(first, np.clip(20 * signal, -1, 1), rate)
    soundfile.write(second, np.zeros(rate), rate)
    soundfile.write(third, signal[: rate // 50], rate)
    explored = explore()
    found = pd.read_csv(explored.exploration.folder / "suspicious.csv").groupby("reason")["file"].apply(set)
    assert first in found["clipped"] and second in found["silent"] and third in found["very short"]
    page = explored.page.read_text()
    assert page.count("<audio") >= 3 and "pass it on only where the recordings may go" in page


def test_an_absent_package_costs_its_map_only(explore, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "umap", None)
    explored = explore(feats="type = mfcc", expl="scatter = ['umap', 'pca']")
    assert [made.method for made in explored.exploration.maps] == ["pca"]
    (line,) = [line for line in explored.exploration.warnings if "umap" in line]
    assert "umap-learn" in line and "nkululeko[explore]" in line


def test_features_that_are_sequences_are_not_looked_at(explore):
    explored = explore(feats="type = spectra", expl="scatter = ['pca']")
    assert explored.exploration.ranking is None
    assert any("sequences" in line for line in explored.exploration.warnings)


def test_imported_features_may_hold_the_target(explore, bench):
    table = bench.table
    bench.csv(table[["file"]].assign(f0=np.arange(64.0), age=table["age"]), "features.csv")
    explored = explore(
        feats="type = import\nimport_file = features.csv", target="age", exp="type = regression",
        expl="plot_features = ['f0']\nregplot = [['f0', 'duration']]",
    )  # fmt: skip
    assert list(explored.exploration.ranking.table.index) == ["f0"]
    assert any("also among the features" in line for line in explored.exploration.warnings)
    with pytest.raises(NkululekoError, match=r"\[EXPL\] plot_features: no feature 'f1'"):
        explore(feats="type = import\nimport_file = features.csv", expl="plot_features = ['f1']")


# the command line


def test_the_terminal_tells_findings_pictures_and_page(bench, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    path = bench.ini(
        model="",
        feats="type = []",
        rest="[EXPL]\nvalue_counts = ['gender']\nprint_stats = True\nprint_colvals = True",
    )
    assert main(["--config", str(path), "--no-browser"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"\d+ pictures", shown) and "explore.html" in shown and "64 samples, 8 speakers" in shown
    assert "emotion and gender" in shown and "chi-square" in shown
    assert re.search(r"^gender +64 +2 +female 32, male 32", shown, re.MULTILINE)


def test_mistakes_are_one_line(bench, capsys):
    path = bench.ini(model="", feats="type = []", rest="[EXPL]\nvalue_counts = ['gnder']")
    assert main(["--config", str(path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and "did you mean 'gender'?" in error


def test_spotlight_is_opened_where_it_is_asked_for(explore, monkeypatch):
    from nkululeko.steps import spotlight

    opened = []
    monkeypatch.setattr(
        spotlight, "show_spotlight", lambda exploration, browser: opened.append((exploration, browser))
    )
    explore(expl="spotlight = True", feats="type = mfcc")
    ((exploration, browser),) = opened
    assert browser and exploration.name == "exp"
    assert [each.method for each in exploration.maps] == ["pca"], (
        "it gets points to show, though none were asked for"
    )
