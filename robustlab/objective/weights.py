"""Weights on the simplex that are learned by maximising the loss, in three parametrisations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import nn

from robustlab.ascent.checks import positive
from robustlab.typing import PerStep


class SimplexWeights(nn.Module, ABC):
    """w ≥ 0 with Σw = 1, one weight a step, at 1/k to begin with.

    Args:
        steps: k.
        learning_rate: Step of the maximisation over w.

    Raises: ValueError: If `steps` is below 1 or the learning rate is not positive.

    Source: Zhu et al. (AAT), Eq. 11 (constraint) and Eq. 14 (maximisation).
    Departs: starts at 1/k; the paper starts at ones, which violates Σw = 1 and makes the first offset k times too long.
    """

    def __init__(self, steps: int, *, learning_rate: float):
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        positive("learning_rate", learning_rate)
        self.steps, self.learning_rate = steps, learning_rate

    @abstractmethod
    def forward(self) -> PerStep:
        """The weights w, one a step."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Optimiser groups; none where `after_step` moves the weights itself."""
        return []

    def after_step(self) -> None:
        """Move or mend the weights once their gradient is complete."""


class SoftmaxWeights(SimplexWeights):
    """w = softmax(u); u is ascended by the training's own optimiser, in a group of its own.

    Source: Zhu et al. (AAT), Algorithm 1, line 6.
    Departs: the paper does not say how Σw = 1 is kept; a softmax keeps it by construction.
    """

    def __init__(self, steps: int, *, learning_rate: float = 0.01):
        super().__init__(steps, learning_rate=learning_rate)
        self.scores = nn.Parameter(torch.zeros(steps))

    def forward(self) -> PerStep:
        """The softmax of the scores u."""
        return self.scores.softmax(0)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """One group: the scores u maximise, with a learning rate of their own and without decay."""
        return [{"params": [self.scores], "lr": self.learning_rate, "weight_decay": 0.0, "maximize": True}]


class ProjectedWeights(SimplexWeights):
    """w ← Π_Δ(w + η ∂Ĵ/∂w), the Euclidean projection of a plain gradient step onto the simplex; reaches its corners.

    Source: Zhu et al. (AAT), Eqs. 11 and 14; the projection is Duchi et al. (2008), Fig. 1.
    """

    def __init__(self, steps: int, *, learning_rate: float = 0.1):
        super().__init__(steps, learning_rate=learning_rate)
        self.values = nn.Parameter(torch.full((steps,), 1 / steps))

    def forward(self) -> PerStep:
        """The weights w, as they are stored."""
        return self.values

    @torch.no_grad()
    def after_step(self) -> None:
        """Step along the gradient, project, forget the gradient."""
        if self.values.grad is not None:
            self.values.copy_(project_to_simplex(self.values + self.learning_rate * self.values.grad))
            self.values.grad = None


class ExponentiatedWeights(SimplexWeights):
    """w_i ← w_i exp(η ∂Ĵ/∂w_i)/Z: mirror ascent, which never leaves the simplex nor reaches its boundary.

    Source: Zhu et al. (AAT), Eqs. 11 and 14; exponentiated gradient is Kivinen & Warmuth (1997).
    """

    def __init__(self, steps: int, *, learning_rate: float = 0.1):
        super().__init__(steps, learning_rate=learning_rate)
        self.values = nn.Parameter(torch.full((steps,), 1 / steps))

    def forward(self) -> PerStep:
        """The weights w, as they are stored."""
        return self.values

    @torch.no_grad()
    def after_step(self) -> None:
        """Multiply, normalise, forget the gradient."""
        if self.values.grad is not None:
            # As a softmax of log w + ηg: the same update, safe where η∂Ĵ/∂w is large.
            self.values.copy_((self.values.log() + self.learning_rate * self.values.grad).softmax(0))
            self.values.grad = None


def project_to_simplex(vector: PerStep) -> PerStep:
    """The nearest point with non-negative components that sum to 1.

    Source: Duchi et al. (2008), Fig. 1.
    """
    vector = vector - vector.max()  # changes nothing but the rounding: the cumulative sums below stay near 1
    ordered = vector.sort(descending=True).values
    rank = torch.arange(1, len(vector) + 1, device=vector.device)
    excess = (ordered.cumsum(0) - 1) / rank
    kept = int((ordered > excess).sum())
    return (vector - excess[kept - 1]).clamp_min(0)
