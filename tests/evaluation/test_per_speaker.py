"""One answer a speaker, against loops over speakers that anyone can read."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nkululeko.core.families import Scored
from nkululeko.evaluation.per_speaker import combine

LABELS = ["a", "b", "c"]


@st.composite
def answers(draw):
    """Speakers with several samples each, of which some differ in their truth."""
    rows = draw(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(LABELS)), min_size=1, max_size=40))
    seed = draw(st.integers(0, 99))
    generator = np.random.default_rng(seed)
    speakers = np.array([f"db/{speaker}" for speaker, _ in rows], dtype=object)
    own = {name: LABELS[generator.integers(3)] for name in sorted(set(speakers))}
    odd = generator.random(len(rows)) < 0.05
    truth = np.array(
        [LABELS[generator.integers(3)] if o else own[s] for s, o in zip(speakers, odd, strict=True)]
    )
    scores = generator.dirichlet(np.ones(3), len(rows))
    prediction = np.array([label for _, label in rows])
    return Scored(truth.astype(object), prediction.astype(object), LABELS, scores), speakers


def by_hand(scored: Scored, speakers: np.ndarray, how: str) -> dict[str, tuple[str, str]]:
    found = {}
    for name in sorted(set(speakers)):
        mine = [i for i, speaker in enumerate(speakers) if speaker == name]
        if len({scored.truth[i] for i in mine}) > 1:
            continue
        mean = {label: sum(scored.scores[i][c] for i in mine) / len(mine) for c, label in enumerate(LABELS)}
        votes = Counter(scored.prediction[i] for i in mine)
        rank = {label: (votes[label] if how == "mode" else 0, mean[label]) for label in LABELS}
        found[name] = (scored.truth[mine[0]], max(LABELS, key=rank.__getitem__))
    return found


@given(answers())
@pytest.mark.parametrize("how", ["mode", "mean"])
def test_as_by_hand(how, made):
    scored, speakers = made
    found = combine(scored, speakers, how)
    expected = by_hand(scored, speakers, how)
    assert (
        dict(zip(found.speakers, zip(found.scored.truth, found.scored.prediction, strict=True), strict=True))
        == expected
    )
    assert sorted([*found.speakers, *found.left_out]) == sorted(set(speakers))
    assert found.counts.tolist() == [Counter(speakers)[name] for name in found.speakers]
    assert found.scored.scores.sum(axis=1) == pytest.approx(np.ones(len(found.speakers)))


@given(answers(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(made, random):
    scored, speakers = made
    rows = list(range(len(speakers)))
    random.shuffle(rows)
    other = Scored(scored.truth[rows], scored.prediction[rows], LABELS, scored.scores[rows])
    one, two = combine(scored, speakers, "mean"), combine(other, speakers[rows], "mean")
    assert one.speakers == two.speakers and one.left_out == two.left_out
    np.testing.assert_allclose(one.scored.scores, two.scored.scores)


def test_numbers_are_averaged_whatever_was_asked_for():
    frame = pd.DataFrame(
        {"speaker": list("ssttu"), "truth": [30, 30, 41, 41, 50.5], "said": [28, 34, 40, 44, 60.0]}
    )
    scored = Scored(frame["truth"].to_numpy(dtype=float), frame["said"].to_numpy())
    for how in ("mean", "mode"):
        found = combine(scored, frame["speaker"].to_numpy(), how)
        assert found.how == "mean"
        expected = frame.groupby("speaker")["said"].mean()
        assert found.scored.prediction.tolist() == expected.tolist()
        assert found.scored.truth.tolist() == [30, 41, 50.5] and found.scored.scores is None


def test_numbers_that_differ_within_a_speaker_are_left_out():
    scored = Scored(np.array([0.1, 0.1 + 1e-17, 0.3, 0.4]), np.ones(4))
    found = combine(scored, np.array(["s", "s", "t", "t"], dtype=object), "mean")
    assert (list(found.speakers), list(found.left_out)) == (["s"], ["t"])


def test_samples_of_unknown_speakers_are_left_out_and_counted():
    scored = Scored(np.array(list("aab"), dtype=object), np.array(list("aab"), dtype=object), LABELS)
    found = combine(scored, np.array(["s", None, float("nan")], dtype=object), "mean")
    assert (list(found.speakers), found.unknown, found.how) == (["s"], 2, "mode")
    nobody = combine(scored, np.array([None] * 3, dtype=object), "mode")
    assert (len(nobody.scored.truth), nobody.unknown, nobody.speakers) == (0, 3, [])
