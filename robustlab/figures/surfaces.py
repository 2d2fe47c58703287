"""Loss surfaces in two dimensions, and what each perturbation operator does on them.

Any landscape can be cut by a plane (`Plane`); the cut is a landscape again, so that the operators of `robustlab.ascent`
walk on it unchanged and nothing is drawn that they did not compute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from robustlab.ascent import Projection
from robustlab.figures import contours
from robustlab.figures.plane import Plane, swap_axes
from robustlab.figures.style import INK
from robustlab.landscape import Landscape, Path, QuadraticLandscape

__all__ = [
    "Plane",
    "draw_clouds",
    "draw_curves",
    "draw_paths",
    "draw_projections",
    "draw_tokens",
    "heights",
    "swap_axes",
]

ARROW = "#ed5000"
MARKERS = ("o", "s", "^", "D", "v")


def heights(landscape: Landscape, xs: Sequence[float], ys: Sequence[float]) -> np.ndarray:
    """The loss on a grid, one forward a row.

    Args:
        landscape: Two-dimensional, with one copy of the same example for each of `xs`.
        xs: First coordinates.
        ys: Second coordinates.

    Shapes: result [len(ys) len(xs)].

    Raises: ValueError: If the landscape has not two dimensions, or not as many examples as there are `xs`.
    """
    if landscape.shape[1] * landscape.shape[2] != 2 or landscape.shape[0] != len(xs):
        raise ValueError(f"expected a landscape of shape [{len(xs)} 2 1] or [{len(xs)} 1 2], got {landscape.shape}")
    rows = []
    for y in ys:
        points = torch.stack([landscape.mask.new_tensor(xs), landscape.mask.new_full((len(xs),), y)], dim=1)
        with torch.no_grad():
            rows.append(landscape.loss(points.reshape(landscape.shape)).cpu().numpy())
    return np.stack(rows)


def draw_paths(
    landscape: Landscape,
    paths: Mapping[str, Path],
    *,
    reach: tuple[float, float],
    words: Mapping[str, tuple[float, float]] | None = None,
    labels: tuple[str, str] = ("first coordinate", "second coordinate"),
) -> Figure:
    """One panel a path, arrow by arrow, on the contours of the loss.

    Args:
        landscape: As for `heights`; the paths are those of its first example.
        paths: Title -> path.
        reach: Lowest and highest coordinate of both axes.
        words: Name -> point of a sentence that lies in the plane.
        labels: Of the two axes.
    """
    grid = np.linspace(*reach, landscape.shape[0])
    loss = heights(landscape, grid.tolist(), grid.tolist())
    figure, panels = _panels(len(paths), reach)
    figure.set_figheight(1.15 * figure.get_figheight())  # the colour bar and the labels take some
    for axes, (title, path) in zip(panels, paths.items(), strict=True):
        filled = contours.fill(axes, grid, loss)
        _walk(axes, path)
        for x, y in (words or {}).values():
            axes.plot(x, y, "s", color="white", markeredgecolor="black", markersize=5)
        axes.set_title(title)
        axes.grid(visible=False)
    for name, place in (words or {}).items():  # the other panels show the same squares
        text = panels[0].annotate(name, place, (0, 5), textcoords="offset points", color="white", fontsize=9)
        text.set(ha="right", in_layout=False)
    figure.supxlabel(labels[0], color=INK, fontsize=10.5)
    figure.supylabel(labels[1], color=INK, fontsize=10.5)
    figure.colorbar(filled, ax=panels, label="loss (nats)", location="top", aspect=40)
    return figure


def _walk(axes: Axes, path: Path) -> None:
    stops = torch.cat([path.start[None], path.steps]).cumsum(0)[:, 0].reshape(-1, 2).cpu().numpy()
    for before, after in zip(stops[:-1], stops[1:], strict=True):
        arrow = {"arrowstyle": "-|>", "color": ARROW, "lw": 1.6, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9}
        axes.annotate("", after, before, arrowprops=arrow)
    axes.plot(*stops[0], "o", color="white", markeredgecolor="black", markersize=6)


def draw_clouds(clouds: Mapping[str, Tensor], *, reach: float) -> Figure:
    """One panel a set of two-dimensional offsets [n 2 1] or [n 1 2]; `reach` is the largest coordinate shown."""
    figure, panels = _panels(len(clouds), (-reach, reach))
    for axes, (title, cloud) in zip(panels, clouds.items(), strict=True):
        points = cloud.reshape(-1, 2).unique(dim=0).cpu().numpy()  # `zero` draws one point many times
        axes.plot(*points.T, ".", color=ARROW, markersize=5, markeredgewidth=0)
        axes.set_title(title)
    return figure


def draw_projections(regions: Mapping[str, Projection], *, points: Tensor, bases: Tensor, reach: float) -> Figure:
    """One panel a projection: where it lets an offset be, and where it takes offsets that are outside.

    The border is not drawn from a formula: it is where the projection takes points that are far away.

    Args:
        regions: Title -> projection.
        points: Offsets before the projection.
        bases: Clean outputs of the site; one border is drawn for each different one.
        reach: Largest coordinate that is shown.

    Shapes: points and bases [n 2 1] or [n 1 2].
    """
    figure, panels = _panels(len(regions), (-reach, reach))
    turn = torch.linspace(0, 2 * torch.pi, 721, dtype=points.dtype)[:, None]
    far = (1e3 * torch.cat([turn.cos(), turn.sin()], dim=1)).reshape(-1, *points.shape[1:])
    for axes, (title, project) in zip(panels, regions.items(), strict=True):
        for base in torch.unique(bases, dim=0):
            border = project(far, _site(base.expand_as(far))).reshape(-1, 2)
            axes.plot(*border.T.numpy(), color=INK)
        after = project(points, _site(bases)).reshape(-1, 2)
        for old, new in zip(points.reshape(-1, 2).tolist(), after.tolist(), strict=True):
            arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
            if old != new:
                axes.annotate("", new, old, arrowprops=arrow)
        axes.plot(*points.reshape(-1, 2).T.numpy(), "o", color=INK, fillstyle="none", label="before")
        axes.plot(*after.T.numpy(), "o", color=ARROW, markersize=5, label="after")
        axes.set_title(title)
    panels[0].legend(fontsize=8, loc="lower right", borderpad=0, handletextpad=0.2)
    return figure


def _site(base: Tensor) -> Landscape:
    flat = base.new_zeros(len(base), 2)
    landscape = QuadraticLandscape(flat, flat[:, :, None] * flat[:, None])
    landscape.base = base  # with the mask, all that a projection looks at
    return landscape


def _panels(count: int, reach: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    rows = -(-count // 2)  # two columns: three would be too small on a phone
    figure, panels = plt.subplots(rows, 2, figsize=(5.6, 2.6 * rows), sharex=True, sharey=True, squeeze=False)
    ticks = np.arange(np.ceil(reach[0]), reach[1] + 1e-9)
    for axes in panels.flat:
        axes.set(aspect="equal", xticks=ticks, yticks=ticks, xlim=reach, ylim=reach)
    for axes in panels.flat[count:]:
        axes.set_visible(False)
        panels[max(rows - 2, 0), 1].tick_params(labelbottom=True)
    return figure, list(panels.flat[:count])


def draw_tokens(tokens: Sequence[str], norms: Mapping[str, Tensor], *, unit: str) -> Figure:
    """A heat strip for each rule, one row a token: the length of each token's offset [l], measured in `unit`."""
    values = torch.stack(list(norms.values()), dim=1).cpu().numpy()
    figure, axes = plt.subplots(figsize=(5.0, 0.29 * len(tokens) + 0.9))
    image = axes.imshow(values, aspect="auto", vmin=0)
    for (row, column), value in np.ndenumerate(values):
        ink = "black" if value > 0.6 * values.max() else "white"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=9)
    axes.set_yticks(range(len(tokens)), tokens)
    axes.set_xticks(range(len(norms)), list(norms))
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, label=unit)
    return figure


def draw_curves(xs: Sequence[float], curves: Mapping[str, Sequence[float]], *, x: str, y: str) -> Figure:
    """Curves on logarithmic axes, each with a colour and a marker; `x` and `y` are the axes' labels."""
    figure, axes = plt.subplots()
    for (label, ys), marker in zip(curves.items(), MARKERS, strict=False):
        axes.plot(xs, ys, marker=marker, label=label)
    axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    axes.minorticks_off()
    axes.legend()
    return figure
