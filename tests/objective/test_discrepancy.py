"""MMD and optimal transport against loops, closed forms and an exact assignment."""

import math

import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from robustlab.objective import mmd, sinkhorn, unbiased_mmd

KINDS = [mmd, unbiased_mmd, sinkhorn(), sinkhorn(blur=0.5)]


def clouds(n: int = 6, m: int = 4, d: int = 3, shift: float = 0.7) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    one = torch.randn(n, d, generator=generator, dtype=torch.float64)
    return one, torch.randn(m, d, generator=generator, dtype=torch.float64) + shift


def loop_mmd(one: Tensor, other: Tensor, *, with_self: bool) -> float:
    """The double sums as they are written, a pair at a time."""
    points = [*one.tolist(), *other.tolist()]
    pairs = [(p, q) for i, p in enumerate(points) for j, q in enumerate(points) if i != j]
    h = sum(math.dist(p, q) ** 2 for p, q in pairs) / len(pairs)

    def kernel(p: list[float], q: list[float]) -> float:
        return sum(math.exp(-(math.dist(p, q) ** 2) / (2.0**power * h)) for power in range(-2, 3))

    def mean(left: list, right: list, *, within: bool) -> float:
        values = [
            kernel(p, q) for i, p in enumerate(left) for j, q in enumerate(right) if with_self or not within or i != j
        ]
        return sum(values) / len(values)

    x, y = one.tolist(), other.tolist()
    return mean(x, x, within=True) + mean(y, y, within=True) - 2 * mean(x, y, within=False)


@pytest.mark.parametrize(("distance", "with_self"), [(mmd, True), (unbiased_mmd, False)])
def test_mmd_is_the_double_sum(distance: object, with_self: bool) -> None:
    one, other = clouds()
    assert float(distance(one, other)) == pytest.approx(loop_mmd(one, other, with_self=with_self), rel=1e-12)
    far = torch.full((3,), 1e4, dtype=torch.float64)
    moved = distance((one + far).float(), (other + far).float())
    assert float(moved) == pytest.approx(loop_mmd(one, other, with_self=with_self), rel=1e-3)


def test_mmd_of_two_point_masses() -> None:
    """h is the squared distance of the points themselves, for any d: 2 Σ_q (1 - exp(-2^-q))."""
    expected = 2 * sum(1 - math.exp(-(2.0**-power)) for power in range(-2, 3))
    for d in (0.01, 1.0, 30.0):
        one, other = torch.zeros(1, 2, dtype=torch.float64), torch.tensor([[0.6 * d, 0.8 * d]], dtype=torch.float64)
        assert float(mmd(one, other)) == pytest.approx(expected)


def test_unbiased_mmd_of_two_gaussians() -> None:
    """E exp(-(X - Y)²/w) = (1 + 2v/w)^-½ exp(-μ²/(w + 2v)) for X - Y ~ N(μ, v)."""
    generator = torch.Generator().manual_seed(0)
    mean, n = 1.5, 1200
    one = torch.randn(n, 1, generator=generator, dtype=torch.float64)
    other = torch.randn(n, 1, generator=generator, dtype=torch.float64) + mean
    h = 2 + mean**2 / 2  # half of the pairs are across

    def expected(mu: float) -> float:
        widths = [2.0**power * h for power in range(-2, 3)]
        return sum(math.exp(-(mu**2) / (w + 4)) / math.sqrt(1 + 4 / w) for w in widths)

    assert float(unbiased_mmd(one, other)) == pytest.approx(2 * expected(0) - 2 * expected(mean), rel=0.1)


def test_the_biased_estimate_is_too_large_and_the_unbiased_is_not() -> None:
    generator = torch.Generator().manual_seed(0)
    draws = [torch.randn(2, 8, 4, generator=generator, dtype=torch.float64) for _ in range(400)]
    biased = torch.stack([mmd(*draw) for draw in draws])
    unbiased = torch.stack([unbiased_mmd(*draw) for draw in draws])
    assert biased.min() > 0.2
    assert abs(unbiased.mean()) < 4 * unbiased.std() / math.sqrt(len(draws))
    assert unbiased.min() < 0


@pytest.mark.parametrize("distance", [mmd, sinkhorn(), sinkhorn(blur=0.5)])
def test_equal_clouds_are_not_apart(distance: object) -> None:
    one, _ = clouds()
    assert float(distance(one, one.flip(0))) == pytest.approx(0, abs=1e-4)
    constant = torch.ones(3, 2)
    assert float(distance(constant, constant)) == pytest.approx(0, abs=1e-4)


def exact_transport(one: Tensor, other: Tensor) -> float:
    cost = torch.cdist(one, other).square() / 2
    rows, columns = linear_sum_assignment(cost.numpy())
    return float(cost[rows, columns].mean())


@pytest.mark.parametrize("n", [1, 5, 24])
def test_a_small_blur_is_the_exact_assignment(n: int) -> None:
    one, other = clouds(n, n)
    expected = exact_transport(one, other)
    assert float(sinkhorn(blur=0.02, iterations=40)(one, other)) == pytest.approx(expected, rel=2e-3)
    scaled = float(sinkhorn(blur=0.2, iterations=40)(10 * one, 10 * other))
    assert scaled == pytest.approx(100 * expected, rel=2e-3)


def test_a_large_blur_compares_the_means() -> None:
    """As ε → ∞ the plan is uniform, and the divergence half of the squared distance of the means."""
    one, other = clouds()
    expected = (one.mean(0) - other.mean(0)).square().sum() / 2
    assert float(sinkhorn(blur=300)(one, other)) == pytest.approx(float(expected), rel=1e-3)


def test_sinkhorn_is_what_plain_scaling_finds() -> None:
    """Cuturi's iteration on the kernel matrix, without logarithms, on clouds of unequal size."""
    one, other = clouds()
    epsilon = 0.8**2

    def transport(x: Tensor, y: Tensor) -> float:
        cost = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square() / 2
        a, b = x.new_full((len(x),), 1 / len(x)), x.new_full((len(y),), 1 / len(y))
        kernel, v = (-cost / epsilon).exp(), torch.ones_like(b)
        for _ in range(2000):
            u = a / (kernel @ v)
            v = b / (kernel.T @ u)
        plan = u[:, None] * kernel * v
        return float((plan * cost).sum() + epsilon * (plan * (plan / (a[:, None] * b)).log()).sum())

    expected = transport(one, other) - (transport(one, one) + transport(other, other)) / 2
    assert float(sinkhorn(blur=0.8, iterations=60)(one, other)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("distance", [mmd, unbiased_mmd, sinkhorn(blur=0.8, iterations=60)])
def test_gradients_reach_both_sides(distance: object) -> None:
    one, other = (cloud.requires_grad_() for cloud in clouds(4, 3, 2))
    if not isinstance(distance, sinkhorn):
        # h is held fixed: the value with h free has another gradient, so differences are taken at a fixed one.
        fixed = _with_fixed_width(one.detach(), other.detach(), with_self=distance is mmd)
        numeric = _differences(fixed, one.detach(), other.detach())
        found = torch.autograd.grad(distance(one, other), (one, other))
        for mine, theirs in zip(found, numeric, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-8)
            assert mine.abs().max() > 0
        return
    assert torch.autograd.gradcheck(distance, (one, other), rtol=1e-4, atol=1e-7)


def _with_fixed_width(one: Tensor, other: Tensor, *, with_self: bool) -> object:
    points = torch.cat([one, other])
    h = torch.pdist(points).square().mean()

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        distances = (x[:, None] - y).square().sum(-1)
        return sum((-distances / (2.0**power * h)).exp() for power in range(-2, 3))

    def mean(values: Tensor) -> Tensor:
        return values.mean() if with_self else values[~torch.eye(len(values), dtype=torch.bool)].mean()

    return lambda x, y: mean(kernel(x, x)) + mean(kernel(y, y)) - 2 * kernel(x, y).mean()


def _differences(function: object, one: Tensor, other: Tensor, step: float = 1e-5) -> list[Tensor]:
    gradients = []
    for which, cloud in enumerate((one, other)):
        gradient = torch.zeros_like(cloud)
        for index in range(cloud.numel()):
            values = []
            for sign in (1, -1):
                moved = cloud.clone()
                moved.view(-1)[index] += sign * step
                values.append(function(*((moved, other) if which == 0 else (one, moved))))
            gradient.view(-1)[index] = (values[0] - values[1]) / (2 * step)
        gradients.append(gradient)
    return gradients


@pytest.mark.parametrize("distance", KINDS)
def test_descent_brings_the_clouds_together(distance: object) -> None:
    one, other = clouds(8, 8, 2, shift=2.0)
    moved = other.clone().requires_grad_()
    before = float(distance(one, other))
    optimizer = torch.optim.Adam([moved], lr=0.1)
    for _ in range(40):
        optimizer.zero_grad()
        distance(one, moved).backward()
        optimizer.step()
    assert float(distance(one, moved)) < 0.2 * before


def test_half_precision_is_left_to_the_features() -> None:
    one, other = clouds(8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for distance in KINDS:
            expected = float(distance(one, other))
            assert float(distance(one.float(), other.float())) == pytest.approx(expected, rel=1e-4)
            assert distance(one.bfloat16(), other.bfloat16()).dtype == torch.float32


def test_messages() -> None:
    one, other = clouds()
    with pytest.raises(ValueError, match="expected at least 1 point a cloud, got 0"):
        mmd(one, other[:0])
    with pytest.raises(ValueError, match="expected at least 2 points a cloud, got 1"):
        unbiased_mmd(one[:1], other)
    with pytest.raises(ValueError, match="expected at least 1 point a cloud, got 0"):
        sinkhorn()(one[:0], other)
    with pytest.raises(ValueError, match="blur must be positive, got 0"):
        sinkhorn(blur=0)
    with pytest.raises(ValueError, match="iterations must be positive, got 0"):
        sinkhorn(iterations=0)
