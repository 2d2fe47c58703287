"""What runs differ by that share all but the seed, against counts by hand."""

import pytest

from robustlab.study.glue.noise import disagreements, drops, interaction, least_noticed
from robustlab.study.glue.table import lines
from robustlab.study.rows import encode

ALL = [1, 1, 1, 1]


def row(seed, robust, *, pretraining="none", finetuning="standard", task="sst2"):
    return {
        "task": task, "seed": seed, "name": f"{pretraining}, {finetuning}", "recipe": "textfooler",
        "example_ids": [0, 1, 2, 3], "examples": 4, "clean_mask": encode(ALL), "robust_mask": encode(robust),
        "dev": {"n": 4, "mask": encode(ALL)}, "advglue": {},
    }  # fmt: skip


def test_disagreements_are_counted_by_pairs():
    (line,) = lines([row(0, [1, 0, 0, 0]), row(1, [1, 1, 0, 0]), row(2, [0, 1, 1, 0])])
    assert disagreements(line) == [0.25, 0.75, 0.5]
    assert drops(line) == [0.75, 0.5, 0.5]
    assert disagreements(lines([row(0, ALL)])[0]) == []


def test_the_least_difference_shrinks_with_examples_and_is_no_more_than_the_disagreement():
    few, many = (least_noticed(n, 0.2) for n in (100, 1000))
    assert 0.03 < many < few <= 0.2
    # McNemar by the normal approximation: δ = (1.96 + 0.84) √(0.2 / n)
    assert many == pytest.approx(2.8 * (0.2 / 1000) ** 0.5, rel=0.1)
    with pytest.raises(ValueError, match="take more examples"):
        least_noticed(20, 0.1)


def test_an_interaction_is_a_difference_of_differences():
    made = [
        row(0, [1, 0, 0, 0]), row(0, [1, 1, 0, 0], finetuning="pgd"),
        row(0, [1, 1, 0, 0], pretraining="all"), row(0, ALL, pretraining="all", finetuning="pgd"),
        row(1, [1, 0, 0, 0]), row(1, [1, 1, 0, 0], finetuning="pgd"),
        row(1, [1, 0, 0, 0], pretraining="all"), row(1, ALL, pretraining="all", finetuning="pgd"),
        row(2, ALL),  # no other line has this seed
    ]  # fmt: skip
    found = interaction(lines(made), "sst2", ("all", "pgd"), ("none", "standard"))
    assert found.value == pytest.approx(((-0.5 - -0.25) + (-0.75 - -0.25)) / 2)
    assert found.low < found.value < found.high
    assert interaction(lines(made), "qnli", ("all", "pgd"), ("none", "standard")) is None
    assert interaction(lines(made), "sst2", ("all", "trades"), ("none", "standard")) is None
    apart = [one if "all" not in one["name"] else one | {"seed": one["seed"] + 10} for one in made]
    assert interaction(lines(apart), "sst2", ("all", "pgd"), ("none", "standard")) is None
