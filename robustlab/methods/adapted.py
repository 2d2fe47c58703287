"""Methods with learnable weights on their steps."""

from __future__ import annotations

from robustlab.ascent import directions, projections, starts
from robustlab.methods.base import STEP_SIZE, STEPS, Method
from robustlab.methods.tableaus import freelb, pgd, ta_vat
from robustlab.objective.adaptive import Adaptive
from robustlab.objective.by_difficulty import AdaptiveByDifficulty, DifficultyWeights
from robustlab.objective.scale import Annealed, Learned, Scale
from robustlab.objective.share import ShareOfSteps
from robustlab.objective.tableau import Tableau, implied_weights
from robustlab.objective.weights import SimplexWeights, SoftmaxWeights


def adaptive(
    method: Method,
    *,
    beta: float | Scale | None = None,
    weights: SimplexWeights | None = None,
    balance: float = 0.0,
) -> Method:
    """The paths of `method`, with learnable weights on their steps in place of its own.

    Args:
        method: A method whose objective is a tableau: pgd(…), freelb(…).
        beta: β; the sum of the weights that `method` gives its steps where not given: k for PGD, (k + 1)/2 for FreeLB.
        weights: w; a softmax where not given.
        balance: λ, weight of the loss where the path starts; the adversarial loss takes 1 - λ.

    Raises: ValueError: If the method has no tableau or no steps, or beta is not positive.

    Source: Zhu et al. (AAT), Eqs. 11-14 and Algorithm 1; β as in Section 6.
    """
    if not isinstance(method.objective, Tableau) or method.ascent.steps == 0:
        raise ValueError("adaptive weights need a method with steps and a tableau, such as methods.pgd(…)")
    if beta is None:
        beta = float(implied_weights(method.objective)[1].sum())
    weights = weights or SoftmaxWeights(method.ascent.steps)
    return Method(method.ascent, Adaptive(weights, beta=beta, balance=balance))


def on_a_share(method: Method, share: float, *, seed: int = 0) -> Method:
    """`method` on a share of the optimiser steps, and standard training on the others.

    Args:
        method: Any method.
        share: Of the steps, above 0 and at most 1.
        seed: Draws which steps.

    Raises: ValueError: If the share is not above 0 and at most 1.

    Source: robustlab; the adversarial step ratio as a schedule, see `objective.ShareOfSteps`.
    """
    return Method(method.ascent, ShareOfSteps(method.objective, share=share, seed=seed))


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


def adaptive_balanced(
    *, steps: int = STEPS, step_size: float = STEP_SIZE, beta: float | None = None, balance: float = 0.5
) -> Method:
    """λ·L(x) + (1 - λ)·L(x + β Σᵢ wᵢ δᵢ): adaptive PGD with a weight on the clean loss that is one.

    Source: robustlab; Zhu et al. (AAT), Eq. 12, whose β scales the offset and balances nothing.
    """
    return adaptive(pgd(steps=steps, step_size=step_size), beta=beta, balance=balance)


def adaptive_annealed(
    *, steps: int = STEPS, step_size: float = STEP_SIZE, first: float = 1.0, last: float | None = None, over: int = 1000
) -> Method:
    """Adaptive PGD whose β grows in a straight line from `first` to `last`, k where not given, over so many steps.

    Source: robustlab; Zhu et al. (AAT), Section 6, leave the effect of β to future work.
    """
    scale = Annealed(first, steps if last is None else last, over=over)
    return adaptive(pgd(steps=steps, step_size=step_size), beta=scale)


def adaptive_learned_beta(
    *, steps: int = STEPS, step_size: float = STEP_SIZE, beta: float | None = None, largest: float | None = None
) -> Method:
    """Adaptive PGD whose β is learned beside w, from k/2 up to `largest`, k where not given.

    Source: robustlab; Zhu et al. (AAT), Eq. 14, with the maximisation over β too.
    """
    method = pgd(steps=steps, step_size=step_size)
    scale = Learned(steps / 2 if beta is None else beta, largest=steps if largest is None else largest)
    return adaptive(method, beta=scale)


def adaptive_by_difficulty(*, steps: int = STEPS, step_size: float = STEP_SIZE, beta: float | None = None) -> Method:
    """Adaptive PGD with weights of their own for easy and for hard examples.

    Source: robustlab; the allocation by sample difficulty that Zhu et al. (AAT), Section 8, leave to future work.
    """
    method = pgd(steps=steps, step_size=step_size)
    return Method(method.ascent, AdaptiveByDifficulty(DifficultyWeights(steps), beta=steps if beta is None else beta))
