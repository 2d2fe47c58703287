"""Drops of accuracy, against their definition, exhaustive bootstraps and Student's formula by hand."""

import itertools
import math

import numpy as np
import pytest

from robustlab.evaluation.drop import drop, drop_difference

CLEAN = np.array([1, 1, 1, 0, 1], dtype=bool)
ROBUST = np.array([1, 0, 0, 0, 1], dtype=bool)


def quantile(values: list[float], share: float) -> float:
    """The smallest value that so large a share of all lies at or below."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]


def four(clean: list[float], robust: list[float]) -> list[float]:
    accuracy, left = sum(clean) / len(clean), sum(robust) / len(robust)
    return [accuracy, left, accuracy - left, (accuracy - left) / accuracy if accuracy else math.nan]


def every_draw(columns: list[tuple[list[float], list[float]]], level: float) -> list[tuple[float, float]]:
    """The ends of all four intervals from every possible resample; of two columns, of their difference."""
    n, found = len(columns[0][0]), []
    for drawn in itertools.product(range(n), repeat=n):
        told = [four([clean[i] for i in drawn], [robust[i] for i in drawn]) for clean, robust in columns]
        found.append([a - b for a, b in zip(*told, strict=True)] if len(told) > 1 else told[0])
    ends = []
    for column in zip(*found, strict=True):
        there = [value for value in column if not math.isnan(value)]
        ends.append((quantile(there, (1 - level) / 2), quantile(there, (1 + level) / 2)))
    return ends


def test_one_run_is_its_definition_with_the_interval_of_all_resamples():
    found = drop(CLEAN, ROBUST, level=0.6, resamples=40_000)
    assert [one.value for one in found] == pytest.approx([0.8, 0.4, 0.4, 0.5])
    for one, (low, high) in zip(found, every_draw([(CLEAN.tolist(), ROBUST.tolist())], 0.6), strict=True):
        assert one[1:] == pytest.approx((low, high))


def test_a_difference_keeps_the_answers_to_an_example_together():
    other = np.array([1, 1, 1, 1, 0]), np.array([0, 0, 0, 1, 0])
    found = drop_difference((CLEAN, ROBUST), other, level=0.6, resamples=40_000)
    assert [one.value for one in found] == pytest.approx([0, 0.2, -0.2, 0.5 - 0.75])
    columns = [(CLEAN.tolist(), ROBUST.tolist()), tuple(side.tolist() for side in other)]
    for one, (low, high) in zip(found, every_draw(columns, 0.6), strict=True):
        assert one[1:] == pytest.approx((low, high))


def test_a_model_does_not_differ_from_itself():
    assert all(one == (0, 0, 0) for one in drop_difference((CLEAN, ROBUST), (CLEAN, ROBUST)))


def test_seeds_widen_the_interval_by_students_in_squares():
    rng = np.random.default_rng(0)
    clean = rng.random((3, 40)) < 0.9
    robust = clean & (rng.random((3, 40)) < [[0.4], [0.5], [0.8]])
    found = drop(clean, robust)
    per_seed = [four(a.tolist(), b.tolist()) for a, b in zip(clean, robust, strict=True)]
    averaged = drop(clean[:1], robust[:1])._fields
    means = clean.mean(0), robust.mean(0)
    draws = np.random.default_rng(1).integers(40, size=(20_000, 40))
    drawn = [side[draws].mean(1) for side in means]
    columns = [drawn[0], drawn[1], drawn[0] - drawn[1], (drawn[0] - drawn[1]) / drawn[0]]
    critical = 4.302652729911275  # Student's, 2 degrees of freedom, 97.5 %
    for place, name in enumerate(averaged):
        one, values = getattr(found, name), [seed[place] for seed in per_seed]
        centre = four(means[0].tolist(), means[1].tolist())[place]
        mean = sum(values) / 3
        half = critical * math.sqrt(sum((value - mean) ** 2 for value in values) / 2 / 3)
        low, high = np.quantile(columns[place], [0.025, 0.975])
        assert one.value == pytest.approx(centre)
        assert one.low == pytest.approx(centre - math.hypot(centre - low, half), abs=2e-3)
        assert one.high == pytest.approx(centre + math.hypot(high - centre, half), abs=2e-3)


def test_without_a_right_answer_there_is_no_relative_drop():
    found = drop([[0, 0, 0], [1, 1, 0]], [[0, 0, 0], [1, 0, 0]])
    assert found.relative is None
    assert found.absolute.value == pytest.approx(1 / 6)
    assert drop_difference(([0, 0], [0, 0]), ([1, 1], [1, 0])).relative is None


@pytest.mark.parametrize(
    ("clean", "robust", "said"),
    [
        ([1, 0], [1], r"answers to the same examples, \[n\] or \[seeds n\], got \(2,\) and \(1,\)"),
        ([], [], r"got \(0,\) and \(0,\)"),
        ([0.5, 1], [0, 1], "as booleans or 0 and 1"),
        ([0, 1], [1, 1], "1 answers are right under attack and wrong as written"),
    ],
)
def test_answers_that_are_none(clean, robust, said):
    with pytest.raises(ValueError, match=said):
        drop(clean, robust)


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match="got 1 seeds of 2 examples and 2 of 2"):
        drop_difference(([1, 0], [1, 0]), (np.ones((2, 2)), np.ones((2, 2))))
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 95"):
        drop([1, 0], [1, 0], level=95)
