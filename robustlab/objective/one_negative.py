"""Equation 6 of the self-constructed negatives with one negative: as printed, and its two readings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

from torch import nn

from robustlab.ascent.checks import positive
from robustlab.ascent.divergences import Divergence, js, largest_word, mse
from robustlab.ascent.gradient import Ascent
from robustlab.ascent.projections import relative_norm
from robustlab.landscape.base import Landscape
from robustlab.objective import held
from robustlab.objective.base import Objective, Terms
from robustlab.objective.self_negative import clean_loss, named, not_negative
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness

Form = Literal["literal", "pull", "push"]
LARGEST: Mapping[Divergence, float] = {
    js: math.log(2),
    mse: 2.0,
}  # divergences that have a largest value


class OneNegative(nn.Module, Objective):
    """The clean loss, and one negative h⁻ = h + δ at the end of the ascent, to agree with or to differ from.

        literal: L(h) + λ₁·D(p(h) ‖ p(h⁻)) + λ₂·‖h - h⁻‖_F
        pull:    L(h) + λ₁·D(p(h) ‖ p(h⁻))
        push:    L(h) + λ₁·[m - max_t D_t(sg p(h) ‖ p(h⁻))]₊

    The offset of an ascent is a constant, so that the last term of `literal` adds to the loss and not to any gradient:
    the two forms differ only where the ascent is a network. `push` is the one that makes a boundary; its hinge is what
    keeps it from growing for ever. D is a mean over an answer's words except in `push`, which asks that the answer be
    another one: it is as soon as one of its words is.

    Args:
        form: Which of the three; Eq. 6 says the first, the text around it the third.
        divergence: D.
        weight: λ₁.
        semantic_weight: λ₂, for `literal` alone; 0 elsewhere.
        distance: m, in nats, for `push`; half of log 2 where not given.

    Shapes: terms [], nats.

    Raises: ValueError: If the form is unknown, a weight is negative or belongs to another form, or m is not positive or
        is more than D can be.

    Source: Song (SCN, 2026), Eqs. 4-6.
    Departs: the paper leaves d, λ₁, λ₂ and the sign open, and does not say what a gradient goes through.
    """

    def __init__(
        self,
        *,
        form: Form,
        divergence: Divergence,
        weight: float,
        semantic_weight: float = 0.0,
        distance: float | None = None,
    ):
        super().__init__()
        if form not in get_args(Form):
            raise ValueError(f"form must be one of {', '.join(get_args(Form))}, got {form!r}")
        not_negative("weight", weight)
        not_negative("semantic_weight", semantic_weight)
        if semantic_weight and form != "literal":
            raise ValueError(f'semantic_weight belongs to the form "literal", got {semantic_weight} for {form!r}')
        if distance is not None and form != "push":
            raise ValueError(f'distance belongs to the form "push", got {distance} for {form!r}')
        self.distance = math.log(2) / 2 if distance is None else distance
        positive("distance", self.distance)
        if self.distance > LARGEST.get(divergence, math.inf):
            raise ValueError(
                f"distance must be at most {LARGEST[divergence]:.3f}, which is all that the divergence can be, "
                f"got {self.distance}"
            )
        self.form, self.divergence, self.weight, self.semantic_weight = form, divergence, weight, semantic_weight

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term, through both outputs."""
        trace = Trace()
        offset = held.climbed(ascent, landscape, trace, generator=generator) * landscape.mask
        clean = landscape.clean()
        loss, moved = clean_loss(clean, trace), landscape.logits(offset)
        held.observe(ascent, landscape, moved)
        if self.form == "push":
            apart = self.divergence(clean.logits.detach(), moved, over=largest_word)
            loss = loss + self.weight * (self.distance - apart).clamp_min(0).mean()
        else:
            apart = self.divergence(clean.logits, moved)
            loss = loss + self.weight * apart.mean()
        if self.semantic_weight:
            loss = loss + self.semantic_weight * offset.flatten(1).norm(dim=1).mean()
        kappa = relative_norm(offset.detach(), landscape)
        trace.extra |= {"divergence": apart.detach().mean(), "kappa_negative": kappa.mean()}
        yield loss
        return trace

    def given(self) -> dict[str, Any]:
        """The form and what belongs to it."""
        further = {"literal": {"semantic_weight": self.semantic_weight}, "push": {"distance": self.distance}}
        given = {"form": self.form, "weight": self.weight, "divergence": named(self.divergence)}
        return given | further.get(self.form, {})

    def units(self, ascent: Ascent) -> float:
        """A whole pass at h and at h⁻, and the climb."""
        return 6 + held.passes(ascent)
