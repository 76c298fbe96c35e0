import pickle
import subprocess
import sys

import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import plots
from nkululeko.plots import Drawing, draw_all
from result_factory import HOSTILE, classification, regression

PICTURE_START = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "eps": b"%!PS-Adobe"}


def test_all_plots_are_found():
    wanted = ["bland_altman", "confusion_matrix", "importance", "reliability", "scatter", "tsne"]
    assert set(wanted) <= set(plots.names())


def test_what_suits_the_task_is_drawn():
    result = classification(samples=30, embedding=True)
    assert set(draw_all(result)) == {"confusion_matrix.png", "importance.png", "reliability.png"}
    assert set(draw_all(regression(samples=30))) == {"bland_altman.png", "importance.png", "scatter.png"}


def test_tsne_waits_to_be_asked_for_and_what_the_result_lacks_is_left_out():
    result = classification(("a", "b"), samples=30, embedding=True, scores="", importance=False)
    assert set(draw_all(result)) == {"confusion_matrix.png"}
    assert set(draw_all(result, Drawing(asked=("tsne",)))) == {"confusion_matrix.png", "tsne.png"}


def test_names_and_formats():
    """Vector formats hold no date and no random names either."""
    result = regression(samples=30)
    drawing = Drawing(names=("scatter",), formats=tuple(PICTURE_START))
    pictures = draw_all(result, drawing)
    assert set(pictures) == {f"scatter.{format}" for format in PICTURE_START}
    for format, start in PICTURE_START.items():
        assert pictures[f"scatter.{format}"].startswith(start)
    assert draw_all(result, drawing) == pictures


def test_another_name_of_a_plot():
    result = classification(("a", "b"), samples=30)
    assert set(draw_all(result, Drawing(names=("confusion",)))) == {"confusion_matrix.png"}


@pytest.mark.parametrize(
    ("drawing", "hint"),
    [
        (Drawing(names=("confusion_matrx",)), "confusion_matrix"),
        (Drawing(names=("scatter",), formats=("pgn",)), "png"),
    ],
)
def test_a_typo_is_an_error_with_a_hint(drawing, hint):
    with pytest.raises(NkululekoError, match=hint):
        draw_all(regression(samples=30), drawing)


def test_titles_can_be_turned_off():
    result = regression(samples=30)
    with_titles = draw_all(result, Drawing(names=("scatter",), formats=("svg",)))["scatter.svg"]
    without = draw_all(result, Drawing(names=("scatter",), formats=("svg",), options={"titles": False}))[
        "scatter.svg"
    ]
    assert b"Prediction against truth" in with_titles
    assert b"Prediction against truth" not in without


def test_no_global_state_is_changed():
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw_all(regression(samples=30), Drawing(names=("scatter",), formats=("png", "svg")))
    assert dict(matplotlib.rcParams) == before


def test_another_process_can_draw_without_heavy_imports(tmp_path):
    task = tmp_path / "task.pickle"
    task.write_bytes(pickle.dumps((draw_all, classification(HOSTILE, samples=30), Drawing())))
    code = (
        "import pickle, sys, pathlib\n"
        "from nkululeko.plots import warm\n"
        "warm()\n"
        f"draw, result, drawing = pickle.loads(pathlib.Path({str(task)!r}).read_bytes())\n"
        "assert len(draw(result, drawing)) == 3\n"
        "heavy = {'matplotlib.pyplot', 'seaborn', 'scipy', 'sklearn', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_importing_the_room_imports_no_drawing_library():
    code = (
        "import sys, nkululeko.plots\n"
        "from nkululeko.core.families import plots\n"
        "[plots.load(name) for name in plots.names()]\n"
        "assert not {'matplotlib', 'pandas', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
