"""Texts through a model: in order, with little padding, and each answered the same in any company."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import nn

from robustlab import models
from robustlab.models.encoding import logits
from robustlab.models.packing import fixed_shapes, in_fours, own_lengths, sorted_by_length, steady
from robustlab.models.reading import Reader

WORDS = ("the film was good bad dull fine and we thought that it felt long or short to us",)
LENGTHS = some.lists(some.integers(1, 40), max_size=60)


@given(LENGTHS, some.sampled_from([sorted_by_length, own_lengths, fixed_shapes]), some.integers(1, 20))
@settings(deadline=None, max_examples=60)
def test_every_row_is_packed_and_fits(lengths, packing, size):
    batches = list(packing(size)(lengths))
    assert sorted({row for rows, _ in batches for row in rows}) == list(range(len(lengths)))
    assert all(len(rows) <= size and max(lengths[row] for row in rows) <= length for rows, length in batches)
    if packing is not fixed_shapes:
        assert sum(len(rows) for rows, _ in batches) == len(lengths)


@given(LENGTHS, some.integers(1, 20))
@settings(deadline=None, max_examples=40)
def test_a_rows_shape_follows_from_the_row(lengths, size):
    for packing in (own_lengths(size), fixed_shapes(size)):
        for rows, length in packing(lengths):
            assert all(length == -(-lengths[row] // 4) * 4 for row in rows)
    assert all(len(rows) == size for rows, _ in fixed_shapes(size)(lengths))


@given(LENGTHS, some.integers(8, 30))
@settings(deadline=None, max_examples=40)
def test_sorted_batches_hold_little_padding(lengths, size):
    for rows, length in sorted_by_length(size)(lengths):
        tokens = [lengths[row] for row in rows]
        assert len(rows) <= 8 or len(rows) * length <= 1.2 * sum(tokens)


def test_the_device_decides_the_packing():
    assert [len(rows) for rows, _ in steady(4, torch.device("cpu"))([5, 6])] == [2]
    assert [len(rows) for rows, _ in steady(4, torch.device("cuda"))([5, 6])] == [4]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sorted_by_length(0), "batch_size must be positive, got 0"),
        (lambda: own_lengths(4, multiple=6), "multiple must be a positive multiple of 4, got 6"),
        (lambda: fixed_shapes(4, multiple=0), "multiple must be positive, got 0"),
    ],
)
def test_sizes_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_layers_see_rows_in_fours_and_give_what_they_gave():
    layer, seen = nn.Linear(3, 2), []
    network = nn.Sequential(layer)
    layer.register_forward_hook(lambda module, inputs, output: seen.append(len(inputs[0])))
    rows = torch.randn(6, 3)
    before = network(rows)
    with in_fours(network):
        after = network(rows)
        assert network(torch.randn(2, 5, 3)).shape == (2, 5, 2)
        assert len(network(torch.randn(8, 3))) == 8
    assert seen == [6, 8, 2, 8]
    torch.testing.assert_close(after, before)
    network(rows)
    assert seen[-1] == 6


@pytest.fixture(scope="module")
def loaded():
    return models.load("tiny", labels=2, texts=WORDS)


@pytest.fixture(scope="module")
def texts():
    words = WORDS[0].split()
    return [" ".join(words[start : start + 1 + (7 * start) % 16]) for start in range(len(words))] * 2


def test_answers_do_not_depend_on_company(loaded, texts):
    reader = Reader(*loaded, logits, own_lengths(16), around=in_fours)
    together = reader(texts)
    for chosen in ([3], [5, 1, 2], list(range(0, len(texts), 2))):
        assert torch.equal(reader([texts[row] for row in chosen]), together[chosen])


def test_packings_agree_to_rounding(loaded, texts):
    answers = [
        Reader(*loaded, logits, packing)(texts) for packing in (sorted_by_length(5), own_lengths(3), fixed_shapes(8))
    ]
    for other in answers[1:]:
        torch.testing.assert_close(other, answers[0], atol=1e-5, rtol=1e-5)


def test_texts_that_read_alike_give_the_same_tokens(loaded):
    reader = Reader(*loaded, logits, sorted_by_length(4))
    one, other = reader.tokens(["The Film", "the film"])
    assert one == other
    assert reader([]).shape == (0, 2)


def test_the_mode_of_the_model_comes_back(loaded, texts):
    loaded.model.train()
    Reader(*loaded, logits, sorted_by_length(4))(texts[:3])
    assert loaded.model.training
