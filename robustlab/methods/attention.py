"""Methods that perturb the attention and not a site's output."""

from __future__ import annotations

from robustlab.ascent.gradient import Rest
from robustlab.methods.base import Method
from robustlab.objective.adversarial_attention import AdversarialAttention


def asa(*, weight: float = 1.0, budget: float = 0.5, temperature: float = 0.5) -> Method:
    """L(x) + λ·½[KL(p ‖ p_m) + KL(p_m ‖ p)] + τ²·share, m the attention masks of an adversary that learns beside it.

    Args:
        weight: λ.
        budget: τ; the adversary pays τ² nats for masking all attention.
        temperature: T of the relaxed masks.

    Source: Wu et al. (ASA, 2023), with λ = 1 and τ = .5 of the released code.
    Departs: see `objective.AdversarialAttention`; T is ours, as the relaxation is.
    """
    return Method(Rest(), AdversarialAttention(weight=weight, budget=budget, temperature=temperature))
