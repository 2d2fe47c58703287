"""Recorded paths in tables and words: numbers that follow from a few rows, and nothing where there are none."""

import itertools

import pytest

from robustlab.study import paths_table

LENGTHS = (0.1, 1.0)


def row(kind, phase, rule, seed, **values):
    shared = {"date": "2026-01-02", "device": "cpu", "commit": "c0ffee", "model": "minilm", "steps": 3, "n": 10}
    made = {"clean": 0.3, "rise": 1.0, "gains": 0.9, "literal": 0.3, "length": 0.2, "step_size": 0.1, "correct": 5}
    return shared | {"kind": kind, "phase": phase, "rule": rule, "seed": seed, "step": 0} | made | values


@pytest.fixture
def rows():
    found = []
    for seed, phase, rule in itertools.product((0, 1), paths_table.PHASES, paths_table.RULES):
        for step in (0, 5):
            rise = 1.0 + seed if step else 4.0
            gains = 0.9 * rise if rule != "raw" else 3.0 * rise
            literal = 0.3 if rule != "linf" else 0.3 + step / 10
            found.append(
                row("training", phase, rule, seed, step=step, rise=rise, gains=gains, literal=literal, length=1 + step)
            )
        for length in LENGTHS:
            correct = {"unit_l2": 2 + 4 * (phase == "pgd") + seed, "sign": 7}.get(rule, 5)
            errors = {"error_literal": 0.5, "error_gains": length / 4}
            if rule in ("raw", "unit_l2"):
                errors["error_second_order"] = length**2 / 4 if rule == "raw" else 3.0
            high = rule == ("linf" if length == 1 else "raw")
            changes = errors | {"relative_length": length, "correct": correct, "rise": 2.0 if high else 1.0, "step": 5}
            found.append(row("sweep", phase, rule, seed, **changes))
    for seed, phase, length in itertools.product((0, 1), paths_table.PHASES, LENGTHS):
        noise = {"step_size": None, "relative_length": length, "correct": 9, "rise": 0.04 * length, "step": 5}
        found.append(row("sweep", phase, "noise", seed, **noise))
    return found


def test_provenance_counts_and_names_or_says_that_there_is_nothing(rows):
    words = paths_table.provenance(rows)
    assert words.startswith(f"**Recorded** on 2026-01-02 on cpu, commit c0ffee: {len(rows)} rows from minilm on SST-2")
    assert "seeds 0, 1. A row holds means over 10 held-out sentences, climbed by k = 3 steps" in words
    assert "nothing yet" in paths_table.provenance([])


def test_a_curve_has_the_mean_and_the_range_of_the_seeds(rows):
    curves, change = paths_table.trainings(rows)
    assert change == 5
    first, second = curves["unit_l2"]["true change"]
    assert first == ([0, 5], [4.0, 1.5], [4.0, 1.0], [4.0, 2.0])
    assert second.at == [5, 10]
    assert curves["sign"]["sum of gains"][0].mean == pytest.approx([3.6, 1.35])
    assert curves["linf"]["literal Eq. 8"][1].mean == pytest.approx([0.3, 0.8])


def test_errors_and_effects_are_over_lengths(rows):
    found = paths_table.errors(rows)
    assert list(found) == [
        "raw, standard training", "unit_l2, standard training", "raw, PGD training", "unit_l2, PGD training",
    ]  # fmt: skip
    assert found["raw, PGD training"]["sum of gains"].mean == [0.025, 0.25]
    assert found["raw, PGD training"]["gains and curvature"].mean == pytest.approx([0.0025, 0.25])
    effects = paths_table.effects(rows, "accuracy")
    assert effects["standard training"]["unit_l2"] == ([0.1, 1.0], [0.25, 0.25], [0.2, 0.2], [0.3, 0.3])
    assert effects["PGD training"]["noise"].mean == [0.9, 0.9]


def test_the_table_compares_the_ends_of_the_pgd_epoch(rows):
    table = paths_table.table_of_training(rows)
    assert list(table.index) == [f"{rule}, {moment}" for rule in paths_table.RULES for moment in ("start", "end")]
    assert table.loc["unit_l2, start", "true rise"] == "4.00 (4.00 to 4.00)"
    assert table.loc["unit_l2, end", "true rise"].startswith("1.50 (")
    assert table.loc["raw, end", "gains / true"] == "3.00 (3.00 to 3.00)"
    assert table.loc["sign, start", "Eq. 8 / true"].startswith("0.07 (")


def test_words_on_training_follow_the_rows(rows):
    words = paths_table.words_on_training(rows)
    assert "goes from 4.00 to 1.50 nats" in words
    assert "`unit_l2` 10%, `token_l2` 10%, `sign` 10%, `linf` 10%." in words
    assert "`unit_l2` is 0.300 nats on average. Within an epoch it varies by 0.0% at most, " in words
    assert "and for `sign` by 0.0%." in words
    assert "paths are 6 times as long" in words
    assert "by a factor of up to 3.0. In the PGD epoch they are off by up to 200%." in words
    for one in rows:
        if one["rule"] == "sign" and one["seed"] == 1 and one["step"]:
            one["literal"] *= 1.5
            one["gains"] *= 0.5 if one["phase"] == "standard" else 1
    changed = paths_table.words_on_training(rows)
    assert "varies by 0.0% at most, and for `sign` by 50.0%." in changed
    assert "`token_l2` 10%, `sign` 55%, `linf` 10%." in changed


def test_words_on_errors_follow_the_rows(rows):
    words = paths_table.words_on_errors(rows)
    assert "At first steps of 0.1 / 1 mean" in words
    assert "`raw`, after PGD training: the mean error of the gains is 1% / 25% of the mean rise. " in words
    assert words.count("makes it smaller: 0.1.") == 2
    assert words.count("makes it smaller: none.") == 2


def test_words_on_effects_follow_the_rows(rows):
    words = paths_table.words_on_effects(rows)
    assert "- After standard training: from 25% (`unit_l2`) to 70% (`sign`) of the sentences" in words
    assert "- After PGD training: from 50% (`raw`) to 70% (`sign`) of the sentences" in words
    assert "and 90% under noise" in words
    assert "changes the accuracy under `unit_l2` by +40 (+40 to +40) points." in words
    assert "Of the 4 pairs of model and length, the highest mean rise is had by: `linf` 2, `raw` 2." in words or (
        "`raw` 2, `linf` 2." in words
    )
    assert "Noise raises the mean loss by 0.04 nats at most." in words


def test_one_seed_has_no_interval(rows):
    some = [one for one in rows if one["seed"] == 0]
    assert paths_table.table_of_training(some).loc["raw, end", "true rise"] == "1.00 (one seed)"
    assert "by +40 (one seed) points" in paths_table.words_on_effects(some)
