"""Adaptive training: two objectives compared, what the weights can reach, how they move, and the figures of it all."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustlab import methods, taylor
from robustlab.ascent import GradientAscent
from robustlab.evaluation.statistics import Estimate
from robustlab.figures import style
from robustlab.landscape import TransformerLandscape
from robustlab.landscape.base import Landscape, Path, per_site
from robustlab.objective import SimplexWeights
from robustlab.training.step import accumulate
from robustlab.typing import Offset, PerExample, PerStep

WEIGHT_STYLES = ("-", "--", ":", "-.")  # one a step, so that the lines are told apart without their colour


class Objectives(NamedTuple):
    """Ĵ, the loss that is trained; J, its first-order reading; and the second-order part of Ĵ - J, one an example."""

    surrogate: PerExample
    framework: PerExample
    predicted_gap: PerExample


def objectives(landscape: Landscape, path: Path, weights: PerStep, *, beta: float) -> Objectives:
    """Evaluate Ĵ and J on a path climbed on the loss, and predict their difference from curvatures at its start.

    Ĵ - J = ½h(D, D) - β Σ_i w_i Σ_{j<i} h(δ_j, δ_i) + O(α³), with D = β Σ_i w_i δ_i and h(u, v) = uᵀHv.

    Raises: ValueError: If the path holds no gains.
    """
    if path.gains is None:
        raise ValueError("the path holds no gains; climb with GradientAscent and the cross-entropy as the goal")
    weights = weights.to(path.steps)
    offset = path.at(beta * weights)
    with torch.no_grad():
        surrogate, start = landscape.loss(offset), landscape.loss(path.start)
    gap, before = taylor.curvature(landscape, path.start, offset - path.start) / 2, torch.zeros_like(path.start)
    for weight, step in zip(weights, path.steps, strict=True):
        gap = gap - beta * weight * _bilinear(landscape, path.start, before, step)
        before = before + step
    return Objectives(surrogate, start + beta * torch.einsum("k,kb->b", weights, path.gains), gap)


def _bilinear(landscape: Landscape, at: Offset, first: Offset, second: Offset) -> PerExample:
    # Polarisation: a quadratic form gives its bilinear form.
    return (taylor.curvature(landscape, at, first + second) - taylor.curvature(landscape, at, first - second)) / 4


def order(step_sizes: Sequence[float], errors: Sequence[float]) -> float:
    """Slope of log error against log step size: the order in α at which an error vanishes."""
    x, y = torch.tensor(step_sizes).double().log(), torch.tensor(errors).double().log()
    return float(((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum())


class Reach(NamedTuple):
    """Mean losses that the weights can reach on the paths of one step size.

    Attributes:
        cosine: Mean cosine between different steps.
        clean: Loss without an offset.
        uniform: Loss at uniform weights: PGD's.
        low: Smallest loss over the simplex.
        high: Largest loss over the simplex.
        high_matched: Largest loss where every offset is first given the length of PGD's.
        worst: Weights of the largest loss.
    """

    step_size: float
    cosine: float
    clean: float
    uniform: float
    low: float
    high: float
    high_matched: float
    worst: tuple[float, ...]


def simplex_grid(steps: int, divisions: int) -> list[PerStep]:
    """All weights that are multiples of 1/divisions."""

    def split(parts: int, left: int) -> Iterable[tuple[int, ...]]:
        if parts == 1:
            return [(left,)]
        return [(first, *rest) for first in range(left + 1) for rest in split(parts - 1, left - first)]

    return [torch.tensor(point) / divisions for point in split(steps, divisions)]


@torch.no_grad()
def reach(landscape: Landscape, *, step_size: float, steps: int, divisions: int = 6) -> Reach:
    """Climb once and read the loss at x + kΣw_iδ_i for every w of a grid on the simplex."""
    with torch.enable_grad():
        path = GradientAscent(steps=steps, step_size=step_size)(landscape)
    length = path.end.flatten(1).norm(dim=1)
    grid = simplex_grid(steps, divisions)
    losses, matched = [], []
    for weights in grid:
        offset = path.at(steps * weights.to(path.steps))
        losses.append(float(landscape.loss(offset).mean()))
        scale = length / offset.flatten(1).norm(dim=1).clamp_min(torch.finfo(length.dtype).tiny)
        matched.append(float(landscape.loss(per_site(scale, offset) * offset).mean()))
    uniform = float(landscape.loss(path.end).mean())  # off the grid where k does not divide it
    worst = max(range(len(grid)), key=losses.__getitem__)
    return Reach(
        step_size,
        float(taylor.mean_step_cosine(path).mean()),
        float(landscape.loss().mean()),
        uniform,
        min(uniform, *losses),
        max(uniform, *losses),
        max(uniform, *matched),
        tuple(grid[worst].tolist()),
    )


class Dynamics(NamedTuple):
    """The weights before and after each optimiser step, the mean offset norm and the step cosine on the way."""

    weights: list[list[float]]
    offset_norm: list[float]
    cosine: list[float]

    @property
    def entropy(self) -> float:
        """Entropy of the last weights, in nats; log k where they are uniform."""
        return float(torch.special.entr(torch.tensor(self.weights[-1])).sum())


def follow_weights(
    model: torch.nn.Module,
    batches: Iterable[Mapping[str, torch.Tensor]],
    weights: SimplexWeights,
    *,
    step_size: float,
    learning_rate: float,
) -> Dynamics:
    """Train a copy of `model` with Algorithm 1 on `batches`, once each, and watch w."""
    model = copy.deepcopy(model).train()
    method = methods.adaptive(methods.pgd(steps=weights.steps, step_size=step_size), weights=weights)
    method.to(next(model.parameters()).device)
    optimiser = torch.optim.AdamW([{"params": model.parameters()}, *method.parameter_groups()], lr=learning_rate)
    seen = Dynamics([weights().tolist()], [], [])
    for number, batch in enumerate(batches):
        logs = accumulate(method, TransformerLandscape(model, batch, seed=number))
        optimiser.step()
        method.after_step()
        optimiser.zero_grad()
        seen.weights.append(weights().tolist())
        seen.offset_norm.append(float(logs["offset_norm"]))
        seen.cosine.append(float(logs["step_cosine"]))
    return seen


def draw_orders(step_sizes: Sequence[float], errors: Mapping[str, Sequence[float]]) -> Figure:
    """Errors against the step size on log axes, each with its fitted order."""
    figure, axes = plt.subplots()
    for (name, values), method in zip(errors.items(), ("adaptive-pgd", "pgd"), strict=True):
        label = f"{name}: order {order(step_sizes, values):.2f}"
        axes.loglog(step_sizes, values, color=style.colour(method), marker=style.marker(method), label=label)
    axes.set(xlabel="step size α", ylabel="error, nats")
    axes.legend()
    return figure


def draw_reach(found: Sequence[Reach], *, unit: float) -> Figure:
    """Step cosine, and the span of losses that w can reach, against kα in units of the mean embedding norm."""
    figure, (left, right) = plt.subplots(1, 2, figsize=style.PAIR)
    length = [len(one.worst) * one.step_size / unit for one in found]
    red, blue = style.colour("adaptive-pgd"), style.colour("pgd")
    left.semilogx(length, [one.cosine for one in found], color=red, marker=style.marker("adaptive-pgd"))
    left.set(xlabel="kα / embedding norm", ylabel="mean cosine between steps", ylim=(0, 1.05))
    low, high = [one.low for one in found], [one.high for one in found]
    right.fill_between(length, low, high, color=red, alpha=0.35, linewidth=0, label="any w")
    right.semilogx(length, [one.uniform for one in found], color=blue, marker=style.marker("pgd"), label="uniform: PGD")
    right.axhline(found[0].clean, color=style.INK, linestyle="--", label="clean")
    right.set(xlabel="kα / embedding norm", ylabel="loss, nats", ylim=(0, None))
    right.legend()
    return figure


def draw_weights(runs: Mapping[str, Mapping[str, Dynamics]]) -> Figure:
    """The weights over training: one row of panels a setting, one column a parametrisation."""
    columns = len(next(iter(runs.values())))
    figure, grid = plt.subplots(
        len(runs), columns, figsize=(style.PAIR[0], 2.1 * len(runs) + 0.3), sharex=True, sharey=True, squeeze=False
    )
    for row, (setting, by_name) in zip(grid, runs.items(), strict=True):
        for axes, run in zip(row, by_name.values(), strict=True):
            for step, values in enumerate(zip(*run.weights, strict=True)):
                line = WEIGHT_STYLES[step % len(WEIGHT_STYLES)]
                axes.plot(values, linestyle=line, label=f"$w_{step + 1}$")
            axes.set(ylim=(-0.03, 1.03))
        row[0].set_ylabel(setting)
    for axes, name in zip(grid[0], next(iter(runs.values())), strict=True):
        axes.set_title(name)
    for axes in grid[-1]:
        axes.set_xlabel("optimiser step")
    grid[0, -1].legend(loc="upper left")
    return figure


def draw_accuracies(groups: Sequence[tuple[str, str, Mapping[str, Estimate]]], titles: Mapping[str, str]) -> Figure:
    """Accuracy in percent with its interval, one line a (label, method, measures), one panel a measure."""
    size = (style.PAIR[0], 1.3 + 0.3 * len(groups))
    figure, panels = plt.subplots(1, len(titles), figsize=size, sharey=True, squeeze=False)
    for axes, (measure, title) in zip(panels[0], titles.items(), strict=True):
        for height, (_, method, measures) in enumerate(groups):
            _point(axes, height, method, measures[measure])
        axes.set(title=title, xlabel="accuracy, %", ylim=(len(groups) - 0.5, -0.5))
    panels[0, 0].set_yticks(range(len(groups)), [label for label, _, _ in groups])
    return figure


def _point(axes: Axes, height: int, method: str, estimate: Estimate) -> None:
    known = method.removesuffix("-fixed-w")  # the control on the same paths has the looks of PGD, hollow
    colour, fill = style.colour(known), "none" if known != method else style.colour(known)
    value, low, high = (100 * part for part in estimate)
    # Without an interval (one seed) the bar is NaN, and the marker stands alone.
    error = [[value - low], [high - value]]
    axes.errorbar(value, height, xerr=error, color=colour, fmt=style.marker(known), markerfacecolor=fill)
