"""What happens to the units that are moved: each move says where a unit would go if it went all the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from robustlab.ascent import directions, goals, starts
from robustlab.ascent.checks import positive
from robustlab.ascent.detectors import companion_of
from robustlab.ascent.similarity import ALIKE, directions_from
from robustlab.ascent.units import Units, exact, others_mean, states_of, units_of
from robustlab.landscape.base import Landscape, per_site
from robustlab.randomness import Randomness
from robustlab.typing import Climb, Offset, PerExample, UnitStates


@runtime_checkable
class Move(Protocol):
    """Gives every position of every unit the displacement of the full move; `Negative` scales it and picks the units.

    Source: Song (SCN, 2026), Eq. 3, whose operator A is not defined further.
    """

    def field(self, landscape: Landscape, units: Units) -> Offset: ...


@dataclass(frozen=True)
class Swap:
    """Conflict: each unit goes where its match is, the unit most like it in the batch that does not say the same.

    The match stays: an exchange inside one document would leave the set of its sentences as it was. All positions of a
    unit are shifted alike, so that its mean becomes the match's.

    Args:
        pool: Where matches come from. With "batch" the negative of an example depends on its neighbours.
        alike: Similarity from which on two units say the same.

    Shapes: result [b l d].
    Raises: ValueError: If the pool is neither of the two.
    Source: robustlab; the semantic conflicts of Song (SCN, 2026), Section 3.
    """

    pool: Literal["batch", "document"] = "batch"
    alike: float = ALIKE

    def __post_init__(self) -> None:
        if self.pool not in ("batch", "document"):
            raise ValueError(f'pool must be "batch" or "document", got {self.pool!r}')

    def field(self, landscape: Landscape, units: Units) -> Offset:
        """Where each unit's match is."""
        means = units.means(states_of(landscape))
        return units.spread(_to_nearest(means, units.real, across=self.pool == "batch", alike=self.alike))


@dataclass(frozen=True)
class Interpolate:
    """Ambiguity: each unit goes towards the unit of its own document that is most like it without saying the same.

    Args:
        alike: Similarity from which on two units say the same.

    Shapes: result [b l d].
    Source: robustlab; the concept ambiguity of Song (SCN, 2026), Section 4.
    """

    alike: float = ALIKE

    def field(self, landscape: Landscape, units: Units) -> Offset:
        """Where the nearest other unit is."""
        means = units.means(states_of(landscape))
        return units.spread(_to_nearest(means, units.real, across=False, alike=self.alike))


@dataclass(frozen=True)
class ReplaceByMean:
    """Break: each unit goes to the mean of the other units of its document, and says nothing of its own.

    Shapes: result [b l d].
    Source: robustlab; the logical breaks of Song (SCN, 2026), Section 3.
    """

    def field(self, landscape: Landscape, units: Units) -> Offset:
        """Where the mean of the others is; nowhere for a unit alone."""
        means = units.means(states_of(landscape))
        target = torch.where(units.number[:, None, None] > 1, others_mean(means, units.real), means)
        return units.spread(target - means)


@dataclass(frozen=True)
class Toward:
    """Each position goes where the same position of a companion is, such as a counterfactual with another answer.

    Args:
        companion: Name of the companion. Its documents have the same units of the same lengths; padding may differ.

    Shapes: result [b l d].
    Raises: ValueError: If there is no such companion, or its units are laid out in another way.
    Source: robustlab.
    """

    companion: str

    def field(self, landscape: Landscape, units: Units) -> Offset:
        """The difference of the states."""
        other = companion_of(landscape, self.companion)
        theirs, target = units_of(other).index, states_of(other)
        room = units.index.shape[1] - theirs.shape[1]
        theirs, target = F.pad(theirs, (0, room), value=-1), F.pad(target, (0, 0, 0, room))
        cut = room < 0 and bool(units_of(other).index[:, room:].ge(0).any())
        if cut or not torch.equal(theirs, units.index):
            raise ValueError(
                f"companion {self.companion!r} does not lie on its documents position by position: expected units of "
                "the same lengths; use counterfactuals that keep the number of tokens, or a model with one state a unit"
            )
        return (target.to(units.members) - states_of(landscape)) * units.inside


@dataclass(frozen=True, kw_only=True)
class Ascend:
    """Adversarial: k gradient steps on the chosen units, inside the radius, and then out to it.

    Args:
        steps: k.
        step_size: α, relative to ‖h‖_F as the radius is.
        direction: Turns the gradient into a step of unit size.
        goal: What is climbed.
        start: Chooses r_0.

    Shapes: offsets and gradients [b l d].
    Raises: ValueError: If `steps` is below 1, `step_size` is not positive, or a divergence would be climbed from its
        bottom.
    Source: robustlab; projected gradient ascent, Madry et al. (2018), on the units of Song (SCN, 2026), Eq. 3.
    """

    steps: int
    step_size: float
    direction: directions.Direction = field(default=directions.unit_l2)
    goal: goals.Goal = field(default=goals.cross_entropy)
    start: starts.Start = field(default=starts.zero)

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps must be at least 1, got {self.steps}; other moves take none")
        positive("step_size", self.step_size)
        if goals.flat_at_zero(self.goal) and self.start is starts.zero:
            raise ValueError(
                f"goal {self.goal.__name__} needs a start away from 0, where its gradient vanishes, got start zero: "
                "pass a small random one, such as start=starts.normal(1e-3)"
            )

    def climb(
        self,
        landscape: Landscape,
        *,
        free: Float[Tensor, "b l 1"],
        norm: PerExample,
        radius: PerExample,
        generator: Randomness = None,
    ) -> Climb:
        """Yield each offset where a gradient is wanted, receive it, and return the last offset, on the sphere.

        Args:
            landscape: The batch.
            free: 1 where a chosen unit is.
            norm: ‖h‖_F.
            radius: κ‖h‖_F; where no gradient arrived the offset stays 0.
            generator: For the start.
        """
        step = per_site(self.step_size * norm, free)
        offset = _within(self.start(landscape, generator=generator) * free, radius)
        for _ in range(self.steps):
            gradient = yield offset
            offset = _within(offset + step * self.direction(gradient * free) * free, radius)
        return scaled_to(offset, radius)


def scaled_to(offset: Offset, radius: PerExample) -> Offset:
    """The offset at the radius; 0 stays 0.

    Source: robustlab.
    """
    norm = offset.flatten(1).norm(dim=1).clamp_min(torch.finfo(offset.dtype).tiny)
    return offset * per_site(radius / norm, offset)


def _within(offset: Offset, radius: PerExample) -> Offset:
    norm = offset.flatten(1).norm(dim=1).clamp_min(torch.finfo(offset.dtype).tiny)
    return offset * per_site((radius / norm).clamp_max(1), offset)


def _to_nearest(means: UnitStates, real: Bool[Tensor, "b u"], *, across: bool, alike: float) -> UnitStates:
    """u_j - u_i with u_j the most similar unit that does not say the same; 0 where there is none."""
    b, size, width = means.shape
    pool = means.reshape(1, b * size, width) if across else means
    there = real.reshape(1, b * size) if across else real
    centre = (pool * there[..., None]).sum(1, keepdim=True) / there.sum(1).clamp_min(1)[:, None, None]
    with exact(means):
        similar = directions_from(centre, means) @ directions_from(centre, pool).mT
    allowed = there[:, None, :] & real[:, :, None] & (similar < alike)  # a unit's similarity with itself is 1
    best = similar.masked_fill(~allowed, -math.inf).max(2)
    target = pool.expand(b, -1, -1).gather(1, best.indices[..., None].expand(-1, -1, width))
    return torch.where(allowed.any(2, keepdim=True), target - means, torch.zeros_like(means))
