"""Recorded runs of every method: what an accuracy costs, and clean beside worst-case accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustlab.evaluation.statistics import Estimate
from robustlab.figures.style import INK, colour, marker

WIDTH = 5.6
STANDARD = "standard"


class Point(NamedTuple):
    """A method, its cost in passes a step, and an accuracy with its interval."""

    method: str
    units: float
    accuracy: Estimate


class Line(NamedTuple):
    """A method, and its clean and its worst-case accuracy."""

    method: str
    clean: Estimate
    worst: Estimate


def frontier(points: Sequence[Point]) -> list[Point]:
    """The points that no cheaper and no equally cheap one reaches, the cheapest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda one: (one.units, -one.accuracy.value)):
        if not best or point.accuracy.value > best[-1].accuracy.value:
            best.append(point)
    return best


def draw_costs(points: Sequence[Point], *, measure: str) -> Figure:
    """Accuracy in percent with its interval against passes; a name where nothing cheaper is as good.

    Standard training is a line across, without an interval: it is what the others are compared with.

    Args:
        points: One a method.
        measure: What the accuracy is called.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 4.2))
    shift = _beside(points)
    for point in points:
        value, low, high = (100 * part for part in point.accuracy)
        if point.method == STANDARD:
            axes.axhline(value, color=INK, linestyle="--", linewidth=1.2)
            low = high = value
        x, error = shift[point.method], [[value - low], [high - value]]
        look = {"marker": marker(point.method), "linestyle": "none"}
        axes.errorbar(x, value, yerr=error, color=colour(point.method), elinewidth=0.9, **look)
    for point in frontier(points):
        place = (shift[point.method], 100 * point.accuracy.value)
        axes.annotate(point.method, place, (0, 8), textcoords="offset points", color=INK, fontsize=9.5, ha="left")
    axes.set(xscale="log", xlabel="passes a training step (standard training: 3)", ylabel=f"{measure} accuracy, %")
    ticks = [3 * 2**n for n in range(4)]
    axes.set_xticks(ticks, list(map(str, ticks)))
    axes.minorticks_off()
    return figure


def _beside(points: Sequence[Point]) -> dict[str, float]:
    """Where each method stands: those of one cost a little apart, in the order of their accuracy."""
    shift = {}
    for units in {point.units for point in points}:
        same = sorted((point for point in points if point.units == units), key=lambda one: one.accuracy.value)
        shift |= {point.method: units * 1.035 ** (place - (len(same) - 1) / 2) for place, point in enumerate(same)}
    return shift


def draw_accuracies(lines: Sequence[Line], *, titles: tuple[str, str] = ("clean", "worst case")) -> Figure:
    """A line a method, the first at the top: clean accuracy hollow, worst-case accuracy filled with its interval.

    Args:
        lines: In the order in which they are drawn.
        titles: Of the two measures.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 1.4 + 0.27 * len(lines)))
    for height, line in enumerate(lines):
        _dumbbell(axes, height, line)
        if line.method == STANDARD:
            axes.axvline(100 * line.worst.value, color=INK, linestyle="--", linewidth=1.2, zorder=0)
    axes.set_yticks(range(len(lines)), [line.method for line in lines])
    axes.set(xlabel="accuracy, %", ylim=(len(lines) - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    for title, face in zip(titles, ("none", INK), strict=True):
        axes.plot([], [], "o", color=INK, markerfacecolor=face, label=title)
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def _dumbbell(axes: Axes, height: int, line: Line) -> None:
    shade = colour(line.method)
    value, low, high = (100 * part for part in line.worst)
    axes.plot([value, 100 * line.clean.value], [height, height], color=shade, linewidth=0.8, alpha=0.5)
    error = None if line.method == STANDARD else [[value - low], [high - value]]
    axes.errorbar(value, height, xerr=error, color=shade, fmt="o", markersize=5)
    axes.plot(100 * line.clean.value, height, "o", color=shade, markerfacecolor="none", markersize=5)
