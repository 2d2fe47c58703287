"""Batches of like length in random order: the largest saving in fine-tuning on short texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Sampler

from robustlab.randomness import key

POOL = 50  # batches sorted together: large enough that padding nearly vanishes, small enough that batches stay random


class LengthBuckets(Sampler[int]):
    """Shuffle the examples, sort pools of them by length, cut the pools into batches, shuffle the batches.

    Args:
        lengths: Length of each example, in tokens.
        batch_size: Examples a batch.
        seed: With the epoch, determines the order.

    Raises:
        ValueError: If the batch size is below 1.

    The short last batch stays last, so that a batch sampler that cuts the stream again finds the same batches.
    """

    def __init__(self, lengths: Sequence[int], *, batch_size: int, seed: int):
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.lengths, self.batch_size, self.seed, self.epoch = torch.as_tensor(lengths), batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, and with it the order."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(key(self.seed, "buckets", self.epoch))
        order = torch.randperm(len(self), generator=generator)
        whole = len(order) - len(order) % self.batch_size
        pools = order[:whole].split(POOL * self.batch_size)
        ordered = [pool[self.lengths[pool].argsort(stable=True)] for pool in pools]
        batches = torch.cat(ordered).view(-1, self.batch_size) if ordered and whole else order[:0].view(0, 1)
        shuffled = batches[torch.randperm(len(batches), generator=generator)].flatten()
        yield from torch.cat([shuffled, order[whole:]]).tolist()


def lengths_of(dataset: Any) -> list[int]:
    """Tokens of each row: the column `length`, or counted where there is none."""
    if "length" in getattr(dataset, "column_names", ()):
        return list(dataset["length"])
    return [len(row["input_ids"]) for row in dataset]
