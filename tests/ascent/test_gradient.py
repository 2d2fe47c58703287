"""The ascent: bookkeeping to the last bit, equivariance, what it asks autograd for."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustlab import ascent
from robustlab.ascent import Ascent, GradientAscent, Rest, gradient_at
from robustlab.landscape import QuadraticLandscape, TransformerLandscape
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.randomness import ExampleGenerators

DIRECTIONS = [ascent.raw, ascent.unit_l2, ascent.token_l2, ascent.sign, ascent.linf]
PROJECTIONS = [ascent.unbounded, ascent.l2_ball(0.5), ascent.linf_ball(0.2), ascent.token_l2_ball(0.3)]
STARTS = [ascent.zero, ascent.uniform(0.3), ascent.normal(0.2), ascent.freelb(0.6)]

rules = st.builds(
    GradientAscent,
    steps=st.integers(1, 6),
    step_size=st.floats(1e-3, 2.0),
    direction=st.sampled_from(DIRECTIONS),
    project=st.sampled_from([*PROJECTIONS, ascent.relative_ball(0.4)]),
    start=st.sampled_from(STARTS),
)


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return tiny_architecture("bert").eval()


class Tokens(QuadraticLandscape):
    """Three tokens that see the same quadratic; the last token of every odd example is a pad."""

    def __init__(self, b: int, seed: int):
        generator = torch.Generator().manual_seed(seed)
        hessian = torch.randn(b, 4, 4, generator=generator)
        super().__init__(torch.randn(b, 4, generator=generator), (hessian + hessian.mT) / 4)
        self.shape = (b, 3, 4)
        self.base = torch.randn(self.shape, generator=generator)
        self.mask = torch.ones(b, 3, 1)
        self.mask[1::2, 2] = 0

    def loss(self, offset: torch.Tensor | None = None) -> torch.Tensor:
        r = self.base * 0 if offset is None else offset
        # No mask here: the gradient at a pad is not 0, and the ascent alone must keep it still.
        bent = torch.einsum("bti,bij,btj->b", r, self.hessian, r)
        return torch.einsum("bi,bti->b", self.gradient, r) + bent / 2


@settings(max_examples=60, deadline=None)
@given(rule=rules, b=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_paths_add_up_to_the_last_bit_and_pads_stay_zero(rule: GradientAscent, b: int, seed: int) -> None:
    landscape = Tokens(b, seed)
    walker = ascent.Walker(rule, landscape, torch.Generator().manual_seed(seed))
    visits = list(ascent.walk(walker, landscape, rule.goal))
    path = rule(landscape, generator=torch.Generator().manual_seed(seed))
    total = path.start
    for step, visit in zip(path.steps, visits, strict=True):
        assert torch.equal(step, visit.step)
        total = total + step
    assert torch.equal(total, path.end)
    assert torch.equal(total, walker.position)
    assert path.start[1::2, 2].eq(0).all()
    assert path.steps[:, 1::2, 2].eq(0).all()


@settings(max_examples=40, deadline=None)
@given(rule=rules, seed=st.integers(0, 10**6))
def test_a_path_is_the_textbook_recursion(rule: GradientAscent, seed: int) -> None:
    """r ← Π(r + α·direction(∇L(r))), written as a loop, and gains ⟨δ, ∇L⟩ by hand."""
    landscape = Tokens(3, seed)
    path = rule(landscape, generator=torch.Generator().manual_seed(seed))
    r = rule.start(landscape, generator=torch.Generator().manual_seed(seed))
    for t in range(rule.steps):
        probe = r.clone().requires_grad_()
        landscape.loss(probe).sum().backward()
        g = probe.grad * landscape.mask
        after = rule.project(r + rule.step_size * rule.direction(g), landscape) * landscape.mask
        size = 1 + after.abs().max()
        torch.testing.assert_close(path.steps[t], after - r, rtol=1e-3, atol=1e-4 * float(size))
        by_hand = torch.stack([(a * b).sum() for a, b in zip(path.steps[t], probe.grad, strict=True)])
        torch.testing.assert_close(path.gains[t], by_hand, rtol=1e-2, atol=1e-3 * float(size * (1 + g.abs().max())))
        r = path.at(torch.tensor([1.0] * (t + 1) + [0.0] * (rule.steps - t - 1)))


@pytest.mark.parametrize("project", [*PROJECTIONS[1:], ascent.relative_ball(0.1)])
def test_the_path_stays_in_its_ball(model: torch.nn.Module, project: ascent.Projection) -> None:
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    rule = GradientAscent(steps=6, step_size=0.3, project=project)
    path = rule(landscape)
    torch.testing.assert_close(project(path.end, landscape), path.end, rtol=1e-5, atol=1e-6)
    free = GradientAscent(steps=6, step_size=0.3)(landscape).end
    assert not torch.allclose(project(free, landscape), free)  # without the projection the path leaves the ball


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("start", [ascent.zero, ascent.freelb(0.3)])
def test_a_permuted_batch_permutes_the_path(
    model: torch.nn.Module, direction: ascent.Direction, start: ascent.Start
) -> None:
    batch, order = tiny_batch("bert", batch=4), torch.tensor([2, 0, 3, 1])
    rule = GradientAscent(steps=3, step_size=0.1, direction=direction, start=start)
    path = rule(TransformerLandscape(model, batch), generator=ExampleGenerators([5, 6, 7, 8], 0))
    permuted = {name: value[order] for name, value in batch.items()}
    other = rule(TransformerLandscape(model, permuted), generator=ExampleGenerators([7, 5, 8, 6], 0))
    if direction is ascent.sign:  # a gradient at rounding error from 0 may have either sign
        agree = (path.steps[:, order] - other.steps).abs() < 1e-5
        assert agree.float().mean() > 0.99
        return
    torch.testing.assert_close(path.end[order], other.end, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(path.gains[:, order], other.gains, rtol=1e-4, atol=1e-6)


def test_gradient_at_asks_for_the_offset_s_gradient_only(model: torch.nn.Module) -> None:
    model.zero_grad()
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    offset = torch.zeros(landscape.shape)
    value, gradient = gradient_at(landscape, ascent.cross_entropy, offset)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not value.requires_grad
    assert not gradient.requires_grad
    assert not offset.requires_grad
    torch.testing.assert_close(value, landscape.loss())


def test_a_path_carries_no_graph(model: torch.nn.Module) -> None:
    path = GradientAscent(steps=2, step_size=0.1)(TransformerLandscape(model, tiny_batch("bert")))
    assert not any(tensor.requires_grad for tensor in path)
    assert path.steps.shape == (2, *path.start.shape)
    assert path.gains.shape == (2, 3)


def test_the_loss_rises_along_the_path(model: torch.nn.Module) -> None:
    landscape = TransformerLandscape(model, tiny_batch("bert"))
    path = GradientAscent(steps=4, step_size=0.05)(landscape)
    losses = [landscape.loss(path.at(torch.tensor([1.0] * t + [0.0] * (4 - t)))) for t in range(5)]
    assert all((after > before).all() for before, after in zip(losses, losses[1:], strict=False))
    assert (path.gains > 0).all()


def test_coefficients_may_differ_between_examples() -> None:
    landscape = Tokens(2, 0)
    path = GradientAscent(steps=2, step_size=0.1, start=ascent.uniform(0.1))(landscape)
    mixed = path.at(torch.tensor([[1.0, 0.5], [0.0, 2.0]]))
    assert torch.equal(mixed[0], path.start[0] + path.steps[0, 0])
    torch.testing.assert_close(mixed[1], path.start[1] + 0.5 * path.steps[0, 1] + 2 * path.steps[1, 1])
    with pytest.raises(ValueError, match="zip"):
        path.at(torch.ones(3))


def test_rest_stays_where_it_is() -> None:
    landscape = Tokens(2, 0)
    path = Rest()(landscape)
    assert isinstance(Rest(), Ascent)
    assert path.end.eq(0).all()
    assert path.steps.shape == (0, 2, 3, 4)
    assert path.gains.shape == (0, 2)


def test_bad_numbers_are_named() -> None:
    with pytest.raises(ValueError, match=r"steps must be at least 1, got 0; for no ascent use methods.standard\(\)"):
        GradientAscent(steps=0, step_size=0.1)
    with pytest.raises(ValueError, match="step_size must be positive, got -0.04"):
        GradientAscent(steps=1, step_size=-0.04)
    with pytest.raises(ValueError, match="step_size must be positive, got nan"):
        GradientAscent(steps=1, step_size=float("nan"))
