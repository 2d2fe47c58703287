"""Sentences that an encoder never learns from, and where they lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.contrastive.geometry import alignment, effective_rank, relative_alignment, uniformity
from robustlab.models.encoders import Encoder, represent

Pair = tuple[str, str]


class Geometry(NamedTuple):
    """Where the representations of held-out sentences lie on the unit sphere.

    Attributes:
        alignment: Mean squared distance of a sentence and its view; small where views are alike.
        relative_alignment: The same over the mean squared distance of two sentences, so that encoders can be compared;
            NaN where the encoder has collapsed and all sentences are one point.
        uniformity: Log of the mean Gaussian potential of all pairs of sentences; small where they are spread out.
        effective_rank: Exp of the entropy of the singular values: how many directions are used.

    Source: Wang & Isola (2020); Roy & Vetterli (2007).
    """

    alignment: float
    relative_alignment: float
    uniformity: float
    effective_rank: float


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Sentences that are looked at on the way, and never learned from.

    Attributes:
        pairs: A sentence and a view of it each.
        every: Steps between two looks.

    Raises: ValueError: If there are fewer than two pairs, or the steps are not positive.
    """

    pairs: Sequence[Pair]
    every: int = 50

    def __post_init__(self) -> None:
        positive("every", self.every)
        if len(self.pairs) < 2:
            raise ValueError(
                f"uniformity is about pairs of sentences: expected at least 2 held out, got {len(self.pairs)}"
            )


def geometry(encoder: Encoder, pairs: Sequence[Pair], *, max_length: int = 64) -> Geometry:
    """Look at an encoder's representations of sentences and their views.

    Args:
        encoder: With its tokenizer.
        pairs: A sentence and a view of it each.
        max_length: Longer sentences are cut to this many tokens.
    """
    one, other = (represent(encoder, side, max_length=max_length) for side in zip(*pairs, strict=True))
    near = alignment(one, other), _relative(one, other)
    return Geometry(*(float(value) for value in (*near, uniformity(one), effective_rank(one))))


def _relative(one: Tensor, other: Tensor) -> float:
    try:
        return float(relative_alignment(one, other))
    except ValueError:  # two sentences at least there are: it has collapsed, which is no reason to stop looking
        return math.nan
