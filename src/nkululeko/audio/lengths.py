"""Speech and pauses to segments of a wanted length: short stretches are joined, long ones are split."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from nkululeko.core.audio_plugins import Lengths

#: start and end, in s
Stretch = tuple[float, float]
#: pauses longer than this are never bridged, in s
LONGEST_BRIDGE = 2.0
#: distance of the places at which long speech may be split, in s
_STEP = 0.02
#: shorter than this is rounding, in s
_TINY = 1e-6


def to_segments(
    speech: Sequence[Stretch], duration: float, lengths: Lengths, quiet: Callable[[np.ndarray], np.ndarray]
) -> list[Stretch]:
    """Segments that cover the speech.

    Stretches that are longer than the longest segment are split where it is quietest; shorter ones than the shortest
    segment are joined with the nearer neighbour, if the whole is not too long and the pause between them lasts 2 s at
    most. What is still too short falls out. Where both limits cannot be kept, the longest is: two pieces of 5.5 s for
    11 s of speech with limits of 8 and 10 s.

    Args:
        speech: in order, without overlap
        duration: of the recording, in s
        lengths: limits
        quiet: how loud it is at some places in s; splits are put where this is least

    Returns:
        in order, without overlap

    Example:
        >>> to_segments([(0.5, 1.5), (2.0, 3.5), (9.0, 9.5)], 10.0, Lengths(2, 10), np.zeros_like)
        [(0.5, 3.5)]
    """
    pieces = [piece for stretch in speech for piece in _split(stretch, lengths, quiet)]
    # pieces of speech that is too long for one segment are kept, however short they had to be
    cut = {piece for piece in pieces if piece not in set(speech)}
    joined = _joined(pieces, lengths)
    kept = [piece for piece in joined if _length(piece) >= lengths.shortest - _TINY or piece in cut]
    return _with_borders(kept, joined, duration, lengths.longest) if lengths.borders else kept


def too_short(speech: Sequence[Stretch], segments: Sequence[Stretch]) -> list[Stretch]:
    """The stretches of speech that are in no segment.

    Example:
        >>> too_short([(0.5, 1.5), (9.0, 9.5)], [(0.4, 3.5)])
        [(9.0, 9.5)]
    """
    return [
        (start, end)
        for start, end in speech
        if not any(other < end and start < other_end for other, other_end in segments)
    ]


def gaps(segments: Sequence[Stretch], duration: float) -> list[Stretch]:
    """What lies between, before and after the segments.

    Example:
        >>> gaps([(1.0, 2.0), (2.0, 3.0)], 4.0)
        [(0.0, 1.0), (3.0, 4.0)]
    """
    edges = [(0.0, 0.0), *segments, (duration, duration)]
    return [(end, start) for (_, end), (start, _) in pairwise(edges) if start - end > _TINY]


def _length(stretch: Stretch) -> float:
    return stretch[1] - stretch[0]


def _split(stretch: Stretch, lengths: Lengths, quiet: Callable[[np.ndarray], np.ndarray]) -> list[Stretch]:
    """As few pieces as may be, none too long; each cut as quiet as the limits allow."""
    start, end = stretch
    pieces = []
    for left in range(math.ceil((end - start) / lengths.longest - _TINY), 1, -1):
        rest = end - start
        low = start + max(lengths.shortest, rest - (left - 1) * lengths.longest)
        high = start + min(lengths.longest, rest - (left - 1) * lengths.shortest)
        cut = start + rest / left
        if high - low > _STEP:
            places = np.arange(low, high, _STEP)
            cut = float(places[int(np.argmin(quiet(places)))])
        pieces.append((start, cut))
        start = cut
    return [*pieces, (start, end)]


def _joined(pieces: Sequence[Stretch], lengths: Lengths) -> list[Stretch]:
    """Pieces that are too short joined with a neighbour, but never over a long pause."""
    groups: list[list[Stretch]] = []
    for piece in pieces:
        if groups and piece[0] - groups[-1][-1][1] <= LONGEST_BRIDGE:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [joined for group in groups for joined in _joined_group(group, lengths)]


def _joined_group(group: Sequence[Stretch], lengths: Lengths) -> list[Stretch]:
    """The shortest pause is bridged first, until nothing changes."""
    found = list(group)
    while True:
        pairs = [
            (after[0] - before[1], place)
            for place, (before, after) in enumerate(pairwise(found))
            if min(_length(before), _length(after)) < lengths.shortest - _TINY
            and after[1] - before[0] <= lengths.longest + _TINY
        ]
        if not pairs:
            return found
        _, place = min(pairs)
        found[place : place + 2] = [(found[place][0], found[place + 1][1])]


def _with_borders(
    kept: Sequence[Stretch], everything: Sequence[Stretch], duration: float, longest: float
) -> list[Stretch]:
    """Segments with the silence at both ends: half of each pause, all of it at the ends of the recording."""
    edges = [(0.0, 0.0), *everything, (duration, duration)]
    room: dict[Stretch, tuple[float, float]] = {}
    for place, (start, end) in enumerate(everything):
        before, after = start - edges[place][1], edges[place + 2][0] - end
        room[start, end] = (
            before if place == 0 else before / 2,
            after if place == len(everything) - 1 else after / 2,
        )
    found = []
    for start, end in kept:
        before, after = room[start, end]
        free = max(0.0, longest - (end - start))
        share = min(before, max(free / 2, free - after))
        found.append((start - share, end + min(after, free - share)))
    return found
