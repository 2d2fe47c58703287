"""Two dropout masks, one answer: R-Drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from robustlab.ascent.checks import positive
from robustlab.ascent.divergences import symmetric_kl
from robustlab.ascent.gradient import Ascent
from robustlab.landscape.base import Landscape
from robustlab.objective.base import Objective, Terms, no_path
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness


@dataclass(frozen=True, eq=False)
class RDrop(Objective):
    """½[L₁(x) + L₂(x)] + (λ/4)·[KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁)], where 1 and 2 are passes with different dropout.

    The exception to replayed noise: the perturbation *is* the dropout. In evaluation mode both passes are the same and
    what is left is the clean loss.

    Args:
        weight: λ; the paper's α, which multiplies half of the symmetric KL there, beside the sum of both losses.

    Raises: ValueError: If the weight is not positive.

    Source: Liang et al. (R-Drop, 2021), Eqs. 2-4.
    Departs: everything is halved, so that the clean loss has weight 1 as in every other method.
    """

    weight: float

    def __post_init__(self) -> None:
        positive("weight", self.weight)

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent.

        Raises: ValueError: If the ascent takes steps, which this objective would ignore.
        """
        no_path("R-Drop perturbs by dropout", ascent)

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term, through both passes."""
        one, other = landscape.clean(), landscape.redrawn().clean()
        if one.loss is None or other.loss is None:
            raise ValueError("the batch has no labels, so there is no clean loss")
        apart = symmetric_kl(one.logits, other.logits).mean()
        clean = (one.loss.mean() + other.loss.mean()) / 2
        yield clean + self.weight / 4 * apart
        return Trace(extra={"clean_loss": clean.detach(), "divergence": apart.detach()})

    def given(self) -> dict[str, Any]:
        """λ."""
        return {"weight": self.weight}

    def units(self, ascent: Ascent) -> float:
        """Two whole passes."""
        return 6
