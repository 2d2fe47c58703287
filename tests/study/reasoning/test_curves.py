"""Curves and verdicts say what the rows say, for any subset of cells and seeds."""

import math
from itertools import product

import pytest
from scipy.stats import t

from robustlab.study.reasoning import curves, verdicts
from robustlab.study.reasoning.cells import Cell
from robustlab.study.reasoning.curves import VARYING
from tests.study.reasoning.rows import row


def batch(size, seed, method="self-negative", **given):
    return row(Cell(study="batch", seed=seed, method=method, batch_size=size), **given)


BATCH = VARYING[2]
ROWS = [
    batch(size, seed, robust=value + 0.01 * seed, documents=[value] * 4)
    for size, value in ((8, 0.5), (32, 0.7), (64, 0.6))
    for seed in (0, 1, 2)
]


def test_a_curve_has_the_values_by_seed_and_paired_differences():
    found = curves.curve(ROWS, BATCH, "robust_accuracy")
    assert list(found.values) == [8, 32, 64]
    assert found.mean(64) == pytest.approx(0.61)
    apart = found.against(32)
    assert list(apart) == [8, 64]
    assert apart[64].value == pytest.approx(-0.1)
    assert apart[64].high - apart[64].low == pytest.approx(0, abs=1e-9)  # the seeds move all settings alike
    assert curves.curve(ROWS, BATCH, "robust_accuracy", "lat") is None


def test_the_interval_of_a_difference_is_students():
    values = [0.1, 0.2, 0.6]
    found = curves.over_seeds(values)
    half = t.ppf(0.975, 2) * math.sqrt(sum((v - 0.3) ** 2 for v in values) / 2) / math.sqrt(3)
    assert tuple(found) == pytest.approx((0.3, 0.3 - half, 0.3 + half))
    assert math.isnan(curves.over_seeds([0.1]).low)


def test_settings_are_the_papers():
    assert {number: one.best for number, one in VARYING.items()} == {2: 32, 3: 0.3, 4: 0.25, 5: 1.0}
    assert [one.study for one in VARYING.values()] == ["batch", "ratio", "difficulty", "scale"]
    assert VARYING[4].written(0.55) == "extreme"
    assert VARYING[3].written(0.2) == "0.2"


def test_first_places_are_those_of_every_resample():
    rows = [
        batch(size, seed, documents=[value])
        for size, values in ((8, (0.0, 1.0)), (32, (0.4, 0.4)))
        for seed, value in enumerate(values)
    ]
    exact = {8: 0.0, 32: 0.0}
    for drawn in product((0, 1), repeat=2):
        eight = sum((0.0, 1.0)[seed] for seed in drawn) / 2
        exact[8 if eight > 0.4 else 32] += 1 / 4
    found = curves.first_places(rows, BATCH, "robust_accuracy", up=True, resamples=4000)
    assert found == pytest.approx(exact, abs=0.03)
    down = curves.first_places(rows, BATCH, "robust_accuracy", up=False, resamples=4000)
    assert down[8] == pytest.approx(exact[32], abs=0.03)
    assert curves.first_places(rows, BATCH, "semantic_deviation", up=False) is None
    lacking = curves.first_places([*rows, batch(64, 0, documents=[0.1])], BATCH, "robust_accuracy", up=True)
    assert set(lacking) == {8, 32, 64}
    assert lacking[32] == 1  # only the seed that all settings have counts


def test_ties_share_the_first_place():
    rows = [batch(size, 0, documents=[1.0, 1.0]) for size in (8, 32)]
    assert curves.first_places(rows, BATCH, "robust_accuracy", up=True, resamples=10) == {8: 0.5, 32: 0.5}


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({8: (0.5, 0.51), 32: (0.7, 0.71)}, "yes"),
        ({8: (0.7, 0.71), 32: (0.5, 0.51)}, "no"),
        ({8: (0.5, 0.9), 32: (0.7, 0.8)}, "first, not decided"),
        ({8: (0.6, 0.95), 32: (0.7, 0.8)}, "not first, not decided"),
        ({8: (0.5,), 32: (0.7,)}, "first, not decided"),
    ],
)
def test_a_verdict_needs_intervals(values, answer):
    rows = [batch(size, seed, robust=v) for size, found in values.items() for seed, v in enumerate(found)]
    assert verdicts.verdict(rows, BATCH, "robust_accuracy").answer == answer
    assert f"**{answer.capitalize()}.**" in verdicts.spoken(rows, BATCH, ["robust_accuracy"])


def test_less_is_better_where_the_metric_says_so():
    rows = [batch(size, seed, latent=v) for size, v in ((8, 0.3), (32, 0.1), (64, 0.2)) for seed in (0, 1)]
    found = verdicts.verdict(rows, BATCH, "adversarial_sensitivity")
    assert (found.best, found.place, found.answer) == (32, 1, "yes")
    rows = [batch(size, seed, latent=v) for size, v in ((8, 0.05), (32, 0.1)) for seed in (0, 1)]
    assert verdicts.verdict(rows, BATCH, "adversarial_sensitivity").above == [8]


def test_rows_without_the_papers_setting_have_no_verdict():
    assert verdicts.verdict([one for one in ROWS if one["batch_size"] != 32], BATCH, "robust_accuracy") is None
    assert verdicts.verdict([], BATCH, "robust_accuracy") is None
    assert verdicts.table([], BATCH, ["robust_accuracy"]).empty
    assert verdicts.spoken([], BATCH, ["robust_accuracy"]) == ""


def test_the_table_has_the_controls_best_beside_it():
    control = [batch(size, 0, "standard", robust=v) for size, v in ((8, 0.1), (32, 0.2), (64, 0.9))]
    line = verdicts.table([*ROWS, *control], BATCH, ["robust_accuracy"]).iloc[0]
    assert line["best here"] == "32"
    assert line["place of 32 here"] == "1 of 3"
    assert line["worse by an interval"] == "8, 64"
    assert line["best for standard"] == "64"
    assert line["comes first in"] == "100 %"
    assert "20.0 for `self-negative`, 80.0 for `standard`" in verdicts.spread(
        [*ROWS, *control], BATCH, "robust_accuracy"
    )


def test_the_level_of_a_control_that_runs_once():
    rows = [row(Cell(study="ratio", seed=seed, method="standard"), robust=0.1 * seed) for seed in (0, 2)]
    assert curves.level(rows, "robust_accuracy") == {0: 0.0, 2: 0.2}


def test_panels_leave_a_control_without_settings_to_a_level():
    ratio = [row(Cell(study="ratio", seed=0, share=share), robust=share) for share in (0.1, 0.3)]
    ratio.append(row(Cell(study="ratio", seed=0, method="standard"), robust=0.25))
    measures = ["robust_accuracy"]
    assert [one.method for one in curves.panels(ratio, VARYING[3], measures)["robust_accuracy"]] == ["self-negative"]
    assert curves.levels(ratio, VARYING[3], measures) == {"robust_accuracy": {0: 0.25}}
    told = curves.described(ratio, VARYING[3], measures)
    assert "self-negative 10 at 0.1, 30 at 0.3; standard 25 throughout" in told
    several = [*ROWS, batch(8, 0, "standard"), batch(32, 0, "standard")]
    assert [one.method for one in curves.panels(several, BATCH, measures)["robust_accuracy"]][1] == "standard"
    assert curves.levels(several, BATCH, measures) == {}


def test_the_summary_has_a_line_for_each_metric_that_the_paper_judges():
    table = verdicts.summary([(BATCH, ROWS), (VARYING[3], [])])
    assert list(table.index) == [2]
    assert table.iloc[0]["is SCN's best the best here?"] == "yes"
    assert verdicts.summary([]).empty


def test_the_resolution_is_half_of_the_median_interval():
    rows = [batch(8, seed, robust=value) for seed, value in enumerate((0.4, 0.6))]
    rows += [batch(32, seed, robust=0.5) for seed in (0, 1)]
    assert f"± {12.706 * 10:.1f} points" in verdicts.resolution(rows, BATCH, "robust_accuracy")
    assert verdicts.resolution(rows[::2], BATCH, "robust_accuracy") == ""
