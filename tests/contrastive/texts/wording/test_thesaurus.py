"""The lists that come with the package."""

from robustlab.contrastive.texts.wording.pairs import OPPOSITES
from robustlab.contrastive.texts.wording.thesaurus import carried
from robustlab.corpora.lexicon import NEGATORS


def test_opposites_go_both_ways():
    pairs = {frozenset((word, other)) for word, others in OPPOSITES.items() for other in others}
    assert len(pairs) >= 150
    assert all(word in OPPOSITES[other] for word, others in OPPOSITES.items() for other in others)
    assert not [word for word, others in OPPOSITES.items() if word in others or len(set(others)) != len(others)]


def test_no_synonym_is_an_antonym_or_a_negation():
    words = carried()
    assert len(words.synonyms) > 100
    assert not [word for word, others in words.synonyms.items() if set(others) & set(words.antonyms.get(word, ()))]
    assert not NEGATORS & set(words.synonyms)
    assert all(word in words.synonyms[other] for word, others in words.synonyms.items() for other in others)
