"""The distribution of the target: what is drawn, against counts made another way."""

import dataclasses
import io
import os
import pickle
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nkululeko.core.families import plots
from nkululeko.core.sheet import Sheet
from nkululeko.plots import Drawing, draw_all, render
from plots.test_baseline import BASELINE, TOLERANCE, distance
from result_factory import HOSTILE, LONG, SEVEN, classification, regression

SIZES = {"train": 300, "dev": 60, "test": 100}
COLUMNS = {
    "values": ["database", "split", "variable", "value", "samples", "speakers"],
    "numbers": ["database", "split", "variable", "samples", "mean", "deviation"],
    "histogram": ["database", "split", "variable", "low", "high", "samples"],
}


def make(parts, tables, target="emotion", labels=(), wanted=(), speakers=6):
    """A result with a sheet of these rows; ``speakers``: of every split, None: unknown."""
    rows = [
        {"database": d, "split": s, "samples": n, "speakers": pd.NA if speakers is None else speakers}
        for d, s, n in parts
    ]
    frames = {name: pd.DataFrame(tables.get(name, []), columns=columns) for name, columns in COLUMNS.items()}
    empty = {
        name: pd.DataFrame()
        for name in ("speakers", "audio", "missing", "chain", "shared_speakers", "copies", "balance")
    }
    sheet = Sheet(target=target, labels=labels, parts=pd.DataFrame(rows), wanted=wanted, **frames, **empty)
    result = classification(samples=20) if labels else regression(samples=20)
    return dataclasses.replace(result, target=target, sheet=sheet)


def classes(labels=SEVEN, databases=("emodb",), splits=tuple(SIZES), seed=0, **rest):
    """The truth as drawn at random (database, split, label), and the result with the sheet of it."""
    random = np.random.default_rng(seed)
    drawn = [
        (database, split, label)
        for database in databases
        for split in splits
        for label in random.choice(np.array(labels, dtype=object), SIZES[split])
    ]
    counts = Counter(drawn)
    values = [(d, s, "emotion", label, n, 3) for (d, s, label), n in counts.items()]
    values += [(d, s, "gender", "female", 7, 2) for d in databases for s in splits]
    parts = [(d, s, SIZES[s]) for d in databases for s in splits]
    return counts, make(parts, {"values": values}, labels=list(labels), **rest)


def numbers(splits=tuple(SIZES), databases=("ages",), seed=0, **rest):
    """Ages as drawn at random by database and split, and the result with the sheet of them."""
    random = np.random.default_rng(seed)
    drawn = {(d, s): random.normal(40, 12, SIZES[s]).clip(10, 90) for d in databases for s in splits}
    edges = np.linspace(10, 90, 17)
    tables = {
        "numbers": [(d, s, "age", len(v), v.mean(), v.std()) for (d, s), v in drawn.items()],
        "histogram": [
            (d, s, "age", low, high, count)
            for (d, s), v in drawn.items()
            for low, high, count in zip(edges, edges[1:], np.histogram(v, edges)[0], strict=False)
        ],
    }
    return drawn, make([(d, s, SIZES[s]) for d, s in drawn], tables, target="age", **rest)


def draw(result, **options):
    plot = plots.load("value_counts")
    return plot(plot.Options(**options)).draw(result)


def texts(figure):
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_bars_are_shares_of_the_split_and_numbers_are_samples():
    counts, result = classes()
    figure = draw(result)
    (axes,) = figure.axes
    drawn = [bar.get_width() for bar in axes.patches]
    expected = [counts["emodb", split, label] / SIZES[split] for split in SIZES for label in SEVEN]
    assert drawn == pytest.approx(expected)
    assert Counter(texts(figure)) >= Counter(str(count) for count in counts.values())
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(SEVEN)
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first label stands on top"
    tops = [bar.get_y() for bar in axes.patches[:: len(SEVEN)]]
    assert tops == sorted(tops), "train above dev above test"


def test_splits_have_the_same_colours_whatever_splits_there_are():
    def colours(splits):
        figure = draw(classes(splits=splits)[1])
        return {bar.get_label(): bar.patches[0].get_facecolor() for bar in figure.axes[0].containers}

    every = colours(("train", "dev", "test"))
    assert len(set(every.values())) == 3
    assert colours(("train", "test")) == {name: every[name] for name in ("train", "test")}
    assert colours(("test",)) == {"test": every["test"]}


def test_legend_tells_samples_and_speakers():
    _, result = classes(splits=("train", "test"))
    assert legend(draw(result).axes[0]) == ["train: 300 samples, 6 speakers", "test: 100 samples, 6 speakers"]
    _, result = classes(splits=("test",), speakers=1)
    assert legend(draw(result).axes[0]) == ["test: 100 samples, 1 speaker"]
    _, result = classes(splits=("test",), speakers=None)
    assert legend(draw(result).axes[0]) == ["test: 100 samples"]


def test_order_of_the_rows_does_not_matter():
    _, result = classes()
    shuffled = result.sheet.values.sample(frac=1, random_state=1)
    other = dataclasses.replace(result, sheet=dataclasses.replace(result.sheet, values=shuffled))
    assert render(draw(other), "png") == render(draw(result), "png")


def test_a_class_without_samples_is_shown():
    _, result = classes(("a", "b"))
    sheet = dataclasses.replace(result.sheet, labels=["a", "nobody", "b"])
    figure = draw(dataclasses.replace(result, sheet=sheet))
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["a", "nobody", "b"]
    assert texts(figure).count("0") == 3


def test_the_rarest_of_very_many_labels_are_left_out_and_counted():
    labels = [f"speaker {i}" for i in range(50)]
    values = [("x", "train", "emotion", label, 100 - i, 1) for i, label in enumerate(labels)]
    result = make([("x", "train", 3775)], {"values": values}, labels=labels)
    figure = draw(result)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == labels[:40]
    assert figure.axes[0].patches[0].get_width() == pytest.approx(100 / sum(range(51, 101)))
    assert any("10 rarer labels are not shown" in text for text in texts(figure))


def test_one_panel_a_database_two_columns_from_three_on():
    for databases, columns, rows in (("ab", 1, 2), ("abc", 2, 2), ("abcdefghij", 2, 5)):
        _, result = classes(databases=tuple(databases))
        figure = draw(result)
        assert [axes.get_title(loc="left") for axes in figure.axes] == list(databases)
        assert len({round(axes.get_position().x0, 2) for axes in figure.axes}) == columns
        assert len({round(axes.get_position().y0, 2) for axes in figure.axes}) == rows
        assert len({axes.get_xlim() for axes in figure.axes}) == 1, "shares compare across databases"


def test_the_wanted_databases_only():
    _, result = classes(databases=("a", "b", "c"), wanted=("c",))
    counts, _ = classes(databases=("a", "b", "c"))
    figure = draw(result)
    assert len(figure.axes) == 1
    assert figure.axes[0].patches[0].get_width() == pytest.approx(
        counts["c", "train", SEVEN[0]] / SIZES["train"]
    )
    assert "Distribution of emotion: c" in texts(figure)


def test_histograms_are_shares_on_common_borders():
    drawn, result = numbers()
    (axes,) = draw(result).axes
    for stairs, (_, split) in zip(axes.patches, drawn, strict=True):
        expected, edges = np.histogram(drawn["ages", split], 16, (10, 90))
        np.testing.assert_allclose(stairs.get_data().values, expected / SIZES[split])
        np.testing.assert_allclose(stairs.get_data().edges, edges)
    assert axes.get_xlabel() == "age"
    values = drawn["ages", "train"]
    spread = f"mean {values.mean():.2f} ± {np.std(values):.2f}"
    assert legend(axes)[0] == f"train: 300 samples, 6 speakers, {spread}"


def test_bins_that_are_not_listed_are_empty():
    rows = [("x", "test", "age", 0, 1, 3), ("x", "test", "age", 2, 3, 1)]
    (axes,) = draw(make([("x", "test", 4)], {"histogram": rows}, target="age")).axes
    np.testing.assert_allclose(axes.patches[0].get_data().values, [0.75, 0, 0.25])


def test_a_number_that_never_changes():
    rows = [("x", "test", "age", 30, 30, 4)]
    (axes,) = draw(make([("x", "test", 4)], {"histogram": rows}, target="age")).axes
    np.testing.assert_allclose(axes.patches[0].get_data().edges, [29.5, 30.5])
    np.testing.assert_allclose(axes.patches[0].get_data().values, [1])


def test_it_applies_where_there_is_something_to_draw():
    plot = plots.load("value_counts")()
    _, result = classes()
    assert plot.applies(result)
    assert not plot.applies(dataclasses.replace(result, sheet=None))
    assert not plot.applies(classes(wanted=("another",))[1])
    gender_only = result.sheet.values[result.sheet.values["variable"] == "gender"]
    sheet = dataclasses.replace(result.sheet, values=gender_only)
    assert not plot.applies(dataclasses.replace(result, sheet=sheet))


def test_it_waits_to_be_asked_for():
    _, result = classes(("a", "b"), splits=("test",))
    assert "value_counts.png" not in draw_all(result, Drawing(options={"titles": False}))
    assert "value_counts.png" in draw_all(result, Drawing(asked=("value_counts",)))


def test_without_titles_the_panels_keep_their_names():
    _, result = classes(databases=("a", "b"))
    shown = texts(draw(result, titles=False))
    assert not any("Distribution" in text for text in shown)
    assert {"a", "b"} <= set(shown)


@pytest.mark.parametrize(
    "result",
    [
        classes(HOSTILE, databases=("$x^{$", "<b>"))[1],
        classes(LONG, databases=("a database whose name is too long for any plot", "b", "c"))[1],
        classes([f"dialect {i}" for i in range(30)])[1],
        numbers(databases=("a", "b", "c"))[1],
    ],
    ids=["hostile", "long", "thirty", "numbers"],
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


@pytest.mark.parametrize(("name", "kind"), [("value_counts", classes), ("value_counts_numbers", numbers)])
def test_looks_like_the_baseline_and_other_data_do_not(name, kind):
    file = BASELINE / f"{name}.png"
    picture = small(kind()[1])
    if os.environ.get("NKULULEKO_NEW_BASELINE"):
        picture.save(file, optimize=True)
    assert distance(Image.open(file), picture) < TOLERANCE
    assert distance(Image.open(file), small(kind(splits=("test",), seed=8)[1])) > TOLERANCE
