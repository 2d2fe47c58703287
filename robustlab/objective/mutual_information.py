"""Bounds on the mutual information of two features, each with a critic that is learned."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.func import functional_call

from robustlab.ascent.checks import positive
from robustlab.typing import Scalar

LARGEST = 6.0  # of |log σ²|: a learned variance neither vanishes nor explodes


def _network(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs))


class InfoNCE(nn.Module):
    """Lower bound:  I(X; Z) ≥ log n + mean_i [ s(x_i, z_i) - log Σ_j exp s(x_i, z_j) ],  s(x, z) = φ(x)ᵀψ(z).

    At most log n, so that n must be large beside exp I. Ascend it over φ and ψ.

    Args:
        first: Width of x.
        second: Width of z.
        width: Width of φ and ψ.

    Shapes: x [m first], z [n second], pair [m]: the row of z that belongs to each x; result [], nats.

    Raises: ValueError: If a width is not positive.

    Source: van den Oord et al. (CPC, 2018), Eq. 4; Wang et al. (InfoBERT, 2021), lower bound of the anchored features.
    Departs: the critic is a product of two networks, which costs m + n passes of them; InfoBERT's released code passes
        each of m·n pairs through one network and a softplus.
    """

    def __init__(self, first: int, second: int, *, width: int = 64):
        super().__init__()
        for name, value in (("first", first), ("second", second), ("width", width)):
            positive(name, value)
        self.left, self.right = _network(first, width, width), _network(second, width, width)

    def forward(self, x: Float[Tensor, "m d"], z: Float[Tensor, "n e"], pair: Int[Tensor, "m"]) -> Scalar:
        """The bound on these samples."""
        scores = self.left(x) @ self.right(z).mT
        own = scores.gather(1, pair[:, None]).squeeze(1)
        return math.log(len(z)) + (own - scores.logsumexp(1)).mean()


class Conditional(nn.Module):
    """q(y | x) = N(μ(x), diag σ²(x)), fitted by maximum likelihood: what the upper bounds need.

    Args:
        first: Width of x.
        second: Width of y.
        width: Width of the network between.

    Shapes: x [n first], y [n second]; results [], nats.

    Raises: ValueError: If a width is not positive.

    Source: Cheng et al. (CLUB, 2020), Section 3.2; Poole et al. (2019), Eq. 5.
    """

    def __init__(self, first: int, second: int, *, width: int = 64):
        super().__init__()
        for name, value in (("first", first), ("second", second), ("width", width)):
            positive(name, value)
        self.network = _network(first, width, 2 * second)

    def forward(self, x: Float[Tensor, "n d"]) -> tuple[Float[Tensor, "n e"], Float[Tensor, "n e"]]:
        """The mean and the log variance."""
        mean, spread = self.network(x).chunk(2, dim=-1)
        return mean, LARGEST * (spread / LARGEST).tanh()

    def log_likelihood(self, x: Float[Tensor, "n d"], y: Float[Tensor, "n e"]) -> Scalar:
        """Mean of log q(y_i | x_i) without its constant: ascend it over the network, with x and y held fixed."""
        mean, spread = self(x.detach())
        return -0.5 * ((y.detach() - mean).square() * (-spread).exp() + spread).sum(1).mean()

    def _held(self, x: Tensor) -> tuple[Tensor, Tensor]:
        # The bounds are for the features to descend. A network that descended with them would stop being a likelihood.
        return functional_call(self, {name: value.detach() for name, value in self.named_parameters()}, (x,))


def club(q: Conditional, x: Float[Tensor, "n d"], y: Float[Tensor, "n e"]) -> Scalar:
    """mean_i log q(y_i | x_i) - mean_{i,j} log q(y_j | x_i), an upper bound where q is the true conditional.

    It is then KL(p(x,y) ‖ p(x)p(y)) + KL(p(x)p(y) ‖ p(x,y)), at least twice the information of Gaussian features. The
    mean over all pairs needs only the first two moments of y.

    Shapes: x [n d], y [n e]; result [], nats.

    Source: Cheng et al. (CLUB, 2020), Eqs. 7 and 10; Wang et al. (InfoBERT, 2021), information bottleneck.
    Departs: over all pairs; InfoBERT's released code draws one other y for each x, and in the version that it runs by
        default has no q at all.
    """
    mean, spread = q._held(x)
    paired = (y - mean).square()
    others = y.square().mean(0) - 2 * mean * y.mean(0) + mean.square()
    return 0.5 * ((others - paired) * (-spread).exp()).sum(1).mean()


def leave_one_out(q: Conditional, x: Float[Tensor, "n d"], y: Float[Tensor, "n e"]) -> Scalar:
    """mean_i [ log q(y_i | x_i) - log mean_{j≠i} q(y_i | x_j) ], which tends to the information as n grows.

    Shapes: x [n d], y [n e]; result [], nats.

    Raises: ValueError: If there are fewer than two samples.

    Source: Poole et al. (2019), Eq. 13.
    """
    n = len(x)
    if n < 2:
        raise ValueError(f"leaving one out needs at least 2 samples, got {n}")
    mean, spread = q._held(x)
    precision = (-spread).exp()
    # Row i, column j: log q(y_i | x_j) without its constant, from products of matrices.
    square = y.square() @ precision.mT - 2 * y @ (mean * precision).mT + (mean.square() * precision).sum(1)
    log_q = -0.5 * (square + spread.sum(1))
    own = torch.eye(n, dtype=torch.bool, device=x.device)
    others = log_q.masked_fill(own, -torch.inf).logsumexp(1) - math.log(n - 1)
    return (log_q.diagonal() - others).mean()
