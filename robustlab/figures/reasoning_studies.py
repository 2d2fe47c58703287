"""The studies of self-constructed negatives, drawn: metrics against a setting, layers, latent beside text gains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustlab.evaluation.reasoning.metrics import MEASURES
from robustlab.evaluation.statistics import Estimate
from robustlab.figures.reasoning import looks
from robustlab.figures.style import INK, colour, marker

WIDTH = 5.6
CONTROL = "standard"
PLACES = {CONTROL: CONTROL, "words": "pgd", "encoder.0": "freelb", "encoder": "self-negative"}
"""Where a model was perturbed -> whose look stands for it."""


class Varying(Protocol):
    """What differs between the runs: its label, the setting that a paper calls best, and how settings are written."""

    @property
    def label(self) -> str: ...
    @property
    def best(self) -> float: ...
    def written(self, setting: float) -> str: ...


class Curve(Protocol):
    """One metric of one method: setting -> seed -> value, means over seeds, and differences to a setting."""

    @property
    def method(self) -> str: ...
    @property
    def values(self) -> Mapping[float, Mapping[int, float]]: ...
    def mean(self, setting: float) -> float: ...
    def against(self, setting: float) -> Mapping[float, Estimate]: ...


class Reach(Protocol):
    """Adversarial Sensitivity by budget: what a search found, and what random offsets do."""

    @property
    def budgets(self) -> Sequence[float]: ...
    @property
    def found(self) -> Sequence[float]: ...
    @property
    def noise(self) -> Sequence[float]: ...


class Point(Protocol):
    """The gains of a setting of a method over standard training, by what is gained."""

    @property
    def method(self) -> str: ...
    def mean(self, what: str) -> float: ...


class Moved(Protocol):
    """A change of a text: its kind, the share of sentences that it makes or alters, and how far it moves the others."""

    @property
    def kind(self) -> str: ...
    @property
    def new(self) -> float: ...
    @property
    def kappa(self) -> float: ...


def draw_settings(
    panels: Mapping[str, Sequence[Curve]],
    varying: Varying,
    *,
    levels: Mapping[str, Mapping[int, float]] | None = None,
) -> Figure:
    """A panel a metric, a line a method: means over seeds, and a faint point for each seed.

    A bar is the 95 % interval of the difference to the same method at the setting that SCN calls the best, which is the
    dotted upright: where it does not reach the method's own level there, the two settings differ.

    Args:
        panels: Metric -> curves.
        varying: What differs.
        levels: Metric -> standard training by seed, where it does not depend on the setting: a dashed line across.
    """
    rows, columns = -(-len(panels) // 2), min(2, len(panels))
    figure, grid = plt.subplots(rows, columns, figsize=(WIDTH, 0.9 + 2.3 * rows), squeeze=False, sharex=True)
    settings = sorted({setting for found in panels.values() for one in found for setting in one.values})
    for axes, (measure, found) in zip(grid.flat, panels.items(), strict=False):
        for place, one in enumerate(found):
            _curve(axes, one, settings, varying, measure, 0.09 * (place - (len(found) - 1) / 2))
        across = (levels or {}).get(measure)
        if across:
            mean = MEASURES[measure].scale * sum(across.values()) / len(across)
            axes.axhline(mean, color=INK, linestyle="--", linewidth=1.2)
        if varying.best in settings:
            axes.axvline(settings.index(varying.best), color=INK, linestyle=":", linewidth=1.2, zorder=0)
        axes.set_title(_label(measure), fontsize=9.5)
        axes.set_xticks(range(len(settings)), [varying.written(setting) for setting in settings])
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    figure.supxlabel(varying.label, color=INK, fontsize=plt.rcParams["font.size"])
    methods = dict.fromkeys(one.method for found in panels.values() for one in found)
    for method in methods:
        look = {"marker": marker(method), "color": colour(method), "linestyle": _dashes(method), "markersize": 5}
        grid[0, 0].plot([], [], label=method, **look)
    if levels and CONTROL not in methods:
        grid[0, 0].plot([], [], color=INK, linestyle="--", linewidth=1.2, label=CONTROL)
    figure.legend(loc="outside upper center", ncols=3, fontsize=9.5)
    return figure


def _dashes(method: str) -> str:
    return "-" if method == CONTROL or not method.partition("-infonce")[1] else ":"  # two violets on one panel


def _curve(axes: Axes, one: Curve, settings: Sequence[float], varying: Varying, measure: str, beside: float) -> None:
    scale, shade, mark = MEASURES[measure].scale, colour(one.method), marker(one.method)
    apart = one.against(varying.best) if varying.best in one.values else {}
    for setting, by_seed in one.values.items():
        x = settings.index(setting) + beside
        faint = {"color": shade, "markersize": 3.5, "alpha": 0.4, "linestyle": "none"}
        axes.plot([x] * len(by_seed), [scale * value for value in by_seed.values()], "o", **faint)
        difference = apart.get(setting)
        if difference is not None and not math.isnan(difference.low):
            half = scale * (difference.high - difference.low) / 2
            axes.errorbar(x, scale * one.mean(setting), yerr=half, color=shade, elinewidth=0.9, capsize=2)
    at = [settings.index(setting) + beside for setting in one.values]
    means = [scale * one.mean(setting) for setting in one.values]
    axes.plot(at, means, marker=mark, color=shade, markersize=5, linewidth=1.3, linestyle=_dashes(one.method))


def draw_layers(found: Mapping[str, Mapping[str, Estimate]], *, zero: bool = False) -> Figure:
    """A group for each place that is attacked, a marker for each place that was perturbed in training.

    Args:
        found: Trained at -> measured at -> Adversarial Sensitivity, or its change.
        zero: Whether 0 has a line: for changes.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    there = list(dict.fromkeys(site for by_site in found.values() for site in by_site))
    for place, (name, by_site) in enumerate(found.items()):
        beside = 0.16 * (place - (len(found) - 1) / 2)
        look = {"color": colour(PLACES[name]), "marker": marker(PLACES[name]), "markersize": 6}
        for site, one in by_site.items():
            low, high = (one.value, one.value) if math.isnan(one.low) else (one.low, one.high)
            error = [[one.value - low], [high - one.value]]
            axes.errorbar(there.index(site) + beside, one.value, yerr=error, elinewidth=0.9, capsize=2, **look)
        axes.plot([], [], linestyle="none", label="standard" if name == CONTROL else f"at {name}", **look)
    if zero:
        axes.axhline(0, color=INK, linestyle="--", linewidth=1.2)
    axes.set_xticks(range(len(there)), [f"attacked at\n{site}" for site in there])
    axes.set_ylabel("change of the sensitivity" if zero else "Adversarial Sensitivity ↓")
    figure.legend(loc="outside upper center", ncols=4, fontsize=9.5, title="perturbed in training")
    return figure


def draw_reach(found: Mapping[str, Reach]) -> Figure:
    """Sensitivity against its budget: a line a site, and a thin one for random offsets of the same length.

    Args:
        found: Site -> what was found there.
    """
    figure, axes = plt.subplots()
    for site, one in found.items():
        shade, mark = colour(PLACES[site]), marker(PLACES[site])
        axes.plot(one.budgets, one.found, marker=mark, color=shade, markersize=5, label=f"at {site}")
        axes.plot(one.budgets, one.noise, marker=mark, color=shade, markersize=3, linewidth=0.8, linestyle="--")
    axes.plot([], [], color=INK, linewidth=0.8, linestyle="--", label="random offset")
    axes.set(xlabel="budget κ₀, relative to the states of the site", ylabel="TV to the clean output", ylim=(0, 1))
    figure.legend(loc="outside upper center", ncols=4, fontsize=9.5)
    return figure


def draw_gains(found: Sequence[Point], kinds: Sequence[str], *, latent: str = "latent", named: str = "") -> Figure:
    """Gain on text against the latent gain, both over standard training of the same seed: a panel a kind of change.

    Args:
        found: The settings, each a marker with the look of its method.
        kinds: Which gains of a point have a panel.
        latent: The gain along the axis.
        named: A method whose name stands at its marker.
    """
    rows, columns = -(-len(kinds) // 2), min(2, len(kinds))
    figure, grid = plt.subplots(
        rows, columns, figsize=(WIDTH, 1.4 + 2.2 * rows), squeeze=False, sharex=True, sharey=True
    )
    methods = looks(point.method for point in found)
    for axes, kind in zip(grid.flat, kinds, strict=False):
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.axvline(0, color=INK, linewidth=0.8)
        for point in found:
            shade, mark = methods[point.method]
            place = point.mean(latent), 100 * point.mean(kind)
            axes.plot(*place, marker=mark, color=shade, linestyle="none", markersize=6)
            if point.method == named:
                axes.annotate(named, place, (6, -3), textcoords="offset points", fontsize=9, color=shade)
        axes.set_title(kind, fontsize=10)
    for axes in grid.flat[len(kinds) :]:
        axes.set_axis_off()
    figure.supxlabel("fall of Adversarial Sensitivity", color=INK, fontsize=10.5)
    figure.supylabel("gain of Robust Accuracy, points", color=INK, fontsize=10.5)
    for method, (shade, mark) in methods.items():
        grid[0, 0].plot([], [], marker=mark, color=shade, linestyle="none", markersize=6, label=method)
    figure.legend(loc="outside upper center", ncols=3, fontsize=9)
    return figure


def draw_moved(found: Sequence[Moved], budget: float) -> Figure:
    """How far changes of a text move the states of the sentences that they leave as they were, beside a budget.

    Args:
        found: One a document and kind.
        budget: κ₀ of the latent attack: the dashed line.
    """
    figure, axes = plt.subplots(figsize=(WIDTH, 3.2))
    kinds, names = list(dict.fromkeys(one.kind for one in found)), []
    for height, kind in enumerate(kinds):
        mine = [one for one in found if one.kind == kind]
        spread = [height + 0.3 * (place / max(1, len(mine) - 1) - 0.5) for place in range(len(mine))]
        axes.plot([one.kappa for one in mine], spread, "o", color=colour("augmented"), markersize=4, alpha=0.7)
        names.append(f"{kind}\n{100 * sum(one.new for one in mine) / len(mine):.0f} % new")
    axes.axvline(budget, color=INK, linestyle="--", linewidth=1.2)
    axes.set_yticks(range(len(kinds)), names)
    axes.set(xlabel="κ of the sentences that stay", ylim=(len(kinds) - 0.4, -0.6), xlim=(0, None))
    axes.grid(visible=False, axis="y")
    return figure


def _label(measure: str) -> str:
    shown = MEASURES[measure]
    return f"{shown.label}{', %' if shown.scale == 100 else ''} {'↑' if shown.up else '↓'}"
