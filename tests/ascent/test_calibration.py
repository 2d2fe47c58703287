"""Accuracy as a function of the radius, where it is known."""

import pytest
import torch

from robustlab.ascent import Ascend, Calibration, Chance, Negative, calibrate
from robustlab.ascent.readout import bank_of, nearest_real_sentence
from tests.ascent.linear import LinearClassifier
from tests.ascent.sentences import MIXED, WIDTH, Documents


def test_the_accuracy_of_a_linear_classifier_falls_at_its_margins() -> None:
    """One step along w reaches r‖w‖: an example is lost as soon as the radius exceeds its distance to the border."""
    place = LinearClassifier(classes=2, seed=2)
    place.base = torch.randn(place.shape, dtype=torch.float64)
    place.labels = place.logits().argmax(1)
    place.labels[0] = 1 - place.labels[0]  # one is wrong to begin with
    logits = place.logits()
    distance = (logits[:, 1] - logits[:, 0]).abs() / (place.weight[1] - place.weight[0]).norm()
    relative = sorted((distance / place.base.flatten(1).norm(dim=1))[1:].tolist())
    kappas = [relative[0] / 2, (relative[1] + relative[2]) / 2, relative[-1] * 1.01]

    def build(kappa: float) -> Negative:
        return Negative(Ascend(steps=1, step_size=2 * kappa), kappa=kappa, detectors={Chance(): 1.0})

    found = calibrate(build, [place], kappas, generator=torch.Generator().manual_seed(0))
    assert found.clean == pytest.approx(5 / 6)
    assert found.accuracies == pytest.approx([5 / 6, 3 / 6, 0])
    assert found.drops == pytest.approx([0, 2 / 6, 5 / 6])
    assert found.kappa_at(1 / 6) == pytest.approx((kappas[0] + kappas[1]) / 2)


def test_the_radius_of_a_drop_lies_on_straight_lines() -> None:
    found = Calibration((0.1, 0.2, 0.4), 0.9, (0.9, 0.8, 0.5))
    assert [found.kappa_at(drop) for drop in (0.0, 0.05, 0.1, 0.25)] == pytest.approx([0, 0.15, 0.2, 0.3])
    with pytest.raises(ValueError, match=r"no radius up to 0\.4 costs an accuracy of 0\.5: the largest drop is 0\.4; "):
        found.kappa_at(0.5)


def test_radii_and_batches_are_needed() -> None:
    def build(kappa: float) -> Negative:
        return Negative(Ascend(steps=1, step_size=1.0), kappa=kappa, detectors={Chance(): 1.0})

    for kappas in ([], [0.2, 0.1], [0.0, 0.1]):
        with pytest.raises(ValueError, match="expected radii that rise from above 0, got"):
            calibrate(build, [Documents(MIXED)], kappas)
    with pytest.raises(ValueError, match="expected at least one batch to calibrate on, got none"):
        calibrate(build, [], [0.1])


def test_a_moved_sentence_reads_like_the_one_it_was_moved_to() -> None:
    place, others = Documents([[2, 1, 1], [1]]), [Documents(MIXED, seed=8), Documents([[3, 1]], seed=9)]
    bank = bank_of(others)
    assert len(bank.means) == sum(map(len, MIXED)) + 2
    assert bank.origin[-1].tolist() == [1, 0, 1]
    torch.testing.assert_close(bank.means[-1], others[1].base[0, 4])
    offset = torch.zeros(place.shape, dtype=torch.float64)
    offset[0, 1:3] = bank.means[5] - place.base[0, 1:3].mean(0)
    found = nearest_real_sentence(place, offset, bank)
    assert found.moved.tolist() == [[True, False, False], [False] * 3]
    assert int(found.row[0, 0]) == 5
    assert float(found.cosine[0, 0]) == pytest.approx(1)
    centre = bank.means.mean(0)
    before = torch.nn.functional.cosine_similarity(place.base[0, 1:3].mean(0) - centre, bank.means[5] - centre, dim=0)
    assert float(found.stayed[0, 0]) == pytest.approx(float(before))
    assert found.cosine.shape == (2, 3)
    assert bank.means.shape[1] == WIDTH


def test_a_bank_needs_a_sentence() -> None:
    with pytest.raises(ValueError, match="expected at least one unit for the bank, got none"):
        bank_of([])
