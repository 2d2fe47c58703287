"""Recorded attacks in tables and words: numbers that follow from a few rows, and no claim without them."""

import numpy as np
import pytest
from scipy.stats import binomtest, t

from robustlab.study import attacks_table, attacks_words
from robustlab.study.rows import encode

N, STATIC = 40, 20
RECIPE = "textfooler+minilm+neighbours"
COMMON = {"date": "2026-01-02", "device": "cpu", "commit": "c0ffee", "model": "minilm", "different_answers": 0}


def first(count, n=N):
    return [place < count for place in range(n)]


def row(method, seed, robust, *, clean=30, static=8, recipe=RECIPE, queries=None, ids=range(N)):
    found = {"method": method, "seed": seed, "recipe": recipe, "examples": N, "example_ids": list(ids), "steps": 3}
    found |= {"clean_mask": encode(first(clean)), "robust_mask": encode(first(robust))}
    found |= {"queries": list(range(N)) if queries is None else queries}
    found |= {"advglue-sst2_mask": encode(first(static, STATIC)), "advglue-sst2_n": STATIC}
    return COMMON | found


@pytest.fixture
def rows():
    """PGD keeps 8 to 10 sentences of 40 that standard training loses, and is a sentence of 20 worse on AdvGLUE."""
    found = [row("standard", seed, 10) for seed in (0, 1, 2)]
    return found + [row("pgd", seed, 18 + seed, clean=32, static=7) for seed in (0, 1, 2)]


def test_results_are_shares_of_all_sentences_with_students_interval(rows):
    standard, pgd, static, _ = attacks_table.results(rows)
    assert [(one.attack, one.method) for one in (standard, pgd, static)] == [
        (RECIPE, "standard"), (RECIPE, "pgd"), ("AdvGLUE", "standard"),
    ]  # fmt: skip
    assert (pgd.seeds, pgd.n, static.n, static.clean, static.queries) == (3, N, STATIC, None, None)
    half = t.ppf(0.975, 2) * (1 / N) / 3**0.5
    assert pgd.robust == pytest.approx((19 / N, 19 / N - half, 19 / N + half))
    assert pgd.clean == pytest.approx((32 / N,) * 3)
    assert standard.queries == sum(range(30)) / 30  # over the attacked sentences alone


def test_a_budget_spares_what_was_broken_later():
    (one, _) = attacks_table.runs([row("pgd", 0, 10, clean=30)])
    # Sentence i took i queries: those from 10 to 29 were broken, the last ones were wrong from the start.
    assert one.within([0, 9, 19, 28, 29, 99]) == pytest.approx(np.array([30, 30, 20, 11, 10, 10]) / N)
    with pytest.raises(ValueError, match="a budget needs the queries of a search, and AdvGLUE has none"):
        attacks_table.runs([row("pgd", 0, 10)])[1].within([1])


def test_differences_pair_the_models_of_a_seed(rows):
    word, static = attacks_table.against(rows)
    assert word.differences == pytest.approx([20, 22.5, 25])
    assert [tuple(test[:2]) for test in word.tests] == [(8, 0), (9, 0), (10, 0)]
    raw = [binomtest(k, k).pvalue for k in (8, 9, 10)]
    # Holm over all six tests, of which the three on AdvGLUE have p = 1.
    assert word.adjusted == pytest.approx([4 * raw[0], 5 * raw[1], 6 * raw[2]])
    assert word.over_seeds.value == word.over_sentences.value == pytest.approx(22.5)
    assert static.differences == pytest.approx([-5] * 3)
    assert static.shown == 0  # over seeds the interval has no width, over sentences it reaches 0
    assert word.shown == 1


def test_the_interval_over_sentences_keeps_the_seeds_of_a_sentence_together(rows):
    word = attacks_table.against(rows)[0]
    each = np.array([np.mean([10 <= place < 18 + seed for seed in range(3)]) for place in range(N)])
    drawn = np.random.default_rng(7).choice(each, (20_000, N)).mean(1)
    assert word.over_sentences[1:] == pytest.approx(100 * np.quantile(drawn, [0.025, 0.975]), abs=0.9)


def test_seeds_that_one_method_lacks_are_left_out(rows):
    assert attacks_table.against(rows[:-1])[0].seeds == [0, 1]
    assert attacks_table.against(rows[:3]) == []


def test_other_sentences_are_refused(rows):
    rows[4] = row("pgd", 1, 19, ids=range(1, N + 1))
    with pytest.raises(ValueError, match=r"expected the same sentences for every model, got others for pgd, seed 1"):
        attacks_table.runs(rows)


def test_tables_have_a_line_an_attack(rows):
    table = attacks_table.table(rows)
    assert list(table.index) == [(a, m) for a in (RECIPE, "AdvGLUE") for m in ("standard", "pgd")]
    assert table.loc[(RECIPE, "pgd"), "robust %"] == "47.5 (41.3 to 53.7)"
    assert table.loc[("AdvGLUE", "pgd"), "clean %"] == "–"
    found = attacks_table.differences(rows)
    assert found.loc[RECIPE, "right in one only"] == "8:0, 9:0, 10:0"
    assert (found.loc[RECIPE, "paper"], found.loc["AdvGLUE", "paper"]) == ("+4.8", "+7.8")  # Table 2: 12.96 - 8.14
    assert attacks_table.table([]).empty
    assert attacks_table.differences(rows[:3]).empty


def test_words_follow_the_rows(rows):
    words = attacks_words.verdict(rows)
    assert f"`{RECIPE}` (40 sentences): `pgd` is more robust than `standard`, by 22.5 points on average." in words
    assert "AdvGLUE (20 sentences): no difference that these rows can show. On average it is -5.0 points" in words
    assert "Of 6 paired tests of McNemar's, 3 are below 0.05 after Holm's correction." in words
    spread = rows[:3] + [row("pgd", seed, robust) for seed, robust in enumerate((12, 20, 30))]
    told = attacks_words.verdict(spread)
    assert "the models differ, by +26.7 points on average" in told
    assert "holds 0: no difference of the methods that these rows can show." in told
    turned = [one | {"method": {"pgd": "standard", "standard": "pgd"}[one["method"]]} for one in rows]
    assert "`standard` is more robust than `pgd`, by 22.5 points" in attacks_words.verdict(turned)
    alone = attacks_words.verdict([rows[0], rows[3]])
    assert "one seed, +20.0 points. One pair of models says nothing of the methods." in alone
    assert "nothing to compare yet" in attacks_words.verdict(rows[:3])


def test_the_papers_order_is_confirmed_contradicted_or_left_open(rows):
    words = attacks_words.beside_paper(rows)
    assert f"`{RECIPE}` +4.8, AdvGLUE +7.8. Our rows confirm it for `{RECIPE}`; leave it open for AdvGLUE." in words
    turned = [one | {"method": {"pgd": "standard", "standard": "pgd"}[one["method"]]} for one in rows]
    assert f"contradict it for `{RECIPE}`" in attacks_words.beside_paper(turned)
    assert attacks_words.beside_paper([]) == ""


def test_cost_counts_passes(rows):
    words = attacks_words.cost(rows)
    assert "`pgd` costs 2k + 3 passes, 9 at k = 3; one of `standard` costs 3." in words
    assert "3 times as many" in words
    assert attacks_words.cost(rows[:3]) == ""


def test_provenance_says_whether_the_models_are_the_recorded_ones(rows):
    words = attacks_words.provenance([*rows[:5], rows[5] | {"different_answers": 2}])
    assert f"`{RECIPE}` against 6 models of minilm, seeds 0, 1, 2, on the same 40 sentences" in words
    assert "5 of the 6 then answered every dev sentence as recorded" in words
    assert "nothing yet" in attacks_words.provenance([])
