"""Looks at a fresh model: what they measure is what is defined."""

import pytest
import torch

from robustlab import text
from robustlab.corpora import reasoning
from robustlab.evaluation.reasoning.sensitivity import BUDGET
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning import probes
from robustlab.study.reasoning.cells import CONTROL, OURS, SITES, WITH_BATCH, Cell
from robustlab.study.reasoning.methods import build
from robustlab.study.reasoning.run import OTHERS

DOCUMENTS = reasoning.generate(3, seed=0, sentences=5)
EXAMPLES = [document.example_id for document in DOCUMENTS]


@pytest.fixture(scope="module")
def reasoner():
    return Reasoner.small(DOCUMENTS, seed=0, chain=True, d_model=24, max_answer=40)


def test_only_the_contrast_over_a_batch_lets_its_members_meet(reasoner):
    exact = Reasoner.small(DOCUMENTS, seed=0, chain=True, d_model=24, max_answer=40)
    exact.model.double()
    found = {}
    for name in (CONTROL, OURS, WITH_BATCH):
        method = build(Cell(study="batch", seed=0, method=name))
        others = {need: OTHERS[need] for need in method.objective.needs}
        found[name] = probes.meeting(exact, DOCUMENTS, method, others)
    assert max(found[CONTROL], found[OURS]) < 1e-9
    assert found[WITH_BATCH] > 1e-3
    assert all(weight.grad is None for weight in exact.model.parameters())


@pytest.mark.parametrize("site", SITES)
def test_an_attack_stays_in_its_budget_and_is_carried_on(reasoner, site):
    landscape = probes.landscape_at(reasoner, DOCUMENTS, site)
    offset = probes.attack(landscape, EXAMPLES, steps=3)
    length = (landscape.base * landscape.mask).flatten(1).norm(dim=1)
    kappa = offset.flatten(1).norm(dim=1) / length
    assert (kappa <= BUDGET + 1e-5).all()
    carried = probes.carried(reasoner, DOCUMENTS, site, offset)
    assert list(carried) == list(SITES[SITES.index(site) :])
    assert carried[site] == pytest.approx(kappa.mean().item(), rel=1e-3)
    assert all(value > 0.01 for value in carried.values())
    assert carried == probes.carried(reasoner, DOCUMENTS, site, offset)  # nothing stays behind


def test_sensitivity_grows_with_its_budget_and_is_more_than_noise(reasoner):
    found = probes.reach(reasoner, DOCUMENTS, "encoder", budgets=(0.1, 0.5), steps=4)
    assert found.budgets == (0.1, 0.5)
    assert found.found[0] < found.found[1]
    assert all(noise < value for noise, value in zip(found.noise, found.found, strict=True))


def test_both_attacks_on_the_same_documents(reasoner):
    variants = [
        text.variants(document, kinds=("redundancy", "connection"), levels=("medium",), draws=1, seed=0)
        for document in DOCUMENTS
    ]
    found = probes.side_by_side(reasoner, DOCUMENTS, variants, steps=2)
    assert [one.clean for one in found] == reasoner.answer(DOCUMENTS)
    for one, some in zip(found, variants, strict=True):
        right = [answer.strip() == one.document.answer for answer in reasoner.answer(some)]
        assert one.kept == pytest.approx(sum(right) / len(right))
        assert len(one.wrong) == len(right) - sum(right)
        assert 0 < one.apart <= 1


def test_sentences_that_stay_move_only_with_their_surroundings(reasoner):
    document = DOCUMENTS[0]
    (variant,) = text.variants(document, kinds=("redundancy",), levels=("medium",), draws=1, seed=0)
    found = probes.moved(reasoner, document, variant)
    assert found.kind == "redundancy"
    assert found.new == pytest.approx((len(variant.sentences) - len(document.sentences)) / len(document.sentences))
    assert 0 < found.kappa < 1
    same = probes.moved(reasoner, document, document)
    assert (same.kappa, same.new) == (0, 0)
    states = [reasoner.model.get_encoder()(**_inputs(reasoner, one))[0] for one in (document, variant)]
    units = [reasoner.batch([one])["units"][0] for one in (document, variant)]
    shared = [(i, variant.sentences.index(s)) for i, s in enumerate(document.sentences) if s in variant.sentences]
    one, two = (torch.stack([states[side][units[side] == pair[side]].mean(0) for pair in shared]) for side in (0, 1))
    assert found.kappa == pytest.approx(((two - one).norm() / one.norm()).item(), rel=1e-4)


def _inputs(reasoner, document):
    batch = reasoner.batch([document])
    return {name: value for name, value in batch.items() if name not in ("labels", "units", "example_id", "support")}
