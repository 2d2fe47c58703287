import json
import math
import random

import pytest

from robustlab.evaluation.attack.summary import summarise
from robustlab.evaluation.statistics import proportion
from tests.evaluation.attack.example_rows import attacked, outcomes

MIXED = [
    attacked(0, "succeeded", queries=30, words=4, changed=1, similarity=0.9, perplexity=20.0, attacked_perplexity=50.0),
    attacked(1, "succeeded", queries=50, words=10, changed=5, similarity=0.7, perplexity=30.0),
    attacked(2, "failed", queries=100, words=8, changed=3, similarity=0.1, exhausted=True),
    attacked(3, "skipped"),
    attacked(4, "failed", queries=20, words=9, changed=2, perplexity=7.0, attacked_perplexity=7.0),
]


def test_by_hand():
    found = summarise(MIXED, resamples=500)
    assert found.examples == 5
    assert found.outcomes == {"succeeded": 2, "failed": 2, "skipped": 1}
    assert found.clean_accuracy.value == pytest.approx(4 / 5)
    assert found.robust_accuracy.value == pytest.approx(2 / 5)  # of all, not of those attacked
    assert found.attack_success.value == pytest.approx(2 / 4)
    assert found.perturbed_words.value == pytest.approx((1 / 4 + 5 / 10) / 2)  # of the successes, each alike
    assert found.queries.value == pytest.approx((30 + 50 + 100 + 20) / 4)
    assert found.exhausted.value == pytest.approx(1 / 4)
    assert found.similarity.value == pytest.approx((0.9 + 0.7) / 2)
    # both perplexities over the same examples: the successes that have both
    assert (found.perplexity.value, found.attacked_perplexity.value) == (20, 50)


def test_intervals_agree_with_a_loop_over_resamples():
    draw = random.Random(3)
    rows = [
        attacked(number, draw.choices(["succeeded", "failed", "skipped"], [5, 3, 2])[0], queries=draw.randrange(1, 90))
        for number in range(80)
    ]
    found = summarise(rows, resamples=4000)
    success, queries = [], []
    for _ in range(4000):
        drawn = draw.choices(rows, k=len(rows))
        tried = [row for row in drawn if row.outcome != "skipped"]
        success.append(sum(row.outcome == "succeeded" for row in tried) / len(tried))
        queries.append(sum(row.queries for row in tried) / len(tried))
    for values, estimate, near in ((success, found.attack_success, 0.012), (queries, found.queries, 0.8)):
        values.sort()
        assert (estimate.low, estimate.high) == pytest.approx((values[100], values[-101]), abs=near)


def test_intervals_are_determined_by_the_seed():
    rows = outcomes("sf-sffs-s" * 4)
    one, same, other = (summarise(rows, resamples=300, seed=seed) for seed in (0, 0, 1))
    assert one == same
    assert one.attack_success != other.attack_success


def test_nothing_attacked():
    found = summarise(outcomes("---"), resamples=50)
    assert found.clean_accuracy.value == found.robust_accuracy.value == 0
    missing = ("attack_success", "queries", "exhausted", "perturbed_words", "similarity", "perplexity")
    assert all(getattr(found, name) is None for name in missing)


def test_nothing_succeeded():
    found = summarise(outcomes("ff-f"), resamples=50)
    assert found.attack_success.value == 0
    assert found.queries.value == 10
    assert found.perturbed_words is None


def test_without_encoder_and_language_model():
    found = summarise(outcomes("ss"), resamples=50)
    assert found.similarity is found.perplexity is found.attacked_perplexity is None


def test_a_single_example_has_shares_and_says_nothing_about_the_spread_of_a_mean():
    found = summarise([attacked(0, queries=12)], resamples=50)
    assert found.attack_success == proportion(1, 1)
    assert found.robust_accuracy == proportion(0, 1)
    assert found.queries.value == 12
    assert math.isnan(found.queries.low)
    assert found.plain()["queries"] == {"value": 12, "low": None, "high": None}


def test_shares_at_the_ends_have_an_interval_with_a_width():
    found = summarise(outcomes("s" * 20), resamples=50)
    assert found.robust_accuracy == proportion(0, 20)
    assert found.robust_accuracy.high > 0.1
    assert found.attack_success == proportion(20, 20)


def test_a_mean_of_equal_values_is_inside_its_interval():
    rows = [attacked(number, similarity=0.9, text=f"{number}") for number in range(100)]
    assert summarise(rows, resamples=50).similarity == (0.9, 0.9, 0.9)


def test_words_in_a_text_without_any():
    assert summarise([attacked(0, words=0, changed=1, text="")], resamples=9).perturbed_words.value == 1


def test_plain_is_json():
    told = summarise(MIXED, resamples=100).plain()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert set(told["robust_accuracy"]) == {"value", "low", "high"}
    assert told["outcomes"] == {"succeeded": 2, "failed": 2, "skipped": 1}


def test_no_rows():
    with pytest.raises(ValueError, match="expected the rows of at least one attacked example, got none"):
        summarise([])


def test_an_example_counts_once():
    with pytest.raises(ValueError, match="expected one row an example, got 2 of example 7"):
        summarise([attacked(7), attacked(6), attacked(7)])


def test_a_number_that_is_none():
    with pytest.raises(ValueError, match="expected a finite perplexity or none, got nan for example 2"):
        summarise([attacked(1), attacked(2, perplexity=math.nan)])
