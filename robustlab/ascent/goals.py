"""What an ascent climbs: each goal maps a landscape and an offset to one number an example."""

from __future__ import annotations

from collections.abc import Callable

from robustlab.ascent import divergences
from robustlab.landscape.base import Landscape
from robustlab.typing import Offset, PerExample

Goal = Callable[[Landscape, Offset], PerExample]


def cross_entropy(landscape: Landscape, offset: Offset) -> PerExample:
    """L(θ, x + r, y), the training loss itself.

    Source: Zhu et al. (AAT), Eq. 4.
    """
    return landscape.loss(offset)


def kl(landscape: Landscape, offset: Offset) -> PerExample:
    """KL(p(x) ‖ p(x + r)) with the clean output detached; needs no label.

    At r = 0 it is at its least and its gradient is 0: `GradientAscent` refuses to climb it from `starts.zero`.

    Source: Miyato et al. (VAT, 2019); Zhang et al. (TRADES, 2019).
    """
    return divergences.kl_from_fixed(landscape.clean().logits, landscape.logits(offset))


def symmetric_kl(landscape: Landscape, offset: Offset) -> PerExample:
    """KL(p(x) ‖ p(x + r)) + KL(p(x + r) ‖ p(x)) with the clean output detached; as flat at r = 0 as `kl`.

    Source: Jiang et al. (SMART, 2020), Eq. 2.
    """
    return divergences.symmetric_kl(landscape.clean().logits.detach(), landscape.logits(offset))


FLAT_AT_ZERO = (kl, symmetric_kl)
