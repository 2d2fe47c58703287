"""What robustness costs: methods on one axis of cost, as counted, as public code spends it, as timed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from robustlab.evaluation.statistics import Estimate
from robustlab.figures.style import INK, colour, marker

ROW, FRAME = 0.21, 1.1  # inches a method, and inches around them all


def _by_method(names: Sequence[str]) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(5.6, ROW * len(names) + FRAME))
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(len(names) - 0.4, -0.6)  # the first on top
    axes.grid(visible=False, axis="y")
    return figure, axes


def _legend(axes: Axes, entries: Mapping[str, str]) -> None:
    # Above the axes: rows of methods leave no corner free.
    handles = [Line2D([], [], color=INK, linestyle="none", marker=sign) for sign in entries.values()]
    axes.legend(handles, entries, loc="lower center", bbox_to_anchor=(0.4, 1), ncols=2, fontsize="small")


def draw_units(counted: Mapping[str, float], public: Mapping[str, float], *, standard: float = 3.0) -> Figure:
    """The cost of a step relative to standard training, one line a method; a cross where public code spends.

    Args:
        counted: Method -> units of our step, in the order of the lines.
        public: Method -> units of the public loop, for those where it is known.
        standard: Units of a step of standard training.
    """
    figure, axes = _by_method(tuple(counted))
    for line, (name, units) in enumerate(counted.items()):
        axes.plot([0, units / standard], [line, line], color=colour(name), linewidth=1, alpha=0.5)
        axes.plot(units / standard, line, color=colour(name), marker="o", markersize=5)
        if name in public:
            axes.plot(public[name] / standard, line, color=INK, marker="x", markersize=7)
    axes.set(xlabel="FLOPs of a step / FLOPs of a standard step", xlim=(0, None))
    _legend(axes, {"robustlab, counted": "o", "public code, read": "x"})
    return figure


def draw_times(times: Mapping[str, Estimate], units: Mapping[str, float], *, standard: float = 3.0) -> Figure:
    """Time relative to standard training with the range of its rounds, beside what the FLOPs predict.

    Args:
        times: Method -> ratio to the time of a standard step, in the order of the lines.
        units: Method -> counted units.
        standard: Units of a step of standard training.

    Raises: ValueError: If a timed method was not counted.
    """
    missing = [name for name in times if name not in units]
    if missing:
        raise ValueError(f"expected counted units for every timed method, got none for {', '.join(missing)}")
    figure, axes = _by_method(tuple(times))
    for line, (name, (value, low, high)) in enumerate(times.items()):
        look = name.removeprefix("wasteful ")
        axes.plot(units[name] / standard, line, color=INK, marker="|", markersize=13, markeredgewidth=2)
        axes.errorbar(
            value,
            line,
            xerr=[[value - low], [high - value]],
            color=colour(look),
            marker=marker(look),
            markerfacecolor=colour(look) if look == name else "none",
            markersize=5,
            capsize=2,
        )
    axes.set(xlabel="time of a step / time of a standard step", xlim=(0, None))
    _legend(axes, {"timed": "o", "predicted from FLOPs": "|"})
    return figure


def draw_ratios(reported: Mapping[str, Mapping[str, float]], predicted: Mapping[str, Sequence[float]]) -> Figure:
    """Reported ratios of "+Ours" to what it extends, and what two ways to climb would give.

    Args:
        reported: Data set -> base method -> ratio.
        predicted: Label of a way to climb -> ratio for each base method, in the same order.
    """
    figure, axes = plt.subplots(figsize=(5.6, 2.9))
    bases = list(dict.fromkeys(base for ratios in reported.values() for base in ratios))
    for (name, ratios), style in zip(predicted.items(), ("-", ":"), strict=True):
        for place, ratio in enumerate(ratios):
            label = name if place == 0 else None
            axes.plot([place - 0.35, place + 0.35], [ratio] * 2, color=INK, linestyle=style, linewidth=2, label=label)
    for (name, ratios), sign, shift in zip(reported.items(), ("o", "D"), (-0.12, 0.12), strict=True):
        for place, base in enumerate(bases):
            label = f"reported, {name}" if place == 0 else None
            axes.plot(
                place + shift,
                ratios[base],
                color=colour(f"adaptive-{base}"),
                marker=sign,
                linestyle="none",
                label=label,
            )
    axes.set_xticks(range(len(bases)), [f"{base}\n+Ours" for base in bases])
    axes.set(ylabel='time of "+Ours" / its base', xlim=(-0.6, len(bases) - 0.4), ylim=(0.8, None))
    axes.grid(visible=False, axis="x")
    legend = axes.legend(loc="upper left", fontsize="small")
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set(color=INK)
    return figure
