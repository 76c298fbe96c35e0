"""Long recordings into pieces, pieces into batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def cut(samples: int, longest: int, overlap: int) -> list[tuple[int, int]]:
    """Pieces of one length, evenly spread over a recording; a short one stays whole.

    Args:
        samples: of the recording
        longest: of a piece, in samples
        overlap: of neighbouring pieces at least, in samples; half of a piece at most

    Returns:
        first and (not included) last sample of each

    Example:
        >>> cut(10, 10, 1), cut(25, 10, 1)
        ([(0, 10)], [(0, 10), (8, 18), (15, 25)])
    """
    if samples <= longest:
        return [(0, samples)]
    overlap = min(overlap, longest // 2)  # else short pieces would hardly get on
    steps = -(-(samples - longest) // max(1, longest - overlap))
    starts = [-(-step * (samples - longest) // steps) for step in range(steps + 1)]
    return [(start, start + longest) for start in starts]


def batches(lengths: Sequence[int], most: int, size: int, can_pad: bool) -> Iterator[list[int]]:
    """Places of pieces that go through the network together: of similar length, longest first.

    Args:
        lengths: of the pieces, in samples
        most: pieces in a batch
        size: samples in a batch, all filled up to the longest; a single piece may be longer
        can_pad: whether pieces may be filled up; else those of a batch are of one length

    Example:
        >>> list(batches([3, 9, 3, 8], 2, 100, True)), list(batches([3, 9, 3, 8], 2, 100, False))
        ([[1, 3], [0, 2]], [[1], [3], [0, 2]])
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        full = len(batch) >= most or (len(batch) + 1) * lengths[batch[0]] > size if batch else False
        if full or (batch and not can_pad and lengths[batch[0]] != lengths[place]):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
