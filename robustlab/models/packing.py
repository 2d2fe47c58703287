"""How texts share forwards: with little padding, or so that each answer depends on its text alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

Packing = Callable[[Sequence[int]], Iterator[tuple[list[int], int]]]
"""Lengths in tokens -> batches: numbers of the rows, each at least once in all, and the length they are padded to."""

WORTHWHILE, PADDED = 8, 1.2  # a batch of 8 rows may end where padding would pass a fifth of its tokens


def sorted_by_length(batch_size: int) -> Packing:
    """Rows of like length share a batch, which is padded to its longest.

    Args:
        batch_size: Most rows in a batch.
    Raises: ValueError: If it is not positive.
    """
    _check(batch_size)

    def pack(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        batch: list[int] = []
        tokens = 0
        for row in order:
            padded, held = (len(batch) + 1) * lengths[row], tokens + lengths[row]
            if len(batch) == batch_size or (len(batch) >= WORTHWHILE and padded > PADDED * held):
                yield batch, lengths[batch[-1]]
                batch, held = [], lengths[row]
            batch.append(row)
            tokens = held
        if batch:
            yield batch, lengths[batch[-1]]

    return pack


def fixed_shapes(batch_size: int, *, multiple: int = 2) -> Packing:
    """Batches of one size, and of a length that follows from a row's own: an answer does not depend on its company.

    A matrix product's last digit depends on the shape of the matrices, but, on the processors that were tried, not on
    what the other rows hold nor on a row's place. A batch that is not full repeats its first row.

    Args:
        batch_size: Rows of every batch.
        multiple: Rows are padded to the next multiple of this many tokens.
    Raises: ValueError: If either is not positive.
    """
    _check(batch_size)
    if multiple < 1:
        raise ValueError(f"multiple must be positive, got {multiple}")

    def pack(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
        alike: dict[int, list[int]] = {}
        for row, length in enumerate(lengths):
            alike.setdefault(-(-length // multiple) * multiple, []).append(row)
        for length, rows in sorted(alike.items()):
            for first in range(0, len(rows), batch_size):
                batch = rows[first : first + batch_size]
                yield [*batch, *[batch[0]] * (batch_size - len(batch))], length

    return pack


def _check(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size must be positive, got {batch_size}")
