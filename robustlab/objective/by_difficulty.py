"""Weights on the steps that differ between easy and hard examples."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from robustlab.ascent.checks import positive
from robustlab.ascent.goals import cross_entropy
from robustlab.ascent.gradient import Ascent, Walker, walk
from robustlab.landscape.base import Landscape, Path
from robustlab.objective.base import Objective, Terms
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import Offset, PerExample, StepsByExample


class DifficultyWeights(nn.Module):
    """w(q) = softmax(u + (2q - 1)·v) for an example of difficulty q in [0, 1]; at 1/k to begin with.

    Both u and v ascend the loss. Examples of difficulty ½ take softmax(u), and v tells how easy and hard ones part.

    Args:
        steps: k.
        learning_rate: Step of the maximisation.

    Shapes: difficulty [b]; result [k b].

    Raises: ValueError: If `steps` is below 1 or the learning rate is not positive.

    Source: robustlab; the allocation by sample difficulty that Zhu et al. (AAT), Section 8, leave to future work.
    """

    def __init__(self, steps: int, *, learning_rate: float = 0.01):
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        positive("learning_rate", learning_rate)
        self.steps, self.learning_rate = steps, learning_rate
        self.scores, self.slopes = nn.Parameter(torch.zeros(steps)), nn.Parameter(torch.zeros(steps))

    def forward(self, difficulty: PerExample) -> StepsByExample:
        """The weights of each example."""
        lean = (2 * difficulty - 1).to(self.slopes)
        return (self.scores[:, None] + self.slopes[:, None] * lean).softmax(0)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The group of u and v, which maximises."""
        learned = [self.scores, self.slopes]
        return [{"params": learned, "lr": self.learning_rate, "weight_decay": 0.0, "maximize": True}]


class AdaptiveByDifficulty(nn.Module, Objective):
    """Adaptive adversarial training with weights of their own for each example.

        min_θ max_{u,v} (1/b) Σ_b L(θ, x_b + r_0 + β Σᵢ wᵢ(q_b) δ_{b,i}, y_b),   q_b = 1 - exp(-L(θ, x_b + r_0, y_b))

    The difficulty q is the probability that the model gives to the wrong classes where the path starts. The ascent
    reads it on its first step, so it costs nothing.

    Args:
        weights: u and v.
        beta: β; k recovers PGD where the weights are uniform.

    Shapes: steps [k b *site]; terms [], nats.

    Raises: ValueError: If beta is not positive, the ascent takes another number of steps than there are weights, or it
        does not climb the cross-entropy, from which the difficulty is read.

    Source: robustlab; Zhu et al. (AAT), Eq. 12, with the allocation that its Section 8 leaves to future work.
    """

    def __init__(self, weights: DifficultyWeights, *, beta: float):
        super().__init__()
        positive("beta", beta)
        self.weights, self.beta = weights, beta

    def check(self, ascent: Ascent) -> None:
        """Raise unless the weights fit the path."""
        if self.weights.steps != ascent.steps:
            raise ValueError(f"there are {self.weights.steps} weights, but the ascent takes {ascent.steps} steps")
        if ascent.goal is not cross_entropy:
            raise ValueError("the difficulty is read from the cross-entropy, but the ascent climbs another goal")

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term: k gradients of the offset only, then one full backward pass."""
        trace, walker, steps = Trace(), Walker(ascent, landscape, generator), list[Offset]()
        for visit in walk(walker, landscape, ascent.goal):
            trace.visit(visit)
            steps.append(visit.step)
        difficulty = 1 - (-trace.values[0]).exp()
        w = self.weights(difficulty)
        end = Path(walker.start, torch.stack(steps), None).at((self.beta * w).to(walker.start))
        yield landscape.loss(end).mean()
        trace.extra["offset_norm"] = end.detach().flatten(1).norm(dim=1).mean()
        trace.extra["difficulty"] = difficulty.mean()
        trace.extra |= {f"w_{i}": value.mean() for i, value in enumerate(w.detach(), start=1)}
        trace.extra["w_entropy"] = torch.special.entr(w.detach()).sum(0).mean()
        return trace

    def given(self) -> dict[str, Any]:
        """β."""
        return {"beta": self.beta, "weights": type(self.weights).__name__}

    def units(self, ascent: Ascent) -> int:
        """2k + 3, as for weights that all examples share."""
        return 2 * ascent.steps + 3

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The group of the weights."""
        return self.weights.parameter_groups()
