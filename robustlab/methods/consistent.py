"""Methods that ask for the right answer at x and for the same answer beside it."""

from __future__ import annotations

from robustlab.ascent import directions, divergences, goals, projections, starts
from robustlab.ascent.gradient import GradientAscent, Rest
from robustlab.ascent.power import PowerIteration
from robustlab.methods.base import STEP_SIZE, STEPS, Method
from robustlab.objective.consistency import Consistency
from robustlab.objective.mean_teacher import MeanTeacher
from robustlab.objective.r_drop import RDrop


def vat(*, steps: int = 1, radius: float = 0.3, probe: float = 0.1, weight: float = 1.0) -> Method:
    """L(x) + λ·KL(p̂(x) ‖ p(x + r)): r the direction of length ε in which the output changes most, p̂ held fixed.

    Source: Miyato et al. (VAT, 2019), Eqs. 5-9, one power iteration and λ = 1 as there; Miyato et al. (2017) for text.
    Departs: ε = .3 is in units of a raw embedding; theirs is 5, for embeddings that are normalised component by
        component, which are about 16 long. Both passes replay one dropout mask, else the KL measures dropout.
    """
    ascent = PowerIteration(steps=steps, radius=radius, probe=probe)
    return Method(ascent, Consistency(divergences.kl_from_fixed, weight=weight))


def trades(
    *,
    steps: int = STEPS,
    step_size: float = STEP_SIZE,
    direction: directions.Direction = directions.unit_l2,
    project: projections.Projection = projections.unbounded,
    start: starts.Start | None = None,
    weight: float = 6.0,
) -> Method:
    """L(x) + λ·KL(p(x) ‖ p(x + r_k)): r_k climbs the same KL, and both outputs learn.

    Source: Zhang et al. (TRADES, 2019), Eq. 5 and Algorithm 1, with λ = 6 and a start of .001·N(0, 1).
    Departs: unit L2 steps without a bound, as the other methods here; the paper's are sign steps in an L∞ ball
        (direction=sign, project=linf_ball). No clamp to [0, 1], which is for images.
    """
    ascent = GradientAscent(
        steps=steps,
        step_size=step_size,
        direction=direction,
        project=project,
        start=starts.normal(1e-3) if start is None else start,
        goal=goals.kl,
    )
    return Method(ascent, Consistency(divergences.kl, weight=weight))


def smart(
    *,
    steps: int = 1,
    step_size: float = 1e-3,
    radius: float = 1e-5,
    noise: float = 1e-5,
    weight: float = 1.0,
    teacher: float = 1.0,
    decay: float = 0.99,
) -> Method:
    """L(x) + λ·[KL(p(x) ‖ p(x + r)) + KL(p(x + r) ‖ p(x))] with ‖r‖_∞ ≤ ε: and a mean teacher to stay near of.

    Args:
        steps: K.
        step_size: η; far above ε, so that one step reaches the bound.
        radius: ε, for each component.
        noise: σ, standard deviation of the start.
        weight: λ_s.
        teacher: μ, weight of the divergence from the mean teacher; 0 for none.
        decay: β, share of the teacher that a step keeps.

    Source: Jiang et al. (SMART, 2020), Eqs. 1-5 and Algorithm 1, with the values of its Section 4.
    Departs: r stays within ε; popular code scales the step last and ends with components near 1. The decay is .99
        throughout; theirs becomes .999 after the first tenth of the training.
    """
    ascent = GradientAscent(
        steps=steps,
        step_size=step_size,
        direction=directions.linf,
        project=projections.linf_ball(radius),
        start=starts.normal(noise),
        goal=goals.symmetric_kl,
    )
    mean = MeanTeacher(weight=teacher, decay=decay) if teacher else None
    return Method(ascent, Consistency(divergences.symmetric_kl, weight=weight, teacher=mean))


def r3f(*, noise: float = 1e-5, weight: float = 1.0) -> Method:
    """L(x) + λ·[KL(p(x) ‖ p(x + z)) + KL(p(x + z) ‖ p(x))] with z ~ U(-σ, σ): SMART without its ascent.

    Source: Aghajanyan et al. (R3F, 2021), with uniform noise and σ = 1e-5 as in its released code, which tunes λ.
    """
    return Method(Rest(start=starts.uniform(noise)), Consistency(divergences.symmetric_kl, weight=weight))


def r_drop(*, weight: float = 1.0) -> Method:
    """½[L₁(x) + L₂(x)] + (λ/4)·[KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁)]: two dropout masks, and one answer.

    Source: Liang et al. (R-Drop, 2021), Eqs. 2-4; they tune their α within .1, .5 and 1 on GLUE.
    """
    return Method(Rest(), RDrop(weight))
