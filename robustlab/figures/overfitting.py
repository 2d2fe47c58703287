"""Trainings that go on for too long: curves by epoch, a loss held at a level, and what weighs the examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustlab.figures.recorded_paths import Curve
from robustlab.figures.style import INK, colour
from robustlab.figures.taylor import ACROSS, WIDTH, Look

MEASURES: Mapping[str, Look] = {
    "training rows": (INK, "", ":"),
    "clean": (colour("freelb"), "D", "--"),
    "under PGD": (colour("pgd"), "s", "-."),
    "worst case": (colour("adaptive-pgd"), "o", "-"),
}
STEPS: Sequence[Look] = (
    (colour("fgsm"), "v", "-"),
    (colour("pgd"), "s", "--"),
    (colour("adaptive-pgd"), "*", "-."),
    (colour("freelb"), "D", ":"),
)


class Pilot(NamedTuple):
    """What the passes of a pilot saw, and the pass that the level was taken from (counted from 1), if one was."""

    loss: Sequence[float]
    accordance: Sequence[float]
    chosen: int | None


class Levels(NamedTuple):
    """One measure at the end of training for each fixed level, and for the level that the criterion finds.

    Attributes:
        fixed: Level -> one value a seed.
        found: Level that the criterion found -> value, one a seed.
        without: Values without flooding, one a seed.
    """

    fixed: Mapping[float, Sequence[float]]
    found: Sequence[tuple[float, float]]
    without: Sequence[float]


def draw_epochs(panels: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """One panel a method, two a row: accuracies by epoch, means over seeds with their range; names of `MEASURES`."""
    rows = len(panels) // 2 + 1  # at least one place is for the legend
    figure, grid = plt.subplots(rows, 2, figsize=(WIDTH, 1.9 * rows), sharex=True, sharey=True, squeeze=False)
    places = list(grid.flat)
    for axes, (title, curves) in zip(places, panels.items(), strict=False):
        for name, curve in curves.items():
            _band(axes, curve, MEASURES[name], label=name)
        axes.set(title=title)
    for axes in places[len(panels) :]:
        axes.axis("off")
    for axes in places[max(len(panels) - 2, 0) : len(panels)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
    places[len(panels)].legend(*places[0].get_legend_handles_labels(), loc="center")
    figure.supylabel("accuracy", color=INK, fontsize=plt.rcParams["font.size"])
    return figure


def draw_flooding(losses: Mapping[str, Sequence[float]], *, level: float) -> Figure:
    """The flooded loss as a function of the loss, and the losses of two trainings against the level."""
    figure, (left, right) = plt.subplots(2, 1, figsize=(WIDTH, 4.6), gridspec_kw={"height_ratios": (2, 3)})
    loss = np.linspace(0, 3 * level, 121)
    left.plot(loss, loss, color=INK, linestyle=":", label="L")
    left.plot(loss, np.abs(loss - level) + level, color=colour("flooding-x"), label="|L − b| + b")
    left.set(xlabel="loss of a batch, nats", ylabel="what is trained")
    left.legend()
    for (name, values), method in zip(losses.items(), ("standard", "flooding-x"), strict=True):
        right.plot(range(1, len(values) + 1), values, color=colour(method), linewidth=1.2, label=name)
    right.axhline(level, color=INK, linestyle="--", linewidth=1, label="b")
    right.set(xlabel="optimiser step", ylabel="loss of the batch", ylim=(0, None))
    right.legend(ncols=3)
    return figure


def draw_pilots(pilots: Mapping[str, Pilot]) -> Figure:
    """A column a pilot: its loss above and the accordance of its batches below, with the pass that gave the level."""
    figure, grid = plt.subplots(2, len(pilots), figsize=(WIDTH, 4.2), sharex="col", sharey="row", squeeze=False)
    for (above, below), (title, pilot) in zip(grid.T, pilots.items(), strict=True):
        passes = range(1, len(pilot.loss) + 1)
        above.plot(passes, pilot.loss, color=colour("flooding-x"), marker="o", markersize=4)
        below.plot(passes, pilot.accordance, color=colour("adaptive-pgd"), marker="s", markersize=4)
        below.axhline(0, color=INK, linewidth=1)
        if pilot.chosen is not None:
            for axes in (above, below):
                axes.axvline(pilot.chosen, color=INK, linestyle="--", linewidth=1)
            level = pilot.loss[pilot.chosen - 1]
            top = above.get_xaxis_transform()  # the loss has fallen: there is room above it
            above.text(pilot.chosen, 0.9, f"b = {level:.2f} ", transform=top, ha="right")
        above.set(title=title, ylim=(0, None))
        below.set(xlabel="pass")
    grid[0, 0].set_ylabel("loss, nats")
    grid[1, 0].set_ylabel("accordance")
    return figure


def draw_levels(panels: Mapping[str, Levels]) -> Figure:
    """One panel a measure, one above the other: fixed levels with the range of the seeds, and each seed's own level."""
    figure, grid = plt.subplots(len(panels), 1, figsize=(WIDTH, 0.8 + 2.0 * len(panels)), sharex=True, squeeze=False)
    for axes, (title, levels) in zip(grid[:, 0], panels.items(), strict=True):
        at = sorted(levels.fixed)
        values = [levels.fixed[level] for level in at]
        curve = Curve(at, *([float(take(one)) for one in values] for take in (np.mean, min, max)))
        _band(axes, curve, (colour("flooding-x"), "o", "-"), label="fixed b")
        axes.axhline(float(np.mean(levels.without)), color=INK, linestyle=":", label="no flooding")
        shade = colour("adaptive-pgd")
        axes.plot(
            *zip(*levels.found, strict=True), color=shade, marker="*", markersize=11, linestyle="", label="found b"
        )
        axes.set(ylabel=title)
    grid[-1, 0].set(xlabel="level b, nats")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", **ACROSS)
    return figure


def draw_batch_weights(losses: Sequence[float], weights: Sequence[float], *, flooding: float) -> Figure:
    """DSRM's weight of each example of a batch against its loss, beside the one weight that flooding gives to all."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.2))
    axes.plot(losses, weights, color=colour("dsrm"), marker="o", markersize=5, linestyle="", label="DSRM")
    axes.axhline(flooding, color=colour("flooding-x"), label="flooding")
    axes.axhline(1, color=INK, linestyle=":", label="standard")
    axes.set(xlabel="loss of the example, nats", ylabel="weight", xscale="log")
    axes.minorticks_off()
    axes.legend()
    return figure


def draw_slopes(slopes: Sequence[Curve], weights: Sequence[Curve]) -> Figure:
    """Slopes by epoch above, and the weights by difficulty at the end below; one curve a step of the path."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(WIDTH, 5.0))
    for axes, curves in ((above, slopes), (below, weights)):
        for number, (curve, look) in enumerate(zip(curves, STEPS, strict=False), start=1):
            _band(axes, curve, look, label=f"step {number}")
    above.set(xlabel="epoch", ylabel="slope v")
    above.axhline(0, color=INK, linewidth=1)
    below.set(xlabel="difficulty q", ylabel="weight w(q)", ylim=(0, 1))
    figure.legend(*above.get_legend_handles_labels(), loc="outside upper center", **ACROSS)
    return figure


def _band(axes: Axes, curve: Curve, look: Look, *, label: str) -> None:
    shade, mark, style = look
    axes.plot(curve.at, curve.mean, color=shade, marker=mark, markersize=3, linestyle=style, linewidth=1.4, label=label)
    axes.fill_between(curve.at, curve.low, curve.high, color=shade, alpha=0.2, linewidth=0)
