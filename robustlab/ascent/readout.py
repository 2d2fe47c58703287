"""Negatives one can look at: the real sentence that a moved unit is nearest to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from robustlab.ascent.similarity import directions_from
from robustlab.ascent.units import exact, states_of, units_of
from robustlab.landscape.base import Landscape
from robustlab.typing import Offset, UnitScores


class Bank(NamedTuple):
    """The units of many documents.

    Attributes:
        means: u, one a row.
        origin: Which batch, which example of it and which of its units a row is.

    Source: robustlab.
    """

    means: Float[Tensor, "n d"]
    origin: Int[Tensor, "n 3"]


class Nearest(NamedTuple):
    """For each unit, where it was moved and what it has become.

    Attributes:
        moved: Whether the unit was moved; the rest means something only there.
        row: Row of the bank that is most similar.
        cosine: Similarity to that row: the cosine about the bank's mean.
        stayed: Similarity to the unit as it was.

    Source: robustlab.
    """

    moved: Bool[Tensor, "b u"]
    row: Int[Tensor, "b u"]
    cosine: UnitScores
    stayed: UnitScores


def bank_of(landscapes: Iterable[Landscape]) -> Bank:
    """Collect the units of clean documents.

    Raises: ValueError: If there is none.
    Source: robustlab.
    """
    means, origin = list[Tensor](), list[Tensor]()
    for batch, landscape in enumerate(landscapes):
        units = units_of(landscape)
        where = units.real.nonzero()
        means.append(units.means(states_of(landscape))[units.real])
        origin.append(torch.cat([torch.full_like(where[:, :1], batch), where], 1))
    if not means or not sum(map(len, means)):
        raise ValueError("expected at least one unit for the bank, got none")
    return Bank(torch.cat(means), torch.cat(origin))


def nearest_real_sentence(landscape: Landscape, negative: Offset, bank: Bank) -> Nearest:
    """What each moved unit reads like: the unit of the bank that is most similar to it.

    Similarity is the cosine about the bank's mean, as moves measure it.

    Args:
        landscape: The batch.
        negative: Offset of its negatives.
        bank: Units to choose from; leave out the documents themselves to see what is new.

    Shapes: negative [b l d].
    Source: robustlab; the "interpretable semantic structure" that Song (SCN, 2026), Eq. 5, asks of negatives.
    """
    units, states = units_of(landscape), states_of(landscape)
    before, after = units.means(states), units.means(states + negative)
    moved = units.sums(negative.square().sum(-1, keepdim=True)).squeeze(-1) > 0
    with exact(after):
        real = bank.means.to(after)
        centre = real.mean(0, keepdim=True)
        now, was = directions_from(centre, after), directions_from(centre, before)
        best = (now @ directions_from(centre, real).T).max(2)
    return Nearest(moved, best.indices, best.values, (now * was).sum(-1))
