"""A symbolic reader: answers a generated document from its text alone, or says why it has no single answer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from robustlab.corpora.documents import Document
from robustlab.corpora.reasoning.grammar import Claim, Query, ask, read


class Solution(NamedTuple):
    """What a text says in answer to an instruction.

    Attributes:
        answer: The answer; for a question for evidence the record and its value.
        gold: Indices of the sentences that it follows from, in order: facts, and the introduction of every byname that
            they use. The rule that ranks rumours is not among them.
        steps: The facts, in the order of the reasoning, with the names that the instruction would use.
    """

    answer: str
    gold: tuple[int, ...]
    steps: tuple[Claim, ...]


ONE_TO_ONE = frozenset({"cause"})
"""Relations in which a value has one subject as well: in these documents nothing that happens has two causes."""


class _Statement(NamedTuple):
    index: int
    claim: Claim
    rank: int
    record: str
    # The sentence itself, and those that introduce the bynames in it.
    support: tuple[int, ...]


def solve(document: Document) -> Solution:
    """Answer a document from its sentences and its instruction.

    Raises: ValueError: If the text has no answer or more than one, or the instruction is outside the grammar.
    """
    try:
        return solve_text(document.sentences, document.instruction)
    except ValueError as error:
        raise ValueError(f"document {document.example_id}: {error}") from None


def solve_text(sentences: Sequence[str], instruction: str) -> Solution:
    """Answer an instruction from sentences; see `solve`."""
    query, statements = ask(instruction), _statements(sentences)
    at, record, gold, steps = query.subject, "", set[int](), list[Claim]()
    for relation in query.relations:
        found = _hop(statements, query, relation, at)
        at = found.claim.subject if query.backwards else found.claim.value
        record = found.record
        gold.update(found.support)
        steps.append(found.claim)
    return Solution(f"{record} {at}" if query.evidence else at, tuple(sorted(gold)), tuple(steps))


Pairs = tuple[tuple[int, int], ...]


def conflicts(document: Document) -> Pairs:
    """Pairs of sentences that cannot both hold: they give one thing two values, by whatever names they call it.

    A rumour that denies a fact conflicts with it, whether or not the text ranks rumours; so do two rumours that differ.

    Returns: Pairs of indices of sentences, the lower one first, in order; none where no sentence is of the grammar.

    Raises: ValueError: If a byname stands for two names.
    """
    return tuple((one.index, other.index) for one, other in _related(document) if _differ(one.claim, other.claim))


def agreeing(document: Document) -> Pairs:
    """Pairs of sentences that state the same relation and can both hold: what comes closest to a conflict without one.

    Returns: As `conflicts`.

    Raises: ValueError: If a byname stands for two names.
    """
    return tuple((one.index, other.index) for one, other in _related(document) if not _differ(one.claim, other.claim))


def _related(document: Document) -> list[tuple[_Statement, _Statement]]:
    try:
        said = _statements(document.sentences)
    except ValueError as error:
        raise ValueError(f"document {document.example_id}: {error}") from None
    return [(one, other) for one, other in combinations(said, 2) if one.claim.relation == other.claim.relation]


def _differ(one: Claim, other: Claim) -> bool:
    subjects, values = one.subject == other.subject, one.value == other.value
    return (subjects and not values) or (one.relation in ONE_TO_ONE and values and not subjects)


def _hop(statements: Sequence[_Statement], query: Query, relation: str, at: str) -> _Statement:
    """The statement that says what lies one step from `at`, where the best of them agree."""
    what = f"{relation} of {at}" if not query.backwards else f"{relation} that leads to {at}"
    found = [
        s
        for s in statements
        if s.claim.relation == relation
        and (s.claim.value if query.backwards else s.claim.subject) == at
        and (s.record or not query.evidence)
    ]
    if not found:
        raise ValueError(f"no answer: no sentence states the {what}")
    best = max(s.rank for s in found)
    found = [s for s in found if s.rank == best]
    answers = {(s.claim, s.record if query.evidence else "") for s in found}
    if len(answers) > 1:
        values = ", ".join(sorted({c.subject if query.backwards else c.value for c, _ in answers}))
        raise ValueError(f"more than one answer: sentences that count alike give the {what} as {values}")
    return found[0]


def _statements(sentences: Sequence[str]) -> list[_Statement]:
    readings = [read(sentence) for sentence in sentences]
    names: dict[str, tuple[str, int]] = {}
    for index, reading in enumerate(readings):
        if not reading.alias:
            continue
        name, byname = reading.alias
        if names.setdefault(byname, (name, index))[0] != name:
            raise ValueError(f"more than one answer: {byname} is a byname of {names[byname][0]} and of {name}")
    ranked = any(reading.rule for reading in readings)
    statements = []
    for index, reading in enumerate(readings):
        if reading.claim is None:
            continue
        relation, *called = reading.claim
        support = {index, *(names[name][1] for name in called if name in names)}
        claim = Claim(relation, *(names[name][0] if name in names else name for name in called))
        # A rumour counts for less only where the text says so.
        rank = 0 if reading.rumour and ranked else 1
        statements.append(_Statement(index, claim, rank, reading.record, tuple(sorted(support))))
    return statements
