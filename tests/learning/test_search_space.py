"""What [OPTIM]'s parameters mean: lists, ranges, steps; and what is a mistake."""

from __future__ import annotations

import numpy as np
import pytest

from nkululeko.core.families import ModelContext
from nkululeko.learning.pipeline import Recipe
from nkululeko.learning.search.space import Choices, Range, make_space, with_point


def parameter(model: str, **given):
    space, mistakes = make_space(given, Recipe(model))
    assert not mistakes, mistakes
    (found,) = space.parameters
    return found


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        ("svm", {"C_val": [0.1, 1, 10]}, Choices("C_val", (0.1, 1.0, 10.0))),
        ("svm", {"C_val": (0.1, 0.5, 0.1)}, Choices("C_val", (0.1, 0.2, 0.3, 0.4, 0.5))),
        ("svm", {"C_val": (1, 10)}, Range("C_val", 1, 10)),
        ("svm", {"kernel": "rbf"}, Choices("kernel", ("rbf",))),
        ("svm", {"gamma": ["scale", 0.1]}, Choices("gamma", ("scale", 0.1))),
        ("svm", {"gamma": (0.1, 1.0)}, Range("gamma", 0.1, 1.0)),
        ("knn", {"K_val": (1, 9, 2)}, Choices("K_val", (1, 3, 5, 7, 9))),
        ("knn", {"K_val": (1, 100)}, Range("K_val", 1, 100, whole=True)),
        ("knn", {"weights": ["uniform", "distance"]}, Choices("weights", ("uniform", "distance"))),
        ("tree", {"max_depth": [None, 3, 3]}, Choices("max_depth", (None, 3))),
        ("xgb", {"learning_rate": (0.01, 0.3)}, Range("learning_rate", 0.01, 0.3)),
        ("mlp", {"layers": [[64, 16], {"l1": 8}]}, Choices("layers", ((64, 16), {"l1": 8}))),
        ("mlp", {"scheduler.gamma": [0.5]}, Choices("scheduler.gamma", (0.5,))),
        ("svm", {"scale": ["robust", "none", "auto"]}, Choices("scale", ("robust", "none", "auto"))),
        ("svm", {"balancing": [None, "ros"]}, Choices("balancing", ("none", "ros"))),
        ("svm", {"class_weight": [True, False]}, Choices("class_weight", (True, False))),
    ],
)
def test_values(model, given, expected):
    assert parameter(model, **given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"C_vall": [1]}, "is no option of model svm; did you mean 'C_val'?"),
        ({"K_val": [1]}, "is no option of model svm; "),
        ({"C_val": [1, -1]}, "-1: input should be greater than 0"),
        ({"C_val": (-1, 1)}, "-1: input should be greater than 0"),
        ({"C_val": ["high"]}, "'high': input should be a valid number"),
        ({"C_val": (10, 1)}, "(10, 1): min must be below max"),
        ({"C_val": (0.1, 1, 10)}, "the step must be above 0 and at most max - min"),
        ({"C_val": (1, 2, 3, 4)}, "has 4 numbers"),
        ({"C_val": (1, float("inf"))}, "min must be below max"),
        ({"C_val": (0.0001, 10, 0.0001)}, "has 100000 values"),
        ({"kernel": ("rbf", "linear")}, "is no range of numbers; choices stand in a list"),
        ({"kernel": ["rbff"]}, "'rbff': input should be 'rbf'"),
        ({"C_val": []}, "the list is empty"),
        ({"C_val": {"a": 1}}, "expected a list"),
        ({"scale": ["standart"]}, "unknown scaler 'standart'; did you mean 'standard'?"),
        ({"scale": (1, 2)}, "is a range"),
        ({"balancing": ["smoty"]}, "unknown balancing method 'smoty'"),
        ({"class_weight": ["yes"]}, "expected True or False"),
        ({}, "names no parameter to search for; e.g. C_val"),
    ],
)
def test_mistakes(given, message):
    _, (mistake,) = make_space(given, Recipe("svm"), dict.fromkeys(given, "exp.ini, line 9"))
    assert message in str(mistake)
    assert not given or str(mistake).startswith(f"exp.ini, line 9: [OPTIM] {next(iter(given))}: ")


@pytest.mark.parametrize(
    ("recipe", "given", "message"),
    [
        (Recipe("knn"), {"K_val": (1.0, 3)}, "expected whole numbers"),
        (Recipe("knn"), {"K_val": (1, 3, 0.5)}, "1.5: input should be a valid integer"),
        (Recipe("knn"), {"weights": ["uniform"], "KNN_weights": ["uniform"]}, "are the same option"),
        (Recipe("cnn"), {"scale": ["robust"]}, "has no effect"),
        (
            Recipe("mlp"),
            {"layers": [8, 16]},
            "8: expected a dictionary {name: value} or a list of whole numbers",
        ),
        (Recipe("mlp"), {"layers": [[0]]}, "expected at least one layer"),
        (Recipe("mlp"), {"drop": (0.0, 2.0)}, "2.0: input should be less than 1"),
        (Recipe("svr", context=ModelContext("regression")), {"balancing": ["ros"]}, "for classes"),
    ],
)
def test_mistakes_of_other_models(recipe, given, message):
    _, (mistake,) = make_space(given, recipe)
    assert message in str(mistake)


def test_all_mistakes_at_once():
    assert len(make_space({"C_val": [-1], "kernl": ["rbf"], "scale": ["x"]}, Recipe("svm"))[1]) == 3


def test_wide_ranges_are_drawn_by_their_logarithm():
    generator = np.random.default_rng(1)
    for low, high, log in (
        (0.001, 1000.0, True),
        (0.001, 0.1, True),
        (0.1, 9.0, False),
        (-1.0, 500.0, False),
    ):
        found = Range("x", low, high)
        drawn = np.array([found.draw(generator) for _ in range(2000)])
        middle = np.sqrt(low * high) if log else (low + high) / 2
        assert found.log == log
        assert low <= drawn.min() and drawn.max() <= high
        assert 0.45 < (drawn < middle).mean() < 0.55
        assert all(len(repr(float(value))) <= 10 for value in drawn)
    narrow = Range("x", 1.0, 1.001)
    assert len({narrow.draw(generator) for _ in range(200)}) > 150


def test_whole_numbers_have_both_ends():
    generator = np.random.default_rng(1)
    drawn = [Range("x", 2, 4, whole=True).draw(generator) for _ in range(200)]
    assert set(drawn) == {2, 3, 4} and {type(value) for value in drawn} == {int}


def test_draws_are_different_and_seeded():
    space, _ = make_space({"C_val": (1, 5), "kernel": ["rbf", "linear"]}, Recipe("svm"))
    points = space.draws(30, 7)
    assert len({str(point) for point in points}) == 30
    assert points == space.draws(30, 7) != space.draws(30, 8)
    few, _ = make_space({"K_val": (1, 3), "weights": ["uniform", "distance"]}, Recipe("knn"))
    assert len(few.draws(30, 7)) == few.size == 6
    assert len(few.draws(5, 7)) == 5


def test_point_in_recipe():
    recipe = Recipe("knn", {"K_val": 3}, balancing="ros")
    point = {"weights": "distance", "scale": "robust", "balancing": "none", "class_weight": True}
    found = with_point(recipe, point)
    assert found.options == {"K_val": 3, "KNN_weights": "distance"}
    assert (found.scaler, found.balancing, found.context.class_weight) == ("robust", "", True)
    assert with_point(Recipe("mlp"), {"scheduler.gamma": 0.5}).options == {"scheduler_gamma": 0.5}
