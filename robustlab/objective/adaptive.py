"""Adaptive adversarial training: learnable weights on the perturbation steps."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from robustlab.ascent.gradient import Ascent
from robustlab.landscape.base import Landscape
from robustlab.objective.base import Objective, Terms
from robustlab.objective.scale import Constant, Scale
from robustlab.objective.tableau import Tableau
from robustlab.objective.weights import SimplexWeights
from robustlab.randomness import Randomness


class Adaptive(nn.Module, Objective):
    """Weight the steps of a path so that the weighted offset is worst-case.

        min_θ max_w Ĵ(θ, w) = L(θ, x + r_0 + β Σᵢ wᵢ δᵢ, y),    Σᵢ wᵢ = 1, wᵢ ≥ 0
        with a balance λ:     λ L(θ, x + r_0, y) + (1 - λ) L(θ, x + r_0 + β Σᵢ wᵢ δᵢ, y)

    The steps are detached, so that ∂Ĵ/∂wᵢ = β⟨∇_r L(x + D), δᵢ⟩ falls out of the one backward pass over the weights.

    Args:
        weights: w, learnable, one a step.
        beta: β, scale of the offset, dimensionless; k recovers PGD. A number, or a `Scale` that moves.
        balance: λ, weight of the loss at the start of the path, from 0 to below 1.

    Shapes: steps [k b *site], embedding units; terms [], nats.

    Raises: ValueError: If beta is not positive or the balance is not within [0, 1); if the ascent takes another number
        of steps than there are weights.

    Source: Zhu et al. (AAT), Eqs. 12 and 14; Algorithm 1, lines 5-7.
    Departs: β scales the offset and is no loss weight: without a balance the clean loss always has weight 1, see
        `implied_weights`. w starts uniform, the paper's at ones.
    """

    def __init__(self, weights: SimplexWeights, *, beta: float | Scale, balance: float = 0.0):
        super().__init__()
        if not 0 <= balance < 1:
            raise ValueError(f"balance must be at least 0 and below 1, got {balance}")
        self.weights, self.balance = weights, balance
        self.scale = beta if isinstance(beta, Scale) else Constant(beta)

    @property
    def beta(self) -> float:
        """β at this step."""
        return float(self.scale().detach())

    @property
    def tableau(self) -> Tableau:
        """The objective as data: a = [1], C = [βw]; with a balance a = [λ, 1 - λ], C = [0; βw]."""
        w = self.weights()
        moved = self.scale().to(w) * w
        if not self.balance:
            return Tableau(torch.ones_like(w[:1]), moved[None])
        points = torch.stack([torch.zeros_like(moved), moved])
        return Tableau(w.new_tensor([self.balance, 1 - self.balance]), points, fixed=1)

    def check(self, ascent: Ascent) -> None:
        """Raise unless there is one weight for each step."""
        if self.weights.steps != ascent.steps:
            raise ValueError(f"there are {self.weights.steps} weights, but the ascent takes {ascent.steps} steps")

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term: k gradients of the offset only, then one full backward pass."""
        trace = yield from self.tableau.terms(landscape, ascent, generator=generator)
        w = self.weights().detach()
        trace.extra |= {f"w_{i}": value for i, value in enumerate(w, start=1)}
        trace.extra["w_entropy"] = torch.special.entr(w).sum()
        if not isinstance(self.scale, Constant):
            trace.extra["beta"] = self.scale().detach()
        return trace

    def given(self) -> dict[str, Any]:
        """β, w and λ."""
        return (
            {"beta": self.beta, "weights": type(self.weights).__name__}
            | ({"balance": self.balance} if self.balance else {})
            | self.scale.given()
        )

    def units(self, ascent: Ascent) -> float:
        """2k + 3: the weights are learned from the one backward pass that the model learns from; 2k + 4 balanced."""
        return self.tableau.units(ascent)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The groups of w and of β."""
        return [*self.weights.parameter_groups(), *self.scale.parameter_groups()]

    def after_step(self) -> None:
        """Let the weights project or move themselves, and β follow."""
        self.weights.after_step()
        self.scale.after_step()
