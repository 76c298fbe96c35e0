"""The contract of every plot: it draws what it says it can, in every format, the same each time."""

import io
import pickle
import warnings

import pytest

from history_factory import with_history
from nkululeko.core.families import plots
from nkululeko.plots import render
from result_factory import all_results, with_combined, with_compared, with_runs

#: the results that lead to different pictures
TELLING = ("two", "twenty", "hostile", "long", "big", "regression", "regression_big")
#: these show nothing that differs between results of one task
LIKE_ANY_OTHER = ("importance", "epoch_progression", "anim_progression", "per_speaker", "runs_compare")
RESULTS = {
    kind: with_history(with_compared(with_runs(with_combined(result))))
    for kind, result in all_results().items()
    if kind in TELLING
}
CASES = [
    (name, kind)
    for name in plots.names()
    for kind, result in RESULTS.items()
    if result.task in plots.load(name).tasks
    and (name not in LIKE_ANY_OTHER or kind in ("two", "regression"))
    and plots.load(name)().applies(result)
]
#: the first result that each plot applies to: vector formats differ little from case to case
FIRST = [next(case for case in CASES if case[0] == name) for name in plots.names()]


@pytest.mark.parametrize("name", plots.names())
def test_plot_is_described_and_applies_somewhere(name):
    plot = plots.load(name)
    assert plot.summary
    assert plot.tasks
    assert any(case[0] == name for case in CASES)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_plot_renders_without_a_warning(name, kind):
    from matplotlib.figure import Figure
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plots.load(name)().draw(RESULTS[kind])
        assert isinstance(figure, Figure)
        picture = Image.open(io.BytesIO(render(figure, "png")))
    assert picture.width >= 400 and picture.height >= 300
    assert picture.convert("L").getextrema()[0] < 100  # something dark is on it


@pytest.mark.parametrize(("name", "kind"), FIRST)
def test_plot_renders_in_every_format_and_the_same_each_time(name, kind):
    before = pickle.dumps(RESULTS[kind])
    figure, again = (plots.load(name)().draw(RESULTS[kind]) for _ in range(2))
    assert render(figure, "png") == render(again, "png")
    for format, start in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("eps", b"%!PS")):
        assert render(figure, format).startswith(start)
    assert pickle.dumps(RESULTS[kind]) == before, "a plot leaves the result as it is"
