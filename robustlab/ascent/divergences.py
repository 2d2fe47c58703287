"""How far two outputs are apart: each maps two tensors of logits to one number an example, in nats.

An output is that of a classifier, [b c], or of a model that writes answers, [b t c], with exactly 0 in the logits past
an answer's end. What is apart at an answer's words is averaged over them, as the loss of an answer is, so that the
weight of a divergence means the same for an answer of one word and for one of twenty.

All start from log-probabilities: p·log p of a probability that underflows would be NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from robustlab.typing import Logits, PerExample

Over = Callable[[Float[Tensor, "b t"], Bool[Tensor, "b t"]], PerExample]
"""What is apart at each word, and where there is one -> one number an example."""


@runtime_checkable
class Divergence(Protocol):
    """How far q is from p, in nats; `over` says what becomes of an answer's words.

    Source: robustlab.
    """

    def __call__(self, p: Logits, q: Logits, *, over: Over = ...) -> PerExample: ...


def mean_word(apart: Float[Tensor, "b t"], there: Bool[Tensor, "b t"]) -> PerExample:
    """The mean over an answer's words.

    Source: robustlab; as the loss of an answer is averaged.
    """
    return apart.sum(1) / there.sum(1).clamp_min(1)


def largest_word(apart: Float[Tensor, "b t"], there: Bool[Tensor, "b t"]) -> PerExample:
    """What is apart at the word where it is most: an answer is another as soon as one of its words is.

    Source: robustlab.
    """
    return apart.amax(1)


def _log_probabilities(logits: Logits) -> Logits:
    return logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(-1)


def _over_answer(apart: Float[Tensor, "b *t c"], p: Logits, q: Logits, over: Over) -> PerExample:
    """The sum over the classes, and over the words at which one of the outputs is not 0."""
    if apart.dim() == 2:
        return apart.sum(1)
    there = p.detach().ne(0).any(-1) | q.detach().ne(0).any(-1)
    return over(apart.sum(-1).flatten(1), there.flatten(1))


def kl(p: Logits, q: Logits, *, over: Over = mean_word) -> PerExample:
    """KL(p ‖ q) = Σ p (log p - log q), with gradients through both.

    Shapes: p, q [b *t c]; result [b], the mean over t unless `over` says otherwise.
    Source: Zhang et al. (TRADES, 2019), whose boundary term it is.
    """
    log_p, log_q = _log_probabilities(p), _log_probabilities(q)
    return _over_answer(log_p.exp() * (log_p - log_q), p, q, over)


def kl_from_fixed(p: Logits, q: Logits, *, over: Over = mean_word) -> PerExample:
    """KL(p ‖ q) with p as a constant: q learns to agree with p, and p learns nothing from it.

    Source: Miyato et al. (VAT, 2019), Eq. 5, where p is a copy of the current model.
    """
    return kl(p.detach(), q, over=over)


def symmetric_kl(p: Logits, q: Logits, *, over: Over = mean_word) -> PerExample:
    """KL(p ‖ q) + KL(q ‖ p) = Σ (p - q)(log p - log q).

    Source: Jiang et al. (SMART, 2020), Eq. 2.
    """
    log_p, log_q = _log_probabilities(p), _log_probabilities(q)
    return _over_answer((log_p.exp() - log_q.exp()) * (log_p - log_q), p, q, over)


def js(p: Logits, q: Logits, *, over: Over = mean_word) -> PerExample:
    """Jensen-Shannon divergence ½KL(p ‖ m) + ½KL(q ‖ m) with m = ½(p + q): symmetric and at most log 2.

    Source: Lin (1991).
    """
    log_p, log_q = _log_probabilities(p), _log_probabilities(q)
    middle = torch.logaddexp(log_p, log_q) - math.log(2)
    apart = 0.5 * (log_p.exp() * (log_p - middle) + log_q.exp() * (log_q - middle))
    return _over_answer(apart, p, q, over)


def mse(p: Logits, q: Logits, *, over: Over = mean_word) -> PerExample:
    """Σ_c (p_c - q_c)², the squared error of the probabilities: symmetric, and at most 2.

    Shapes: p, q [b *t c]; result [b], the mean over t unless `over` says otherwise.
    Source: Laine & Aila (2017), whose consistency loss it is.
    Departs: summed over the classes and not averaged, so that it does not fade as a vocabulary grows.
    """
    log_p, log_q = _log_probabilities(p), _log_probabilities(q)
    return _over_answer((log_p.exp() - log_q.exp()).square(), p, q, over)
