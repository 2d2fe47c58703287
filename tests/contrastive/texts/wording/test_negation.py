"""Negations put in and taken out, sentence by sentence as a person would write them."""

import pytest

from robustlab.contrastive.texts.sentences import negated

PAIRS = [
    ("The film is good.", "The film is not good."),
    ("It was fun!", "It was not fun!"),
    ("They can swim.", "They cannot swim."),
    ("IT IS GOOD", "IT IS NOT GOOD"),
    ("it 's a mess .", "it 's not a mess ."),
    ("He has seen it.", "He has not seen it."),
    ("In those years, Pavel works as a smith.", "In those years, Pavel does not work as a smith."),
    ("She really likes the plot.", "She does not really like the plot."),
    ("He has Sweden's vote.", "He does not have Sweden's vote."),
    ("He has a house.", "He does not have a house."),
    ("I think it is good.", "I do not think it is good."),
]
"""Each is the negation of the other."""

ONE_WAY = [
    ("It isn't good.", "It is good."),
    ("It’s not a mess.", "It’s a mess."),
    ("it is n't good .", "it is good ."),
    ("you ca n't miss it .", "you can miss it ."),
    ("We won't go.", "We will go."),
    ("I can't swim.", "I can swim."),
    ("I do not like it.", "I like it."),
    ("They don't have any friends.", "They have some friends."),
    ("She doesn't live in Torva.", "She lives in Torva."),
    ("We did not like it.", "We did like it."),
    ("we never hated it .", "we hated it ."),
    ("Never quite works", "Quite works"),
    ("Not a good film.", "A good film."),
    ("the acting is hardly bad .", "the acting is bad ."),
    ("We really enjoyed the plot.", "We never really enjoyed the plot."),
    ("My aunt said that it was late.", "My aunt never said that it was late."),
    ("The famine reached Varga.", "The famine never reached Varga."),
    ("The film directed by Ada is good.", "The film directed by Ada is not good."),
    ("Ada lives in Mirel and works as a baker.", "Ada does not live in Mirel and works as a baker."),
]

CLAUSES = [
    ("Although it is long, it is good.", "Although it is long, it is not good."),
    ("It is long, but it is good.", "It is long, but it is not good."),
    ("It is good, although it is not short.", "It is not good, although it is not short."),
    ("It is good because it is short.", "It is not good because it is short."),
    ("It is late and is dark.", "It is not late and is dark."),
    ("It is good and the cast is not bad.", "It is not good and the cast is bad."),
    ("It is the film that he did not like.", "It is not the film that he did not like."),
]


@pytest.mark.parametrize(("text", "other"), [*PAIRS, *((other, text) for text, other in PAIRS), *ONE_WAY, *CLAUSES])
def test_the_main_clause_is_reversed(text, other):
    assert negated(text) == other


@pytest.mark.parametrize(
    "text",
    [
        "Is it good?",
        "Why is it not good?",
        "There is no doubt.",
        "Nobody knew why they came.",
        "Not only is it bad.",
        "It was not until May that he came.",
        "Never have I seen it.",
        "The man who is tall left.",
        "A film of rare charm.",
        "I do not like it yet.",
        "We did not never go.",
        "Although it is long",
        "If it is late, dark, and cold",
        "",
        "...",
    ],
)
def test_where_the_rules_do_not_reach_nothing_is_made(text):
    assert negated(text) is None


def test_of_several_sentences_the_first_that_can_be_is_negated():
    assert negated("What a day! It is late. It is dark.") == "What a day! It is not late. It is dark."


def test_nouns_that_look_like_verbs_stay():
    assert negated("The will was read.") == "The will was not read."
    assert negated("May is a nice month.") == "May is not a nice month."
    assert negated("A heavy mist fell on the hills.") == "A heavy mist never fell on the hills."
