"""Methods whose objective is a table of weights on the points of a path, and those that train on noise."""

from __future__ import annotations

import torch

from robustlab.ascent import directions, projections, starts
from robustlab.ascent.gradient import GradientAscent, Rest
from robustlab.ascent.token_aware import TokenAware
from robustlab.ascent.token_aware_released import ReleasedTokenAware
from robustlab.methods.base import STEP_SIZE, STEPS, Method
from robustlab.objective.tableau import Tableau

EXACT = torch.float64  # tableaus are data of a few numbers: 1/k should not be rounded to the model's precision


def mean_along(points: torch.Tensor) -> Tableau:
    """The mean of the losses at `points` [p k].

    Source: Zhu et al. (AAT), Eq. 9.
    """
    return Tableau(torch.full((len(points),), 1 / len(points), dtype=EXACT), points)


def standard() -> Method:
    """L(x): the clean loss and nothing else.

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
    """(1/k) Σ_t L(x + r_t) over r_1 … r_k: as the papers write it.

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
    """(1/k) Σ_t L(x + r_t) over r_0 … r_{k-1}: as FreeLB's code computes it, which uses k - 1 steps.

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
    """(1/k) Σ_t L(x + r_t) over r_1 … r_k: FreeLB without a bound and with more steps.

    Source: Li et al. (FreeLB++, 2021), who go up to 30 steps.
    """
    return freelb(steps=steps, step_size=step_size, direction=direction, start=start)


def ta_vat(*, steps: int = 2, step_size: float = 0.05, radius: float = 0.5, magnitude: float = 0.2) -> Method:
    """(1/k) Σ_t L(x + δ_t + η_t) over the points 0 … k-1: FreeLB with an offset for each token that its word remembers.

    Source: Li & Qiu (TA-VAT, 2021), Algorithm 1, with the SST-2 values of the released code; Zhu et al. (AAT), Table 2.
    Departs: see `ascent.TokenAware` and `ascent.TokenTable`.
    """
    ascent = TokenAware(steps=steps, step_size=step_size, radius=radius, magnitude=magnitude)
    return Method(ascent, mean_along(torch.ones(steps, steps, dtype=EXACT).tril(-1)))


def ta_vat_released(*, steps: int = 2, step_size: float = 0.05, radius: float = 0.5, magnitude: float = 0.2) -> Method:
    """Σ_t L(x + δ_t + η_t) over the points 0 … k-1: TA-VAT as released, losses summed and the words' rows growing.

    Source: Li & Qiu (TA-VAT, 2021), released code, with its SST-2 values.
    Departs: see `ascent.ReleasedTokenAware`.
    """
    ascent = ReleasedTokenAware(steps=steps, step_size=step_size, radius=radius, magnitude=magnitude)
    return Method(ascent, Tableau(torch.ones(steps, dtype=EXACT), torch.ones(steps, steps, dtype=EXACT).tril(-1)))


def neftune(*, magnitude: float = 5.0) -> Method:
    """L(x + r_0) with r_0 ~ U(-1, 1)·magnitude/√(nd): training on noise that nobody chose.

    Source: Jain et al. (NEFTune, 2024), Algorithm 1; 5 is the smallest magnitude that they report.
    Departs: n counts the tokens of the example, without padding, so that the noise does not depend on the batch.
    """
    start = Rest(start=starts.freelb(magnitude))
    return Method(start, Tableau(torch.ones(1, dtype=EXACT), torch.zeros(1, 0, dtype=EXACT)))
