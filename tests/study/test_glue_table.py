"""Rows of drops put together, against means and counts by hand."""

import numpy as np
import pytest

from robustlab.study.glue.table import against, collapsed, learned, lines, paired, percent, provenance, table
from robustlab.study.rows import encode

CLEAN = {0: [1, 1, 1, 1], 1: [1, 1, 1, 0]}
ROBUST = {0: [1, 0, 0, 1], 1: [1, 0, 0, 0]}
ADVERSARIAL = {0: [1, 0, 1], 1: [0, 0, 1]}


def row(seed, *, pretraining="words", clean=None, robust=None, adversarial=None, task="sst2", **others):
    clean, robust = clean or CLEAN[seed], robust or ROBUST[seed]
    adversarial = adversarial or ADVERSARIAL[seed]
    return {
        "task": task, "seed": seed, "name": f"{pretraining}, standard", "recipe": "textfooler",
        "example_ids": list(range(len(clean))), "examples": len(clean), "clean_mask": encode(clean),
        "robust_mask": encode(robust), "dev": {"n": len(clean), "mask": encode(clean)},
        "advglue": {"advglue-sst2": {"n": 3, "mask": encode(adversarial)}},
    } | others  # fmt: skip


def test_a_line_is_the_mean_over_its_seeds():
    (line,) = lines([row(1), row(0, robust=[1, 1, 1, 1]), row(0)])
    assert [one["seed"] for one in line.rows] == [0, 1]
    assert line.drop.clean.value == pytest.approx(7 / 8)
    assert line.drop.robust.value == pytest.approx(3 / 8)
    assert line.drop.absolute.value == pytest.approx(4 / 8)
    assert line.drop.relative.value == pytest.approx(4 / 7)
    assert line.advglue["advglue-sst2"].value == pytest.approx(3 / 6)
    shown = table([line]).loc[("sst2", "words, standard")]
    assert shown["drop, points"].startswith("50.0 (")
    assert shown["relative drop %"].startswith("57.1 (")
    assert shown["AdvGLUE %"].startswith("50.0 (")
    assert table([]).empty


def test_a_difference_is_taken_on_the_seeds_that_both_have():
    other = [row(0, pretraining="multi-scale", robust=[1, 1, 0, 1]), row(2, pretraining="multi-scale",
             clean=[0, 0, 0, 1], robust=[0, 0, 0, 1], adversarial=[0, 0, 0])]  # fmt: skip
    found = lines([row(0), row(1), *other, row(0, task="qnli")])
    (one,) = against(found, "multi-scale, standard", "words, standard")
    assert (one.task, one.seeds) == ("sst2", 1)
    assert one.drop.robust.value == pytest.approx(0.25)
    assert one.drop.absolute.value == pytest.approx(-0.25)
    assert one.advglue["advglue-sst2"].value == 0
    draws = np.random.default_rng(0).integers(4, size=(4000, 4))
    expected = np.quantile((np.array([0, 1, 0, 0])[draws]).mean(1), [0.025, 0.975])
    assert one.drop.robust[1:] == pytest.approx(expected)
    assert against(found, "nobody", "words, standard") == []


def test_rows_of_other_examples_do_not_mix():
    with pytest.raises(ValueError, match="sst2: expected one attack on the same examples in all rows"):
        lines([row(0), row(1, example_ids=[4, 5, 6, 7])])
    with pytest.raises(ValueError, match="got textfooler on 4 and pwws on 4"):
        lines([row(0), row(1, recipe="pwws")])


def test_what_there_is_not_is_a_dash():
    (line,) = lines([row(0, clean=[0, 0], robust=[0, 0])])
    assert line.drop.relative is None
    assert percent(line.drop.relative) == "–"


def test_it_is_said_where_rows_come_from():
    assert provenance([]).startswith("**Recorded: nothing yet.** There are no rows in `book/results/glue/`")
    made = {"date": "2026-01-02", "device": "cpu", "commit": "abc", "model": "minilm"}
    made["sizes"] = {"train": 1600, "warm": 1, "epochs": 1}
    said = provenance([row(0, **made), row(1, **made | {"commit": "def"})])
    assert said == (
        "**Recorded** on 2026-01-02 on cpu, commit abc, def: 2 fine-tunings of minilm, seeds 0, 1. Each reads 1,600 "
        "rows of its task in 2 epochs; 4 dev rows are attacked by `textfooler`."
    )


def test_constants_are_told_and_left_out_of_differences():
    def told(seed, constant, **given):
        made = row(seed, **given)
        return made | {"dev": made["dev"] | {"constant": constant}}

    found = lines([told(0, False), told(1, True), told(0, True, pretraining="none")])
    assert [[one["seed"] for one in line.rows] for line in learned(found)] == [[0]]
    said = "2 of 3 classifiers give one answer to everything: "
    said += "words, standard on sst2, seed 1; none, standard on sst2, seed 0."
    assert collapsed(found) == said
    assert collapsed(learned(found)) == "0 of 1 classifiers give one answer to everything."


def test_an_interval_of_a_share_ends_where_shares_do():
    made = lines([row(0, clean=[1, 1, 1, 1], robust=[1, 1, 1, 0]), row(1, clean=[1, 0, 0, 0], robust=[0, 0, 0, 0])])
    shown = table(made).loc[("sst2", "words, standard")]
    assert shown["clean %"] == "62.5 (0.0 to 100.0)"


def test_lines_are_paired_by_their_seeds():
    found = lines([row(0), row(1), row(1, pretraining="none")])
    both = paired(found, "sst2", "words, standard", "none, standard")
    assert [[one["seed"] for one in line.rows] for line in both] == [[1], [1]]
    with pytest.raises(ValueError, match="sst2 has no line x; it has words, standard; none, standard"):
        paired(found, "sst2", "x")
