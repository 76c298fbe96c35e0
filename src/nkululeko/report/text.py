"""How numbers and names are written in the report and in the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

#: what stands for an undefined value
NONE = "n/a"


def missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT or pandas' NA.

    Example:
        >>> missing(None), missing(float("nan")), missing(0), missing("")
        (True, True, False, False)
    """
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA has no truth value
        return True
    except ValueError:  # neither has an array
        return False


def number(value: Any) -> str:
    """Three decimals (fewer from 10 on), no leading zero; n/a where undefined.

    Example:
        >>> number(0.5), number(-0.25), number(12.3456), number(1234.5), number(float("nan"))
        ('.500', '-.250', '12.35', '1234.5', 'n/a')
    """
    if missing(value) or not math.isfinite(value):
        return NONE
    size = abs(float(value))
    if 0 < size < 0.0005:
        digits = f"{size:.1e}"
    else:
        digits = f"{size:.{3 if size < 10 else 2 if size < 100 else 1}f}"
    return ("-" if value < 0 else "") + digits.removeprefix("0" if size else "")


def interval(low: Any, high: Any) -> str:
    """An interval, e.g. ``[.410, .630]``; n/a where there is none.

    Example:
        >>> interval(0.41, 0.63), interval(float("nan"), float("nan"))
        ('[.410, .630]', 'n/a')
    """
    low, high = number(low), number(high)
    return NONE if NONE in (low, high) else f"[{low}, {high}]"


def count(value: Any) -> str:
    """A whole number.

    Example:
        >>> count(120), count(None)
        ('120', 'n/a')
    """
    if missing(value):
        return NONE
    return str(int(value))


def percent(part: float, whole: float) -> str:
    """A share in per cent, without decimals; n/a of nothing.

    Example:
        >>> percent(1, 3), percent(1, 1000), percent(0, 5), percent(999, 1000), percent(0, 0)
        ('33 %', '<1 %', '0 %', '>99 %', 'n/a')
    """
    if not whole:
        return NONE
    share = 100 * part / whole
    if 0 < share < 0.5:
        return "<1 %"
    if 99.5 <= share < 100:
        return ">99 %"
    return f"{share:.0f} %"


def duration(hours: float) -> str:
    """A length of time in the unit that fits.

    Example:
        >>> duration(12.3456), duration(0.5), duration(0.001)
        ('12.3 hours', '30.0 minutes', '3.6 seconds')
    """
    if hours >= 1:
        return f"{hours:.1f} hours"
    minutes = 60 * hours
    return f"{minutes:.1f} minutes" if minutes >= 1 else f"{60 * minutes:.1f} seconds"


def shortened(text: str, most: int) -> str:
    """The text, cut where it is too long.

    Example:
        >>> shortened("abcdef", 4), shortened("abcd", 4)
        ('abc…', 'abcd')
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def plural(value: int, one: str, more: str = "") -> str:
    """A number and its noun.

    Example:
        >>> plural(1, "speaker"), plural(3, "speaker"), plural(2, "class", "classes")
        ('1 speaker', '3 speakers', '2 classes')
    """
    return f"{count(value)} {one if value == 1 else more or one + 's'}"


def clean(text: object) -> str:
    """One printable line: control characters (terminal escapes, line breaks) become blanks.

    Example:
        >>> clean("a\\x1b[31mb\\n c")
        'a [31mb c'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def cell(value: Any) -> str:
    """Any value as a table shows it: numbers by their kind, lists with commas, missing ones as n/a.

    Example:
        >>> cell(0.25), cell(3), cell(["a.wav", "b.wav"]), cell(None), cell("x")
        ('.250', '3', 'a.wav, b.wav', 'n/a', 'x')
    """
    if missing(value):
        return NONE
    if isinstance(value, bool | str):
        return clean(value)
    if hasattr(value, "tolist"):  # numbers and arrays of numpy
        value = value.tolist()
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return count(value) if value.is_integer() and abs(value) >= 10 else number(value)
    if isinstance(value, timedelta):
        return f"{number(value.total_seconds())} s"
    if isinstance(value, Mapping):
        return ", ".join(f"{clean(key)}: {cell(part)}" for key, part in value.items())
    if isinstance(value, Sequence | set | frozenset):
        return ", ".join(cell(part) for part in value) or NONE
    return clean(value)
