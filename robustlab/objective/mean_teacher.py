"""A model's own slow copy, to stay near of."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

from robustlab.ascent import divergences
from robustlab.contrastive.momentum import check_decay, follow
from robustlab.landscape.base import Landscape
from robustlab.objective.late import Late
from robustlab.typing import Logits, PerExample


class MeanTeacher(Late):
    """θ̃ ← decay·θ̃ + (1 - decay)·θ after every step, and how far the model's output has moved from the teacher's.

    The teacher is copied from the model when a batch is first seen; its weights are part of the method's state, and
    weights that were loaded before the model is known wait for it.

    Args:
        weight: μ, of the divergence in the loss.
        decay: Share of the teacher that a step keeps, 0 to 1; 0 is the weights of the step before.

    Raises: ValueError: If the weight is not positive or the decay is not within [0, 1).

    Source: Jiang et al. (SMART, 2020), Eqs. 4-5: Bregman proximal point with momentum; Tarvainen & Valpola (2017).
    """

    def __init__(self, *, weight: float = 1.0, decay: float = 0.99):
        super().__init__()
        if not weight > 0:
            raise ValueError(f"the mean teacher's weight must be positive, got {weight}; for none pass teacher=None")
        check_decay(decay)
        self.weight, self.decay = weight, decay
        self._student: list[nn.Module] = []  # in a list, or it would be registered as a part of the method

    def divergence(self, landscape: Landscape, logits: Logits) -> PerExample:
        """Symmetric KL between the teacher's clean output and the model's.

        Costs one forward; the teacher replays the model's dropout, so that the divergence measures the weights alone.
        """
        student = landscape.model  # type: ignore[attr-defined]  # only landscapes of a model have outputs to compare
        if self.inner is None or self._student != [student]:
            self._attach(student)
        assert self.inner is not None
        self.inner.train(student.training)
        with torch.no_grad():
            own = landscape.with_model(self.inner).clean().logits
        return divergences.symmetric_kl(own, logits)

    def _attach(self, student: nn.Module) -> None:
        if self.inner is None:
            self.make(deepcopy(student).requires_grad_(False))
        self._student = [student]

    def after_step(self) -> None:
        """Follow the model."""
        if self.inner is None:
            return
        (student,) = self._student
        follow(self.inner, student, decay=self.decay)
