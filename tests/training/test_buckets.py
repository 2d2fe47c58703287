"""Buckets: a permutation, keyed by (seed, epoch), of batches with little padding in random order."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustlab.training.buckets import LengthBuckets


def lengths_of(n: int, seed: int = 0) -> list[int]:
    return torch.randint(3, 60, (n,), generator=torch.Generator().manual_seed(seed)).tolist()


def padded(lengths: list[int], order: list[int], batch_size: int) -> float:
    """Tokens that a model sees over tokens that there are."""
    batches = [[lengths[i] for i in order[at : at + batch_size]] for at in range(0, len(order), batch_size)]
    return sum(max(batch) * len(batch) for batch in batches) / sum(lengths)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 300), batch_size=st.integers(1, 40), seed=st.integers(0, 10**6), epoch=st.integers(0, 5))
def test_every_example_comes_once_and_always_in_the_same_order(n: int, batch_size: int, seed: int, epoch: int) -> None:
    made = []
    for _ in range(2):
        sampler = LengthBuckets(lengths_of(n), batch_size=batch_size, seed=seed)
        sampler.set_epoch(epoch)
        made.append(list(sampler))
        assert len(sampler) == n
    assert sorted(made[0]) == list(range(n))
    assert made[0] == made[1]


def test_seed_and_epoch_decide_the_order() -> None:
    orders = []
    for seed, epoch in ((0, 0), (0, 1), (1, 0)):
        sampler = LengthBuckets(lengths_of(200), batch_size=8, seed=seed)
        sampler.set_epoch(epoch)
        orders.append(tuple(sampler))
    assert len(set(orders)) == 3


def test_the_order_does_not_touch_the_global_stream() -> None:
    before = torch.get_rng_state()
    list(LengthBuckets(lengths_of(50), batch_size=8, seed=0))
    assert torch.equal(before, torch.get_rng_state())


def test_padding_nearly_vanishes() -> None:
    lengths = lengths_of(1600)
    bucketed = padded(lengths, list(LengthBuckets(lengths, batch_size=16, seed=0)), 16)
    shuffled = padded(lengths, torch.randperm(1600).tolist(), 16)
    assert bucketed < 1.05
    assert shuffled > 1.6


def test_batches_come_in_random_order() -> None:
    lengths = lengths_of(1600)
    order = list(LengthBuckets(lengths, batch_size=16, seed=0))
    means = torch.tensor([lengths[i] for i in order]).float().view(-1, 16).mean(1)
    places = torch.arange(100.0)
    assert abs(float(torch.corrcoef(torch.stack([means, places]))[0, 1])) < 0.3
    epochs = LengthBuckets(lengths, batch_size=16, seed=0)
    epochs.set_epoch(1)
    batches = {frozenset(order[at : at + 16]) for at in range(0, 1600, 16)}
    others = list(epochs)
    assert len(batches & {frozenset(others[at : at + 16]) for at in range(0, 1600, 16)}) < 5  # new company each epoch


def test_the_short_batch_stays_last() -> None:
    lengths = lengths_of(37)
    order = list(LengthBuckets(lengths, batch_size=8, seed=0))
    for at in range(0, 32, 8):
        batch = [lengths[i] for i in order[at : at + 8]]
        assert batch == sorted(batch)  # a whole batch comes out of one sorted run


def test_a_batch_has_a_size() -> None:
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        LengthBuckets([1, 2], batch_size=0, seed=0)
