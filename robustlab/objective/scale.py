"""β as a constant, as a function of the training step, or as something that is learned."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import nn

from robustlab.ascent.checks import positive
from robustlab.typing import Scalar


class Scale(nn.Module, ABC):
    """β, the scale of the weighted offset.

    Source: Zhu et al. (AAT), Eq. 12; its Section 6 leaves the effect of β open.
    """

    @abstractmethod
    def forward(self) -> Scalar:
        """The value at this step."""

    def given(self) -> dict[str, Any]:
        """The numbers of a schedule."""
        return {}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Optimiser groups."""
        return []

    def after_step(self) -> None:
        """Follow an optimiser step."""
        return


class Constant(Scale):
    """The same β throughout.

    Raises: ValueError: If it is not positive.

    Source: Zhu et al. (AAT), Eq. 12.
    """

    def __init__(self, beta: float):
        super().__init__()
        positive("beta", beta)
        self.beta = beta

    def forward(self) -> Scalar:
        """The number itself."""
        return torch.tensor(self.beta, dtype=torch.float64)


class Annealed(Scale):
    """β moves in a straight line from `first` to `last` over so many optimiser steps, and stays there.

    Args:
        first: β at the first step.
        last: β after `over` steps.
        over: Optimiser steps.

    Raises: ValueError: If a value is not positive.

    Source: robustlab; Zhu et al. (AAT), Section 6, leave schedules of β open.
    """

    step: torch.Tensor

    def __init__(self, first: float, last: float, *, over: int):
        super().__init__()
        for name, value in (("first", first), ("last", last), ("over", over)):
            positive(name, value)
        self.first, self.last, self.over = first, last, over
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def forward(self) -> Scalar:
        """The value at the steps taken so far."""
        share = (self.step.double() / self.over).clamp_max(1)
        return self.first + (self.last - self.first) * share

    def given(self) -> dict[str, Any]:
        """Both ends, and how long it takes."""
        return {"first": self.first, "last": self.last, "over": self.over}

    def after_step(self) -> None:
        """Count the step."""
        self.step += 1


class Learned(Scale):
    """β = largest·σ(s), where s ascends the loss as the weights do.

    Without the bound it would grow for as long as the loss rises along the offset, which is to say for ever.

    Args:
        initial: β to begin with; below `largest`.
        largest: What β tends to where the loss keeps rising.
        learning_rate: Step of the maximisation over s.

    Raises: ValueError: If a value is not positive, or `initial` is not below `largest`.

    Source: robustlab; the maximisation over w of Zhu et al. (AAT), Eq. 14, taken over β too.
    """

    def __init__(self, initial: float, *, largest: float, learning_rate: float = 0.01):
        super().__init__()
        for name, value in (("initial", initial), ("largest", largest), ("learning_rate", learning_rate)):
            positive(name, value)
        if initial >= largest:
            raise ValueError(f"initial must be below largest, {largest}, got {initial}")
        self.largest, self.learning_rate = largest, learning_rate
        self.score = nn.Parameter(torch.tensor(math.log(initial / (largest - initial))))

    def forward(self) -> Scalar:
        """largest·σ(s)."""
        return self.largest * self.score.sigmoid()

    def given(self) -> dict[str, Any]:
        """The bound."""
        return {"largest": self.largest}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The group of s, which maximises."""
        return [{"params": [self.score], "lr": self.learning_rate, "weight_decay": 0.0, "maximize": True}]
