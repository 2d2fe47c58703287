"""A sentence in which two names or numbers have changed places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from robustlab.contrastive.texts.wording.edits import COMMON
from robustlab.contrastive.texts.wording.numbers import WORDS, own_places
from robustlab.contrastive.texts.wording.pieces import Piece, like, listed, pieces, rewrite
from robustlab.contrastive.texts.wording.verbs import AUXILIARIES, THIRD, past
from robustlab.corpora.lexicon import ASPECTS, DISTRACTORS
from robustlab.corpora.reasoning.lexicon import KINDS, NAMES
from robustlab.corpora.reasoning.stream import Stream

NAME, NUMBER = "name", "number"
_DAYS = listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_MONTHS = listed("January February March April June July August September October November December")
# The nouns of an aspect are words for one thing: to exchange two of them changes nothing.
_ASPECT = {word: family.name for family, _ in ASPECTS.values() for word in family.words}
_SLOTS = {
    **{word: family.name for _, family, _ in DISTRACTORS for word in family.words},
    **{word: kind for word, kind in KINDS.items() if word[0].islower()},
    **{word.lower(): "day" for word in _DAYS},
    **{word.lower(): "month" for word in _MONTHS},
    **dict.fromkeys(_ASPECT, "aspect"),
    **dict.fromkeys(WORDS, NUMBER),
}
"""Word -> the kind of slot that it fills."""
_VERBS_TOO = frozenset(("may", "march"))  # slots only with a capital
_PROPER = frozenset(kind for kind, names in NAMES.items() if names[0][0].isupper())

# What joins two things that are said of each other alike, or of which the same is said.
_JOINING = frozenset(("and", "or", "nor", "&", ",", "/", "-", "versus", "vs"))
_OPENING = frozenset('.!?:"“‘`([')  # a capital behind one of these may be that of any word
_MOST_CAPITALS = 0.6  # a headline's capitals tell nothing


def swapped_slot(text: str, *, seed: int = 0, example: int = 0) -> str | None:
    """Exchange two names, two numbers or two words of one kind, as in "Bo is older than Ada".

    A name is a run of capitalised words. At the beginning of a sentence it counts only where it is a name of the
    package's corpora or a verb follows. Two slots with nothing but "and" or a comma between them stay as they are.

    Args:
        text: One sentence.
        seed: With `example`, chooses the pair where there are several.
        example: Which example the sentence is of.
    Returns: None where no two different slots can be exchanged.
    """
    found = pieces(text)
    pairs = [
        (one, other)
        for (one, at, kind), (other, to, like_kind) in combinations(_slots(text, found), 2)
        if _alike(kind, like_kind) and not _same(one, other) and not _joined(found, at, to)
    ]
    if not pairs:
        return None
    one, other = Stream("swapped slot", seed, example, text).choose(pairs)
    return rewrite(text, {one: _cased(other, one), other: _cased(one, other)})


def _cased(written: Piece, place: Piece) -> str:
    """A name keeps its capitals; any other word takes the case of where it goes."""
    return written.word if _kind(written) == NAME else like(written.word.lower(), place.word)


def _kind(piece: Piece) -> str:
    if piece.word.isdecimal():
        return NUMBER
    return KINDS.get(piece.word) or _SLOTS.get(piece.lower, NAME)


def _alike(kind: str, other: str) -> bool:
    """Whether two slots may be exchanged: of one kind, or names of which the lexicon knows one at most."""
    return kind == other or (NAME in (kind, other) and {kind, other} <= {NAME, *_PROPER})


def _same(one: Piece, other: Piece) -> bool:
    return one.lower == other.lower or (one.lower in _ASPECT and _ASPECT[one.lower] == _ASPECT.get(other.lower))


def _slots(text: str, found: Sequence[Piece]) -> list[tuple[Piece, tuple[int, int], str]]:
    """Each slot as one piece, the places of its words, and its kind."""
    named = [piece for piece in found if piece.word[0].isalpha()]
    capitals = sum(piece.word[0].isupper() for piece in named)
    headline = len(named) > 3 and capitals > _MOST_CAPITALS * len(named)
    slots = []
    for start, stop in _runs(found, own_places(text), headline=headline):
        piece = Piece(text[found[start].start : found[stop].stop], found[start].start, found[stop].stop)
        slots.append((piece, (start, stop), _kind(piece)))
    return slots


def _runs(found: Sequence[Piece], numbers: frozenset[int], *, headline: bool) -> Iterator[tuple[int, int]]:
    """First and last places of the slots: single words of a kind, single numbers, and runs of capitalised words."""
    at = 0
    while at < len(found):
        stop = at
        if _named(found, at) and not headline:
            while stop + 1 < len(found) and found[at].word not in KINDS and _named(found, stop + 1):
                stop += 1
            yield at, stop
        elif (found[at].lower in _SLOTS and found[at].word not in _VERBS_TOO) or found[at].start in numbers:
            yield at, at
        elif found[at].word[0].isupper() and found[at].lower not in COMMON | _NOT_NAMES:
            # What begins a sentence may be the first word of a name: then the rest of the name is none.
            while stop + 1 < len(found) and _named(found, stop + 1):
                stop += 1
        at = stop + 1


def _named(found: Sequence[Piece], at: int) -> bool:
    word = found[at].word
    if word in KINDS and word[0].isupper():
        return True
    if not word[0].isupper() or word == "I" or word.lower() in _SLOTS:
        return False
    if at and found[at - 1].word not in _OPENING:
        return True
    following = found[at + 1].lower if at + 1 < len(found) else ""
    verb = following in AUXILIARIES or following in THIRD or past(following, sure=True)
    return verb and word.lower() not in _NOT_NAMES


_NOT_NAMES = frozenset(
    listed(
        "i you he she it we they this that these those there here what who which one all some many most everything "
        "nothing everyone nobody how why when where"
    )
)


def _joined(found: Sequence[Piece], one: tuple[int, int], other: tuple[int, int]) -> bool:
    between = [piece.lower for piece in found[one[1] + 1 : other[0]]]
    return not between or all(word in _JOINING for word in between)
