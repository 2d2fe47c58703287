"""How many examples it takes to tell two accuracies apart, and what so many examples cannot tell apart."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from robustlab.evaluation.statistics import LEVEL

MOST = 10_000_000  # examples; nobody has more, and the search must end


def unpaired_power(n: int, first: float, second: float, *, level: float = LEVEL) -> float:
    """Chance that two models, each on `n` examples of its own, are told apart by the z-test of two shares.

    The other sign's rejection is left out, and the normal approximation is not good below some dozens of examples.

    Args:
        n: Examples of each model.
        first: Accuracy of the first model.
        second: Accuracy of the second.
        level: One less the size of the two-sided test.
    Raises: ValueError: If `n` is below 1, an accuracy is not within [0, 1] or `level` is not between 0 and 1.
    """
    from scipy.stats import norm

    _check(n, level, first=first, second=second)
    variance = (first * (1 - first) + second * (1 - second)) / n
    if not variance:
        return float(first != second)
    return float(norm.cdf(abs(first - second) / math.sqrt(variance) - norm.ppf((1 + level) / 2)))


def paired_power(n: int, only_first: float, only_second: float, *, level: float = LEVEL) -> float:
    """Chance that McNemar's exact test tells two models apart that answer the same `n` examples.

        Σ_m P(m disagreements) · P(the test rejects | m)

    Args:
        n: Examples.
        only_first: Share of examples that only the first model gets right.
        only_second: Share that only the second does; the difference in accuracy is the difference of the two.
        level: One less the size of the two-sided test.
    Raises: ValueError: If `n` is below 1, a share or their sum is not within [0, 1] or `level` is not between 0 and 1.
    """
    from scipy.stats import binom

    disagree = only_first + only_second
    _check(n, level, only_first=only_first, only_second=only_second, disagreements=disagree)
    if not disagree:
        return 0.0
    low, high = (int(end) for end in binom.ppf([1e-12, 1 - 1e-12], n, disagree))
    m = np.arange(max(low, 1), max(high, 1) + 1)
    # Rejected: at most `edge` of m disagreements are on the thinner side, the largest count in the lower tail.
    tail = (1 - level) / 2
    edge = binom.ppf(tail, m, 0.5)
    edge = np.where(binom.cdf(edge, m, 0.5) > tail, edge - 1, edge)
    share = only_first / disagree
    rejects = binom.cdf(edge, m, share) + binom.cdf(edge, m, 1 - share)
    return float((binom.pmf(m, n, disagree) * rejects).sum())


def examples_needed(power_at: Callable[[int], float], *, power: float = 0.8) -> int:
    """The number of examples from which on a test has some power, by bisection.

    The power of an exact test rises in small saw teeth: one of them decides among numbers that lie close together.

    Args:
        power_at: Number of examples -> power.
        power: What is wanted.
    Raises: ValueError: If `power` is not between 0 and 1, or ten million examples do not give it.
    """
    if not 0 < power < 1:
        raise ValueError(f"power must be between 0 and 1, got {power}")
    high = 1
    while power_at(high) < power:
        high *= 2
        if high > MOST:
            raise ValueError(f"no power of {power} with {MOST} examples: the two models hardly differ")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    return high


def least_difference(power_at: Callable[[float], float], *, most: float = 1.0, power: float = 0.8) -> float:
    """The smallest difference that a test has some power for, by bisection: what is smaller is noise to it.

    Args:
        power_at: Difference -> power at the examples that there are, such as
            `lambda d: paired_power(81, base + d, base)` with `base` the share that only the worse model gets right.
        most: The largest difference that is possible there.
        power: What is wanted.
    Raises: ValueError: If `power` is not between 0 and 1, `most` is not positive, or no possible difference has it.
    """
    if not 0 < power < 1:
        raise ValueError(f"power must be between 0 and 1, got {power}")
    if not most > 0:
        raise ValueError(f"most must be positive, got {most}")
    if power_at(most) < power:
        raise ValueError(f"no difference up to {most:g} is found with a power of {power}: take more examples")
    low, high = 0.0, most
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    return high


def standard_error(accuracy: float, n: int) -> float:
    """√(p(1-p)/n), by which an accuracy on n examples differs from that on all.

    Args:
        accuracy: p, a share.
        n: Examples.
    Raises: ValueError: If `n` is below 1 or the accuracy is not within [0, 1].
    """
    _check(n, LEVEL, accuracy=accuracy)
    return math.sqrt(accuracy * (1 - accuracy) / n)


def _check(n: int, level: float, **shares: float) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    for name, share in shares.items():
        if not 0 <= share <= 1 + 1e-12:
            raise ValueError(f"{name} must be a share, from 0 to 1, got {share}")
