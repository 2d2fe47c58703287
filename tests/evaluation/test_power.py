"""Power of tests, against loops over all outcomes and against simulated experiments."""

from math import comb

import numpy as np
import pytest
from scipy.stats import norm

from robustlab.evaluation.power import (
    examples_needed,
    least_difference,
    paired_power,
    standard_error,
    unpaired_power,
)
from robustlab.evaluation.statistics import mcnemar


def by_loop(n: int, a: float, b: float, level: float) -> float:
    """The power of McNemar's exact test from its definition: every outcome, with its chance and its p-value."""
    total = 0.0
    for first in range(n + 1):
        for second in range(n + 1 - first):
            p_value = mcnemar([1] * first + [0] * second, [0] * first + [1] * second).p_value if first + second else 1.0
            if p_value <= 1 - level + 1e-12:
                chance = comb(n, first) * comb(n - first, second)
                total += chance * a**first * b**second * (1 - a - b) ** (n - first - second)
    return total


@pytest.mark.parametrize(
    ("n", "a", "b", "level"),
    [(20, 0.5, 0.1, 0.95), (12, 0.3, 0.3, 0.9), (15, 0.7, 0.0, 0.95), (6, 1.0, 0.0, 0.95), (18, 0.1, 0.6, 0.99)],
)
def test_paired_power_is_that_of_a_loop_over_all_outcomes(n: int, a: float, b: float, level: float) -> None:
    assert paired_power(n, a, b, level=level) == pytest.approx(by_loop(n, a, b, level), abs=1e-9)


def test_a_test_rejects_equals_no_more_often_than_its_size() -> None:
    assert all(paired_power(n, 0.1, 0.1) <= 0.05 for n in (5, 50, 500, 5000))
    assert paired_power(100, 0.0, 0.0) == 0


def test_unpaired_power_in_simulated_experiments() -> None:
    rng, n, times = np.random.default_rng(0), 800, 20_000
    one, other = (rng.binomial(n, share, size=times) / n for share in (0.5, 0.43))
    spread = np.sqrt((one * (1 - one) + other * (1 - other)) / n)
    seen = float((np.abs(one - other) / spread > norm.ppf(0.975)).mean())
    assert unpaired_power(n, 0.5, 0.43) == pytest.approx(seen, abs=0.015)


def test_unpaired_power_without_variance() -> None:
    assert unpaired_power(10, 0.0, 1.0) == 1
    assert unpaired_power(10, 1.0, 1.0) == 0


def test_the_textbook_number_of_examples() -> None:
    # (z_.975 + z_.8)² · 2 · .25 / .02², by hand from the tables of the normal distribution: 1.96 and 0.8416
    assert examples_needed(lambda n: unpaired_power(n, 0.5, 0.5 - 1e-9 - 0.02)) == pytest.approx(
        (1.95996 + 0.84162) ** 2 * (0.25 + 0.48 * 0.52) / 0.02**2, rel=1e-3
    )


def test_the_search_finds_the_first_number() -> None:
    assert [examples_needed(lambda n, at=at: float(n >= at), power=0.8) for at in (1, 2, 3, 100, 1025)] == [
        1, 2, 3, 100, 1025,
    ]  # fmt: skip


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        paired_power(0, 0.1, 0.1)
    with pytest.raises(ValueError, match=r"disagreements must be a share, from 0 to 1, got 1\.4"):
        paired_power(10, 0.7, 0.7)
    with pytest.raises(ValueError, match=r"first must be a share, from 0 to 1, got -0\.1"):
        unpaired_power(10, -0.1, 0.1)
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        unpaired_power(10, 0.1, 0.1, level=95)
    with pytest.raises(ValueError, match="power must be between 0 and 1, got 1"):
        examples_needed(lambda n: 1.0, power=1)
    with pytest.raises(ValueError, match="the two models hardly differ"):
        examples_needed(lambda n: 0.05)


def test_the_least_difference_is_where_the_power_begins() -> None:
    base = 0.05
    found = least_difference(lambda d: paired_power(148, base + d, base), most=0.9)
    steps = np.arange(0.001, 0.9, 0.0005)
    powers = np.array([paired_power(148, base + step, base) for step in steps])
    assert found == pytest.approx(steps[np.argmax(powers >= 0.8)], abs=5e-4)
    # The normal approximation by hand: two shares about 1/2 of 81 rows each.
    z = norm.ppf(0.975) + norm.ppf(0.8)
    least = least_difference(lambda d: unpaired_power(81, 0.5 + d / 2, 0.5 - d / 2))
    assert 81 * least**2 == pytest.approx(z**2 * 2 * (0.25 - least**2 / 4), rel=1e-3)


def test_a_standard_error_is_the_spread_of_simulated_accuracies() -> None:
    drawn = np.random.default_rng(0).binomial(148, 0.6, size=200_000) / 148
    assert standard_error(0.6, 148) == pytest.approx(drawn.std(), rel=1e-2)
    assert standard_error(1.0, 148) == 0


def test_differences_that_cannot_be_found() -> None:
    with pytest.raises(ValueError, match=r"no difference up to 0.9 is found with a power of 0.8"):
        least_difference(lambda d: paired_power(3, d, 0.0), most=0.9)
    with pytest.raises(ValueError, match="power must be between 0 and 1, got 2"):
        least_difference(lambda d: d, power=2)
    with pytest.raises(ValueError, match="most must be positive, got 0"):
        least_difference(lambda d: d, most=0)
    with pytest.raises(ValueError, match="accuracy must be a share"):
        standard_error(1.5, 10)
