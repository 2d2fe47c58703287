"""Methods that hold the loss or the features in bounds: Flooding-X, DSRM and InfoBERT."""

from __future__ import annotations

from robustlab.ascent import directions, projections, starts
from robustlab.ascent.gradient import GradientAscent, Rest
from robustlab.methods.base import STEP_SIZE, Method
from robustlab.objective.distribution_shift import DistributionShift
from robustlab.objective.flooding import Flooding
from robustlab.objective.infobert import InfoBERT


def flooding_x(*, level: float | None = None, passes: int = 5) -> Method:
    """|L(x) - b| + b: descend to the level b and no further; b is where batches stop helping each other.

    Args:
        level: b, in nats; found by a pilot before the training where not given.
        passes: Of the pilot, at most.

    Source: Liu et al. (Flooding-X, 2022); Ishida et al. (2020), Eq. 3; Zhu et al. (AAT), Tables 2-5.
    Departs: see `objective.Flooding`.
    """
    return Method(Rest(), Flooding(level=level, passes=passes))


def dsrm(*, level: float = 0.1, largest: float = 30.0) -> Method:
    """mean_i w_i·L_i(x): weights that raise the risk to a level, by what a step on others does to each example.

    Args:
        level: Risk below which weights shift, in nats.
        largest: Bound of a weight's size.

    Source: Gao et al. (DSRM, 2023), with the values of its released code; Zhu et al. (AAT), Section 2.
    Departs: see `objective.DistributionShift`.
    """
    return Method(Rest(), DistributionShift(level=level, largest=largest))


def infobert(
    *,
    steps: int = 3,
    step_size: float = STEP_SIZE,
    direction: directions.Direction = directions.unit_l2,
    project: projections.Projection = projections.unbounded,
    start: starts.Start | None = None,
    anchor: float = 5e-3,
    bottleneck: float = 5e-3,
) -> Method:
    """(1/k) Σ_t [L + β·CLUB(words; states) - α·InfoNCE(stable words; example)] over r_0 … r_{k-1}.

    Args:
        steps: k.
        step_size: Of the ascent.
        direction: Of the ascent.
        project: Of the ascent.
        start: Random, of magnitude .08, where not given.
        anchor: α.
        bottleneck: β.

    Source: Wang et al. (InfoBERT, 2021), Eqs. 2-8 and Algorithm 1, with the values of its released code.
    Departs: see `objective.InfoBERT`.
    """
    start = starts.freelb(0.08) if start is None else start
    ascent = GradientAscent(steps=steps, step_size=step_size, direction=direction, project=project, start=start)
    return Method(ascent, InfoBERT(anchor=anchor, bottleneck=bottleneck))
