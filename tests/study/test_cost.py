"""Counting and timing: against products counted by hand, clocks that do not tick by themselves, and recorded rows."""

import json

import pytest
import torch

from robustlab import methods
from robustlab.evaluation.statistics import Estimate
from robustlab.methods import costs
from robustlab.models import tiny_architecture, tiny_batch
from robustlab.study import cost, cost_table


@pytest.fixture(scope="module")
def model():
    return tiny_architecture("bert").eval()


def test_a_product_is_two_flops_a_multiplication():
    counted = cost.count(lambda: torch.ones(3, 4) @ torch.ones(4, 5))
    assert counted.get_total_flops() == 2 * 3 * 4 * 5


def test_the_attention_share_is_that_of_the_closed_form(model):
    # Weights: 4 d² and 2·d·2d; attention: 2·l·d; the pooler and classifier are small beside them.
    share = cost.attention_share(cost.with_companion(model, tiny_batch("bert", batch=2, length=48)))
    assert share == pytest.approx(2 * 48 * 32 / (8 * 32**2 + 2 * 48 * 32), rel=0.03)


def test_counts_agree_with_the_exact_formula_for_every_method_without_networks_of_its_own(model):
    batch = tiny_batch("bert", batch=4, length=30)
    share = cost.attention_share(cost.with_companion(model, batch))
    found = cost.counts(model, batch, 3)
    assert [one.method for one in found] == list(methods.BY_NAME)
    for one in found:
        if one.method not in ("infobert", "semrode", "semrode-ot", "asa"):  # with work of their own beside the model
            assert one.counted == pytest.approx(one.exact(share), rel=0.01), one.method
    passes = {one.method: round(one.input_only) for one in found}
    assert (passes["standard"], passes["fgm"], passes["pgd"], passes["freelb"]) == (0, 0, 3, 1)


def test_the_stand_in_for_attacked_texts_keeps_the_lengths_and_changes_every_word(model):
    batch = tiny_batch("bert", batch=3, length=9)
    other = cost.with_companion(model, batch).companions["attacked"]
    kept = batch["attention_mask"] == 0
    assert torch.equal(other.ids == batch["input_ids"], kept)
    assert other.ids.max() < model.config.vocab_size


def test_works_take_turns_and_the_first_round_is_not_counted(monkeypatch):
    calls, now = [], [0.0]
    monkeypatch.setattr(cost.time, "process_time", lambda: now[0])

    def work(name, seconds):
        def run():
            calls.append(name)
            now[0] += seconds

        return run

    taken = cost.in_turns({"a": work("a", 1), "b": work("b", 3)}, 3)
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert taken == {"a": [1, 1, 1], "b": [3, 3, 3]}


def test_ratios_are_taken_within_a_round():
    found = cost.ratios({"a": [1.0, 10.0, 2.0], "b": [2.0, 30.0, 8.0]}, "a")
    assert found["b"] == Estimate(3, 2, 4)
    assert found["a"] == Estimate(1, 1, 1)


def test_tables_have_a_line_each_and_say_what_is_unknown():
    found = [
        cost.Count("pgd", costs.Linear(2, 3), 9, 9.3, 3.0),
        cost.Count("vat", costs.Linear(2, 6), 12, 12.0, 0.1),
    ]
    table = cost_table.units(found, 0.1)
    assert list(table.index) == ["pgd", "vat"]
    assert list(table["public code"]) == ["3k + 3", "–"]
    assert list(table["counted / exact"]) == ["1.000", "1.000"]
    assert list(table["counted / formula"]) == ["1.033", "1.000"]
    waste = cost_table.waste({"pgd": (9.0, 12.0)}, {"pgd": ("2k + 3", "3k + 3")})
    assert waste.loc["pgd", "more work"] == "33 %"
    times = cost_table.times({"pgd": Estimate(3.0, 2.9, 3.2)}, {"pgd": 9.0})
    assert list(times.loc["pgd"]) == ["3.00 (2.90 to 3.20)", "3.00", "1.00"]
    both = {"slow": [0.09, 0.1], "fast": [0.01, 0.01]}
    seconds = cost_table.seconds(both, "fast", cost.ratios(both, "fast"))
    assert list(seconds.iloc[:, 1]) == ["9.5 (9 to 10)", "1"]
    assert list(cost_table.passes().index) == list(costs.public())


def test_what_is_not_there_is_said(tmp_path):
    assert cost.recorded(tmp_path / "none.json") == {}
    assert "nothing here" in cost_table.provenance({})


def test_the_recorded_benchmark_is_whole():
    if not cost.RECORDED.is_file():
        pytest.skip("benchmarks/methods_step.py has not been recorded")
    found = json.loads(cost.RECORDED.read_text())
    assert found["rounds"] >= 6
    assert {"standard", "pgd", "trades", "wasteful pgd"} <= set(found["seconds"]) == set(found["units"])
    assert {name.removeprefix("wasteful ") for name in found["seconds"]} <= set(methods.BY_NAME)
    assert all(len(taken) == found["rounds"] and min(taken) > 0 for taken in found["seconds"].values())
    steps = found["steps"]
    for name, units in found["units"].items():
        plain = name.removeprefix("wasteful ")
        formula = {"pgd": 3 * steps + 3, "fgm": 8, "trades": 3 * steps + 9}[plain] if plain != name else None
        expected = costs.formula(methods.BY_NAME[plain])(steps) if formula is None else formula
        # ASA's heads run inside the model's forward, and the counter books some of the model's work on them.
        assert units == pytest.approx(expected, rel=0.1 if name == "asa" else 0.05), name
    assert str(found["date"]) in cost_table.provenance(found)
