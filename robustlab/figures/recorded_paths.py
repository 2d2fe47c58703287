"""Figures of recorded paths: what a climb does to a real model, over a training and over the length of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustlab.figures.style import INK, colour
from robustlab.figures.taylor import ACROSS, LOOKS, WIDTH, Look

RULES: Mapping[str, Look] = {
    "raw": (colour("fgsm"), "v", "-"),
    "unit_l2": (colour("pgd"), "s", "-"),
    "token_l2": (colour("freelb"), "D", "--"),
    "sign": (colour("adaptive-pgd"), "o", "-."),
    "linf": (colour("freelb++"), "P", ":"),
    "noise": (INK, "x", "-"),
}


class Curve(NamedTuple):
    """One quantity over seeds: its mean, smallest and largest value at each abscissa."""

    at: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def draw_training(rules: Mapping[str, Mapping[str, Sequence[Curve]]], *, change: float) -> Figure:
    """One panel a rule: a rise of the loss and its predictions through two trainings, the second from `change` on.

    Args:
        rules: Title -> name of `taylor.LOOKS` -> one curve a training.
        change: Where the second training begins.
    """
    rows = len(rules) // 2 + 1  # the last place is for the legend
    figure, panels = plt.subplots(rows, 2, figsize=(WIDTH, 2.1 * rows), sharex=True, sharey=True, squeeze=False)
    places = list(panels.flat)
    for axes, (rule, names) in zip(places, rules.items(), strict=False):
        for name, parts in names.items():
            for part in parts:
                _band(axes, part, LOOKS[name], label=name if part is parts[0] else None)
        axes.axvline(change, color=INK, linewidth=1, linestyle=":")
        axes.set(title=rule, yscale="log")
        axes.minorticks_off()
    for axes in places[len(rules) :]:
        axes.axis("off")
    for axes in places[len(rules) - 2 : len(rules)]:  # nothing but the legend is below them
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("training step")
    places[len(rules)].legend(*places[0].get_legend_handles_labels(), loc="center")
    figure.supylabel("rise of the loss (nats)", color=INK, fontsize=plt.rcParams["font.size"])
    return figure


def draw_errors(panels: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """One panel a title, two a row: errors of the predictions in `taylor.LOOKS` against the first step, log scales."""
    rows = -(-len(panels) // 2)
    figure, places = plt.subplots(rows, 2, figsize=(WIDTH, 2.6 * rows + 0.6), sharex=True, sharey=True, squeeze=False)
    for axes, (title, curves) in zip(places.flat, panels.items(), strict=True):
        for name, curve in curves.items():
            _band(axes, curve, LOOKS[name], label=name)
        axes.set(title=title, xscale="log", yscale="log")
        axes.minorticks_off()
    figure.supylabel("mean error (nats)", color=INK, fontsize=plt.rcParams["font.size"])
    return _with_legend(figure, places[0, 0])


def draw_effects(accuracy: Mapping[str, Mapping[str, Curve]], rise: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """A column a model, accuracy above and rise of the loss below, for each of `RULES` against the first step.

    Args:
        accuracy: Title -> name in `RULES` -> curve.
        rise: The same titles and names.
    """
    figure, places = plt.subplots(2, len(accuracy), figsize=(WIDTH, 5.6), sharex=True, sharey="row", squeeze=False)
    for row, panels in zip(places, (accuracy, rise), strict=True):
        for axes, curves in zip(row, panels.values(), strict=True):
            for name, curve in curves.items():
                _band(axes, curve, RULES[name], label=name)
            axes.set_xscale("log")
            axes.minorticks_off()
    for axes, title in zip(places[0], accuracy, strict=True):
        axes.set(title=title, ylim=(-0.03, 1.03))
    places[0, 0].set_ylabel("accuracy")
    places[1, 0].set_ylabel("rise of the loss (nats)")
    return _with_legend(figure, places[0, 0])


def _with_legend(figure: Figure, axes: Axes) -> Figure:
    figure.supxlabel("first step (mean word-embedding norms)", color=INK, fontsize=plt.rcParams["font.size"])
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", **ACROSS)
    return figure


def _band(axes: Axes, curve: Curve, look: Look, *, label: str | None) -> None:
    shade, marker, style = look
    axes.plot(curve.at, curve.mean, color=shade, marker=marker, markersize=4, linestyle=style, label=label)
    axes.fill_between(curve.at, curve.low, curve.high, color=shade, alpha=0.2, linewidth=0)
