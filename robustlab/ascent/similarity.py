"""How alike two units are, once what all of them have in common is taken away."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from robustlab.ascent.units import exact

ALIKE = 0.8  # similarity from which on two units say the same


def directions_from(centre: Float[Tensor, "*#b 1 d"], units: Float[Tensor, "*#b n d"]) -> Float[Tensor, "*b n d"]:
    """Unit vectors from the centre to each unit; their products are the similarities cos(u_i - m, u_j - m).

    States share a large part: the cosine of trained ones is high whatever they say, and a threshold on it cannot be
    read. About the mean m of the units compared it is 0 for units that have nothing in common but being units.

    Shapes: centre [*b 1 d], units [*b n d]; result [*b n d].
    Source: robustlab; the common part of contextual states is Ethayarajh's (2019), taking it away Mu & Viswanath's
        (2018).
    """
    with exact(units):
        return F.normalize(units - centre, dim=-1)
