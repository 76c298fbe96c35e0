import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nkululeko.plots import _style
from nkululeko.report import text


@pytest.mark.parametrize("label", ["$x$", "a $5 and $6", "\\$x$", "a\nb\tc", "\x00\x1b[31m"])
def test_plain_never_starts_a_formula_nor_a_second_line(label):
    shown = _style.plain(label)
    assert shown.isprintable()
    assert shown.replace(r"\$", "").count("$") == 0


@given(st.text(max_size=80), st.integers(4, 40))
def test_plain_is_short_and_printable(label, width):
    shown = _style.plain(label, width).replace(r"\$", "$")
    assert len(shown) <= width
    assert shown.isprintable()


def test_plain_keeps_both_ends_of_a_long_name():
    assert _style.plain("abcdefghijklmnopqrstuvwxyz", 9) == "abcd…wxyz"


@pytest.mark.parametrize("value", [0.0, 0.5, -0.25, 0.9996, 1.0, 9.9999, 12.3456, -99.99, 1234.5, math.nan])
def test_plots_and_report_write_numbers_alike(value):
    assert _style.number(value) == text.number(value)


def test_palette_and_markers_tell_twenty_classes_apart():
    cues = set()
    for position in range(20):
        shift = position // len(_style.PALETTE)
        colour = _style.PALETTE[position % len(_style.PALETTE)]
        cues.add((colour, _style.MARKERS[(position + shift) % len(_style.MARKERS)]))
    assert len(cues) == 20
    assert len({colour for colour, _ in list(cues)}) == len(_style.PALETTE)


def test_shades_rise_steadily_in_darkness():
    def light(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lights = [light(shade) for shade in _style.SHADES]
    assert lights == sorted(lights, reverse=True)
    assert min(a - b for a, b in itertools.pairwise(lights)) > 15
