"""What the plots show, against values worked out another way."""

import statistics

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.families import plots
from result_factory import classification, regression, twenty


def draw(name, result, **options):
    plot = plots.load(name)
    return plot(plot.Options(**options)).draw(result)


def texts(figure):
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


def test_confusion_matrix_shades_by_the_true_class_and_counts_in_the_cells():
    result = classification(("a", "b", "c"), samples=90)
    figure = draw("confusion_matrix", result)
    truth, prediction = result.predictions["truth"], result.predictions["prediction"]
    share = pd.crosstab(truth.to_numpy(), prediction.to_numpy(), normalize="index").to_numpy()
    mesh = next(item for item in figure.axes[0].collections if hasattr(item, "get_coordinates"))
    np.testing.assert_allclose(np.asarray(mesh.get_array()).reshape(3, 3), share)
    hits = int(((truth == "a") & (prediction == "a")).sum())
    assert f"{hits}\n{100 * share[0, 0]:.0f} %" in texts(figure)
    assert any(text.startswith("UAR ") and "[" in text for text in texts(figure))


def test_confusion_matrix_puts_the_first_class_on_top():
    axes = draw("confusion_matrix", classification(("a", "b", "c"), samples=60)).axes[0]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_confusion_matrix_of_a_class_without_samples():
    result = classification(("a", "b"), samples=30)
    table = result.confusion.copy()
    table.loc["b"] = 0
    figure = draw("confusion_matrix", type(result)(**{**vars(result), "confusion": table}))
    assert any(text.startswith("b (0)") for text in texts(figure))


def test_many_long_labels_are_turned():
    few = draw("confusion_matrix", classification(("m", "f"), samples=30)).axes[0]
    many = draw("confusion_matrix", classification(twenty(), samples=100)).axes[0]
    assert few.get_xticklabels()[0].get_rotation() == 0
    assert many.get_xticklabels()[0].get_rotation() > 0


def test_nothing_is_cut_off():
    result = classification(("a class whose name is rather long for any axis", "b"), samples=40)
    for name in ("confusion_matrix", "importance", "reliability"):
        figure = draw(name, result)
        size = figure.bbox
        box = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
        assert box.x0 >= -1 and box.y0 >= -1, name
        assert box.x1 <= size.width + 1 and box.y1 <= size.height + 1, name


def test_scatter_has_truth_below_and_prediction_beside():
    result = regression(samples=50)
    axes = draw("scatter", result).axes[0]
    points = np.asarray(axes.collections[0].get_offsets())
    np.testing.assert_allclose(points, result.predictions[["truth", "prediction"]].to_numpy())
    line = axes.lines[0].get_xydata()
    np.testing.assert_allclose(line[:, 0], line[:, 1])
    assert axes.get_xlim() == axes.get_ylim()
    assert "CCC" in axes.title.get_text() and "PCC" in axes.title.get_text()


def test_bland_altman_draws_mean_and_limits():
    result = regression(samples=60)
    differences = [p - t for t, p in result.predictions[["truth", "prediction"]].itertuples(index=False)]
    mean, spread = statistics.mean(differences), statistics.stdev(differences)
    axes = draw("bland_altman", result).axes[0]
    drawn = sorted(line.get_ydata()[0] for line in axes.lines)
    expected = sorted([0, mean - 1.96 * spread, mean, mean + 1.96 * spread])
    np.testing.assert_allclose(drawn, expected)


def test_reliability_draws_the_filled_bins():
    result = classification(samples=60)
    bins = result.calibration.bins.dropna()
    curve, bars = draw("reliability", result).axes
    np.testing.assert_allclose(curve.lines[1].get_xydata(), bins[["confidence", "accuracy"]].to_numpy())
    assert [bar.get_height() for bar in bars.patches] == bins["count"].tolist()
    assert "ECE" in curve.title.get_text()


@pytest.mark.parametrize(("options", "shown"), [({}, 20), ({"max_feats": 5}, 5), ({"max_feats": 100}, 60)])
def test_importance_shows_the_first_features_first(options, shown):
    result = classification(samples=30)
    axes = draw("importance", result, **options).axes[0]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(result.importance.iloc[:shown].tolist())
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_tsne_gives_every_class_its_own_cue_and_counts():
    result = classification(twenty(), samples=100, embedding=True)
    axes = draw("tsne", result).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    counts = result.embedding["emotion"].value_counts()
    assert labels == [f"{label} ({counts[label]})" for label in result.labels if label in counts]
    assert sum(len(cloud.get_offsets()) for cloud in axes.collections) == len(result.embedding)


def test_tsne_of_a_number_has_a_colour_bar():
    figure = draw("tsne", regression(samples=40, embedding=True))
    assert len(figure.axes) == 2
