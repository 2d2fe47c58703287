"""Views of a text that say the same: another word here and there, or another way to write it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from robustlab.contrastive.texts.wording import built_in
from robustlab.contrastive.texts.wording.edits import EDITS, SLIGHT, Edit
from robustlab.contrastive.texts.wording.pieces import Piece, agreeing, pieces, rewrite
from robustlab.contrastive.texts.wording.thesaurus import Thesaurus, best
from robustlab.corpora.reasoning.stream import Stream
from robustlab.randomness import key


@runtime_checkable
class View(Protocol):
    """What makes another text of a text that says the same; the same seed and example give the same one."""

    def __call__(self, text: str, seed: int, example: int) -> str:
        """The view of a text."""
        ...


class Edited(NamedTuple):
    """A text after some changes of form, in the order in which they were made."""

    text: str
    edits: tuple[Edit, ...]

    def undone(self) -> str:
        """The text as it was before."""
        text = self.text
        for edit in reversed(self.edits):
            text = edit.undo(text)
        return text


def unchanged(text: str, seed: int, example: int) -> str:
    """The text itself: what dropout makes of it is the view.

    Source: Gao et al. (SimCSE, 2021), Section 3.
    """
    return text


def substituted(
    text: str,
    seed: int,
    example: int,
    *,
    rate: float = 0.15,
    words: Thesaurus | None = None,
    only: Collection[str] | None = None,
) -> str:
    """Replace some words by others that mean the same.

    In the language of the built-in reviews the grammar certifies what may stand for a word wherever it stands: the
    verdict stays, and what is said beside it, such as who chose the film, may change. Of other texts only words in
    lower case are replaced that a thesaurus holds.

    Args:
        text: Any text.
        seed: With `example`, chooses the words.
        example: Which example the text is of.
        rate: At most this share of the words is replaced, rounded up to a whole word.
        words: Where synonyms are looked up; `thesaurus.best()` where it is not given.
        only: The words that may be replaced; all that can be where it is not given.
    Returns: The text; as it was where no word can be replaced.
    Raises: ValueError: If the rate is not above 0 and at most 1.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"rate must be above 0 and at most 1, got {rate}")
    found = pieces(text)
    spoken = built_in.spoken(text)
    known = built_in.interchangeable() if spoken else (best() if words is None else words).synonyms
    if only is not None:
        known = {word: others for word, others in known.items() if word in only}
    offered = _offered(found, known, certified=spoken)
    stream = Stream("substituted", seed, example)
    most = math.ceil(rate * sum(piece.word[0].isalnum() for piece in found))
    changes = {piece: stream.choose(offered[piece]) for piece in stream.sample(tuple(offered), most)}
    return rewrite(text, agreeing(text, found, changes))


def edited(text: str, seed: int, example: int, *, most: int = 2) -> str:
    """Write a text otherwise: contractions, digits, spelling, "&"; else spaces before marks and the first letter.

    Args:
        text: Any text.
        seed: With `example`, chooses the changes.
        example: Which example the text is of.
        most: How many changes are made at most; at least one is made where one can be.
    Returns: The text; as it was where nothing in it has another form.
    Raises: ValueError: If `most` is not positive.
    """
    return draw_edits(text, seed, example, most=most).text


def draw_edits(text: str, seed: int, example: int, *, most: int = 2) -> Edited:
    """Draw changes of form, no two about the same thing; each can be taken back, so that `undone` gives the text.

    A review of the built-in corpus keeps its verdict by the corpus's own judge: what the judge would read differently,
    or not at all, is not made. Otherwise as `edited`.

    Raises: ValueError: If `most` is not positive.
    """
    if most < 1:
        raise ValueError(f"most must be at least 1, got {most}")
    stream = Stream("edited", seed, example)
    wanted = 1 + stream.below(most)
    made, spoken, written = list[Edit](), built_in.spoken(text), text
    for edit in sorted(stream.shuffled(EDITS), key=lambda edit: edit.family in SLIGHT):
        if len(made) == wanted:
            break
        if any(edit.family == other.family for other in made) or (after := edit.applied(written)) is None:
            continue
        if not spoken or built_in.same_verdict(text, after):
            made.append(edit)
            written = after
    return Edited(written, tuple(made))


def compose(*views: View) -> View:
    """One view after another, each with draws of its own.

    Raises: ValueError: If there are none.
    """
    if not views:
        raise ValueError("compose expects at least one view, got none")

    def composed(text: str, seed: int, example: int) -> str:
        for place, view in enumerate(views):
            text = view(text, key("view", place, seed), example)
        return text

    return composed


def _offered(
    found: Sequence[Piece], known: Mapping[str, tuple[str, ...]], *, certified: bool
) -> dict[Piece, tuple[str, ...]]:
    """The words that may be replaced, with what may replace them; certified ones leave the article as it is."""
    offered: dict[Piece, tuple[str, ...]] = {}
    for at, piece in enumerate(found):
        others = known.get(piece.word, ())
        if certified and at:
            others = tuple(other for other in others if built_in.agrees(found[at - 1].word, other))
        if others:
            offered[piece] = others
    return offered
