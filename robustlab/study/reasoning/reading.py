"""One negative, read: which sentences were moved, which real ones they now read like, and what the model answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from robustlab.ascent.readout import Bank, bank_of, nearest_real_sentence
from robustlab.ascent.units import relative_size
from robustlab.corpora.documents import Document
from robustlab.landscape import GenerationLandscape
from robustlab.models.reasoner import Reasoner
from robustlab.study.reasoning.detecting import BATCH, batches
from robustlab.typing import Offset


class Library(NamedTuple):
    """Real sentences, and the states that a model has for them."""

    bank: Bank
    sentences: list[str]


class Moved(NamedTuple):
    """One sentence of a negative.

    Attributes:
        index: Of the sentence.
        was: The sentence.
        reads_like: The real sentence that its moved state is most like.
        similarity: To that sentence.
        stayed: To the state that it came from.
    """

    index: int
    was: str
    reads_like: str
    similarity: float
    stayed: float


class Negative(NamedTuple):
    """The negative of one document.

    Attributes:
        kappa: Reached.
        moved: Its sentences that were moved.
        answer: What the model answers there.
    """

    kappa: float
    moved: list[Moved]
    answer: str


def library(reasoner: Reasoner, documents: Sequence[Document]) -> Library:
    """The sentences of some documents, to read negatives by; none of the documents that are to be read."""

    def landscapes() -> Iterable[GenerationLandscape]:
        for _, landscape in batches(reasoner, documents):
            yield landscape

    bank = bank_of(landscapes())
    return Library(bank, [documents[BATCH * b + row].sentences[unit] for b, row, unit in bank.origin.tolist()])


def read(
    reasoner: Reasoner, documents: Sequence[Document], landscape: GenerationLandscape, offset: Offset, books: Library
) -> list[Negative]:
    """The negatives of a batch.

    Args:
        reasoner: The model.
        documents: Of the batch.
        landscape: Theirs.
        offset: Of the negatives.
        books: Real sentences to read by.
    """
    nearest = nearest_real_sentence(landscape, offset, books.bank)
    kappas, answers = relative_size(offset, landscape).tolist(), reasoner.answer(documents, offset=offset)
    found = []
    for row, (document, kappa, answer) in enumerate(zip(documents, kappas, answers, strict=True)):
        moved = [
            Moved(
                unit,
                document.sentences[unit],
                books.sentences[int(nearest.row[row, unit])],
                float(nearest.cosine[row, unit]),
                float(nearest.stayed[row, unit]),
            )
            for unit in nearest.moved[row].nonzero().flatten().tolist()
        ]
        found.append(Negative(kappa, moved, answer))
    return found


def flipped(negative: Negative) -> int:
    """How many of the moved sentences read like another one: nearer to a real sentence than to what they were."""
    return sum(one.similarity > one.stayed and one.reads_like != one.was for one in negative.moved)
