"""Objectives that are a table: Σ_p a_p·L(x + r_0 + Σ_i C_pi δ_i)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from robustlab.ascent.goals import cross_entropy
from robustlab.ascent.gradient import Ascent, Walker, gradient_at
from robustlab.ascent.starts import zero
from robustlab.landscape.base import Landscape, Path
from robustlab.objective.base import Objective, Terms
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import Gradient, Offset, PerExample, PerStep, Scalar


@dataclass(frozen=True, eq=False)
class Tableau(Objective):
    """An objective as data: J = Σ_p a_p · mean_b L(x + r_0 + Σ_i C_pi δ_i).

    A row of C that is a run of ones and then zeros lies on the path itself, and its loss is computed there: where the
    ascent wants a gradient at that point too, one backward pass gives both.

    Args:
        weights: a, one a point.
        points: C, one row a point and one column a step.
        fixed: How many of the first rows are constants where others are learned.

    Shapes: weights [p], points [p k].

    Raises: ValueError: If the shapes do not fit each other.

    Source: robustlab; the rows reproduce Zhu et al. (AAT), Table 6.
    """

    weights: Float[Tensor, "p"]
    points: Float[Tensor, "p k"]
    fixed: int = 0

    def __post_init__(self) -> None:
        if self.points.dim() != 2 or self.weights.shape != self.points.shape[:1]:
            raise ValueError(
                f"expected weights [p] and points [p k], got {tuple(self.weights.shape)} and {tuple(self.points.shape)}"
            )

    def check(self, ascent: Ascent) -> None:
        """Raise unless there is one column for each step.

        Raises: ValueError: If the number of columns differs from the ascent's steps.
        """
        columns = self.points.shape[1]
        if columns != ascent.steps:
            raise ValueError(
                f"the tableau has {columns} columns, one a step, but the ascent takes {ascent.steps} steps"
            )

    def on_path(self) -> dict[int, float]:
        """Weight of each L(x + r_t) whose row is exactly a prefix of the steps; learnable rows never count."""
        found: dict[int, float] = {}
        for weight, row in zip(self.weights.tolist(), self.points[: self._constant].tolist(), strict=False):
            t = sum(row) if set(row) <= {0.0, 1.0} else -1
            if t >= 0 and row == [1.0] * int(t) + [0.0] * (len(row) - int(t)):
                found[int(t)] = found.get(int(t), 0.0) + weight
        return found

    def off_path(self) -> list[int]:
        """Rows whose point is not one that the ascent passes."""
        prefixes = torch.ones(self.points.shape[1] + 1, self.points.shape[1]).tril(-1).to(self.points)
        constant = self.points[: self._constant]
        away = [p for p, row in enumerate(constant) if not (row == prefixes).all(1).any()]
        return [*away, *range(self._constant, len(self.points))]

    @property
    def _constant(self) -> int:
        return self.fixed if self.points.requires_grad else len(self.points)

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """Yield one term a point, climbing in between, and no further than the last step that a point needs."""
        on_path, off_path = self.on_path(), self.off_path()
        last = self._steps_needed(ascent)
        trace = Trace(starts_clean=ascent.start is zero and ascent.goal is cross_entropy)
        walker = Walker(ascent, landscape, generator)
        steps: list[Offset] = []
        for t in range(last):
            visit = walker.step(*(yield from _arrive(landscape, ascent, walker.position, on_path.get(t, 0.0))))
            trace.visit(visit)
            if off_path:  # a step is kept only where some point needs it by itself
                steps.append(visit.step)
        if weight := on_path.get(last, 0.0):
            loss = landscape.loss(walker.position if ascent.steps or ascent.start is not zero else None)
            trace.values.append(loss.detach())
            yield weight * loss.mean()
        end = walker.position
        for p in off_path:
            end = Path(walker.start, torch.stack(steps), None).at(self.points[p, :last])
            yield self.weights[p].to(end) * landscape.loss(end).mean()
        return self._close(trace, end)

    def units(self, ascent: Ascent) -> float:
        """Two passes a step, or three where a point lies there; three for each further point."""
        on_path, last = self.on_path(), self._steps_needed(ascent)
        climb = sum(3 if on_path.get(t) else 2 for t in range(last))
        return climb + 3 * bool(on_path.get(last)) + 3 * len(self.off_path())

    def _steps_needed(self, ascent: Ascent) -> int:
        if ascent.remembers or self.points.requires_grad:  # a weight that is 0 just now still needs its gradient
            return self.points.shape[1]
        used = self.points.ne(0).any(0).nonzero()
        return int(used.max()) + 1 if len(used) else 0

    def _close(self, trace: Trace, end: Offset) -> Trace:
        clean, per_step = implied_weights(self)
        trace.extra["offset_norm"] = end.detach().flatten(1).norm(dim=1).mean()
        trace.extra["implied_clean_weight"] = clean.detach()
        trace.extra |= {f"implied_weight_{i}": w for i, w in enumerate(per_step.detach(), start=1)}
        return trace


def implied_weights(tableau: Tableau) -> tuple[Scalar, PerStep]:
    """Weight of the clean loss and of each step's gain in the first-order expansion of a tableau: Σ_p a_p and aᵀC.

    Shapes: result [] and [k].

    Source: Zhu et al. (AAT), Eqs. 8, 10 and 11.
    """
    return tableau.weights.sum(), tableau.weights.to(tableau.points) @ tableau.points


def _arrive(
    landscape: Landscape, ascent: Ascent, position: Offset, weight: float
) -> Generator[Scalar, None, tuple[PerExample, Gradient]]:
    """Give the goal and its gradient at a point, and yield weight·L there if it carries weight."""
    if weight == 0:
        return gradient_at(landscape, ascent.goal, position)
    if ascent.goal is not cross_entropy:
        yield weight * landscape.loss(position).mean()
        return gradient_at(landscape, ascent.goal, position)
    probe = position.detach().requires_grad_()
    loss = landscape.loss(probe)
    term = weight * loss.mean()
    scale: list[Tensor] = []
    hook = term.register_hook(scale.append)
    yield term
    hook.remove()
    if probe.grad is None:  # the consumer adds terms up and differentiates later: the ascent pays for its own gradient
        (gradient,) = torch.autograd.grad(loss.sum(), probe, retain_graph=True)
    else:  # the consumer ran backward, scaled as it liked: undo its scale, the weight and the mean
        gradient = probe.grad * (loss.numel() / (weight * scale[0]))
    return loss.detach(), gradient
