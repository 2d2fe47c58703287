"""What a model makes of the answer, example by example, from logits at the answer's tokens or at a class."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from robustlab.ascent import divergences
from robustlab.landscape.base import Landscape
from robustlab.typing import Logits, PerExample


def targets(landscape: Landscape, logits: Logits) -> Int[Tensor, "b *t"]:
    """The reference answer; negative at the rows past its end.

    Raises: ValueError: If the landscape has no labels, or they do not fit the logits.
    Source: robustlab.
    """
    labels = getattr(landscape, "labels", None)
    if labels is None or labels.shape != logits.shape[:-1]:
        got = "none" if labels is None else f"labels {tuple(labels.shape)}"
        raise ValueError(
            f"expected one label for each of the logits {tuple(logits.shape)}, got {got}; give the batch its answers"
        )
    return labels


def _mean_over_answer(values: Float[Tensor, "b *t"], labels: Int[Tensor, "b *t"]) -> PerExample:
    known = labels.ge(0).reshape(len(labels), -1)
    kept = torch.where(known, values.reshape(known.shape), torch.zeros_like(values.reshape(known.shape)))
    return kept.sum(1) / known.sum(1).clamp_min(1)


def margin(landscape: Landscape, logits: Logits) -> PerExample:
    """max_{y' ≠ y} log p(y') - log p(y), the mean over the answer's tokens; negative where the model is right.

    Shapes: logits [b *t c]; result [b], nats.
    Source: robustlab; the reasoning contradiction that Song (SCN, 2026) leaves undefined.
    """
    labels = targets(landscape, logits)
    right = labels.clamp_min(0)[..., None]
    own = logits.gather(-1, right).squeeze(-1)
    best = logits.scatter(-1, right, -math.inf).amax(-1)
    return _mean_over_answer(best - own, labels)  # log p(y') - log p(y): the normaliser cancels


def answered(landscape: Landscape, logits: Logits) -> PerExample:
    """1 where every token of the answer is the most likely one, given those before it; else 0.

    Shapes: logits [b *t c]; result [b].
    Source: robustlab.
    """
    labels = targets(landscape, logits)
    right = logits.argmax(-1).eq(labels) | labels.lt(0)
    return right.reshape(len(right), -1).all(1).to(logits.dtype)


def effect(landscape: Landscape, logits: Logits) -> PerExample:
    """How much the output has changed: Jensen-Shannon divergence from the clean one over log 2, between 0 and 1.

    Shapes: logits [b *t c], at an offset; result [b], the mean over the answer's tokens.
    Source: robustlab; the divergence is Lin's (1991).
    """
    apart = divergences.js(landscape.clean().logits.detach(), logits.detach())
    return (apart / math.log(2)).clamp(0, 1)
