"""Short courses and a step taken apart: what is shared, what is looked at, and what the terms add up to."""

from dataclasses import replace

import pytest
import torch

from robustlab import accumulate
from robustlab.corpora import reasoning
from robustlab.evaluation.reasoning.encoders import hashed_ngrams
from robustlab.figures import reasoning_table as drawn
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning import apart, courses, live
from robustlab.study.reasoning.cells import Cell
from robustlab.study.reasoning.methods import passes
from robustlab.study.reasoning.protocol import profile
from robustlab.training.batches import generator_of


@pytest.fixture(scope="module")
def documents():
    return reasoning.generate(8, seed=0, sentences=6)


@pytest.fixture(scope="module")
def start(documents):
    return Reasoner.small(reasoning.generate(200, seed=1, sentences=8), seed=0, chain=True, max_answer=40)


@pytest.fixture(scope="module")
def plan(documents):
    return courses.Plan(documents=documents[:4], probe=documents[4:], steps=4, batch_size=2, every=2)


def weights(reasoner):
    return torch.cat([weight.detach().flatten() for weight in reasoner.model.parameters()])


def generator(landscape):
    return generator_of(landscape.batch, seed=0, step=0, micro_step=0, rank=0)


def test_a_course_leaves_the_start_alone_and_looks_before_on_the_way_and_after(start, plan):
    before = weights(start)
    found = courses.course(start, courses.FORMS["standard"](), plan)
    assert torch.equal(weights(start), before)
    assert not torch.equal(weights(found.reasoner), before)
    assert [seen.passes for seen in found.looks] == [0, 12, 24]  # 3 passes for each of 2 documents a step
    assert found.looks[0] == courses.look(start, plan.probe, seed=plan.seed)
    assert found.looks[-1][1:] == courses.look(found.reasoner, plan.probe, seed=plan.seed)[1:]
    assert not found.reasoner.model.training


def test_looks_do_not_change_what_is_learned(start, plan):
    often = courses.course(start, courses.FORMS["two_sided"](), replace(plan, every=1))
    seldom = courses.course(start, courses.FORMS["two_sided"](), replace(plan, every=4))
    assert torch.equal(weights(often.reasoner), weights(seldom.reasoner))
    assert often.looks[-1] == seldom.looks[-1]


def test_literal_learns_what_pull_learns(start, plan):
    literal, pull = (courses.course(start, courses.FORMS[name](), plan) for name in ("literal", "pull"))
    assert torch.equal(weights(literal.reasoner), weights(pull.reasoner))


def test_the_matched_course_spends_as_many_passes(plan):
    method = courses.FORMS["two_sided"]()
    longer = plan.with_passes_of(method)
    assert longer.steps * 3 == plan.steps * passes(method) == 4 * 15
    assert longer.every == 10
    assert longer.documents == plan.documents


def test_every_course_can_be_drawn():
    assert {*courses.FORMS, *courses.TRAPS, courses.MATCHED} - {"literal"} == set(drawn._COURSES)


def test_documents_come_in_order_and_again(documents):
    source = courses.cycle_in_order(documents[:3])
    assert [one.example_id for one in source(2, 3, (1, 9))] == [documents[i].example_id for i in (2, 0, 1)]
    with pytest.raises(ValueError, match="the training set is empty"):
        courses.cycle_in_order([])


def test_the_terms_of_a_step_add_up(start, documents):
    method = courses.FORMS["two_sided"]()
    there = courses.landscape(start, documents[:2], method.objective.needs)
    step = apart.take_apart(method, there, ("L_gen", "D", "S"), generator=generator(there))
    assert step.values["L_gen"] == pytest.approx(float(there.clean().loss.mean().detach()))
    assert step.logs["loss"] == pytest.approx(sum(step.values.values()), rel=1e-6)
    assert all(weight.grad is None for weight in start.model.parameters())
    accumulate(method, there, generator=generator(there))
    whole = torch.cat([(torch.zeros_like(w) if w.grad is None else w.grad).flatten() for w in start.model.parameters()])
    start.model.zero_grad(set_to_none=True)
    assert torch.allclose(sum(map(apart.flat, step.gradients.values())), whole, atol=1e-6)


def test_parts_hold_the_whole_gradient_and_cosines_are_cosines(start, documents):
    method = courses.FORMS["two_sided"]()
    there = courses.landscape(start, documents[:2], method.objective.needs)
    step = apart.take_apart(method, there, ("L_gen", "D", "S"), generator=generator(there))
    for gradients in step.gradients.values():
        parts = apart.by_place(gradients)
        assert sum(length**2 for length in parts.values()) == pytest.approx(float(apart.flat(gradients).square().sum()))
    assert parts["words"] > 0
    found, one, two = apart.cosines(step), *(apart.flat(step.gradients[name]) for name in ("L_gen", "S"))
    assert found.loc["L_gen", "S"] == pytest.approx(float(one @ two / one.norm() / two.norm()), abs=1e-4)
    assert found.loc["D", "D"] == pytest.approx(1)


def test_what_cannot_be_taken_apart(start, documents):
    method = courses.FORMS["standard"]()
    there = courses.landscape(start, documents[:2], method.objective.needs)
    with pytest.raises(ValueError, match="expected a name for each of 1 terms, got a, b"):
        apart.take_apart(method, there, ("a", "b"))
    with pytest.raises(ValueError, match="weight 'head' is in none of words, sentences, encoder, decoder"):
        apart.by_place({"head": torch.zeros(1)})


def test_live_rows_share_a_training_and_start_from_what_is_given(start):
    small = replace(profile("smoke"), name="live", sentences=6, pool=4, examples=4, batch_size=2, documents=2,
                    sensitive=1, steps=1)  # fmt: skip
    cells = [Cell(study="table1", seed=0, method="standard", inference=way) for way in ("greedy", "guide")]
    before = weights(start)
    one, other = live.from_start(start, cells, small, hashed_ngrams())
    assert torch.equal(weights(start), before)
    assert (one["inference"], other["inference"], one["profile"]) == ("greedy", "guide", "live")
    assert one["by_document"] == other["by_document"]
    assert one["train_cpu_seconds"] == other["train_cpu_seconds"]
    assert set(one["sensitivity_at"]) == {"words", "encoder"}
