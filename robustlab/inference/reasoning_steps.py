"""How far the reasoning about a document has come, and what documents teach about its next step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from robustlab.corpora.documents import Document
from robustlab.corpora.evidence import solution

WHAT_FOLLOWS = "What follows?"
"""The instruction of a single inference, which does not see the question."""


@dataclass(frozen=True)
class State:
    """A document, the sentences selected from it so far, and what was inferred from them.

    Args:
        document: In full.
        selected: Indices of its sentences, in the order of selection.
        chain: The facts inferred, one a selection; one fewer while an inference is due.
    """

    document: Document
    selected: tuple[int, ...] = ()
    chain: tuple[str, ...] = ()

    @property
    def left(self) -> bool:
        """Whether a sentence is left to select."""
        return len(self.selected) < len(self.document.sentences)

    def select(self, unit: int) -> State:
        """With one more sentence."""
        return replace(self, selected=(*self.selected, unit))

    def infer(self, fact: str) -> State:
        """With one more fact; a model that says nothing is taken to repeat the sentence."""
        return replace(self, chain=(*self.chain, fact if fact.strip() else self.document.sentences[self.selected[-1]]))

    def to_select(self) -> Document:
        """The whole document with the facts so far as one more paragraph."""
        return _with(self.document, self.document.sentences, self.document.paragraphs, self.chain)

    def to_infer(self) -> Document:
        """The last selected sentence, and the facts before it; not the question."""
        last = (self.document.sentences[self.selected[-1]],)
        return replace(_with(self.document, last, (1,), self.chain), instruction=WHAT_FOLLOWS)

    def to_answer(self) -> Document:
        """The selected sentences and the facts."""
        chosen = tuple(self.document.sentences[unit] for unit in self.selected)
        return _with(self.document, chosen, (len(chosen),), self.chain)


def _with(
    document: Document, sentences: tuple[str, ...], paragraphs: tuple[int, ...], facts: tuple[str, ...]
) -> Document:
    return replace(
        document,
        sentences=(*sentences, *facts),
        paragraphs=(*paragraphs, len(facts)) if facts else paragraphs,
        chain=(),
        gold=(),
    )


class Lesson(NamedTuple):
    """One step that a document teaches.

    Attributes:
        state: Before the step.
        unit: The sentence to select; None where it is time to halt.
        fact: What follows from it; empty where it is time to halt.
    """

    state: State
    unit: int | None
    fact: str


def lessons(document: Document) -> Iterator[Lesson]:
    """Every step of a document's solution, and the halt at its end.

    Raises: ValueError: If the document does not say which sentences its answer follows from.
    """
    state = State(document)
    for unit, fact in solution(document):
        yield Lesson(state, unit, fact)
        state = state.select(unit).infer(fact)
    yield Lesson(state, None, "")
