"""The balanced split: it finds the best set, keeps its promises, and says what it did."""

from __future__ import annotations

import logging
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.spatial.distance import jensenshannon

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request, SplitContext
from nkululeko.core.families import databases as database_types
from nkululeko.data.balance import divergence
from nkululeko.data.splits.balanced import Balanced

WEIGHTS = {"emotion": 2.0, "gender": 1.0}
EMODB = Path(__file__).resolve().parents[3] / "shared" / "data" / "emodb"


def frame(columns: dict, seconds: object = 1.0) -> pd.DataFrame:
    """One file a sample, of so many seconds."""
    count = len(columns["speaker"])
    ends = pd.to_timedelta(np.broadcast_to(np.asarray(seconds, dtype=float), count), unit="s")
    return pd.DataFrame(
        columns, index=contract.segmented_index([f"/{n:05}.wav" for n in range(count)], None, ends)
    )


def people(speakers: int, rows: int, seed: int = 0) -> pd.DataFrame:
    """Each speaker has an age, a gender and emotions that he or she favours; some say more than others."""
    rng = np.random.default_rng(seed)
    who = rng.choice(speakers, size=rows, p=rng.dirichlet(np.full(speakers, 2.0)))
    who[:speakers] = np.arange(speakers)
    taste = rng.dirichlet(np.full(4, 0.5), size=speakers)
    return frame(
        {
            "speaker": [f"s{n:03}" for n in who],
            "emotion": ["abcd"[rng.choice(4, p=taste[n])] for n in who],
            "gender": np.where(rng.random(speakers) < 0.4, "f", "m")[who],
            "age": rng.integers(18, 80, speakers)[who],
        }
    )


def assign(samples: pd.DataFrame, context: SplitContext | None = None, **options: object) -> pd.Series:
    options = {"balance": WEIGHTS, **options}
    plugin = Balanced(Balanced.Options(**options))
    return plugin.assign(Loaded(samples), context or SplitContext("db", target="emotion"))


def objective(
    samples: pd.DataFrame, chosen: np.ndarray, weights: dict[str, float], share: float = 0.2
) -> float:
    """Independent of the code under test: cross tables and scipy."""
    total = 0.0
    for name, weight in weights.items():
        table = pd.crosstab(samples[name], chosen)
        total += weight * jensenshannon(table[True], table.sum(axis=1), base=2) ** 2
    return total / sum(weights.values()) + abs(chosen.mean() - share)


def best(samples: pd.DataFrame, weights: dict[str, float]) -> float:
    """Of all sets of speakers that leave every emotion in the training set, if there are such."""
    names = sorted(samples["speaker"].unique())
    found = []
    for size in range(1, len(names)):
        for some in combinations(names, size):
            chosen = samples["speaker"].isin(some).to_numpy()
            if set(samples["emotion"][~chosen]) == set(samples["emotion"]):
                found.append(objective(samples, chosen, weights))
    return min(found)


# --- the search


@pytest.mark.parametrize("seed", range(3))
def test_few_speakers_the_best_of_all_sets(seed: int) -> None:
    samples = people(6, 90, seed)
    split = assign(samples, SplitContext("db", seed, "emotion"))
    reached = objective(samples, (split == "test").to_numpy(), WEIGHTS)
    assert reached == pytest.approx(best(samples, WEIGHTS), abs=1e-9)


def test_emodb() -> None:
    if not EMODB.exists():
        pytest.skip(f"NOT TESTED: {EMODB} is not there")
    samples = database_types.load("audformat")().load(Request("emodb", str(EMODB), "emotion")).samples
    split = assign(
        samples, SplitContext("emodb", 42, "emotion"), balance={**WEIGHTS, "age": 1}, bins={"age": 2}
    )
    chosen = (split == "test").to_numpy()
    binned = samples.assign(age=samples["age"] > 31)  # the border nearest to the middle: 309 samples, 226
    # what splitutils 0.4.3 finds with 1000 trials; with its default of 30 trials 0.0204
    assert objective(binned, chosen, {**WEIGHTS, "age": 1}) <= 0.01059


def test_many_speakers_better_than_chance() -> None:
    samples = people(40, 600)
    reached = objective(samples, (assign(samples) == "test").to_numpy(), WEIGHTS)
    rng, names = np.random.default_rng(5), sorted(samples["speaker"].unique())
    chance = [
        objective(samples, samples["speaker"].isin(rng.choice(names, 8, replace=False)).to_numpy(), WEIGHTS)
        for _ in range(60)
    ]
    assert reached < min(chance) / 3


def test_a_perfect_split_is_found() -> None:
    """Of 25 speakers who all say the same five are women and five from the north, one is both: five are like all."""
    speaker = np.repeat(np.arange(25), 4)
    samples = frame({
        "speaker": [f"s{n:02}" for n in speaker], "emotion": list("abcd") * 25,
        "gender": np.where(speaker < 5, "f", "m"), "accent": np.where(speaker % 5 == 0, "north", "south"),
    })  # fmt: skip
    weights = {"emotion": 1.0, "gender": 1.0, "accent": 1.0}
    split = assign(samples, balance=weights)
    assert (split == "test").mean() == 0.2
    assert divergence(samples, split, weights, {})["divergence"].max() < 1e-12


def test_dev_too_resembles_the_whole() -> None:
    samples = people(40, 600)
    split = assign(samples, SplitContext("db", target="emotion", dev_size=20.0))
    without = assign(samples, SplitContext("db", target="emotion"))
    assert ((split == "test") == (without == "test")).all(), "test is the same set with and without dev"
    for part in ("test", "dev"):
        assert objective(samples, (split == part).to_numpy(), WEIGHTS) < 0.02


@pytest.mark.parametrize("speakers", [8, 60])
def test_the_order_of_the_rows_is_of_no_meaning(speakers: int) -> None:
    samples = people(speakers, 300)
    context = SplitContext("db", 3, "emotion", dev_size=10.0)
    options = {"balance": {**WEIGHTS, "age": 1}, "bins": {"age": 3}}
    straight = assign(samples, context, **options)
    order = np.random.default_rng(1).permutation(len(samples))
    pd.testing.assert_series_equal(assign(samples.iloc[order], context, **options), straight.iloc[order])


def test_among_equals_the_seed_decides() -> None:
    samples = frame({"speaker": list("abcde") * 4, "emotion": np.repeat(["x", "y"], 10), "gender": "f"})
    chosen = {samples["speaker"][(assign(samples, SplitContext("db", n, "emotion")) == "test").to_numpy()].iloc[0]
              for n in range(20)}  # fmt: skip
    assert len(chosen) > 2


def test_the_split_of_a_seed_is_this_one() -> None:
    """Papers name their seed: whoever changes the search changes their results."""
    samples = people(25, 400)
    split = assign(samples, SplitContext("db", 42, "emotion"))
    assert sorted(samples["speaker"][(split == "test").to_numpy()].unique()) == [
        "s002", "s006", "s007", "s011", "s015", "s018", "s021",
    ]  # fmt: skip


@pytest.mark.parametrize("speakers", [6, 30])
@pytest.mark.parametrize("dev_size", [None, 99.0])
def test_somebody_is_left_for_training(speakers: int, dev_size: float | None) -> None:
    """Whatever sizes are wanted; here no class keeps a speaker in the training set."""
    samples = people(speakers, 200)
    split = assign(samples, SplitContext("db", test_size=99.0, dev_size=dev_size))
    assert set(split) == ({"train", "test"} if dev_size is None else {"train", "dev", "test"})


# --- what outweighs the resemblance


def test_training_keeps_every_class() -> None:
    """Speaker a alone is angry, and would make the best test set: it is of the wanted size exactly."""
    samples = frame({
        "speaker": list("aaaa") + list("bbb") + list("cccccc") + list("ddddddd"), "gender": "f",
        "emotion": ["anger", "joy", "joy", "joy"] + ["joy"] * 16,
    })  # fmt: skip
    free = assign(samples, SplitContext("db"), balance={"gender": 1})
    assert set(samples["speaker"][(free == "test").to_numpy()]) == {"a"}
    split = assign(samples, balance={"gender": 1})
    assert "a" not in set(samples["speaker"][(split == "test").to_numpy()])
    everybody = samples.assign(emotion=samples["speaker"])  # then every set takes a class away: still a split
    assert {"train", "test"} == set(assign(everybody, balance={"gender": 1}))


def test_the_test_set_lasts_long_enough() -> None:
    samples = people(20, 200)
    assert (assign(samples) == "test").sum() < 60
    long = assign(samples, min_dur_test=100.0)
    assert 100 <= (long == "test").sum() <= 125, "long enough, and no longer than needed"
    few = samples[samples["speaker"].isin([f"s{n:03}" for n in range(5)])]
    sizes = few["speaker"].value_counts()
    all_but_one = float(sizes.sum() - sizes.min())
    split = assign(few, SplitContext("db"), min_dur_test=all_but_one)
    assert (split == "test").sum() == all_but_one
    with pytest.raises(
        NkululekoError, match=r"no test set lasts min_dur_test = .* leaves 1 of the 5 speakers has \d+\.0 s"
    ):
        assign(few, min_dur_test=all_but_one + 0.1)
    with pytest.raises(NkululekoError, match="leaves 2 of the 5 speakers"):
        assign(few, SplitContext("db", dev_size=20.0), min_dur_test=all_but_one)


def test_many_speakers_reach_the_longest_test_set_there_is() -> None:
    samples = people(20, 200)
    sizes = samples["speaker"].value_counts()
    split = assign(samples, min_dur_test=float(sizes.sum() - sizes.min()))
    assert (split == "train").sum() == sizes.min()


def test_size_diff_weight() -> None:
    """One large speaker is as the whole, several small ones are of the right size."""
    samples = frame({
        "speaker": list("L" * 20) + list("aaaaabbbbbcccccddddd"), "gender": list("fm" * 10) + list("fffffmmmmm" * 2),
        "emotion": "x",
    })  # fmt: skip
    test = {weight: set(samples["speaker"][(assign(samples, SplitContext("db", test_size=12.5), balance={"gender": 1},
                                                   size_diff_weight=weight) == "test").to_numpy()])
            for weight in (0, 100)}  # fmt: skip
    assert len(test[100]) == 1 and test[100] <= set("abcd")
    assert divergence(samples, samples["speaker"].isin(test[0]).map({True: "test", False: "train"}),
                      {"gender": 1}, {})["divergence"].max() == 0  # fmt: skip


# --- what it says


def test_what_was_reached_is_told(caplog: pytest.LogCaptureFixture) -> None:
    samples = people(8, 90)
    with caplog.at_level(logging.INFO, "nkululeko"):
        split = assign(samples)
    reached = divergence(samples, split, WEIGHTS, {}).set_index(["split", "variable"])["divergence"]
    share = 100 * (split == "test").mean()
    assert caplog.messages[1] == (
        f"db: balanced test: {share:.1f} % of the samples;"
        f" divergence: emotion {reached['test', 'emotion']:.4f}, gender {reached['test', 'gender']:.4f}"
    )


def test_options_without_effect_are_told(caplog: pytest.LogCaptureFixture) -> None:
    samples = people(8, 90)
    with caplog.at_level(logging.INFO, "nkululeko"):
        assign(samples, balance={}, bins={"emotion": 2, "age": 3})
    assert caplog.messages[:3] == [
        "db: balance is not given: the split is balanced over 'emotion'",
        "db: emotion_bins has no effect: 'emotion' holds no numbers",
        "db: age_bins has no effect: balance has no 'age'",
    ]


def test_samples_without_a_speaker_are_not_used(caplog: pytest.LogCaptureFixture) -> None:
    samples = people(5, 40)
    known = samples.assign(speaker=samples["speaker"].where(np.arange(40) != 7))
    split = assign(known)
    assert split.isna().tolist() == [n == 7 for n in range(40)]
    assert caplog.messages == ["db: 1 samples without a speaker are used neither for training nor for test"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"balance": {"emotoin": 1}}, r"database 'db': balance: no column 'emotoin'; did you mean 'emotion'"),
        (
            {"balance": {"age": 1}},
            r"balance: 'age' holds numbers \(8 different values\); set age_bins = 3, say",
        ),
        ({"balance": {"speaker": 1}}, "'speaker' cannot be alike in parts that share no speaker"),
    ],
)
def test_mistakes(options: dict, message: str) -> None:
    samples = people(8, 90).assign(age=lambda s: s["speaker"].str[1:].astype(int))
    with pytest.raises(NkululekoError, match=message):
        assign(samples, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"balance": {"age": 0}}, "the weight of 'age' is 0; expected a number above 0"),
        ({"balance": {"age": -1}}, "the weight of 'age' is -1; expected a number above 0"),
        ({"balance": {"age": float("nan")}}, "expected a number above 0"),
        ({"bins": {"age": 1}}, "age_bins is 1; expected 2 or more"),
        ({"size_diff_weight": -0.1}, "size_diff_weight"),
        ({"min_dur_test": 0}, "min_dur_test"),
    ],
)
def test_wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Balanced.Options(**options)


def test_too_few_speakers() -> None:
    two = frame({"speaker": ["a", "b"], "emotion": ["x", "x"], "gender": ["f", "f"]})
    assert sorted(assign(two)) == ["test", "train"]
    with pytest.raises(NkululekoError, match="balanced needs two speakers, and database 'db' has 1"):
        assign(two.assign(speaker="a"))
    with pytest.raises(NkululekoError, match=r"balanced needs three speakers \(train, dev, test\).* has 2"):
        assign(two, SplitContext("db", dev_size=20.0))
    with pytest.raises(NkululekoError, match="has no column 'speaker'"):
        assign(two.drop(columns="speaker"))
    with pytest.raises(NkululekoError, match="no column to balance"):
        assign(two, SplitContext("db"), balance={})
