"""Defences beyond the embeddings, drawn: attention masks, clouds of features, transport plans, shares of adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from robustlab.figures.style import INK, PAIR, colour

WRITTEN, ATTACKED = colour("pgd"), colour("adaptive-pgd")
LABELS = ("o", "^")  # a marker a label


class Clouds(NamedTuple):
    """Features of texts as written and as attacked, in pairs, with the label of each pair.

    Shapes: written and attacked [n d], labels [n].
    """

    written: Float[Tensor, "n d"]
    attacked: Float[Tensor, "n d"]
    labels: Tensor


def principal(clouds: Clouds) -> tuple[Float[Tensor, "n 2"], Float[Tensor, "n 2"], float]:
    """Both clouds on the two axes of their largest common variance, and the share of the variance that they have.

    An axis points where the coordinate of largest size is positive, so that a picture is not mirrored by chance.
    """
    points = torch.cat([clouds.written, clouds.attacked]).detach().double()
    points = points - points.mean(0)
    _, sizes, axes = torch.linalg.svd(points, full_matrices=False)
    flat = points @ axes[:2].T
    flat = flat * flat.gather(0, flat.abs().argmax(0, keepdim=True)).sign()
    share = float(sizes[:2].square().sum() / sizes.square().sum())
    return flat[: len(clouds.written)], flat[len(clouds.written) :], share


def draw_masks(tokens: Sequence[str], panels: Mapping[str, Sequence[Bool[Tensor, "l l"]]]) -> Figure:
    """Which query misses which key: a column a kind of mask, a row a layer; what is masked is filled.

    Args:
        tokens: Of one sentence.
        panels: Title -> masks, one a layer.
    """
    layers = len(next(iter(panels.values())))
    figure, grid = plt.subplots(
        layers, len(panels), figsize=(5.6, 0.7 + 2.6 * layers), squeeze=False, sharex=True, sharey=True
    )
    shades = ListedColormap(["none", WRITTEN])
    for column, (title, masks) in enumerate(panels.items()):
        grid[0, column].set_title(title)
        for row, mask in enumerate(masks):
            axes = grid[row, column]
            edges = [place - 0.5 for place in range(len(tokens) + 1)]
            look = {"cmap": shades, "vmin": 0, "vmax": 1, "edgecolors": INK, "linewidth": 0.2}
            axes.pcolormesh(edges, edges, mask.double().numpy(), **look)
            axes.grid(visible=False)
            axes.set_aspect("equal")
    for row in range(layers):
        grid[row, 0].set_yticks(range(len(tokens)), tokens)
        grid[row, 0].set_ylabel(f"query, layer {row + 1}")
        grid[row, 0].set_ylim(len(tokens) - 0.5, -0.5)
    for axes in grid[-1]:
        axes.set_xticks(range(len(tokens)), tokens, rotation=90)
        axes.set_xlabel("key")
    return figure


def draw_clouds(panels: Mapping[str, Clouds], *, names: tuple[str, str]) -> Figure:
    """Written and attacked texts on the two largest axes of each panel, a thin line from one to the other.

    Args:
        panels: Title -> clouds.
        names: Of the labels 0 and 1.
    """
    figure, row = plt.subplots(1, len(panels), figsize=PAIR, squeeze=False)
    for axes, (title, clouds) in zip(row[0], panels.items(), strict=True):
        written, attacked, share = principal(clouds)
        for start, end in zip(written, attacked, strict=True):
            axes.plot(*torch.stack([start, end]).T, color=INK, linewidth=0.5, alpha=0.35)
        for label, mark in enumerate(LABELS):
            mine = clouds.labels == label
            axes.plot(*written[mine].T, mark, color=WRITTEN, markersize=4, markerfacecolor="none")
            axes.plot(*attacked[mine].T, mark, color=ATTACKED, markersize=4)
        axes.set(title=title, xlabel=f"two axes, {share:.0%} of the variance")
        axes.set_xticks([])
        axes.set_yticks([])
    for name, mark in zip(names, LABELS, strict=True):
        row[0][0].plot([], [], mark, color=INK, markersize=4, label=name)
    for name, shade, face in (("written", WRITTEN, "none"), ("attacked", ATTACKED, ATTACKED)):
        row[0][0].plot([], [], "s", color=shade, markerfacecolor=face, markersize=4, label=name)
    figure.legend(loc="outside upper center", ncols=4, handletextpad=0.2, columnspacing=1)
    return figure


def draw_plans(
    one: Float[Tensor, "n 2"], other: Float[Tensor, "m 2"], plans: Mapping[str, Float[Tensor, "n m"]]
) -> Figure:
    """What goes where between two clouds in the plane: a line a pair, the darker the more of the mass it carries.

    Args:
        one: From here.
        other: To here.
        plans: Title -> mass from each point to each.
    """
    figure, row = plt.subplots(1, len(plans), figsize=PAIR, squeeze=False, sharex=True, sharey=True)
    for axes, (title, plan) in zip(row[0], plans.items(), strict=True):
        _lines(axes, one, other, plan / plan.max())
        axes.plot(*one.T, "o", color=WRITTEN)
        axes.plot(*other.T, "s", color=ATTACKED)
        axes.set(title=title, aspect="equal")
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def _lines(axes: Axes, one: Tensor, other: Tensor, strength: Tensor) -> None:
    for start, masses in zip(one, strength, strict=True):
        for end, mass in zip(other, masses, strict=True):
            if mass > 0.02:
                axes.plot(*torch.stack([start, end]).T, color=INK, alpha=float(mass), linewidth=1.2)


def draw_shares(shares: Mapping[str, Sequence[float]], *, of: str) -> Figure:
    """How many texts give an adapter at most so much of the mixture: one line for written and one for attacked texts.

    Args:
        shares: "written" and "attacked" -> the adapter's share for each text.
        of: What the adapter is called.
    """
    figure, axes = plt.subplots(figsize=(5.6, 3.2))
    looks = zip(shares.items(), (WRITTEN, ATTACKED), ("-", "--"), strict=True)
    for (name, values), shade, style in looks:
        axes.ecdf([100 * value for value in values], color=shade, linestyle=style, label=f"{name} texts")
    axes.set(xlabel=f"share of {of}, %", ylabel="texts with at most that", xlim=(0, 100), ylim=(0, 1.02))
    axes.legend()
    return figure
