"""Randomness keyed by what it is for, so that it does not depend on batch order, padding, rank or a restart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

Fill = Callable[[Tensor, torch.Generator | None], Tensor]


def key(*parts: int | str) -> int:
    """Hash `parts` to a 63-bit seed; different parts give unrelated seeds."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class ExampleGenerators:
    """One CPU generator for each example of a batch, keyed by (seed, …, example id).

    Noise drawn through it follows the example: the same example gets the same noise whatever stands beside it in the
    batch, however far the batch is padded and on whichever device or rank it runs.

    Args:
        examples: Identifiers of the examples, in batch order.
        context: What else the noise depends on: seed, step, micro-step.
    """

    def __init__(self, examples: Iterable[int], *context: int | str):
        self.generators: Sequence[torch.Generator] = [
            torch.Generator().manual_seed(key(*context, int(example))) for example in examples
        ]

    def __len__(self) -> int:
        return len(self.generators)


Randomness = torch.Generator | ExampleGenerators | None


def draw(shape: Sequence[int], mask: Tensor, fill: Fill, generator: Randomness) -> Tensor:
    """Fill a tensor of `shape` with noise where `mask` is not 0.

    Args:
        shape: Shape of the offset, batch first.
        mask: Broadcasts to `shape`; its device and dtype are the result's.
        fill: Fills the tensor that it is given in place, from the generator that it is given.
        generator: One generator for the batch, one for each example, or None for torch's global state.

    Raises:
        ValueError: If there is not one generator for each example.
    """
    if not isinstance(generator, ExampleGenerators):
        device = generator.device if generator is not None else mask.device
        noise = fill(torch.empty(tuple(shape), dtype=mask.dtype, device=device), generator)
        return noise.to(mask.device) * mask
    if len(generator) != shape[0]:
        raise ValueError(f"expected one generator for each of {shape[0]} examples, got {len(generator)}")
    noise = torch.zeros(tuple(shape), dtype=mask.dtype)
    free = mask.expand(tuple(shape)).ne(0).cpu()
    for row, own, where in zip(noise, generator.generators, free, strict=True):
        row[where] = fill(torch.empty(int(where.sum()), dtype=mask.dtype), own)
    return noise.to(mask.device)
