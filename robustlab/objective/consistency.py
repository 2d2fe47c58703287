"""The clean loss, and a model that answers alike at the end of a path: TRADES, VAT, SMART and R3F."""

from __future__ import annotations

from typing import Any

from torch import nn

from robustlab.ascent.checks import positive
from robustlab.ascent.divergences import Divergence
from robustlab.ascent.gradient import Ascent, Walker, walk
from robustlab.landscape.base import Landscape
from robustlab.objective.base import Objective, Terms
from robustlab.objective.mean_teacher import MeanTeacher
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness


class Consistency(nn.Module, Objective):
    """Answer right at x, and alike at x and x + r_k.

        J(θ) = L(θ, x, y) + λ·D(p(x), p(x + r_k)) [+ μ·D(p̃(x), p(x)) with a mean teacher p̃]

    The label enters at x only: where x + r_k belongs to the other class, J does not insist on y. All terms share the
    clean pass and are differentiated together.

    Args:
        divergence: D.
        weight: λ.
        teacher: The mean teacher, if there is one.

    Shapes: terms [], nats.

    Raises: ValueError: If the weight is not positive.

    Source: Zhang et al. (TRADES, 2019), Eq. 5; Miyato et al. (VAT, 2019); Jiang et al. (SMART, 2020), Eqs. 1-5;
        Aghajanyan et al. (R3F, 2021).
    """

    def __init__(self, divergence: Divergence, *, weight: float, teacher: MeanTeacher | None = None):
        super().__init__()
        positive("weight", weight)
        self.divergence, self.weight, self.teacher = divergence, weight, teacher

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term: the ascent's gradients of the offset, then one backward pass through both outputs."""
        trace, walker = Trace(), Walker(ascent, landscape, generator)
        for visit in walk(walker, landscape, ascent.goal):
            trace.visit(visit)
        clean = landscape.clean()
        if clean.loss is None:
            raise ValueError("the batch has no labels, so there is no clean loss")
        apart = self.divergence(clean.logits, landscape.logits(walker.position)).mean()
        loss = clean.loss.mean() + self.weight * apart
        trace.extra |= {"clean_loss": clean.loss.detach().mean(), "divergence": apart.detach()}
        trace.extra["offset_norm"] = walker.position.flatten(1).norm(dim=1).mean()
        if self.teacher is not None:
            drift = self.teacher.divergence(landscape, clean.logits).mean()
            loss = loss + self.teacher.weight * drift
            trace.extra["teacher_divergence"] = drift.detach()
        yield loss
        return trace

    def given(self) -> dict[str, Any]:
        """λ, and the teacher's μ and decay."""
        return {"weight": self.weight} | (
            {} if self.teacher is None else {"teacher": self.teacher.weight, "decay": self.teacher.decay}
        )

    def units(self, ascent: Ascent) -> float:
        """Two passes a step, three at each end of the path, and the teacher's forward."""
        return 2 * ascent.steps + 6 + (self.teacher is not None)

    def after_step(self) -> None:
        """Let the teacher follow."""
        if self.teacher is not None:
            self.teacher.after_step()
