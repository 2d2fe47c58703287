"""Figures of drops under attack: where a drop is constant, differences from controls, what seeds alone do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from robustlab.evaluation.statistics import Estimate
from robustlab.figures.style import INK, colour

WIDTH = 5.6
SHADES = tuple(colour(method) for method in ("pgd", "adaptive-pgd", "freelb", "fgm", "fgsm"))
MARKERS = "osD^v"
STEP = 0.22  # between the lines of one name


def draw_levels(points: Mapping[str, tuple[float, float]], levels: Sequence[float] = (0.2, 0.4, 0.6)) -> Figure:
    """Clean and robust accuracy, with the lines on which the absolute and the relative drop are constant.

    Args:
        points: Name of a model -> its clean and its robust accuracy, as shares.
        levels: Of both drops.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 4.2))
    clean = np.linspace(0, 1, 101)
    for level in levels:
        shown = clean >= level
        axes.plot(clean[shown], clean[shown] - level, color=SHADES[0], linewidth=1, linestyle="--")
        axes.plot(clean, clean * (1 - level), color=SHADES[1], linewidth=1)
        axes.annotate(
            f"{100 * level:.0f}", (1.01, 1 - level), color=INK, fontsize=9, va="center", annotation_clip=False
        )
    axes.plot(clean, clean, color=INK, linewidth=1, linestyle=":")
    for place, (name, (x, y)) in enumerate(points.items()):
        axes.plot(x, y, MARKERS[place % len(MARKERS)], color=SHADES[(place + 2) % len(SHADES)], label=name)
    axes.plot([], [], "--", color=SHADES[0], linewidth=1, label="one absolute drop, points")
    axes.plot([], [], "-", color=SHADES[1], linewidth=1, label="one relative drop, %")
    axes.set(xlabel="clean accuracy", ylabel="robust accuracy", xlim=(0, 1), ylim=(0, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.legend(loc="upper left", fontsize=9)
    return figure


def draw_changes(
    changes: Mapping[str, Mapping[str, Estimate]], *, xlabel: str, unnoticed: tuple[float, float] | None = None
) -> Figure:
    """Differences from controls with their intervals, in points: a line a name, a colour and a marker a control.

    Args:
        changes: Control -> name -> difference as a share.
        xlabel: What differs.
        unnoticed: Differences between these two, as shares, would mostly have been missed; shaded.
    """
    names = list(dict.fromkeys(name for by_name in changes.values() for name in by_name))
    figure, axes = plt.subplots(figsize=(WIDTH, 1.3 + (0.2 + 0.2 * len(changes)) * len(names)))
    if unnoticed is not None:
        axes.axvspan(*(100 * end for end in unnoticed), color=INK, alpha=0.15, linewidth=0)
    axes.axvline(0, color=INK, linestyle=":", linewidth=1.2)
    for place, (control, by_name) in enumerate(changes.items()):
        look = {"color": SHADES[place], "fmt": MARKERS[place], "markersize": 5, "elinewidth": 0.9}
        heights = [names.index(name) + STEP * (place - (len(changes) - 1) / 2) for name in by_name]
        values, low, high = (100 * np.array(part) for part in zip(*by_name.values(), strict=True))
        axes.errorbar(values, heights, xerr=np.stack([values - low, high - values]), label=control, **look)
    axes.set(xlabel=xlabel, ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False, axis="y")
    if len(changes) > 1:
        figure.legend(loc="outside upper center", ncols=2, fontsize=9.5)
    return figure


def draw_runs(runs: Mapping[str, Sequence[float]], *, xlabel: str) -> Figure:
    """One quantity of runs that differ in their seed alone, in points: a line a model, a mark a seed.

    Args:
        runs: Model -> value of each seed, as a share; seeds in the same order.
        xlabel: What it is.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 1.2 + 0.27 * len(runs)))
    for height, values in enumerate(runs.values()):
        axes.plot([100 * min(values), 100 * max(values)], [height, height], color=INK, linewidth=1)
        for seed, value in enumerate(values):
            axes.plot(100 * value, height, MARKERS[seed % len(MARKERS)], color=SHADES[seed % len(SHADES)], markersize=5)
    seeds = max(map(len, runs.values()))
    for seed in range(seeds):
        look = {"color": SHADES[seed % len(SHADES)], "markersize": 5}
        axes.plot([], [], MARKERS[seed % len(MARKERS)], label=f"run {seed + 1}", **look)
    axes.set(xlabel=xlabel, ylim=(len(runs) - 0.5, -0.5))
    axes.set_yticks(range(len(runs)), list(runs))
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside upper center", ncols=min(seeds, 5), fontsize=9.5)
    return figure
