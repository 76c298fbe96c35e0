"""Pictures of an exploration against pictures that were looked at and found good.

Regenerate them, and look at them again: ``NKULULEKO_NEW_BASELINE=1 pytest tests/plots/test_views_baseline.py``
"""

import io
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nkululeko.core.families import views
from nkululeko.plots import render
from view_factory import case, numeric, usual

BASELINE = Path(__file__).parent / "baseline" / "views"
#: of 255; other versions of the drawing library and its fonts stay below, another picture does not
TOLERANCE = 12.0
#: file of the baseline: view, case, stem of its picture, options
PICTURES = {
    "bars": ("associations", "usual", "emotion_gender_samples", {}),
    "table": ("associations", "twenty", "emotion_city_samples", {}),
    "histograms": ("associations", "two", "depressed_duration_samples", {"fill_areas": True}),
    "ridges": ("associations", "usual", "emotion_duration_samples", {"dist_type": "kde", "fill_areas": True}),
    "boxes": ("associations", "twenty", "emotion_duration_samples", {}),
    "speakers": ("associations", "usual", "emotion_age_speakers", {}),
    "bars_by": ("associations", "usual", "emotion_gender_region_samples", {}),
    "boxes_by": ("associations", "usual", "emotion_gender_duration_samples", {}),
    "clouds_by": ("associations", "usual", "emotion_age_duration_samples", {}),
    "cells": ("regplots", "big", "regplot_age_duration", {}),
    "regplots": ("regplots", "numeric", "regplot_age_duration_gender", {}),
    "shown_features": (
        "shown_features",
        "numeric",
        "shown_arousal_F0semitoneFrom27.5Hz_sma3nz_amean_samples",
        {},
    ),
    "feature_distributions": ("feature_distributions", "usual", "feature_distributions", {}),
    "violin": ("feature_distributions", "usual", "feature_HNRdBACF_sma3nz_amean", {"kind": "violin"}),
    "box": ("feature_distributions", "usual", "feature_HNRdBACF_sma3nz_amean", {"kind": "box"}),
    "bar": ("feature_distributions", "usual", "feature_HNRdBACF_sma3nz_amean", {"kind": "bar"}),
    "swarm": ("feature_distributions", "usual", "feature_HNRdBACF_sma3nz_amean", {"kind": "swarm"}),
    "strip": ("feature_distributions", "usual", "feature_HNRdBACF_sma3nz_amean", {"kind": "strip"}),
    "feature_importance": ("feature_importance", "usual", "feature_importance", {}),
    "feature_correlation": ("feature_correlation", "twenty", "feature_correlation", {}),
    "feature_tree": ("feature_tree", "usual", "feature_tree", {}),
    "feature_tree_numbers": ("feature_tree", "numeric", "feature_tree", {}),
    "maps": ("maps", "twenty", "map_tsne_emotion", {}),
    "maps_3d": ("maps", "usual", "map_pca_3d_emotion", {}),
    "maps_numbers": ("maps", "usual", "map_tsne_age", {}),
    "overview": ("overview", "usual", "overview", {}),
    "overview_numbers": ("overview", "numeric", "overview", {}),
}
#: other data have the same kind of picture here, so nothing but what it shows may differ
TELLING = {
    "bars": usual, "ridges": usual, "clouds_by": usual, "violin": usual, "maps_3d": usual, "feature_tree": usual,
    "overview_numbers": numeric,
}  # fmt: skip


def small(figure):
    """A picture in grey, small: what is compared is what the eye sees, not single pixels."""
    picture = Image.open(io.BytesIO(render(figure, "png"))).convert("L")
    return picture.resize((320, round(320 * picture.height / picture.width)), Image.Resampling.BOX)


def drawn(view, exploration, wanted, options):
    kind = views.load(view)
    return small(dict(kind(kind.Options(**options)).draw(exploration))[wanted])


@cache
def picture(name):
    view, kind, stem, options = PICTURES[name]
    return drawn(view, case(kind), stem, options)


def distance(a, b):
    """Root mean square difference of two pictures, 0..255; those of another size are far apart."""
    if abs(a.height - b.height) > 6:
        return 255.0
    b = b.resize(a.size)
    return float(np.sqrt(np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)))


@pytest.mark.parametrize("name", PICTURES)
def test_picture_looks_like_the_baseline(name):
    file = BASELINE / f"{name}.png"
    if os.environ.get("NKULULEKO_NEW_BASELINE"):
        BASELINE.mkdir(exist_ok=True)
        picture(name).save(file, optimize=True)
    assert distance(Image.open(file), picture(name)) < TOLERANCE
    assert file.stat().st_size < 40_000


def test_every_view_has_a_baseline():
    assert {view for view, *_ in PICTURES.values()} == set(views.names())


def test_no_baseline_is_left_over():
    assert {file.stem for file in BASELINE.glob("*.png")} == set(PICTURES)


@pytest.mark.parametrize("name", TELLING)
def test_other_data_do_not_look_like_the_baseline(name):
    view, _, stem, options = PICTURES[name]
    other = drawn(view, TELLING[name](seed=8), stem, options)
    baseline = Image.open(BASELINE / f"{name}.png")
    assert distance(baseline, other) > 2 * max(distance(baseline, picture(name)), 1.0)


def test_pictures_differ_from_each_other():
    found = [Image.open(BASELINE / f"{name}.png") for name in ("violin", "box", "bar", "swarm", "strip")]
    pairs = [(a, b) for place, a in enumerate(found) for b in found[:place]]
    assert min(distance(a, b) for a, b in pairs) > TOLERANCE / 2
