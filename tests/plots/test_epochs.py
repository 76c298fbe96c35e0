"""The pictures of the epochs: what they show, against the history they were drawn from."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from history_factory import made_history, with_history
from nkululeko.core.families import plots
from nkululeko.plots import Drawing, _progression, draw_all
from nkululeko.plots.anim_progression import DPI, FRAMES, steps
from result_factory import classification, regression

PLAIN = classification(("a", "b"), samples=30)
BOTH = ("epoch_progression", "anim_progression")


def draw(history: pd.DataFrame, **options: object):  # type: ignore[no-untyped-def]
    plot = plots.load("epoch_progression")
    return plot(plot.Options(**options)).draw(with_history(PLAIN, history))


def animation(history: pd.DataFrame, result=PLAIN) -> bytes:  # type: ignore[no-untyped-def]
    return plots.load("anim_progression")().animate(with_history(result, history))


def curves(axes, label: str) -> list[np.ndarray]:  # type: ignore[no-untyped-def]
    return [line.get_xydata() for line in axes.lines if line.get_label() == label]


def test_one_training_is_drawn_as_it_went() -> None:
    history = made_history(30)
    losses, measure = draw(history).axes
    (training,), (watched,) = curves(losses, "training data"), curves(losses, "watched data")
    np.testing.assert_allclose(training, history[["epoch", "train_loss"]])
    np.testing.assert_allclose(watched, history[["epoch", "watched_loss"]])
    np.testing.assert_allclose(curves(measure, "watched data")[0], history[["epoch", "watched"]])
    assert measure.get_ylabel().startswith("UAR") and measure.get_xlabel() == "epoch"


def test_the_kept_epoch_is_marked_and_told() -> None:
    history = made_history(30)
    best = history.loc[history["watched"].idxmax()]
    losses, measure = draw(history).axes
    np.testing.assert_allclose(curves(losses, "epoch kept")[0], [[best["epoch"], best["watched_loss"]]])
    np.testing.assert_allclose(curves(measure, "epoch kept")[0], [[best["epoch"], best["watched"]]])
    value = f"{best['watched']:.3f}".removeprefix("0")
    assert (
        losses.title.get_text() == f"kept: epoch {best['epoch']:.0f} of 30: UAR {value} on the watched data"
    )
    assert [text.get_text() for text in losses.get_legend().get_texts()] == [
        "training data",
        "watched data",
        "epoch kept",
    ]


@pytest.mark.parametrize("which", ["run", "fold"])
def test_each_run_or_fold_has_a_thin_line_and_a_dot(which: str) -> None:
    history = made_history(20, 4, which=which)
    shuffled = history.sample(frac=1, random_state=0)
    losses, measure = draw(shuffled).axes
    assert len(curves(losses, "training data")) == len(curves(measure, "watched data")) == 4
    for number, drawn in enumerate(curves(measure, "watched data"), start=1):
        expected = history[history[which] == number][["epoch", "watched"]]
        np.testing.assert_allclose(drawn, expected)
    kept = history[history["best"]]
    np.testing.assert_allclose(np.vstack(curves(measure, "epoch kept")), kept[["epoch", "watched"]])
    span = f"epochs {kept['epoch'].min()} to {kept['epoch'].max()} of 20"
    assert losses.title.get_text().startswith(f"4 trainings; kept: {span}: UAR ")
    thin = next(line for line in losses.lines if line.get_label() == "training data")
    thick = next(line for line in draw(made_history()).axes[0].lines if line.get_label() == "training data")
    assert thin.get_linewidth() < thick.get_linewidth()


def test_runs_of_folds_are_trainings_of_their_own() -> None:
    history = pd.concat([made_history(8, 2).assign(fold=fold) for fold in (1, 2, 3)])
    assert len(curves(draw(history).axes[0], "training data")) == 6


def test_what_ran_away_is_left_out() -> None:
    history = made_history(10)
    history.loc[4, "train_loss"] = np.inf
    losses = draw(history).axes[0]
    assert np.isnan(curves(losses, "training data")[0][4, 1])
    assert losses.get_ylim()[1] < 10


@pytest.mark.parametrize("missing", [["watched_loss"], ["watched", "best"], ["watched_loss", "watched"]])
@pytest.mark.parametrize("name", BOTH)
def test_what_was_not_measured_is_not_drawn(missing: list[str], name: str) -> None:
    """The column may lack, or hold nothing."""
    history = made_history(5)
    for other in (history.drop(columns=missing), history.assign(**dict.fromkeys(missing, np.nan))):
        result = with_history(PLAIN, other)
        plot = plots.load(name)()
        assert plot.applies(result)
        drawn = [line for axes in plot.draw(result).axes for line in axes.lines]
        assert drawn and all(np.isfinite(line.get_xydata()).any() for line in drawn)
        assert set(draw_all(result, Drawing(names=(name,))))


@pytest.mark.parametrize("name", BOTH)
def test_without_a_history_there_is_no_picture(name: str) -> None:
    plot = plots.load(name)()
    history = made_history(5)
    nothing = history.assign(train_loss=np.nan, watched_loss=np.nan, watched=np.nan)
    for result in (PLAIN, with_history(PLAIN, history[:0]), with_history(PLAIN, nothing)):
        assert not plot.applies(result)


def test_one_epoch_is_a_picture_but_no_animation() -> None:
    result = with_history(PLAIN, made_history(1))
    assert set(draw_all(result, Drawing(names=BOTH))) == {"epoch_progression.png"}


def test_both_wait_to_be_asked_for() -> None:
    result = with_history(
        classification(("a", "b"), samples=30, scores="", importance=False), made_history(3)
    )
    files = {"epoch_progression.png", "anim_progression.gif"}
    assert set(draw_all(result)) == {"confusion_matrix.png"}
    assert set(draw_all(result, Drawing(asked=BOTH))) == {"confusion_matrix.png", *files}


def test_titles_can_be_turned_off() -> None:
    assert "epoch" in draw(made_history(5)).axes[0].title.get_text()
    assert draw(made_history(5), titles=False).axes[0].title.get_text() == ""


@pytest.mark.parametrize(("epochs", "runs"), [(2, 1), (5, 3), (200, 1), (60, 4)])
def test_the_animation_is_short_and_small(epochs: int, runs: int) -> None:
    data = animation(made_history(epochs, runs))
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "GIF"
    assert picture.n_frames == min(epochs, FRAMES) <= 50
    assert len(data) < 300_000


def coloured(frame: Image.Image) -> np.ndarray:
    """Where a picture is blue or orange: the columns of the curves' pixels."""
    pixels = np.asarray(frame.convert("RGB"), dtype=int)
    return np.flatnonzero((np.ptp(pixels, axis=2) > 80).any(axis=0))


def test_the_curves_grow_from_frame_to_frame_up_to_the_still_picture() -> None:
    history = made_history(20)
    picture = Image.open(io.BytesIO(animation(history)))
    reach = []
    for number in range(picture.n_frames):
        picture.seek(number)
        pixels = np.asarray(picture.convert("RGB"), dtype=int)
        assert tuple(pixels[1, 1]) == (255, 255, 255)
        # the lower panel has no legend
        lower = picture.crop((0, picture.height * 52 // 100, picture.width, picture.height))
        reach.append(coloured(lower).max(initial=0))
    assert len(reach) == 20 and reach == sorted(reach)
    epochs = np.arange(3, 21)
    steady = np.polyval(np.polyfit(epochs, reach[2:], 1), epochs)
    assert np.abs(reach[2:] - steady).max() < 15  # the line is dashed: its end may lie in a gap
    plot = plots.load("anim_progression")()
    figure = _progression.figure(with_history(PLAIN, history), plot.options, DPI)
    figure.canvas.draw()
    still = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("L")
    last = picture.convert("L")
    assert last.size == still.size
    assert np.abs(np.asarray(last, float) - np.asarray(still, float)).mean() < 1


def test_the_last_frame_stays_longest_and_all_is_the_same_each_time() -> None:
    history = made_history(6)
    data = animation(history, regression(samples=30))
    assert animation(history, regression(samples=30)) == data
    picture = Image.open(io.BytesIO(data))
    stays = []
    for number in range(picture.n_frames):
        picture.seek(number)
        stays.append(picture.info["duration"])
    assert stays == [120] * 5 + [3000]
    assert picture.info["loop"] == 0


@pytest.mark.parametrize("last", [1, 2, 49, 50, 51, 99, 1000])
def test_steps_go_from_the_first_epoch_to_the_last(last: int) -> None:
    found = steps(1, last)
    assert found[0] == 1 and found[-1] == last and len(found) == min(last, FRAMES)
    assert found == sorted(set(found))


def test_importing_them_imports_no_drawing_library() -> None:
    code = (
        "import sys\n"
        "from nkululeko.core.families import plots\n"
        f"[plots.load(name) for name in {BOTH!r}]\n"
        "assert not {'matplotlib', 'pandas', 'PIL'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
