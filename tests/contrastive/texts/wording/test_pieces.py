"""Words keep their places, their case and their articles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustlab.contrastive.texts.wording.pieces import agreeing, indefinite, like, pieces, rewrite


@given(st.text())
def test_pieces_are_what_stands_at_their_places(text):
    found = pieces(text)
    assert [text[piece.start : piece.stop] for piece in found] == [piece.word for piece in found]
    assert "".join(text.split()) == "".join("".join(piece.word for piece in found).split())
    assert rewrite(text, {piece: piece.word for piece in found}) == text


@pytest.mark.parametrize(
    ("text", "left"), [("do not go", "do go"), ("not a film", "a film"), ("go not", "go"), ("(not now)", "(now)")]
)
def test_a_word_that_goes_takes_one_space_along(text, left):
    assert rewrite(text, {piece: "" for piece in pieces(text) if piece.word == "not"}) == left


def test_a_word_takes_the_case_of_another():
    assert [like("good", model) for model in ("bad", "Bad", "BAD", "I")] == ["good", "Good", "GOOD", "Good"]


@pytest.mark.parametrize(
    ("word", "article"),
    [
        *((word, "a") for word in ("film", "useful", "university", "European", "one", "house", "unique")),
        *((word, "an") for word in ("awful", "hour", "honest", "unusual", "uninteresting", "ugly", "important")),
    ],
)
def test_articles_follow_the_sound(word, article):
    assert indefinite(word) == article


def test_an_article_follows_the_word_behind_it():
    text = "A good film and an awful plot"
    found = pieces(text)
    changes = {
        piece: {"good": "excellent", "awful": "good"}[piece.word] for piece in found if piece.word in ("good", "awful")
    }
    assert rewrite(text, agreeing(text, found, changes)) == "An excellent film and a good plot"
