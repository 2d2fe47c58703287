"""One attack, watched: which words it ranked, which candidates each constraint rejected, and what was accepted."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from robustlab.evaluation.attack.attacking import Attacker, Example
from robustlab.evaluation.attack.randomness import Stream
from robustlab.evaluation.attack.rows import Attacked

if TYPE_CHECKING:
    from textattack import Attack
    from textattack.constraints import Constraint

RANKINGS = ("delete", "unk")
"""Rankings that leave out one word at a time, the ones that can be followed."""


@dataclass(frozen=True)
class Candidate:
    """A text one change away.

    Attributes:
        word: What stands in the changed place; empty where the word was deleted.
        text: The whole text.
        rejected: Class of the constraint that rejected it; None for a survivor.
        probability: Of the label; None where the model was not asked.
    """

    word: str
    text: str
    rejected: str | None = None
    probability: float | None = None


@dataclass(frozen=True)
class Step:
    """One turn of the search, at one word.

    Attributes:
        position: Which word, by TextAttack's count, which leaves punctuation out.
        word: The word as it was.
        before: Probability of the label as the turn began.
        candidates: What the transformation offered, rejected ones included, in the order of their texts.
        accepted: The candidate that the search went on with; None where it kept the word.
        queries: Texts asked about up to the end of the turn.
    """

    position: int
    word: str
    before: float
    candidates: tuple[Candidate, ...]
    accepted: Candidate | None
    queries: int


@dataclass(frozen=True)
class Trace:
    """An attack on one example, from its first query to its last.

    Attributes:
        row: What came of it: the row that `Attacker.run` gives.
        words: The example's words.
        kept: Position of a word that may not be changed -> class of the constraint that forbids it.
        ranking: Position of a word -> probability of the label without it, the most important first.
        steps: Turns in their order.
        probabilities: Of the label, one a query.
    """

    row: Attacked
    words: tuple[str, ...]
    kept: Mapping[int, str]
    ranking: Mapping[int, float]
    steps: tuple[Step, ...]
    probabilities: tuple[float, ...]


def trace(attacker: Attacker, example: Example) -> Trace:
    """Attack an example and keep what happens on the way. Watching changes nothing: the row is that of `run`.

    Args:
        attacker: A recipe that ranks words by leaving each out and goes through them in that order: TextFooler,
            TextBugger, BAE, DeepWordBug and others, not PWWS.
        example: What is attacked.
    Raises: ValueError: If the recipe searches in another way.
    """
    from textattack.search_methods import GreedyWordSwapWIR

    from robustlab.evaluation.attack.parts.building import fresh

    search = attacker.attack.search_method
    if not isinstance(search, GreedyWordSwapWIR) or search.wir_method not in RANKINGS:
        raise ValueError(
            f"expected a recipe that ranks words by leaving each out, got {attacker.bench.recipe.name}, "
            f"whose search is {' '.join(str(search).split())}"
        )
    attack, watch = fresh(attacker.attack), _Watch(example.label)
    watch.put_on(attack)
    with Stream(attacker.seed, example.example_id).turn():
        row = attacker.through(attack, example)
    return watch.told(row)


@dataclass
class _Turn:
    """A turn as it is seen: what the search looks at, what it is offered, what it asks."""

    position: int
    text: Any
    offered: list[Any] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    queries: int = 0


class _Watch:
    """Notes what an attack's parts are called with and what they answer."""

    def __init__(self, label: int) -> None:
        self.label = label
        self.probabilities: list[float] = []
        self.first: Any = None  # the text as written
        self.kept: dict[int, str] = {}
        self.order: list[int] = []
        self.left_out: dict[int, float] = {}
        self.turns: list[_Turn] = []

    def put_on(self, attack: Attack) -> None:
        """Wrap the methods through which the parts of an attack meet; `fresh` has made all but constraints its own."""
        goal, search = attack.goal_function, attack.search_method
        goal.get_results = self._asking(goal.get_results)  # pyright: ignore[reportAttributeAccessIssue]
        search.get_goal_results = goal.get_results  # pyright: ignore[reportAttributeAccessIssue]
        attack.constraints = [self._rejecting(constraint) for constraint in attack.constraints]
        attack.filter_transformations = self._offering(attack.filter_transformations)
        search.get_indices_to_order = self._ordering(attack)  # pyright: ignore[reportAttributeAccessIssue]
        search.get_transformations = self._turning(attack)  # pyright: ignore[reportAttributeAccessIssue]

    def _asking(self, ask: Any) -> Any:
        def get_results(texts: Sequence[Any], **options: Any) -> Any:
            results, over = ask(texts, **options)
            found = [float(result.raw_output[self.label]) for result in results]
            self.probabilities += found
            if self.turns:
                self.turns[-1].asked |= {
                    one.attacked_text.text: value for one, value in zip(results, found, strict=True)
                }
                self.turns[-1].queries = len(self.probabilities)
            elif self.first is None:
                self.first = results[0].attacked_text
            else:
                self.left_out = dict(zip(self.order, found, strict=False))  # a budget may end the ranking
            return results, over

        return get_results

    def _ordering(self, attack: Attack) -> Any:
        def get_indices_to_order(text: Any, **options: Any) -> tuple[int, list[int]]:
            count, order = attack.get_indices_to_order(text, **options)
            for constraint in attack.pre_transformation_constraints:
                allowed = constraint(text, attack.transformation)
                for position in set(range(len(text.words))) - allowed:
                    self.kept.setdefault(position, type(constraint).__name__)
            self.order = [int(position) for position in order]
            return count, order

        return get_indices_to_order

    def _turning(self, attack: Attack) -> Any:
        def get_transformations(text: Any, **options: Any) -> list[Any]:
            (position,) = options["indices_to_modify"]
            self.turns.append(_Turn(int(position), text, queries=len(self.probabilities)))
            return attack.get_transformations(text, **options)

        return get_transformations

    def _offering(self, filter_texts: Any) -> Any:
        """Constraints see only what differs from the present text, and are not asked twice; this is before both."""

        def filter_transformations(texts: list[Any], text: Any, original_text: Any = None) -> list[Any]:
            self.turns[-1].offered += texts
            return filter_texts(texts, text, original_text)

        return filter_transformations

    def _rejecting(self, constraint: Constraint) -> Constraint:
        watched = copy.copy(constraint)

        def call_many(texts: Sequence[Any], reference: Any) -> list[Any]:
            passed = constraint.call_many(texts, reference)
            through = {text.text for text in passed}
            name = type(constraint).__name__
            self.turns[-1].rejected |= {text.text: name for text in texts if text.text not in through}
            return passed

        watched.call_many = call_many  # pyright: ignore[reportAttributeAccessIssue]
        return watched

    def told(self, row: Attacked) -> Trace:
        """Put together what was seen once the attack has ended."""
        last = "\n".join(text for text in (row.attacked_text, row.attacked_pair) if text is not None)
        ends = [*(turn.text.text for turn in self.turns[1:]), last]
        steps = [self._step(turn, end) for turn, end in zip(self.turns, ends, strict=False)]  # no turns, no end
        ranking = dict(sorted(self.left_out.items(), key=lambda one: one[1]))
        return Trace(row, tuple(self.first.words), self.kept, ranking, self._chained(steps), tuple(self.probabilities))

    def _step(self, turn: _Turn, end: str) -> Step:
        written = turn.text.text
        found = {
            text.text: Candidate(
                _word(turn.text.words, text.words, turn.position),
                text.text,
                turn.rejected.get(text.text),
                turn.asked.get(text.text),
            )
            for text in turn.offered
            if text.text != written
        }
        ordered = tuple(found[text] for text in sorted(found))
        return Step(
            turn.position, turn.text.words[turn.position], self.probabilities[0], ordered, found.get(end), turn.queries
        )

    def _chained(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """Give each turn the probability that it began with."""
        now, chained = self.probabilities[0], []
        for step in steps:
            chained.append(replace(step, before=now))
            if step.accepted is not None and step.accepted.probability is not None:
                now = step.accepted.probability
        return tuple(chained)


def _word(before: Sequence[str], after: Sequence[str], position: int) -> str:
    """What stands where the word stood: several words where it was parted, none where it was deleted."""
    return " ".join(after[position : position + 1 + len(after) - len(before)])
