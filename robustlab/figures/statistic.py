"""Robust accuracy as a number that is estimated: denominators, samples, budgets, and what varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from robustlab.evaluation.statistics import Estimate
from robustlab.figures.style import INK, colour
from robustlab.figures.taylor import ACROSS, WIDTH, Look

LOOKS: Sequence[Look] = (
    (colour("freelb"), "D", "--"),
    (colour("adaptive-pgd"), "o", "-"),
    (colour("pgd"), "s", "-."),
    (colour("fgsm"), "v", ":"),
)


def draw_leanings(leanings: Sequence[float], shares: Mapping[str, Sequence[float]], *, marked: float) -> Figure:
    """Several shares of one run as functions of what a model leans by, with a line at the model that is discussed."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6))
    for (name, values), (shade, _, style) in zip(shares.items(), LOOKS, strict=False):
        axes.plot(leanings, values, color=shade, linestyle=style, label=name)
    axes.axvline(marked, color=INK, linestyle=":", linewidth=1)
    axes.set(xlabel="constant added to the logit of “positive”", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", **(ACROSS | {"ncols": 1}))
    return figure


def draw_power(examples: Sequence[int], powers: Mapping[str, Sequence[float]], *, wanted: float) -> Figure:
    """The power of tests against the number of examples, on a logarithmic axis, with the power that is wanted."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6))
    for (name, values), (shade, _, style) in zip(powers.items(), LOOKS[1:], strict=False):
        axes.plot(examples, values, color=shade, linestyle=style, label=name)
    axes.axhline(wanted, color=INK, linestyle=":", linewidth=1)
    axes.set(xlabel="examples", ylabel="chance to notice", xscale="log", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.legend(loc="upper left", fontsize="small")
    return figure


def draw_differences(differences: Mapping[str, Sequence[float]], *, truth: float) -> Figure:
    """Histograms of a difference in points over many samples, one above the other, with the true one."""
    figure, grid = plt.subplots(len(differences), 1, figsize=(WIDTH, 3.8), sharex=True, sharey=True, squeeze=False)
    ends = [bound for values in differences.values() for bound in (min(values), max(values))]
    bins = np.arange(np.floor(min(ends)) - 0.5, np.ceil(max(ends)) + 2, 2)  # two whole points each
    for axes, (name, values), (shade, _, _) in zip(grid[:, 0], differences.items(), LOOKS[1:], strict=False):
        axes.hist(values, bins=list(bins), color=shade, alpha=0.6)
        axes.axvline(truth, color=INK, linewidth=1.2)
        axes.axvline(0, color=INK, linestyle=":", linewidth=1)
        axes.set(title=name)
        axes.set_yticks([])
    grid[-1, 0].set(xlabel="difference in robust accuracy, points")
    return figure


def draw_budgets(
    panels: Mapping[str, tuple[Sequence[float], Sequence[Estimate]]],
    live: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    clean: float,
) -> Figure:
    """One panel a budget, one above the other: robust accuracy derived from one run, and measured with the budget.

    Args:
        panels: What is spent -> budgets, and what is left at each.
        live: The same names -> budgets of runs of their own, and the robust accuracies of those.
        clean: Accuracy on the texts as written.
    """
    figure, grid = plt.subplots(len(panels), 1, figsize=(WIDTH, 2.4 * len(panels) + 0.5), sharey=True, squeeze=False)
    for axes, (name, (budgets, estimates)) in zip(grid[:, 0], panels.items(), strict=True):
        value, low, high = np.array(estimates).T
        shade = colour("adaptive-pgd")
        axes.step(budgets, value, where="post", color=shade, label="from one run")
        axes.fill_between(budgets, low, high, step="post", color=shade, alpha=0.2, linewidth=0)
        axes.axhline(clean, color=INK, linestyle=":", label="clean accuracy")
        axes.plot(*live[name], color=colour("pgd"), marker="s", linestyle="", label="run with the budget")
        axes.set(xlabel=name, ylim=(0, 1))
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    figure.supylabel("robust accuracy", color=INK, fontsize=plt.rcParams["font.size"])
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", **ACROSS)
    return figure


def draw_estimates(estimates: Mapping[str, Estimate], *, label: str, line: float | None = None) -> Figure:
    """Shares with their intervals, one below the other, and a vertical line if there is something to hold against."""
    figure, axes = plt.subplots(figsize=(WIDTH, 0.9 + 0.42 * len(estimates)))
    for place, estimate in enumerate(estimates.values()):
        _whisker(axes, place, estimate)
    if line is not None:
        axes.axvline(line, color=INK, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(estimates)), list(estimates))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set(xlabel=label, ylim=(len(estimates) - 0.5, -0.5))
    return figure


def _whisker(axes: Axes, place: int, estimate: Estimate) -> None:
    spread = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
    axes.errorbar(estimate.value, place, xerr=spread, color=colour("adaptive-pgd"), marker="o", elinewidth=1.4)


def draw_seeds(accuracies: Sequence[Sequence[float]]) -> Figure:
    """A column a training seed: its robust accuracy on each of several draws of examples, and the mean of these.

    The same marker in every column is the same draw.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    markers = "os^Dv<>ph*"
    for seed, draws in enumerate(accuracies):
        offsets = np.linspace(-0.25, 0.25, len(draws))
        for number, (offset, value) in enumerate(zip(offsets, draws, strict=True)):
            axes.plot(seed + offset, value, color=colour("pgd"), marker=markers[number % len(markers)], alpha=0.7)
        axes.hlines(float(np.mean(draws)), seed - 0.35, seed + 0.35, color=colour("adaptive-pgd"), linewidth=2)
    axes.set_xticks(range(len(accuracies)), [str(seed) for seed in range(len(accuracies))])
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set(xlabel="seed of the training", ylabel="robust accuracy")
    return figure
