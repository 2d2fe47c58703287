"""The grammar's verdict on changed reviews: closed cases, and all variants of real ones."""

from types import MappingProxyType

import pytest

from robustlab.corpora import reviews
from robustlab.corpora.reviews import Review
from robustlab.evaluation.attack.meaning import meaning, one_word_changes

REVIEW = Review(("the", "film", "was", "not", "good", "."), MappingProxyType({3: ("never", "not")}), 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("the film was not good .", "certified"),
        ("the film was never good .", "certified"),
        ("the movie was not good .", "kept"),
        ("the film was not bad .", "flipped"),
        ("the film was so good .", "flipped"),
        ("the film was not table .", "undecided"),
        ("the film was good and bad .", "undecided"),
        ("film was not good .", "kept"),
    ],
)
def test_what_became_of_the_verdict(text: str, told: str) -> None:
    assert meaning(REVIEW, text) == told


def test_every_variant_is_certified_and_nothing_else() -> None:
    for number in range(20):
        review = reviews.review("dev", number, max_variants=60)
        variants = set(review.variants())
        assert {meaning(review, text) for text in variants} == {"certified"}
        for position in range(len(review.words)):
            text = " ".join((*review.words[:position], "zebra", *review.words[position + 1 :]))
            assert meaning(review, text) != "certified"


def test_changes_are_of_one_word_each() -> None:
    offered = {3: ["never", "not", "so"], 4: ["bad"]}
    changes = list(one_word_changes([REVIEW], lambda text: offered))
    assert [(one.position, one.word, one.meaning) for one in changes] == [
        (3, "never", "certified"),
        (3, "so", "flipped"),
        (4, "bad", "flipped"),
    ]
    assert changes[2].text == "the film was not bad ."
