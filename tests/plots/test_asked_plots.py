"""One answer a speaker and the comparison of runs: what is drawn, and what it looks like."""

from __future__ import annotations

import dataclasses
import io
import os

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from PIL import Image

from nkululeko.core.families import plots
from nkululeko.core.result import Score
from nkululeko.plots import Drawing, draw_all, render
from plots.test_baseline import BASELINE, TOLERANCE, distance
from result_factory import classification, regression, with_combined, with_compared, with_runs

CASES = {
    "per_speaker": lambda seed: with_combined(classification(("female", "male"), samples=100, seed=seed)),
    "per_speaker_numbers": lambda seed: with_combined(regression(samples=100, seed=seed)),
    "runs_compare": lambda seed: of_runs(classification(samples=100, seed=seed), seed),
}


def of_runs(result, seed: int, count: int = 8):
    result = with_runs(result, count)
    values = result.runs["value"] + np.random.default_rng(seed).normal(0, 0.05, count)
    return with_compared(dataclasses.replace(result, runs=result.runs.assign(value=values)))


def draw(name: str, result, **options):
    kind = plots.load(name)
    return kind(kind.Options(**options)).draw(result)


def small(name: str, seed: int = 3):
    figure = draw(name.removesuffix("_numbers"), CASES[name](seed))
    picture = Image.open(io.BytesIO(render(figure, "png"))).convert("L")
    return picture.resize((300, round(300 * picture.height / picture.width)), Image.Resampling.BOX)


@pytest.mark.parametrize("name", CASES)
def test_it_looks_like_the_baseline(name):
    """``NKULULEKO_NEW_BASELINE=1 pytest tests/plots/test_asked_plots.py`` draws them anew: look at them."""
    file = BASELINE / f"{name}.png"
    picture = small(name)
    if os.environ.get("NKULULEKO_NEW_BASELINE"):
        picture.save(file, optimize=True)
    assert distance(Image.open(file), picture) < TOLERANCE
    assert file.stat().st_size < 40_000


def test_other_runs_do_not_look_like_the_baseline():
    other = small("runs_compare", seed=8)
    assert distance(Image.open(BASELINE / "runs_compare.png"), other) > TOLERANCE


def test_each_waits_for_its_option():
    result = with_compared(with_runs(with_combined(classification(samples=30))))
    usual = set(draw_all(result))
    assert not {"per_speaker.png", "runs_compare.png"} & usual
    asked = Drawing(asked=("combine_per_speaker", "runs_compare"))
    assert set(draw_all(result, asked)) == usual | {"per_speaker.png", "runs_compare.png"}


def test_neither_applies_where_there_is_nothing():
    plain = classification(samples=30)
    for name in ("per_speaker", "runs_compare"):
        assert not plots.load(name)().applies(plain)
    combined = with_combined(plain).combined
    empty = dataclasses.replace(combined, answers=combined.answers[:0], confusion=None, scores={})
    assert not plots.load("per_speaker")().applies(dataclasses.replace(plain, combined=empty))


def test_a_run_is_a_dot_with_its_interval():
    result = of_runs(classification(samples=60), 1, 5)
    axes = draw("runs_compare", result).axes[0]
    marks = [part.get_offsets() for part in axes.collections if isinstance(part, PathCollection)]
    dots = np.concatenate(marks)
    values = [score.value for score in result.compared]
    assert sorted(dots[:, 1].tolist()) == pytest.approx(sorted(values))
    assert marks[-1][:, 0].tolist() == result.runs.loc[result.runs["chosen"], "run"].tolist()
    (mean,) = axes.lines
    assert mean.get_ydata()[0] == pytest.approx(np.mean(values))
    assert f"± {np.std(values, ddof=1):.3f}".replace("0.", ".") in axes.title.get_text()


def test_runs_that_say_nothing_are_drawn_all_the_same():
    result = of_runs(classification(samples=60), 1, 3)
    nothing = Score("uar", "UAR", float("nan"), float("nan"), float("nan"))
    some = [result.compared[0], nothing, nothing]
    for compared in (some, [nothing] * 3):
        figure = draw("runs_compare", dataclasses.replace(result, compared=compared))
        assert render(figure, "png").startswith(b"\x89PNG")


def test_many_runs_have_room():
    figure = draw("runs_compare", of_runs(classification(samples=60), 1, 60))
    box = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert box.x0 >= -1 and box.x1 <= figure.bbox.width + 1


def test_options_of_plot_reach_the_plots_that_declare_them(monkeypatch):
    seen = {}
    for name in ("uncertainty", "scatter", "reliability"):
        kind = plots.load(name)
        monkeypatch.setattr(
            kind, "applies", lambda plot, result: seen.update({type(plot): plot.options}) or False
        )
    options = {"titles": False, "uncertainty_threshold": 0.25, "tsne": True, "format": "pdf"}
    drawing = Drawing(names=("uncertainty", "reliability"), options=options)
    assert draw_all(classification(samples=20), drawing) == {}
    threshold, plain = seen[plots.load("uncertainty")], seen[plots.load("reliability")]
    assert (threshold.titles, threshold.uncertainty_threshold) == (False, 0.25)
    assert plain.titles is False and not hasattr(plain, "uncertainty_threshold")
