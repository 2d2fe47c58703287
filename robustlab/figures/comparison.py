"""The main comparison, drawn: printed gains, robust accuracy against the budget, clean beside robust accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from robustlab.figures.style import INK, colour, marker

WIDTH = 5.6
FILLS = ("full", "none", "left", "top")
LINES = ("-", "--", ":", "-.")  # a method that is drawn over another stays visible


class Gain(Protocol):
    """A gain in points with half of its interval: on which data, over which method, in which measure."""

    @property
    def dataset(self) -> str: ...
    @property
    def base(self) -> str: ...
    @property
    def measure(self) -> str: ...
    @property
    def points(self) -> float: ...
    @property
    def half_width(self) -> float: ...


class Point(NamedTuple):
    """One model under one attack: accuracies as shares."""

    method: str
    attack: str
    clean: float
    robust: float


def draw_gains(gains: Sequence[Gain]) -> Figure:
    """Gains in points with their intervals: a panel a data set, a line an attack, a marker a method that is extended.

    Args:
        gains: Of any data sets; panels and lines are in the order in which they come.
    """
    datasets = list(dict.fromkeys(gain.dataset for gain in gains))
    bases = list(dict.fromkeys(gain.base for gain in gains))
    rows = -(-len(datasets) // 2)
    figure, grid = plt.subplots(
        rows, min(2, len(datasets)), figsize=(WIDTH, 0.8 + 2.5 * rows), squeeze=False, sharex=True
    )
    for axes, dataset in zip(grid.flat, datasets, strict=False):
        mine = [gain for gain in gains if gain.dataset == dataset]
        measures = list(dict.fromkeys(gain.measure for gain in mine))
        axes.axvline(0, color=INK, linewidth=1)
        for gain in mine:
            height = measures.index(gain.measure) + 0.22 * (bases.index(gain.base) - (len(bases) - 1) / 2)
            look = {"marker": marker(gain.base), "color": colour(gain.base), "linestyle": "none", "markersize": 5}
            axes.errorbar(gain.points, height, xerr=gain.half_width, elinewidth=0.9, capsize=2, **look)
        axes.set_yticks(range(len(measures)), measures)
        axes.set(ylim=(len(measures) - 0.5, -0.5), title=dataset)
        axes.grid(visible=False, axis="y")
    for axes in grid.flat[len(datasets) :]:
        axes.set_axis_off()
    figure.supxlabel("points that “+Ours” adds", color=INK, fontsize=10.5)
    for base in bases:
        grid[0, 0].plot([], [], marker(base), color=colour(base), markersize=5, label=base)
    figure.legend(loc="outside upper center", ncols=len(bases))
    return figure


def draw_budgets(budgets: Sequence[float], curves: Mapping[str, Mapping[str, Sequence[np.ndarray]]]) -> Figure:
    """Robust accuracy against the budget of queries: a panel an attack, a thin line a model, a thick one their mean.

    Args:
        budgets: Numbers of queries, all positive.
        curves: Attack -> method -> one array of shares a model, one share a budget.
    """
    figure, grid = plt.subplots(
        len(curves), 1, figsize=(WIDTH, 0.7 + 2.3 * len(curves)), squeeze=False, sharex=True, sharey=True
    )
    methods = list(dict.fromkeys(method for models in curves.values() for method in models))
    for axes, (attack, models) in zip(grid.flat, curves.items(), strict=True):
        for method, runs in models.items():
            shade, dashes = colour(method), LINES[methods.index(method) % len(LINES)]
            for run in runs if len(runs) > 1 else ():
                axes.step(budgets, 100 * np.asarray(run), where="post", color=shade, linewidth=0.7, alpha=0.6)
            mean = 100 * np.mean(np.asarray(runs), axis=0)
            axes.step(budgets, mean, dashes, where="post", color=shade, linewidth=2)
        axes.set(title=attack, ylabel="robust, %", xscale="log", ylim=(0, None))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
    grid[-1, 0].set_xlabel("queries allowed for a text")
    for place, method in enumerate(methods):
        grid[0, 0].plot([], [], LINES[place % len(LINES)], color=colour(method), label=method)
    figure.legend(loc="outside upper center", ncols=min(len(methods), 4))
    return figure


def draw_clean_robust(points: Sequence[Point]) -> Figure:
    """Clean against robust accuracy: a marker a model in its method's looks, filled by the attack.

    Args:
        points: Of at most four attacks.
    Raises: ValueError: If there are more attacks than fillings.
    """
    attacks = list(dict.fromkeys(point.attack for point in points))
    if len(attacks) > len(FILLS):
        raise ValueError(f"at most {len(FILLS)} attacks can be told apart, got {len(attacks)}")
    figure, axes = plt.subplots(figsize=(WIDTH, 3.9))
    for point in points:
        place = attacks.index(point.attack)  # a later attack is drawn around an earlier one, where they agree
        look = {"color": colour(point.method), "fillstyle": FILLS[place], "markersize": 6 + 4 * place}
        axes.plot(100 * point.clean, 100 * point.robust, marker(point.method), markerfacecoloralt="none", **look)
    for method in dict.fromkeys(point.method for point in points):
        axes.plot([], [], marker(method), color=colour(method), label=method)
    for fill, attack in zip(FILLS, attacks, strict=False):
        axes.plot([], [], "o", color=INK, fillstyle=fill, markerfacecoloralt="none", label=attack)
    axes.set(xlabel="clean accuracy, %", ylabel="robust accuracy, %")
    axes.margins(0.12)
    figure.legend(loc="outside upper center", ncols=2, fontsize=9.5)
    return figure
