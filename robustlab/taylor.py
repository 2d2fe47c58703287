"""The Taylor decomposition of an adversarial loss: clean loss, first-order gains, curvature, remainder.

Source: Zhu et al. (AAT), Eqs. 6-10.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from robustlab.ascent.checks import positive
from robustlab.ascent.goals import cross_entropy
from robustlab.ascent.gradient import gradient_at
from robustlab.landscape.base import Landscape, Path
from robustlab.typing import Gradient, Offset, PerExample, StepsByExample


class Decomposition(NamedTuple):
    """L(x + r_k) - L(x) = start + Σ_t gains_t + Σ_t second_order_t + third order.

    Attributes:
        clean: L(x), nats.
        start: L(x + r_0) - L(x): what a random start adds before the first step.
        exact: L(x + r_k) - L(x).
        gains: ⟨δ_t, ∇L(x + r_{t-1})⟩, the first-order gain of each step.
        second_order: ½ δ_tᵀ H(x + r_{t-1}) δ_t, by Hessian-vector products; None where not asked for.
        remainder: exact - start - Σ gains: what first order misses; bounded by (M/2)Σ‖δ_t‖².

    Source: Zhu et al. (AAT), Eqs. 6-8.
    Departs: Eq. 8 writes the gains as δ_t²/α, which holds for raw steps only (`literal_gains`), and has no start term.
    """

    clean: PerExample
    start: PerExample
    exact: PerExample
    gains: StepsByExample
    second_order: StepsByExample | None
    remainder: PerExample


def decompose(landscape: Landscape, path: Path, *, second_order: bool = True) -> Decomposition:
    """Decompose the loss along a path, step by step.

    Args:
        landscape: Where the path was climbed; needs labels.
        path: Any path; the gains are taken anew if it holds none or climbed another goal.
        second_order: Whether to compute the curvature terms, which cost a double backward pass a step.

    Shapes: clean, start, exact, remainder [b]; gains, second_order [k b].

    Source: Zhu et al. (AAT), Eqs. 6-8.
    """
    offset, gains, curvatures = path.start, [], []
    with torch.no_grad():
        clean, first = landscape.loss(), landscape.loss(path.start)
    for step in path.steps:
        gains.append((gradient_at(landscape, cross_entropy, offset)[1] * step).flatten(1).sum(1))
        if second_order:
            curvatures.append(curvature(landscape, offset, step) / 2)
        offset = offset + step
    with torch.no_grad():
        exact = landscape.loss(offset) - clean
    stacked = torch.stack(gains) if gains else clean.new_zeros(0, len(clean))
    return Decomposition(
        clean=clean,
        start=first - clean,
        exact=exact,
        gains=stacked,
        second_order=torch.stack(curvatures) if curvatures else None,
        remainder=exact - (first - clean) - stacked.sum(0),
    )


def curvature(landscape: Landscape, offset: Offset, step: Offset) -> PerExample:
    """δᵀ H(x + r) δ of each example, exactly, by differentiating ⟨∇L, δ⟩ once more.

    Examples do not interact, so one double backward pass serves the whole batch.

    Source: Pearlmutter (1994); the h(δ, δ) of the expansion behind Zhu et al. (AAT), Eq. 8.
    """
    probe = offset.detach().requires_grad_()
    # The fused attention kernels have no second derivative.
    with sdpa_kernel(SDPBackend.MATH), torch.enable_grad():
        loss = landscape.loss(probe).sum()
        (gradient,) = torch.autograd.grad(loss, probe, create_graph=True)
        (product,) = torch.autograd.grad((gradient * step).sum(), probe)
    return (product * step).flatten(1).sum(1)


def literal_gains(path: Path, *, step_size: float) -> StepsByExample:
    """‖δ_t‖²/α, the gain of Eq. 8 as printed: equal to the first-order gain for raw steps, kα in sum for unit steps.

    Raises: ValueError: If the step size is not positive.

    Source: Zhu et al. (AAT), Eq. 8.
    """
    positive("step_size", step_size)
    return path.steps.flatten(2).square().sum(2) / step_size


def dual_gain(gradient: Gradient, *, rule: str, step_size: float) -> PerExample:
    """The first-order gain of one step of each rule in closed form.

    Args:
        gradient: g, with the tokens of an example in dimension 1.
        rule: raw, unit_l2, token_l2, sign or linf.
        step_size: α.

    Raises: ValueError: If the rule is unknown or the step size is not positive.

    Source: robustlab; dual norms of the steps in `robustlab.ascent.directions`.
    """
    positive("step_size", step_size)
    flat = gradient.flatten(1)
    l2 = flat.norm(dim=1)
    gains: dict[str, Tensor] = {
        "raw": l2.square(),
        "unit_l2": l2,
        "token_l2": gradient.norm(dim=-1).flatten(1).sum(1),
        "sign": flat.abs().sum(1),
        "linf": l2.square() / flat.abs().amax(1).clamp_min(torch.finfo(l2.dtype).tiny),
    }
    if rule not in gains:
        raise ValueError(f"rule must be one of {', '.join(gains)}, got {rule!r}")
    return step_size * gains[rule]


def mean_step_cosine(path: Path) -> PerExample:
    """Mean cosine between the different steps of a path: 1 where they are collinear and weights on them cannot matter.

    Raises: ValueError: If the path has fewer than two steps.

    Source: robustlab; the condition under which w of Zhu et al. (AAT), Eq. 12, changes more than the length.
    """
    k = len(path.steps)
    if k < 2:
        raise ValueError(f"a cosine between steps needs at least 2 of them, got {k}")
    flat = path.steps.flatten(2)
    unit = flat / flat.norm(dim=2, keepdim=True).clamp_min(torch.finfo(flat.dtype).tiny)
    return (unit.sum(0).square().sum(1) - unit.square().sum((0, 2))) / (k * (k - 1))
