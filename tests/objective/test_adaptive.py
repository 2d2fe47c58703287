"""Learnable step weights: PGD to the last bit, and the gradient that w maximises along."""

import pytest
import torch

from robustlab import methods
from robustlab.ascent import GradientAscent, starts, unit_l2
from robustlab.landscape import QuadraticLandscape, TransformerLandscape
from robustlab.methods import Method
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.objective import Adaptive, ExponentiatedWeights, ProjectedWeights, SimplexWeights, SoftmaxWeights
from robustlab.training.step import accumulate

EQUALITIES = [*((k, SoftmaxWeights) for k in range(1, 31)), (7, ProjectedWeights), (7, ExponentiatedWeights)]


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return tiny_architecture("bert", dropout=0.1).train()


def gradients_of(method: Method, model: torch.nn.Module) -> tuple[torch.Tensor, list[torch.Tensor]]:
    model.zero_grad()
    landscape = TransformerLandscape(model, tiny_batch("bert", batch=2, length=6), seed=4)
    logs = accumulate(method, landscape, generator=torch.Generator().manual_seed(7))
    return logs["loss"], [parameter.grad.clone() for parameter in model.parameters()]


@pytest.mark.parametrize(("k", "weights"), EQUALITIES)
def test_uniform_weights_with_beta_k_are_pgd_bit_for_bit(
    model: torch.nn.Module, k: int, weights: type[SimplexWeights]
) -> None:
    pgd = methods.pgd(steps=k, step_size=0.1, start=starts.freelb(0.3))
    loss, gradients = gradients_of(pgd, model)
    other_loss, others = gradients_of(methods.adaptive(pgd, beta=float(k), weights=weights(k)), model)
    assert torch.equal(loss, other_loss)
    assert all(torch.equal(one, other) for one, other in zip(gradients, others, strict=True))


def test_fgm_is_clean_and_one_step_of_pgd() -> None:
    model = tiny_architecture("bert").double().eval()
    clean, clean_gradients = gradients_of(methods.standard(), model)
    pgd, pgd_gradients = gradients_of(methods.pgd(steps=1, step_size=0.2), model)
    fgm, fgm_gradients = gradients_of(methods.fgm(step_size=0.2), model)
    torch.testing.assert_close(fgm, clean + pgd, rtol=1e-14, atol=0)
    for one, two, both in zip(clean_gradients, pgd_gradients, fgm_gradients, strict=True):
        torch.testing.assert_close(both, one + two, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("weights", [ProjectedWeights, ExponentiatedWeights])
def test_the_gradient_of_w_is_beta_times_slope_times_step(weights: type[SimplexWeights]) -> None:
    model = tiny_architecture("bert").double().eval()
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    ascent, beta = GradientAscent(steps=4, step_size=0.2), 2.5
    w = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    objective = Adaptive(weights(4).double(), beta=beta)
    objective.weights.values.data.copy_(w)
    (term,) = Method(ascent, objective).terms(landscape)
    term.backward()

    path = ascent(landscape)
    moved = sum(beta * w_i * step for w_i, step in zip(w, path.steps, strict=True)).requires_grad_()
    (slope,) = torch.autograd.grad(landscape.loss(moved).mean(), moved)
    expected = torch.stack([beta * (slope * step).sum() for step in path.steps])
    torch.testing.assert_close(objective.weights.values.grad, expected, rtol=1e-10, atol=1e-14)

    for i in range(4):  # and by finite differences of the objective itself, the path held still
        bump = 1e-5 * torch.eye(4, dtype=torch.float64)[i]
        ends = [sum(beta * v * s for v, s in zip(w + sign * bump, path.steps, strict=True)) for sign in (1, -1)]
        rise = (landscape.loss(ends[0]).mean() - landscape.loss(ends[1]).mean()).detach() / 2e-5
        torch.testing.assert_close(objective.weights.values.grad[i], rise, rtol=1e-6, atol=1e-9)


def test_the_gradient_of_softmax_scores_goes_through_the_softmax() -> None:
    landscape = QuadraticLandscape(torch.tensor([[1.0, 2.0]]), torch.tensor([[[3.0, 1.0], [1.0, -2.0]]]))
    ascent = GradientAscent(steps=2, step_size=0.3, direction=unit_l2)
    objective = Adaptive(SoftmaxWeights(2), beta=2.0)
    (term,) = Method(ascent, objective).terms(landscape)
    term.backward()
    path = ascent(landscape)
    end = path.end[0, 0]
    slope = landscape.gradient[0] + landscape.hessian[0] @ end
    in_w = 2 * path.steps[:, 0, 0] @ slope
    # softmax' at w = ½: w_i (g_i - Σ w_j g_j)
    torch.testing.assert_close(objective.weights.scores.grad, 0.5 * (in_w - in_w.mean()), rtol=1e-5, atol=1e-6)


def test_a_weight_at_zero_still_gets_its_gradient() -> None:
    """A corner of the simplex must not be absorbing: the last step counts even where its weight is 0."""
    landscape = QuadraticLandscape(torch.tensor([[1.0, 2.0]]), torch.eye(2)[None])
    ascent = GradientAscent(steps=3, step_size=0.3)
    objective = Adaptive(ProjectedWeights(3), beta=3.0)
    objective.weights.values.data = torch.tensor([0.5, 0.5, 0.0])
    (term,) = Method(ascent, objective).terms(landscape)
    term.backward()
    path = ascent(landscape)
    end = 1.5 * (path.steps[0] + path.steps[1])[0, 0]
    slope = landscape.gradient[0] + end
    torch.testing.assert_close(objective.weights.values.grad, 3 * path.steps[:, 0, 0] @ slope)
    assert (objective.weights.values.grad > 0).all()


def test_steps_are_constants_for_the_weights_and_the_model(model: torch.nn.Module) -> None:
    """No second derivatives: the graph of the term does not reach back into the ascent."""
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    method = methods.adaptive_pgd(steps=2, step_size=0.1)
    forwards = []
    handle = model.classifier.register_forward_hook(lambda *_: forwards.append(1))
    (term,) = method.terms(landscape)
    handle.remove()
    assert len(forwards) == 3
    seen, stack = set(), [term.grad_fn]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        stack += [parent for parent, _ in node.next_functions if parent is not None]
    assert sum("Embedding" in node.name() for node in seen) == 3  # words, types, positions: one forward


def test_the_logs_name_weights_entropy_and_length(model: torch.nn.Module) -> None:
    method = methods.adaptive_pgd(steps=3, step_size=0.1)
    landscape = TransformerLandscape(model, tiny_batch("bert"), seed=2)
    logs = accumulate(method, landscape)
    expected = torch.tensor(3.0).log()
    torch.testing.assert_close(logs["w_entropy"], expected)
    path = method.ascent(landscape)
    for i in (1, 2, 3):
        torch.testing.assert_close(logs[f"w_{i}"], torch.tensor(1 / 3))
        torch.testing.assert_close(logs[f"implied_weight_{i}"], torch.tensor(1.0))
        torch.testing.assert_close(logs[f"gain_{i}"], path.gains[i - 1].mean())
    torch.testing.assert_close(logs["implied_clean_weight"], torch.tensor(1.0))
    torch.testing.assert_close(logs["offset_norm"], path.end.flatten(1).norm(dim=1).mean())
    torch.testing.assert_close(logs["clean_loss"], landscape.loss().mean().detach())


def test_bad_numbers_are_named() -> None:
    with pytest.raises(ValueError, match="beta must be positive, got 0"):
        Adaptive(SoftmaxWeights(2), beta=0.0)
    with pytest.raises(ValueError, match="there are 2 weights, but the ascent takes 3 steps"):
        methods.adaptive(methods.pgd(steps=3), weights=SoftmaxWeights(2))
