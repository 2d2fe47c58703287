"""What the chapter on negatives measures: detectors, pairs, likeness, calibration and adaptive difficulty."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from robustlab import text
from robustlab.ascent import KappaController, Strengthen
from robustlab.corpora import reasoning
from robustlab.models.reasoner import Reasoner
from robustlab.study import rows
from robustlab.study.reasoning import (
    adapting,
    calibrating,
    calibration_table,
    detecting,
    disagreement,
    likeness,
    reading,
    reading_pages,
)


@pytest.fixture(scope="module")
def documents() -> list:
    found = reasoning.generate(4, sentences=8, seed=2, tasks=("knowledge", "structured"))
    return [text.perturb(one, kind="contradiction", level="hard") for one in found]


@pytest.fixture(scope="module")
def reasoner(documents: list) -> Reasoner:
    return Reasoner.small(documents, seed=0, d_model=24, d_ff=32)


def test_hits_are_shares_of_the_first_and_chance_is_what_an_order_at_random_finds() -> None:
    scored = [{"a": np.array([3.0, 1.0, 2.0, 0.0])}, {"a": np.array([0.0, 1.0])}, {"a": np.array([1.0])}]
    found = detecting.hits(scored, [{0, 1}, {1}, set()])["a"]
    assert found.found.value == pytest.approx((0.5 + 1) / 2)
    assert found.chance == pytest.approx((2 / 4 + 1 / 2) / 2)
    assert found.documents == 2
    with pytest.raises(ValueError, match="expected at least one document with a marked sentence, got none"):
        detecting.hits(scored, [set(), set(), set()])


def test_scores_are_standardised_and_do_not_depend_on_the_batch(reasoner: Reasoner, documents: list) -> None:
    detectors = {**detecting.ANSWER, **detecting.CONTROL}
    together = detecting.scores(reasoner, documents, detectors)
    alone = detecting.scores(reasoner, documents[1:2], detectors)[0]
    assert [len(one["saliency"]) for one in together] == [len(document.sentences) for document in documents]
    for name in detectors:
        assert together[0][name].mean() == pytest.approx(0, abs=1e-5)
        assert together[0][name].std() == pytest.approx(1, abs=1e-4)
        np.testing.assert_allclose(alone[name], together[1][name], atol=2e-2)


def test_the_area_counts_pairs_in_the_right_order() -> None:
    generator = np.random.default_rng(0)
    scores, labels = generator.integers(0, 5, 40).astype(float), generator.random(40) < 0.3
    above = [(a > b) + (a == b) / 2 for a in scores[labels] for b in scores[~labels]]
    assert disagreement.area(scores, labels) == pytest.approx(np.mean(above))


def test_pairs_are_marked_as_the_solver_reads_them(reasoner: Reasoner, documents: list) -> None:
    told = disagreement.tell(reasoner, documents, disagreement.by_clues)
    for one, document in zip(told, documents, strict=True):
        assert one.conflict.sum() == len(reasoning.conflicts(document))
        assert one.related.sum() == len(reasoning.conflicts(document)) + len(reasoning.agreeing(document))
        assert (one.conflict <= one.related).all()
        assert (one.sharing <= one.related).all()
        assert (one.scores[one.related] >= 1).all()
    assert disagreement.areas(told)[disagreement.ALL].value > 0.8


def test_a_higher_threshold_wastes_more_matches(reasoner: Reasoner, documents: list) -> None:
    twice = [*documents, *documents]  # every fact is said again
    found = likeness.likeness(reasoner, twice, (2.0, 0.9), centred=True)
    assert found.wasted[2.0] > found.wasted[0.9]
    assert found.values[likeness.SAME].min() > 0.8  # the same words in the same document
    assert found.all.min() >= -1 - 1e-6


def test_a_row_says_what_an_operator_costs_and_is_made_once(
    reasoner: Reasoner, documents: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = (calibrating.Cell("detectors", "replace by mean", "easy"), calibrating.Cell("chance", "ascend", "extreme"))
    monkeypatch.setattr(calibrating, "CELLS", some)
    results, shared = tmp_path / "rows.jsonl", {"start": "x", "sentences": 8}
    made = list(calibrating.run(reasoner, documents, results, shared))
    assert [row["kappa_reached"] for row in made] == pytest.approx([0.1, 0.55], rel=1e-4)
    assert all(row["reached"] == 1 and row["largest_error"] < 1e-5 for row in made)
    assert [len(row["effect"]) for row in made] == [4, 4]
    assert 0 < made[1]["moved"] < 0.3
    monkeypatch.setattr(calibrating, "measure", None)  # nothing is measured again
    again = list(calibrating.run(reasoner, documents, results, shared))
    assert json.dumps(again, sort_keys=True) == json.dumps(made, sort_keys=True)


def row(aim: str, move: str, level: str, right: list[bool]) -> dict:
    clean = [True] * 9 + [False]
    return {
        "aim": aim, "move": move, "level": level, "kappa": 0.1 if level == "easy" else 0.55, "kappa_reached": 0.1,
        "reached": 1.0, "moved": 0.2, "effect": [0.0] * 5 + [0.5] * 4 + [1.0], "n": 10, "sentences": 8,
        "clean": rows.encode(clean), "right": rows.encode(right), "date": "d", "device": "cpu", "commit": "c",
    }  # fmt: skip


def test_what_rows_say() -> None:
    half, none = [True] * 4 + [False] * 6, [False] * 10
    some = [row("detectors", "swap", "easy", half), row("detectors", "swap", "extreme", none)]
    some += [row("chance", "swap", "easy", [True] * 9 + [False])]
    assert calibration_table.cost(some[0]).value == pytest.approx(0.5)
    said = calibration_table.findings(some)
    assert "From easy to extreme **swap** goes from 50 points to 90 points." in said
    assert "cost 50 points more than those aimed by chance, on average over 1 moves" in said
    assert calibration_table.filtered(some, aim="detectors").iloc[0, 0] == "50 / 40 / 10"
    assert list(calibration_table.curves(some)) == ["aimed by detectors", "aimed by chance"]
    assert "90.0 % without a negative" in calibration_table.provenance(some)
    assert calibration_table.findings(some[:1]) == ""


def test_a_negative_is_read_sentence_by_sentence(reasoner: Reasoner, documents: list) -> None:
    ((_, landscape),) = detecting.batches(reasoner, documents)
    cell = calibrating.Cell("detectors", "swap", "medium")
    offset = calibrating.negative(cell.operator({calibrating.known(reasoner, documents, "detectors"): 1.0}), landscape)
    books = reading.library(reasoner, documents)
    assert len(books.sentences) == len(books.bank.means) == sum(len(one.sentences) for one in documents)
    found = reading.read(reasoner, documents, landscape, offset, books)
    assert [one.answer for one in found] == reasoner.answer(documents, offset=offset)
    for one, document in zip(found, documents, strict=True):
        assert one.moved
        assert all(line.was == document.sentences[line.index] for line in one.moved)
        assert 0 <= reading.flipped(one) <= len(one.moved)
    still = reading.read(reasoner, documents, landscape, torch.zeros_like(offset), books)
    assert all(not one.moved and one.kappa == 0 for one in still)
    html = reading_pages.operators({("swap", "medium"): found[0]}, documents[0])
    assert html.count("<tr>") == 2
    assert f"{len(found[0].moved)} moved" in html
    pages = reading_pages.sentences({("swap", "medium"): found[0]}, documents[0], levels=("medium",))
    assert pages.count("<table") == len(documents[0].gold)


def test_the_page_of_detectors_marks_gold(reasoner: Reasoner, documents: list) -> None:
    (scored,) = detecting.scores(reasoner, documents[:1], detecting.CONTROL)
    html = reading_pages.fired(documents[0], scored, conflicts=(0,), first=len(documents[0].sentences))
    assert html.count("<mark") == len(documents[0].gold)
    assert html.count("in conflict") == 1


def test_difficulties_adapt(reasoner: Reasoner, documents: list) -> None:
    before = {name: value.clone() for name, value in reasoner.model.state_dict().items()}
    controller = KappaController(0.3, rate=0.1)
    run = adapting.train(reasoner, documents, controller, steps=2, batch_size=2)
    # an untrained reader is never right, so that κ falls by rate times target
    assert run.kappas == pytest.approx([0.3, 0.3 - 0.1 * 0.6], rel=1e-4)
    assert all(torch.equal(value, reasoner.model.state_dict()[name]) for name, value in before.items())
    paths, effects = adapting.strengthened(
        reasoner, documents, Strengthen(0.1, factor=2.0, least=0.9, most=0.95), passes=2
    )
    np.testing.assert_allclose(paths[:, 0], [0.1, 0.2, 0.4])
    assert effects.shape == (4,)
    assert adapting.kept([0.0, 0.5, 0.6, 1.0]) == (0.25, 0.5, 0.25)
