import dataclasses
import io
from pathlib import Path

from rich.console import Console

from nkululeko.core.result import Score
from nkululeko.report.terminal import summary
from result_factory import HOSTILE, classification, regression, with_folds, with_runs


def shown(result, width=100, colour=False, soft_wrap=False):
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(summary(result), soft_wrap=soft_wrap)
    return console.file.getvalue()


def test_summary_says_what_matters():
    text = shown(classification(samples=120))
    assert "UAR ." in text and "95 % interval [" in text
    assert "learned from 360 samples, tested on 120 samples of 6 speakers" in text
    assert "warning: speaker 03 is in train and in test" in text
    assert f"report: {Path('/results/emodb_os_svm/report.html')}" in text
    assert len(text.splitlines()) <= 8


def test_regression_without_speakers():
    text = shown(regression(samples=30, speakers=False))
    assert "CCC" in text and "of 30 speakers" not in text


def test_runs_and_folds_are_said():
    result = with_runs(classification(), 5)
    mean = f"{result.runs['value'].mean():.3f}".lstrip("0")
    assert f"5 runs: {mean} +- ." in shown(result)
    assert "learned from" not in shown(with_folds(classification()), width=140)
    text = shown(with_runs(with_folds(classification())), width=140)
    assert (
        "leave one speaker out: 120 samples of 6 speakers, each predicted by a model that had not heard"
        in text
    )
    text.encode("ascii")


def test_path_is_not_broken_in_a_narrow_window():
    result = dataclasses.replace(classification(samples=20), folder=Path("/a/very/long/path/" + "x" * 60))
    assert str(result.report) in shown(result, width=40, soft_wrap=True)
    assert str(result.report) in shown(result, width=40).replace("\n", "")


def test_colour_tells_whether_it_is_better_than_guessing():
    result = classification(samples=60)
    for value, code in ((0.9, "1;32"), (1 / 7, "1;33"), (0.01, "1;31")):
        score = Score("uar", "UAR", value, value - 0.005, value + 0.005)
        assert f"\x1b[{code}mUAR" in shown(dataclasses.replace(result, scores={"uar": score}), colour=True)


def test_hostile_names_do_not_steer_the_terminal():
    result = dataclasses.replace(
        classification(HOSTILE, samples=40),
        name="[bold]x[/bold]\x1b[2J",
        warnings=["\x1b]0;title\x07 [link=file:///etc]here[/link]"],
    )
    text = shown(result)
    assert "\x1b" not in text and "\x07" not in text
    assert "[bold]x[/bold]" in text and "[link=file:///etc]" in text


def test_a_plain_terminal_can_print_it():
    shown(classification(samples=20)).encode("ascii")
