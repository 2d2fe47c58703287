"""A small encoder onto the circle, steered by one loss alone: what alignment, uniformity and InfoNCE each ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from robustlab.contrastive.geometry import alignment, uniformity
from robustlab.contrastive.losses import info_nce
from robustlab.contrastive.scores import unit
from robustlab.typing import Scalar

Loss = Callable[[Tensor, Tensor], Scalar]
WIDTH, HIDDEN = 8, 64
LOSSES: dict[str, Loss] = {
    "alignment alone": alignment,
    "uniformity alone": lambda one, other: uniformity(torch.cat([one, other])),
    "InfoNCE": lambda one, other: info_nce(one, other, temperature=0.1).mean(),
}


class Circle(NamedTuple):
    """Where views of examples lie after a steered encoder has read them.

    Attributes:
        points: Views by example, [n views 2].
        alignment: Of two views.
        uniformity: Of all views.
    """

    points: Tensor
    alignment: float
    uniformity: float


def steered(
    loss: Loss | None,
    *,
    examples: int = 12,
    views: int = 6,
    noise: float = 0.35,
    steps: int = 600,
    step_size: float = 5e-3,
    seed: int = 0,
) -> Circle:
    """Train an encoder from R^8 to the circle with one loss on fresh pairs of views, and read fresh views with it.

    A view is an example with Gaussian noise. Examples, first weights and noise depend on the seed alone.

    Args:
        loss: Of two views [n 2] of the examples; None for the encoder before its first step.
        examples: n.
        views: How many are read in the end.
        noise: Standard deviation of a view, where examples have 1.
        steps: Of Adam.
        step_size: Its.
        seed: Of everything.
    """
    generator = torch.Generator().manual_seed(seed)
    draw = {"generator": generator, "dtype": torch.float64}
    centres = torch.randn(examples, WIDTH, **draw)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        encoder = nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2)).double()
    last = torch.randn(views, examples, WIDTH, **draw)
    optimiser = torch.optim.Adam(encoder.parameters(), lr=step_size)
    for _ in range(0 if loss is None else steps):
        one, other = centres + noise * torch.randn(2, examples, WIDTH, **draw)
        optimiser.zero_grad()
        loss(encoder(one), encoder(other)).backward()  # type: ignore[misc]  # no step without one
        optimiser.step()
    with torch.no_grad():
        read = unit(encoder(centres + noise * last))
    near = alignment(read[0], read[1]) if views > 1 else torch.zeros(())
    return Circle(read.transpose(0, 1), float(near), float(uniformity(read.flatten(0, 1))))
