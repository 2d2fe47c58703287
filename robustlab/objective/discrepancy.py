"""How far two clouds of features are apart, whichever point belongs to which: MMD and optimal transport."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.typing import Scalar

Cloud = Float[Tensor, "n d"]
Discrepancy = Callable[[Float[Tensor, "n d"], Float[Tensor, "m d"]], Scalar]

WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the kernels, in mean squared distances
SHRINK = 0.5  # of the blur, on the way down to the one asked for


def mmd(one: Float[Tensor, "n d"], other: Float[Tensor, "m d"]) -> Scalar:
    """Squared maximum mean discrepancy under a sum of five Gaussian kernels, all pairs counted.

        MMD² = 1/n² Σᵢⱼ k(xᵢ, xⱼ) + 1/m² Σᵢⱼ k(yᵢ, yⱼ) - 2/(nm) Σᵢⱼ k(xᵢ, yⱼ),
        k(x, y) = Σ_q exp(-‖x - y‖² / (2^q h)),  q = -2 … 2,

    with h the mean squared distance between two different points of both clouds together, held fixed. Points are also
    paired with themselves (the V-statistic): the value is never negative and 0 for equal clouds, and it is too large by
    a term of order 1/n + 1/m, which `unbiased_mmd` is without.

    Shapes: one [n d], other [m d]; result [], at most 10.
    Raises: ValueError: If a cloud has no point.
    Source: Gretton et al. (2012), Eq. 5; the five kernels and h as in the released code of SemRoDe.
    """
    _not_empty(one, other, least=1)
    same, theirs, across = _kernels(one, other)
    return same.mean() + theirs.mean() - 2 * across.mean()


def unbiased_mmd(one: Float[Tensor, "n d"], other: Float[Tensor, "m d"]) -> Scalar:
    """`mmd` without the pairs of a point and itself (the U-statistic): right in the mean, at times below 0.

    Shapes: one [n d], other [m d]; result [].
    Raises: ValueError: If a cloud has fewer than two points.
    Source: Gretton et al. (2012), Eq. 3.
    """
    _not_empty(one, other, least=2)
    same, theirs, across = _kernels(one, other)
    return _off_diagonal(same) + _off_diagonal(theirs) - 2 * across.mean()


@dataclass(frozen=True)
class sinkhorn:  # a discrepancy with parameters reads like a function
    """Optimal transport with an entropy, debiased: S(x, y) = OT(x, y) - ½OT(x, x) - ½OT(y, y).

        OT(x, y) = min over plans π of  Σᵢⱼ πᵢⱼ ½‖xᵢ - yⱼ‖² + ε·KL(π ‖ uniform),   ε = blur²

    Solved in the log domain, from a large ε down to the one asked for. The gradient is that of the cost under the plan
    found, which is exact once the plan has converged. As the blur goes to 0, S becomes half of the squared Wasserstein
    distance.

    Args:
        blur: Square root of ε, in units of the features.
        iterations: At each ε, of which each is a quarter of the one before.
    Shapes: [n d], [m d]; result [].
    Raises: ValueError: If the blur or the iterations are not positive, or a cloud has no point.
    Source: Cuturi (2013), in the log domain and debiased, with the blur of SemRoDe's released code, .05.
    """

    blur: float = 0.05
    iterations: int = 10

    def __post_init__(self) -> None:
        positive("blur", self.blur)
        positive("iterations", self.iterations)

    def __call__(self, one: Float[Tensor, "n d"], other: Float[Tensor, "m d"]) -> Scalar:
        """The divergence of two clouds."""
        _not_empty(one, other, least=1)
        one, other = _centred(one, other)
        return self._transport(one, other) - (self._transport(one, one) + self._transport(other, other)) / 2

    def _transport(self, one: Tensor, other: Tensor) -> Scalar:
        cost = _squared_distances(one, other) / 2
        with torch.no_grad():
            fixed = cost.detach()
            from_one, from_other = fixed.new_zeros(len(one)), fixed.new_zeros(len(other))
            blur = float(fixed.max()) ** 0.5
            while True:
                epsilon = max(blur, self.blur) ** 2
                for _ in range(self.iterations):
                    from_one = _softmin(fixed, from_other, epsilon)
                    # Of a cloud to itself both potentials are one, and their mean is there long before either.
                    mean = (from_other + from_one) / 2 if one is other else None
                    from_other = _softmin(fixed.mT, from_one, epsilon) if mean is None else mean
                if not blur > self.blur:
                    break
                blur *= SHRINK
            plan = ((from_one[:, None] + from_other - fixed) / epsilon).exp() / fixed.numel()
            value = from_one.mean() + from_other.mean()
        return value + (plan * (cost - fixed)).sum()


def _softmin(cost: Tensor, potential: Tensor, epsilon: float) -> Tensor:
    exponents = (potential - cost) / epsilon
    return -epsilon * (exponents.logsumexp(1) - math.log(len(potential)))


def _kernels(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Kernel values within each cloud and across."""
    n, total = len(one), len(one) + len(other)
    points = torch.cat(_centred(one, other))
    distances = _squared_distances(points, points)
    width = distances.detach().sum() / (total * (total - 1))
    width = width.clamp_min(torch.finfo(distances.dtype).tiny ** 0.5)  # all points may be one
    kernel = sum(((-distances / (scale * width)).exp() for scale in WIDTHS), torch.zeros_like(distances))
    return kernel[:n, :n], kernel[n:, n:], kernel[:n, n:]


def _off_diagonal(kernel: Tensor) -> Tensor:
    return (kernel.sum() - kernel.diagonal().sum()) / (len(kernel) * (len(kernel) - 1))


def _squared_distances(one: Tensor, other: Tensor) -> Tensor:
    # Not cdist, whose gradient is not defined where two points are one. Rounding may leave a little below 0.
    with torch.autocast(one.device.type, enabled=False):  # nor in half precision, of which little would be left
        products = one @ other.mT
    return (one.square().sum(1)[:, None] + other.square().sum(1) - 2 * products).clamp_min(0)


def _centred(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Both clouds about their common mean, in float32 at least: a large offset would drown their distances."""
    dtype = torch.promote_types(one.dtype, torch.float32)
    one, other = one.to(dtype), other.to(dtype)
    centre = torch.cat([one, other]).detach().mean(0)
    return one - centre, other - centre


def _not_empty(one: Tensor, other: Tensor, *, least: int) -> None:
    for cloud in (one, other):
        if len(cloud) < least:
            raise ValueError(f"expected at least {least} point{'s' * (least > 1)} a cloud, got {len(cloud)}")
