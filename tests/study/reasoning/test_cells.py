"""The grids hold what the paper varies, and a control beside it."""

import pytest
from torch import nn

from robustlab.corpora import reasoning
from robustlab.corpora.documents import LEVELS
from robustlab.landscape import GenerationLandscape
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.cells import CONTROL, GRIDS, MATCHED, OURS, SUMMARIES, Cell, cells
from robustlab.study.reasoning.methods import DROPOUT, METHODS, build, dropping, longer, passes, site_of
from robustlab.study.reasoning.protocol import PROFILES, profile
from robustlab.study.reasoning.ways import NULL_CONTROLS, WAYS
from robustlab.training.step import accumulate


@pytest.mark.parametrize("study", GRIDS)
def test_every_study_has_a_control_and_no_cell_twice(study):
    grid = cells(study, (0, 1))
    assert any(cell.method == CONTROL for cell in grid)
    assert len(set(grid)) == len(grid)
    assert {cell.seed for cell in grid} == {0, 1}
    assert SUMMARIES[study]


def test_the_grids_vary_what_the_figures_vary():
    varied = {
        "batch": ("batch_size", {8, 16, 32, 64, 128}),
        "ratio": ("share", {0.1, 0.2, 0.3, 0.4, 0.5, 1.0}),
        "difficulty": ("kappa", set(LEVELS.values())),
        "scale": ("data", {0.2, 0.4, 0.6, 0.8, 1.0}),
        "weight": ("invariance", {0.1, 1.0, 10.0}),
    }
    for study, (name, values) in varied.items():
        assert {getattr(cell, name) for cell in cells(study, (0,))} == values


def test_table_1_has_the_papers_baselines():
    grid = cells("table1", (0,))
    assert {"selection-inference", *NULL_CONTROLS} < {cell.inference for cell in grid}
    assert set(METHODS) == {cell.method for cell in grid}
    assert {cell.inference for cell in grid} == set(WAYS)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_can_be_built(name):
    method = build(Cell(study="table1", seed=0, method=name))
    assert method.objective.units(method.ascent) >= 3
    some = build(Cell(study="ratio", seed=0, method=name, share=0.3))
    assert some.objective.units(some.ascent) <= method.objective.units(method.ascent)


@pytest.mark.parametrize("by_unit", [True, False])
def test_the_matched_control_spends_the_passes_of_self_negative(by_unit):
    ours, matched, plain = (Cell(study="table1", seed=0, method=method) for method in (OURS, MATCHED, CONTROL))
    assert longer(matched, by_unit=by_unit) * passes(build(matched)) == passes(build(ours, by_unit=by_unit))
    assert longer(ours) == longer(plain) == 1


def test_the_weight_of_a_cell_is_that_of_the_divergence():
    assert build(Cell(study="weight", seed=0, invariance=0.1)).objective.given()["invariance"] == 0.1
    assert build(Cell(study="weight", seed=0, invariance=0.1), by_unit=False).objective.given()["invariance"] == 0.1


def test_counterfactual_states_are_for_models_with_one_state_a_sentence():
    cell = Cell(study="table1", seed=0)
    assert build(cell).objective.needs == ("counterfactual",)
    assert build(cell, by_unit=False).objective.needs == ()


def test_examples_seen_are_equal_whatever_the_batch_size():
    for protocol in PROFILES.values():
        for size in (8, 16, 32, 64, 128):
            if size <= protocol.examples:
                assert protocol.optimiser_steps(size) * size == protocol.examples
    assert profile("laptop").rate(128) == pytest.approx(2 * profile("laptop").learning_rate)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: profile("lap"), "unknown profile 'lap': did you mean 'laptop'"),
        (lambda: cells("tabel1", (0,)), "unknown study 'tabel1': did you mean 'table1'"),
        (lambda: cells("batch", ()), "expected at least one seed"),
        (lambda: build(Cell(study="x", seed=0, method="sgd")), "unknown method 'sgd'"),
        (lambda: site_of(None, Cell(study="x", seed=0, site="decoder")), "site must be words, encoder or encoder.N"),
    ],
)
def test_what_is_unknown_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_r_drop_drops_where_the_model_does_not():
    reasoner = Reasoner.small(reasoning.generate(8, sentences=6), chain=True, d_model=16, heads=2, d_ff=32)
    batch = reasoner.batch(reasoning.generate(4, sentences=6))
    model, share = reasoner.model.train(), DROPOUT["r-drop"]

    def divergence() -> float:
        landscape = GenerationLandscape(model, batch)
        return float(accumulate(build(Cell(study="table1", seed=0, method="r-drop")), landscape)["divergence"])

    assert divergence() == 0
    with dropping(model, share):
        assert divergence() > 1e-6
    assert divergence() == 0
    with dropping(model, 0.0):
        assert divergence() == 0
    next(module for module in model.modules() if isinstance(module, nn.Dropout)).p = 0.3
    with dropping(model, share):  # a model with dropout of its own keeps it
        assert sorted({module.p for module in model.modules() if isinstance(module, nn.Dropout)}) == [0.0, 0.3]
