"""The balance of the splits: what is drawn, against shares and means worked out another way."""

import dataclasses
import io
import os
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nkululeko.core.families import plots
from nkululeko.core.sheet import Sheet
from nkululeko.plots import draw_all, render
from plots.test_baseline import BASELINE, TOLERANCE, distance
from result_factory import HOSTILE, LONG, SEVEN, classification

SPLITS = ("train", "dev", "test")
AGES = ("20 to 34", "35 to 49", "50 to 64")
VALUES = ["database", "split", "variable", "value", "samples", "speakers"]
BINS = ["database", "split", "variable", "low", "high", "samples"]
BALANCE = ["database", "split", "variable", "weight", "divergence"]
WEIGHTS = {"emotion": 4.0, "gender": 2.0, "age": 1.0}


def make(labels=SEVEN, databases=("emodb",), splits=SPLITS, target="emotion", seed=0, more=None, scale=0.02):
    """A result with a sheet made at random: target, gender and age in bins; ``more``: other balance variables."""
    random = np.random.default_rng(seed)
    variables = {target: labels, "gender": ("female", "male"), "age": AGES}
    weights = {target: 4.0, "gender": 2.0, "age": 1.0, **(more or {})}
    values, balance = [], []
    for database in databases:
        for split in splits:
            for variable, names in variables.items():
                counts = random.integers(1, 60, len(names))
                rows = zip(names, counts, strict=True)
                values += [(database, split, variable, name, count, 3) for name, count in rows]
            for variable, weight in weights.items():
                balance.append((database, split, variable, weight, float(random.exponential(scale))))
    return put(values=values, balance=balance, labels=labels, target=target)


def put(values=(), histogram=(), balance=(), labels=SEVEN, target="emotion"):
    """A result with a sheet of these rows."""
    names = ("parts", "speakers", "numbers", "audio", "missing", "chain", "shared_speakers", "copies")
    sheet = Sheet(
        target=target,
        labels=list(labels),
        values=pd.DataFrame(values, columns=VALUES),
        histogram=pd.DataFrame(histogram, columns=BINS),
        balance=pd.DataFrame(balance, columns=BALANCE),
        **{name: pd.DataFrame() for name in names},
    )
    return dataclasses.replace(classification(samples=20), target=target, sheet=sheet)


def draw(result, **options):
    plot = plots.load("balance")
    return plot(plot.Options(**options)).draw(result)


def texts(figure):
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def panel(figure, name):
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == name)


def rows(axes):
    return [tick.get_text() for tick in axes.get_yticklabels()]


def test_divergences_are_bars_with_their_numbers():
    result = make()
    axes = panel(draw(result), "divergence from the whole")
    table = result.sheet.balance
    expected = [
        table.query("split == @split and variable == @variable")["divergence"].item()
        for split in SPLITS
        for variable in WEIGHTS
    ]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(expected)
    assert [text.get_text() for text in axes.texts] == [f"{value:.3f}"[1:] for value in expected]
    assert rows(axes) == ["emotion (weight 4)", "gender (weight 2)", "age (weight 1)"]
    assert axes.get_xlim()[0] == 0 and axes.get_xlim()[1] >= 0.1, "tiny divergences look tiny"


def test_bars_are_the_whole_and_marks_the_splits():
    result = make()
    axes = panel(draw(result), "emotion")
    table = result.sheet.values.query("variable == 'emotion'")
    whole = table.groupby("value")["samples"].sum() / table["samples"].sum()
    assert rows(axes) == list(SEVEN)
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([whole[label] for label in SEVEN])
    for line, split in zip(axes.lines, SPLITS, strict=True):
        part = table[table["split"] == split].set_index("value")["samples"]
        np.testing.assert_allclose(line.get_xdata(), [part[label] / part.sum() for label in SEVEN])
    assert (
        len({line.get_color() for line in axes.lines}) == len({line.get_marker() for line in axes.lines}) == 3
    )


def test_title_names_the_database_and_the_weighted_mean():
    balance = [
        ("emodb", "train", "emotion", 3, 0.01),
        ("emodb", "train", "gender", 1, 0.05),
        ("emodb", "test", "emotion", 3, 0.10),
        ("emodb", "test", "gender", 1, 0.30),
    ]
    shown = texts(draw(put(balance=balance)))
    assert "Balance of the splits: emodb" in shown
    assert "weighted mean divergence .085 (train .020, test .150)" in shown


def test_an_undefined_divergence_counts_nowhere():
    balance = [("x", "test", "emotion", 3, float("nan")), ("x", "test", "gender", 1, 0.2)]
    shown = texts(draw(put(balance=balance)))
    assert "weighted mean divergence .200 (test .200)" in shown
    assert "n/a" in shown
    shown = texts(draw(put(balance=balance[:1])))
    assert "weighted mean divergence n/a (test n/a)" in shown


def test_several_databases_have_their_own_panels():
    figure = draw(make(databases=("emodb", "urdu")))
    shown = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    names = ("divergence from the whole", "emotion", "gender", "age")
    assert shown == [f"{database}: {name}" for database in ("emodb", "urdu") for name in names]
    lines = next(text for text in texts(figure) if "weighted mean" in text).splitlines()
    assert [line.split(":")[0] for line in lines] == ["emodb", "urdu"]


def test_a_variable_without_known_distribution_has_its_divergence_only():
    figure = draw(make(more={"dialect": 0.5}))
    assert "dialect (weight 0.5)" in rows(panel(figure, "divergence from the whole"))
    assert "dialect" not in [axes.get_title(loc="left") for axes in figure.axes]


def test_numbers_without_categories_show_their_histogram():
    histogram = [
        ("x", "train", "age", 30, 40, 1),
        ("x", "train", "age", 20, 30, 3),
        ("x", "test", "age", 20, 30, 1),
    ]
    axes = panel(draw(put(histogram=histogram, balance=[("x", "test", "age", 1, 0.1)])), "age")
    assert rows(axes) == ["20 to 30", "30 to 40"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.8, 0.2])
    np.testing.assert_allclose([line.get_xdata() for line in axes.lines], [[0.75, 0.25], [1, 0]])


def test_bins_of_one_whole_number_are_called_by_it():
    histogram = [("x", "test", "age", 29.5, 30.5, 1), ("x", "test", "age", 30.5, 31.5, 3)]
    axes = panel(draw(put(histogram=histogram, balance=[("x", "test", "age", 1, 0.1)])), "age")
    assert rows(axes) == ["30", "31"]


def test_the_rarest_of_many_categories_are_left_out_and_counted():
    labels = [f"town {i}" for i in range(25)]
    values = [("x", "test", "town", label, 1 + i, 1) for i, label in enumerate(labels)]
    figure = draw(put(values=values, balance=[("x", "test", "town", 1, 0.1)]))
    axes = panel(figure, "town (20 of 25 categories)")
    assert rows(axes) == labels[5:]
    assert axes.patches[0].get_width() == pytest.approx(6 / 325), "shares of all, shown or not"


def test_it_applies_to_balanced_splits_and_is_drawn_unasked():
    result = make(("a", "b"), splits=("train", "test"))
    assert "balance.png" in draw_all(result)
    plot = plots.load("balance")()
    assert not plot.applies(put(values=[("x", "test", "emotion", "anger", 3, 1)]))
    assert not plot.applies(dataclasses.replace(result, sheet=None))


def test_titles_can_be_turned_off():
    shown = texts(draw(make(), titles=False))
    assert not any("Balance" in text or "weighted mean" in text for text in shown)
    assert "gender" in shown


@pytest.mark.parametrize(
    "result",
    [
        make(HOSTILE, databases=("$x^{$", "<b>"), target="$e_{"),
        make(
            LONG,
            databases=("a database whose name is too long for any plot",),
            target="a very long target indeed",
        ),
        make([f"dialect {i}" for i in range(30)], more={"city": 1, "x": 2}, scale=0.2),
        make(splits=("test",)),
    ],
    ids=["hostile", "long", "thirty", "test_only"],
)
def test_nothing_is_cut_off_and_nothing_warns(result):
    before = pickle.dumps(result)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw(result)
        assert render(figure, "svg").startswith(b"<?xml")
    box = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert box.x0 >= -1 and box.y0 >= -1
    assert box.x1 <= figure.bbox.width + 1 and box.y1 <= figure.bbox.height + 1
    assert pickle.dumps(result) == before, "a plot leaves the result as it is"


def small(result):
    """In grey, small: what is compared is what the eye sees, not single pixels."""
    picture = Image.open(io.BytesIO(render(draw(result), "png"))).convert("L")
    return picture.resize((300, round(300 * picture.height / picture.width)), Image.Resampling.BOX)


def test_looks_like_the_baseline_and_other_data_do_not():
    file = BASELINE / "balance.png"
    picture = small(make())
    if os.environ.get("NKULULEKO_NEW_BASELINE"):
        picture.save(file, optimize=True)
    assert distance(Image.open(file), picture) < TOLERANCE
    assert distance(Image.open(file), small(make(splits=("test",), seed=8))) > TOLERANCE
