"""Paths of many examples at once equal those of one landscape, in the order of the dataset."""

import pytest
import torch

from robustlab.ascent import GradientAscent, directions
from robustlab.evaluation import paths, white_box
from robustlab.taylor import decompose, literal_gains, mean_step_cosine

ASCENT = GradientAscent(steps=3, step_size=0.05, direction=directions.token_l2)


@pytest.fixture(scope="module")
def some(sentences):
    return sentences.select(range(0, len(sentences), 7))


@pytest.fixture(scope="module")
def found(honest, some) -> paths.Paths:
    batches = white_box.batches(some, honest.tokenizer, batch_size=4)  # sorted by length: not the dataset's order
    return paths.follow(honest.model, batches, ASCENT, second_order=True)


def test_each_number_is_that_of_the_example_alone(honest, some, found):
    for number in range(len(some)):
        (batch,) = white_box.batches(some.select([number]), honest.tokenizer)
        landscape = white_box.landscape(honest.model, batch)
        path = ASCENT(landscape)
        parts = decompose(landscape, path)
        first = torch.autograd.functional.jacobian(lambda r, where=landscape: where.loss(r).sum(), path.start)
        expected = {
            "clean": parts.clean, "rise": parts.exact - parts.start, "gains": parts.gains[:, 0],
            "second_order": parts.second_order.sum(0), "literal": literal_gains(path, step_size=0.05).sum(0),
            "cosine": mean_step_cosine(path), "length": path.end.norm()[None],
            "tangent": (first * path.end).sum()[None],
        }  # fmt: skip
        for name, value in expected.items():
            torch.testing.assert_close(getattr(found, name)[..., number], value.squeeze(), rtol=1e-3, atol=1e-5)
        assert found.correct[number] == (landscape.logits(path.end).argmax() == batch["labels"])


def test_curvature_and_cosine_only_where_there_are_any(honest, some):
    batches = white_box.batches(some, honest.tokenizer)
    one = paths.follow(honest.model, batches, GradientAscent(steps=1, step_size=0.05))
    assert one.second_order is None
    assert one.cosine.isnan().all()
    assert one.gains.shape == (1, len(some))


def test_only_keeps_examples_in_the_order_of_the_dataset(honest, sentences):
    batches = white_box.batches(sentences, honest.tokenizer, batch_size=5)
    keep = torch.arange(len(sentences)) % 3 == 0
    kept = white_box.only(batches, keep)
    whole, part = white_box.clean(honest.model, batches), white_box.clean(honest.model, kept)
    torch.testing.assert_close(part.loss, whole.loss[keep], rtol=1e-4, atol=1e-6)
    assert white_box.only(batches, torch.zeros(len(sentences), dtype=torch.bool)) == []
