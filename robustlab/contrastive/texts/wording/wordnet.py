"""The words of a WordNet that may be replaced without reading the sentence: those of one use, in their first sense.

NLTK looks each word up on disk. Views look up every word of every sentence, so what they need is read once and kept.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from robustlab.contrastive.texts.wording.thesaurus import FUNCTION_WORDS
from robustlab.resources.contents import Contents

PARTS = ("adj", "adv", "noun", "verb")
MOST_SENSES = 2
"""A word of more senses is not replaced: the first need not be the one that is meant."""
LEAST_COUNT = 4
"""How often a word must stand in the WordNet's own definitions and examples: rare words and names are left alone."""


_FORMS_OF_VERBS = ("ed", "ing")  # as far as the ending tells; "-s" may be a plural besides


class Read(NamedTuple):
    """What was found.

    Attributes:
        synonyms: Word -> the words whose first sense is its own first sense.
        antonyms: Word -> the opposites of its first sense; adjectives and adverbs only.
    """

    synonyms: Mapping[str, tuple[str, ...]]
    antonyms: Mapping[str, tuple[str, ...]]


class _Synset(NamedTuple):
    words: tuple[str, ...]
    # (number of the word, part of speech and offset of the other synset, number of the other word), from 0
    opposites: tuple[tuple[int, tuple[str, int], int], ...]


class _Entry(NamedTuple):
    senses: int
    first: int


def read(place: Path) -> Read:
    """Read the folder or zip of a WordNet in NLTK's layout.

    Nouns, adjectives and adverbs that are nothing else, of at most `MOST_SENSES` senses, stand for one another where
    their first sense is the same. Verbs are left out, since a text inflects them, and so is whatever may be a form of
    a verb ("thought", "boring").

    Args:
        place: Where `robustlab.resources.find` found it.
    """
    contents = Contents(place)
    entries = {part: dict(_index(contents, part)) for part in PARTS}
    parts: dict[str, list[str]] = defaultdict(list)
    for part in PARTS:
        for word in entries[part]:
            parts[word].append(part)
    irregular = _irregular(contents)
    plain = {word: found for word, found in parts.items() if _plain(word) and word not in irregular}
    counts: Counter[str] = Counter()
    synsets = {part: dict(_synsets(contents, part, counts)) for part in PARTS}
    plain = {word: found for word, found in plain.items() if counts[word] >= LEAST_COUNT}
    return Read(_synonyms(plain, entries, synsets), _antonyms(plain, entries, synsets))


def _synonyms(
    plain: Mapping[str, list[str]],
    entries: Mapping[str, Mapping[str, _Entry]],
    synsets: Mapping[str, Mapping[int, _Synset]],
) -> dict[str, tuple[str, ...]]:
    primary = {
        word: (found[0], entries[found[0]][word])
        for word, found in plain.items()
        if len(found) == 1 and found[0] != "verb" and not word.endswith((*_FORMS_OF_VERBS, "s"))
    }
    kept = {}
    for word, (part, entry) in primary.items():
        if entry.senses > MOST_SENSES:
            continue
        peers = (peer for peer in synsets[part][entry.first].words if peer != word and peer in primary)
        same = tuple(sorted(peer for peer in peers if _same(primary[peer], (part, entry))))
        if same:
            kept[word] = same
    return kept


def _same(one: tuple[str, _Entry], other: tuple[str, _Entry]) -> bool:
    return (one[0], one[1].first) == (other[0], other[1].first)


def _antonyms(
    plain: Mapping[str, list[str]],
    entries: Mapping[str, Mapping[str, _Entry]],
    synsets: Mapping[str, Mapping[int, _Synset]],
) -> dict[str, tuple[str, ...]]:
    kept = {}
    for word, found in plain.items():
        if not set(found) <= {"adj", "adv"} or word.endswith(_FORMS_OF_VERBS):
            continue
        synset = synsets[found[0]][entries[found[0]][word].first]
        others = {
            synsets[part][offset].words[number]
            for own, (part, offset), number in synset.opposites
            if synset.words[own] == word
        }
        if opposites := tuple(sorted(other for other in others if other in plain)):
            kept[word] = opposites
    return kept


def _plain(word: str) -> bool:
    return len(word) > 3 and word.isascii() and word.isalpha() and word.islower() and word not in FUNCTION_WORDS


def _lines(contents: Contents, file: str) -> Iterator[str]:
    """The records of a file; the lines of its licence begin with a space."""
    with contents.open(file) as stream:
        for line in stream.read().decode("utf-8").splitlines():
            if line and not line.startswith(" "):
                yield line


def _index(contents: Contents, part: str) -> Iterator[tuple[str, _Entry]]:
    for line in _lines(contents, f"index.{part}"):
        # lemma, part, number of synsets, number of pointers, the pointers, senses, tagged senses, the offsets
        fields = line.split()
        number = int(fields[2])
        yield fields[0], _Entry(number, int(fields[-number]))


def _irregular(contents: Contents) -> frozenset[str]:
    return frozenset(line.split()[0] for line in _lines(contents, "verb.exc"))


_POINTS_TO = {"a": "adj", "s": "adj", "r": "adv", "n": "noun", "v": "verb"}
_OPPOSITE = re.compile(r" ! (\d{8}) ([asrnv]) ([0-9a-f]{2})([0-9a-f]{2})")
_WORD = re.compile(r"\b[a-z]{4,}\b")


def _synsets(contents: Contents, part: str, counts: Counter[str]) -> Iterator[tuple[int, _Synset]]:
    for line in _lines(contents, f"data.{part}"):
        # offset, lexicographer's file, type, number of words (hexadecimal), then word and id, then the pointers
        record, _, gloss = line.partition(" | ")
        counts.update(_WORD.findall(gloss))
        fields = record.split(maxsplit=4)
        members = fields[4].split()[: 2 * int(fields[3], 16) : 2]
        opposites = tuple(
            (int(own, 16) - 1, (_POINTS_TO[kind], int(offset)), int(other, 16) - 1)
            for offset, kind, own, other in (_OPPOSITE.findall(record) if " ! " in record else ())
        )
        yield int(fields[0]), _Synset(tuple(word.partition("(")[0] for word in members), opposites)
