"""The risk-coverage plot shows what the table says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.result import Result
from nkululeko.evaluation.uncertainty import entropy, risk_coverage
from nkululeko.plots import render
from nkululeko.plots.uncertainty import Uncertainty
from result_factory import classification, regression


def with_curve(**options) -> Result:
    result = classification(**options)
    predictions = result.predictions
    probabilities = predictions[[f"p_{label}" for label in result.labels]].to_numpy()
    correct = (predictions["truth"] == predictions["prediction"]).to_numpy()
    return dataclasses.replace(result, uncertainty=risk_coverage(correct, 1 - entropy(probabilities)))


def draw(result: Result, **options):
    return Uncertainty(Uncertainty.Options(**options)).draw(result)


def test_it_applies_where_there_is_a_curve():
    plot = Uncertainty()
    assert plot.plugin_name() == "uncertainty" and plot.summary and plot.when == "always"
    assert plot.applies(with_curve())
    none = classification(scores="")
    assert not plot.applies(dataclasses.replace(none, uncertainty=None))
    assert not plot.applies(dataclasses.replace(none, uncertainty=with_curve().uncertainty[:0]))
    assert "regression" not in Uncertainty.tasks
    assert not plot.applies(regression())


def test_it_draws_the_curve_but_for_its_first_answers():
    result = with_curve(samples=200)
    axes = draw(result).axes[0]
    baseline, curve = axes.lines
    shown = result.uncertainty[result.uncertainty["coverage"] >= 0.05]
    np.testing.assert_allclose(curve.get_xydata(), shown[["coverage", "risk"]].to_numpy())
    wrong = float(np.mean(result.predictions["truth"] != result.predictions["prediction"]))
    assert baseline.get_ydata() == pytest.approx([wrong, wrong])
    assert f"all answers: {100 * wrong:.0f} % wrong" in axes.title.get_text()


def test_the_surest_half_is_told():
    curve = pd.DataFrame(
        {"coverage": [0.2, 0.45, 1.0], "risk": [0.0, 0.1, 0.3], "threshold": [0.9, 0.5, 0.1]}
    )
    result = dataclasses.replace(classification(), uncertainty=curve)
    assert "the surest 45 %: 10 %" in draw(result).axes[0].title.get_text()
    flat = dataclasses.replace(result, uncertainty=curve[2:])
    assert "all are equally certain" in draw(flat).axes[0].title.get_text()


def test_the_threshold_is_marked():
    curve = pd.DataFrame(
        {"coverage": [0.2, 0.45, 1.0], "risk": [0.0, 0.1, 0.3], "threshold": [0.9, 0.5, 0.1]}
    )
    result = dataclasses.replace(classification(), uncertainty=curve)
    axes = draw(result, uncertainty_threshold=0.5).axes[0]
    (dot,) = axes.collections
    assert np.asarray(dot.get_offsets()).tolist() == [[0.45, 0.1]]
    assert "certainty from 0.5 on: 45 % are kept, 10 % of them wrong" in axes.title.get_text()
    axes = draw(result, uncertainty_threshold=0.95).axes[0]
    assert "no answer has a certainty of 0.95 or more" in axes.title.get_text()
    assert not axes.collections
    assert not draw(result).axes[0].collections


def test_it_renders_without_titles_and_with_odd_names():
    result = dataclasses.replace(with_curve(samples=40), target="price $5 and $\\frac{1}$")
    assert render(draw(result), "png").startswith(b"\x89PNG")
    untitled = draw(result, titles=False)
    assert untitled.axes[0].title.get_text() == ""


def test_nothing_is_cut_off():
    figure = draw(with_curve(), uncertainty_threshold=0.3)
    box = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert box.x0 >= -1 and box.y0 >= -1
    assert box.x1 <= figure.bbox.width + 1 and box.y1 <= figure.bbox.height + 1


def test_a_model_that_is_always_right():
    curve = pd.DataFrame({"coverage": [0.5, 1.0], "risk": [0.0, 0.0], "threshold": [0.9, 0.5]})
    axes = draw(dataclasses.replace(classification(), uncertainty=curve)).axes[0]
    assert axes.get_ylim()[1] > 0
