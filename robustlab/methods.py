"""Methods with a name: each is an ascent and an objective, put together.

A method is called with keyword arguments only. Its defaults are the values of the adaptive adversarial training paper
(AAT: step size .04; k = 5, named there for its timings only and assumed elsewhere) unless its docstring says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn

from robustlab.ascent import directions, projections, starts
from robustlab.ascent.gradient import Ascent, GradientAscent, Rest
from robustlab.landscape.base import Landscape
from robustlab.objective.adaptive import Adaptive
from robustlab.objective.base import Objective, Terms
from robustlab.objective.tableau import Tableau, implied_weights
from robustlab.objective.weights import SimplexWeights, SoftmaxWeights
from robustlab.randomness import Randomness

STEPS = 5  # AAT, Table 10
STEP_SIZE = 0.04  # AAT, Section 5
EXACT = torch.float64  # tableaus are data of a few numbers: 1/k should not be rounded to the model's precision


class Method(nn.Module):
    """An ascent and an objective: what a training loop needs to know.

    Its state (weights, critics, tables) saves and loads like any module's.

    Args:
        ascent: The inner maximisation.
        objective: The outer loss.

    Raises: ValueError: If the objective does not fit the ascent's number of steps.

    Source: robustlab.
    """

    def __init__(self, ascent: Ascent, objective: Objective):
        super().__init__()
        objective.check(ascent)
        self.ascent, self.objective = ascent, objective

    def terms(self, landscape: Landscape, *, generator: Randomness = None) -> Terms:
        """Yield the terms of the loss; run backward on each as it comes, or add them up."""
        return self.objective.terms(landscape, self.ascent, generator=generator)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Optimiser groups of the method's own parameters."""
        return self.objective.parameter_groups()

    def prepare(self, landscapes: Iterable[Landscape]) -> None:
        """Look at some batches before the training."""
        self.objective.prepare(landscapes)

    def after_step(self) -> None:
        """Call after every optimiser step."""
        self.objective.after_step()


def mean_along(points: torch.Tensor) -> Tableau:
    """The mean of the losses at `points` [p k].

    Source: Zhu et al. (AAT), Eq. 9.
    """
    return Tableau(torch.full((len(points),), 1 / len(points), dtype=EXACT), points)


def standard() -> Method:
    """The clean loss and nothing else.

    Source: Zhu et al. (AAT), Table 6, "Standard".
    """
    return Method(Rest(), Tableau(torch.ones(1, dtype=EXACT), torch.zeros(1, 0, dtype=EXACT)))


def fgsm(*, step_size: float = STEP_SIZE) -> Method:
    """L(x + α·sign(g)): one step of steepest ascent in L∞.

    Source: Goodfellow et al. (2015); Zhu et al. (AAT), Eq. 2.
    Departs: AAT's Eq. 2 leaves out α.
    """
    ascent = GradientAscent(steps=1, step_size=step_size, direction=directions.sign)
    return Method(ascent, Tableau(torch.ones(1, dtype=EXACT), torch.ones(1, 1, dtype=EXACT)))


def fgm(*, step_size: float = STEP_SIZE, direction: directions.Direction = directions.unit_l2) -> Method:
    """L(x) + L(x + δ) with δ = α·g/‖g‖: one step, clean and adversarial loss together.

    Source: Miyato et al. (2017); Zhu et al. (AAT), Table 6, "FGM".
    Departs: one norm an example; popular code normalises the gradient of the embedding matrix, which couples the batch.
    """
    ascent = GradientAscent(steps=1, step_size=step_size, direction=direction)
    return Method(ascent, Tableau(torch.ones(2, dtype=EXACT), torch.tensor([[0.0], [1.0]], dtype=EXACT)))


def pgd(
    *,
    steps: int = STEPS,
    step_size: float = STEP_SIZE,
    direction: directions.Direction = directions.unit_l2,
    project: projections.Projection = projections.unbounded,
    start: starts.Start = starts.zero,
) -> Method:
    """L(x + r_k): the loss at the end of k steps.

    Source: Madry et al. (2018); Zhu et al. (AAT), Eqs. 5-7, and Table 6, "PGD".
    """
    ascent = GradientAscent(steps=steps, step_size=step_size, direction=direction, project=project, start=start)
    return Method(ascent, Tableau(torch.ones(1, dtype=EXACT), torch.ones(1, steps, dtype=EXACT)))


def freelb(
    *,
    steps: int = STEPS,
    step_size: float = STEP_SIZE,
    direction: directions.Direction = directions.unit_l2,
    project: projections.Projection = projections.unbounded,
    start: starts.Start = starts.zero,
) -> Method:
    """(1/k) Σ_t L(x + r_t) over r_1 … r_k, as the papers write it.

    Source: Zhu et al. (AAT), Eq. 9, and Table 6, "FreeLB".
    Departs: starts at 0, as the expansion of Eq. 10 does; FreeLB itself starts at random (`starts.freelb`).
    """
    ascent = GradientAscent(steps=steps, step_size=step_size, direction=direction, project=project, start=start)
    return Method(ascent, mean_along(torch.ones(steps, steps, dtype=EXACT).tril()))


def freelb_released(
    *,
    steps: int = 2,
    step_size: float = 0.1,
    direction: directions.Direction = directions.unit_l2,
    project: projections.Projection = projections.unbounded,
    start: starts.Start | None = None,
) -> Method:
    """(1/k) Σ_t L(x + r_t) over r_0 … r_{k-1}, as FreeLB's code computes it: k - 1 steps are used.

    Source: Zhu et al. (FreeLB, 2020), released code, with its SST-2 values: α = .1, magnitude .6, k = 2, no bound.
    Departs: steps=1 keeps its unused column, so that the loss is L(x + r_0).
    """
    start = starts.freelb(0.6) if start is None else start
    ascent = GradientAscent(steps=steps, step_size=step_size, direction=direction, project=project, start=start)
    return Method(ascent, mean_along(torch.ones(steps, steps, dtype=EXACT).tril(-1)))


def freelb_plus_plus(
    *,
    steps: int = 10,
    step_size: float = STEP_SIZE,
    direction: directions.Direction = directions.unit_l2,
    start: starts.Start = starts.zero,
) -> Method:
    """FreeLB without a bound and with more steps.

    Source: Li et al. (FreeLB++, 2021), who go up to 30 steps.
    """
    return freelb(steps=steps, step_size=step_size, direction=direction, start=start)


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


BY_NAME: Mapping[str, Callable[..., Method]] = {
    "standard": standard,
    "fgsm": fgsm,
    "fgm": fgm,
    "pgd": pgd,
    "freelb": freelb,
    "freelb-released": freelb_released,
    "freelb++": freelb_plus_plus,
    "adaptive-pgd": adaptive_pgd,
    "adaptive-freelb": adaptive_freelb,
}
