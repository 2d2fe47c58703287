"""Views keep a label, by the built-in corpus's own judge and its certified slots; edits can be taken back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustlab.contrastive.texts.views import compose, draw_edits, edited, substituted, unchanged
from robustlab.contrastive.texts.wording.edits import EDITS, SLIGHT
from robustlab.contrastive.texts.wording.spelling import AMERICAN, BRITISH
from robustlab.contrastive.texts.wording.thesaurus import Thesaurus, carried
from robustlab.corpora import reviews
from robustlab.corpora.judge import judge
from robustlab.corpora.lexicon import SIGNS

WORDS = carried()
COUNT = 2000


@pytest.fixture(scope="module")
def made() -> list[reviews.Review]:
    return [reviews.review("train", number, max_variants=10**18) for number in range(COUNT)]


def test_substitutions_of_reviews_are_those_that_the_corpus_certifies(made):
    changed = 0
    for number, review in enumerate(made):
        view = substituted(review.text, 0, number, rate=0.4, words=WORDS)
        assert judge(view) == review.label
        places = [at for at, (one, other) in enumerate(zip(review.words, view.split(), strict=True)) if one != other]
        for at in places:
            # The grammar's own slot holds the word: the whole set was opened above.
            assert view.split()[at] in review.slots[at], (review.text, view)
        words = sum(word[0].isalnum() for word in review.words)
        assert len(places) <= math.ceil(0.4 * words)
        changed += len(places)
    assert changed / COUNT > 2


def test_opinions_are_replaced_by_opinions(made):
    replaced = {
        (one, other)
        for number, review in enumerate(made)
        for one, other in zip(review.words, substituted(review.text, 1, number, words=WORDS).split(), strict=True)
        if one != other and SIGNS.get(one)
    }
    assert len(replaced) > 100
    assert all(SIGNS[one] == SIGNS[other] for one, other in replaced)


def test_edits_of_reviews_keep_the_verdict_and_can_be_taken_back(made):
    drawn = [draw_edits(review.text, 0, number) for number, review in enumerate(made)]
    assert all(judge(one.text) == review.label for one, review in zip(drawn, made, strict=True))
    assert all(one.undone() == review.text for one, review in zip(drawn, made, strict=True))
    assert sum(one.text != review.text for one, review in zip(drawn, made, strict=True)) > 0.85 * COUNT


EDITED = {
    "contracted": ("We do not know; it is the end.", "We don't know; it's the end."),
    "expanded": ("I can't see that they're late.", "I cannot see that they are late."),
    "in digits": ("Twelve men and twenty-one dogs.", "12 men and 21 dogs."),
    "in words": ("It took 3 days, or 45 hours.", "It took three days, or forty-five hours."),
    "american": ("Grey colours in the centre.", "Gray colors in the center."),
    "british": ("He organized a theater.", "He organised a theatre."),
    "ampersands": ("salt and pepper", "salt & pepper"),
    "ands": ("salt & pepper", "salt and pepper"),
    "spaced": ("Well, yes.", "Well , yes ."),
    "joined": ("well , yes .", "well, yes."),
    "raised": ("the end", "The end"),
    "lowered": ("The end", "the end"),
}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_each_edit_and_its_inverse(edit):
    before, after = EDITED[edit.name]
    assert edit.applied(before) == after
    assert edit.undo(after) == before
    assert edit.applied("Oh") is None


@pytest.mark.parametrize(
    "text",
    [
        "On 3.5 and 7:30, $5, 20% and B2, 1,000 of 24-7.",  # numbers that are parts of others
        "That is not what it is.",  # "it's." is no English, and "isn't" is
        "Ada's dog has gone; Bo's not here, but it's been.",
        "The end & you",
    ],
)
def test_what_cannot_be_taken_back_is_not_made(text):
    for edit in EDITS:
        after = edit.applied(text)
        assert after is None or edit.undo(after) == text
        assert edit.name != "in words" or after is None
        assert after is None or "it's." not in after


def test_spellings_are_one_to_one():
    assert len(AMERICAN) == len(BRITISH) > 150
    assert not set(AMERICAN) & set(BRITISH)


def test_edits_are_of_different_families_and_slight_ones_come_last():
    text = "It is not the colour of 12 theatres and plays, sir."
    families = [[edit.family for edit in draw_edits(text, 0, example, most=3).edits] for example in range(60)]
    assert all(len(set(one)) == len(one) for one in families)
    assert {len(one) for one in families} == {1, 2, 3}
    assert not [one for one in families if SLIGHT & set(one)]
    assert {family for one in families for family in one} == {"contraction", "number", "spelling", "and"}


def test_other_texts_take_the_words_of_a_thesaurus():
    known = Thesaurus("test", {"good": ("excellent", "fine"), "plot": ("story",)}, {})
    views = {substituted("A good Plot, a good plot!", 0, example, rate=0.1, words=known) for example in range(60)}
    assert views == {
        *("An excellent Plot, a good plot!", "A fine Plot, a good plot!", "A good Plot, an excellent plot!"),
        *("A good Plot, a fine plot!", "A good Plot, a good story!"),
    }
    assert substituted("Nothing here", 0, 0, words=known) == "Nothing here"


def test_only_the_given_words_are_replaced(made):
    found = [(review.text, substituted(review.text, 0, at, only={"film", "plot"})) for at, review in enumerate(made)]
    pairs = [pair for one, other in found for pair in zip(one.split(), other.split(), strict=True)]
    changed = {one for one, other in pairs if one != other}
    assert changed == {"film", "plot"}
    assert substituted("A good plot", 0, 0, only=(), words=WORDS) == "A good plot"


def test_views_depend_on_seed_and_example_alone():
    text = "the plot is very good , but the acting was not very convincing ."
    for view in (substituted, edited, compose(substituted, edited)):
        assert view(text, 3, 5) == view(text, seed=3, example=5)
    assert len({substituted(text, 0, example) for example in range(30)}) > 10
    assert len({substituted(text, seed, 0) for seed in range(30)}) > 10
    assert unchanged(text, 0, 0) == text


def test_composed_views_follow_one_another_with_draws_of_their_own():
    def probe(text: str, seed: int, example: int) -> str:
        return f"{text} {seed}/{example}"

    text, *drawn = compose(probe, probe)("film", 7, 5).split()
    assert text == "film"
    assert [one.split("/")[1] for one in drawn] == ["5", "5"]
    assert len({"7", *(one.split("/")[0] for one in drawn)}) == 3
    assert compose(probe)("film", 8, 5).split()[1] not in drawn


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="rate must be above 0 and at most 1, got 0"):
        substituted("a film", 0, 0, rate=0)
    with pytest.raises(ValueError, match="most must be at least 1, got 0"):
        edited("a film", 0, 0, most=0)
    with pytest.raises(ValueError, match="compose expects at least one view, got none"):
        compose()


@given(st.text(alphabet=" aAnNoOtT'.,?!3$-&’is\n"), st.integers(0, 9))
def test_any_text_is_taken_and_edits_are_undone(text, example):
    assert draw_edits(text, 0, example, most=3).undone() == text
    assert substituted(text, 0, example, words=Thesaurus("test", {}, {})) == text
