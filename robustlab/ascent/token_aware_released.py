"""The token-aware ascent as its authors released it, beside ours, to tell what the differences do."""

from __future__ import annotations

import torch
from torch import Tensor

from robustlab.ascent.directions import token_l2, unit_l2
from robustlab.ascent.token_aware import TokenAware, TokenTable
from robustlab.gather import gathered
from robustlab.landscape.base import Landscape
from robustlab.randomness import Randomness
from robustlab.typing import Climb, Offset


class AccumulatingTable(TokenTable):
    """Rows that grow: what a word's occurrences end with is added to its row, and not put in its place.

    Source: Li & Qiu (TA-VAT, 2021), released code.
    """

    def look_up(self, landscape: Landscape) -> Offset:
        """The rows of a batch's words, divided by the norm of all of them together."""
        found = super().look_up(landscape)
        whole = gathered(found.square().sum((1, 2))).sum().sqrt()
        return found / whole.clamp_min(torch.finfo(found.dtype).tiny)

    def _write(self, ids: Tensor, values: Tensor) -> None:
        self.rows.index_add_(0, ids, values)


class ReleasedTokenAware(TokenAware):
    """`TokenAware` with a table that accumulates, a start that the batch shares out, and k - 1 steps for k points.

    One norm for the whole batch makes an example's start depend on what stands beside it: the more words, the less of
    it is left for each.

    Args:
        steps: k.
        step_size: α.
        radius: ε, of either offset over the example.
        magnitude: Of δ's random start and of the table's fresh rows.

    Shapes: offsets and gradients [b l d].

    Raises: ValueError: If `steps` is below 1, or `step_size`, `radius` or `magnitude` is not positive.

    Source: Li & Qiu (TA-VAT, 2021), released code.
    Departs: norms are guarded by the smallest number there is and not by 1e-8, as everywhere here.
    """

    remembers = False  # the table is written with the offsets of the last point, after which nothing moves

    def __init__(self, *, steps: int, step_size: float, radius: float, magnitude: float):
        super().__init__(steps=steps, step_size=step_size, radius=radius, magnitude=magnitude)
        self.table = AccumulatingTable(magnitude)

    def climb(self, landscape: Landscape, *, generator: Randomness = None) -> Climb:
        """Yield δ + η where a gradient is wanted; at the last point, remember η as it is there."""
        whole, tokens = self.start(landscape, generator=generator), self.table.look_up(landscape)
        for t in range(self.steps):
            if t == self.steps - 1:
                assert landscape.ids is not None  # or the table would have said so
                self.table.remember(landscape.ids, tokens, landscape.mask)
            gradient = (yield whole + tokens) * landscape.mask
            whole = self.project(whole + self.step_size * unit_l2(gradient), landscape)
            tokens = self.project(self._scaled(tokens + self.step_size * token_l2(gradient)), landscape)
        return whole + tokens
