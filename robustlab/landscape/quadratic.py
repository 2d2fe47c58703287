"""A landscape with closed forms: what every ascent, objective and decomposition is tested against."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from robustlab.landscape.base import Landscape, Reading
from robustlab.typing import Offset, PerExample


class QuadraticLandscape:
    """L(r) = c + gᵀr + ½ rᵀHr for each example: gradient, Hessian and any path of raw steps are known exactly.

    Args:
        gradient: g, at the origin.
        hessian: H, symmetric.
        constant: c, the clean loss; 0 where not given.

    Shapes:
        gradient [b d], hessian [b d d], constant [b]; offsets are [b 1 d], as for one token.

    Raises:
        ValueError: If the shapes do not fit each other, or the Hessian is not symmetric.
    """

    def __init__(
        self,
        gradient: Float[Tensor, "b d"],
        hessian: Float[Tensor, "b d d"],
        constant: Float[Tensor, "b"] | None = None,
    ):
        b, d = gradient.shape
        if hessian.shape != (b, d, d):
            raise ValueError(f"hessian must have shape {(b, d, d)} to fit the gradient, got {tuple(hessian.shape)}")
        if not torch.allclose(hessian, hessian.mT):
            raise ValueError("hessian must be symmetric; pass (H + H.mT) / 2")
        self.gradient, self.hessian = gradient, hessian
        self.constant = gradient.new_zeros(b) if constant is None else constant
        self.shape = (b, 1, d)
        self.mask = gradient.new_ones(b, 1, 1)
        self.base = gradient.new_zeros(self.shape)
        self.ids = None
        self.units = None
        self.companions: Mapping[str, Landscape] = {}

    def loss(self, offset: Offset | None = None) -> PerExample:
        """The loss at an offset."""
        r = torch.zeros_like(self.gradient) if offset is None else offset.squeeze(1)
        curvature = torch.einsum("bi,bij,bj->b", r, self.hessian, r)
        return self.constant + torch.einsum("bi,bi->b", self.gradient, r) + curvature / 2

    def end(self, steps: int, step_size: float) -> Offset:
        """Where k raw steps from the origin end: ((I + αH)^k - I) H⁻¹ g.

        Summed as Σ_{t<k} (I + αH)^t αg, so that H may be singular.
        """
        r = torch.zeros_like(self.gradient)
        move = torch.eye(r.shape[1], dtype=r.dtype, device=r.device) + step_size * self.hessian
        power = step_size * self.gradient
        for _ in range(steps):
            r, power = r + power, torch.einsum("bij,bj->bi", move, power)
        return r[:, None]

    def read(self, offset: Offset | None = None) -> Reading:
        """Not available: a quadratic has a loss and nothing behind it."""
        raise NotImplementedError("a quadratic landscape has a loss only; use loss(offset)")

    def clean(self) -> Reading:
        """Not available, see `read`."""
        return self.read()

    def logits(self, offset: Offset | None = None) -> Tensor:
        """Not available, see `read`."""
        return self.read(offset).logits

    def with_model(self, model: torch.nn.Module) -> Landscape:
        """Not available: there is no model."""
        raise NotImplementedError("a quadratic landscape has no model to replace")

    def redrawn(self) -> Landscape:
        """Itself: nothing is random here."""
        return self
