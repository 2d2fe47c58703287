"""Curves over budgets, against loops and against attacks that really have the budget."""

from importlib.util import find_spec

import pytest

from robustlab.evaluation.attack.budgets import by_queries, by_words
from tests.evaluation.attack.example_rows import attacked, outcomes

ROWS = [
    attacked(0, "skipped", queries=1),
    attacked(1, "failed", queries=40, changed=3, words=10),
    attacked(2, "succeeded", queries=7, changed=1, words=10),
    attacked(3, "succeeded", queries=12, changed=3, words=10),
    attacked(4, "succeeded", queries=30, changed=2, words=5),
]


def test_successes_count_from_the_queries_that_they_took() -> None:
    values = {budget: estimate.value for budget, estimate in zip(B, by_queries(ROWS, B), strict=True)}
    assert values == {1: 0.8, 6: 0.8, 7: 0.6, 11: 0.6, 12: 0.4, 29: 0.4, 30: 0.2, 1000: 0.2}


B = (1, 6, 7, 11, 12, 29, 30, 1000)


def test_successes_count_from_the_words_that_they_took_rounded_up() -> None:
    shares = (0, 0.05, 0.1, 0.2, 0.21, 0.3, 0.4, 1)
    # of 10 words 0, 1, 1, 2, 3, 3, 4, 10 may change, and of 5 words 0, 1, 1, 1, 2, 2, 2, 5
    assert [one.value for one in by_words(ROWS, shares)] == [0.8, 0.6, 0.6, 0.6, 0.2, 0.2, 0.2, 0.2]


def test_intervals_are_wilsons() -> None:
    (estimate,) = by_queries(outcomes("sssff"), [100])
    assert estimate == pytest.approx((0.4, 0.1176, 0.7693), abs=1e-4)


def test_a_run_that_was_stopped_says_nothing_of_larger_budgets() -> None:
    rows = [*ROWS, attacked(5, "failed", queries=20, exhausted=True)]
    assert by_queries(rows, [20])[0].value == pytest.approx(0.5)
    with pytest.raises(ValueError, match="spent 21 queries where it had to, got one that stopped example 5 after 20"):
        by_queries(rows, [21])


def test_what_is_refused() -> None:
    for curve in (by_queries, by_words):
        with pytest.raises(ValueError, match="rows of at least one attacked example, got none"):
            curve([], [1])
    with pytest.raises(ValueError, match="a budget must be at least 1 query, got 0"):
        by_queries(ROWS, [0])
    with pytest.raises(ValueError, match=r"a share of words must be from 0 to 1, got 1\.1"):
        by_words(ROWS, [1.1])


@pytest.mark.skipif(find_spec("textattack") is None, reason="needs the extra `attack`")
def test_runs_with_a_budget_lie_on_the_curve_or_just_below() -> None:
    import torch

    from robustlab import models
    from robustlab.corpora import reviews
    from robustlab.evaluation.attack import attacking, bench, names
    from robustlab.evaluation.attack.limits import Limits

    torch.set_num_threads(1)
    made = [reviews.review("dev", number, max_variants=60) for number in range(12)]
    loaded = models.load("tiny", labels=reviews.LABELS, texts=[one.text for one in made], seed=0)
    loaded.model.double()
    generator = torch.Generator().manual_seed(0)
    for weight in loaded.model.parameters():  # an untrained model hardly looks at its words; this one does
        if weight.dim() > 1:
            weight.data.normal_(0, 0.3, generator=generator)
    right = models.predictor(*loaded)([one.text for one in made]).argmax(1).tolist()
    asked = [attacking.Example(at, label, one.text) for at, (one, label) in enumerate(zip(made, right, strict=True))]

    def run(limits: Limits | None = None) -> list:
        attacker = attacking.attacker(bench.Bench(loaded, names.parse("pwws+lexicon")), limits)
        return sorted(attacker.run(asked), key=lambda row: row.example_id)

    free = run()
    assert any(row.outcome == "succeeded" for row in free)
    for most in (8, 16):
        live = run(Limits(queries=most))
        assert all(
            one.outcome == "succeeded"
            for one, before in zip(live, free, strict=True)
            if before.outcome == "succeeded" and before.queries <= most
        )
        left = sum(row.outcome == "failed" for row in live) / len(live)
        assert left <= by_queries(free, [most])[0].value
    for most in (0.05, 0.2):
        live = run(Limits(words=most))
        assert sum(row.outcome == "failed" for row in live) / len(live) == by_words(free, [most])[0].value
