"""Losses of tokens against loops over their equations, in float64."""

import pytest
import torch
import torch.nn.functional as F

from robustlab.contrastive import masked_tokens, replaced_token_detection, token_contrast
from tests.contrastive import loops
from tests.contrastive.test_losses import same, vectors

MASK = torch.tensor([[1, 1, 0, 1], [1, 1, 0, 0], [0, 1, 1, 1]])


@pytest.mark.parametrize("across", ["example", "batch"])
@pytest.mark.parametrize("mask", [MASK, MASK.bool()])
def test_token_contrast_by_loops(across: str, mask: torch.Tensor) -> None:
    one, other = vectors(3, 4, 5), vectors(3, 4, 5, seed=1)
    found = token_contrast(one, other, mask, temperature=0.2, across=across)
    same(found, loops.tokens(one, other, mask, tau=0.2, across=across), one, other)


def test_padding_counts_for_nothing() -> None:
    one, other = vectors(3, 4, 5), vectors(3, 4, 5, seed=1)
    token_contrast(one, other, MASK, temperature=0.2, across="example").sum().backward()
    for view in (one, other):
        assert view.grad.isfinite().all()
        assert torch.equal(view.grad.any(dim=-1), MASK.bool())


def test_equal_tokens_in_closed_form() -> None:
    """Nothing tells n equal tokens apart: log n."""
    one = torch.ones(3, 4, 5, dtype=torch.float64)
    found = token_contrast(one, one, MASK, temperature=0.01, across="example")
    torch.testing.assert_close(found, MASK.sum(1).double().log())
    found = token_contrast(one, one, MASK, temperature=0.01, across="batch")
    torch.testing.assert_close(found, MASK.sum().double().log().expand(3))


def test_replaced_token_detection_by_loops() -> None:
    logits, replaced = vectors(3, 4), vectors(3, 4, seed=1) > 0
    same(replaced_token_detection(logits, replaced, MASK), loops.replaced(logits, replaced, MASK), logits)
    far = torch.tensor([[1e4, -1e4]])
    assert replaced_token_detection(far, far > 0, torch.ones(1, 2)).tolist() == [0]


def test_masked_tokens_by_loops() -> None:
    logits = vectors(3, 4, 7)
    labels = torch.tensor([[-100, 3, -100, 6], [-100, -100, -100, -100], [0, -100, -100, -100]])
    found = masked_tokens(logits[labels != -100], labels)
    same(found, loops.masked(logits, labels), logits)
    assert found[1] == 0
    torch.testing.assert_close(found[0], F.cross_entropy(logits[0], labels[0]))


def test_a_batch_without_masked_places_is_0_with_a_gradient_of_0() -> None:
    logits = vectors(2, 3, 5)
    found = masked_tokens(logits.reshape(6, 5)[:0], torch.full((2, 3), -100))
    assert found.tolist() == [0, 0]
    assert not torch.autograd.grad(found.sum(), logits)[0].any()


def test_coarse_logits_are_read_in_float32() -> None:
    logits, labels = vectors(2, 3, 5).detach().bfloat16(), torch.tensor([[1, 2, -100], [0, 0, 0]])
    places = logits[labels != -100]
    assert torch.equal(masked_tokens(places, labels), masked_tokens(places.float(), labels))
    flags, mask = logits[..., 0], torch.ones(2, 3)
    assert replaced_token_detection(flags, flags > 0, mask).dtype == torch.float32


def test_a_text_of_one_token() -> None:
    one, mask = vectors(2, 3, 4), torch.tensor([[1, 1, 1], [1, 0, 0]])
    with pytest.raises(ValueError, match="row 1 has 1 tokens and needs at least 2 for a token to be far from another"):
        token_contrast(one, one, mask, temperature=0.1, across="example")
    assert token_contrast(one, one, mask, temperature=0.1, across="batch").isfinite().all()
    with pytest.raises(ValueError, match="row 0 has 1 tokens and needs at least 2"):
        token_contrast(one[1:], one[1:], mask[1:], temperature=0.1, across="batch")
    with pytest.raises(ValueError, match="row 1 has 0 tokens and needs at least 1"):
        token_contrast(one, one, mask * torch.tensor([[1], [0]]), temperature=0.1, across="batch")
    with pytest.raises(ValueError, match="row 0 has 0 tokens and needs at least 1$"):
        replaced_token_detection(one[..., 0], one[..., 0] > 0, mask * 0)


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_fit() -> None:
    one, mask = vectors(2, 3, 4), torch.ones(2, 3)
    with pytest.raises(ValueError, match="the views of a text must have the same tokens at the same places"):
        token_contrast(one, one[:, :2], mask, temperature=0.1, across="example")
    with pytest.raises(ValueError, match="""across must be "example" or "batch", got 'all'"""):
        token_contrast(one, one, mask, temperature=0.1, across="all")
    with pytest.raises(ValueError, match="temperature must be positive, got -1"):
        token_contrast(one, one, mask, temperature=-1, across="batch")
    with pytest.raises(ValueError, match=r"logits, replaced and mask must all be \[b l\], got \(2, 3\), \(2, 3\) and"):
        replaced_token_detection(one[..., 0], one[..., 0] > 0, mask[:1])
    with pytest.raises(ValueError, match="a row of logits for each of their 4 masked places"):
        masked_tokens(one, torch.ones(2, 2, dtype=torch.long))
