"""Where a step goes, given the gradient: each maps [b *site] to [b *site], example by example.

The first-order gain ⟨α·direction(g), g⟩ of a step differs between them; `dual_gain` in `robustlab.taylor` gives it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from robustlab.landscape.base import per_site
from robustlab.typing import Gradient

Direction = Callable[[Gradient], Gradient]


def _safe(norm: Tensor) -> Tensor:
    # Only an exact 0 needs care: a confident example's gradient may be below any fixed threshold (public code: 1e-8).
    return norm.clamp_min(torch.finfo(norm.dtype).tiny)


def raw(gradient: Gradient) -> Gradient:
    """The gradient itself, so that δ = αg and the gain of a step is α‖g‖₂² = ‖δ‖²/α.

    Source: Zhu et al. (AAT), Eq. 3; the only rule for which Eq. 8 holds as printed.
    """
    return gradient


def unit_l2(gradient: Gradient) -> Gradient:
    """G / ‖g‖₂ with one norm for the whole example; the gain of a step is α‖g‖₂.

    Source: Zhu et al. (AAT), Eq. 5, "norm"; Miyato et al. (2017), Eq. 8; Zhu et al. (FreeLB, 2020).
    """
    scaled = linf(gradient)  # first, so that squares neither underflow nor overflow, however confident the model is
    return scaled / per_site(_safe(scaled.flatten(1).norm(dim=1)), scaled)


def token_l2(gradient: Gradient) -> Gradient:
    """g_i / ‖g_i‖₂ for each token i; the gain of a step is αΣ_i‖g_i‖₂.

    Source: Li & Qiu (TA-VAT, 2021), token-level step.
    """
    scaled = gradient / _safe(gradient.abs().amax(dim=-1, keepdim=True))  # first, as in unit_l2
    return scaled / _safe(scaled.norm(dim=-1, keepdim=True))


def sign(gradient: Gradient) -> Gradient:
    """Signs of the gradient, steepest ascent in L∞; the gain of a step is α‖g‖₁.

    Source: Goodfellow et al. (2015); Zhu et al. (AAT), Eq. 2, which leaves out α.
    """
    return gradient.sign()


def linf(gradient: Gradient) -> Gradient:
    """G / ‖g‖_∞ with one norm for the whole example; the gain of a step is α‖g‖₂²/‖g‖_∞.

    Source: the "linf" option of public FreeLB-style code. It is not steepest ascent in L∞: that is `sign`.
    """
    return gradient / per_site(_safe(gradient.flatten(1).abs().amax(dim=1)), gradient)
