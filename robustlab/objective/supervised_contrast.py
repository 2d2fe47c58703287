"""Labels as positives: examples of one class near each other, and far from those of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.contrastive.losses import supervised_contrastive
from robustlab.gather import gathered
from robustlab.landscape.base import Landscape
from robustlab.objective.base import Objective, Terms, no_path
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness


@dataclass(frozen=True, eq=False)
class SupervisedContrast(Objective):
    """(1 - λ)·L(x) + λ·SupCon(z(x), y), with z the pooled last states and the batch of all processes.

    A batch in which no label occurs twice has nothing to contrast: the second term is then 0.

    Args:
        weight: λ, between 0 and 1.
        temperature: τ.

    Shapes: one term [], nats.

    Raises: ValueError: If the weight is not within (0, 1), the temperature is not positive, or there is an ascent; in
        training, if there are no labels, or they are not one a text.

    Source: Gunel et al. (2021), Eqs. 1-3, with the loss of Khosla et al. (SupCon, 2020), Eq. 2.
    Departs: z is the mean of the last states, which decoders have too, for the first token's.
    """

    weight: float
    temperature: float

    def __post_init__(self) -> None:
        positive("weight", self.weight)
        positive("temperature", self.temperature)
        if self.weight >= 1:
            raise ValueError(f"weight must be below 1, which would leave nothing of the loss, got {self.weight}")

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent.

        Raises: ValueError: If the ascent takes steps, which this objective would ignore.
        """
        no_path("SupCon contrasts clean examples", ascent)

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term."""
        clean = landscape.clean()
        if clean.loss is None:
            raise ValueError("the batch has no labels, so there is no loss and nothing to contrast by")
        loss, labels = clean.loss.mean(), _labels(landscape)
        features, every = gathered(clean.pooled), gathered(labels)
        contrast = features.sum() * 0
        if len(every.unique()) < len(every):
            values, there = supervised_contrastive(features, every, temperature=self.temperature)
            contrast = values[there].mean()
        yield (1 - self.weight) * loss + self.weight * contrast
        return Trace(extra={"clean_loss": loss.detach(), "contrast": contrast.detach()})

    def given(self) -> dict[str, Any]:
        """λ and τ."""
        return {"weight": self.weight, "temperature": self.temperature}

    def units(self, ascent: Ascent) -> float:
        """One whole pass."""
        return 3


def _labels(landscape: Landscape) -> Int[Tensor, "b"]:
    labels = getattr(landscape, "labels", None)
    if not isinstance(labels, torch.Tensor) or labels.dim() != 1:
        got = None if labels is None else tuple(labels.shape)
        raise ValueError(f"expected one label a text, got {got}: SupCon is for classifiers")
    return labels
