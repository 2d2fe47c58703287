"""How representations lie on the unit sphere: near their positives, spread out, and in how many directions."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.ascent.units import exact
from robustlab.contrastive.scores import check_pair, cosines, precise, unit
from robustlab.typing import Scalar


def alignment(one: Float[Tensor, "n d"], other: Float[Tensor, "n d"], *, power: float = 2) -> Scalar:
    """mean_i ‖z_i - z_i'‖^power over pairs of views, on the unit sphere: 0 where both are the same, at most 2^power.

    Args:
        one: The first view of each example.
        other: The second, row by row.
        power: The paper's α.

    Shapes: one, other [n d]; result [].

    Raises: ValueError: If shapes do not fit or the power is not positive.

    Source: Wang & Isola (2020), Section 4.1.
    """
    check_pair(one, other, "the two views")
    positive("power", power)
    return (unit(one) - unit(other)).norm(dim=1).pow(power).mean()


def relative_alignment(one: Float[Tensor, "n d"], other: Float[Tensor, "n d"]) -> Scalar:
    """Alignment over the mean squared distance of two different examples: 1 where a view is as far as anything else.

    Alignment alone rewards representations that are all alike, and two encoders whose points spread differently cannot
    be compared by it.

    Args:
        one: The first view of each example.
        other: The second, row by row.

    Shapes: one, other [n d]; result [].

    Raises: ValueError: If shapes do not fit, there are fewer than two examples, or all first views are one point.

    Source: robustlab; alignment is Wang & Isola's (2020).
    """
    near = alignment(one, other)
    if len(one) < 2:
        raise ValueError(f"what is near is told by what is far, so it needs at least 2 examples, got {len(one)}")
    points = unit(one)
    n = len(points)
    # Σ_{i≠j} ‖z_i - z_j‖² = 2n² - 2‖Σ z‖² on the sphere
    apart = 2 * (n - points.sum(0).square().sum() / n) / (n - 1)
    if not apart > 8 * torch.finfo(points.dtype).eps:  # what rounding leaves where there is nothing
        raise ValueError("all first views are one point, so that nothing is far from anything")
    return near / apart


def uniformity(features: Float[Tensor, "n d"], *, t: float = 2) -> Scalar:
    """The log of mean_{i<j} e^{-t‖z_i - z_j‖²} on the unit sphere: 0 where all points are one, below it as they spread.

    Args:
        features: One row an example.
        t: How near two points must be to count.

    Shapes: features [n d]; result [].

    Raises: ValueError: If there are fewer than two points or t is not positive.

    Source: Wang & Isola (2020), Section 4.1.
    """
    positive("t", t)
    n = len(features)
    if n < 2:
        raise ValueError(f"uniformity is that of pairs, so it needs at least 2 points, got {n}")
    cosine = cosines(features, features, temperature=1.0)
    first, second = torch.triu_indices(n, n, offset=1, device=features.device)
    # On the sphere ‖z - z'‖² = 2 - 2 cos; in the logarithm, because e^{-4t} underflows for large t.
    return (2 * t * (cosine[first, second] - 1)).logsumexp(dim=0) - math.log(n * (n - 1) / 2)


def effective_rank(features: Float[Tensor, "n d"]) -> Scalar:
    """e^H(p), p_i = σ_i / Σσ, of the singular values σ: k for k directions of the same strength.

    Neither centred nor normalised first; do so before if wanted.

    Args:
        features: One row an example.

    Shapes: features [n d]; result [], from 1 to min(n, d).

    Raises: ValueError: If all features are 0.

    Source: Roy & Vetterli (2007), Section 2.
    """
    with exact(features):
        strengths = torch.linalg.svdvals(precise(features))
    if not strengths.sum() > 0:
        raise ValueError("features that are all 0 have no effective rank; expected at least one other number")
    shares = strengths / strengths.sum()
    return torch.special.entr(shares).sum().exp()
