import itertools
import math
import re
import time
from collections import Counter

import pytest

from robustlab.corpora import lexicon, reviews
from robustlab.corpora.judge import judge

SAMPLE = {split: [reviews.review(split, row) for row in range(60)] for split in reviews.SIZES}
ALL = [review for made in SAMPLE.values() for review in made]


def test_the_judge_agrees_on_every_variant() -> None:
    """Some sixty thousand texts, labelled by a parser that shares nothing with the generator but word signs."""
    for review in ALL:
        assert {judge(text) for text in review.variants()} == {review.label}, review.text


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("the plot is good .", 1),
        ("the plot is not good .", 0),
        ("the plot is hardly very boring .", 1),
        ("the plot is good , but the acting is bad .", 0),
        ("although the plot is good , the acting is not convincing .", 0),
        ("the plot is good , though the acting is bad .", 1),
        ("we saw it on a friday . i did not enjoy the film .", 0),
    ],
)
def test_the_judge_by_hand(text: str, label: int) -> None:
    assert judge(text) == label


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("we saw it on a friday .", "got no opinion"),
        ("the plot is good . the plot is bad .", "got contradictory opinions"),
        ("the plot is good and the plot is bad .", "expected conjuncts that agree, got 1 and -1"),
        ("the plot is good , so the film is good .", "expected a conjunction at the comma"),
    ],
)
def test_the_judge_refuses_what_it_cannot_read(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge(text)


def test_what_is_conceded_says_the_opposite() -> None:
    """A contrast whose halves agreed would let a model ignore the conjunction."""
    contrasts = [review for review in ALL if "," in review.words]
    assert len(contrasts) > 20
    for review in contrasts:
        sentence = next(part for part in review.text.split(" .") if "," in part)
        left, right = (re.sub(r"\b(although|though|while|whilst|but|yet)\b", "", part) for part in sentence.split(","))
        assert judge(left) != judge(right)


def test_variants_are_the_product_of_the_slots() -> None:
    for review in ALL[:40]:
        variants = list(review.variants())
        assert len(set(variants)) == len(variants) == review.count == math.prod(map(len, review.slots.values()))
        assert review.text in variants
        chosen = [tuple(text.split(" ")[position] for position in sorted(review.slots)) for text in variants]
        assert chosen == sorted(chosen)


def test_every_slot_holds_what_is_written_and_articles_agree() -> None:
    for review in ALL:
        for position, words in review.slots.items():
            assert review.words[position] in words
            assert list(words) == sorted(set(words))
        for text in itertools.islice(review.variants(), 100):
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", text), text


def test_articles_restrict_slots() -> None:
    """ "a" and "an" stay, so a slot behind one holds only the words that take it."""
    behind = {words for r in ALL for p, words in r.slots.items() if r.words[p - 1] == "an"}
    assert ("orange",) not in behind
    for words in behind:
        assert all(word[0] in "aeiou" for word in words)


def test_no_word_has_two_signs_or_is_listed_twice() -> None:
    signs: dict[str, set[int]] = {}
    for family in lexicon.FAMILIES:
        assert len(set(family.words)) == len(family.words)
        for word in family.words:
            signs.setdefault(word, set()).add(family.sign)
    assert all(len(found) == 1 for found in signs.values())
    assert not {word for word, found in signs.items() if found != {0}} & lexicon.NEGATORS


@pytest.mark.parametrize("bound", [1, 7, 64, 512])
def test_the_number_of_variants_is_bounded(bound: int) -> None:
    made = [reviews.review("dev", row, max_variants=bound) for row in range(50)]
    assert max(review.count for review in made) <= bound
    # The text does not depend on the bound; only how much of it is open does.
    assert [review.text for review in made] == [reviews.review("dev", row).text for row in range(50)]


def test_a_row_depends_on_seed_and_number_alone() -> None:
    small, large = reviews.load("train", 10), reviews.load("train", 30)
    assert small.to_list() == large.select(range(10)).to_list()
    assert reviews.load("train", 10, seed=1).to_list() != small.to_list()
    assert [reviews.from_row(row) for row in large] == [reviews.review("train", row) for row in range(30)]


def test_the_stream_is_the_same_everywhere() -> None:
    """The first review, word for word: a change here is a change of the corpus and belongs in the changelog."""
    assert reviews.review("test", 0).text == "i really hated the plot and the music was very drab ."


def test_splits_share_no_variant() -> None:
    texts = {split: {text for review in made for text in review.variants()} for split, made in SAMPLE.items()}
    for one, other in itertools.combinations(texts.values(), 2):
        assert one.isdisjoint(other)


def test_sizes_balance_and_speed() -> None:
    start = time.process_time()
    made = {split: reviews.load(split) for split in reviews.SIZES}
    # 5,000 reviews take about half a second; the bound leaves room for a busy machine.
    assert time.process_time() - start < 4
    assert {split: len(rows) for split, rows in made.items()} == {"train": 4000, "dev": 500, "test": 500}
    for rows in made.values():
        assert 0.4 < sum(rows["label"]) / len(rows) < 0.6
    texts = {split: set(rows["text"]) for split, rows in made.items()}
    assert texts["train"].isdisjoint(texts["dev"] | texts["test"])
    assert texts["dev"].isdisjoint(texts["test"])


def leaning(made: list[reviews.Review]) -> float:
    """Share of distractors whose word leans towards the label."""
    halves = {}
    for _, family, _ in lexicon.DISTRACTORS:
        halves |= dict.fromkeys(family.common, 1) | dict.fromkeys(family.rare, 0)
    agreements = [halves[word] == review.label for review in made for word in review.words if word in halves]
    return sum(agreements) / len(agreements)


def test_distractors_lean_in_train_alone() -> None:
    # About 500 distractors: three standard errors are 0.06.
    assert leaning([reviews.review("train", row) for row in range(1000)]) == pytest.approx(0.8, abs=0.06)
    assert leaning([reviews.review("dev", row) for row in range(1000)]) == pytest.approx(0.5, abs=0.07)
    assert leaning([reviews.review("train", row, spurious=1.0) for row in range(100)]) == 1


def test_rare_words_are_rare() -> None:
    rare = {word for family in lexicon.FAMILIES if family.sign for word in family.rare}
    common = {word for family in lexicon.FAMILIES if family.sign for word in family.common} - rare
    for probability in (0.95, 0.5):
        counts = Counter(word for row in range(500) for word in reviews.review("train", row, common=probability).words)
        seen = sum(counts[word] for word in rare), sum(counts[word] for word in common)
        assert seen[0] / sum(seen) == pytest.approx(1 - probability, abs=0.06)


def test_replace() -> None:
    review = next(review for review in ALL if review.slots)
    position, words = next(iter(review.slots.items()))
    changed = review.replace(position, words[0])
    assert changed.words[position] == words[0]
    assert changed.label == review.label
    with pytest.raises(ValueError, match=f"position {position} takes one of {words[0]}.*, got 'banana'"):
        review.replace(position, "banana")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "validation"}, "reviews has no split 'validation': expected one of train, dev, test"),
        ({"size": 0}, "size must be positive, got 0"),
        ({"common": 1.5}, "common must be a probability, from 0 to 1, got 1.5"),
        ({"spurious": -0.1}, "spurious must be a probability, from 0 to 1, got -0.1"),
        ({"max_variants": 0}, "max_variants must be positive, got 0"),
    ],
)
def test_arguments_out_of_range(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reviews.load(**arguments)


def test_a_row_of_another_corpus() -> None:
    with pytest.raises(ValueError, match="expected a row of the reviews corpus with a column 'slots', got text, label"):
        reviews.from_row({"text": "x", "label": 0})
