"""The one kind of error a user sees: what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class NkululekoError(Exception):
    """An error the user can mend, in one line: what is wrong, where, what to do.

    Args:
        what: what is wrong, e.g. ``"unknown option 'split_stategy'"``
        where: the place, e.g. ``"exp.ini, line 12"``
        todo: what to do about it, e.g. ``"did you mean 'split_strategy'?"``

    Example:
        >>> print(NkululekoError("no such file 'a.wav'", "my.csv, row 3", "check audio_path"))
        my.csv, row 3: no such file 'a.wav'; check audio_path
    """

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        super().__init__(what, where, todo)
        self.what, self.where, self.todo = what, where, todo

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.todo}" if self.todo else text


class ConfigError(NkululekoError):
    """All mistakes of an experiment file at once, one line each."""

    def __init__(self, mistakes: Sequence[NkululekoError]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = list(mistakes)

    def __reduce__(self) -> tuple[type[ConfigError], tuple[list[NkululekoError]]]:
        return type(self), (self.mistakes,)  # errors travel between processes


def missing_package(package: str, extra: str, needed_for: str) -> NkululekoError:
    """The error of an optional package that is not installed; names the extra to install.

    Example:
        >>> print(missing_package("praat-parselmouth", "praat", "feature set 'praat'"))
        feature set 'praat' needs the package praat-parselmouth; pip install "nkululeko[praat]"
    """
    todo = f'pip install "nkululeko[{extra}]"' if extra else f"pip install {package}"
    return NkululekoError(f"{needed_for} needs the package {package}", todo=todo)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known words, or with all of them where they are few.

    Example:
        >>> did_you_mean("svn", ["svm", "xgb"])
        "did you mean 'svm'?"
    """
    names = sorted({str(name) for name in known})
    near = difflib.get_close_matches(word, names, n=2, cutoff=0.6)
    if not near:
        lower = {name.lower(): name for name in names}
        near = [lower[n] for n in difflib.get_close_matches(word.lower(), list(lower), n=2, cutoff=0.6)]
    if len(near) == 2:  # the second only where it is about as near
        first, second = (difflib.SequenceMatcher(None, word.lower(), name.lower()).ratio() for name in near)
        near = near if second > first - 0.1 else near[:1]
    if near:
        return "did you mean " + " or ".join(f"'{name}'" for name in near) + "?"
    if 0 < len(names) <= 30:
        return "expected one of: " + ", ".join(names)
    return ""
