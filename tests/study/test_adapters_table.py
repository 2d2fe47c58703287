"""Recorded mixtures in a table and in words: numbers that follow from a few rows, and nothing without rows."""

import pytest
from scipy.stats import binomtest, t

from robustlab.study import adapters_table, compare
from robustlab.study.rows import encode

N = 40


def row(model, seed, robust, *, first=0, clean=36, **more):
    right = [first <= place < first + robust for place in range(N)]
    made = {"method": model, "seed": seed, "n": N, "robust_mask": encode(right), "robust_accuracy": robust / N}
    made |= {"clean_accuracy": clean / N, "date": "2026-01-02", "device": "cpu", "commit": "abc"}
    return made | {"train_size": 9, "base_epochs": 4, "epochs": 2} | more


@pytest.fixture
def rows():
    found = []
    for seed in (0, 1, 2):
        found += [row("base", seed, 20 + seed), row("both sets", seed, 30 + seed, first=8)]
        found += [row("mixture", seed, 22, share_written=0.2 + seed / 10, share_attacked=0.3)]
    return found


def test_differences_are_the_mixture_minus_the_other_on_the_same_reviews(rows):
    base, both = adapters_table.against(rows).values()
    assert base.differences == pytest.approx([100 * gap / N for gap in (2, 1, 0)])
    assert both.differences == pytest.approx([100 * gap / N for gap in (-8, -9, -10)])
    assert [(test.only_first, test.only_second) for test in both.tests] == [(8, 16), (8, 17), (8, 18)]
    plain = [binomtest(a, a + b).pvalue for a, b in ((8, 16), (8, 17), (8, 18))]
    assert [test.p_value for test in both.tests] == pytest.approx(plain)
    every = [test.p_value for one in (base, both) for test in one.tests]
    assert [*base.adjusted, *both.adjusted] == pytest.approx(compare.holm(every))


def test_table_in_the_order_of_the_rows_with_students_interval(rows):
    found = adapters_table.table(rows)
    assert list(found.index) == ["base", "both sets", "mixture"]
    half = t.ppf(0.975, 2) * 2.5 / 3**0.5
    assert found.loc["base", "worst case %"] == f"52.5 ({52.5 - half:.1f} to {52.5 + half:.1f})"
    assert found.loc["base", "mixture minus it"] == f"+2.5 ({2.5 - half:+.1f} to {2.5 + half:+.1f})"
    assert found.loc["mixture", "mixture minus it"] == "–"
    assert adapters_table.table(rows[:3]).loc["base", "clean %"] == "90.0 (one seed)"


def test_verdict_counts_the_tests_and_says_who_is_ahead(rows):
    words = adapters_table.verdict(rows)
    assert "Of 6 McNemar tests, 0 stay below 0.05 after Holm's correction: the mixture is ahead in 0" in words
    assert "20 and 30; 30 and 30; 40 and 30." in words
    strong = [row("mixture", 0, 36, share_written=0.5, share_attacked=0.5), row("base", 0, 5)]
    words = adapters_table.verdict(strong)
    assert "Of 1 McNemar tests, 1 stay below 0.05 after Holm's correction (against base)" in words
    assert "ahead in 1 of them and behind in 0" in words


def test_without_rows_no_claim():
    assert adapters_table.table([]).empty
    assert "nothing yet" in adapters_table.provenance([])
    assert "nothing to compare" in adapters_table.verdict([])


def test_provenance_names_seeds_and_sizes(rows):
    assert "seeds 0, 1, 2, 9 training reviews" in adapters_table.provenance(rows)


def test_different_reviews_are_refused(rows):
    rows[0]["n"] = N - 1
    with pytest.raises(ValueError, match="base, seed 0: expected 40 reviews as for the mixture, got 39"):
        adapters_table.against(rows)
