"""Randomised splicing: what is said cannot be understood any more, how it is said can still be heard."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Augmenter
from nkululeko.core.plugin import Options, option

#: revision of the method
_VERSION = 1
#: shortest and longest piece, in s
PIECE = (0.15, 0.4)
#: pieces fade into each other, so that nothing clicks, in s
FADE = 0.005
#: the level is measured over so long, each so many, in s
_FRAME, _HOP = 0.02, 0.005


class RandomSpliceOptions(Options):
    """How pieces are cut and put together."""

    p_reverse: float = option(0.3, "random_splice: probability that a piece is turned round", ge=0, le=1)
    top_db: float = option(
        12.0,
        "random_splice: cuts are put where it is so far (dB) below the loudest, if there is such a place",
        gt=0,
    )


class RandomSplice(Augmenter):
    """Cut into pieces of 0.15 to 0.4 s, put together in another order, some of them backwards.

    Voice and emotion stay, words and melody go. Source: Scherer, K. R. (1971), Randomized splicing: a note on a simple
    technique for masking speech content, Journal of Experimental Research in Personality 5, 155-159.

    Example:
        >>> signal = np.sin(np.arange(16000) / 20).astype(np.float32)
        >>> bool(np.array_equal(*(RandomSplice().augment(signal, 16000, seed=1) for _ in range(2))))
        True
    """

    Options = RandomSpliceOptions
    summary = "cut into pieces, in another order, some backwards: words go, the voice stays"

    def identity(self) -> dict[str, Any]:
        """See :class:`Augmenter`."""
        return {"version": _VERSION, **self.options.model_dump(mode="json")}

    def augment(self, signal: np.ndarray, sampling_rate: int, seed: int) -> np.ndarray:
        """See :class:`Augmenter`."""
        if not np.any(signal):
            raise NkululekoError("is silent: there is nothing to splice")
        rng = np.random.default_rng(seed)
        cuts = _cuts(signal, sampling_rate, self.options.top_db, rng)
        pieces = np.split(np.asarray(signal, dtype=np.float32), cuts)
        if len(pieces) < 2:
            raise NkululekoError(f"is too short to be spliced (less than {2 * PIECE[0]:g} s)")
        order = rng.permutation(len(pieces))
        if np.array_equal(order, np.arange(len(pieces))):  # another order is what is promised
            order = np.roll(order, 1)
        turned = rng.random(len(pieces)) < self.options.p_reverse
        chosen = [pieces[place][::-1] if turned[place] else pieces[place] for place in order]
        return _joined(chosen, round(FADE * sampling_rate))


def _cuts(signal: np.ndarray, rate: int, top_db: float, rng: np.random.Generator) -> list[int]:
    """The first sample of each piece but the first: at random, in a quiet place where one is near."""
    shortest, longest = (round(length * rate) for length in PIECE)
    quiet = _quiet(signal, rate, top_db)
    cuts: list[int] = []
    start = 0
    while len(signal) - start >= 2 * shortest:
        low, high = start + shortest, min(start + longest, len(signal) - shortest)
        near = quiet[(quiet >= low) & (quiet <= high)]
        start = int(rng.choice(near)) if len(near) else int(rng.integers(low, high + 1))
        cuts.append(start)
    return cuts


def _quiet(signal: np.ndarray, rate: int, top_db: float) -> np.ndarray:
    """The middles of frames whose level is so far below that of the loudest."""
    frame, hop = max(1, round(_FRAME * rate)), max(1, round(_HOP * rate))
    sums = np.concatenate([[0.0], np.cumsum(np.square(signal, dtype=np.float64))])
    starts = np.arange(0, max(1, len(signal) - frame), hop)
    energy = sums[np.minimum(starts + frame, len(signal))] - sums[starts]
    return starts[energy <= energy.max() * 10 ** (-top_db / 10)] + frame // 2


def _joined(pieces: list[np.ndarray], fade: int) -> np.ndarray:
    """One after the other, each faded into the next."""
    length = min(fade, *(len(piece) // 2 for piece in pieces))
    rise = np.linspace(0, 1, length + 2, dtype=np.float32)[1:-1]
    result = [pieces[0][: len(pieces[0]) - length]]
    for before, after in pairwise(pieces):
        result.append(before[len(before) - length :] * (1 - rise) + after[:length] * rise)
        result.append(after[length : len(after) - length])
    result.append(pieces[-1][len(pieces[-1]) - length :])
    return np.concatenate(result)
