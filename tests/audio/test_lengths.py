"""Joining and splitting: no speech is lost but what is too short, limits hold, cuts are where it is quiet."""

from __future__ import annotations

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from nkululeko.audio.lengths import LONGEST_BRIDGE, gaps, to_segments, too_short
from nkululeko.core.families import Lengths


@st.composite
def stretches(draw):
    """Speech in a recording, and the recording's length."""
    steps = draw(st.lists(st.floats(0.02, 12.0), max_size=24))
    edges = np.cumsum([draw(st.floats(0.0, 3.0)), *steps])
    pairs = [(float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    return pairs, float(edges[-1] + draw(st.floats(0.0, 3.0)))


def inside(start, end, segments):
    """How much of a stretch lies in segments."""
    return sum(max(0.0, min(end, b) - max(start, a)) for a, b in segments)


@given(stretches(), st.floats(0.0, 4.0), st.floats(2.0, 6.0), st.booleans())
def test_speech_is_covered_and_limits_hold(recording, shortest, ratio, borders):
    speech, duration = recording
    lengths = Lengths(shortest, max(0.5, shortest * ratio), borders)
    found = to_segments(speech, duration, lengths, np.sin)
    assert all(before[1] <= after[0] + 1e-6 for before, after in pairwise(found))
    assert all(-1e-9 <= start < end <= duration + 1e-6 for start, end in found)
    assert all(shortest - 1e-5 <= end - start <= lengths.longest + 1e-5 for start, end in found)
    short = too_short(speech, found)
    for start, end in speech:
        if (start, end) in short:
            assert end - start < shortest
        elif not borders:
            assert inside(start, end, found) >= end - start - 1e-5
    tiles = sorted([*found, *gaps(found, duration)])
    assert abs(sum(end - start for start, end in tiles) - duration) < 1e-4


@given(stretches())
def test_nothing_changes_where_nothing_must(recording):
    speech, duration = recording
    assert to_segments(speech, duration, Lengths(0.0, 100.0), np.zeros_like) == speech


def test_a_long_stretch_is_cut_where_it_is_quietest():
    quiet = 7.3

    def loud(places):
        return np.abs(places - quiet)

    (first, second) = to_segments([(0.0, 12.0)], 12.0, Lengths(2.0, 10.0), loud)
    assert abs(first[1] - quiet) < 0.021 and second == (first[1], 12.0)


def test_both_limits_cannot_hold_then_the_longest_does():
    assert to_segments([(0.0, 11.0)], 11.0, Lengths(8.0, 10.0), np.zeros_like) == [(0.0, 5.5), (5.5, 11.0)]


def test_short_stretches_are_joined_over_short_pauses_only():
    near = [(0.0, 1.0), (1.5, 2.6)]
    far = [(0.0, 1.0), (1.0 + LONGEST_BRIDGE + 0.1, 4.5)]
    assert to_segments(near, 5.0, Lengths(2.0, 10.0), np.zeros_like) == [(0.0, 2.6)]
    assert to_segments(far, 5.0, Lengths(2.0, 10.0), np.zeros_like) == []
    assert too_short(far, []) == far


def test_borders_share_the_pause_between_them():
    found = to_segments([(1.0, 3.0), (5.0, 8.0)], 10.0, Lengths(2.0, 10.0, True), np.zeros_like)
    assert found == [(0.0, 4.0), (4.0, 10.0)]
    (tight,) = to_segments([(4.0, 8.0)], 12.0, Lengths(2.0, 5.0, True), np.zeros_like)
    assert tight == (3.5, 8.5)
