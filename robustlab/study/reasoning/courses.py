"""Short courses from one start, over the same documents: what each reading of Eq. 6 makes of the same model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from robustlab import methods
from robustlab.ascent import divergences
from robustlab.corpora.documents import Document
from robustlab.landscape import HookedLandscape
from robustlab.methods import Method
from robustlab.models.reasoner import Reasoner
from robustlab.objective import OneNegative
from robustlab.study.reasoning.cells import CONTROL, OURS, WITH_BATCH, Cell
from robustlab.study.reasoning.methods import build, passes
from robustlab.study.reasoning.run import OTHERS
from robustlab.training.batches import DocumentCollator, document_row, generator_of, landscape_of
from robustlab.training.lessons import Lessons, Source, Stage, cycle
from robustlab.training.reasoning import teach
from robustlab.training.step import accumulate

FAR = 1e3  # nats: a hinge that is never reached, which leaves -KL without a bound


def _named(method: str) -> Method:
    return build(Cell(study="course", seed=0, method=method))


def _literal() -> Method:
    return Method(
        _named("self-negative-pull").ascent,
        OneNegative(form="literal", divergence=divergences.js, weight=1.0, semantic_weight=1.0),
    )


def _unbounded() -> Method:
    push = OneNegative(form="push", divergence=divergences.kl, weight=1.0, distance=FAR)
    return Method(_named("self-negative-push").ascent, push)


FORMS: Mapping[str, Callable[[], Method]] = MappingProxyType(
    {
        "standard": lambda: _named(CONTROL),
        "literal": _literal,
        "pull": lambda: _named("self-negative-pull"),
        "push": lambda: _named("self-negative-push"),
        "infonce": lambda: _named(WITH_BATCH),
        "two_sided": lambda: _named(OURS),
    }
)
"""The readings of Eq. 6 by name, with the values of the studies."""
UNBOUNDED = "push, no bound"
TRAPS: Mapping[str, Callable[[], Method]] = MappingProxyType({UNBOUNDED: _unbounded})
"""What the framework's chapter warns of, as far as it can be trained like the others."""
MATCHED = "standard, as many passes"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the courses of one comparison share.

    Attributes:
        documents: In the order in which all courses see them; from the first again where a course is longer.
        probe: Documents that no course learns from, to look at between the steps.
        steps: Of the optimiser.
        batch_size: Documents a step.
        learning_rate: AdamW's, after a rise over the first tenth and before a fall over the rest.
        every: Steps between two looks.
        seed: Of the starts of all climbs.
    """

    documents: Sequence[Document]
    probe: Sequence[Document]
    steps: int = 24
    batch_size: int = 16
    learning_rate: float = 3e-4
    every: int = 6
    seed: int = 0

    def with_passes_of(self, method: Method) -> Plan:
        """The plan for standard training, so long that it takes as many passes as `method` takes in this one."""
        steps = round(self.steps * passes(method) / passes(methods.standard()))
        return replace(self, steps=steps, every=max(1, round(self.every * steps / self.steps)))

    @property
    def lessons(self) -> Lessons:
        """The plan as `teach` takes it."""
        lengths = [len(one.sentences) for one in self.documents]
        rise = max(1, round(0.1 * self.steps))
        return Lessons(
            stages=(Stage(self.steps, (min(lengths), max(lengths))),),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            warmup=rise,
            fall=1 - rise / self.steps,
            validate_every=self.steps,
        )


class Look(NamedTuple):
    """What a model has come to, on the documents of the probe.

    Attributes:
        passes: Spent so far, a document.
        clean_loss: L_gen, in nats a word of the answer.
        invariance: D(p(h) ‖ p(h + δ⁺)) at the end of a climb on this model, in nats a word: small where offsets of
            κ ≤ .25 do not move the output.
        change: CE(y⁻ | h⁻), in nats a word: small where the model says the new answer at the counterfactual's states.
    """

    passes: float
    clean_loss: float
    invariance: float
    change: float


class Course(NamedTuple):
    """What a course leaves behind: the trained copy, and the looks at it, the first before the first step."""

    reasoner: Reasoner
    looks: list[Look]


def landscape(reasoner: Reasoner, documents: Sequence[Document], needs: Sequence[str]) -> HookedLandscape:
    """The loss of some documents around the encoder's output, with the companions that a method needs."""
    rows = [document_row(reasoner.reader, one, **{name: OTHERS[name](one) for name in needs}) for one in documents]
    batch = {name: value.to(reasoner.model.device) for name, value in DocumentCollator(reasoner.reader)(rows).items()}
    return landscape_of(reasoner.model, batch, site=None, noise="off", seed=0)


def look(reasoner: Reasoner, probe: Sequence[Document], *, passes: float = 0.0, seed: int = 0) -> Look:
    """The three terms of `two_sided` on documents, whatever the model was trained with; nothing learns from it."""
    yardstick = FORMS["two_sided"]()
    there = landscape(reasoner, probe, yardstick.objective.needs)
    generator = generator_of(there.batch, seed=seed, step=0, micro_step=0, rank=0)
    logs = accumulate(yardstick, there, generator=generator, backward=lambda term: None)
    return Look(passes, *(float(logs[name]) for name in ("clean_loss", "divergence", "sensitivity")))


def course(start: Reasoner, method: Method, plan: Plan) -> Course:
    """Teach a copy of the start with a method, and look at it before the first step, on the way and after the last.

    Args:
        start: Stays as it is.
        method: One of `FORMS`, or any other.
        plan: What it shares with others.
    """
    reasoner, looks = Reasoner(deepcopy(start.model), start.reader), []

    def see(step: int) -> None:
        reasoner.model.eval()
        spent = step * plan.batch_size * passes(method)
        looks.append(look(reasoner, plan.probe, passes=spent, seed=plan.seed))
        reasoner.model.train()

    teach(
        reasoner,
        method,
        _watched(cycle_in_order(plan.documents), see, every=plan.every),
        plan.lessons,
        others={name: OTHERS[name] for name in method.objective.needs},
        seed=plan.seed,
    )
    see(plan.steps)
    reasoner.model.eval()
    return Course(reasoner, looks)


def cycle_in_order(documents: Sequence[Document]) -> Source:
    """A fixed set as a source, every time in the same order.

    Raises: ValueError: If there are no documents.
    """
    cycle(documents)  # it knows what an empty set is

    def draw(first: int, n: int, sentences: tuple[int, int]) -> list[Document]:
        return [documents[number % len(documents)] for number in range(first, first + n)]

    return draw


def _watched(source: Source, see: Callable[[int], None], *, every: int) -> Source:
    """The source, with a look before every so many batches: documents are asked for when a step begins."""

    def draw(first: int, n: int, sentences: tuple[int, int]) -> Sequence[Document]:
        step = first // n
        if step % every == 0:
            see(step)
        return source(first, n, sentences)

    return draw
