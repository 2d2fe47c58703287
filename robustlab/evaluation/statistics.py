"""How sure a number is, and whether two numbers differ: intervals and paired tests, by scipy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

LEVEL = 0.95
RESAMPLES = 10_000
DRAWS = 4_000_000  # at once: a large test set times all resamples would fill the memory


class Estimate(NamedTuple):
    """A value and the confidence interval around it."""

    value: float
    low: float
    high: float


class McNemar(NamedTuple):
    """Where two classifiers disagree on the same examples.

    Attributes:
        only_first: Examples that only the first gets right.
        only_second: Examples that only the second gets right.
        p_value: Exact, two-sided: how often a fair coin splits the disagreements at least as unevenly.
    """

    only_first: int
    only_second: int
    p_value: float


def proportion(hits: int, n: int, *, level: float = LEVEL) -> Estimate:
    """A share with its Wilson interval, which stays inside [0, 1] and is honest at 0 % and 100 %.

    Args:
        hits: How many of them.
        n: Out of how many.
        level: Coverage of the interval.

    Raises: ValueError: If `n` is below 1, `hits` is not in 0 … n or `level` is not between 0 and 1.
    """
    from scipy.stats import binomtest

    if n < 1 or not 0 <= hits <= n:
        raise ValueError(f"expected hits from 0 to n and n of at least 1, got hits={hits}, n={n}")
    low, high = binomtest(hits, n).proportion_ci(_checked(level), method="wilson")
    return Estimate(hits / n, float(low), float(high))


def seed_interval(values: Sequence[float], *, level: float = LEVEL) -> Estimate:
    """Mean over seeds with Student's interval.

    Args:
        values: One result a seed.
        level: Coverage of the interval.

    Raises: ValueError: If there are fewer than 2 values, one is not finite or `level` is not between 0 and 1.
    """
    from scipy.stats import t

    sample = _sample(values)
    mean, error = float(sample.mean()), float(sample.std(ddof=1)) / math.sqrt(len(sample))
    half = float(t.ppf((1 + _checked(level)) / 2, len(sample) - 1)) * error
    return Estimate(mean, mean - half, mean + half)


def with_seeds(examples: Estimate, values: Sequence[float], *, level: float = LEVEL) -> Estimate:
    """Widen an interval over examples to one over other seeds as well.

    The two sources are taken as independent, so that their half-widths add in squares; one seed leaves the examples
    alone.

    Args:
        examples: A value with its interval over examples.
        values: What each seed has.
        level: Coverage of the interval over seeds.

    Raises: ValueError: If a value is not finite or `level` is not between 0 and 1.
    """
    if len(values) < 2:
        return examples
    mean, _, high = seed_interval(values, level=level)
    value, half = examples.value, high - mean
    below, above = value - examples.low, examples.high - value
    return Estimate(value, value - math.hypot(below, half), value + math.hypot(above, half))


def bootstrap_interval(
    values: ArrayLike, *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Mean over examples with the percentile interval of the bootstrap.

    Args:
        values: One number an example; booleans count as 0 and 1.
        level: Coverage of the interval.
        resamples: How often the examples are drawn again.
        seed: Determines the draws.

    Raises: ValueError: If there are fewer than 2 values, one is not finite or `level` is not between 0 and 1.
    """
    from scipy.stats import bootstrap

    sample = _sample(values)
    found = bootstrap(
        (sample,),
        np.mean,
        n_resamples=resamples,
        batch=1000,  # of 10,000 resamples at once, those of a large test set would fill the memory
        confidence_level=_checked(level),
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(float(sample.mean()), float(found.low), float(found.high))


def bootstrap_ratios(
    numerators: ArrayLike, denominators: ArrayLike, *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> list[Estimate]:
    """Ratios of sums over examples, each with the percentile interval of the bootstrap.

    For numbers such as the success of an attack, whose denominator, the attacked examples, is drawn again as well. A
    resample in which a denominator sums to zero has no ratio and is left out for it: the interval is that of a ratio
    that exists. All columns are read from the same resamples.

    Args:
        numerators: One row an example, one column a ratio.
        denominators: The same; they count, and are not negative.
        level: Coverage of the intervals.
        resamples: How often the examples are drawn again.
        seed: Determines the draws.

    Shapes: numerators [n m]; denominators [n m].
    Raises:
        ValueError: If the shapes differ or have no rows, a number is not finite, a denominator is negative or sums to
            zero over all examples, `level` is not between 0 and 1, or no resample has a denominator.
    """
    values, ratios = ratio_draws(numerators, denominators, resamples=resamples, seed=seed)
    tails = (1 - _checked(level)) / 2
    low, high = np.nanquantile(ratios, [tails, 1 - tails], axis=0)
    return [Estimate(*map(float, found)) for found in zip(values, low, high, strict=True)]


def ratio_draws(
    numerators: ArrayLike, denominators: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The ratios [m] of `bootstrap_ratios`, and of the resamples [resamples m]: NaN where a denominator sums to zero.

    Columns are drawn alike, so that the differences of two may be taken draw by draw. Arguments and errors are those of
    `bootstrap_ratios`.
    """
    top, bottom = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
    _check_ratios(top, bottom, resamples)
    values = np.array([math.fsum(column) for column in top.T]) / bottom.sum(0)
    # What each example adds to the deviation from the ratio: where all are alike, the interval has no width.
    n, both, rng = len(top), np.hstack([top - values * bottom, bottom]), np.random.default_rng(seed)
    sums, done = np.empty((resamples, both.shape[1])), 0
    at_once = max(1, DRAWS // n)
    while done < resamples:
        now = min(at_once, resamples - done)
        drawn = rng.integers(n, size=(now, n)) + n * np.arange(now)[:, None]
        times = np.bincount(drawn.ravel(), minlength=now * n).reshape(now, n)
        sums[done : done + now] = times @ both
        done += now
    upper, lower = np.hsplit(sums, 2)
    ratios = values + np.divide(upper, lower, out=np.full_like(upper, np.nan), where=lower > 0)
    if np.isnan(ratios).all(0).any():
        raise ValueError(f"no resample has an example that counts: take more than resamples={resamples}")
    return values, ratios


def _check_ratios(top: np.ndarray, bottom: np.ndarray, resamples: int) -> None:
    if top.shape != bottom.shape or top.ndim != 2 or not len(top):
        raise ValueError(
            f"expected a numerator and a denominator for each example and ratio, got shapes {top.shape} and "
            f"{bottom.shape}"
        )
    if not (np.isfinite(top).all() and np.isfinite(bottom).all()):
        raise ValueError("numerators and denominators must be finite")
    if (bottom < 0).any() or (bottom.sum(0) == 0).any():
        raise ValueError("denominators must not be negative, and not all zero: such a ratio does not exist")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")


def paired_difference(
    first: ArrayLike, second: ArrayLike, *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Mean of first - second with a bootstrap interval that keeps the two results of an example together.

    Args:
        first: One number an example.
        second: The other's, in the same order.
        level: Coverage of the interval.
        resamples: How often the examples are drawn again.
        seed: Determines the draws.

    Raises: ValueError: If the two differ in length, or as for `bootstrap_interval`.
    """
    one, other = _pair(first, second)
    return bootstrap_interval(one - other, level=level, resamples=resamples, seed=seed)


def mcnemar(first: ArrayLike, second: ArrayLike) -> McNemar:
    """McNemar's exact test on what two classifiers get right.

    Args:
        first: Whether the first is right, one an example.
        second: Whether the second is, in the same order.

    Raises: ValueError: If the two differ in length or hold anything but 0 and 1.
    """
    from scipy.stats import binomtest

    one, other = _pair(first, second)
    if not np.isin(np.concatenate([one, other]), (0, 1)).all():
        raise ValueError("expected whether each example is right, as booleans or 0 and 1")
    only_first, only_second = int((one > other).sum()), int((other > one).sum())
    disagreements = only_first + only_second
    p_value = float(binomtest(only_first, disagreements).pvalue) if disagreements else 1.0
    return McNemar(only_first, only_second, p_value)


def _pair(first: ArrayLike, second: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"expected two results for each example, got shapes {one.shape} and {other.shape}")
    return one, other


def _sample(values: ArrayLike) -> np.ndarray:
    sample = np.asarray(values, dtype=float)
    if sample.ndim != 1 or len(sample) < 2:
        raise ValueError(f"an interval needs at least 2 values in one dimension, got shape {sample.shape}")
    if not np.isfinite(sample).all():
        first = int(np.argmin(np.isfinite(sample)))
        raise ValueError(f"values must be finite, got {sample[first]} at position {first}")
    return sample


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    return level
