"""A sentence in which one word says the opposite."""

from __future__ import annotations

from collections.abc import Mapping

from robustlab.contrastive.texts.wording import built_in
from robustlab.contrastive.texts.wording.clauses import main_clauses
from robustlab.contrastive.texts.wording.pieces import Piece, agreeing, like, pieces, rewrite
from robustlab.contrastive.texts.wording.thesaurus import Thesaurus, best
from robustlab.corpora.reasoning.stream import Stream

# "as long as", "no longer", "at least": the word beside tells another use.
_BESIDE = frozenset(("as", "at", "no", "so", "too"))


def antonym(text: str, *, seed: int = 0, example: int = 0, words: Thesaurus | None = None) -> str | None:
    """Replace one word of a sentence's main clause by its antonym.

    The words of the built-in reviews have their opposites there; a review of two clauses that "and" joins has a word of
    each replaced, since they must agree. Elsewhere the words of a thesaurus count. An article before the word follows.

    Args:
        text: One sentence.
        seed: With `example`, chooses the word and the antonym.
        example: Which example the sentence is of.
        words: Where antonyms are looked up; `thesaurus.best()` where it is not given.
    Returns: None where no word of a main clause has an antonym.
    """
    stream = Stream("antonym", seed, example, text)
    if built_in.spoken(text):
        return _of_review(text, stream)
    known = (best() if words is None else words).antonyms
    found = pieces(text)
    main = {piece for clause in main_clauses(text) for piece in clause}
    places = [
        piece
        for at, piece in enumerate(found)
        if piece in main and _opposites(piece, known) and (not at or found[at - 1].lower not in _BESIDE)
    ]
    if not places:
        return None
    place = stream.choose(places)
    written = like(stream.choose(_opposites(place, known)), place.word)
    return rewrite(text, agreeing(text, found, {place: written}))


def _opposites(piece: Piece, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return known.get(piece.lower, ())


def _of_review(text: str, stream: Stream) -> str | None:
    known = built_in.opposites()
    found, changes = pieces(text), dict[Piece, str]()
    for clause in main_clauses(text):
        places = [piece for piece in clause if piece.word in known]
        if not places:
            return None
        changes[places[0]] = stream.choose(known[places[0].word])
    return rewrite(text, agreeing(text, found, changes)) if changes else None
