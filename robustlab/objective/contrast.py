"""Representations instead of outputs: near the kept meaning, far from the changed one and from other examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.ascent.projections import relative_norm
from robustlab.contrastive.losses import info_nce
from robustlab.gather import gathered
from robustlab.landscape.base import Landscape
from robustlab.objective import held
from robustlab.objective.base import Objective, Terms
from robustlab.objective.self_negative import clean_loss, not_negative
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness


class Contrast(nn.Module, Objective):
    """L(h) + λ·InfoNCE(z(h), z(h + δ⁺); z(h⁻) and the rest of the batch), with z the pooled last states.

    δ⁺ is the end of the method's ascent, A⁺, and h⁻ = h + δ⁻ that of A⁻. The only form in which the examples of a batch
    meet, so the only one whose loss depends on the batch size; under several processes it is taken over all of them.

    Args:
        negative: A⁻; its state registers here.
        weight: λ; 0 leaves both climbs and their passes out.
        temperature: τ.

    Shapes: one term [], nats.

    Raises: ValueError: If the weight is negative or the temperature is not positive.

    Source: Song (SCN, 2026), Eqs. 3-6, with a contrastive loss for d; Chen et al. (SimCLR, 2020), Eq. 1.
    Departs: cosines of the states themselves; a critic, as in `mutual_information.InfoNCE`, would have to be learned.
    """

    def __init__(self, *, negative: Ascent, weight: float = 1.0, temperature: float = 0.1):
        super().__init__()
        not_negative("weight", weight)
        positive("temperature", temperature)
        self.negative, self.weight, self.temperature = negative, weight, temperature

    @property
    def needs(self) -> tuple[str, ...]:  # type: ignore[override]  # it depends on A⁻
        """What A⁻ needs."""
        return held.needs(self.negative) if self.weight else ()

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term, through the three representations."""
        trace = Trace()
        if not self.weight:
            yield clean_loss(landscape.clean(), trace)
            return trace
        near = held.climbed(ascent, landscape, trace, generator=generator)
        far = held.climbed(self.negative, landscape, generator=generator)
        clean = landscape.clean()
        loss = clean_loss(clean, trace)
        readings = landscape.read(near), landscape.read(far)
        for operator, reading in zip((ascent, self.negative), readings, strict=True):
            held.observe(operator, landscape, reading.logits)
        z, plus, minus = (gathered(one.pooled.to(landscape.mask.dtype)) for one in (clean, *readings))
        contrast = info_nce(z, plus, minus, temperature=self.temperature).mean()
        trace.extra |= {
            "contrast": contrast.detach(),
            "kappa_invariant": relative_norm(near, landscape).mean(),
            "kappa_negative": relative_norm(far.detach(), landscape).mean(),
        }
        yield loss + self.weight * contrast
        return trace

    def given(self) -> dict[str, Any]:
        """λ, τ and A⁻."""
        return {"weight": self.weight, "temperature": self.temperature, "negative": type(self.negative).__name__}

    def units(self, ascent: Ascent) -> float:
        """A whole pass at each of the three points, and what the two climbs cost."""
        return 9 + held.passes(ascent) + held.passes(self.negative) if self.weight else 3

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Those of A⁻."""
        return held.groups(self.negative)

    def prepare(self, landscapes: Iterable[Landscape], *, learning_rate: float) -> None:
        """Prepare A⁻."""
        held.prepare(self.negative, landscapes, learning_rate=learning_rate)

    def after_step(self) -> None:
        """Let A⁻ follow."""
        self.negative.after_step()
