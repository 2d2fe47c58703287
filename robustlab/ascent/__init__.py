"""How to climb a landscape, and how far: start, direction, projection, goal."""

from robustlab.ascent.directions import Direction, linf, raw, sign, token_l2, unit_l2
from robustlab.ascent.goals import Goal, cross_entropy, kl, symmetric_kl
from robustlab.ascent.gradient import Ascent, GradientAscent, Rest, Visit, Walker, gradient_at, record, walk
from robustlab.ascent.power import PowerIteration
from robustlab.ascent.projections import Projection, l2_ball, linf_ball, relative_ball, token_l2_ball, unbounded
from robustlab.ascent.starts import Start, freelb, normal, uniform, zero
from robustlab.ascent.token_aware import TokenAware, TokenTable
from robustlab.ascent.token_aware_released import AccumulatingTable, ReleasedTokenAware

__all__ = [
    "AccumulatingTable",
    "Ascent",
    "Direction",
    "Goal",
    "GradientAscent",
    "PowerIteration",
    "Projection",
    "ReleasedTokenAware",
    "Rest",
    "Start",
    "TokenAware",
    "TokenTable",
    "Visit",
    "Walker",
    "cross_entropy",
    "freelb",
    "gradient_at",
    "kl",
    "l2_ball",
    "linf",
    "linf_ball",
    "normal",
    "raw",
    "record",
    "relative_ball",
    "sign",
    "symmetric_kl",
    "token_l2",
    "token_l2_ball",
    "unbounded",
    "uniform",
    "unit_l2",
    "walk",
    "zero",
]
