"""The paths of the named methods across one plane, and the points where each takes its loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor, nn

from robustlab.figures.plane import Plane
from robustlab.figures.style import INK, colour, marker
from robustlab.figures.surfaces import heights
from robustlab.landscape import Landscape
from robustlab.methods import Method
from robustlab.objective import Consistency, InfoBERT, Tableau
from robustlab.randomness import Randomness

LEVELS = (0.1, 0.2, 0.5, 1, 2, 4)  # nats
AREA = 70.0  # of the marker of a point with weight 1, in square points


class TwoWords(Plane):
    """A plane whose two coordinates are the words of a vocabulary of two, for ascents that remember words."""

    def __init__(self, landscape: Landscape, axes: Tensor):
        super().__init__(landscape, axes)
        self.ids = torch.arange(2).expand(self.shape[0], 2)
        self.model = _Vocabulary()


class _Vocabulary(nn.Module):
    def get_input_embeddings(self) -> nn.Embedding:
        """Two words of width one."""
        return nn.Embedding(2, 1)


class Stop(NamedTuple):
    """A point that a method learns from.

    Attributes:
        point: In the plane.
        weight: Of what is taken there.
        compared: Whether that is a divergence from the answer at the clean input, and not the loss.
    """

    point: Tensor
    weight: float
    compared: bool = False


class Walk(NamedTuple):
    """Where a method walks from the clean input of the first example, and where it stops to learn."""

    points: Tensor
    stops: Sequence[Stop]


def walked(method: Method, plane: Plane, *, generator: Randomness = None) -> Walk:
    """Climb as the method does, and ask its objective where it looks.

    Shapes: points [k + 1, 2].

    Raises: TypeError: If the objective is neither a tableau, nor a consistency, nor InfoBERT's.
    """
    path, objective = method.ascent(plane, generator=generator), method.objective
    points = torch.cat([path.start[None], path.steps]).cumsum(0)[:, 0, :, 0]
    tableau = getattr(objective, "tableau", objective)
    if isinstance(tableau, Tableau):
        rows = zip(tableau.weights.tolist(), tableau.points.detach(), strict=True)
        stops = [Stop(path.at(row.to(path.steps))[0, :, 0], weight) for weight, row in rows]
    elif isinstance(objective, Consistency):
        stops = [Stop(torch.zeros_like(points[0]), 1.0), Stop(points[-1], objective.weight, compared=True)]
    elif isinstance(objective, InfoBERT):
        stops = [Stop(point, 1 / (len(points) - 1)) for point in points[:-1]]
    else:
        raise TypeError(f"{type(objective).__name__} learns from no point of a path that could be drawn")
    return Walk(points, stops)


def draw(
    plane: Plane,
    panels: Mapping[str, Mapping[str, Walk]],
    *,
    reach: tuple[float, float],
    words: Mapping[str, tuple[float, float]],
    labels: tuple[str, str],
) -> Figure:
    """One panel a group of methods, two a row, on the contours of the same loss.

    A filled marker is a point where a loss is taken, and its area is the weight; a hollow one compares the answer there
    with the one at the clean input.

    Args:
        plane: As for `surfaces.heights`.
        panels: Title -> name of a method -> its walk.
        reach: Lowest and highest coordinate of both axes.
        words: Name -> point of a sentence that lies in the plane.
        labels: Of the two axes.
    """
    grid = np.linspace(*reach, plane.shape[0])
    loss = heights(plane, grid.tolist(), grid.tolist())
    rows = -(-len(panels) // 2)
    figure, places = plt.subplots(rows, 2, figsize=(5.6, 2.75 * rows + 1.3), sharex=True, sharey=True, squeeze=False)
    for axes, (title, walks) in zip(places.flat, panels.items(), strict=False):
        lines = axes.contour(grid, grid, loss, levels=LEVELS, colors=INK, linewidths=0.8, alpha=0.7)
        axes.clabel(lines, [0.5, 1], fontsize=8, fmt="%g")
        axes.plot(*zip(*words.values(), strict=True), "s", color="none", markeredgecolor=INK, markersize=7, zorder=0)
        for name, walk in walks.items():
            _walk(axes, name, walk)
        axes.set(title=title, aspect="equal", xlim=reach, ylim=reach)
        axes.grid(visible=False)
    for axes in places.flat[len(panels) :]:
        axes.axis("off")
    for name, (x, y) in words.items():  # the other panels show the same squares
        side, shift = ("left", 6) if x > 0 else ("right", -6)
        text = places[0, 0].annotate(name.replace(" ", "\n"), (x, y), (shift, 0), textcoords="offset points")
        text.set(ha=side, va="center" if x > 0 else "bottom", fontsize=8, color=INK, in_layout=False)
    figure.supxlabel(labels[0], color=INK, fontsize=10.5)
    figure.supylabel(labels[1], color=INK, fontsize=10.5)
    names = list(dict.fromkeys(name for walks in panels.values() for name in walks))
    figure.legend(handles=[_key(name) for name in names], loc="outside upper center", ncols=3, columnspacing=1)
    return figure


def _walk(axes: Axes, name: str, walk: Walk) -> None:
    shade = colour(name)
    axes.plot(*walk.points.numpy().T, "-", color=shade, linewidth=1.5)
    axes.plot(*walk.points.numpy().T, ".", color=shade, markersize=3)
    for stop in walk.stops:
        if stop.weight > 0:
            face = "none" if stop.compared else shade
            looks = {"color": shade, "markerfacecolor": face, "markeredgewidth": 1.4, "alpha": 0.85}
            axes.plot(*stop.point.tolist(), marker=marker(name), markersize=(AREA * stop.weight) ** 0.5, **looks)


def _key(name: str) -> Line2D:
    return Line2D([], [], color=colour(name), marker=marker(name), label=name)
