"""A landscape cut by the plane of two offsets, which is a landscape again."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robustlab.landscape import Landscape, Reading


class Plane:
    """The landscape in the plane that two offsets span: (a, b) ↦ L(x + a·u + b·v).

    The two coordinates count as two tokens of width one, so that the rules which treat tokens apart have tokens.

    Args:
        landscape: The landscape that is cut.
        axes: u and v. Lengths along them are true where they are orthonormal.

    Shapes: axes [2 *site]; offsets of the plane [b 2 1].

    Raises: ValueError: If the axes do not fit the landscape.
    """

    def __init__(self, landscape: Landscape, axes: Tensor):
        if axes.shape != (2, *landscape.shape[1:]):
            raise ValueError(f"axes must have shape {(2, *landscape.shape[1:])}, got {tuple(axes.shape)}")
        self.landscape, self.axes = landscape, axes
        self.shape = (landscape.shape[0], 2, 1)
        self.mask = landscape.mask.new_ones(self.shape[0], 1, 1)
        self.base = landscape.mask.new_zeros(self.shape)
        self.ids = self.units = None
        self.companions: Mapping[str, Landscape] = {}

    def _lift(self, offset: Tensor | None) -> Tensor | None:
        return None if offset is None else torch.einsum("bp,p...->b...", offset.squeeze(2), self.axes)

    def read(self, offset: Tensor | None = None) -> Reading:
        """One forward of the landscape at a point of the plane."""
        return self.landscape.read(self._lift(offset))

    def clean(self) -> Reading:
        """The landscape's clean reading."""
        return self.landscape.clean()

    def loss(self, offset: Tensor | None = None) -> Tensor:
        """The loss at a point of the plane."""
        return self.landscape.loss(self._lift(offset))

    def logits(self, offset: Tensor | None = None) -> Tensor:
        """Logits at a point of the plane."""
        return self.landscape.logits(self._lift(offset))

    def with_model(self, model: torch.nn.Module) -> Plane:
        """The same plane under another model."""
        return Plane(self.landscape.with_model(model), self.axes)

    def redrawn(self) -> Plane:
        """The same plane with other dropout masks."""
        return Plane(self.landscape.redrawn(), self.axes)


def swap_axes(landscape: Landscape, embedding: Tensor, swaps: Mapping[int, int]) -> tuple[Tensor, Tensor]:
    """Two axes that each lead from a sentence's word to another word at the same place, and how far away that word is.

    Args:
        landscape: Copies of one sentence at its word embeddings.
        embedding: The embedding matrix.
        swaps: Token position -> token id of the other word; two of them.

    Shapes: embedding [v d]; result: unit axes [2 l d], distances [2].

    Raises: ValueError: If there are not two swaps.
    """
    if len(swaps) != 2:
        raise ValueError(f"a plane has two axes, so swaps must name 2 positions, got {len(swaps)}")
    axes = landscape.base.new_zeros(2, *landscape.shape[1:])
    for axis, (position, word) in zip(axes, swaps.items(), strict=True):
        axis[position] = embedding[word].detach() - landscape.base[0, position]
    lengths = axes.flatten(1).norm(dim=1)
    return axes / lengths[:, None, None], lengths
