"""The direction in which an output changes most, by power iteration: the ascent of virtual adversarial training."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from robustlab.ascent import goals
from robustlab.ascent.checks import positive
from robustlab.ascent.directions import unit_l2
from robustlab.ascent.gradient import Forgetful, record
from robustlab.ascent.starts import Start, normal
from robustlab.landscape.base import Landscape, Path
from robustlab.randomness import Randomness
from robustlab.typing import Climb


@dataclass(frozen=True, kw_only=True)
class PowerIteration(Forgetful):
    """r = ε·d, where d is found from a random direction by d ← ∇goal(ξd)/‖∇goal(ξd)‖₂, `steps` times.

    At its minimum r = 0 the goal is ½rᵀHr to second order, its gradient at ξd is ξHd, and d tends to the eigenvector
    of the largest eigenvalue of H. Two classes make H a matrix of rank one, and one iteration exact.

    Args:
        steps: Power iterations.
        radius: ε, ‖r‖₂ over an example.
        probe: ξ, how far from 0 the gradient is taken: small beside the curvature, large beside rounding.
        goal: What is climbed; a divergence from the clean output.

    Shapes: offsets and gradients [b *site].

    Raises: ValueError: If `steps` is below 1, or `radius` or `probe` is not positive.

    Source: Miyato et al. (VAT, 2019), Section 3.3.
    Departs: ξ = .1, as for text; the paper's 1e-6 for images drowns in the rounding of half precision.
    """

    steps: int = 1
    radius: float
    probe: float = 0.1
    goal: goals.Goal = field(default=goals.kl)
    start: Start = field(default=normal(1.0), init=False)  # only its direction counts

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps must be at least 1, got {self.steps}: a random direction is starts.normal")
        positive("radius", self.radius)
        positive("probe", self.probe)

    def climb(self, landscape: Landscape, *, generator: Randomness = None) -> Climb:
        """Yield each probe, receive its gradient, and return the offset at the radius."""
        direction: Tensor = unit_l2(self.start(landscape, generator=generator))
        for _ in range(self.steps):
            gradient = yield self.probe * direction
            direction = unit_l2(gradient * landscape.mask)
        return self.radius * direction

    def __call__(self, landscape: Landscape, *, generator: Randomness = None) -> Path:
        """Climb and record the path from the first probe to the end."""
        return record(self, landscape, generator=generator)
