"""How a test's result is said in one line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.exploration import EFFECT_SIZES, Association, Evidence, Variable, effect_size

CHI = Evidence("samples", "chi-square", 12.31, 0.0557, "Cramer's V", 0.152, 535, df=6)
H = Evidence(
    "speakers", "Kruskal-Wallis H, means of speakers", 101.26, 1e-5, "eta squared", 0.0612, 10,
    p_corrected=0.0204, df=2, pair=("anger", "boredom"), pair_d=1.234,
)  # fmt: skip
R = Evidence("samples", "Pearson's r", -0.4321, 0.9999, "Pearson's r", -0.4321, 20, df=18)


def test_statistic_degrees_effect_and_number_stand_in_the_line():
    assert CHI.line == "chi-square(6) = 12.3, p = .056, Cramer's V = .15 (small), n = 535"
    assert replace(CHI, p_corrected=0.1114).line == (
        "chi-square(6) = 12.3, p = .056 (corrected .111), Cramer's V = .15 (small), n = 535"
    )


def test_how_speakers_were_treated_and_the_pair_that_differs_most_are_said():
    assert H.test == "Kruskal-Wallis H(2), means of speakers"
    assert H.line == (
        "Kruskal-Wallis H(2) = 101.3, means of speakers, p < .001 (corrected .020), eta squared = .06 (medium), "
        "Cohen's d = 1.23 (large; anger above boredom), n = 10 speakers"
    )


def test_an_effect_that_is_cohens_d_is_said_once():
    u = Evidence(
        "samples", "Mann-Whitney U", 1234.5, 0.04, "Cohen's d", 0.25, 90, pair=("f", "m"), pair_d=0.25
    )
    assert u.line == "Mann-Whitney U = 1234, p = .040, Cohen's d = 0.25 (small; f above m), n = 90"


def test_a_correlation_is_its_own_effect():
    assert R.line == "Pearson's r(18) = -.43 (medium), p = 1, n = 20"
    one = replace(R, statistic=1.0, effect=1.0)
    assert one.line.startswith("Pearson's r(18) = 1.00 (large)")
    same = replace(CHI, statistic=1.0, effect=1.0)
    assert same.line == "chi-square(6) = 1.00, p = .056, Cramer's V = 1.00 (large), n = 535"


def test_without_a_result_the_line_says_why():
    none = replace(CHI, statistic=np.nan, p=np.nan, effect=np.nan, note="gender has only one value here")
    assert none.line == "no test of samples: gender has only one value here"
    assert replace(none, note="").line == "no test of samples"


@pytest.mark.parametrize("name", EFFECT_SIZES)
def test_words_for_effects_change_at_their_limits(name):
    small, medium, large = EFFECT_SIZES[name]
    values = [0, small - 1e-9, small, -medium, large, 9]
    words = ["negligible", "negligible", "small", "medium", "large", "large"]
    assert [effect_size(name, value) for value in values] == words


def test_an_unknown_or_undefined_effect_has_no_word():
    assert effect_size("odds", 3.0) == ""
    assert effect_size("Cohen's d", float("nan")) == ""


def test_the_main_test_is_the_first_of_its_unit_over_all_samples():
    x = Variable("x", "number", pd.Series([1.0]))
    part = replace(CHI, within="emotion = anger")
    found = Association("n", x, x, None, (part, CHI, R), pd.DataFrame())
    assert found.evidence("samples") is CHI
    assert found.evidence("speakers") is None
