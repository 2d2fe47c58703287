"""Rows of Table 1 put together: intervals, paired tests and the paper's order, against closed forms and scipy."""

import math
from statistics import fmean, stdev

import numpy as np
import pytest
from scipy.stats import kendalltau, t, wilcoxon

from robustlab.evaluation.statistics import Estimate
from robustlab.papers.negatives import table1
from robustlab.study.reasoning import lines, ordering
from tests.table_rows import NULL, five, made


def test_a_line_a_name_in_the_order_of_the_study_and_the_last_row_of_a_seed():
    rows = [made("self-negative", 0, 0.5), made("standard", 1, 0.4), made("standard", 0, 0.3), made("standard", 0, 0.6)]
    rows.append(made("guide", 0, 0.6, way="guide"))
    found = lines.lines(rows)
    assert [line.name for line in found] == ["standard", "guide", "self-negative"]
    assert [row["seed"] for row in found[0].rows] == [0, 1]
    assert found[0].rows[0]["robust_accuracy"] == pytest.approx(0.6, abs=1e-4)
    assert found[0].seconds == 10.5
    assert lines.lines([]) == []


def test_rows_of_two_profiles_are_not_put_together():
    with pytest.raises(ValueError, match="expected rows of one profile, got p, q; choose those of one"):
        lines.lines([made("standard", 0, 0.5), made("standard", 0, 0.5) | {"profile": "q"}])


def test_seeds_and_documents_add_in_squares():
    rows = [made("standard", seed, level) for seed, level in ((0, 0.5), (1, 0.6), (2, 0.58))]
    values = [row["robust_accuracy"] for row in rows]
    seeds = t.ppf(0.975, 2) * stdev(values) / math.sqrt(3)
    expected = fmean(values)
    found = lines.estimate(rows, "robust_accuracy")
    assert found.value == pytest.approx(expected)
    assert found.low == pytest.approx(expected - math.sqrt(seeds**2 + 0.03**2))
    assert found.high == pytest.approx(expected + math.sqrt(seeds**2 + 0.05**2))
    alone = lines.estimate(rows[:1], "robust_accuracy")
    assert alone == pytest.approx((values[0], values[0] - 0.03, values[0] + 0.05))
    assert lines.estimate([made("x", 0, 0.5, latent=False)], "adversarial_sensitivity") is None


def test_an_interval_stays_within_what_a_share_can_be():
    found = lines.estimate([made("standard", 0, 0.99), made("standard", 1, 0.01)], "consistency")
    assert (found.low, found.high) == (0, 1)


def test_differences_pair_seeds_and_documents():
    rows = [made("standard", seed, 0.5 + 0.1 * seed) for seed in (0, 1, 2)]
    rows += [made("lat", seed, 0.58 + 0.1 * seed) for seed in (0, 1)]
    tests = {(one.name, one.measure): one for one in lines.against(lines.lines(rows))}
    found = tests["lat", "robust_accuracy"]
    assert found.differences == pytest.approx([0.08, 0.08], abs=1e-3)
    both = [
        np.mean([row["by_document"]["robust_accuracy"] for row in rows if row["method"] == name and row["seed"] < 2], 0)
        for name in ("lat", "standard")
    ]
    assert found.p_value == pytest.approx(wilcoxon(np.round(both[0] - both[1], 9)).pvalue)
    raw = sorted((one.p_value, key) for key, one in tests.items() if one.p_value is not None)
    largest = 0.0
    for rank, (p, key) in enumerate(raw):
        largest = max(largest, min(1.0, p * (len(raw) - rank)))
        assert tests[key].adjusted == pytest.approx(largest)
    assert found.survives
    assert found.better
    assert not tests["lat", "semantic_deviation"].survives  # no test: rows do not keep it by document
    assert tests["lat", "semantic_deviation"].better
    assert found.estimate.low < found.estimate.value < found.estimate.high


def test_seeds_that_disagree_do_not_survive():
    one = lines.Against("lat", "consistency", [0.2, -0.01], Estimate(0.1, 0.0, 0.2), 1e-6, 1e-5)
    assert not one.survives
    assert one._replace(differences=[0.2, 0.01]).survives
    assert not one._replace(differences=[0.2, 0.0]).survives
    assert not one._replace(differences=[0.2, 0.1], adjusted=0.05).survives


def test_equal_answers_are_no_difference():
    rows = [made("standard", 0, 0.5), made("standard", 0, 0.5) | {"inference": "guide"}]
    for one in lines.against(lines.lines(rows)):
        assert one.estimate.value == 0
        assert one.p_value in (None, 1.0)
        assert not one.survives
        assert not one.better


def test_without_a_control_there_is_nothing_to_compare():
    assert lines.against(lines.lines([made("lat", 0, 0.5)])) == []
    assert lines.against(lines.lines([made("standard", 0, 0.5), made("lat", 1, 0.5)])) == []


def test_other_documents_are_refused():
    rows = [made("standard", 0, 0.5), made("lat", 0, 0.5, documents=7)]
    with pytest.raises(ValueError, match="lat: expected the documents of the control, got 7 and 40; run one anew"):
        lines.against(lines.lines(rows))


def test_a_value_beside_the_control_has_the_interval_of_the_difference():
    found = lines.lines(
        [made(name, seed, level) for seed in (0, 1) for name, level in (("standard", 0.5), ("lat", 0.6))]
    )
    tests = lines.against(found)
    shown = lines.beside_control(found, tests, "robust_accuracy")
    gap = next(one.estimate for one in tests if (one.name, one.measure) == ("lat", "robust_accuracy"))
    assert shown["lat"].high - shown["lat"].value == pytest.approx(gap.high - gap.value)
    assert shown["standard"] == found[0].measures["robust_accuracy"]


def test_tau_is_scipy_s():
    rng = np.random.default_rng(0)
    for _ in range(200):
        one, other = rng.integers(0, 4, 5), rng.integers(0, 4, 5)
        if len(set(one)) > 1 and len(set(other)) > 1:
            assert float(ordering._tau(one, other)) == pytest.approx(kendalltau(one, other).statistic)
    assert math.isnan(float(ordering._tau([1, 2, 3], [1, 1, 1])))


def test_the_paper_s_order_is_reached_as_far_as_ties_allow():
    found = ordering.agreement(five((0.3, 0.5, 0.7)), "robust_accuracy", alike=NULL)
    assert found.names == tuple(row.method for row in table1())
    assert found.tau == pytest.approx(kendalltau([1, 2, 3, 4, 5], [1, 2, 2, 2, 3]).statistic)
    assert found.tau == pytest.approx(found.largest)
    assert found.low == pytest.approx(found.tau)
    against = ordering.agreement(five((0.7, 0.5, 0.3)), "robust_accuracy", alike=NULL)
    assert against.tau == pytest.approx(-found.tau)
    assert against.high < 0 < against.largest


def test_less_is_better_turns_the_order():
    found = ordering.agreement(five((0.3, 0.5, 0.7)), "semantic_deviation", alike=NULL)
    assert found.tau == pytest.approx(found.largest)
    fewer = ordering.agreement(five((0.3, 0.5, 0.7)), "adversarial_sensitivity", alike=NULL)
    assert fewer.names == ("uellm", "llmcad", "guide", "self-negative")


def test_no_order_of_two_and_no_interval_of_one_number():
    assert ordering.agreement(lines.lines([made("self-negative", 0, 0.5)]), "consistency") is None
    found = ordering.agreement(five((0.3, 0.5, 0.7), seeds=(0,)), "semantic_deviation", alike=NULL)
    assert math.isnan(found.low)
