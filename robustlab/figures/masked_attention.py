"""How much attention masks of one size disturb a model: those that an adversary has learned, and random ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from robustlab.ascent.divergences import symmetric_kl
from robustlab.landscape import TransformerLandscape, biased
from robustlab.objective.adversarial_attention import AdversarialAttention
from robustlab.objective.attention_masks import ConcreteMasks, maskable
from robustlab.typing import PerExample

HIDDEN = -1e4  # added to the score of what is masked

Scores = Callable[[int, Float[Tensor, "b l d"]], Float[Tensor, "b l l"]]
"""(which layer, its input) -> how much each query is to miss each key; the highest are masked."""


class Masked(NamedTuple):
    """A batch read under masks.

    Attributes:
        masks: One a layer: whether query i misses key j.
        loss: Under the masks, in nats.
        clean: Loss without them.
        divergence: Half the symmetric KL between the outputs with and without, in nats.

    Shapes: masks [b l l] each; loss, clean and divergence [b].
    """

    masks: tuple[Bool[Tensor, "b l l"], ...]
    loss: PerExample
    clean: PerExample
    divergence: PerExample


def learned(adversary: AdversarialAttention) -> Scores:
    """What the heads of a prepared adversary would mask, without their noise."""
    heads = _prepared(adversary).heads
    return lambda place, states: heads[place](states)


def at_random(seed: int) -> Scores:
    """Anything alike."""
    generator = torch.Generator().manual_seed(seed)

    def scores(place: int, states: Tensor) -> Tensor:
        size = (len(states), states.shape[1], states.shape[1])
        return torch.rand(size, generator=generator).to(states.device)

    return scores


@torch.no_grad()
def read(adversary: AdversarialAttention, landscape: TransformerLandscape, scores: Scores, *, share: float) -> Masked:
    """Mask a share of every layer's attention in every example, those with the highest scores, and read the loss.

    Args:
        adversary: A prepared one, which knows the attentions.
        landscape: A batch with labels.
        scores: From `learned` or `at_random`.
        share: Of what may be masked.
    Raises: ValueError: If the share is out of range, the adversary is not prepared or the batch has no labels.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in [0, 1], got {share}")
    _prepared(adversary)
    masks: list[Tensor] = []

    def bias(place: int, states: Tensor, allowed: Tensor) -> Tensor:
        free = maskable(allowed, landscape.inputs.get("attention_mask"))
        masks.append(_highest(scores(place, states), free, share))
        return HIDDEN * masks[-1][:, None].to(states.dtype)

    clean = landscape.clean()
    with biased(landscape.model, adversary.attentions, bias):
        masked = landscape.read()
    if clean.loss is None or masked.loss is None:
        raise ValueError("the batch has no labels, so there is no loss to read under masks")
    apart = 0.5 * symmetric_kl(clean.logits, masked.logits)
    return Masked(tuple(masks), masked.loss, clean.loss, apart)


def _prepared(adversary: AdversarialAttention) -> ConcreteMasks:
    if adversary.masks is None:
        raise ValueError("the adversary has no heads yet; call method.prepare(…) with a landscape first")
    return adversary.masks


def _highest(scores: Tensor, free: Tensor, share: float) -> Tensor:
    """Whether a unit is among the `share` highest of its example's free ones."""
    counts = (share * free.flatten(1).sum(1)).round()
    order = scores.masked_fill(~free, -torch.inf).flatten(1).argsort(dim=1, descending=True)
    ranks = order.argsort(dim=1)
    return (ranks < counts[:, None]).view(free.shape)
