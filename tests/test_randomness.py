"""Noise that follows the example: not its place, its neighbours, its padding or the process."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustlab.randomness import ExampleGenerators, draw, key


def fill(noise: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    return noise.normal_(generator=generator)


def noise_of(lengths: list[int], examples: list[int], width: int = 4, pad: int = 0, left: bool = False) -> torch.Tensor:
    longest = max(lengths) + pad
    free = torch.arange(longest) < torch.tensor(lengths)[:, None]
    mask = (free.flip(1) if left else free).float()[..., None]
    return draw((len(lengths), longest, width), mask, fill, ExampleGenerators(examples, 3, "start"))


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 6), st.integers(0, 10**9)), min_size=1, max_size=5, unique_by=lambda r: r[1]
    ),
    pad=st.integers(0, 4),
    data=st.data(),
)
def test_noise_follows_the_example(rows: list, pad: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(rows))
    together = noise_of([n for n, _ in order], [i for _, i in order], pad=pad)
    for row, (length, example) in zip(together, order, strict=True):
        alone = noise_of([length], [example])[0]
        assert torch.equal(row[:length], alone)
        assert row[length:].eq(0).all()


def test_the_side_of_the_padding_does_not_matter() -> None:
    right, left = noise_of([3, 6], [1, 2]), noise_of([3, 6], [1, 2], left=True)
    assert torch.equal(right[0, :3], left[0, 3:])


def test_examples_and_contexts_differ() -> None:
    noise = noise_of([5, 5], [1, 2])
    assert not torch.equal(noise[0], noise[1])
    mask = torch.ones(1, 5, 1)
    per_step = [draw((1, 5, 4), mask, fill, ExampleGenerators([1], 0, step)) for step in (0, 1)]
    assert not torch.equal(*per_step)


def test_keys_differ_with_every_part() -> None:
    parts = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, "a"), (0, "b"), ("0a",), (1, 11), (11, 1)]
    assert len({key(*part) for part in parts}) == len(parts)
    assert all(0 <= key(*part) < 2**63 for part in parts)


def test_keys_are_the_same_in_every_process(root: object) -> None:
    code = "from robustlab.randomness import key; print(key(3, 'start', 17))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert int(done.stdout) == key(3, "start", 17)


def test_one_generator_serves_a_batch() -> None:
    mask = torch.tensor([[1.0, 1.0, 0.0]])[..., None]
    first, second = (draw((1, 3, 2), mask, fill, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(first, second)
    assert first[0, 2].eq(0).all()
    expected = torch.randn(1, 3, 2, generator=torch.Generator().manual_seed(4))
    assert torch.equal(first, expected * mask)


def test_without_a_generator_the_global_stream_is_used() -> None:
    torch.manual_seed(6)
    first = draw((1, 3, 2), torch.ones(1, 3, 1), fill, None)
    torch.manual_seed(6)
    assert torch.equal(first, torch.randn(1, 3, 2))


def test_the_mask_gives_the_precision() -> None:
    for randomness in (torch.Generator(), ExampleGenerators([1], 0)):
        assert draw((1, 2, 3), torch.ones(1, 2, 1, dtype=torch.float64), fill, randomness).dtype == torch.float64


def test_one_generator_is_needed_for_each_example() -> None:
    with pytest.raises(ValueError, match="expected one generator for each of 3 examples, got 2"):
        draw((3, 2, 2), torch.ones(3, 2, 1), fill, ExampleGenerators([1, 2], 0))
