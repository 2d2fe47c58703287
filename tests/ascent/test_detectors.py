"""Detectors against naive loops and finite differences, and what they cost."""

import math

import pytest
import torch
import torch.nn.functional as F

from robustlab.ascent.detectors import (
    Chance,
    Contradiction,
    Detector,
    Difference,
    LogicalBreak,
    Saliency,
    combined,
    ranked,
    share_of,
    standardised,
)
from robustlab.ascent.units import units_of
from robustlab.randomness import ExampleGenerators
from tests.ascent.sentences import MIXED, WIDTH, Documents

ALL = (Chance(), LogicalBreak(), Contradiction(), Saliency())


def means_of(place: Documents, row: int) -> list[torch.Tensor]:
    return [place.base[row, place.units[row] == i].mean(0) for i in range(int(place.units[row].max()) + 1)]


def test_a_logical_break_is_found_by_leaving_each_sentence_out_by_itself() -> None:
    place = Documents(MIXED)
    found = LogicalBreak()(place)
    whole = place.logits().softmax(-1)
    for row, sizes in enumerate(MIXED):
        for i in range(len(sizes)):
            others = [u for j, u in enumerate(means_of(place, row)) if j != i]
            offset = torch.zeros(place.shape, dtype=torch.float64)
            for position in (place.units[row] == i).nonzero().flatten():
                rest = sum(others) / len(others) if others else torch.zeros(WIDTH, dtype=torch.float64)
                offset[row, position] = rest - place.base[row, position]
            without = place.logits(offset)[row].softmax(-1)
            tokens = place.labels[row].ge(0).nonzero().flatten()
            expected = sum((whole[row, t] * (whole[row, t] / without[t]).log()).sum() for t in tokens)
            torch.testing.assert_close(found[row, i], expected / len(tokens))


def test_a_logical_break_keeps_the_graph_of_the_clean_output_and_none_of_its_own() -> None:
    place = Documents([[1, 2, 1]])
    place.base.requires_grad_()
    found = LogicalBreak()(place)
    assert not found.requires_grad
    assert place.clean().logits.requires_grad
    assert place.forwards == 1 + 3  # one a unit, and the clean one


def margin_of(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    log_p, each = logits.log_softmax(-1), []
    for token, label in enumerate(labels.tolist()):
        if label >= 0:
            each.append(max(log_p[token, c] for c in range(log_p.shape[1]) if c != label) - log_p[token, label])
    return torch.stack(each).mean()


@pytest.mark.parametrize("detector", [Contradiction(), Saliency()], ids=["contradiction", "saliency"])
def test_gradients_of_a_unit_are_finite_differences_of_an_offset_that_it_shares(detector: Detector) -> None:
    place, step = Documents([[2, 3, 1], [4]]), 1e-6
    found = detector(place)
    for row in range(2):
        for i in range(len(means_of(place, row))):
            slopes = []
            for d in range(WIDTH):
                values = []
                for sign in (1, -1):
                    offset = torch.zeros(place.shape, dtype=torch.float64)
                    offset[row, place.units[row] == i, d] = sign * step
                    logits, labels = place.logits(offset)[row], place.labels[row]
                    loss = F.cross_entropy(logits, labels, ignore_index=-100)
                    values.append(loss if isinstance(detector, Saliency) else margin_of(logits, labels))
                slopes.append((values[0] - values[1]) / (2 * step))
            torch.testing.assert_close(found[row, i], torch.stack(slopes).norm(), rtol=1e-6, atol=1e-9)


def test_the_difference_finds_the_sentence_that_was_changed() -> None:
    place, other = Documents(MIXED), Documents(MIXED)
    other.base = place.base.clone()
    other.base[2, place.units[2] == 4] += 1.0
    place.companions = {"counterfactual": other}
    found = Difference("counterfactual")(place)
    assert found[2].argmax() == 4
    assert found[2, 4].item() == pytest.approx(math.sqrt(WIDTH))
    assert found.count_nonzero() == 1


@pytest.mark.parametrize("detector", ALL, ids=lambda one: type(one).__name__)
def test_padding_neighbours_and_order_change_no_score(detector: Detector) -> None:
    place = Documents(MIXED)

    def scores(of: Documents) -> torch.Tensor:
        return detector(of, generator=ExampleGenerators(of.batch["example_id"].tolist(), 7))

    real = units_of(place).real
    found = torch.where(real, scores(place), 0)
    torch.testing.assert_close(torch.where(real, scores(place.padded(3)), 0), found)
    order = [2, 0, 3, 1]
    torch.testing.assert_close(torch.where(real[order], scores(place.permuted(order)), 0), found[order])


@pytest.mark.parametrize("detector", ALL, ids=lambda one: type(one).__name__)
def test_detectors_cost_what_they_say(detector: Detector) -> None:
    """Backward passes are as many as forwards with a graph, which all but the leave-one-outs have."""
    place = Documents([[1, 1], [2, 1, 1]])
    detector(place)
    backwards = 1 if isinstance(detector, Contradiction | Saliency) else 0
    assert place.forwards + backwards == detector.passes.fixed + 3 * detector.passes.per_unit


def test_scores_are_standardised_over_the_units_that_are_there() -> None:
    scores = torch.tensor([[1.0, 4.0, 7.0, 99.0], [5.0, math.nan, -math.inf, 0.0], [2.0, 2.0, 2.0, 2.0]]).double()
    real = torch.tensor([[True, True, True, False], [True, False, False, False], [True] * 4])
    found = standardised(scores, real)
    root = math.sqrt(1.5)
    torch.testing.assert_close(found, torch.tensor([[-root, 0, root, 0], [0] * 4, [0] * 4]).double())
    torch.testing.assert_close(standardised(scores * 1e-200, real), found)
    torch.testing.assert_close(standardised(scores * 1e200, real), found)


def test_one_rounding_is_no_difference() -> None:
    scores = torch.tensor([[0.1, 0.1, 0.1 + 1e-9]])
    assert standardised(scores, torch.ones(1, 3, dtype=torch.bool)).abs().max() == 0


def test_weights_combine_the_scores() -> None:
    place = Documents(MIXED)
    units = units_of(place)
    total = combined(place, {LogicalBreak(): 2.0, Saliency(): -1.0}, units)
    one, other = (standardised(d(place), units.real) for d in (LogicalBreak(), Saliency()))
    torch.testing.assert_close(total[units.real], (2 * one - other)[units.real])
    assert total[~units.real].eq(-math.inf).all()


def test_ties_go_to_the_first_unit() -> None:
    assert ranked(torch.tensor([[0.0, 1.0, 0.0, 1.0, -math.inf]])).tolist() == [[1, 3, 0, 2, 4]]


@pytest.mark.parametrize(
    ("number", "share", "units"), [(10, 0.25, 3), (10, 0.1, 1), (3, 0.1, 1), (30, 0.1, 3), (7, 1.0, 7)]
)
def test_a_share_is_rounded_and_at_least_one(number: int, share: float, units: int) -> None:
    assert share_of(units_of(Documents([[1] * number])), share).tolist() == [units]


def test_a_companion_that_is_not_there() -> None:
    place = Documents(MIXED)
    with pytest.raises(ValueError, match="expected a companion 'counterfactual' beside the batch, got none; add it"):
        Difference("counterfactual")(place)
    place.companions = {"attacked": place, "counterfactual": Documents([[1]] * 4)}
    with pytest.raises(ValueError, match="companion 'counterfactual' has other units than its documents: expected as"):
        Difference("counterfactual")(place)
    with pytest.raises(ValueError, match="'other' beside the batch, got attacked, counterfactual"):
        Difference("other")(place)
