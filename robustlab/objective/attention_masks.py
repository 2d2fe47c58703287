"""Masks on attention weights that are predicted from what the attention reads."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from robustlab.randomness import Randomness, draw, key


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]  # torch's signature takes anything
        return -gradient


def reverse(value: Tensor) -> Tensor:
    """The same value, whose gradient changes its sign: what is behind it climbs where the rest descends.

    Source: Ganin & Lempitsky (2015), Eqs. 12-13.
    """
    return _Reverse.apply(value)  # type: ignore[return-value]


class MaskHead(nn.Module):
    """z_ij = (W_q h_i)ᵀ(W_k h_j)/√d + c: how much query i is to miss key j, for all attention heads of a layer alike.

    Args:
        width: d, of the layer's input and of both projections.
        seed: Of the projections, which are normal with standard deviation 1/√d; c starts at 0.

    Shapes: states [b l d]; result [b l l].

    Source: Wu et al. (ASA, 2023) and its released code, where each layer has projections of its own.
    Departs: one c for a layer instead of a bias vector for each projection. Half of the attention is masked at first,
        as there.
    """

    def __init__(self, width: int, *, seed: int, dtype: torch.dtype = torch.float32):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        draws = [torch.randn(width, width, dtype=dtype, generator=generator) / math.sqrt(width) for _ in range(2)]
        self.query, self.key = (nn.Parameter(draw) for draw in draws)
        self.offset = nn.Parameter(torch.zeros((), dtype=dtype))

    def forward(self, states: Float[Tensor, "b l d"]) -> Float[Tensor, "b l l"]:
        """The logits of the mask; the states learn nothing from it."""
        states = states.detach().to(self.query.dtype)
        queries, keys = F.linear(states, self.query), F.linear(states, self.key)
        return queries @ keys.transpose(1, 2) / math.sqrt(states.shape[-1]) + self.offset


def maskable(allowed: Bool[Tensor, "b l l"], real: Tensor | None) -> Bool[Tensor, "b l l"]:
    """What may be masked: a real token's look at another real token that the model lets it see.

    A token keeps its look at itself, so that no row is ever empty. [CLS] and [SEP] are tokens as all others.

    Args:
        allowed: Whether the model lets query i see key j.
        real: The attention mask [b l], if the batch has one.

    Source: robustlab; Wu et al. (ASA, 2023) leave padding to the model's own mask.
    """
    free = allowed & ~torch.eye(allowed.shape[1], dtype=torch.bool, device=allowed.device)
    if real is not None and real.shape == allowed.shape[:2]:
        here = real.bool()
        free = free & here[:, :, None] & here[:, None, :]
    return free


def logistic_noise(free: Bool[Tensor, "b l l"], dtype: torch.dtype, generator: Randomness) -> Float[Tensor, "b l l"]:
    """Draw log u - log(1 - u) with u ~ U(0, 1), the difference of two Gumbel variables, where `free`; 0 elsewhere.

    Source: Maddison et al. (2017), Appendix B: the binary concrete distribution.
    """
    edge = torch.finfo(dtype).eps

    def fill(value: Tensor, own: torch.Generator | None) -> Tensor:
        return value.uniform_(generator=own).clamp_(edge, 1 - edge).logit_()

    return draw(free.shape, free.to(dtype), fill, generator)


class ConcreteMasks(nn.Module):
    """One mask head a self-attention, and the relaxed binary masks that they give.

        m_ij = σ((z_ij + ε_ij)/T), ε logistic;   attention ∝ exp(score_ij)·(1 - m_ij)

    P(m_ij > ½) = σ(z_ij) whatever T; as T falls to 0 the masks become 0 or 1.

    Args:
        widths: Of the layers' inputs.
        temperature: T.
        dtype: Of the heads' weights.

    Source: Wu et al. (ASA, 2023); Maddison et al. (2017) for the relaxation.
    Departs: the paper's masks are binary; in its code the noise is added and subtracted again, so that they do not
        vary, and -10⁴ on the score of a masked unit leaves no gradient through it. Here they are relaxed throughout.
    """

    def __init__(self, widths: list[int], *, temperature: float, dtype: torch.dtype):
        super().__init__()
        self.temperature = temperature
        self.heads = nn.ModuleList(
            MaskHead(width, seed=key("mask head", place), dtype=dtype) for place, width in enumerate(widths)
        )

    def forward(
        self, place: int, states: Float[Tensor, "b l d"], free: Bool[Tensor, "b l l"], generator: Randomness
    ) -> Float[Tensor, "b l l"]:
        """(z + ε)/T of one layer, -∞ where nothing may be masked."""
        logits = self.heads[place](states)
        noisy = (logits + logistic_noise(free, logits.dtype, generator)) / self.temperature
        return noisy.masked_fill(~free, -torch.inf)
