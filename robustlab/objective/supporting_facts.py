"""Say where the answer stands: the decoder's attention learns from the sentences that each word rests upon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from robustlab.ascent.checks import positive
from robustlab.ascent.gradient import Ascent
from robustlab.landscape.base import Landscape
from robustlab.objective.base import Objective, Terms, no_path
from robustlab.objective.trace import Trace
from robustlab.randomness import Randomness


@dataclass(frozen=True, eq=False)
class SupportingFacts(Objective):
    """L(h) - λ·mean_{t, blocks} log ā_t(s_t): a word of the reasoning is to be read off the sentence it rests upon.

    ā_t(s) is the share of the heads' attention that the t-th word pays to the state s, and s_t the sentence that the
    corpus says its step follows from (`support` [b t] of the batch, -1 where none is known: such words are left out).

    Args:
        weight: λ.

    Raises: ValueError: If the weight is not positive.

    Source: Weston et al. (Memory Networks, 2015), Section 3.1: a supervised choice of the supporting memories.
    Departs: a likelihood of soft attention for their margin ranking of hard choices.
    """

    weight: float

    def __post_init__(self) -> None:
        positive("weight", self.weight)

    def check(self, ascent: Ascent) -> None:
        """Raise where there is an ascent.

        Raises: ValueError: If the ascent takes steps, which this objective would ignore.
        """
        no_path("supporting facts perturb nothing", ascent)

    def terms(self, landscape: Landscape, ascent: Ascent, *, generator: Randomness = None) -> Terms:
        """One term, through one pass.

        Raises: ValueError: If the batch says neither what the answer is nor what it rests upon.
        """
        support: Tensor | None = getattr(landscape, "batch", {}).get("support")
        if support is None or not hasattr(landscape, "attended"):
            raise ValueError(
                "expected a batch that says which sentence each word of the answer rests upon (`support`); train a "
                "reasoner that writes its chain, on documents with gold sentences"
            )
        reading, looked = landscape.attended()  # type: ignore[attr-defined]
        if reading.loss is None:
            raise ValueError("the batch has no labels, so there is no loss")
        missed = torch.stack([_missed(weights, support) for weights in looked]).mean()
        clean = reading.loss.mean()
        yield clean + self.weight * missed
        return Trace(extra={"clean_loss": clean.detach(), "missed": missed.detach()})

    def given(self) -> dict[str, Any]:
        """λ."""
        return {"weight": self.weight}

    def units(self, ascent: Ascent) -> float:
        """One whole pass."""
        return 3


def _missed(weights: Tensor, support: Tensor) -> Tensor:
    """Mean surprise at where the words should have looked [b h t l], over all that have such a place; 0 without any."""
    known = support >= 0
    share = weights.mean(1).gather(-1, support.clamp_min(0).unsqueeze(-1)).squeeze(-1)
    surprise = -share.clamp_min(torch.finfo(share.dtype).tiny).log()
    return (surprise * known).sum() / known.sum().clamp_min(1)
