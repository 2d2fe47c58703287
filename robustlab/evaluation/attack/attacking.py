"""Attack examples with a recipe, many at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from robustlab.evaluation.attack import words
from robustlab.evaluation.attack.bench import Bench
from robustlab.evaluation.attack.engine import Done, Task, run
from robustlab.evaluation.attack.importing import textattack
from robustlab.evaluation.attack.limits import Limits
from robustlab.evaluation.attack.randomness import Stream
from robustlab.evaluation.attack.rows import Attacked, Outcome

if TYPE_CHECKING:
    from textattack import Attack
    from textattack.attack_results import AttackResult


class Example(NamedTuple):
    """What is attacked."""

    example_id: int
    label: int
    text: str
    text_pair: str | None = None


class AttackError(RuntimeError):
    """An attack broke on an example, which the message names; the cause is chained."""


@dataclass(frozen=True)
class Attacker:
    """A recipe, built once, that attacks any number of examples.

    Attributes:
        bench: The models.
        attack: The recipe as TextAttack has it; each example gets a copy.
        resources: Names of the resources that it needs.
        seed: Decides, with an example's number, every random draw.
    """

    bench: Bench
    attack: Attack
    resources: tuple[str, ...]
    seed: int = 0

    def run(self, examples: Iterable[Example], *, width: int = 32) -> Iterator[Attacked | AttackError]:
        """Attack examples side by side.

        What comes of an example depends on the seed and the example alone, and on neither the others nor the width:
        every model's answer is a function of its text, to the last digit (`robustlab.models.packing.steady`).

        Args:
            examples: What is attacked, read as there is room for it.
            width: Examples at a time.
        Returns: A row an example, as they are finished; an error where the recipe broke on it.
        """
        for done in run((self._task(example) for example in examples), width=width):
            yield done.result if done.error is None else _told(done)

    def _task(self, example: Example) -> Task[Attacked]:
        stream = Stream(self.seed, example.example_id)
        return Task(example.example_id, lambda: self._attack(example), stream)

    def _attack(self, example: Example) -> Attacked:
        from robustlab.evaluation.attack.parts.building import fresh

        return self.through(fresh(self.attack), example)

    def through(self, attack: Attack, example: Example) -> Attacked:
        """Attack a single example by a copy of the recipe, such as one that is watched.

        Args:
            attack: From `parts.building.fresh`.
            example: What is attacked.
        """
        from textattack.shared import AttackedText

        columns = [("text", example.text)] + ([] if example.text_pair is None else [("text_pair", example.text_pair)])
        result = attack.attack(AttackedText(OrderedDict(columns)), example.label)
        return self._row(example, result, attack.goal_function.query_budget)

    def _row(self, example: Example, result: AttackResult, budget: float) -> Attacked:
        before, after = result.original_result, result.perturbed_result
        outcome = _outcome(result)
        inputs = list(after.attacked_text._text_input.values())
        return Attacked(
            example_id=example.example_id,
            label=example.label,
            outcome=outcome,
            text=example.text,
            text_pair=example.text_pair,
            attacked_text=inputs[0],
            attacked_pair=inputs[1] if len(inputs) > 1 else None,
            predicted=int(before.output),
            attacked_predicted=int(after.output),
            confidence=float(before.raw_output[example.label]),
            attacked_confidence=float(after.raw_output[example.label]),
            queries=int(result.num_queries),
            exhausted=outcome == "failed" and result.num_queries >= budget,
            words=len(words.of(before.attacked_text.text)),
            changed=words.changed(before.attacked_text.text, after.attacked_text.text),
        )


def attacker(bench: Bench, limits: Limits | None = None, *, seed: int = 0) -> Attacker:
    """Build a recipe; the first call imports TextAttack, which takes some seconds.

    Args:
        bench: The models and the recipe.
        limits: What the attack may do.
        seed: Decides, with an example's number, every random draw.

    Raises:
        ModuleNotFoundError: If the extra `attack` is not installed.
        ValueError: If there is no such recipe, or a substitute stands in for nothing that it needs.
        MissingResourceError: If this machine lacks resources; names all of them.
    """
    textattack()
    from robustlab.evaluation.attack.parts.building import build

    attack, needed = build(bench, limits or Limits())
    return Attacker(bench, attack, tuple(needed), seed)


def _outcome(result: AttackResult) -> Outcome:
    kinds: dict[str, Outcome] = {
        "SuccessfulAttackResult": "succeeded",
        "FailedAttackResult": "failed",
        "SkippedAttackResult": "skipped",
    }
    return kinds[type(result).__name__]


def _told(done: Done) -> AttackError:
    error = AttackError(f"example {done.key}: {type(done.error).__name__}: {done.error}")
    error.__cause__ = done.error
    return error
