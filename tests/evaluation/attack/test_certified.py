"""TextAttack's searches keep to the certified variants of a review, and the exhaustive search bounds them all."""

from importlib.util import find_spec
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustlab.corpora import reviews
from robustlab.corpora.reviews import Review
from robustlab.evaluation.attack import certified
from robustlab.evaluation.attack.exact import exact_rows, gap
from robustlab.evaluation.attack.importing import textattack
from tests.evaluation.attack.test_exact import positional

pytestmark = pytest.mark.skipif(find_spec("textattack") is None, reason="needs the extra `attack`")

MADE = [reviews.review("dev", row, max_variants=60) for row in range(24)]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.data())
def test_every_candidate_is_a_certified_variant(number: int, data: st.DataObject) -> None:
    """On a walk of some steps; and each text one word away is a candidate."""
    AttackedText = textattack().shared.AttackedText
    review = reviews.review("train", number)
    swap, variants = certified.certified_swap(review), set(review.variants())
    text = AttackedText(review.text)
    for _ in range(3):
        candidates = swap(text)
        near = {
            one
            for one in variants
            if sum(a != b for a, b in zip(one.split(" "), text.text.split(" "), strict=True)) == 1
        }
        assert {one.text for one in candidates} == near
        assert len(candidates) == len(near)
        if not candidates:
            return
        text = data.draw(st.sampled_from(candidates))


def test_only_the_words_asked_for_change() -> None:
    AttackedText = textattack().shared.AttackedText
    text = ("good", ",", "good", ".", "good")
    review = Review(text, MappingProxyType({2: ("good", "nice"), 4: ("fine", "good")}), 1)
    swap = certified.certified_swap(review)
    found = [[one.text for one in swap(AttackedText(review.text), indices_to_modify=[i])] for i in range(3)]
    assert found == [[], ["good , nice . good"], ["good , good . fine"]]


def test_a_word_that_textattack_would_not_read_as_one() -> None:
    review = Review(("it", "stinks"), MappingProxyType({1: ("is dull", "stinks")}), 0)
    with pytest.raises(
        ValueError, match=r"slot at position 1 holds 'is dull', which TextAttack reads as \['is', 'dull'\]"
    ):
        certified.certified_swap(review)


@pytest.mark.parametrize("search", certified.SEARCHES)
def test_no_search_leaves_the_variants_or_beats_the_worst_case(search: str) -> None:
    exact, found = exact_rows(positional, MADE), certified.search_rows(positional, MADE, search)
    assert gap(exact, found).points >= 0
    for row, truth, review in zip(found, exact, MADE, strict=True):
        assert row.attacked_text in set(review.variants())
        assert row.attacked_confidence >= truth.attacked_confidence - 1e-6
        assert (row.predicted, row.words) == (truth.predicted, truth.words)
        assert row.confidence == pytest.approx(truth.confidence, abs=1e-6)
        assert (row.attacked_predicted == review.label) == (row.outcome == "failed")
        assert row.outcome != "skipped" or (row.queries, row.changed) == (1, 0)


def test_queries_are_counted_as_textattack_does() -> None:
    """One for the text, one a word for the ranking, and one a candidate of each slot until the model errs."""
    slots = {0: ("bad", "good"), 2: ("great", "nice", "warm")}
    review = Review(("good", "and", "nice"), MappingProxyType(slots), 1)
    row = certified.search_rows(_sure, [review], "rank-delete")
    assert (row[0].outcome, row[0].queries) == ("failed", 1 + 3 + 1 + 2)


def _sure(texts: list[str]):
    import torch

    return torch.tensor([[0.0, 5.0]]).repeat(len(texts), 1)


@pytest.mark.parametrize("search", ["genetic", "rank-random"])
def test_the_seed_decides_and_the_rest_of_the_program_does_not_notice(search: str) -> None:
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = certified.search_rows(positional, MADE[:8], search, seed=1)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    np.random.seed(4)  # noqa: NPY002
    assert certified.search_rows(positional, MADE[:8], search, seed=1) == first
    assert certified.search_rows(positional, MADE[:4], search, seed=1) == first[:4]


def test_unknown_search() -> None:
    with pytest.raises(ValueError, match="search must be one of rank-unk, .*, swarm, got 'random'"):
        certified.search_rows(positional, MADE, "random")
