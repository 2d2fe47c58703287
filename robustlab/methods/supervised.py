"""Methods that are told more than the answer."""

from __future__ import annotations

from robustlab.ascent.gradient import Rest
from robustlab.methods.base import Method
from robustlab.objective.supervised_contrast import SupervisedContrast
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


def supcon(*, weight: float = 0.9, temperature: float = 0.3) -> Method:
    """(1 - λ)·L(x) + λ·SupCon(z(x), y): examples of one label near each other, far from those of the others.

    Args:
        weight: λ.
        temperature: τ.

    Source: Gunel et al. (2021), Eqs. 1-3, with the values that came out best in their sweeps; Khosla et al. (2020).
    """
    return Method(Rest(), SupervisedContrast(weight, temperature))
