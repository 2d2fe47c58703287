from types import MappingProxyType

import pytest
import torch
from torch import Tensor

from robustlab.corpora import reviews
from robustlab.corpora.reviews import Review
from robustlab.evaluation.substitution import greedy, worst_case

MADE = [reviews.review("dev", row, max_variants=60) for row in range(40)]


def weight(word: str) -> float:
    """A fixed pseudo-random weight in [-1, 1), different for every word."""
    return (sum(map(ord, word)) * 7919 + len(word) * 104729) % 2000 / 1000 - 1


def bag_of_words(texts: list[str]) -> Tensor:
    """Logits (-s, s) with s the sum of the words' weights."""
    score = torch.tensor([sum(map(weight, text.split(" "))) for text in texts], dtype=torch.float64)
    return torch.stack([-score, score], dim=1)


def positional(texts: list[str]) -> Tensor:
    """A predictor whose words interact, so that greedy search may miss the worst case."""
    score = []
    for text in texts:
        words = text.split(" ")
        score.append(sum(weight(one + other) for one, other in zip(words, words[1:], strict=False)))
    return torch.stack([-torch.tensor(score), torch.tensor(score)], dim=1)


def test_bag_of_words_has_a_closed_form() -> None:
    """margin = ±2 Σ weights, so the worst case takes each slot's minimum by itself."""
    found = worst_case(bag_of_words, MADE, batch_size=7)
    for index, review in enumerate(MADE):
        sign = 2 * review.label - 1
        lowest = sum(min(sign * weight(w) for w in review.slots.get(p, (word,))) for p, word in enumerate(review.words))
        assert found.margins[index].item() == pytest.approx(2 * lowest, abs=1e-9)
        assert found.robust[index] == (lowest > 0)
        assert found.clean[index] == (sign * sum(map(weight, review.words)) > 0)
        assert sign * sum(map(weight, found.texts[index].split(" "))) == pytest.approx(lowest, abs=1e-9)


def test_the_closed_form_is_not_trivial() -> None:
    found = worst_case(bag_of_words, MADE)
    assert 0 < found.robust_accuracy < found.clean_accuracy < 1


def test_every_variant_is_read_once() -> None:
    read: list[str] = []

    def predict(texts: list[str]) -> Tensor:
        assert len(texts) <= 50
        read.extend(texts)
        return bag_of_words(texts)

    found = worst_case(predict, MADE, batch_size=50)
    assert found.tried.tolist() == [review.count for review in MADE]
    assert sorted(read) == sorted(text for review in MADE for text in review.variants())


def test_one_wrong_variant_breaks_a_review() -> None:
    """Correct everywhere but on one text that is neither first nor last."""
    review = MADE[0]
    target = list(review.variants())[review.count // 2]

    def predict(texts: list[str]) -> Tensor:
        right = torch.nn.functional.one_hot(torch.tensor([review.label] * len(texts)), 2).double()
        return torch.where(torch.tensor([text == target for text in texts])[:, None], 1 - right, right)

    found = worst_case(predict, [review])
    assert found.texts == (target,)
    assert not found.robust.item()


@pytest.mark.parametrize("predict", [bag_of_words, positional])
def test_greedy_bounds_the_exact_accuracy_from_above(predict) -> None:
    exact, bound = worst_case(predict, MADE), greedy(predict, MADE)
    assert (bound.margins >= exact.margins - 1e-12).all()
    assert (bound.robust | ~exact.robust).all()
    assert bound.robust_accuracy >= exact.robust_accuracy
    assert torch.equal(bound.clean, exact.clean)
    assert (bound.tried <= exact.tried).all()


def test_greedy_can_miss_what_enumeration_finds() -> None:
    assert (greedy(positional, MADE).margins > worst_case(positional, MADE).margins + 1e-6).any()


def test_greedy_is_exact_for_a_bag_of_words() -> None:
    torch.testing.assert_close(greedy(bag_of_words, MADE).margins, worst_case(bag_of_words, MADE).margins)


def test_greedy_is_exact_where_one_slot_exists() -> None:
    single = []
    for review in MADE:
        position = sorted(review.slots)[0]
        single.append(Review(review.words, MappingProxyType({position: review.slots[position]}), review.label))
    exact, bound = worst_case(positional, single), greedy(positional, single)
    assert torch.equal(exact.margins, bound.margins)
    assert exact.texts == bound.texts
    assert torch.equal(exact.tried, bound.tried)


def test_greedy_of_a_review_without_slots() -> None:
    found = greedy(bag_of_words, [Review(("good", "."), MappingProxyType({}), 1)])
    assert found.tried.tolist() == [1]


def test_a_tie_is_not_correct() -> None:
    found = worst_case(lambda texts: torch.zeros(len(texts), 2), MADE[:3])
    assert found.clean_accuracy == found.robust_accuracy == 0


def test_more_than_two_classes() -> None:
    review = Review(("x",), MappingProxyType({}), 1)
    found = worst_case(lambda texts: torch.tensor([[0.0, 2.0, 1.5]]), [review])
    assert found.margins.tolist() == [0.5]


def test_progress_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    shown = worst_case(bag_of_words, MADE[:3], progress=True)
    assert torch.equal(shown.margins, worst_case(bag_of_words, MADE[:3]).margins)
    assert "variants" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (lambda texts: torch.zeros(len(texts)), r"predict must return logits \[3 c\], one column a label, got \[3\]"),
        (lambda texts: torch.zeros(len(texts), 1), r"logits \[3 c\], one column a label, got \[3, 1\]"),
        (lambda texts: torch.zeros(1, 2), r"logits \[3 c\], one column a label, got \[1, 2\]"),
        (lambda texts: torch.full((len(texts), 2), torch.nan), r"finite logits, got \[nan, nan\] for '"),
    ],
)
def test_bad_predictors(predict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        worst_case(predict, MADE[:3])


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="expected at least one review, got none"):
        worst_case(bag_of_words, [])
    with pytest.raises(ValueError, match="batch_size must be positive, got 0"):
        greedy(bag_of_words, MADE, batch_size=0)
