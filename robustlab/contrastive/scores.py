"""Cosines over a temperature: what every contrastive loss compares, in float32 at least."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.ascent.units import exact


def precise(x: Tensor) -> Tensor:
    """`x` in float32 if it is coarser: an exponent of 1/τ = 20 cosines does not survive bfloat16.

    Source: robustlab.
    """
    return x.to(torch.promote_types(x.dtype, torch.float32))


def unit(x: Float[Tensor, "*b d"]) -> Float[Tensor, "*b d"]:
    """`x` on the unit sphere, in float32 at least.

    Source: robustlab.
    """
    return F.normalize(precise(x), dim=-1)


def cosines(
    one: Float[Tensor, "*b n d"], other: Float[Tensor, "*b m d"], *, temperature: float
) -> Float[Tensor, "*b n m"]:
    """cos(one_i, other_j) / τ, outside of autocast.

    Raises: ValueError: If the temperature is not positive or the widths differ.

    Source: Chen et al. (SimCLR, 2020), Section 2.1.
    """
    positive("temperature", temperature)
    if one.shape[-1] != other.shape[-1]:
        raise ValueError(
            f"what is compared must have one width, got {one.shape[-1]} and {other.shape[-1]}; "
            "pass both through the same head"
        )
    a, b = unit(one), unit(other)
    with exact(a):
        dtype = torch.promote_types(a.dtype, b.dtype)
        return a.to(dtype) @ b.to(dtype).mT / temperature


def hard_scores(
    anchors: Float[Tensor, "n d"],
    negatives: Float[Tensor, "m d"],
    *,
    temperature: float,
    hard_weight: float = 1.0,
    own: Int[Tensor, "n"] | None = None,
    there: Bool[Tensor, "m"] | None = None,
) -> Float[Tensor, "n m"]:
    """cos(z_i, z_j⁻)/τ + log w_ij: the columns that negatives add to a softmax over positives.

    Args:
        anchors: z.
        negatives: z⁻.
        temperature: τ.
        hard_weight: w where a negative is the anchor's own; 1 elsewhere.
        own: Which negative is each anchor's own; needed only where the weight is not 1.
        there: Which negatives exist; the rest get -∞ and count for nobody.

    Raises: ValueError: If the weight or the temperature is not positive, or `own` is wanted and not given, or `there`
        does not have one flag a negative.

    Source: Gao et al. (SimCSE, 2021), the supervised objective with weighted hard negatives.
    """
    positive("hard_weight", hard_weight)
    scores = cosines(anchors, negatives, temperature=temperature)
    if hard_weight != 1:
        if own is None:
            raise ValueError(
                f"hard_weight={hard_weight} is for an anchor's own negative, but there are {len(negatives)} negatives "
                f"for {len(anchors)} anchors; pass one a row, with `there` where a row has none"
            )
        bonus = torch.zeros_like(scores).scatter(1, own[:, None], math.log(hard_weight))
        scores = scores + bonus
    if there is None:
        return scores
    if there.shape != negatives.shape[:1]:
        raise ValueError(f"there must have one flag for each of {len(negatives)} negatives, got {tuple(there.shape)}")
    return scores.masked_fill(~there, -torch.inf)


def check_pair(one: Tensor, other: Tensor, names: str) -> None:
    """Raise a ValueError unless both are [n d] and of one shape.

    Source: robustlab.
    """
    if one.dim() != 2 or one.shape != other.shape:
        raise ValueError(
            f"{names} must both be [n d], one row an example, got {tuple(one.shape)} and {tuple(other.shape)}"
        )


def check_company(n: int, negatives: Tensor | None, there: Tensor | None) -> None:
    """Raise a ValueError if there is nothing that an anchor could be far from.

    Source: robustlab.
    """
    if n >= 2:
        return
    others = negatives is not None and len(negatives) > 0 and (there is None or bool(there.any()))
    if n == 0 or not others:
        raise ValueError(
            f"a batch of {'one' if n else 'none'} has nothing to be far from: "
            "contrast needs at least 2 examples, or a hard negative"
        )
