"""Texts as written and as attacked, both with the label: adversarial augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.landscape.base import Landscape
from robustlab.objective import attacked
from robustlab.objective.base import Objective, Terms, no_path
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness


@dataclass(frozen=True, eq=False)
class Augmented(Objective):
    """(1 - λ)·L(x, y) + λ·L(x', y), where x' is the attacked text of x.

    A row that was not attacked has x' = x and counts as it would in standard training.

    Args:
        weight: λ, above 0 and below 1.

    Shapes: one term [], nats.

    Raises: ValueError: If the weight is out of range; in training, if the batch has no attacked texts or no labels.

    Source: Goodfellow et al. (2015), Section 6, with texts from an attack; as the baseline of Formento et al. (2024).
    Departs: the attacked texts stand beside their rows in every batch and are not rows of a larger training set.
    """

    weight: float
    needs: ClassVar[tuple[str, ...]] = (attacked.NAME,)

    def __post_init__(self) -> None:
        positive("weight", self.weight)
        if self.weight >= 1:
            raise ValueError(f"weight must be below 1, which would leave the written texts out, got {self.weight}")

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent.

        Raises: ValueError: If the ascent takes steps, which this objective would ignore.
        """
        no_path("augmentation learns from attacked texts", ascent)

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """Two terms, so that one graph at a time is kept."""
        other = attacked.attacked(landscape)
        clean = landscape.loss().mean()
        yield (1 - self.weight) * clean
        theirs = other.loss().mean()
        yield self.weight * theirs
        return Trace(extra={"clean_loss": clean.detach(), "attacked_loss": theirs.detach()})

    def given(self) -> dict[str, Any]:
        """λ."""
        return {"weight": self.weight}

    def units(self, ascent: Ascent) -> int:
        """Two whole passes."""
        return 6
