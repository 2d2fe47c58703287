"""Which negatives are kept, and which examples get harder ones, against a dictionary."""

import math

import pytest
import torch

from robustlab.ascent import ExampleMemory, Filter, Negative, Saliency, Strengthen, Swap
from robustlab.ascent.outcomes import effect
from tests.ascent.sentences import C, Documents


def four() -> Documents:
    """Four documents whose clean outputs are all but certain."""
    place = Documents([[1, 1]] * 4, answers=[1] * 4)
    place.weights = (place.weights[0], place.weights[1] * 0, place.weights[2] * 0)
    place.weights[2][0] = 30.0
    return place


def outputs(place: Documents) -> torch.Tensor:
    """Unchanged, a little, half and another answer altogether."""
    logits = place.logits().clone()
    logits[1, 0, 1] = 27.0
    logits[2, 0, 1] = 30.0
    logits[3, 0, 1] = 60.0
    return logits


def test_the_filter_keeps_what_changes_the_output_and_leaves_something_of_it() -> None:
    place = four()
    found = effect(place, outputs(place))
    half = (0.5 * math.log(1 / 0.75) + 0.5 * (0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(2))) / math.log(2)
    assert float(found[2]) == pytest.approx(half)  # JS of (1, 0) and (½, ½)
    assert Filter(least=0.001, most=0.9)(place, outputs(place)).tolist() == [0, 1, 1, 0]
    assert Filter(least=0.1, most=1.0)(place, outputs(place)).tolist() == [0, 0, 1, 1]


def test_a_memory_is_a_dictionary_of_means() -> None:
    memory, plain = ExampleMemory(0.5), {}
    generator = torch.Generator().manual_seed(0)
    for _ in range(6):
        ids = torch.randint(8, (5,), generator=generator) * 10**12
        values = torch.rand(5, dtype=torch.float64, generator=generator)
        memory.remember(ids[:2], values[:2])
        memory.remember(ids[2:], values[2:])
        before = memory.look_up(torch.arange(10) * 10**12)
        assert before.tolist() == pytest.approx([plain.get(i * 10**12, 0.5) for i in range(10)])
        memory.after_step()
        for one in set(ids.tolist()):
            plain[one] = float(values[ids == one].mean())
    other = ExampleMemory(0.5)
    other.load_state_dict(memory.state_dict())
    assert other.look_up(torch.arange(10) * 10**12).tolist() == pytest.approx(
        [plain.get(i * 10**12, 0.5) for i in range(10)]
    )


def test_what_resists_gets_harder_and_what_is_destroyed_easier() -> None:
    place = four()
    difficulty = Strengthen(0.2, factor=1.5, least=0.001, most=0.9, lowest=0.1, highest=0.4)
    assert difficulty(place).tolist() == [0.2] * 4
    assert difficulty.hardness(place).isnan().all()
    expected = [[0.3, 0.2, 0.2, 0.2 / 1.5], [0.4, 0.2, 0.2, 0.1], [0.4, 0.2, 0.2, 0.1]]
    for radii in expected:
        difficulty.observe(place, outputs(place))
        difficulty.after_step()
        assert difficulty(place).tolist() == pytest.approx(radii)
    torch.testing.assert_close(difficulty.hardness(place), effect(place, outputs(place)))
    order = [3, 1, 0, 2]
    assert difficulty(place.permuted(order)).tolist() == pytest.approx([expected[-1][i] for i in order])
    other = Strengthen(highest=0.4)
    other.load_state_dict(difficulty.state_dict())
    assert other(place).tolist() == pytest.approx(expected[-1])


def test_each_negative_has_the_radius_of_its_example() -> None:
    place = Documents([[1, 2, 1]] * 4)
    difficulty = Strengthen(0.2, factor=1.5)
    difficulty.radii.remember(place.batch["example_id"], torch.tensor([0.1, 0.2, 0.3, 0.05]))
    operator = Negative(Swap(), kappa=difficulty, detectors={Saliency(): 1.0})
    operator.after_step()
    end = operator(place).end
    found = [float(end[row].norm() / place.base[row, 1:].norm()) for row in range(4)]
    assert found == pytest.approx([0.1, 0.2, 0.3, 0.05])
    assert "difficulty.radii.values" in operator.state_dict()


def test_logits_at_a_gap_of_200_are_no_trouble() -> None:
    place = four()
    logits = torch.full((4, 3, C), -200.0, dtype=torch.float64)
    logits[:, :, 2] = 200.0
    logits[place.labels < 0] = 0.0
    assert Filter()(place, logits).tolist() == [0] * 4


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Filter(least=0.5, most=0.5), r"expected 0 <= least < most <= 1, got least 0\.5 and most 0\.5"),
        (lambda: Strengthen(least=-0.1), r"got least -0\.1 and most 0\.95"),
        (lambda: Strengthen(factor=1.0), r"factor must be above 1, got 1\.0"),
        (lambda: Strengthen(0.9), r"kappa must lie between lowest 0\.02 and highest 0\.55, got 0\.9"),
        (lambda: Strengthen(lowest=0.0), r"lowest must be positive, got 0\.0"),
    ],
)
def test_bad_settings(build: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_a_batch_without_ids() -> None:
    place = four()
    place.batch = {}
    with pytest.raises(ValueError, match=r"expected 'example_id' \[b\] in the batch, got none"):
        Strengthen()(place)
