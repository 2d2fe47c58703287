"""Recorded checks: counted by method, put into words that follow the rows, whatever their number."""

import pytest

from robustlab import models
from robustlab.corpora import reviews
from robustlab.evaluation import masking
from robustlab.study import masking_table

LOSS, MORE, NOISE, TRANSFER, UNBOUNDED = masking_table.CHECKS


def row(method="pgd", seed=0, failed=(), *, step_size=0.03, beta=None, attack=0.4, more=0.38, **changes):
    evidence = {MORE: {"accuracy, 10 steps": attack, "accuracy, 40 steps, 2 random starts": more}}
    checks = {name: {"passed": name not in failed} | evidence.get(name, {}) for name in masking_table.CHECKS}
    made = {"method": method, "seed": seed, "step_size": step_size, "beta": beta, "steps": 3, "checks": checks}
    made |= {"passed": not failed, "examples": 80 + seed, "radius": 0.5, "different_answers": 0}
    return made | {"date": "2026-01-02", "device": "cpu", "commit": "abc"} | changes


def test_the_checks_are_those_that_are_run():
    few = reviews.load("train", 60)
    untrained = models.load("tiny", labels=reviews.LABELS, texts=few["text"])
    report = masking.check(*untrained, few, steps=1)
    assert tuple(check.name for check in report.checks) == tuple(masking_table.CHECKS)


def test_one_line_a_method_and_setting():
    rows = [row("adaptive-pgd", seed) for seed in (0, 1)] + [row("adaptive-pgd", step_size=0.1, beta=1.0)]
    rows += [row("standard", step_size=None), row(failed=(LOSS, UNBOUNDED), attack=1.0, more=1.0)]
    found = masking_table.table(rows)
    assert list(found.index) == ["standard", "PGD, α = 0.03", "adaptive, α = 0.03", "adaptive, α = 0.1, β = 1"]
    assert list(found["models"]) == [1, 1, 2, 1]
    assert list(found["loss rises"]) == ["1 of 1", "0 of 1", "2 of 2", "1 of 1"]
    assert list(found["noise weaker"]) == ["1 of 1", "1 of 1", "2 of 2", "1 of 1"]
    assert list(found["under attack %"]) == ["40.0", "100.0", "40.0", "40.0"]


@pytest.mark.parametrize("weak", ["accuracy, 10 steps", "accuracy, 8 steps"])
def test_the_stronger_attack_comes_second_however_the_keys_are_sorted(weak):
    rows = [row(seed=seed) for seed in (0, 1)]
    for one, (attack, more) in zip(rows, [(0.5, 0.4), (0.7, 0.5)], strict=True):
        evidence = {weak: attack, "accuracy, 40 steps, 2 random starts": more}
        one["checks"][MORE] = dict(sorted(({"passed": True} | evidence).items()))
    (line,) = masking_table.table(rows)[["under attack %", "more steps %"]].to_numpy().tolist()
    assert line == ["60.0", "45.0"]


def test_a_check_that_was_not_run_is_neither_passed_nor_failed():
    rows = [row(), row(seed=1)]
    for one in rows:
        one["checks"][TRANSFER] = {"passed": None}
    assert list(masking_table.table(rows)["transfer weaker"]) == ["not run"]
    rows[0]["checks"][TRANSFER] = {"passed": True}
    assert list(masking_table.table(rows)["transfer weaker"]) == ["1 of 1"]
    assert masking_table.verdict(rows) == "**No check failed** on any of 2 models."


def test_the_verdict_names_what_failed_and_where():
    rows = [row("standard", step_size=None), row("pgd", 0, (LOSS, UNBOUNDED)), row("pgd", 1, (UNBOUNDED,))]
    assert masking_table.verdict(rows) == (
        "**1 of 3 models passed** every check that was run; failed: "
        "PGD, α = 0.03 (1 of 2 on “loss rises”, 2 of 2 on “unbounded wins”)."
    )
    assert masking_table.verdict(rows[:1]) == "**No check failed** on any of 1 model."


def test_the_provenance_counts_the_models_that_are_the_recorded_ones():
    words = masking_table.provenance([row(), row(seed=1, different_answers=3), row(seed=2)])
    assert "3 models, seeds 0, 1, 2" in words
    assert "2 of 3 then answered every dev sentence as recorded" in words
    assert "80 to 82 of them, and a radius of 0.50" in words


def test_no_rows_make_no_claim():
    assert masking_table.table([]).empty
    assert masking_table.verdict([]) == ""
    assert "no checks yet" in masking_table.provenance([])
