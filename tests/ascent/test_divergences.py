"""Divergences against torch's own, term by term; their bounds; and where probabilities underflow."""

import math

import pytest
import torch
import torch.nn.functional as F

from robustlab.ascent import divergences
from robustlab.ascent.divergences import js, kl, kl_from_fixed, largest_word, mse, symmetric_kl

P, Q = (torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
ALL = (kl, kl_from_fixed, symmetric_kl, js, mse)


def reference(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    return F.kl_div(q.log_softmax(-1), p.softmax(-1), reduction="none").sum(-1)


def test_kl_is_torchs():
    torch.testing.assert_close(kl(P, Q), reference(P, Q))
    torch.testing.assert_close(kl_from_fixed(P, Q), reference(P, Q))
    torch.testing.assert_close(symmetric_kl(P, Q), reference(P, Q) + reference(Q, P))


def test_js_is_the_mean_of_two_kls_and_at_most_log_2():
    middle = ((P.softmax(-1) + Q.softmax(-1)) / 2).log()
    torch.testing.assert_close(js(P, Q), (reference(P, middle) + reference(Q, middle)) / 2)
    far = torch.tensor([[50.0, -50.0]])
    assert js(far, -far).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("divergence", ALL)
def test_zero_at_equality_and_positive_elsewhere(divergence: divergences.Divergence):
    assert divergence(P, P + 3).abs().max() < 1e-12  # logits are known up to a constant
    assert (divergence(P, Q) > 0).all()


@pytest.mark.parametrize("divergence", ALL)
def test_gradients(divergence: divergences.Divergence):
    p, q = P.clone().requires_grad_(), Q.clone().requires_grad_()
    divergence(p, q).sum().backward()
    assert q.grad.abs().sum() > 0
    assert (p.grad is None) == (divergence is kl_from_fixed)
    assert torch.autograd.gradcheck(lambda moved: divergence(P, moved), Q.clone().requires_grad_())


@pytest.mark.parametrize("divergence", ALL)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_finite_where_probabilities_underflow(divergence: divergences.Divergence, dtype: torch.dtype):
    p = torch.tensor([[200.0, -200.0, 0.0]], dtype=dtype, requires_grad=True)
    q = torch.tensor([[-200.0, 200.0, 0.0]], dtype=dtype, requires_grad=True)
    value = divergence(p, q)
    value.sum().backward()
    assert value.isfinite().all()
    assert q.grad.isfinite().all()
    assert value.dtype == torch.float32


@pytest.mark.parametrize("divergence", ALL)
def test_an_answer_has_the_mean_of_its_words_whatever_lies_past_its_end(divergence: divergences.Divergence):
    words = divergence(P, Q)
    one, other = (torch.zeros(2, 5, 3, dtype=torch.float64) for _ in "pq")
    one[0], other[0], one[1, :2], other[1, :2] = P, Q, P[:2], Q[:2]
    expected = torch.stack([words.mean(), words[:2].mean()])
    torch.testing.assert_close(divergence(one, other), expected)
    torch.testing.assert_close(divergence(one[:, :, None], other[:, :, None]), expected)


@pytest.mark.parametrize("divergence", ALL)
def test_the_word_that_differs_most_decides_whether_an_answer_is_another(divergence: divergences.Divergence):
    words = divergence(P, Q)
    one, other = (torch.zeros(2, 5, 3, dtype=torch.float64) for _ in "pq")
    one[0], other[0], one[1, :2], other[1, :2] = P, Q, P[:2], Q[:2]
    torch.testing.assert_close(divergence(one, other, over=largest_word), torch.stack([words.max(), words[:2].max()]))
    torch.testing.assert_close(divergence(P, Q, over=largest_word), words)


@pytest.mark.parametrize("divergence", ALL)
def test_an_answer_without_words_is_apart_by_nothing(divergence: divergences.Divergence):
    nothing = torch.zeros(2, 4, 3, requires_grad=True)
    value = divergence(nothing, nothing.clone())
    value.sum().backward()
    assert value.tolist() == [0, 0]


@pytest.mark.parametrize("divergence", ALL)
def test_the_length_of_an_answer_does_not_change_its_weight(divergence: divergences.Divergence):
    short, long = (divergence(P[:1].expand(n, 3)[None], Q[:1].expand(n, 3)[None]) for n in (1, 20))
    torch.testing.assert_close(short, long)
