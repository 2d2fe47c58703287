"""Which sentence each step of a document's reasoning rests upon."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from robustlab.corpora.documents import Document


def stepwise(document: Document) -> bool:
    """Whether the chain has one step for each gold sentence, and perhaps one more that states the answer."""
    gold, chain = document.gold, document.chain
    return bool(gold) and bool(chain) and len(chain) in (len(gold), len(gold) + 1)


def solution(document: Document) -> list[tuple[int, str]]:
    """The gold sentences in the order of the reasoning, and what follows from each.

    Where the chain has one step for each gold sentence, and perhaps one more that states the answer, step and sentence
    belong together that have most words in common. Otherwise the sentences follow in their own order, each for itself.

    Raises: ValueError: If the document does not say which sentences its answer follows from.
    """
    gold, chain = document.gold, document.chain
    if not gold:
        raise ValueError(
            f"document {document.example_id} has no gold sentences to learn a selection from; take a corpus that has"
        )
    if not stepwise(document):
        return [(unit, document.sentences[unit]) for unit in gold]
    facts = chain[: len(gold)]
    return list(zip(_order(document, facts), facts, strict=True))


def _order(document: Document, facts: Sequence[str]) -> list[int]:
    """Give each fact the sentence most like it, the likest pair first."""
    pairs = sorted(
        ((fact, unit) for fact in range(len(facts)) for unit in document.gold),
        key=lambda pair: (-_likeness(facts[pair[0]], document.sentences[pair[1]]), pair),
    )
    found: dict[int, int] = {}
    for fact, unit in pairs:
        if fact not in found and unit not in found.values():
            found[fact] = unit
    return [found[fact] for fact in range(len(facts))]


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def _likeness(one: str, other: str) -> int:
    return (_words(one) & _words(other)).total()
