"""A training set is fitted once; whatever changes what is learned is fitted anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nkululeko.core.families import ModelContext
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.reuse import Fits
from nkululeko.learning.training import train_and_test

RANDOM = np.random.default_rng(0)
PART = Part(
    RANDOM.normal(size=(12, 3)), np.array(["x", "y"] * 6, dtype=object), np.array(["s", "t", "u"] * 4)
)
TEST = Part(RANDOM.normal(size=(4, 3)), np.array(["x", "y"] * 2, dtype=object))
RECIPE = Recipe("svm")


def test_the_second_test_costs_no_training_and_gives_the_same(tmp_path):
    fits = Fits()
    plain = train_and_test(RECIPE, PART, TEST, None, "abc", None).chosen
    for folder in ("one", "two"):
        place = tmp_path / folder
        place.mkdir()
        recipe = replace(RECIPE, context=replace(RECIPE.context, folder=str(place)))
        found = train_and_test(recipe, PART, TEST, None, "abc", place, fitting=fits).chosen
        assert found.prediction.tolist() == plain.prediction.tolist()
        assert np.array_equal(found.scores, plain.scores) and (place / "pipeline.json").exists()
    assert fits.count == 1


@pytest.mark.parametrize(
    ("recipe", "part", "dev", "names"),
    [
        (replace(RECIPE, options={"C_val": 3.0}), PART, None, "abc"),
        (replace(RECIPE, context=ModelContext(seed=1)), PART, None, "abc"),
        (replace(RECIPE, labels=("y", "x")), PART, None, "abc"),
        (RECIPE, replace(PART, features=PART.features + 1), None, "abc"),
        (RECIPE, replace(PART, target=PART.target[::-1]), None, "abc"),
        (RECIPE, replace(PART, groups=None), None, "abc"),
        (RECIPE, PART, TEST, "abc"),
        (RECIPE, PART, None, "abd"),
    ],
)
def test_what_differs_is_learned_anew(recipe, part, dev, names):
    fits = Fits()
    fits(RECIPE, PART, None, "abc")
    fits(recipe, part, dev, names)
    assert fits.count == 2
    fits(recipe, part, dev, names)
    assert fits.count == 2
