"""Attacked texts beside rows: how many, of what words, for whom, and what is refused."""

import logging

import pytest
import torch
from datasets import Dataset
from torch import Tensor

from robustlab.corpora import reviews
from robustlab.evaluation.attacked import attack_rows

SYNONYMS = {"good": ("fine", "decent"), "bad": ("poor",), "film": ("movie",)}
DISLIKED = {"decent": 3.0, "movie": 1.0, "poor": -2.0}


def candidates(text: str) -> dict[int, tuple[str, ...]]:
    return {place: SYNONYMS[word] for place, word in enumerate(text.split(" ")) if word in SYNONYMS}


def predict(texts: list[str]) -> Tensor:
    """Class 1 by 2 for a good film, less what is disliked."""
    scores = [2.0 * ("bad" not in text and "poor" not in text) - 1 for text in texts]
    scores = [s - sum(DISLIKED.get(w, 0) for w in text.split(" ")) for s, text in zip(scores, texts, strict=True)]
    return torch.tensor([[0.0, score] for score in scores])


@pytest.fixture
def rows() -> Dataset:
    texts = ["a good film", "a bad film", "a plain one", "two  spaces"]
    return Dataset.from_dict({"text": texts, "label": [1, 0, 1, 1], "example_id": [4, 5, 6, 7]})


def test_words_are_replaced_by_what_hurts_most(rows: Dataset, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        made = attack_rows(rows, predict, share=1.0, candidates=candidates)
    assert list(made["attacked_text"]) == ["a decent movie", "a poor film", "a plain one", "two  spaces"]
    assert list(made["text"]) == list(rows["text"])
    assert "attacked 4 of 4 rows: 2 changed, 2 of them fool the model" in caplog.text


def test_a_share_of_the_reviews_and_no_other() -> None:
    data = reviews.load("train", 60)

    def longest(texts: list[str]) -> Tensor:
        return torch.tensor([[len(text), 0.0] for text in texts])

    made = attack_rows(data, longest, share=0.25, seed=1)
    changed = [row for row in made if row["attacked_text"] != row["text"]]
    assert 8 <= len(changed) <= 15
    for row in changed:
        review = reviews.from_row(row)
        words = row["attacked_text"].split(" ")
        assert all(word in review.slots.get(place, (review.words[place],)) for place, word in enumerate(words))
        # The margin is the label's logit less the other: longer words for the positive, shorter for the negative.
        assert (len(row["attacked_text"]) > len(row["text"])) is (row["label"] == 1)
    assert made["attacked_text"] == attack_rows(data, longest, share=0.25, seed=1)["attacked_text"]
    assert made["attacked_text"] != attack_rows(data, longest, share=0.25, seed=2)["attacked_text"]


def test_what_is_refused(rows: Dataset) -> None:
    for share in (0, 1.1):
        with pytest.raises(ValueError, match=f"share must be above 0 and at most 1, got {share}"):
            attack_rows(rows, predict, share=share, candidates=candidates)
    with pytest.raises(ValueError, match="only the corpus reviews comes with substitutions; pass candidates="):
        attack_rows(rows, predict)
    with pytest.raises(ValueError, match="expected single texts, got pairs"):
        attack_rows(rows.add_column("text_pair", ["x"] * 4), predict, candidates=candidates)
    with pytest.raises(ValueError, match="the rows have a column 'attacked_text' already; remove it"):
        attack_rows(rows.add_column("attacked_text", ["x"] * 4), predict, candidates=candidates)
    with pytest.raises(ValueError, match="a candidate must be one word, got 'not good' for 'bad'"):
        attack_rows(rows, predict, share=1.0, candidates=lambda text: {1: ["not good"]} if "bad" in text else {})
    with pytest.raises(ValueError, match="candidates gave position 3 of a text of 3 words: 'a good film'"):
        attack_rows(rows, predict, share=1.0, candidates=lambda text: {3: ["x"]})
