"""The contract of every view: it draws whatever the exploration holds, in every format, the same each time."""

import io
import pickle
import warnings
from itertools import islice

import pytest

from nkululeko.core.families import views
from nkululeko.plots import render
from view_factory import CASES, case

#: the pictures of these two differ most from each other: long names, letters that no font has
VECTORS = ("usual", "hostile")
STARTS = {"svg": b"<?xml", "pdf": b"%PDF", "eps": b"%!PS"}


def figures(name, data, most=None, **options):
    view = views.load(name)
    return list(islice(view(view.Options(**options)).draw(case(data)), most))


def lowest_and_highest(content):
    from PIL import Image

    picture = Image.open(io.BytesIO(content))
    assert picture.width >= 350 and picture.height >= 150
    return picture.convert("L").getextrema()


@pytest.mark.parametrize("name", views.names())
def test_view_is_described(name):
    assert views.load(name).summary


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("name", views.names())
def test_view_draws_every_case_without_a_warning(name, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = figures(name, kind)
        contents = [render(figure, "png") for _, figure in drawn]
    assert drawn
    stems = [stem for stem, _ in drawn]
    assert len(set(stems)) == len(stems)
    assert all("/" not in stem and "\\" not in stem and not stem.startswith(".") for stem in stems)
    for content in contents:
        lowest, highest = lowest_and_highest(content)
        assert lowest < 110 and highest == 255  # something dark is on it, on white


@pytest.mark.parametrize("name", views.names())
@pytest.mark.parametrize("kind", VECTORS)
def test_view_draws_in_every_format_without_a_warning(name, kind, caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _, figure in figures(name, kind, 2 if kind == "usual" else 1):
            for format, start in STARTS.items():
                assert render(figure, format).startswith(start)
    assert "transparency" not in caplog.text  # EPS has none


@pytest.mark.parametrize("name", views.names())
def test_view_draws_the_same_each_time_and_leaves_the_record_as_it_is(name):
    before = pickle.dumps(case("odd"))
    once, again = (figures(name, "odd", 2) for _ in range(2))
    assert pickle.dumps(case("odd")) == before
    for (stem, figure), (other, second) in zip(once, again, strict=True):
        assert stem == other
        assert render(figure, "png") == render(second, "png")
        assert render(figure, "svg") == render(second, "svg")


@pytest.mark.parametrize("kind", ["violin", "box", "bar", "swarm", "strip"])
@pytest.mark.parametrize("data", ["odd", "lonely"])
def test_every_kind_of_distribution(kind, data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _, figure in figures("feature_distributions", data, kind=kind):
            render(figure, "png")


@pytest.mark.parametrize("dist_type", ["hist", "kde"])
@pytest.mark.parametrize("data", ["two", "odd"])
def test_every_type_of_distribution_with_areas(dist_type, data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _, figure in figures("associations", data, 4, dist_type=dist_type, fill_areas=True):
            render(figure, "png")


@pytest.mark.parametrize("name", views.names())
def test_view_without_titles_has_no_words_around(name):
    for _, figure in figures(name, "usual", 2, titles=False):
        assert not figure.texts
