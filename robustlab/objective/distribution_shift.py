"""Examples weighed by what a step on others does to them: a shifted distribution instead of shifted inputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.landscape.base import Landscape
from robustlab.objective.base import Objective, Terms
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import PerExample


class DistributionShift(Objective):
    """mean_i w_i·L_i with weights that raise the risk of a batch to a level once it has fallen below.

        w = 1 + λ·g,   λ such that mean(w·L) = level,   within ±largest

    g_i says how far a training step on example i moves the loss of examples that it does not see. To first order that
    is the product of their gradients, which is the same both ways round: so a small step is taken on the held-out
    examples, and g_i is read off as what it does to L_i. Each half of the batch is held out from the other.

    Args:
        level: Risk below which the distribution is shifted, and to which it is raised, in nats.
        largest: Bound of a weight's size.
        reach: Length of the small step, in parts of the length of the model's weights.

    Shapes: terms [], nats.

    Raises: ValueError: If an argument is not positive, or the ascent takes steps.

    Source: Gao et al. (DSRM, 2023) and its released code, with its level of .1 and its bound of 30.
    Departs: the released code differentiates a whole optimiser step twice, on a batch from held-out rows; here the
        product of gradients is taken to first order and the rows are the batch's own. Weights are those of one
        process's batch: several processes are not one.
    """

    def __init__(self, *, level: float = 0.1, largest: float = 30.0, reach: float = 1e-4):
        for name, value in (("level", level), ("largest", largest), ("reach", reach)):
            positive(name, value)
        self.level, self.largest, self.reach = level, largest, reach

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent."""
        if ascent.steps:
            raise ValueError(f"DSRM shifts weights and takes no path, got an ascent of {ascent.steps} steps")

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term: the weighted mean."""
        losses = landscape.loss()
        held = losses.detach()
        shifted = len(held) > 1 and bool(held.mean() < self.level)
        weights = self.weights(landscape, losses) if shifted else torch.ones_like(held)
        yield (weights * losses).mean()
        extra = {"largest_weight": weights.abs().max(), "shifted": torch.tensor(float(shifted))}
        return Trace(starts_clean=True, values=[held], extra=extra)

    def weights(self, landscape: Landscape, losses: PerExample) -> PerExample:
        """The weights of a batch, from its losses with their graph.

        Shapes: losses and result [b].
        """
        moves = self.moves(landscape, losses).double()
        risk = losses.detach().double()
        slope = (moves * risk).mean()
        scale = (self.level - risk.mean()) / torch.where(slope == 0, torch.inf, slope)
        return (1 + scale * moves).clamp(-self.largest, self.largest).to(losses)

    def moves(self, landscape: Landscape, losses: PerExample) -> PerExample:
        """By how much a small step on the other half of the batch moves the loss of each example.

        Shapes: losses and result [b].
        """
        model: nn.Module = landscape.model  # type: ignore[attr-defined]  # only a model's landscape has weights to move
        wanted = [parameter for parameter in model.parameters() if parameter.requires_grad]
        length = torch.stack([parameter.detach().float().norm() for parameter in wanted]).norm()
        found = torch.zeros_like(losses)
        for own in (0, 1):
            gradients = torch.autograd.grad(losses[1 - own :: 2].mean(), wanted, retain_graph=True, allow_unused=True)
            with torch.no_grad(), moved(wanted, gradients, float(self.reach * length)):
                found[own::2] = (landscape.loss() - losses.detach())[own::2]
        return found

    def given(self) -> dict[str, Any]:
        """The level, and the bound of a weight."""
        return {"level": self.level, "largest": self.largest}

    def units(self, ascent: Ascent) -> float:
        """9 where the batch is shifted: two gradients of halves and two forwards more than the 3 that it costs else."""
        return 9


@contextmanager
def moved(parameters: list[nn.Parameter], gradients: tuple[Tensor | None, ...], length: float) -> Iterator[None]:
    """Hold parameters a step of this length down their gradients, and give them back to the last bit.

    Source: robustlab.
    """
    present = [gradient for gradient in gradients if gradient is not None]
    norm = torch.stack([gradient.float().norm() for gradient in present]).norm()
    before = [parameter.data for parameter in parameters]
    try:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if gradient is not None and norm > 0:
                # A new tensor behind the name: graphs that saved the old one find it again afterwards.
                parameter.data = parameter.data - (length / norm).to(gradient) * gradient
        yield
    finally:
        for parameter, data in zip(parameters, before, strict=True):
            parameter.data = data
