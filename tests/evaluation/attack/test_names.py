"""Names of recipes say what stands in for what."""

import pytest

from robustlab.evaluation.attack.lexicon import homoglyphs, own
from robustlab.evaluation.attack.limits import Limits
from robustlab.evaluation.attack.names import parse


def test_a_name_is_read_and_written_in_one_order():
    assert parse(" TextFooler+neighbours+minilm ").name == "textfooler+minilm+neighbours"
    assert parse("bae+minilm", masked_lm="folder/bert").name == "bae+minilm+mlm:folder/bert"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("textfooler+minlm", {}, "unknown substitute \\+minlm in 'textfooler\\+minlm': did you mean \\+minilm"),
        ("textfooler+minilm+minilm", {}, "each substitute may be given once"),
        ("pwws+lexicon+oewn", {}, "\\+lexicon stands in for what \\+oewn stands in for: give one of them"),
        ("bae+plumbing", {"masked_lm": "x"}, "\\+plumbing and a masked language model of your own exclude each other"),
    ],
)
def test_names_that_make_no_sense_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        parse(name, **options)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"queries": 0}, "queries must be at least 1, got 0"),
        ({"words": 1.5}, "words must be a share, above 0 and at most 1, got 1.5"),
        ({"column": "premise"}, "column must be one of text, text_pair, got 'premise'"),
    ],
)
def test_limits_are_checked(bounds, message):
    with pytest.raises(ValueError, match=message):
        Limits(**bounds)


def test_the_lexicon_is_symmetric_and_lower_case():
    lexicon = own()
    assert all(word in lexicon.neighbours[other] for word, near in lexicon.neighbours.items() for other in near)
    assert all(word == word.lower() and word not in near for word, near in lexicon.neighbours.items())
    assert not lexicon.stop_words & {"good", "bad", "film"}


def test_homoglyphs_are_other_characters_each_named_as_unicode_does():
    table = homoglyphs()
    assert len(table) > 40
    assert all(len(other) == 1 and not other.isascii() for others in table.values() for other in others)
