"""A text as words and marks with their places, so that one of them can change and the rest stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from robustlab.corpora.lexicon import article

# "don't" and "n't" are one piece, and so are 's, 're and their like, whether or not a space stands before them.
_PIECE = re.compile(r"\w+n['’]t\b|\bn['’]t\b|['’](?:s|m|d|re|ll|ve)\b|\w+(?:-\w+)*|[^\w\s]", re.IGNORECASE)
# The first letter tells the sound in most words; these are the common ones in which it misleads.
_VOWEL_SOUND = re.compile(r"(?:hour|honest|honou?r|heir|[fhlmnrsx](?:-|$))", re.IGNORECASE)
_CONSONANT_SOUND = re.compile(r"(?:uni(?![mn])|use|usu|ut[ei]|eu|ewe|on(?:e|ce)\b|one-|ubiq|u(?:-|$))", re.IGNORECASE)


class Piece(NamedTuple):
    """A word or a mark, and the characters that it takes up."""

    word: str
    start: int
    stop: int

    @property
    def lower(self) -> str:
        """The word in lower case, with a straight apostrophe."""
        return self.word.lower().replace("’", "'")


def listed(words: str) -> tuple[str, ...]:
    """The words of a list that is written with spaces between them."""
    return tuple(words.split())


def pieces(text: str) -> list[Piece]:
    """The words and marks of a text in order."""
    return [Piece(found.group(), found.start(), found.end()) for found in _PIECE.finditer(text)]


def rewrite(text: str, changes: Mapping[Piece, str]) -> str:
    """The text with some of its pieces written otherwise; one that becomes empty takes a space beside it along."""
    for piece, written in sorted(changes.items(), key=lambda change: change[0].start, reverse=True):
        before, after = text[: piece.start], text[piece.stop :]
        if not written:
            if after[:1] == " " and (not before or before[-1] in ' (["“‘'):
                after = after[1:]
            elif before[-1:] == " " and (not after or after[0] == "\n"):
                before = before[:-1]
        text = before + written + after
    return text


def like(written: str, model: str) -> str:
    """A word in the case of another: all capitals, a capital first letter, or as it is."""
    if model.isupper() and len(model) > 1:
        return written.upper()
    return written[:1].upper() + written[1:] if model[:1].isupper() else written


def indefinite(word: str) -> str:
    """The indefinite article that a word takes, by the sound that it begins with."""
    if _VOWEL_SOUND.match(word):
        return "an"
    return "a" if _CONSONANT_SOUND.match(word) else article(word.lower())


def agreeing(text: str, found: Sequence[Piece], changes: Mapping[Piece, str]) -> dict[Piece, str]:
    """The changes, and those of the articles "a" and "an" that stand before a changed word.

    Args:
        text: The text.
        found: Its pieces.
        changes: Piece -> what is to stand there.
    """
    added = dict(changes)
    for before, after in _neighbours(found):
        written = changes.get(after)
        if before.lower not in ("a", "an") or not written:
            continue
        # An article that was wrong before, as in "a hour", says nothing about what the new word takes.
        if indefinite(after.lower) != indefinite(written):
            added[before] = like(indefinite(written), before.word)
    return added


def _neighbours(found: Sequence[Piece]) -> Iterable[tuple[Piece, Piece]]:
    return zip(found, found[1:], strict=False)
