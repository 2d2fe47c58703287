"""What a change did to a built-in review, by the grammar it was written with: a second opinion on "synonyms"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from robustlab.corpora.judge import judge
from robustlab.evaluation.attacked import Candidates

if TYPE_CHECKING:
    from robustlab.corpora.reviews import Review

Meaning = Literal["certified", "kept", "flipped", "undecided"]
MEANINGS: tuple[Meaning, ...] = ("certified", "kept", "flipped", "undecided")


class Change(NamedTuple):
    """A review with one word exchanged.

    Attributes:
        review: As written.
        position: Of the word, among the parts between spaces.
        word: What stands there now.
        text: The whole text.
        meaning: From `meaning`.
    """

    review: Review
    position: int
    word: str
    text: str
    meaning: Meaning


def meaning(review: Review, text: str) -> Meaning:
    """What became of a review's verdict.

    Args:
        review: As written, with its certified slots.
        text: What an attack made of it.
    Returns: `certified`: one of the review's own variants. `kept`: not one of them, and the grammar's reader finds the
        same label. `flipped`: it finds the other one. `undecided`: it finds none, or two that disagree.
    """
    if certified(review, text):
        return "certified"
    try:
        return "kept" if judge(text) == review.label else "flipped"
    except ValueError:
        return "undecided"


def certified(review: Review, text: str) -> bool:
    """Whether a text is one of the variants of a review."""
    words = text.split(" ")
    return len(words) == len(review.words) and all(
        word == written or word in review.slots.get(position, ())
        for position, (word, written) in enumerate(zip(words, review.words, strict=True))
    )


def one_word_changes(reviews: Sequence[Review], candidates: Candidates) -> Iterator[Change]:
    """Every text that differs from a review in one word, by what a list of candidates offers for it.

    Args:
        reviews: As written.
        candidates: Such as `robustlab.evaluation.neighbours.nearest_words` makes.
    """
    for review in reviews:
        for position, offered in candidates(review.text).items():
            for word in offered:
                if word != review.words[position]:
                    text = " ".join((*review.words[:position], word, *review.words[position + 1 :]))
                    yield Change(review, position, word, text, meaning(review, text))
