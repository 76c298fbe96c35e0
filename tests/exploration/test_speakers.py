"""Tests over speakers: against scipy, brute force and published figures, and that they keep their level."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nkululeko.core.exploration import Evidence, Variable
from nkululeko.exploration._permutation import chi_square_between, chi_square_within, kruskal_between
from nkululeko.exploration._speaker_tests import relate_speakers
from nkululeko.exploration._tests import Column, relate
from nkululeko.exploration._within import skillings_mack
from nkululeko.exploration.associations import associate
from nkululeko.exploration.variables import variable

#: Bland and Altman, "Calculating correlation coefficients with repeated observations: part 1", 1995
SUBJECT = np.repeat(np.arange(8), [4, 4, 9, 5, 8, 6, 3, 8])
PH = [
    6.68, 6.53, 6.43, 6.33, 6.85, 7.06, 7.13, 7.17, 7.4, 7.42, 7.41, 7.37, 7.34, 7.35, 7.28, 7.3, 7.34,
    7.36, 7.33, 7.29, 7.3, 7.35, 7.35, 7.3, 7.3, 7.37, 7.27, 7.28, 7.32, 7.32, 7.38, 7.3, 7.29, 7.33, 7.31,
    7.33, 6.86, 6.94, 6.92, 7.19, 7.29, 7.21, 7.25, 7.2, 7.19, 6.77, 6.82,
]  # fmt: skip
PACO2 = [
    3.97, 4.12, 4.09, 3.97, 5.27, 5.37, 5.41, 5.44, 5.67, 3.64, 4.32, 4.73, 4.96, 5.04, 5.22, 4.82, 5.07,
    5.67, 5.1, 5.53, 4.75, 5.51, 4.28, 4.44, 4.32, 3.23, 4.46, 4.72, 4.75, 4.99, 4.78, 4.73, 5.12, 4.93,
    5.03, 4.93, 6.85, 6.44, 6.52, 5.28, 4.56, 4.34, 4.32, 4.41, 3.69, 6.09, 5.58,
]  # fmt: skip


def over_speakers(frame: pd.DataFrame, x: str, y: str, **more) -> list[Evidence]:
    found = associate(variable(frame, x), variable(frame, y), frame["speaker"].astype("str"), **more)
    return [test for test in found.tests if test.unit == "speakers"]


def speech(speakers: int, each: int, seed: int) -> pd.DataFrame:
    """Speakers with a gender and an age, who say several things of several lengths."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(speakers), each)
    frame = pd.DataFrame(
        {
            "speaker": [f"s{i}" for i in who],
            "gender": np.array(["f", "m"])[random.permutation(np.arange(speakers) % 2)[who]],
            "region": np.array(["n", "s", "w"])[random.permutation(np.arange(speakers) % 3)[who]],
            "age": (20.0 + random.permutation(speakers))[who],
            "emotion": random.choice(["anger", "joy", "rest"], len(who)),
            "text": random.choice(["a", "b"], len(who)),
            "duration": random.normal(size=speakers)[who] + random.normal(size=len(who)),
            "level": random.normal(size=speakers)[who] + random.normal(size=len(who)),
        }
    )
    return frame


def test_what_belongs_to_speakers_counts_once():
    frame = speech(30, 5, 1)
    each = frame.drop_duplicates("speaker")
    test = over_speakers(frame, "gender", "region")[0]
    table = pd.crosstab(each["gender"], each["region"])
    expected = stats.chi2_contingency(table, correction=False)
    assert (test.name, test.n) == ("chi-square, each speaker once", 30)
    assert (test.statistic, test.p) == pytest.approx((expected.statistic, expected.pvalue))

    test = over_speakers(frame, "age", "region")[0]
    groups = [part["age"] for _, part in each.groupby("region")]
    assert test.name == "Kruskal-Wallis H, each speaker once"
    assert (test.statistic, test.p) == pytest.approx(tuple(stats.kruskal(*groups)))


def test_of_a_number_that_changes_the_means_count():
    frame = speech(24, 4, 2)
    means = frame.groupby("speaker").agg(
        gender=("gender", "first"), age=("age", "first"), y=("duration", "mean")
    )
    test = over_speakers(frame, "gender", "duration")[0]
    expected = stats.mannwhitneyu(*(part["y"] for _, part in means.groupby("gender")))
    assert (test.name, test.n) == ("Mann-Whitney U, means of speakers", 24)
    assert (test.statistic, test.p) == pytest.approx(tuple(expected))

    pearson, spearman = over_speakers(frame, "age", "duration")
    assert (pearson.effect, pearson.p) == pytest.approx(tuple(stats.pearsonr(means["age"], means["y"])))
    assert (spearman.effect, spearman.p) == pytest.approx(tuple(stats.spearmanr(means["age"], means["y"])))


def test_few_speakers_in_a_category_are_permuted():
    frame = speech(9, 4, 3)
    test = over_speakers(frame, "region", "duration")[0]
    means = frame.groupby("speaker").agg(region=("region", "first"), y=("duration", "mean"))
    values, groups = means["y"].to_numpy(), means["region"].to_numpy()
    drawn = []
    for places in itertools.combinations(range(9), 3):
        rest = [i for i in range(9) if i not in places]
        for others in itertools.combinations(rest, 3):
            last = [i for i in rest if i not in others]
            drawn.append(stats.rankdata(values)[[list(places), list(others), last]].sum(axis=1))
    h = 12 / 90 * np.sum(np.array(drawn) ** 2 / 3, axis=1) - 30
    found = stats.kruskal(*(values[groups == name] for name in "nsw")).statistic
    assert test.name == "Kruskal-Wallis H, speakers permuted, means of speakers"
    assert test.statistic == pytest.approx(found)
    assert test.p == pytest.approx(np.mean(h >= found - 1e-9), abs=0.04)


def test_whole_speakers_are_permuted():
    random = np.random.default_rng(4)
    gender = np.array([0, 0, 0, 1, 1, 1, 1])
    counts = random.integers(1, 9, (7, 3))

    def chi_square(codes):
        table = np.stack([counts[codes == 0].sum(axis=0), counts[codes == 1].sum(axis=0)])
        return stats.chi2_contingency(table, correction=False).statistic

    drawn = []
    for places in itertools.combinations(range(7), 3):
        codes = np.ones(7, dtype=int)
        codes[list(places)] = 0
        drawn.append(chi_square(codes))
    exact = np.mean(np.array(drawn) >= chi_square(gender) - 1e-9)
    assert chi_square_between(gender, counts, seed=1) == pytest.approx(exact, abs=0.04)


def test_numbers_of_whole_speakers_are_permuted_and_h_is_that_of_the_samples():
    random = np.random.default_rng(6)
    ages, counts = np.array([20.0, 30, 30, 41, 55, 60]), random.integers(0, 6, (6, 3)) + 1

    def samples(values):
        return [np.repeat(values, counts[:, column]) for column in range(3)]

    h, p = kruskal_between(ages, counts, seed=2)
    assert h == pytest.approx(stats.kruskal(*samples(ages)).statistic)
    ranks = stats.rankdata(np.repeat(ages, counts.sum(axis=1)))
    rank = {age: ranks[np.repeat(ages, counts.sum(axis=1)) == age][0] for age in ages}
    drawn = []
    for order in itertools.permutations(range(6)):
        groups = samples(np.array([rank[age] for age in ages[list(order)]]))
        every = np.concatenate(groups)
        between = sum(len(g) * (g.mean() - every.mean()) ** 2 for g in groups)
        drawn.append((len(every) - 1) * between / np.sum((every - every.mean()) ** 2))
    assert p == pytest.approx(np.mean(np.array(drawn) >= h - 1e-9), abs=0.04)


def test_samples_are_permuted_within_speakers():
    x, y, who = (
        np.array([0, 0, 1, 1, 0, 1, 1]),
        np.array([0, 1, 1, 1, 0, 0, 1]),
        np.array([0, 0, 0, 0, 1, 1, 1]),
    )

    def chi_square(labels):
        table = np.bincount(x * 2 + labels, minlength=4).reshape(2, 2)
        return stats.chi2_contingency(table, correction=False).statistic

    drawn = [
        chi_square(np.concatenate([y[:4][list(first)], y[4:][list(second)]]))
        for first in itertools.permutations(range(4))
        for second in itertools.permutations(range(3))
    ]
    exact = np.mean(np.array(drawn) >= chi_square(y) - 1e-9)
    assert chi_square_within(x, y, who, seed=3) == pytest.approx(exact, abs=0.04)
    shuffled = np.random.default_rng(1).permutation(7)
    assert chi_square_within(x[shuffled], y[shuffled], who[shuffled], seed=3) == pytest.approx(
        exact, abs=0.04
    )


def test_categories_that_change_within_speakers():
    frame = speech(12, 6, 7)
    test = over_speakers(frame, "text", "emotion")[0]
    table = pd.crosstab(frame["text"], frame["emotion"])
    assert test.name == "chi-square, samples permuted within speakers"
    assert test.statistic == pytest.approx(stats.chi2_contingency(table, correction=False).statistic)
    assert (test.n, test.df) == (12, 2)


def test_repeated_measures_correlation_gives_the_published_figures():
    frame = pd.DataFrame({"x": PH, "y": PACO2, "speaker": SUBJECT.astype(str)})
    test = over_speakers(frame, "x", "y")[0]
    assert (round(test.effect, 5), test.df, round(test.p, 6)) == (
        -0.50677,
        38,
        0.000847,
    )  # as pingouin 0.7 has it
    assert test.line == "repeated-measures r(38) = -.51 (large), p < .001, n = 8 speakers"


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_repeated_measures_correlation_is_analysis_of_covariance(seed):
    frame = speech(6, 5, seed)
    test = over_speakers(frame, "level", "duration")[0]
    dummies = pd.get_dummies(frame["speaker"]).to_numpy(dtype=float)
    x, y = frame["level"].to_numpy(), frame["duration"].to_numpy()

    def rest(columns):
        return np.sum((y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]) ** 2)

    without, full = rest(dummies), rest(np.column_stack([dummies, x]))
    df = len(y) - 6 - 1
    f = (without - full) / (full / df)
    assert abs(test.effect) == pytest.approx(np.sqrt((without - full) / without))
    assert test.p == pytest.approx(stats.f.sf(f, 1, df))
    slope = np.linalg.lstsq(np.column_stack([dummies, x]), y, rcond=None)[0][-1]
    assert np.sign(slope) == np.sign(test.effect)
    assert test.detail == f"within speakers duration changes by {slope:.3g} with each 1 of level"


def test_three_categories_within_speakers_are_friedmans():
    frame = speech(10, 30, 8)
    test = over_speakers(frame, "emotion", "duration")[0]
    means = frame.pivot_table(index="speaker", columns="emotion", values="duration")
    expected = stats.friedmanchisquare(*(means[name] for name in means))
    assert test.name == "Friedman chi-square, means of speakers"
    assert (test.statistic, test.p) == pytest.approx(tuple(expected))
    assert test.effect == pytest.approx(expected.statistic / (10 * 2))  # Kendall's W


def test_two_categories_within_speakers_are_wilcoxons():
    frame = speech(11, 20, 9)
    test = over_speakers(frame, "text", "duration")[0]
    means = frame.pivot_table(index="speaker", columns="text", values="duration")
    expected = stats.wilcoxon(means["b"], means["a"])
    assert (test.statistic, test.p) == pytest.approx(tuple(expected))
    low, total = expected.statistic, 11 * 12 / 2
    assert test.effect == pytest.approx((total - 2 * low) / total)


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(3, 6))
@settings(max_examples=25, deadline=None)
def test_skillings_mack_is_friedman_where_nothing_is_missing(seed, blocks, k):
    means = np.random.default_rng(seed).integers(0, 8, (blocks, k)).astype(float)
    means[0] = np.arange(k)  # at least one block is not constant
    with np.errstate(all="ignore"):
        expected = stats.friedmanchisquare(*means.T)
    statistic, df, w = skillings_mack(means)
    assert statistic == pytest.approx(expected.statistic)
    assert df == k - 1
    assert 0 <= w <= 1 + 1e-12


def test_skillings_mack_gives_the_published_figure():
    # Skillings and Mack 1981, table 2: four methods of assembly, nine persons
    nan = np.nan
    times = np.array([
        [3.2, 4.1, 3.8, 4.2], [3.1, 3.9, 3.4, 4.0], [4.3, 3.5, 4.6, 4.8], [3.5, 3.6, 3.9, 4.0], [3.6, 4.2, 3.7, 3.9],
        [4.5, 4.7, 3.7, nan], [nan, 4.2, 3.4, nan], [4.3, 4.6, 4.4, 4.9], [3.5, nan, 3.7, 3.9],
    ])  # fmt: skip
    statistic, df, _ = skillings_mack(times)
    assert (round(statistic, 3), df) == (15.493, 3)


def test_a_slip_in_the_data_does_not_make_gender_change_within_speakers():
    frame = speech(20, 6, 10)
    slipped = frame.copy()
    slipped.loc[0, "gender"] = "m" if frame.loc[0, "gender"] == "f" else "f"
    clean, test = (over_speakers(each, "gender", "duration")[0] for each in (frame, slipped))
    assert test.p == clean.p
    assert (
        test.note == "gender is not the same in all samples of one speaker: the most frequent value was taken"
    )


def test_what_cannot_be_tested_says_why():
    frame = speech(2, 6, 11)
    assert over_speakers(frame, "gender", "duration")[0].note == "only 2 speakers"
    alone = frame[frame["speaker"] == "s0"]
    assert over_speakers(alone, "emotion", "duration")[0].note == "there is only one speaker"
    own = over_speakers(speech(8, 5, 12), "speaker", "emotion")[0]
    assert own.note == "each speaker is a category of speaker of their own"
    six = over_speakers(speech(6, 5, 13), "gender", "emotion")[0]
    assert six.note == "with these 6 speakers no p below 0.05 is possible"
    assert six.p >= 0.05


def test_samples_without_a_speaker_are_left_out_and_counted():
    frame = speech(12, 6, 14)
    some = frame.assign(speaker=frame["speaker"].mask(frame["speaker"] == "s3"))
    found = associate(variable(some, "gender"), variable(some, "duration"), some["speaker"])
    test = found.evidence("speakers")
    known = frame[frame["speaker"] != "s3"]
    assert found.evidence("samples").n == 72
    assert (test.p, test.n) == (over_speakers(known, "gender", "duration")[0].p, 11)
    assert test.note == "6 samples without a speaker are left out"


def rejected(x: str, y: str, times: int = 120) -> tuple[float, float]:
    """How often chance alone is taken for an effect, over samples and over speakers."""
    p = []
    for seed in range(times):
        columns, who = of_speakers(np.random.default_rng(seed))
        tests = (
            relate(columns[x], columns[y], "samples", seed)[0],
            relate_speakers(columns[x], columns[y], who, seed)[0],
        )
        p.append([test.p for test in tests])
    return tuple(np.mean(np.array(p) < 0.05, axis=0))


def of_speakers(random: np.random.Generator, speakers: int = 14, each: int = 8) -> tuple[dict, np.ndarray]:
    """Nothing is related, but everything depends on the speaker."""
    who = np.repeat(np.arange(speakers), each)
    moods = random.dirichlet([0.5] * 3, speakers)
    mood = np.concatenate([random.choice(3, each, p=moods[i]) for i in range(speakers)])
    columns = {
        "label": random.permutation(np.arange(speakers) % 2)[who],
        "age": random.normal(size=speakers)[who],
        "length": random.normal(size=speakers)[who] + 0.5 * random.normal(size=len(who)),
        "mood": mood,
        # how loud one is in which mood is each speaker's own way, and there is no common one
        "loud": random.normal(size=len(who)) + 2 * random.normal(size=(speakers, 3))[who, mood],
    }
    levels = {"label": ("a", "b"), "mood": ("x", "y", "z")}
    return {name: Column(name, values, levels.get(name, ())) for name, values in columns.items()}, who


@pytest.mark.parametrize(
    ("x", "y"), [("label", "length"), ("label", "mood"), ("age", "mood"), ("age", "length")]
)
def test_where_speakers_differ_samples_see_effects_that_are_none_and_speakers_do_not(x, y):
    samples, speakers = rejected(x, y)
    assert samples > 0.25
    assert 0.01 <= speakers <= 0.1


def test_ways_of_single_speakers_are_no_effect_either():
    samples, speakers = rejected("mood", "loud")
    assert samples > 0.25
    assert speakers <= 0.1


def test_what_speakers_do_alike_is_found_over_speakers():
    frame = speech(12, 20, 15)
    frame["duration"] += 3 * frame["gender"].eq("f") + 0.7 * frame["emotion"].eq("joy") + 0.5 * frame["level"]
    for x in ("gender", "emotion", "level"):
        assert over_speakers(frame, x, "duration")[0].p < 0.02
    skewed = np.where(frame["gender"].eq("f"), frame["emotion"].replace("rest", "joy"), frame["emotion"])
    assert over_speakers(frame.assign(emotion=skewed), "gender", "emotion")[0].p < 0.02
    alike = frame.assign(text=np.where(frame["emotion"].eq("joy"), "a", frame["text"]))
    test = over_speakers(alike, "text", "emotion")[0]
    assert test.p < 0.01
    assert test.detail.startswith("most above chance: a with joy")


def test_a_pair_within_each_category_over_speakers():
    frame = speech(12, 12, 16)
    found = associate(
        variable(frame, "gender"),
        variable(frame, "duration"),
        frame["speaker"],
        group=variable(frame, "emotion"),
    )
    part = frame[frame["emotion"] == "joy"]
    expected = over_speakers(part, "gender", "duration")[0]
    test = next(t for t in found.tests if t.unit == "speakers" and t.within == "emotion = joy")
    assert (test.p, test.n) == (expected.p, expected.n)


def test_numbers_of_a_group_do_not_divide():
    frame = speech(12, 4, 17)
    group = Variable("age", "number", frame["age"])
    found = associate(variable(frame, "level"), variable(frame, "duration"), frame["speaker"], group=group)
    assert not any(test.within for test in found.tests)
    assert "age is a number: put it into bins to see each part by itself" in found.notes
