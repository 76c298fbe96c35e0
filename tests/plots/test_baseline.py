"""Plots against pictures that were looked at and found good.

Regenerate them, and look at them again: ``NKULULEKO_NEW_BASELINE=1 pytest tests/plots/test_baseline.py``
"""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nkululeko.core.families import plots
from nkululeko.plots import render
from result_factory import classification, regression

BASELINE = Path(__file__).parent / "baseline"
#: of 255; other versions of the drawing library and its fonts stay below, another picture does not
TOLERANCE = 12.0
CASES = {
    "confusion_matrix": classification,
    "reliability": classification,
    "importance": classification,
    "tsne": classification,
    "scatter": regression,
    "bland_altman": regression,
}


def small(name, seed=3):
    """The plot in grey, small: what is compared is what the eye sees, not single pixels."""
    result = CASES[name](samples=100, embedding=True, seed=seed)
    picture = Image.open(io.BytesIO(render(plots.load(name)().draw(result), "png"))).convert("L")
    return picture.resize((300, round(300 * picture.height / picture.width)), Image.Resampling.BOX)


def distance(a, b):
    """Root mean square difference of two pictures, 0..255; those of another size are far apart."""
    if abs(a.height - b.height) > 6:
        return 255.0
    b = b.resize(a.size)
    return float(np.sqrt(np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)))


@pytest.mark.parametrize("name", CASES)
def test_plot_looks_like_the_baseline(name):
    file = BASELINE / f"{name}.png"
    picture = small(name)
    if os.environ.get("NKULULEKO_NEW_BASELINE"):
        picture.save(file, optimize=True)
    assert distance(Image.open(file), picture) < TOLERANCE
    assert file.stat().st_size < 40_000


@pytest.mark.parametrize("name", ["confusion_matrix", "tsne", "scatter"])
def test_other_data_do_not_look_like_the_baseline(name):
    other = small(name, seed=8)
    assert distance(Image.open(BASELINE / f"{name}.png"), other) > TOLERANCE
