"""Methods with learnable weights on their steps."""

from __future__ import annotations

from robustlab.ascent import directions, projections, starts
from robustlab.methods.base import STEP_SIZE, STEPS, Method
from robustlab.methods.tableaus import freelb, pgd, ta_vat
from robustlab.objective.adaptive import Adaptive
from robustlab.objective.tableau import Tableau, implied_weights
from robustlab.objective.weights import SimplexWeights, SoftmaxWeights


def adaptive(method: Method, *, beta: float | None = None, weights: SimplexWeights | None = None) -> Method:
    """The paths of `method`, with learnable weights on their steps in place of its own.

    Args:
        method: A method whose objective is a tableau: pgd(…), freelb(…).
        beta: β; the sum of the weights that `method` gives its steps where not given: k for PGD, (k + 1)/2 for FreeLB.
        weights: w; a softmax where not given.

    Raises: ValueError: If the method has no tableau or no steps, or beta is not positive.

    Source: Zhu et al. (AAT), Eqs. 11-14 and Algorithm 1; β as in Section 6.
    """
    if not isinstance(method.objective, Tableau) or method.ascent.steps == 0:
        raise ValueError("adaptive weights need a method with steps and a tableau, such as methods.pgd(…)")
    if beta is None:
        beta = float(implied_weights(method.objective)[1].sum())
    return Method(method.ascent, Adaptive(weights or SoftmaxWeights(method.ascent.steps), beta=beta))


def adaptive_pgd(
    *,
    steps: int = STEPS,
    step_size: float = STEP_SIZE,
    direction: directions.Direction = directions.unit_l2,
    project: projections.Projection = projections.unbounded,
    start: starts.Start = starts.zero,
    beta: float | None = None,
) -> Method:
    """Adaptive weights on the steps of PGD.

    Source: Zhu et al. (AAT), Tables 2-5, "PGD +Ours".
    """
    return adaptive(pgd(steps=steps, step_size=step_size, direction=direction, project=project, start=start), beta=beta)


def adaptive_freelb(
    *,
    steps: int = STEPS,
    step_size: float = STEP_SIZE,
    direction: directions.Direction = directions.unit_l2,
    project: projections.Projection = projections.unbounded,
    start: starts.Start = starts.zero,
    beta: float | None = None,
) -> Method:
    """Adaptive weights on the steps of FreeLB, whose implied weights sum to β = (k + 1)/2.

    Source: Zhu et al. (AAT), Tables 2-5, "FreeLB +Ours".
    """
    return adaptive(
        freelb(steps=steps, step_size=step_size, direction=direction, project=project, start=start), beta=beta
    )


def adaptive_ta_vat(
    *,
    steps: int = 2,
    step_size: float = 0.05,
    radius: float = 0.5,
    magnitude: float = 0.2,
    beta: float | None = None,
) -> Method:
    """Adaptive weights on the steps of TA-VAT, with β = k.

    Source: Zhu et al. (AAT), Tables 2-5, "TA-VAT +Ours", and Section 6 for β.
    """
    method = ta_vat(steps=steps, step_size=step_size, radius=radius, magnitude=magnitude)
    return adaptive(method, beta=steps if beta is None else beta)
