"""Methods that are told more than the answer."""

from __future__ import annotations

from robustlab.ascent.gradient import Rest
from robustlab.methods.base import Method
from robustlab.objective.supporting_facts import SupportingFacts


def supporting_facts(*, weight: float = 0.6) -> Method:
    """L(h) - λ·log of the attention that each word of the reasoning pays to the sentence it rests upon.

    For reasoners that write their chain, on documents with gold sentences. A reasoner that
    begins with nothing finds the facts much sooner than from the answers alone.

    Args:
        weight: λ.

    Source: Weston et al. (Memory Networks, 2015), Section 3.1; the weight is ours.
    """
    return Method(Rest(), SupportingFacts(weight))
