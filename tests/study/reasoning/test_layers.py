"""The layer study's rows become changes at every place, and words about them."""

import pytest

from robustlab.study.reasoning import layers
from robustlab.study.reasoning.cells import SITES, Cell
from tests.study.reasoning.rows import row


def trained(site, seed, means, method="self-negative", **given):
    at = {name: {"mean": mean} for name, mean in zip(SITES, means, strict=True)}
    return row(Cell(study="layer", seed=seed, method=method, site=site), sensitivity_at=at, **given)


ROWS = [
    trained("encoder", seed, (0.5 + 0.1 * seed, 0.4, 0.9), "standard", robust=0.6 + 0.1 * seed) for seed in (0, 1)
] + [
    trained(site, seed, means, robust=robust + 0.1 * seed)
    for site, means, robust in (("words", (0.1, 0.3, 0.8), 0.6), ("encoder", (0.5, 0.35, 0.2), 0.5))
    for seed in (0, 1)
]


def test_changes_are_against_the_control_of_the_seed():
    found = layers.changes(ROWS)
    assert list(found) == ["words", "encoder"]
    assert found["words"]["words"].value == pytest.approx(-0.45)
    assert found["encoder"]["encoder"].value == pytest.approx(-0.7)
    assert layers.sensitivities(ROWS)["standard"]["words"].value == pytest.approx(0.55)
    assert layers.against_text(ROWS, ["robust_accuracy"])["encoder"]["robust_accuracy"].value == pytest.approx(-0.1)


def test_words_name_the_best_and_what_intervals_exclude():
    told = layers.verdict(ROWS)
    assert "Attacked at the encoder's output, the least sensitive model on average is the one trained there" in told
    assert "Attacked at the first block, the least sensitive model on average is the one trained at the word" in told
    assert "Lower than standard training in every seed: `words`, `encoder`; by an interval that excludes 0:" in told
    assert (
        "Robust Accuracy, beside standard training: higher in every seed for none, lower in every seed for `enc" in told
    )
    assert (
        "Clean accuracy, beside standard training: higher in every seed for none, lower in every seed for none" in told
    )


def test_rows_without_every_place_are_read_all_the_same():
    plain = [{name: value for name, value in one.items() if name != "sensitivity_at"} for one in ROWS]
    assert set(layers.changes(plain)["words"]) == {"encoder"}
    assert layers.verdict([]) == ""
    assert layers.table([]).empty
    table = layers.table(ROWS[:1] + ROWS[2:3])
    assert table.loc["sensitivity at words", "words"] == "−0.400"
    assert table.loc["Robust Accuracy", "words"] == "+0.0"


def test_bounds_of_a_sensitivity_stay_between_0_and_1():
    for name, by_site in layers.sensitivities(ROWS).items():
        for one in by_site.values():
            assert 0 <= one.low <= one.value <= one.high <= 1, name
    wide = [trained("encoder", seed, (mean, 0.4, 0.9), "standard") for seed, mean in enumerate((0.05, 0.95))]
    assert layers.sensitivities(wide)["standard"]["words"][1:] == (0, 1)
