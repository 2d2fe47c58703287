"""Negatives, drawn: where detectors fire, what says the same, what a radius costs, and a difficulty that adapts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure

from robustlab.evaluation.statistics import Estimate
from robustlab.figures.style import INK, colour, marker

WIDTH = 5.6
ABOVE = -0.85  # where marks stand over the strips
GOLD, CONFLICT = colour("adaptive-pgd"), colour("pgd")
# From nothing to ink: a low score lets the page through, be it light or dark.
HEAT = LinearSegmentedColormap.from_list("heat", [to_rgba(CONFLICT, 0.0), to_rgba(CONFLICT, 0.95)])
LOOKS = {
    "swap": (colour("pgd"), "s"),
    "interpolate": (colour("freelb"), "D"),
    "replace by mean": (colour("fgsm"), "v"),
    "ascend": (colour("adaptive-pgd"), "*"),
}


def draw_strips(
    scored: Mapping[str, np.ndarray], *, gold: Sequence[int], conflicts: Sequence[int], spread: float = 2.5
) -> Figure:
    """One strip a detector, one place a sentence, the darker the higher its score; stars are gold, dots in conflict.

    Args:
        scored: Detector -> standardised scores of one document's sentences.
        gold: Sentences that the answer follows from.
        conflicts: Sentences that another one contradicts.
        spread: Score from which on a place is as dark as can be.
    """
    names = list(scored)
    figure, axes = plt.subplots(figsize=(WIDTH, 1.1 + 0.34 * len(names)))
    values = np.stack([scored[name] for name in names])
    extent = (0.5, values.shape[1] + 0.5, len(names) - 0.5, -0.5)
    axes.imshow(values, cmap=HEAT, vmin=0, vmax=spread, aspect="auto", extent=extent)
    for place in gold:
        axes.axvline(place + 1, color=GOLD, linewidth=0.8, alpha=0.6)
    for places, sign, shade, size, label in ((gold, "*", GOLD, 10, "gold"), (conflicts, "o", INK, 5, "in conflict")):
        at = [place + 1 for place in places]
        axes.plot(at, [ABOVE] * len(at), sign, color=shade, markersize=size, label=label, clip_on=False)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -1.3)
    axes.hlines(np.arange(len(names) + 1) - 0.5, 0.5, values.shape[1] + 0.5, color=INK, linewidth=0.5)
    axes.grid(visible=False)
    axes.set_xlabel("sentence")
    figure.legend(loc="outside upper right", ncols=2, fontsize="small")
    return figure


def draw_hits(panels: Mapping[str, Mapping[str, tuple[Estimate, float]]]) -> Figure:
    """A panel a question, a row a detector: the share of its first sentences that are marked, beside chance.

    Args:
        panels: Title -> detector -> the share with its interval, and what an order at random finds.
    """
    tall = max(map(len, panels.values()))
    figure, grid = plt.subplots(
        len(panels), 1, figsize=(WIDTH, len(panels) * (0.75 + 0.27 * tall)), sharex=True, squeeze=False
    )
    for axes, (title, rows) in zip(grid.flat, panels.items(), strict=True):
        for place, (found, chance) in enumerate(rows.values()):
            above = found.low > chance
            shade = GOLD if above else CONFLICT
            axes.plot([100 * found.low, 100 * found.high], [place, place], color=shade)
            axes.plot(100 * found.value, place, "D" if above else "o", color=shade)
            axes.plot([100 * chance] * 2, [place - 0.4, place + 0.4], color=INK, linestyle="--", linewidth=1)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_title(title, loc="left")
    grid.flat[-1].set(xlabel="of the first sentences, %", xlim=(-3, 103))
    return figure


def draw_likeness(panels: Mapping[str, Mapping[str, np.ndarray]], *, marks: Mapping[str, float]) -> Figure:
    """A panel a measure: how alike pairs of sentences are, by what they say.

    Args:
        panels: Measure -> kind of pair -> similarities.
        marks: Measure -> threshold from which on two sentences are taken to say the same.
    """
    figure, grid = plt.subplots(len(panels), 1, figsize=(WIDTH, 2.1 * len(panels)), sharex=True, squeeze=False)
    lowest = min(float(values.min()) for kinds in panels.values() for values in kinds.values() if len(values))
    bins = np.linspace(max(-1.0, np.floor(10 * lowest) / 10), 1.0, 41)
    shades = (INK, CONFLICT, GOLD)
    for axes, (title, kinds) in zip(grid.flat, panels.items(), strict=True):
        for (kind, values), shade in zip(kinds.items(), shades, strict=False):
            weights = np.full(len(values), 100 / max(1, len(values)))
            axes.hist(values, bins=bins, weights=weights, histtype="step", color=shade, linewidth=1.8, label=kind)  # type: ignore[arg-type]
        axes.axvline(marks[title], color=INK, linestyle=":", linewidth=1.5)
        axes.set_title(title, loc="left")
        axes.set_ylabel("pairs, %")
    grid.flat[-1].set_xlabel("similarity")
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=1, fontsize="small")
    return figure


Curve = Sequence[tuple[float, Estimate]]
"""κ reached, and the estimate there."""


def draw_costs(panels: Mapping[str, Mapping[str, Curve]], *, levels: Sequence[float], ylabel: str) -> Figure:
    """A panel an aim, a line a move: what each radius costs, with intervals; dotted lines are the levels."""
    figure, grid = plt.subplots(
        1, len(panels), figsize=(WIDTH if len(panels) == 1 else 7.4, 3.6), sharey=True, squeeze=False
    )
    for axes, (title, moves) in zip(grid.flat, panels.items(), strict=True):
        for kappa in levels:
            axes.axvline(kappa, color=INK, linestyle=":", linewidth=0.8)
        for move, curve in moves.items():
            shade, sign = LOOKS.get(move, (INK, "o"))
            at = [kappa for kappa, _ in curve]
            value, low, high = (100 * np.array(part) for part in zip(*(found for _, found in curve), strict=True))
            axes.errorbar(at, value, yerr=[value - low, high - value], color=shade, marker=sign, label=move, alpha=0.9)
        axes.set(title=title, xlabel="κ reached", xlim=(0, 1.12 * max(levels)))
    grid.flat[0].set_ylabel(ylabel)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    return figure


def draw_adaptive(kappas: Mapping[str, Sequence[float]], *, levels: Mapping[str, float], mark: float | None) -> Figure:
    """κ over the steps of trainings: a line a controller, steps of a bandit as dots on the levels.

    Args:
        kappas: Name -> κ of each step; a name that begins with "bandit" is drawn as dots.
        levels: Name -> κ, drawn as dotted lines with their names.
        mark: A κ to compare with, dashed.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 3.5))
    for name, kappa in levels.items():
        axes.axhline(kappa, color=INK, linestyle=":", linewidth=0.8)
        axes.text(1.01, kappa, name, transform=axes.get_yaxis_transform(), va="center", fontsize="small")
    if mark is not None:
        axes.axhline(mark, color=INK, linestyle="--", linewidth=1.4)
    shades = iter(colour(name) for name in ("adaptive-pgd", "pgd", "freelb", "fgsm"))
    for name, values in kappas.items():
        style = {"linestyle": "none", "marker": marker("freelb"), "markersize": 4, "alpha": 0.7}
        axes.plot(range(1, len(values) + 1), values, color=next(shades), label=name,
                  **(style if name.startswith("bandit") else {}))  # fmt: skip
    axes.set(xlabel="step", ylabel="κ", ylim=(0, None))
    figure.legend(loc="outside upper left", ncols=3, fontsize="small")
    return figure


def draw_strengthened(kappas: Sequence[np.ndarray], *, levels: Mapping[str, float]) -> Figure:
    """κ of every document over passes, a line each, with their median: easy ones are given harder negatives."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.2))
    values = np.stack(kappas)
    passes = range(len(values))
    for name, kappa in levels.items():
        axes.axhline(kappa, color=INK, linestyle=":", linewidth=0.8)
        axes.text(1.01, kappa, name, transform=axes.get_yaxis_transform(), va="center", fontsize="small")
    axes.plot(passes, values, color=CONFLICT, linewidth=0.7, alpha=0.35)
    axes.plot(passes, np.median(values, axis=1), color=GOLD, linewidth=2.4, label="median")
    axes.set(xlabel="pass over the documents", ylabel="κ", ylim=(0, None))
    figure.legend(loc="outside upper right", fontsize="small")
    return figure
