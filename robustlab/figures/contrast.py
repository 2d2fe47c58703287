"""Figures of contrast: pushes by angle, points on the circle, curves of a geometry, planes, distances."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustlab.figures.style import INK, colour, marker

WIDTH = 5.6
LOOKS = ("standard", "adaptive-pgd", "pgd", "freelb", "augmented")
"""Whose looks the courses of a figure have, in their order."""
LABELS = ("adaptive-pgd", "pgd")  # negative, positive: also told apart by their markers
Points = np.ndarray | Sequence[Sequence[float]]


class Circle(Protocol):
    """Views by example [n views 2], and what is measured of them."""

    @property
    def points(self) -> Points | object: ...
    @property
    def alignment(self) -> float: ...
    @property
    def uniformity(self) -> float: ...


def draw_pushes(angles: Sequence[float], shares: Mapping[float, Sequence[float]]) -> Figure:
    """The share of the push that a negative at an angle takes, a line a temperature.

    Args:
        angles: Between the anchor and its negatives, in degrees.
        shares: Temperature -> share of each negative.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 2.9))
    for look, dashes, (temperature, share) in zip(LOOKS[1:], ("-", "--", ":", "-."), shares.items(), strict=False):
        axes.plot(angles, share, color=colour(look), linestyle=dashes, label=f"τ = {temperature:g}")
    axes.set(xlabel="angle between anchor and negative, degrees", ylabel="share of the push", yscale="log")
    axes.set_ylim(bottom=1e-5)
    axes.set_xticks(range(0, 181, 45))
    axes.legend()
    return figure


def draw_circles(circles: Mapping[str, Circle]) -> Figure:
    """A circle a loss, two in a row: the views of an example have one colour and one marker.

    Args:
        circles: Title -> where the views lie.
    """
    rows = -(-len(circles) // 2)
    figure, grid = plt.subplots(rows, 2, figsize=(WIDTH, 3.1 * rows), squeeze=False)
    turn = np.linspace(0, 2 * math.pi, 200)
    for axes, (title, circle) in zip(grid.flat, circles.items(), strict=False):
        axes.plot(np.cos(turn), np.sin(turn), color=INK, linewidth=0.8, zorder=0)
        points = np.asarray(circle.points)
        for number, (views, shade) in enumerate(zip(points, _shades(len(points)), strict=True)):
            # Examples stand on rings of their own, because what lies on one point cannot be seen.
            ring = 1 + 0.28 * number / max(1, len(points) - 1)
            look = {"marker": "osD^v<>"[number % 7], "color": shade, "markersize": 4, "linestyle": "none"}
            axes.plot(ring * views[:, 0], ring * views[:, 1], alpha=0.85, **look)
        axes.set_title(f"{title}\nalignment {circle.alignment:.2f}, uniformity {circle.uniformity:.2f}", fontsize=9.5)
        axes.set_aspect("equal")
        axes.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4))
        axes.set_axis_off()
    for axes in grid.flat[len(circles) :]:
        axes.set_axis_off()
    return figure


def _shades(count: int) -> list[str]:
    # Colours with a contrast of 3 on both pages; the marker tells apart what shares one.
    names = ("adaptive-pgd", "pgd", "freelb", "fgsm", "fgm", "freelb++", "augmented", "ta-vat", "self-negative", "cat")
    return [colour(names[number % len(names)]) for number in range(count)]


def draw_curves(panels: Mapping[str, Mapping[str, Mapping[float, float]]], *, xlabel: str = "step") -> Figure:
    """A panel a quantity, two in a row, a line a course.

    Args:
        panels: Quantity -> course -> step -> value.
        xlabel: What there is in place of steps.

    Raises: ValueError: If there are more courses than looks.
    """
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    _enough(names, LOOKS)
    rows = -(-len(panels) // 2)
    figure, grid = plt.subplots(rows, 2, figsize=(WIDTH, 0.7 + 2.2 * rows), squeeze=False, sharex=True)
    for axes, (quantity, curves) in zip(grid.flat, panels.items(), strict=False):
        for name, curve in curves.items():
            look = LOOKS[names.index(name)]
            axes.plot(list(curve), list(curve.values()), color=colour(look), marker=marker(look), markersize=4)
        axes.set_title(quantity, fontsize=10)
    for axes in grid[-1]:
        axes.set_xlabel(xlabel)
    for name, look in zip(names, LOOKS, strict=False):
        grid[0, 0].plot([], [], color=colour(look), marker=marker(look), markersize=4, label=name)
    figure.legend(loc="outside upper center", ncols=min(3, len(names)), fontsize=9.5)
    return figure


def draw_planes(
    panels: Mapping[str, tuple[Points | object, float]], labels: Sequence[int], names: Sequence[str]
) -> Figure:
    """A panel an encoder, two in a row: its points in the plane of their largest differences, coloured by label.

    Args:
        panels: Title -> coordinates [n 2], and the share of the variance that the plane holds.
        labels: 0 or 1, one a point.
        names: What they are called.
    """
    rows = -(-len(panels) // 2)
    figure, grid = plt.subplots(rows, 2, figsize=(WIDTH, 0.5 + 2.5 * rows), squeeze=False)
    kinds = np.asarray(labels)
    for axes, (title, (points, share)) in zip(grid.flat, panels.items(), strict=False):
        for kind, (name, look, mark) in enumerate(zip(names, LABELS, "ox", strict=False)):
            own = np.asarray(points)[kinds == kind]
            axes.plot(*own.T, mark, color=colour(look), markersize=3.5, alpha=0.75, label=name)
        axes.set_title(f"{title}\n{100 * share:.0f} % of the variance", fontsize=9.5)
        axes.set_aspect("equal", adjustable="datalim")
        axes.tick_params(labelsize=8)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=9.5)
    return figure


def draw_distances(found: Mapping[str, Mapping[str, Sequence[float]]], *, xlabel: str) -> Figure:
    """A row an encoder, a marker a kind of text: means over seeds, and a faint point for each seed.

    Args:
        found: Encoder -> kind -> value of each seed.
        xlabel: What is measured.

    Raises: ValueError: If there are more kinds than looks.
    """
    kinds = list(dict.fromkeys(kind for values in found.values() for kind in values))
    _enough(kinds, LOOKS[1:])
    figure, axes = plt.subplots(figsize=(WIDTH, 1.5 + 0.42 * len(found)))
    for row, values in enumerate(found.values()):
        for kind, seeds in values.items():
            _dot(axes, seeds, row + 0.15 * (kinds.index(kind) - (len(kinds) - 1) / 2), LOOKS[1 + kinds.index(kind)])
    for kind, look in zip(kinds, LOOKS[1:], strict=False):
        axes.plot([], [], color=colour(look), marker=marker(look), linestyle="none", label=kind)
    axes.axvline(1, color=INK, linestyle=":", linewidth=1.2)
    axes.set_yticks(range(len(found)), [name.replace(", ", ",\n") for name in found], fontsize=9.5)
    axes.grid(visible=False, axis="y")
    axes.set(xlabel=xlabel, ylim=(len(found) - 0.5, -0.5), xlim=(0, None))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(kinds), fontsize=9.5)
    return figure


def _dot(axes: Axes, seeds: Sequence[float], height: float, look: str) -> None:
    axes.plot(seeds, [height] * len(seeds), "o", color=colour(look), markersize=3.5, alpha=0.4)
    axes.plot(sum(seeds) / len(seeds), height, marker(look), color=colour(look), markersize=7)


def _enough(names: Sequence[str], looks: Sequence[str]) -> None:
    if len(names) > len(looks):
        raise ValueError(f"expected at most {len(looks)} names, got {len(names)}: {', '.join(names)}")
