"""What an ascent climbs: each goal maps a landscape and an offset to one number an example."""

from __future__ import annotations

from collections.abc import Callable

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
    clean = landscape.clean().logits.detach().log_softmax(-1)
    moved = landscape.logits(offset).log_softmax(-1)
    # In log space: p log p would be NaN where p underflows.
    return (clean.exp() * (clean - moved)).flatten(1).sum(1)
