"""Recorded rows: decoded, averaged over seeds, tested in pairs, put into words that follow the numbers."""

import math

import pytest

from robustlab.study import compare, rows
from robustlab.study.main_sst2 import FIXED, MATCHED


def row(method: str, seed: int, clean: str, *, step_size: float | None = 0.2, beta: float | None = None) -> dict:
    right = [bit == "1" for bit in clean]
    return {
        "method": method,
        "seed": seed,
        "step_size": step_size,
        "beta": beta,
        "clean_accuracy": sum(right) / len(right),
        "clean_correct": sum(right),
        "clean_n": len(right),
        "clean_mask": rows.encode(right),
        "weights": [0.25, 0.75] if method == "adaptive-pgd" else None,
    }


def test_masks_survive_the_round_trip():
    for bits in ("1", "0", "00010", "10110", "0000000000001", "1" * 148):
        right = [bit == "1" for bit in bits]
        assert rows.decode(rows.encode(right), len(right)).tolist() == right


def test_masks_of_another_length_are_refused():
    with pytest.raises(ValueError, match="expected 2 hexadecimal digits for 5 examples, got '3f'"):
        rows.decode("3f", 5)
    with pytest.raises(ValueError, match="expected 37 hexadecimal digits for 148 examples, got '3'"):
        rows.decode("3", 148)


def test_rows_are_grouped_by_step_size_and_method():
    runs = [row("adaptive-pgd", 0, "1100"), row("standard", 0, "1111", step_size=None), row("adaptive-pgd", 1, "1000")]
    runs += [row("pgd", 0, "1110"), row("pgd", 0, "1110", step_size=0.03), row(MATCHED, 0, "1110", beta=1.0)]
    runs += [row(FIXED, 0, "1110", beta=1.0)]
    found = compare.groups(runs, ("clean",))
    assert [group.label for group in found] == [
        "standard", "PGD, α = 0.03", "PGD, α = 0.2", "adaptive, α = 0.2", "fixed w, α = 0.2, β = 1",
        "matched PGD, α = 0.2, β = 1",
    ]  # fmt: skip
    last = found[3].measures["clean"]
    assert last.value == pytest.approx(0.375)
    assert (last.low, last.high) == (0, 1)  # Student's interval of two seeds, cut where accuracies end
    assert math.isnan(found[0].measures["clean"].low)


def test_table_quotes_the_paper_only_when_asked():
    found = compare.groups([row("pgd", 0, "1110"), row("adaptive-pgd", 0, "1100")], ("clean",))
    table = compare.table(found, paper=True)
    assert list(table["paper, clean %"]) == [89.11, 88.99]
    assert list(table["clean %"]) == ["75.0 (one seed)", "50.0 (one seed)"]
    assert list(table["w at the end"]) == ["–", "0.25 / 0.75"]
    assert "paper, clean %" not in compare.table(found, paper=False)
    assert compare.table([], paper=True).empty


def test_the_paper_is_not_quoted_beside_another_beta():
    found = compare.groups([row("adaptive-pgd", 0, "1110", beta=1.0)], ("clean",))
    assert list(compare.table(found, paper=True)["paper, clean %"]) == ["–"]


def test_collapsed_runs_are_named():
    found = compare.groups(
        [row("pgd", 0, "1110"), row("adaptive-pgd", 0, "1111"), row("adaptive-pgd", 1, "1100")], ("clean",)
    )
    assert compare.collapsed(found).startswith("**Collapsed:** adaptive, α = 0.2. At least one run")
    assert compare.collapsed(found[:1]) == ""


def test_no_rows_make_no_claim(tmp_path):
    assert compare.recorded("nothing", tmp_path) == []
    assert "nothing yet" in compare.provenance([])
    assert compare.verdict([], "adaptive-pgd", "pgd").endswith("there is nothing to compare yet.")


def test_recorded_rows_are_read(tmp_path):
    rows.append(tmp_path / "some.jsonl", row("pgd", 0, "1110") | {"date": "2026-01-02", "model": "minilm"})
    (found,) = compare.recorded("some", tmp_path)
    words = compare.provenance([found])
    assert "on 2026-01-02" in words
    assert "1 run of minilm, seeds 0" in words


@pytest.mark.parametrize(
    ("epochs", "words"), [(1, "1 epoch of standard training"), (2, "2 epochs of standard training")]
)
def test_one_epoch_is_no_epochs(epochs, words):
    assert words in compare.provenance([row("pgd", 0, "1110") | {"warm_start_epochs": epochs}])


def test_the_verdict_follows_the_numbers():
    runs = [row("adaptive-pgd", seed, "1" * 40) for seed in range(3)]
    runs += [row("pgd", seed, "1" * 20 + "0" * (20 - seed) + "1" * seed) for seed in range(3)]
    words = compare.verdict(compare.pairs(runs, "adaptive-pgd", "pgd", ("clean",)), "adaptive-pgd", "pgd")
    assert "+47.5 points (95 % interval over seeds +41.3 to +53.7)" in words
    assert "20:0, 19:0, 18:0" in words
    assert "Of 3 paired tests, 3 below 0.05 after Holm's correction, 3 of these in favour of adaptive-pgd." in words
    other_way = compare.verdict(compare.pairs(runs, "pgd", "adaptive-pgd", ("clean",)), "pgd", "adaptive-pgd")
    assert "0 of these in favour of pgd" in other_way


def test_equal_models_are_not_told_apart():
    runs = [row(method, 0, "1110") for method in ("adaptive-pgd", "pgd")]
    words = compare.verdict(compare.pairs(runs, "adaptive-pgd", "pgd", ("clean",)), "adaptive-pgd", "pgd")
    assert "+0.0 points (one seed, no interval)" in words
    assert "Of 1 paired test, none stays below 0.05" in words


def test_pairs_need_the_same_seed_and_step_size():
    runs = [row("adaptive-pgd", 0, "11"), row("pgd", 1, "11"), row("pgd", 0, "11", step_size=0.03)]
    runs += [row("pgd", 0, "11", beta=1.0)]
    assert compare.pairs(runs, "adaptive-pgd", "pgd", ("clean",)) == []


def test_holm_is_monotone_and_capped():
    assert compare.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert compare.holm([0.9, 0.8]) == [1.0, 1.0]
    assert compare.holm([]) == []
