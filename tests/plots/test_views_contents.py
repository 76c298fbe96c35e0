"""What the pictures of an exploration show."""

import subprocess
import sys
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import Node, Variable
from nkululeko.core.families import views
from nkululeko.plots import _letters, _pair, _tree
from nkululeko.plots._explore import draw_views
from nkululeko.plots._files import stem
from view_factory import case, exploration


def texts(figure):
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


def draw(name, found, wanted, **options):
    view = views.load(name)
    return dict(view(view.Options(**options)).draw(found))[wanted]


def pair(name, unit="samples", data="usual", **options):
    found = next(each for each in case(data).associations if each.name == name)
    kind = views.load("associations").Options
    return found, _pair.picture(found, unit, kind(**options))


def widths(axes):
    """Lengths of the bars, a list for each colour."""
    return [[bar.get_width() for bar in container] for container in axes.containers]


def test_bars_count_samples_and_their_shares():
    found, figure = pair("emotion_gender")
    counts = pd.crosstab(found.samples["y"], found.samples["x"])
    left, right = figure.axes[:2]
    np.testing.assert_allclose(np.array(widths(left)).T, counts)
    np.testing.assert_allclose(np.array(widths(right)).T, counts.div(counts.sum(axis=1), axis=0))
    assert [label.get_text() for label in left.get_yticklabels()] == list(counts.index)
    assert str(counts.iloc[0, 0]) in texts(figure)


def test_bars_of_speakers_use_the_counts():
    found, figure = pair("emotion_gender", "speakers")
    wide = found.speakers.pivot(index="y", columns="x", values="count")
    np.testing.assert_allclose(np.array(widths(figure.axes[0])).T, wide)


def test_many_by_many_is_a_table():
    found, figure = pair("emotion_city", data="twenty")
    counts = pd.crosstab(found.samples["y"], found.samples["x"])
    shown = sorted(
        int(text.get_text()) for text in figure.texts + figure.artists if text.get_text().isdigit()
    )
    assert shown == sorted(counts.to_numpy()[counts.to_numpy() > 0].tolist())


def test_titles_and_statistics():
    found, figure = pair("emotion_gender")
    words = texts(figure)
    assert "emotion and gender" in words
    for unit in ("samples", "speakers"):
        assert f"{unit}: {found.evidence(unit).line}" in words
    assert set(found.notes) <= set(words)


def test_the_picture_of_speakers_has_their_statistics_only():
    found, figure = pair("emotion_gender", "speakers")
    words = texts(figure)
    assert found.evidence("speakers").line in words
    assert not any(found.evidence("samples").line in text for text in words)


def test_boxes_stand_in_the_order_of_their_medians():
    found, figure = pair("emotion_duration", data="twenty")
    medians = found.samples.groupby("y")["x"].median().sort_values(ascending=False)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    shades = [name for name in medians.index if name.startswith("shade")]
    assert [label.rpartition(" (")[0] for label in labels if label.startswith("shade")] == shades


def test_histograms_are_shares_of_their_category():
    found, figure = pair("depressed_duration", data="two")
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    for line, (_, part) in zip(lines, found.samples.groupby("y"), strict=True):
        borders = np.unique(line.get_xdata())
        heights = np.asarray(line.get_ydata())[1:-1:2]
        np.testing.assert_allclose(heights, np.histogram(part["x"], borders)[0] / len(part))


def test_areas_are_filled_only_if_asked_for():
    plain = pair("depressed_duration", data="two")[1]
    filled = pair("depressed_duration", data="two", fill_areas=True)[1]
    assert len(filled.axes[0].collections) == len(plain.axes[0].collections) + 2


def test_panels_by_the_target():
    found, figure = pair("emotion_age_duration")
    names = [axes.get_title(loc="left") for axes in figure.axes]
    counts = found.samples["group"].value_counts()
    assert names == [f"{level} ({counts[level]})" for level in found.group.levels]


def test_five_hundred_categories():
    made = exploration(tuple(f"class {i:03d}" for i in range(500)), samples=1500, pairs=("gender", "age"))
    assert len(made.target.levels) > 400
    for name, content in draw_views(
        made, names=("associations", "maps", "overview", "feature_distributions")
    ):
        assert content.startswith(b"\x89PNG"), name


def test_nothing_is_known():
    made = case("odd")
    gone = Variable("emotion", "category", pd.Series(None, made.target.values.index, dtype=object), ())
    made = replace(made, target=gone, maps=[replace(each, colours=(gone,)) for each in made.maps])
    words = [text for _, figure in views.load("overview")().draw(made) for text in texts(figure)]
    assert "no sample has a value of emotion" in words
    names = ("maps", "feature_distributions", "feature_tree")
    assert len(list(draw_views(made, names=names))) >= 6


def test_nothing_was_explored():
    made = replace(case("usual"), associations=(), ranking=None, pairs=(), shown=(), maps=())
    assert [name for name, _ in draw_views(made)] == ["overview.png"]


def test_maps_tell_the_method_the_colour_and_the_dimensions():
    names = {name for name, _ in views.load("maps")().draw(case("usual"))}
    assert {"map_tsne_emotion", "map_tsne_age", "map_pca_3d_gender", "map_pca_emotion"} <= names
    figure = draw("maps", case("usual"), "map_tsne_emotion")
    assert "270 of 300 samples, drawn by chance; close together means alike" in texts(figure)
    points = sum(len(dots.get_offsets()) for dots in figure.axes[0].collections)
    assert points == 270
    assert figure.axes[0].get_xlabel() == ""
    assert draw("maps", case("usual"), "map_pca_emotion").axes[0].get_xlabel() == "PC 1 (31 %)"


def test_importance_is_the_mean_of_all_ways():
    order = case("usual").ranking
    figure = draw("feature_importance", case("usual"), "feature_importance", max_feats=4)
    means = order.table[list(order.ways)].iloc[:4].mean(axis=1)
    np.testing.assert_allclose(widths(figure.axes[0])[0], means)
    assert "< .001 ***" in texts(figure)
    assert "4 of 88 features, ranked by xgb and tree permutation" in texts(figure)


def test_distributions_are_drawn_only_if_asked_for():
    view = views.load("feature_distributions")
    assert not list(view(view.Options(feature_distributions=False)).draw(case("usual")))
    assert view.Options(feature_distributions="box").chosen == "box"
    assert view.Options(feature_distributions="box", kind="bar").chosen == "bar"
    assert view.Options(feature_distributions=True).chosen == "violin"


def test_distributions_of_the_best_features():
    figure = draw("feature_distributions", case("usual"), "feature_distributions", max_feats=2)
    assert [axes.get_title(loc="left")[:6] for axes in figure.axes] == ["1  F0s", "2  lou"]
    bars = draw("feature_distributions", case("usual"), "feature_loudness_sma3_percentile80.0", kind="bar")
    values = case("usual").ranking.values["loudness_sma3_percentile80.0"]
    means = values.groupby(case("usual").target.values).mean()
    np.testing.assert_allclose(widths(bars.axes[0])[0], means)


def test_the_tree_says_its_rules():
    leaves = (Node(30, {"a": 28, "b": 2}), Node(70, {"a": 10, "b": 60}))
    tree = Node(100, {"a": 38, "b": 62}, feature="F0 mean", threshold=31.234, left=leaves[0], right=leaves[1])
    made = replace(case("usual"), ranking=replace(case("usual").ranking, tree=tree))
    words = texts(draw("feature_tree", made, "feature_tree"))
    assert {"F0 mean", "≤ 31.2", "100 samples", "a 93 %", "b 86 %", "30 samples", "yes", "no"} <= set(words)


def test_a_deep_tree_is_cut():
    tree = Node(1, {"a": 1})
    for _ in range(6):
        tree = Node(2, {"a": 2}, feature="f", threshold=0.5, left=tree, right=Node(1, {"a": 1}))
    root, rows = _tree.place(tree)
    placed = _tree.nodes(root)
    assert max(each.column for each in placed) == _tree.DEEP
    assert [each.cut for each in placed].count(True) == 1
    assert rows == _tree.DEEP + 1


@pytest.mark.parametrize("data", ["twenty", "hostile", "numeric"])
@pytest.mark.parametrize("name", views.names())
def test_nothing_is_cut_off(name, data):
    for wanted, figure in islice(views.load(name)().draw(case(data)), 6):
        wide, high = figure.get_size_inches() * figure.dpi
        boxes = [axes.get_tightbbox() for axes in figure.axes] + [
            text.get_window_extent() for text in figure.texts
        ]
        for box in boxes:
            assert box.x0 >= -2 and box.y0 >= -2 and box.x1 <= wide + 2 and box.y1 <= high + 2, wanted


@pytest.mark.parametrize("name", views.names())
def test_words_and_panels_do_not_overlap(name):
    for wanted, figure in islice(views.load(name)().draw(case("twenty")), 6):
        panels = [axes.get_tightbbox() for axes in figure.axes]
        for text in figure.texts:
            box = text.get_window_extent()
            assert not any(box.y0 < panel.y1 - 2 and box.y1 > panel.y0 + 2 for panel in panels), wanted


def test_names_are_unique_whatever_the_file_system_makes_of_case():
    made = case("usual")
    first = made.associations[0]
    made = replace(made, associations=[first, replace(first, name=first.name.upper()), first])
    names = [name for name, _ in draw_views(made, names=("associations",))]
    assert len({name.casefold() for name in names}) == 6
    assert names[:2] == ["emotion_gender_samples.png", "emotion_gender_speakers.png"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "", "a" * 300, "con:aux", "\x00", "/"])
def test_stems_are_harmless(name):
    found = stem(name)
    assert found and len(found) <= 100
    assert not set(found) & set("/\\:\x00") and not found.startswith(".")


def test_pictures_in_several_formats_with_options():
    options = {"kind": "box", "max_feats": 1, "dist_type": "kde", "other": 3, "feature_distributions": True}
    names = [name for name, _ in draw_views(case("two"), ("png", "svg"), True, options)]
    assert "feature_distributions.png" in names and "feature_distributions.svg" in names
    single = [name for name in names if name.startswith("feature_") and name.endswith("amean.png")]
    assert single == ["feature_F0semitoneFrom27.5Hz_sma3nz_amean.png"]


def test_a_typo_is_an_error_before_anything_is_drawn():
    with pytest.raises(NkululekoError, match="png"):
        next(draw_views(case("two"), ("pgn",)))
    with pytest.raises(NkululekoError, match="maps"):
        next(draw_views(case("two"), names=("mapz",)))


def test_letters_that_no_font_has():
    assert _letters.shown("怒り") == "□□"
    assert _letters.shown("größe é ñ") == "größe é ñ"
    figure = draw("overview", case("hostile"), "overview")
    assert _letters.NOTE in texts(figure)
    assert any(
        text.startswith("Distribution of label $5 \\ <i>".replace("$", r"\$")) for text in texts(figure)
    )


def test_other_fonts_help_out(monkeypatch):
    import io

    from matplotlib import font_manager

    from nkululeko.plots import _style, render

    def letters(name):
        return set(font_manager.get_font(font_manager.findfont(name)).get_charmap())

    only = sorted(letters("STIXGeneral") - letters("DejaVu Sans"))
    letter = next(chr(code) for code in only if chr(code).isprintable() and code < 0xE000)
    assert _letters.shown(letter) == _letters.MISSING
    monkeypatch.setattr(_letters, "FALLBACKS", ("STIXGeneral",))
    for cached in (_letters._families, _letters._family, _letters._faces):
        cached.cache_clear()
    try:
        assert _letters.shown(letter) == letter
        figure = _style.new_figure(3, 2)
        axes = figure.subplots()
        axes.set_yticks([0.5], [letter])
        _letters.choose_fonts(figure)
        for format in ("png", "svg", "pdf", "eps"):
            assert len(render(figure, format)) > 500
        assert io.BytesIO(render(figure, "png")).getvalue() == render(figure, "png")
    finally:
        for cached in (_letters._families, _letters._family, _letters._faces):
            cached.cache_clear()


def test_importing_the_views_imports_no_drawing_library():
    code = (
        "import sys, nkululeko.plots._explore\n"
        "from nkululeko.core.families import views\n"
        "[views.load(name) for name in views.names()]\n"
        "assert not {'matplotlib', 'pandas', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
