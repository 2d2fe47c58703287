"""Recorded runs of every method in tables and words: numbers that follow from a few rows, and nothing without rows."""

import pytest
from scipy.stats import binomtest, t

from robustlab.study import zoo_costs, zoo_table
from robustlab.study.rows import encode

N = 40
COMMON = {"date": "2026-01-02", "device": "cpu", "commit": "c0ffee"}


def right(count, first=0):
    """So many right answers in a row, from the given place on."""
    return [first <= place < first + count for place in range(N)]


def measured(answers):
    return {"correct": sum(answers), "n": N, "mask": encode(answers)}


def row(method, seed, worst, *, units=3, seconds=10.0, first=0):
    shares = {"clean": measured(right(38)), "worst": measured(right(worst, first)), "pgd": measured(right(20))}
    return COMMON | {"method": method, "seed": seed, "units": units, "train_cpu_seconds": seconds} | shares


@pytest.fixture
def rows():
    found = [row("standard", seed, 20 + seed) for seed in (0, 1, 2)]
    found += [row("pgd", seed, 32 + seed, units=9, seconds=30.0) for seed in (0, 1, 2)]
    found += [row("trades", seed, 10, units=12, seconds=40.0 + seed, first=10) for seed in (0, 1, 2)]
    return found


def test_results_are_means_over_seeds_with_students_interval(rows):
    standard, pgd, trades = zoo_table.results(rows)
    assert (standard.method, pgd.method, trades.method) == ("standard", "pgd", "trades")
    assert (trades.seeds, trades.units, trades.seconds) == (3, 12, 41.0)
    half = t.ppf(0.975, 2) * (1 / N) / 3**0.5
    assert standard.measures["worst"] == pytest.approx((21 / N, 21 / N - half, 21 / N + half))
    assert trades.measures["worst"] == pytest.approx((0.25, 0.25, 0.25))


def test_equal_costs_have_standard_training_first():
    found = zoo_table.results([row("flooding-x", 0, 5), row("standard", 0, 5), row("fgsm", 0, 5, units=2)])
    assert [one.method for one in found] == ["fgsm", "standard", "flooding-x"]


def test_differences_and_tests_pair_the_runs_of_a_seed(rows):
    found = zoo_table.against_standard(rows, "worst")
    assert list(found) == ["pgd", "trades"]
    assert found["pgd"].differences == pytest.approx([30, 30, 30])
    assert [(test.only_first, test.only_second) for test in found["pgd"].tests] == [(12, 0)] * 3
    # The answers of trades are right at 10 … 19, those of standard training at 0 … 19 + seed.
    assert [(test.only_first, test.only_second) for test in found["trades"].tests] == [(0, 10), (0, 11), (0, 12)]
    p_values = sorted([binomtest(12, 12).pvalue] * 3 + [binomtest(0, n).pvalue for n in (10, 11, 12)])
    assert found["pgd"].adjusted[0] == pytest.approx(6 * p_values[0])
    assert found["trades"].adjusted[0] == pytest.approx(max(p_values[5], 2 * p_values[4], 6 * p_values[0]))
    assert (found["trades"].significant(1), found["trades"].significant(-1)) == (0, 3)


def test_the_interval_beside_standard_is_that_of_the_difference(rows):
    found = zoo_table.beside_standard(rows, "worst")
    assert found["pgd"] == pytest.approx((33 / N, 33 / N, 33 / N))  # 30 points more in every seed
    half = t.ppf(0.975, 2) * (1 / N) / 3**0.5
    assert found["trades"] == pytest.approx((0.25, 0.25 - half, 0.25 + half))  # the same where the standard one varies


def test_runs_on_other_examples_are_refused(rows):
    rows[3] = rows[3] | {"worst": {"correct": 1, "n": 4, "mask": "8"}}
    with pytest.raises(ValueError, match="pgd and standard, seed 0: expected the same examples, got 4 and 40; remove"):
        zoo_table.against_standard(rows, "worst")


def test_the_table_has_the_best_first(rows):
    table = zoo_table.table(rows, "worst")
    assert list(table.index) == ["pgd", "standard", "trades"]
    assert table.loc["pgd", "minus standard"] == "+30.0 (+30.0 to +30.0)"
    assert table.loc["standard", "minus standard"] == table.loc["standard", "p, each seed"] == "–"
    assert table.loc["pgd", "p, each seed"].count("/") == 2
    assert (table.loc["pgd", "passes"], table.loc["pgd", "seconds"]) == ("9", "30")
    assert table.loc["standard", "clean %"] == "95.0 (95.0 to 95.0)"
    one = zoo_table.table(rows[:1], "worst")
    assert one.loc["standard", "worst case %"] == "50.0 (one seed)"
    assert zoo_table.table([], "worst").empty


def test_words_follow_the_rows(rows):
    words = zoo_table.verdict(rows, "worst")
    assert "Highest worst-case accuracy, in percent: `pgd` 82.5 (" in words
    assert "Standard training has 52.5." in words
    assert "Better than standard training in how many seeds, by McNemar's tests below 0.05 after Holm's" in words
    assert "for all 6: `pgd` (3 of 3)." in words
    assert "for all 6: `trades` (3 of 3)." in words
    assert "is above 0 for `pgd` and below 0 for `trades`." in words
    assert "over 3 methods: -0.50. The best of those with at most 6 passes, twice a plain step, is `standard`" in words
    assert "nothing to compare" in zoo_table.verdict(rows[3:], "worst")
    same = [row("standard", seed, 20) for seed in (0, 1)] + [row("pgd", seed, 20) for seed in (0, 1)]
    assert zoo_table.verdict(same, "worst").count("none") == 4


def test_provenance_counts_or_says_that_there_is_nothing(rows):
    words = zoo_table.provenance(rows)
    assert words.startswith("**Recorded** on 2026-01-02 on cpu, commit c0ffee: 9 runs of 3 methods, seeds 0, 1, 2. ")
    assert "on 40 held-out reviews, that under PGD on 40 of them." in words
    assert "nothing yet" in zoo_table.provenance([])


def cost(method, precision, seconds, *, units=3, losses=(0.7, 0.6)):
    found = {"method": method, "precision": precision, "units": units, "train_cpu_seconds": seconds, "seed": 0}
    found |= {"first_loss": losses[0], "last_loss": losses[1], "sentences": 500, "optimiser_steps": 16, "steps": 3}
    return COMMON | found | {"model": "minilm"}


@pytest.fixture
def costs():
    found = [cost("standard", "float32", 10.0), cost("standard", "bfloat16", 5.0)]
    found += [cost("pgd", "float32", 33.0, units=9), cost("pgd", "bfloat16", 20.0, units=9)]
    return [*found, cost("trades", "float32", 24.0, units=12, losses=(0.7, 0.9))]


def test_costs_are_in_plain_trainings(costs):
    table = zoo_costs.table(costs)
    assert list(table.index) == ["standard", "pgd", "trades"]
    assert (table.loc["pgd", "by passes"], table.loc["pgd", "by the clock"]) == ("3.00", "3.30")
    assert (table.loc["pgd", "float32, s"], table.loc["pgd", "bfloat16, s"]) == ("33", "20")
    assert table.loc["trades", "loss"] == "0.70 to 0.90"
    assert zoo_costs.table([]).empty


def test_words_on_costs_follow_the_rows(costs):
    words = zoo_costs.verdict(costs)
    assert "0.85 for the median method, from 0.60 (`trades`) to 1.10 (`pgd`)." in words
    assert "higher at the last step than at the first: `trades`." in words
    assert zoo_costs.verdict([]) == ""
    assert "5 runs of minilm, seed 0, each one epoch of 500 SST-2 sentences in 16 steps" in zoo_costs.provenance(costs)
    assert "nothing yet" in zoo_costs.provenance([])
