"""Hard negatives of sentences; those of the built-in reviews are put before the corpus's own judge."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustlab.contrastive.texts.sentences import (
    KINDS,
    Applies,
    antonym,
    coverage,
    hard_negative,
    negated,
    swapped_slot,
)
from robustlab.contrastive.texts.wording.thesaurus import Thesaurus, carried
from robustlab.corpora import reviews
from robustlab.corpora.judge import judge
from robustlab.corpora.lexicon import SIGNS

WORDS = carried()
COUNT = 2000


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [reviews.review(split, number).text for split in ("train", "test") for number in range(COUNT // 2)]


def test_a_negated_review_says_the_opposite(texts):
    # Measured: the rules reach every review, and the judge reverses every verdict.
    made = [negated(text) for text in texts]
    assert None not in made
    assert all(judge(other) != judge(text) for text, other in zip(texts, made, strict=True) if other)
    # Nothing comes or goes but negations, with "does" before "seem" and "feel".
    negations = ("not", "never", "hardly", "scarcely")
    for text, written in zip(texts, made, strict=True):
        other = (written or "").replace("does not seem", "not seems").replace("does not feel", "not feels")
        kept = [[word for word in one.split() if word not in negations] for one in (text, other)]
        assert kept[0] == kept[1]
        assert not [pair for pair in itertools.pairwise(other.split()) if set(pair) <= set(negations)]


def test_a_review_with_an_antonym_says_the_opposite(texts):
    # Measured: 95 % of the reviews have one; "did not like" alone has no opposite in the grammar.
    made = [(text, antonym(text, example=number, words=WORDS)) for number, text in enumerate(texts)]
    applied = [(text, other) for text, other in made if other is not None]
    assert all(judge(other) != judge(text) for text, other in applied)
    assert 0.93 < len(applied) / COUNT < 0.97
    for text, other in applied:
        changed = [(w, v) for w, v in zip(text.split(), other.split(), strict=True) if w != v]
        assert [SIGNS[w] + SIGNS[v] for w, v in changed if w not in ("a", "an")] == [0] * (1 + (" and " in text))
    assert not [text for text, other in made if other is None and "did not" not in text]


def test_articles_of_reviews_agree_after_an_antonym(texts):
    made = [antonym(text, example=number, words=WORDS) or "" for number, text in enumerate(texts)]
    after = [pair for text in made for pair in itertools.pairwise(text.split()) if pair[0] in ("a", "an")]
    assert len(after) > 100
    assert not [pair for pair in after if (pair[0] == "an") != (pair[1][0] in "aeiou")]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("A good film.", "A bad film."),
        ("He bought an expensive car.", "He sold an expensive car."),
        ("It was an early start.", "It was a late start."),
        ("Although it is good, it is LONG.", "Although it is good, it is SHORT."),
        ("As good as it gets.", None),
        ("Nothing here.", None),
    ],
)
def test_one_word_becomes_its_antonym(text, other):
    known = {"good": ("bad",), "bought": ("sold",), "early": ("late",), "long": ("short",)}
    assert antonym(text, words=Thesaurus("test", {}, known)) == other


def test_the_draw_decides_which_word_and_which_antonym():
    known = Thesaurus("test", {}, {"old": ("new", "young"), "big": ("small",)})
    made = {antonym("The old dog is big.", example=example, words=known) for example in range(40)}
    assert made == {"The new dog is big.", "The young dog is big.", "The old dog is small."}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Ada is older than Bo.", "Bo is older than Ada."),
        ("He sold 3 cows for 40 coins.", "He sold 40 cows for 3 coins."),
        ("Two men saw three dogs.", "Three men saw two dogs."),
        ("The crown hung over the bell.", "The bell hung over the crown."),
        ("We flew from New York to Rio.", "We flew from Rio to New York."),
        ("New York lies north of Rio.", None),  # whether "New" belongs to the name, no rule tells
        ("In Rio we think of York.", "In York we think of Rio."),
        (
            "I met Karl on Friday and Odo on Monday.",
            {"I met Odo on Friday and Karl on Monday.", "I met Karl on Monday and Odo on Friday."},
        ),
        ("the plot is dull , but the cast is good .", "the cast is dull , but the plot is good ."),
        ("Ada and Bo left.", None),
        ('"Perhaps he saw Bo," she said.', None),
        ("Towns plague the people of Rio.", None),
        ("Karl saw Karl.", None),
        ("It may open in March.", None),
        ("The film is a movie.", None),
        ("Felix rules Mirel.", None),  # a person and a town
        ("It costs $3 or 2.5 pounds, from 7:30.", None),
        ("Stocks Fall As Oil Prices Rise", None),
    ],
)  # fmt: skip
def test_two_slots_of_one_kind_change_places(text, other):
    made = {swapped_slot(text, example=example) for example in range(10)}
    assert made == (other if isinstance(other, set) else {other})


def test_a_hard_negative_is_drawn_evenly_among_those_that_apply():
    text = "Ada is happier than Bo."
    made = [hard_negative(text, seed=0, example=example, words=WORDS) for example in range(600)]
    kinds = [one.kind for one in made if one]
    assert len(kinds) == 600
    assert all(150 < kinds.count(kind) < 250 for kind in KINDS)
    assert {one.text for one in made if one and one.kind == "negation"} == {"Ada is not happier than Bo."}
    assert made[:20] == [hard_negative(text, seed=0, example=example, words=WORDS) for example in range(20)]
    assert made[:40] != [hard_negative(text, seed=1, example=example, words=WORDS) for example in range(40)]


def test_only_the_kinds_that_are_asked_for_are_made():
    text = "Ada is happier than Bo."
    assert {hard_negative(text, seed=0, example=e, kinds=["antonym"], words=WORDS).kind for e in range(9)} == {
        "antonym"
    }
    assert hard_negative("So long ago!", seed=0, example=0, words=WORDS) is None


@pytest.mark.parametrize(("kinds", "got"), [(("irony",), "irony"), ((), "none")])
def test_unknown_kinds_are_refused(kinds, got):
    with pytest.raises(ValueError, match=f"kinds must be some of negation, antonym, swapped slot, got {got}"):
        hard_negative("It is late.", seed=0, example=0, kinds=kinds)


def test_coverage_counts_what_applies():
    texts = ["Ada is older than Bo.", "It is good.", "Oh!", "A good film."]
    expected = (
        Applies("negation", 4, 2),
        Applies("antonym", 4, 3),
        Applies("swapped slot", 4, 1),
        Applies("any", 4, 3),
    )
    assert coverage(iter(texts), words=WORDS) == expected
    assert expected[1].share == 0.75
    with pytest.raises(ValueError, match="expected at least one text, got none"):
        coverage([])


@given(st.text(alphabet=" aAnNoOtT'.,?!3$-&’is\n"), st.integers(0, 9))
def test_any_text_is_taken(text, example):
    made = hard_negative(text, seed=0, example=example, words=WORDS)
    assert made is None or (made.kind in KINDS and made.text != text)
