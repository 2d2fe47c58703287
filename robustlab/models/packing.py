"""How texts share forwards: with little padding, or so that each answer depends on its text alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

Packing = Callable[[Sequence[int]], Iterator[tuple[list[int], int]]]
"""Lengths in tokens -> batches: numbers of the rows, each at least once in all, and the length they are padded to."""

FOURS = 4
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


def own_lengths(batch_size: int, *, multiple: int = FOURS) -> Packing:
    """Rows share a batch with those that are padded to the same length, which follows from a row's own.

    On a CPU an answer then does not depend on its company, to the last digit: a matrix product of 4n rows has the same
    row whatever n is. `in_fours` sees to it that products over pooled rows, of which there is one a text, have 4n
    rows, too.

    Args:
        batch_size: Most rows in a batch.
        multiple: Rows are padded to the next multiple of this many tokens, itself a multiple of 4.
    Raises: ValueError: If either is not positive, or `multiple` is no multiple of 4.
    """
    _check(batch_size)
    if multiple < 1 or multiple % FOURS:
        raise ValueError(f"multiple must be a positive multiple of {FOURS}, got {multiple}")

    def pack(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
        for length, rows in _alike(lengths, multiple):
            for first in range(0, len(rows), batch_size):
                yield rows[first : first + batch_size], length

    return pack


def fixed_shapes(batch_size: int, *, multiple: int = FOURS) -> Packing:
    """The same, in batches that are always full: an accelerator chooses its way to multiply by the number of rows.

    A batch that is not full repeats its first row.

    Args:
        batch_size: Rows of every batch.
        multiple: Rows are padded to the next multiple of this many tokens.
    Raises: ValueError: If either is not positive.
    """
    _check(batch_size)
    if multiple < 1:
        raise ValueError(f"multiple must be positive, got {multiple}")

    def pack(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
        for length, rows in _alike(lengths, multiple):
            for first in range(0, len(rows), batch_size):
                batch = rows[first : first + batch_size]
                yield [*batch, *[batch[0]] * (batch_size - len(batch))], length

    return pack


def steady(batch_size: int, device: torch.device) -> Packing:
    """The packing with which an answer is a function of its text, on a device.

    Args:
        batch_size: Rows in a batch; on an accelerator it decides the last digits.
        device: Where the model runs.
    Raises: ValueError: If the batch size is not positive.
    """
    return own_lengths(batch_size) if device.type == "cpu" else fixed_shapes(batch_size)


@contextmanager
def in_fours(model: nn.Module) -> Iterator[None]:
    """Let every layer that takes one row a text, as heads do, take a multiple of four of them.

    Args:
        model: Its `nn.Linear` layers are hooked for the time.
    """

    def fill(layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        rows = inputs[0]
        if rows.dim() != 2 or not len(rows) % FOURS:
            return None
        counts.append(len(rows))
        return (torch.cat([rows, rows[:1].expand(-len(rows) % FOURS, -1)]), *inputs[1:])

    def cut(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        return output[: counts.pop()] if counts and output.dim() == 2 else None

    counts: list[int] = []
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    hooks = [layer.register_forward_pre_hook(fill) for layer in layers]
    hooks += [layer.register_forward_hook(cut) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _alike(lengths: Sequence[int], multiple: int) -> list[tuple[int, list[int]]]:
    """Numbers of rows by the length that they are padded to, the shortest first."""
    alike: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        alike.setdefault(-(-length // multiple) * multiple, []).append(row)
    return sorted(alike.items())


def _check(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size must be positive, got {batch_size}")
