"""The two-sided objective against loops written from its formula, term by term in float64, and its limits."""

import math
from typing import ClassVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from robustlab import methods
from robustlab.ascent import (
    Chance,
    GradientAscent,
    KappaController,
    LearnedOperator,
    Negative,
    RelativeAscent,
    Rest,
    Saliency,
    Toward,
    divergences,
    starts,
)
from robustlab.ascent.goals import apart
from robustlab.ascent.moves import ReplaceByMean
from robustlab.ascent.projections import relative_ball, relative_norm
from robustlab.landscape.base import Reading
from robustlab.methods import Method
from robustlab.methods.self_constructed import erased
from robustlab.objective import Consistency, CounterfactualLoss, Hinge, ShareOfSteps, TwoSided, Unlikelihood
from tests.objective.answers import LENGTHS, AnswerLandscape, Toy, counterfactual

ALL = (divergences.js, divergences.kl, divergences.symmetric_kl, divergences.mse)
KAPPA = 0.25


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model() -> Toy:
    return Toy()


def gradients(value: Tensor, model: Toy) -> list[Tensor]:
    found = torch.autograd.grad(value, list(model.parameters()), retain_graph=True, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(model.parameters(), found, strict=True)]


def same(mine: Tensor, theirs: Tensor, model: Toy, tolerance: float = 1e-11) -> None:
    torch.testing.assert_close(mine, theirs, rtol=tolerance, atol=tolerance)
    for one, other in zip(gradients(mine, model), gradients(theirs, model), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=tolerance)


def terms(method: Method, landscape: AnswerLandscape) -> list[Tensor]:
    return list(method.terms(landscape, generator=generator()))


def answer(model: Toy, states: Tensor, i: int) -> list[Tensor]:
    """The distributions of example i's tokens from its free states, one by one."""
    found = []
    for query in model.queries[: LENGTHS[i]]:
        weights = torch.softmax(torch.stack([query @ state for state in states]), 0)
        pooled = sum(w * state for w, state in zip(weights, states, strict=True))
        found.append(torch.softmax(model.head @ torch.tanh(pooled), 0))
    return found


def free(landscape: AnswerLandscape, i: int, offset: Tensor | None = None) -> Tensor:
    """The free states of an example, moved by an offset."""
    states = torch.stack([landscape.model.encoder @ x for x in landscape.inputs[i]])
    return (states if offset is None else states + offset[i])[landscape.units[i] >= 0]


def naive_loss(landscape: AnswerLandscape, offset: Tensor | None = None) -> Tensor:
    each = []
    for i, length in enumerate(LENGTHS):
        p = answer(landscape.model, free(landscape, i, offset), i)
        each.append(-sum(torch.log(p[t][landscape.labels[i, t]]) for t in range(length)) / length)
    return sum(each) / 3


def naive_js(p: Tensor, q: Tensor) -> Tensor:
    m = (p + q) / 2
    return 0.5 * (p * (p / m).log()).sum() + 0.5 * (q * (q / m).log()).sum()


def naive_apart(landscape: AnswerLandscape, offset: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for i in range(3):
        target = [p.detach() for p in answer(landscape.model, free(landscape, i), i)]
        moved = answer(landscape.model, free(landscape, i, offset), i)
        total = total + sum(naive_js(p, q) for p, q in zip(target, moved, strict=True)) / LENGTHS[i] / 3
    return total


def naive_unlikelihood(landscape: AnswerLandscape, offset: Tensor) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for i, length in enumerate(LENGTHS):
        p = answer(landscape.model, free(landscape, i, offset), i)
        said = math.prod(p[t][landscape.labels[i, t]] for t in range(length))
        total = total - torch.log(1 - said) / 3
    return total


def naive_climb(model: Toy, landscape: AnswerLandscape, start: Tensor, steps: int, size: float) -> Tensor:
    """A⁺ step by step: α‖h‖_F along the gradient of the divergence, back to κ‖h‖_F."""
    offset = start
    lengths = [free(landscape, i).norm().item() for i in range(3)]
    for _ in range(steps):
        probe = offset.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(naive_apart(landscape, probe) * 3, probe)
        moved = []
        for i, length in enumerate(lengths):
            one = offset[i] + size * length * gradient[i] / gradient[i].norm()
            moved.append(one * min(1.0, KAPPA * length / one.norm().item()))
        offset = torch.stack(moved).detach()
    return offset


def halfway() -> Negative:
    """To the radius .3 on the way to the counterfactual, over all units."""
    return Negative(Toward("counterfactual"), kappa=0.3, share=1.0, detectors={Chance(): 1.0})


def test_the_three_terms(model: Toy) -> None:
    landscape = AnswerLandscape(model)
    method = methods.self_negative(steps=3, step_size=0.1, share=0.5, invariance=2.0, sensitivity=0.7)
    clean, near, far = terms(method, landscape)
    same(clean, naive_loss(landscape), model)
    start = method.ascent.start(landscape, generator=generator())
    ends = naive_climb(model, landscape, start, 3, 0.1)
    same(near, 2.0 * naive_apart(landscape, ends), model, 1e-9)
    gone = method.objective.negative(landscape).end
    same(far, 0.7 * naive_unlikelihood(landscape, gone), model)


@pytest.mark.parametrize("divergence", ALL)
def test_the_clean_output_learns_nothing_from_the_divergence(divergence: object, model: Toy) -> None:
    landscape = AnswerLandscape(model)
    method = methods.self_negative(steps=2, divergence=divergence, sensitivity=0)
    _, near = terms(method, landscape)
    end = method.ascent(landscape, generator=generator()).end
    fixed = landscape.logits().detach().clone()
    same(near, divergence(fixed, landscape.logits(end)).mean(), model)


def test_the_counterfactual_answer_at_its_own_states(model: Toy) -> None:
    landscape = counterfactual(model)
    other = landscape.companions["counterfactual"]
    method = methods.self_negative(change="counterfactual", invariance=0)
    assert method.objective.needs == ("counterfactual",)
    _, far = terms(method, landscape)
    same(far, naive_loss(other), model)  # all the way: the counterfactual text itself


def test_the_counterfactual_answer_on_the_way(model: Toy) -> None:
    landscape = counterfactual(model)
    other = landscape.companions["counterfactual"]
    method = methods.self_negative(change="counterfactual", negative=halfway(), invariance=0)
    _, far = terms(method, landscape)
    whole = (other.base - landscape.base) * landscape.mask
    size = 0.3 * (landscape.base * landscape.mask).flatten(1).norm(dim=1) / whole.flatten(1).norm(dim=1)
    assert (size < 1).all()
    between = landscape.base + size[:, None, None] * whole
    same(far, naive_loss(other, (between - other.base) * other.mask), model)


def test_a_counterfactual_may_be_padded_further(model: Toy) -> None:
    plain, padded = counterfactual(model), counterfactual(model)
    other = padded.companions["counterfactual"]
    other.inputs = F.pad(other.inputs, (0, 0, 0, 2))
    other.units = F.pad(other.units, (0, 2), value=-1)
    other.mask, other.shape = F.pad(other.mask, (0, 0, 0, 2)), tuple(other.inputs.shape)
    method = methods.self_negative(change="counterfactual", negative=halfway(), invariance=0)
    same(terms(method, padded)[1], terms(method, plain)[1], model)
    assert plain.companions["counterfactual"].shape != other.shape


def test_the_hinge_on_the_margin(model: Toy) -> None:
    landscape = AnswerLandscape(model)
    objective = TwoSided(
        divergence=divergences.js, negative=erased(0.25), sensitivity=Hinge(least=5.0), invariance_weight=0
    )
    _, far = terms(Method(Rest(), objective), landscape)
    assert methods.self_negative(change="hinge").objective.sensitivity == Hinge()
    gone = objective.negative(landscape).end
    total = 0.0
    for i, length in enumerate(LENGTHS):
        p = answer(model, free(landscape, i, gone), i)
        margins = []
        for t in range(length):
            y = landscape.labels[i, t]
            margins.append(p[t][y].log() - max(p[t][j].log() for j in range(7) if j != y))
        total = total + max(5.0 + min(margins), torch.zeros((), dtype=torch.float64)) / 3
    same(far, total, model)


def test_without_weights_it_is_standard_training(model: Toy) -> None:
    landscape = AnswerLandscape(model)
    (only,) = terms(methods.self_negative(invariance=0, sensitivity=0), landscape)
    (standard,) = terms(methods.standard(), landscape)
    assert torch.equal(only, standard)
    for one, other in zip(gradients(only, model), gradients(standard, model), strict=True):
        assert torch.equal(one, other)
    assert methods.self_negative(invariance=0, sensitivity=0).objective.units(Rest()) == 3


def test_with_one_side_it_is_consistency_to_a_fixed_target(model: Toy) -> None:
    landscape = AnswerLandscape(model)
    method = methods.self_negative(steps=2, invariance=3.0, sensitivity=0)

    def fixed(p: Tensor, q: Tensor) -> Tensor:
        return divergences.js(p.detach(), q)

    other = Method(method.ascent, Consistency(fixed, weight=3.0))
    same(sum(terms(method, landscape)), sum(terms(other, landscape)), model, 1e-14)


def test_a_projected_negative_is_within_its_bound_so_that_a_hinge_would_be_zero(model: Toy) -> None:
    landscape = AnswerLandscape(model)
    method = methods.self_negative(steps=5, step_size=0.5)
    kappa = relative_norm(method.ascent(landscape, generator=generator()).end, landscape)
    assert ((kappa.square() - KAPPA**2).clamp_min(0) < 1e-15).all()
    assert (kappa > 0.99 * KAPPA).all()
    with pytest.raises(ValueError, match=r"negatives of Negative are bounded by construction and the hinge would be 0"):
        TwoSided(divergence=divergences.js, negative=erased(0.25), sensitivity=Unlikelihood(), semantic_weight=1.0)


def test_a_network_is_held_by_the_hinge_and_learns(model: Toy) -> None:
    landscape, operator = AnswerLandscape(model), LearnedOperator(width=5, between=8).double()
    objective = TwoSided(
        divergence=divergences.js,
        negative=operator,
        sensitivity=Unlikelihood(),
        invariance_weight=0,
        semantic_weight=4.0,
        bound=0.05,
    )
    method = Method(Rest(), objective)
    (group,) = method.parameter_groups()
    assert {id(p) for p in group["params"]} == {id(p) for p in method.parameters()}
    assert any(name.startswith("objective.negative.network") for name in method.state_dict())
    _, far = terms(method, landscape)
    offset = operator.network(landscape.base) * landscape.mask
    over = 0.0
    for i in range(3):
        kappa = offset[i].norm() / free(landscape, i).detach().norm()
        over = over + max(kappa**2 - 0.05**2, torch.zeros((), dtype=torch.float64)) / 3
    assert over > 0
    torch.testing.assert_close(far, naive_unlikelihood(landscape, offset) + 4.0 * over, rtol=1e-11, atol=0)
    far.backward()
    assert all(p.grad.abs().sum() > 0 for p in operator.parameters())


def test_a_share_of_the_steps(model: Toy) -> None:
    landscape, inner = counterfactual(model), methods.self_negative(steps=2, change="counterfactual")
    method = methods.on_a_share(inner, 0.3, seed=4)
    assert isinstance(method.objective, ShareOfSteps)
    seen = []
    for _ in range(30):
        seen.append(len(terms(method, landscape)))
        method.after_step()
    assert set(seen) == {1, 3}
    assert seen.count(3) == sum(method.objective.adversarial(step) for step in range(30))
    assert method.objective.units(method.ascent) == pytest.approx(0.3 * inner.objective.units(inner.ascent) + 0.7 * 3)


def test_the_negatives_state_and_steps_are_forwarded(model: Toy) -> None:
    class Counting(Rest):
        calls: ClassVar[list] = []

        def after_step(self) -> None:
            self.calls.append("step")

        def prepare(self, landscapes: object, *, learning_rate: float) -> None:
            self.calls.append(learning_rate)

    for make in (methods.self_negative, methods.self_negative_infonce):
        Counting.calls.clear()
        method = make(negative=Counting())
        method.prepare([AnswerLandscape(model)], learning_rate=0.5)
        method.after_step()
        assert Counting.calls == [0.5, "step"]


def test_the_difficulty_hears_what_was_answered_at_the_negatives(model: Toy) -> None:
    """κ moves by η(q - q*) with q counted from the distributions at h⁻, token by token."""
    landscape = AnswerLandscape(model)
    controller = KappaController(0.2, rate=0.1, target=0.5)
    negative = Negative(ReplaceByMean(), kappa=controller, detectors={Saliency(): 1.0}, unreachable="nearest")
    method = methods.self_negative(negative=negative, invariance=0)
    gone = negative(landscape).end
    right = []
    for i in range(3):
        p = answer(model, free(landscape, i, gone), i)
        right.append(all(int(p[t].argmax()) == int(landscape.labels[i, t]) for t in range(LENGTHS[i])))
    terms(method, landscape)
    method.after_step()
    expected = 0.2 + 0.1 * (sum(right) / 3 - 0.5)
    assert float(controller(landscape)) == pytest.approx(expected, abs=1e-12)
    assert any("negative" in name for name in method.state_dict())


class Sure:
    """A classifier of one state that is sure of its answer by a gap of 200: logits = 200·(h₀, h₁) + 0."""

    def __init__(self, sign: float, dtype: torch.dtype):
        self.weight = torch.eye(2, 3, dtype=dtype).requires_grad_()
        self.base = torch.tensor([[[sign * 200.0, 0.0, 0.0]]], dtype=dtype)
        self.shape, self.mask = (1, 1, 3), torch.ones(1, 1, 1, dtype=dtype)
        self.labels = torch.tensor([0])
        self.ids = self.units = None
        self.companions = {"counterfactual": self}

    def read(self, offset: Tensor | None = None) -> Reading:
        h = self.base if offset is None else self.base + offset
        logits = h.squeeze(1) @ self.weight.mT
        return Reading(logits, F.cross_entropy(logits, self.labels, reduction="none"), h, h.squeeze(1))

    clean = read

    def loss(self, offset: Tensor | None = None) -> Tensor:
        return self.read(offset).loss

    def logits(self, offset: Tensor | None = None) -> Tensor:
        return self.read(offset).logits

    def with_model(self, model: object) -> "Sure":
        return self

    def redrawn(self) -> "Sure":
        return self


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("divergence", ALL)
@pytest.mark.parametrize("change", ["unlikelihood", "counterfactual", "hinge"])
def test_losses_and_gradients_are_finite_at_a_gap_of_200(
    change: str, divergence: object, sign: float, dtype: torch.dtype
) -> None:
    for method in (
        methods.self_negative(change=change, divergence=divergence, negative=Rest(starts.normal(1.0))),
        methods.self_negative_pull(divergence=divergence),
        methods.self_negative_push(divergence=divergence, negative=Rest(starts.normal(1.0))),
        methods.self_negative_infonce(negative=Rest(starts.normal(1.0))),
        methods.cat(),
        methods.lat(),
    ):
        landscape = Sure(sign, dtype)
        for term in method.terms(landscape, generator=generator()):
            term.backward()
            assert term.isfinite()
        assert landscape.weight.grad.isfinite().all()


@pytest.mark.parametrize("divergence", ALL)
@pytest.mark.parametrize("gap", [200.0, -200.0])
def test_divergences_and_their_gradients_are_finite_at_a_gap_of_200(divergence: object, gap: float) -> None:
    p = torch.tensor([[gap, 0.0, 0.0]], requires_grad=True)
    q = torch.tensor([[-gap, 0.0, 0.0]], requires_grad=True)
    value = divergence(p, q)
    value.sum().backward()
    assert value.isfinite().all()
    assert p.grad.isfinite().all()
    assert q.grad.isfinite().all()


def test_mse_is_the_squared_distance_of_probabilities() -> None:
    p, q = torch.randn(2, 5, 3, 4, dtype=torch.float64, generator=generator())
    expected = torch.stack([(a.softmax(-1) - b.softmax(-1)).pow(2).sum() / 3 for a, b in zip(p, q, strict=True)])
    torch.testing.assert_close(divergences.mse(p, q), expected)
    far = divergences.mse(torch.tensor([[50.0, 0.0]]), torch.tensor([[0.0, 50.0]]))
    assert far.item() == pytest.approx(2)


def test_what_is_refused(model: Toy) -> None:
    with pytest.raises(ValueError, match="change must be one of unlikelihood, counterfactual, hinge, got 'other'"):
        methods.self_negative(change="other")
    for name in ("invariance", "sensitivity"):
        with pytest.raises(ValueError, match=rf"{name}_weight must be at least 0, got -1"):
            methods.self_negative(**{name: -1})
    with pytest.raises(ValueError, match="expected a companion 'counterfactual' beside the batch, got none; add it"):
        terms(methods.self_negative(change="counterfactual"), AnswerLandscape(model))
    landscape = counterfactual(model)
    landscape.companions["counterfactual"].mask = landscape.mask.roll(1, 1)
    with pytest.raises(ValueError, match=r"'counterfactual' has its free states at other places, \(3, 6, 5\) beside"):
        terms(methods.self_negative(change="counterfactual", negative=erased(0.25)), landscape)
    with pytest.raises(ValueError, match="goal apart.js. needs a start away from 0"):
        RelativeAscent(steps=1, step_size=0.1, goal=apart(divergences.js))
    with pytest.raises(ValueError, match="least must be positive, got 0"):
        Hinge(least=0)
    with pytest.raises(ValueError, match="width must be positive, got 0"):
        LearnedOperator(width=0)
    assert CounterfactualLoss().needs == ("counterfactual",)


def test_an_ascent_in_absolute_units_serves_as_well(model: Toy) -> None:
    """A⁺ is any ascent: the one of the other methods, inside a relative ball."""
    landscape = AnswerLandscape(model)
    ascent = GradientAscent(
        steps=3, step_size=50.0, project=relative_ball(0.1), start=starts.relative(0.01), goal=apart(divergences.js)
    )
    objective = TwoSided(
        divergence=divergences.js, negative=erased(0.25), sensitivity=Unlikelihood(), sensitivity_weight=0
    )
    _, near = terms(Method(ascent, objective), landscape)
    end = ascent(landscape, generator=generator()).end
    torch.testing.assert_close(relative_norm(end, landscape), torch.full((3,), 0.1, dtype=torch.float64))
    same(near, naive_apart(landscape, end), model)
