"""Training steps as loops in circulation run them: the gradients are ours, the work is more.

Each adds the gradients of one batch to the model's parameters, as `robustlab.accumulate` does for the method.
"""

from __future__ import annotations

import torch
from torch import Tensor

from robustlab.ascent import normal, unit_l2
from robustlab.landscape import TransformerLandscape
from robustlab.typing import Gradient, Offset

TRADES_WEIGHT, TRADES_START = 6.0, 1e-3  # of methods.trades


def pgd(landscape: TransformerLandscape, *, steps: int, step_size: float) -> None:
    """PGD with `loss.backward()` in every ascent step: 3k + 3 units, where 2k + 3 do."""
    offset = torch.zeros(landscape.shape, dtype=landscape.base.dtype, device=landscape.base.device)
    for _ in range(steps):
        probe = offset.requires_grad_()
        landscape.loss(probe).sum().backward()  # the weights get gradients too
        landscape.model.zero_grad()  # ... and lose them
        assert probe.grad is not None
        offset = _step(landscape, probe, probe.grad, step_size)
    landscape.loss(offset).mean().backward()


def fgm(landscape: TransformerLandscape, *, step_size: float) -> None:
    """FGM with a graph for the attack and another for the clean loss, at the same point: 8 units, where 6 do."""
    start = torch.zeros(landscape.shape, dtype=landscape.base.dtype, device=landscape.base.device).requires_grad_()
    (gradient,) = torch.autograd.grad(landscape.loss(start).sum(), start)
    landscape.loss().mean().backward()
    landscape.loss(_step(landscape, start, gradient, step_size)).mean().backward()


def trades(
    landscape: TransformerLandscape, *, steps: int, step_size: float, generator: torch.Generator | None = None
) -> None:
    """TRADES that asks for the clean outputs wherever it needs them: 3k + 9 units, where 2k + 6 do."""
    offset = normal(TRADES_START)(landscape, generator=generator)
    for _ in range(steps):
        probe = offset.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(_divergence(landscape, probe).sum(), probe)
        offset = _step(landscape, probe, gradient, step_size)
    (landscape.loss().mean() + TRADES_WEIGHT * _divergence(landscape, offset).mean()).backward()


def _divergence(landscape: TransformerLandscape, offset: Offset) -> Tensor:
    clean, moved = landscape.logits().log_softmax(-1), landscape.logits(offset).log_softmax(-1)
    return (clean.exp() * (clean - moved)).sum(-1)


def _step(landscape: TransformerLandscape, offset: Offset, gradient: Gradient, step_size: float) -> Offset:
    return (offset + step_size * unit_l2(gradient * landscape.mask)).detach()
