"""The study of trainings on few reviews: one small seed of it, and its tables from rows made by hand."""

import pytest

from robustlab.study import overfitting_table as tables
from robustlab.study import rows as files
from robustlab.study.overfitting_reviews import LEVELS, RUNS, WARM, Run, Settings, run_seed, short

SMALL = Settings(train_size=40, words=9, warm_epochs=1, epochs=2, dev=3, test=5, max_variants=4)


@pytest.fixture(scope="module")
def small():
    chosen = [Run("standard"), Run("adaptive-by-difficulty"), Run("flooding-x", 0.1)]
    return list(run_seed(0, SMALL, chosen))


def test_rows_are_short_and_there_must_be_enough():
    assert max(len(row["text"].split()) for row in short("dev", 5, SMALL, 0)) <= 9
    with pytest.raises(ValueError, match="dev holds 0 reviews of at most 1 words, expected 2"):
        short("dev", 2, Settings(words=1), 0)


def test_runs_have_names_of_their_own():
    assert len({run.name for run in RUNS}) == len(RUNS)
    assert [run.level for run in RUNS if run.level] == list(LEVELS)
    assert RUNS[-2].name == "flooding-x, b = 0.5"


def test_a_run_has_a_row_an_epoch_and_the_warm_start_comes_first(small):
    assert [[row["name"] for row in made] for made in small] == [
        [WARM],
        ["standard"] * 2,
        ["adaptive-by-difficulty"] * 2,
        ["flooding-x, b = 0.1"] * 2,
    ]
    assert [row["epoch"] for made in small for row in made] == [0, 1, 2, 1, 2, 1, 2]
    for row in (row for made in small for row in made):
        assert row["test_robust_accuracy"] <= row["test_clean_accuracy"]
        assert files.decode(row["test_robust_mask"], 5).mean() == row["test_robust_accuracy"]
        assert files.decode(row["dev_clean_mask"], 3).mean() == row["dev_clean_accuracy"]
    assert len(small[2][-1]["slopes"]) == SMALL.steps
    assert small[2][-1]["slopes"] != small[2][0]["slopes"]
    assert small[3][-1]["b"] == 0.1
    assert small[3][-1]["below_the_level"] == 0.0  # one epoch from random weights: nowhere near the level


def row(name, seed, epoch, **values):
    made = {"train_loss": 0.5 / epoch, "train_accuracy": 0.9, "test_loss": 0.5, "test_n": 4, "test_robust_n": 4}
    made |= {f"{split}_{kind}_accuracy": 0.5 for split in ("dev", "test") for kind in ("clean", "robust", "pgd")}
    return made | {"name": name, "seed": seed, "epoch": epoch, "test_robust_mask": "3"} | values


@pytest.fixture
def rows():
    found = [row(WARM, seed, 1) | {"epoch": 0, "test_robust_accuracy": 0.9} for seed in (0, 1)]
    for seed in (0, 1):
        for epoch in range(1, 7):
            best = {"dev_robust_accuracy": 0.8 if epoch in (2, 4) else 0.5}
            falls = {"test_robust_accuracy": (0.7 if epoch <= 3 else 0.6) - 0.05 * seed}
            mask = {"test_robust_mask": "f" if epoch == 2 else "3"}
            found.append(row("pgd", seed, epoch, **best, **falls, **mask, test_pgd_accuracy=0.1 * epoch))
            found.append(row("standard", seed, epoch))
            slopes = {"slopes": [1.0 + seed, -1.0], "scores": [0.0, 0.0], "step_cosine": 0.9}
            found.append(row("adaptive-by-difficulty", seed, epoch, **slopes))
            found.append(row("dsrm", seed, epoch, shifted=0.25))
            turned = {"b": 0.2 + 0.1 * seed, "pilot": [[0.4, 0.1], [0.2, -0.1 if seed else 0.1]]}
            found.append(row("flooding-x", seed, epoch, **turned, test_robust_accuracy=0.4))
            for level in LEVELS:
                some = {"below_the_level": 0.5, "dev_robust_accuracy": level, "test_robust_accuracy": level}
                found.append(row(f"flooding-x, b = {level:g}", seed, epoch, **some))
    return found


def test_curves_begin_at_the_warm_start(rows):
    curve = tables.curves(rows, "pgd")["worst case"]
    assert list(curve.at) == list(range(7))
    assert curve.mean[0] == 0.9
    assert (curve.low[-1], curve.high[-1]) == pytest.approx((0.55, 0.6))


def test_changes_compare_the_last_epochs_with_the_first_and_leave_the_warm_start_out(rows):
    assert tables.changes(rows, "pgd", tables.WORST) == pytest.approx([-10, -10])
    assert tables.changes(rows, "pgd", "test_pgd_accuracy") == pytest.approx([30, 30])
    words = tables.words_on_changes(rows)
    assert "falls in every seed for pgd; the 95 % interval over seeds lies below 0 for pgd" in words
    assert "-10 for PGD" in words
    assert "rises on average for pgd; by +30 points for PGD" in words


def test_the_first_of_the_best_epochs_on_dev_is_chosen(rows):
    assert {seed: one["epoch"] for seed, one in tables.chosen(rows, "pgd").items()} == {0: 2, 1: 2}
    line = tables.table_of_epochs(rows).loc["pgd"]
    assert line["epoch chosen"] == "2 / 2"
    assert line["worst case there %"].startswith("68 ")
    assert line["worst case, last %"].startswith("58 ")
    assert WARM not in tables.table_of_epochs(rows).index


def test_paired_rows_are_tested_and_corrected_together(rows):
    table = tables.paired(tables.stopping(rows, ("pgd", "standard")))
    line = table.loc["pgd: chosen − last"]
    assert line["points"].startswith("+50.0")
    assert line["right in one only"] == "2:0, 2:0"
    assert line["McNemar p"] == "0.5, 0.5"
    assert line["after Holm"] == "1, 1"
    assert tables.paired(tables.against(rows, "pgd", ["standard"])).index.tolist() == ["standard − pgd"]


def test_levels_and_what_is_said_of_them(rows):
    levels = tables.levels(rows, tables.WORST)
    assert levels.found == [(0.2, 0.4), (pytest.approx(0.3), 0.4)]
    assert levels.fixed[0.3] == [0.3, 0.3]
    assert levels.without == [0.5, 0.5]
    words = tables.words_on_levels(rows)
    assert "0.20, 0.30 (one a seed). The accordance turned in 1 of 2 pilots" in words
    assert "standard 50.0%, flooding-x, b = 0.5 50.0%, flooding-x 40.0%" in words
    assert "is flooding-x, b = 0.5: 50.0% on test, and 40.0% for the criterion" in words


def test_slopes_become_weights(rows):
    by_epoch, by_difficulty = tables.slopes(rows)
    assert list(by_epoch[0].mean) == [1.5] * 6
    assert by_difficulty[0].mean[5] == pytest.approx(0.5)  # q = 1/2
    assert by_difficulty[0].high[-1] == pytest.approx(1 / (1 + 2.718281828**-3))  # u = 0, v = (2, -1)
    assert by_difficulty[0].mean[0] + by_difficulty[1].mean[0] == pytest.approx(1)
    assert "over the seeds: +, −." in tables.words_on_slopes(rows)


def test_risk_and_provenance(rows):
    risk = tables.table_of_risk(rows)
    assert risk.loc["dsrm", "acts on"] == "25% of the batches"
    assert risk.loc["standard", "acts on"] == "–"
    assert risk.loc["flooding-x, b = 0.1", "acts on"] == "50% of the batches"
    assert f"{2 * 10} runs" in tables.provenance(rows)
    assert "nothing yet" in tables.provenance([])
