"""Examples weighed by what a step on others does to them: a shifted distribution instead of shifted inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.gather import gathered, summed
from robustlab.landscape.base import Landscape
from robustlab.objective.base import Objective, Terms, no_path
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness
from robustlab.typing import PerExample


class DistributionShift(Objective):
    """mean_i w_i·L_i with weights that raise the risk of a batch to a level once it has fallen below.

        w = 1 + λ·g,   λ such that mean(w·L) = level,   within ±largest

    g_i says how far a training step on example i moves the loss of examples that it does not see. To first order that
    is the product of their gradients, which is the same both ways round: so a small step is taken on the held-out
    examples, and g_i is read off as what it does to L_i. Each half of the batch is held out from the other. Which half
    an example is in follows from its words, and not from what stands beside it or from the process it is in.

    Args:
        level: Risk below which the distribution is shifted, and to which it is raised, in nats.
        largest: Bound of a weight's size.
        reach: Length of the small step, in parts of the length of the model's weights.

    Shapes: terms [], nats.

    Raises: ValueError: If an argument is not positive, or the ascent takes steps.

    Source: Gao et al. (DSRM, 2023) and its released code, with its level of .1 and its bound of 30.
    Departs: the released code differentiates a whole optimiser step twice, on a batch from held-out rows; here the
        product of gradients is taken to first order and the rows are the batch's own.
    """

    def __init__(self, *, level: float = 0.1, largest: float = 30.0, reach: float = 1e-4):
        for name, value in (("level", level), ("largest", largest), ("reach", reach)):
            positive(name, value)
        self.level, self.largest, self.reach = level, largest, reach

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent."""
        no_path("DSRM shifts weights", ascent)

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term: the weighted mean."""
        losses = landscape.loss()
        held = losses.detach()
        everywhere = gathered(held)
        shifted = len(everywhere) > 1 and bool(everywhere.mean() < self.level)
        weights = self.weights(landscape, losses) if shifted else torch.ones_like(held)
        yield (weights * losses).mean()
        extra = {"largest_weight": weights.abs().max(), "shifted": torch.tensor(float(shifted))}
        return Trace(starts_clean=True, values=[held], extra=extra)

    def weights(self, landscape: Landscape, losses: PerExample) -> PerExample:
        """The weights of a batch, from its losses with their graph.

        Shapes: losses and result [b].
        """
        moves, risk = self.moves(landscape, losses).double(), losses.detach().double()
        slope = gathered(moves * risk).mean()
        scale = (self.level - gathered(risk).mean()) / torch.where(slope == 0, torch.inf, slope)
        return (1 + scale * moves).clamp(-self.largest, self.largest).to(losses)

    def moves(self, landscape: Landscape, losses: PerExample) -> PerExample:
        """By how much a small step on the other half of the batch moves the loss of each example.

        Shapes: losses and result [b].
        """
        model: nn.Module = landscape.model  # type: ignore[attr-defined]  # only a model's landscape has weights to move
        wanted = [parameter for parameter in model.parameters() if parameter.requires_grad]
        length = torch.stack([parameter.detach().float().norm() for parameter in wanted]).norm()
        second, found = _second_half(landscape), torch.zeros_like(losses)
        for own in (False, True):
            others = (second != own).to(losses)
            count = gathered(others).sum().clamp_min(1)
            share = (others * losses).sum() / count
            gradients = torch.autograd.grad(share, wanted, retain_graph=True, allow_unused=True)
            with torch.no_grad(), moved(wanted, _over_processes(gradients), float(self.reach * length)):
                found = torch.where(second == own, landscape.loss() - losses.detach(), found)
        return found

    def given(self) -> dict[str, Any]:
        """The level, and the bound of a weight."""
        return {"level": self.level, "largest": self.largest}

    def units(self, ascent: Ascent) -> float:
        """9 where the batch is shifted: two gradients of halves and two forwards more than the 3 that it costs else."""
        return 9


def _second_half(landscape: Landscape) -> Tensor:
    """Whether each example is in the second half: whether its words' numbers add up to an odd one."""
    if landscape.ids is None:
        return torch.arange(landscape.shape[0], device=landscape.mask.device) % 2 > 0
    free = landscape.mask.flatten(2)[..., 0] > 0
    return landscape.ids.where(free, 0).sum(1) % 2 > 0


def _over_processes(gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
    totals = iter(summed([gradient for gradient in gradients if gradient is not None]))
    return [None if gradient is None else next(totals) for gradient in gradients]


@contextmanager
def moved(parameters: list[nn.Parameter], gradients: Sequence[Tensor | None], length: float) -> Iterator[None]:
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
