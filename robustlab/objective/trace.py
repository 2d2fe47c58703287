"""What a training step saw on its way, kept as tensors until somebody reads it."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from robustlab.ascent.gradient import Visit
from robustlab.landscape.base import per_site
from robustlab.typing import Offset, PerExample


@dataclass
class Trace:
    """The goals, gains and directions of an ascent's steps, and whatever an objective adds.

    Source: robustlab; the gains are the terms of Zhu et al. (AAT), Eq. 8.
    """

    starts_clean: bool = False  # whether the first value is the clean loss: no random start, no other goal
    values: list[PerExample] = field(default_factory=list)  # goal at r_0 … r_{k-1}, and at the end if it was read
    gains: list[PerExample] = field(default_factory=list)
    extra: dict[str, Tensor] = field(default_factory=dict)
    _units: Offset | None = None

    def visit(self, visit: Visit) -> None:
        """Keep the numbers of one step, not the step itself."""
        self.values.append(visit.value)
        self.gains.append(visit.gain)
        norm = visit.step.flatten(1).norm(dim=1).clamp_min(torch.finfo(visit.step.dtype).tiny)
        unit = visit.step / per_site(norm, visit.step)
        self._units = unit if self._units is None else self._units + unit

    def step_cosine(self) -> Tensor | None:
        """Mean cosine between two different steps: ‖Σ δ_t/‖δ_t‖‖² = k + k(k-1)·mean; None below two steps."""
        k = len(self.gains)
        if k < 2 or self._units is None:
            return None
        return (self._units.flatten(1).square().sum(1).mean() - k) / (k * (k - 1))

    def logs(self) -> dict[str, Tensor]:
        """Means over the batch, by name: what a training run plots."""
        logs = dict(self.extra)
        if self.values:
            logs["clean_loss" if self.starts_clean else "start_goal"] = self.values[0].mean()
        logs |= {f"gain_{t}": gain.mean() for t, gain in enumerate(self.gains, start=1)}
        if (cosine := self.step_cosine()) is not None:
            logs["step_cosine"] = cosine
        return logs
