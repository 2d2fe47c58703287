"""Figures of where negatives come from: how memories age, what graphs keep, forms side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from robustlab.figures.style import INK, colour, marker

WIDTH = 5.6
LOOKS = ("adaptive-pgd", "pgd", "freelb", "fgsm", "augmented")
"""Whose looks the lines of a figure have, in their order."""


def draw_ages(drifts: Mapping[str, Mapping[int, float]], marks: Mapping[str, int]) -> Figure:
    """How far representations have moved since they were stored, a line a copy of the encoder, on logarithmic axes.

    Args:
        drifts: Copy -> age in steps -> squared distance, in shares of that of two sentences.
        marks: What is so many steps old at the most, named at a line of its own.

    Raises: ValueError: If there are more copies than looks.
    """
    _enough(list(drifts))
    figure, axes = plt.subplots(figsize=(WIDTH, 3.3))
    for (name, drift), look in zip(drifts.items(), LOOKS, strict=False):
        axes.plot(list(drift), list(drift.values()), color=colour(look), marker=marker(look), markersize=5, label=name)
    for name, age in marks.items():
        axes.axvline(age, color=INK, linestyle=":", linewidth=1.2)
        axes.annotate(
            f" {name}", (age, 0), xycoords=("data", "axes fraction"), rotation=90, ha="right", va="bottom", fontsize=9
        )
    axes.set(xscale="log", yscale="log", xlabel="age, steps", ylabel="distance moved (two sentences: 1)")
    axes.set_xticks([age for age in (1, 2, 4, 8, 16, 32, 64, 128) if age <= max(map(max, drifts.values()))])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.minorticks_off()
    figure.legend(loc="outside upper center", ncols=min(2, len(drifts)), fontsize=9.5)
    return figure


def draw_memory(peaks: Mapping[str, Mapping[int, float]]) -> Figure:
    """What the graphs of a step keep at the most, by batch, a line a way to take the step, on logarithmic axes.

    Args:
        peaks: Way -> sentences of the batch -> megabytes.

    Raises: ValueError: If there are more ways than looks.
    """
    _enough(list(peaks))
    figure, axes = plt.subplots(figsize=(WIDTH, 3.0))
    for (name, curve), look in zip(peaks.items(), LOOKS, strict=False):
        axes.plot(list(curve), list(curve.values()), color=colour(look), marker=marker(look), label=name)
    axes.set(xscale="log", xlabel="sentences in a batch", ylabel="kept for backward, MB")
    axes.set_yscale("log", base=2)
    axes.set_xticks(sorted({size for curve in peaks.values() for size in curve}))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.minorticks_off()
    axes.legend()
    return figure


def draw_forms(
    panels: Mapping[str, Mapping[str, Sequence[float]]], groups: Sequence[Sequence[str]], *, before: str
) -> Figure:
    """A panel a quantity, side by side; a row a form: its mean, and a faint point for each seed.

    Args:
        panels: Quantity -> form -> value of each seed; NaN for a form that has collapsed, which is then said.
        groups: Forms that belong together, each group with a look of its own, in order from the top.
        before: The form whose mean is a dotted line.

    Raises: ValueError: If there are more groups than looks.
    """
    _enough([group[0] for group in groups])
    names = [name for group in groups for name in group]
    height = 0.9 + 0.3 * len(names)
    figure, grid = plt.subplots(1, len(panels), figsize=(WIDTH, height), sharey=True, squeeze=False)
    for axes, (quantity, values) in zip(grid[0], panels.items(), strict=True):
        for look, group in zip(LOOKS, groups, strict=False):
            for name in group:
                seeds, row = values[name], names.index(name)
                if any(map(math.isnan, seeds)):
                    axes.annotate("collapsed", (0.03, row), xycoords=("axes fraction", "data"), va="center", fontsize=9)
                    continue
                axes.plot(seeds, [row] * len(seeds), "o", color=colour(look), markersize=3.5, alpha=0.45)
                axes.plot(sum(seeds) / len(seeds), row, marker(look), color=colour(look), markersize=7)
        axes.axvline(sum(values[before]) / len(values[before]), color=INK, linestyle=":", linewidth=1.2)
        axes.set_title(quantity, fontsize=10)
        axes.grid(visible=False, axis="y")
        axes.tick_params(labelsize=9)
    grid[0, 0].set_yticks(range(len(names)), names, fontsize=9.5)
    grid[0, 0].set_ylim(len(names) - 0.5, -0.5)
    return figure


def _enough(names: Sequence[str]) -> None:
    if len(names) > len(LOOKS):
        raise ValueError(f"expected at most {len(LOOKS)} of them, got {len(names)}: {', '.join(names)}")
