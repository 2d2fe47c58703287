"""Figures of views and negatives: climbs of a contrastive loss, pushes by temperature, what carries over to what."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from robustlab.figures.style import INK, colour, marker

WIDTH = 5.6
LOOKS = ("adaptive-pgd", "pgd", "freelb", "standard")
HEAT = "cividis"
MARK = "#ed5000"  # the border of a cell whose row and column are one kind; it stands out of the whole colour map


class Climb(Protocol):
    """Lengths of an offset, and the loss at each."""

    @property
    def lengths(self) -> Sequence[float]: ...
    @property
    def losses(self) -> Sequence[float]: ...


def draw_climbs(panels: Mapping[str, Mapping[str, Climb]], *, bound: float) -> Figure:
    """A panel an encoder, two in a row, a line a rule: the contrastive loss over the length of the offset.

    Args:
        panels: Encoder -> rule -> its climb; the last rule is the one to compare with.
        bound: Where views of training end, marked by a line.
    """
    rows = -(-len(panels) // 2)
    figure, grid = plt.subplots(rows, 2, figsize=(WIDTH, 0.9 + 2.3 * rows), squeeze=False, sharex=True, sharey=True)
    for axes, (title, found) in zip(grid.flat, panels.items(), strict=False):
        looks = [*LOOKS[: len(found) - 1], LOOKS[-1]]
        for place, (look, (rule, climb)) in enumerate(zip(looks, found.items(), strict=True)):
            # Rules agree to the width of a line: the first one's markers show behind the others'.
            shape = {"color": colour(look), "marker": marker(look), "markersize": 4 if place else 9, "label": rule}
            axes.plot(climb.lengths, climb.losses, **shape)
        axes.axvline(bound, color=INK, linestyle=":", linewidth=1.2)
        axes.set_title(title, fontsize=10)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes in grid[-1]:
        axes.set_xlabel("length of the offset")
    for axes in grid[:, 0]:
        axes.set_ylabel("loss, nats")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=9.5)
    return figure


def draw_shares(lines: Mapping[str, Mapping[float, float]], *, ylabel: str) -> Figure:
    """A line an encoder: a share of the push over the temperature, on a logarithmic axis.

    Args:
        lines: Encoder -> temperature -> share.
        ylabel: Of what.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 3.0))
    for look, (name, shares) in zip(("standard", *LOOKS[:3]), lines.items(), strict=False):
        shape = {"color": colour(look), "marker": marker(look), "markersize": 5}
        axes.plot(list(shares), [100 * share for share in shares.values()], label=name, **shape)
    ticks = list(next(iter(lines.values())))
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="temperature", ylabel=ylabel, ylim=(0, None))
    axes.legend()
    return figure


def draw_matrix(
    values: Mapping[str, Mapping[str, float]],
    *,
    xlabel: str,
    ylabel: str,
    marked: Collection[tuple[str, str]] = (),
    digits: int = 2,
    brightest: float | None = None,
) -> Figure:
    """A heat map with its numbers: a row what was learned from, a column what is measured.

    Args:
        values: Row -> column -> value.
        xlabel: What the columns are.
        ylabel: What the rows are.
        marked: Cells with a border: where what is measured was learned.
        digits: Of the numbers.
        brightest: From which value on a cell is as bright as it gets; the largest one where not given.
    """
    rows, columns = list(values), list(next(iter(values.values())))
    table = np.array([[values[row][column] for column in columns] for row in rows])
    figure, axes = plt.subplots(figsize=(WIDTH, 1.0 + 0.42 * len(rows)))
    low, high = float(table.min()), float(table.max()) if brightest is None else brightest
    axes.imshow(table, cmap=HEAT, aspect="auto", vmin=low, vmax=high)
    for (row, column), value in np.ndenumerate(table):
        ink = "black" if value > low + 0.55 * (high - low) else "white"
        axes.text(column, row, f"{value:.{digits}f}", ha="center", va="center", color=ink, fontsize=10)
    for row, column in marked:
        corner = (columns.index(column) - 0.47, rows.index(row) - 0.45)
        axes.add_patch(Rectangle(corner, 0.94, 0.9, fill=False, edgecolor=MARK, linewidth=2.2))
    axes.set_xticks(range(len(columns)), [textwrap.fill(name, 12) for name in columns], fontsize=9.5)
    axes.set_yticks(range(len(rows)), rows, fontsize=9.5)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    return figure
