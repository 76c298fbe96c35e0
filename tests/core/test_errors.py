"""Errors travel between processes and say what, where, what to do."""

from __future__ import annotations

import pickle

import pytest

from nkululeko.core.errors import ConfigError, NkululekoError, did_you_mean, missing_package


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NkululekoError("is empty"), "is empty"),
        (NkululekoError("is empty", "a.csv"), "a.csv: is empty"),
        (NkululekoError("is empty", todo="fill it"), "is empty; fill it"),
        (NkululekoError("is empty", "a.csv", "fill it"), "a.csv: is empty; fill it"),
    ],
)
def test_one_line(error: NkululekoError, text: str) -> None:
    assert str(error) == text


def test_errors_survive_the_way_between_processes() -> None:
    """Workers and the companion hand errors over pickled, by our own two processes."""
    single = NkululekoError("is empty", "a.csv", "fill it")
    again = pickle.loads(pickle.dumps(single))
    assert (again.what, again.where, again.todo) == ("is empty", "a.csv", "fill it")
    many = ConfigError([single, NkululekoError("unknown option 'x'", "exp.ini, line 3")])
    both = pickle.loads(pickle.dumps(many))
    assert isinstance(both, ConfigError)
    assert str(both) == str(many) == "a.csv: is empty; fill it\nexp.ini, line 3: unknown option 'x'"
    assert [mistake.where for mistake in both.mistakes] == ["a.csv", "exp.ini, line 3"]


def test_hints() -> None:
    assert did_you_mean("svn", ["svm", "xgb"]) == "did you mean 'svm'?"
    assert did_you_mean("EMOTION", ["emotion", "speaker"]) == "did you mean 'emotion'?"
    assert did_you_mean("zzz", ["b", "a"]) == "expected one of: a, b"
    assert did_you_mean("zzz", []) == ""
    assert did_you_mean("zzz", [f"name{i}" for i in range(31)]) == ""
    assert did_you_mean("1", [1, 2]) == "did you mean '1'?"


def test_a_missing_package_names_its_extra() -> None:
    assert 'pip install "nkululeko[praat]"' in str(
        missing_package("praat-parselmouth", "praat", "feature set 'praat'")
    )
    assert str(missing_package("torch", "", "it")).endswith("pip install torch")
