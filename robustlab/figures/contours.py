"""Filled contours that are small as vectors: each border once, and no more corners than one can see."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

BANDS = 10
SIDE = 1000.0  # of a panel, in the units of TOLERANCE
TOLERANCE = 1.5  # a quarter of a point in a panel of 160 points


def fill(axes: Axes, grid: np.ndarray, heights: np.ndarray) -> ScalarMappable:
    """Paint what lies above each level over what lies above the one below; returns what a colour bar shows.

    Bands side by side would store each border twice, and show a hairline where two simplified borders differ.

    Args:
        axes: Where to draw.
        grid: Coordinates, the same across and up, evenly spaced.
        heights: One row for each coordinate up.
    """
    bounds = MaxNLocator(BANDS).tick_values(heights.min(), heights.max())
    cmap = plt.get_cmap(lut=len(bounds) - 1)
    for low, shade in zip(bounds[:-1], cmap(range(cmap.N)), strict=True):
        drawn = axes.contourf(grid, grid, heights, levels=[low, bounds[-1]], colors=[shade])
        drawn.set_paths([simplified(path, side=float(grid[-1] - grid[0])) for path in drawn.get_paths()])
    return ScalarMappable(BoundaryNorm(bounds, cmap.N), cmap)


def simplified(path: Path, *, side: float) -> Path:
    """The same outline, to `TOLERANCE` thousandths of `side`, with fewer corners."""
    scale = SIDE / side
    larger = Path(path.vertices * scale, path.codes)
    larger.simplify_threshold = TOLERANCE
    fewer = larger.cleaned(simplify=True)
    kept = fewer.codes != Path.STOP
    return Path(fewer.vertices[kept] / scale, fewer.codes[kept])
