"""The bounds against the information of correlated Gaussians, and against loops over the pairs."""

import math

import pytest
import torch
from torch import Tensor

from robustlab.objective import Conditional, InfoNCE, club, leave_one_out

DIMENSIONS = 2


def correlated(n: int, rho: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x, noise = torch.randn(2, n, DIMENSIONS, generator=generator)
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def information(rho: float) -> float:
    return -DIMENSIONS / 2 * math.log(1 - rho**2)


def trained(critic: torch.nn.Module, loss, rho: float, steps: int = 600) -> torch.nn.Module:
    optimiser = torch.optim.Adam(critic.parameters(), lr=5e-3)
    for step in range(steps):
        x, y = correlated(256, rho, seed=step + 1)
        optimiser.zero_grad()
        loss(critic, x, y).backward()
        optimiser.step()
    return critic


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("rho", [0.6, 0.8])
def test_info_nce_is_within_a_tenth_of_the_information(rho: float) -> None:
    pair = torch.arange(256)
    critic = trained(InfoNCE(DIMENSIONS, DIMENSIONS), lambda c, x, y: -c(x, y, pair), rho)
    x, y = correlated(2000, rho, seed=10_000)
    with torch.no_grad():
        bound = critic(x, y, torch.arange(2000)).item()
    assert bound == pytest.approx(information(rho), rel=0.1)


@pytest.fixture(scope="module", params=[0.6, 0.8])
def fitted(request: pytest.FixtureRequest) -> tuple[Conditional, float]:
    torch.manual_seed(0)
    q = Conditional(DIMENSIONS, DIMENSIONS)
    return trained(q, lambda c, x, y: -c.log_likelihood(x, y), request.param), request.param


def test_leaving_one_out_is_within_a_tenth_of_the_information(fitted: tuple[Conditional, float]) -> None:
    q, rho = fitted
    x, y = correlated(2000, rho, seed=10_000)
    assert leave_one_out(q, x, y).item() == pytest.approx(information(rho), rel=0.1)


def test_club_is_within_a_tenth_of_its_own_closed_form(fitted: tuple[Conditional, float]) -> None:
    """With the true conditional it is both KLs together, ρ²/(1 - ρ²) a dimension: twice the information or more."""
    q, rho = fitted
    x, y = correlated(4000, rho, seed=10_000)
    bound = club(q, x, y).item()
    assert bound == pytest.approx(DIMENSIONS * rho**2 / (1 - rho**2), rel=0.1)
    assert bound > 1.9 * information(rho)


def test_club_is_its_loop() -> None:
    q, (x, y) = Conditional(3, 2).double(), (torch.randn(5, 3).double(), torch.randn(5, 2).double())
    mean, spread = q(x)

    def log_q(i: int, j: int) -> Tensor:
        normal = torch.distributions.Normal(mean[i], (spread[i] / 2).exp())
        return normal.log_prob(y[j]).sum()

    expected = sum(log_q(i, i) for i in range(5)) / 5 - sum(log_q(i, j) for i in range(5) for j in range(5)) / 25
    torch.testing.assert_close(club(q, x, y), expected)


def test_leaving_one_out_is_its_loop() -> None:
    q, (x, y) = Conditional(3, 2).double(), (torch.randn(5, 3).double(), torch.randn(5, 2).double())
    mean, spread = q(x)
    total = 0.0
    for i in range(5):
        density = [
            torch.distributions.Normal(m, (s / 2).exp()).log_prob(y[i]).sum().exp()
            for m, s in zip(mean, spread, strict=True)
        ]
        others = sum(density[j] for j in range(5) if j != i) / 4
        total = total + (density[i] / others).log() / 5
    torch.testing.assert_close(leave_one_out(q, x, y), total)


def test_info_nce_is_its_loop() -> None:
    critic = InfoNCE(3, 2).double()
    x, z, pair = torch.randn(5, 3).double(), torch.randn(4, 2).double(), torch.tensor([0, 0, 1, 3, 2])
    total = 0.0
    for i in range(5):
        scores = [critic.left(x[i]) @ critic.right(z[j]) for j in range(4)]
        total = total + (scores[pair[i]].exp() / (sum(s.exp() for s in scores) / 4)).log() / 5
    torch.testing.assert_close(critic(x, z, pair), total)
    assert critic(x, z, pair) <= math.log(4)


def test_the_bounds_move_the_features_and_the_likelihood_moves_the_network() -> None:
    q, x, y = Conditional(3, 2), torch.randn(6, 3, requires_grad=True), torch.randn(6, 2, requires_grad=True)
    for bound in (club, leave_one_out):
        bound(q, x, y).backward()
        assert all(parameter.grad is None for parameter in q.parameters())
        assert x.grad.abs().sum() > 0
        assert y.grad.abs().sum() > 0
        x.grad = y.grad = None
    q.log_likelihood(x, y).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in q.parameters())
    assert x.grad is None
    assert y.grad is None


def test_bad_sizes_are_named() -> None:
    with pytest.raises(ValueError, match="width must be positive, got 0"):
        InfoNCE(2, 2, width=0)
    with pytest.raises(ValueError, match="first must be positive, got -1"):
        Conditional(-1, 2)
    with pytest.raises(ValueError, match="leaving one out needs at least 2 samples, got 1"):
        leave_one_out(Conditional(2, 2), torch.zeros(1, 2), torch.zeros(1, 2))
