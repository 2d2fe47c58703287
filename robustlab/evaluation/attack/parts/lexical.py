"""A given WordNet, or the package's own lexicon, in the place of whatever NLTK finds first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textattack.constraints.grammaticality import PartOfSpeech
from textattack.shared.utils import is_one_word
from textattack.transformations import WordSwap

from robustlab.evaluation.attack.lexicon import Lexicon

if TYPE_CHECKING:
    from nltk.corpus.reader.wordnet import WordNetCorpusReader


class WordNetSwap(WordSwap):
    """A word's synonyms by one WordNet, whatever else lies under its name.

    Args:
        wordnet: NLTK's reader of it.
    """

    def __init__(self, wordnet: WordNetCorpusReader) -> None:
        super().__init__()
        self.wordnet = wordnet

    def _get_replacement_words(self, word: str) -> list[str]:
        names = {name for meaning in self.wordnet.synsets(word) for name in meaning.lemma_names()}
        return sorted(name for name in names if name != word and "_" not in name and is_one_word(name))


class LexiconSwap(WordSwap):
    """A word's synonyms by the lexicon, in the place of WordNet's.

    Args:
        lexicon: Words in groups.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self.lexicon = lexicon

    def _get_replacement_words(self, word: str) -> list[str]:
        return list(self.lexicon.neighbours.get(word.lower(), ()))


class LexiconPartOfSpeech(PartOfSpeech):
    """The constraint of a tagger, with the lexicon's own parts of speech; a word that it lacks matches its like only.

    Args:
        replaced: The recipe's own constraint.
        lexicon: Words with their parts of speech.
    """

    def __init__(self, replaced: PartOfSpeech, lexicon: Lexicon) -> None:
        self.__dict__.update(vars(replaced))
        self.lexicon = lexicon

    def _get_pos(self, before_ctx: Sequence[str], word: str, after_ctx: Sequence[str]) -> str:
        return self.lexicon.parts.get(word.lower(), "X")
