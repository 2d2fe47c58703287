"""The loss as a function of an offset, and a path across it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from robustlab.typing import Hidden, Ids, Logits, Offset, PerExample, Pooled, Steps, StepsByExample


class Reading(NamedTuple):
    """One forward pass, read once.

    Attributes:
        logits: One row an example.
        loss: In nats; None without labels.
        hidden: The last states of the base model.
        pooled: Their mean over the tokens of an example.
        site: What left the site, the offset included; None where no offset was given and the site not touched.
    """

    logits: Logits
    loss: PerExample | None
    hidden: Hidden
    pooled: Pooled
    site: Offset | None = None


@runtime_checkable
class Landscape(Protocol):
    """One batch, fixed: the map r ↦ L(θ, site + r, y), for one site of one model.

    Attributes:
        shape: Shape of an offset, batch first.
        mask: Broadcasts to `shape`; 0 where nothing may move.
        base: Clean output of the site, detached.
        ids: Token ids, where the site has them.
        units: Sentence index of each token or -1, where the batch has them.
        companions: Other landscapes of the same examples, by name.
    """

    shape: tuple[int, ...]
    mask: Tensor
    companions: Mapping[str, Landscape]

    @property
    def base(self) -> Tensor: ...
    @property
    def ids(self) -> Ids | None: ...
    @property
    def units(self) -> Ids | None: ...
    def read(self, offset: Offset | None = None) -> Reading: ...
    def clean(self) -> Reading: ...
    def loss(self, offset: Offset | None = None) -> PerExample: ...
    def logits(self, offset: Offset | None = None) -> Logits: ...
    def with_model(self, model: torch.nn.Module) -> Landscape: ...
    def redrawn(self) -> Landscape: ...


class Path(NamedTuple):
    """What an ascent leaves behind: r_t = start + δ_1 + … + δ_t, summed in this order without rounding slack.

    Attributes:
        start: r_0.
        steps: δ_t = r_t - r_{t-1} after projection, one a row.
        gains: First-order gain ⟨δ_t, ∇L(x + r_{t-1})⟩ of each step, in nats; None where no gradient was taken.
    """

    start: Offset
    steps: Steps
    gains: StepsByExample | None

    @property
    def end(self) -> Offset:
        """r_k, the last point."""
        return self.at(self.steps.new_ones(len(self.steps)))

    def at(self, coefficients: Float[Tensor, "k"] | Float[Tensor, "k b"]) -> Offset:
        """The point r_0 + Σ_i c_i δ_i, with one coefficient a step, or one a step and example."""
        point = self.start
        for coefficient, step in zip(coefficients, self.steps, strict=True):
            # In order, one addition a step: coefficients of one then give r_k to the last bit.
            point = point + per_site(coefficient, step) * step
        return point


def per_site(value: Tensor, like: Tensor) -> Tensor:
    """Give a scalar or a per-example tensor the trailing dimensions that make it broadcast over a site's offsets."""
    return value.reshape(value.shape + (1,) * (like.dim() - value.dim())) if value.dim() else value
