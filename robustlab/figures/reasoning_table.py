"""Training with self-constructed negatives, and Table 1: a step's gradients, courses, a forest, an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.evaluation.statistics import Estimate
from robustlab.figures.reasoning import FOUR, Look, looks
from robustlab.figures.style import INK, colour, marker
from robustlab.papers.negatives import Printed

WIDTH = 5.6
_TERMS = (("standard", "o"), ("pgd", "s"), ("adaptive-pgd", "^"))
# In a panel of many lines hues that lie apart say more than a family's common one; variants of a course are dashed.
_COURSES = {
    "standard": ("standard", "-"),
    "standard, as many passes": ("standard-matched", "--"),
    "pull": ("pgd", "-"),
    "push": ("freelb", "-"),
    "push, no bound": ("adaptive-pgd", "--"),
    "infonce": ("fgm", "-"),
    "two_sided": ("self-negative", "-"),
}
_PANELS = (
    ("clean_loss", "clean loss, nats a word"),
    ("invariance", "D at κ ≤ .25, nats a word"),
    ("change", "changed answer, nats a word"),
)


class Seen(Protocol):
    """What a model has come to after so many passes, as the studies note it."""

    @property
    def passes(self) -> float: ...
    @property
    def clean_loss(self) -> float: ...
    @property
    def invariance(self) -> float: ...
    @property
    def change(self) -> float: ...


class Difference(Protocol):
    """What a line differs by from the control on a metric, as the studies tell it."""

    @property
    def name(self) -> str: ...
    @property
    def measure(self) -> str: ...
    @property
    def estimate(self) -> Estimate: ...
    @property
    def survives(self) -> bool: ...


Measured = Mapping[str, Mapping[str, Estimate | None]]
"""Name -> metric -> value with its interval, as a share."""


def draw_parts(lengths: Mapping[str, Mapping[str, float]]) -> Figure:
    """How long the gradient of each term is in each part of the model, on a logarithmic axis.

    Args:
        lengths: Term -> part of the model -> length, the same parts for every term.

    Raises: ValueError: If there are no terms, or more than there are looks.
    """
    if not 1 <= len(lengths) <= len(_TERMS):
        raise ValueError(f"expected 1 to {len(_TERMS)} terms, got {', '.join(lengths) or 'none'}")
    places = list(next(iter(lengths.values())))
    figure, axes = plt.subplots(figsize=(WIDTH, 0.9 + 0.42 * len(places)))
    for number, ((term, parts), (look, mark)) in enumerate(zip(lengths.items(), _TERMS, strict=False)):
        heights = [height + 0.16 * (number - (len(lengths) - 1) / 2) for height in range(len(places))]
        there = [(parts[place], height) for place, height in zip(places, heights, strict=True) if parts[place] > 0]
        if there:
            axes.plot(*zip(*there, strict=True), mark, color=colour(look), markersize=7, label=term)
    axes.set_yticks(range(len(places)), places)
    axes.set(xscale="log", xlabel="length of the gradient", ylim=(len(places) - 0.5, -0.5))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(lengths))
    return figure


def draw_courses(courses: Mapping[str, Sequence[Seen]]) -> Figure:
    """Three panels against the passes spent: clean loss, invariance, and the loss of the changed answer.

    Args:
        courses: Name -> what was seen on the way, as `courses.course` gives it.

    Raises: ValueError: If a course has no look, or there are none.
    """
    if unknown := [name for name in courses if name not in _COURSES]:
        raise ValueError(f"course must be one of {', '.join(_COURSES)}, got {unknown[0]!r}")
    if not courses:
        raise ValueError("expected at least one course to draw, got none")
    figure, grid = plt.subplots(2, 2, figsize=(WIDTH, 5.2))
    for axes, (field, title) in zip(grid.flat, _PANELS, strict=False):
        for name, seen in courses.items():
            _course(axes, name, [one.passes / 1000 for one in seen], [getattr(one, field) for one in seen])
        axes.set_title(title, fontsize=9.5)
        axes.locator_params(axis="x", nbins=5)
    grid[0, 1].tick_params(labelbottom=True)
    for axes in (grid[0, 1], grid[1, 0]):
        axes.set_xlabel("thousand passes")
    grid[1, 1].set_axis_off()
    grid[1, 1].legend(*grid[0, 0].get_legend_handles_labels(), loc="center", fontsize=9.5)
    return figure


def _course(axes: Axes, name: str, at: Sequence[float], values: Sequence[float]) -> None:
    look, style = _COURSES[name]
    axes.plot(at, values, style, color=colour(look), marker=marker(look), markersize=4.5, linewidth=1.3, label=name)


def draw_forest(tests: Sequence[Difference], measures: tuple[str, str], *, control: str = "standard") -> Figure:
    """Two panels, a line a method: what it differs by from the control, with its interval; filled where that survives.

    Args:
        tests: From `lines.against`.
        measures: The two metrics.
        control: What the dotted line at 0 stands for.

    Raises: ValueError: If no line has one of them.
    """
    names = list(dict.fromkeys(one.name for one in tests if one.measure in measures))
    if not names:
        raise ValueError(f"no line has {' or '.join(measures)} beside {control}: there is nothing to draw")
    figure, row = plt.subplots(1, 2, figsize=(WIDTH, 1.2 + 0.25 * len(names)), sharey=True)
    chosen = looks(names)
    for axes, measure in zip(row, measures, strict=True):
        for one in tests:
            if one.measure == measure:
                _difference(axes, names.index(one.name), one, chosen[one.name][0])
        axes.axvline(0, color=INK, linestyle=":", linewidth=1.2)
        axes.set(ylim=(len(names) - 0.5, -0.5))
        axes.set_title(_title(measure), fontsize=9.5)
        axes.grid(visible=False, axis="y")
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel(f"minus {control}{', points' if MEASURES[measure].scale == 100 else ''}", fontsize=9.5)
    row[0].set_yticks(range(len(names)), names)
    return figure


def _difference(axes: Axes, height: int, one: Difference, shade: str) -> None:
    scale = MEASURES[one.measure].scale
    value, low, high = (scale * part for part in one.estimate)
    if np.isnan(low):
        low = high = value
    error = [[max(value - low, 0)], [max(high - value, 0)]]
    face = shade if one.survives else "none"
    axes.errorbar(value, height, xerr=error, color=shade, fmt="o", markerfacecolor=face, markersize=5, elinewidth=0.9)


def _title(measure: str) -> str:
    shown = MEASURES[measure]
    return f"{shown.label} {'↑' if shown.up else '↓'}"


def draw_order(found: Measured, printed: Sequence[Printed]) -> Figure:
    """What the paper prints against what was measured, a panel a metric, a marker a row that both have.

    Points that rise from left to right have the paper's order. The scales of the two axes are of different data.

    Args:
        found: What was measured.
        printed: Rows of the paper's table.

    Raises: ValueError: If no row is in both.
    """
    names = [row.method for row in printed if row.method in found]
    if not names:
        raise ValueError("expected at least one row of the paper among the lines, got none")
    chosen = looks(names)
    figure, grid = plt.subplots(2, 2, figsize=(WIDTH, 5.0))
    for axes, measure in zip(grid.flat, FOUR, strict=True):
        for row in printed:
            estimate = found.get(row.method, {}).get(measure)
            if estimate is not None:
                _point(axes, getattr(row, measure), estimate, measure, chosen[row.method])
        axes.set_title(_title(measure), fontsize=9.5)
        axes.set(xlabel="printed", ylabel="measured")
        axes.margins(0.12)
    for name, (shade, mark) in chosen.items():
        grid[0, 0].plot([], [], marker=mark, color=shade, linestyle="none", label=name)
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=9.5)
    return figure


def _point(axes: Axes, at: float, estimate: Estimate, measure: str, look: Look) -> None:
    scale = MEASURES[measure].scale
    value, low, high = (scale * part for part in estimate)
    error = None if np.isnan(low) else [[max(value - low, 0)], [max(high - value, 0)]]
    shade, mark = look
    axes.errorbar(at, value, yerr=error, color=shade, marker=mark, linestyle="none", elinewidth=0.9)
