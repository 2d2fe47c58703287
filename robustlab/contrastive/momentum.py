"""A slow copy of an encoder, whose representations change little from step to step."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

MOMENTUM = 0.999  # MoCo


def check_decay(decay: float) -> None:
    """Raise a ValueError unless `decay` is a share that leaves something to the student.

    Source: robustlab.
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be at least 0 and below 1, got {decay}")


@torch.no_grad()
def follow(copy: nn.Module, student: nn.Module, *, decay: float) -> None:
    """θ̃ ← decay·θ̃ + (1 - decay)·θ in place; buffers are copied.

    Args:
        copy: What follows.
        student: What it follows, of the same form.
        decay: Share of the copy that stays, 0 to 1.

    Source: He et al. (MoCo, 2020), Eq. 2; Tarvainen & Valpola (2017).
    """
    for mine, theirs in zip(copy.parameters(), student.parameters(), strict=True):
        mine.lerp_(theirs.to(mine), 1 - decay)
    for mine, theirs in zip(copy.buffers(), student.buffers(), strict=True):
        mine.copy_(theirs)


class MomentumEncoder(nn.Module):
    """An encoder's exponential moving average; positives that a queue keeps for long must come from something slow.

    The copy is part of the state of whatever holds this module; the student is not.

    Args:
        student: What is trained.
        decay: Share of the copy that a step keeps, 0 to 1; 0 is the student as of the last step.

    Raises: ValueError: If the decay is not within [0, 1).

    Source: He et al. (MoCo, 2020), Section 3.2; decay .999.
    """

    def __init__(self, student: nn.Module, *, decay: float = MOMENTUM):
        super().__init__()
        check_decay(decay)
        self.decay = decay
        self.copy = deepcopy(student).requires_grad_(False)
        self._student = [student]  # in a list, or its weights would be saved and trained twice

    @property
    def model(self) -> nn.Module:
        """The copy, ready to be called as the student is: with dropout exactly where the student has it now."""
        (student,) = self._student
        for mine, theirs in zip(self.copy.modules(), student.modules(), strict=True):
            mine.training = theirs.training
        return self.copy

    def after_step(self) -> None:
        """Follow the student; to be called after every optimiser step."""
        (student,) = self._student
        follow(self.copy, student, decay=self.decay)
