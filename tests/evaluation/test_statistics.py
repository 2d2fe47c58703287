import itertools
import math

import numpy as np
import pytest

from robustlab.evaluation import statistics


def test_wilson_interval_equals_its_formula():
    hits, n, z = 41, 60, 1.959963984540054
    p = hits / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert statistics.proportion(hits, n) == pytest.approx((p, middle - half, middle + half))


def test_wilson_interval_is_honest_at_the_ends():
    value, low, high = statistics.proportion(20, 20)
    assert value == high == 1
    assert low == pytest.approx(20 / (20 + 1.959963984540054**2))


def test_wider_level_wider_interval():
    narrow, wide = statistics.proportion(30, 60, level=0.5), statistics.proportion(30, 60, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (-1, 3), (4, 3)])
def test_wilson_refuses_impossible_counts(hits: int, n: int):
    with pytest.raises(ValueError, match=f"expected hits from 0 to n.*hits={hits}, n={n}"):
        statistics.proportion(hits, n)


def test_level_is_a_probability():
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        statistics.proportion(1, 2, level=95)


def test_seed_interval_by_hand():
    # mean 2, standard deviation 1, t(2, .975) = 4.302653
    value, low, high = statistics.seed_interval([1, 2, 3])
    half = 4.302652729749464 / math.sqrt(3)
    assert (value, low, high) == pytest.approx((2, 2 - half, 2 + half))


def test_seed_interval_needs_two_seeds():
    with pytest.raises(ValueError, match="an interval needs at least 2 values in one dimension"):
        statistics.seed_interval([0.9])


def test_values_must_be_finite():
    with pytest.raises(ValueError, match="values must be finite, got nan at position 1"):
        statistics.bootstrap_interval([0.5, float("nan"), 1])


def test_bootstrap_interval_approaches_the_normal_one():
    sample = np.random.default_rng(0).normal(3, 2, 400)
    value, low, high = statistics.bootstrap_interval(sample)
    half = 1.96 * sample.std() / math.sqrt(len(sample))
    assert value == pytest.approx(sample.mean())
    assert (low, high) == pytest.approx((value - half, value + half), abs=0.02)


def test_bootstrap_is_determined_by_its_seed():
    sample = np.arange(20) % 3
    again = [statistics.bootstrap_interval(sample, resamples=200, seed=seed) for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]


def test_bootstrap_of_a_ratio_equals_all_resamples_of_three_examples():
    top, bottom = np.array([3.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0])
    drawn = [list(one) for one in itertools.product(range(3), repeat=3) if set(one) != {2}]
    ratios = sorted(top[one].sum() / bottom[one].sum() for one in drawn)
    # 26 resamples have a ratio: 7 times 1, then 5/3 and 2 …, and 7 times 3
    found = statistics.bootstrap_ratios(top[:, None], bottom[:, None], level=0.4, resamples=20_000)
    assert found == [(pytest.approx(2), pytest.approx(ratios[7]), pytest.approx(ratios[18]))]
    assert (ratios[6], ratios[7], ratios[18], ratios[19]) == pytest.approx((1, 5 / 3, 7 / 3, 3))


def test_bootstrap_of_ratios_agrees_with_that_of_a_mean():
    sample = np.random.default_rng(2).exponential(3, 300)
    (found,) = statistics.bootstrap_ratios(sample[:, None], np.ones((300, 1)))
    assert found == pytest.approx(statistics.bootstrap_interval(sample, seed=9), abs=0.02)


def test_bootstrap_of_ratios_covers_the_true_one():
    draw, covered, trials = np.random.default_rng(5), 0, 300
    for seed in range(trials):
        counts = draw.random(70) < 0.8
        hits = counts & (draw.random(70) < 0.6)
        (found,) = statistics.bootstrap_ratios(hits[:, None], counts[:, None], resamples=300, seed=seed)
        covered += found.low <= 0.6 <= found.high
    assert 0.90 <= covered / trials <= 0.98  # 95 % ± 2.5 %: two standard errors


def test_many_examples_are_drawn_in_parts_and_no_otherwise(monkeypatch):
    sample = np.random.default_rng(3).random((50, 2))
    whole = statistics.bootstrap_ratios(sample, np.ones((50, 2)), resamples=64)
    monkeypatch.setattr(statistics, "DRAWS", 50 * 7)
    parts = statistics.bootstrap_ratios(sample, np.ones((50, 2)), resamples=64)
    assert np.allclose(whole, parts)


def test_resamples_without_a_denominator_are_left_out():
    top, bottom = np.zeros((40, 1)), np.zeros((40, 1))
    top[0], bottom[0] = 5, 1  # a third of the resamples lack it
    assert statistics.bootstrap_ratios(top, bottom, resamples=200) == [(5, 5, 5)]


def test_no_resample_with_a_denominator():
    bottom = np.zeros((1000, 1))
    bottom[0] = 1
    seed = next(s for s in range(99) if 0 not in np.random.default_rng(s).integers(1000, size=(1, 1000)))
    with pytest.raises(ValueError, match="no resample has an example that counts: take more than resamples=1"):
        statistics.bootstrap_ratios(bottom, bottom, resamples=1, seed=seed)


@pytest.mark.parametrize(
    ("top", "bottom", "message"),
    [
        ([1, 0], [1, 1], r"expected a numerator and a denominator .* got shapes \(2,\) and \(2,\)"),
        ([[1]], [[1], [1]], r"got shapes \(1, 1\) and \(2, 1\)"),
        (np.ones((0, 1)), np.ones((0, 1)), r"got shapes \(0, 1\)"),
        ([[float("inf")]], [[1]], "numerators and denominators must be finite"),
        ([[1], [1]], [[2], [-1]], "denominators must not be negative"),
        ([[1], [1]], [[0], [0]], "and not all zero: such a ratio does not exist"),
    ],
)
def test_ratios_that_do_not_exist(top, bottom, message):
    with pytest.raises(ValueError, match=message):
        statistics.bootstrap_ratios(top, bottom)


def test_ratios_want_resamples_and_a_level():
    with pytest.raises(ValueError, match="resamples must be at least 1, got 0"):
        statistics.bootstrap_ratios([[1]], [[1]], resamples=0)
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        statistics.bootstrap_ratios([[1]], [[1]], level=95)


def test_pairing_removes_what_two_models_share():
    shared = np.random.default_rng(1).normal(0, 5, 200)
    value, low, high = statistics.paired_difference(shared + 1, shared)
    assert (value, low, high) == pytest.approx((1, 1, 1))


def test_paired_difference_has_the_sign_of_the_first():
    found = statistics.paired_difference(np.array([1, 1, 1, 0, 1]), np.array([0, 0, 1, 0, 0]))
    assert found.value == pytest.approx(0.6)


def test_mcnemar_by_hand():
    # 7 against 1 among 8 coin flips: 2·(C(8, 0) + C(8, 1))/2⁸
    first = [True] * 7 + [False] + [True] * 10 + [False] * 3
    second = [False] * 7 + [True] + [True] * 10 + [False] * 3
    assert statistics.mcnemar(first, second) == (7, 1, pytest.approx(18 / 256))
    assert statistics.mcnemar(second, first) == (1, 7, pytest.approx(18 / 256))


def test_mcnemar_without_disagreement_says_nothing():
    assert statistics.mcnemar([True, False], [True, False]) == (0, 0, 1.0)


def test_mcnemar_wants_the_same_examples():
    with pytest.raises(ValueError, match=r"expected two results for each example, got shapes \(2,\) and \(3,\)"):
        statistics.mcnemar([True, False], [True, False, True])


def test_mcnemar_wants_right_or_wrong():
    with pytest.raises(ValueError, match="expected whether each example is right"):
        statistics.mcnemar([0.2, 1], [1, 0])


def test_an_interval_over_seeds_and_examples_adds_in_squares() -> None:
    examples = statistics.Estimate(0.5, 0.4, 0.7)
    mean, low, _ = statistics.seed_interval([0.4, 0.6])
    value, lowest, highest = statistics.with_seeds(examples, [0.4, 0.6])
    assert value == 0.5
    assert (value - lowest) ** 2 == pytest.approx(0.1**2 + (mean - low) ** 2)
    assert (highest - value) ** 2 == pytest.approx(0.2**2 + (mean - low) ** 2)
    assert statistics.with_seeds(examples, [0.4]) == examples
