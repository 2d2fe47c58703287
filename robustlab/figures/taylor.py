"""Experiments and figures of the chapter on the Taylor decomposition: predictions of a loss beside the loss itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from robustlab.ascent import GradientAscent, cross_entropy, directions, gradient_at, zero
from robustlab.figures.style import INK, colour
from robustlab.landscape import Landscape
from robustlab.methods import Method
from robustlab.objective import Tableau, implied_weights
from robustlab.taylor import decompose, literal_gains
from robustlab.typing import PerExample

WIDTH = 5.6  # inches, for two panels: a phone shows labels of 10.5 points 9 pixels high
ACROSS = {"ncols": 3, "fontsize": 9.5, "columnspacing": 1.0, "handlelength": 1.8}  # a legend above the panels
RULES: Mapping[str, directions.Direction] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (directions.raw, directions.unit_l2, directions.token_l2, directions.sign, directions.linf)
    }
)
Errors = Mapping[str, Sequence[float]]  # of each prediction, for each step size
Look = tuple[str, str, str]  # colour, marker, line style
LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "true change": (colour("pgd"), "s", "-"),
        "sum of gains": (colour("adaptive-pgd"), "o", "--"),
        "gains and curvature": (colour("freelb"), "D", "-."),
        "literal Eq. 8": (colour("fgm"), "^", ":"),
        "tangent at x": (colour("fgsm"), "v", "-."),
    }
)


class Change(NamedTuple):
    """How much the loss of each example rises along a path from r_0, and what is predicted; all in nats.

    Attributes:
        true: L(x + r_k) - L(x + r_0).
        gains: Σ_t ⟨g_{t-1}, δ_t⟩, with a fresh gradient at every step.
        literal: Σ_t ‖δ_t‖²/α, Eq. 8 of AAT as printed.
        tangent: ⟨g_0, r_k - r_0⟩, with the first gradient only.
    """

    true: PerExample
    gains: PerExample
    literal: PerExample
    tangent: PerExample


def change(landscape: Landscape, rule: str, *, step_size: float, steps: int) -> Change:
    """Climb by one of `RULES` and compare the rise of the loss with its predictions."""
    path = GradientAscent(steps=steps, step_size=step_size, direction=RULES[rule])(landscape)
    before, gradient = gradient_at(landscape, cross_entropy, path.start)
    with torch.no_grad():
        after = landscape.loss(path.end)
    literal = literal_gains(path, step_size=step_size).sum(0)
    tangent = (gradient * path.steps.sum(0)).flatten(1).sum(1)
    return Change(*(value.cpu() for value in (after - before, path.gains.sum(0), literal, tangent)))


def matched_step_size(landscape: Landscape, rule: str, *, length: float) -> float:
    """The α whose first step has this L2 length on average over the batch, which makes the rules comparable."""
    _, gradient = gradient_at(landscape, cross_entropy, zero(landscape))
    return length / float(RULES[rule](gradient).flatten(1).norm(dim=1).mean())


def errors(landscape: Landscape, rule: str, *, step_sizes: Sequence[float], steps: int) -> dict[str, list[float]]:
    """Mean absolute error of each prediction of the change, for each step size."""
    found: dict[str, list[float]] = {"literal Eq. 8": [], "sum of gains": [], "gains and curvature": []}
    for step_size in step_sizes:
        path = GradientAscent(steps=steps, step_size=step_size, direction=RULES[rule])(landscape)
        parts = decompose(landscape, path)
        literal = literal_gains(path, step_size=step_size).sum(0)
        first = parts.gains.sum(0)
        for name, predicted in zip(found, (literal, first, first + parts.second_order.sum(0)), strict=True):
            found[name].append(float((parts.exact - parts.start - predicted).abs().mean()))
    return found


def expansion(method: Method, landscape: Landscape) -> tuple[float, float]:
    """The value of a method's objective, and its first-order expansion: clean loss and gains with the implied weights.

    Raises: TypeError: If the objective is not a tableau.
    """
    if not isinstance(method.objective, Tableau):
        raise TypeError(f"an expansion needs an objective that is a Tableau, got {type(method.objective).__name__}")
    tableau, path = method.objective, method.ascent(landscape)
    clean_weight, per_step = (weight.to(landscape.base) for weight in implied_weights(tableau))
    with torch.no_grad():
        losses = torch.stack([landscape.loss(path.at(row.to(landscape.base))).mean() for row in tableau.points])
        start = landscape.loss(path.start).mean()
    return float(tableau.weights.to(losses) @ losses), float(clean_weight * start + per_step @ path.gains.mean(1))


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Exponent p of the least-squares fit y = c·x^p.

    Raises: ValueError: If there are fewer than two points or one is not positive.
    """
    if len(x) < 2 or min(*x, *y) <= 0:
        raise ValueError(f"a slope on log axes needs at least 2 points and all of them positive, got {x} and {y}")
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


class Learned(NamedTuple):
    """What one step of adversarial training adds to the weights' gradient, beside the gradient of the step's gain.

    Attributes:
        cosine: Between ∇_θ[L(x + δ) - L(x)], δ held fixed as in training, and ∇_θ⟨g, δ⟩, δ a function of θ.
        share: Least-squares coefficient of the first on the second: how much of the gain is learned from.
    """

    cosine: float
    share: float


def learned(model: nn.Module, landscape: Landscape, rule: str, *, step_size: float) -> Learned:
    """Compare the gradient that training uses with that of the penalty it is said to minimise, for one step."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    probe = zero(landscape).requires_grad_()
    with sdpa_kernel(SDPBackend.MATH):  # the fused attention kernels have no second derivative
        (gradient,) = torch.autograd.grad(landscape.loss(probe).sum(), probe, create_graph=True)
        step = step_size * RULES[rule](gradient)
        penalty = _flat((gradient * step).sum(), weights)
    fixed = step.detach()
    used = _flat((landscape.loss(fixed) - landscape.loss(zero(landscape))).sum(), weights)
    share = float(used @ penalty / penalty.square().sum())
    return Learned(float(torch.cosine_similarity(used, penalty, dim=0)), share)


def _flat(loss: Tensor, weights: Sequence[Tensor]) -> Tensor:
    parts = torch.autograd.grad(loss, weights, allow_unused=True)
    filled = (torch.zeros_like(w) if part is None else part for part, w in zip(parts, weights, strict=True))
    return torch.cat([part.flatten() for part in filled])


def _line(axes: Axes, name: str, x: Sequence[float], y: Sequence[float]) -> None:
    shade, marker, style = LOOKS[name]
    axes.plot(x, y, color=shade, marker=marker, linestyle=style, label=name)


def draw_training(history: Mapping[str, Sequence[Change]], at: Sequence[int]) -> Figure:
    """One panel a rule: true change, sum of gains and literal Eq. 8 against the training step, on a log scale."""
    figure, panels = plt.subplots(3, 2, figsize=(WIDTH, 6.6), sharex=True, sharey=True)
    *used, last = panels.flat
    for axes, (rule, changes) in zip(used, history.items(), strict=True):
        _line(axes, "literal Eq. 8", at, [float(one.literal.mean()) for one in changes])
        _line(axes, "true change", at, [float(one.true.mean()) for one in changes])
        _line(axes, "sum of gains", at, [float(one.gains.mean()) for one in changes])
        axes.set(title=rule, yscale="log")
        axes.yaxis.set_major_formatter("{x:g}")
    for axes in used[-2:]:  # below the last but one there is the legend
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("training step")
    last.axis("off")
    last.legend(*used[0].get_legend_handles_labels(), loc="center")
    figure.supylabel("rise of the loss (nats)", color=INK, fontsize=plt.rcParams["font.size"])
    return figure


def draw_errors(step_sizes: Mapping[str, Sequence[float]], found: Mapping[str, Errors]) -> Figure:
    """One panel a rule: the error of each prediction against α, both on log scales."""
    figure, panels = plt.subplots(1, len(found), figsize=(WIDTH, 3.3), sharey=True, squeeze=False)
    for axes, (rule, errors_of_rule) in zip(panels.flat, found.items(), strict=True):
        for name, values in errors_of_rule.items():
            _line(axes, name, step_sizes[rule], values)
        axes.set(title=rule, xlabel="step size α", xscale="log", yscale="log")
    panels[0, 0].set_ylabel("mean error (nats)")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", **ACROSS)
    return figure


def draw_budget(steps: Sequence[int], changes: Sequence[Change], *, length: float) -> Figure:
    """True change and its predictions against the number of steps that a path of fixed length is cut into."""
    figure, axes = plt.subplots()
    fields = {"true change": "true", "sum of gains": "gains", "literal Eq. 8": "literal", "tangent at x": "tangent"}
    for name, field in fields.items():
        _line(axes, name, steps, [float(getattr(one, field).mean()) for one in changes])
    axes.set(xlabel=f"steps k, with kα = {length:g}", ylabel="rise of the loss (nats)", xscale="log", ylim=(0, None))
    axes.set_xticks(steps, [str(k) for k in steps])
    axes.minorticks_off()
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.62))
    return figure


def draw_saturation(changes: Mapping[str, Change]) -> Figure:
    """Each example's true change against the sum of its gains, on log scales: right on the diagonal."""
    figure, axes = plt.subplots()
    for (label, one), name in zip(changes.items(), ("true change", "literal Eq. 8"), strict=True):
        shade, marker, _ = LOOKS[name]
        axes.scatter(one.gains, one.true, color=shade, marker=marker, s=24, label=label)
    everything = torch.cat([torch.cat([one.gains, one.true]) for one in changes.values()])
    ends = [float(everything.min()) / 1.5, float(everything.max()) * 1.5]
    axes.plot(ends, ends, color=INK, linewidth=1, linestyle="--")
    axes.set(xlabel="sum of gains (nats)", ylabel="true change (nats)", xscale="log", yscale="log")
    axes.legend(loc="lower right")
    return figure
