"""Forms of one contrastive pre-training that differ in where negatives come from, and have as many passes in all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from datasets import Dataset
from transformers import TrainerCallback

from robustlab.contrastive.engines import Engine, InBatch, MemoryBank, MomentumQueue, Prototypes
from robustlab.corpora.splitting import normalised
from robustlab.methods import Method, multi_scale
from robustlab.study.pretraining import courses
from robustlab.training.clustering import FillBank
from robustlab.training.sentence_batches import sentence_rows

TEMPERATURE = 0.05
RATE_AT = 32  # the batch that a plan's learning rate is for; it grows with the root of the batch
SHARES = (64, 16)  # sentences a cluster
Sized = Callable[[int, int], Engine]
"""How many sentences, how wide -> the engine."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """Where negatives come from, and in what batches.

    Attributes:
        engine: Made for a number of sentences and a width.
        batch: Sentences that a loss compares.
        added: Batches whose gradients are added up for one step.
        chunk: Sentences whose graph is held at once; None for all of the batch.
        momentum: Of the slow encoder, where there is one.
        beside: Forwards of a sentence an epoch that the objective does not count.
        before: Forwards of a sentence before the first step, which fill a bank.
    """

    engine: Sized
    batch: int = 8
    added: int = 1
    chunk: int | None = None
    momentum: float = 0.99
    beside: int = 0
    before: int = 0

    @property
    def step(self) -> int:
        """Sentences of a step."""
        return self.batch * self.added

    @property
    def units(self) -> float:
        """Passes that a sentence costs each time."""
        method = self.method(2 * max(SHARES), 1)
        return method.objective.units(method.ascent) + self.beside

    def method(self, sentences: int, width: int) -> Method:
        """The loss of the sentences alone, on text views and without hard negatives."""
        return multi_scale(
            **dict.fromkeys(("words", "tokens", "replaced", "documents"), 0.0),
            engine=self.engine(sentences, width),
            view="text",
            hard=False,
            temperature=TEMPERATURE,
            momentum=self.momentum,
            chunk=self.chunk,
        )


def in_batch(sentences: int, width: int) -> Engine:
    """The other examples of the batch."""
    return InBatch(TEMPERATURE)


def queue(size: int) -> Sized:
    """The last `size` keys."""
    return lambda sentences, width: MomentumQueue(width, size, TEMPERATURE)


def bank(*, symmetric: bool) -> Sized:
    """As many of the remembered sentences as the longer queue holds."""
    return lambda sentences, width: MemoryBank(sentences, width, TEMPERATURE, negatives=256, symmetric=symmetric)


def prototypes(sentences: int, width: int) -> Engine:
    """Two clusterings, beside the other examples of the batch."""
    return Prototypes(tuple(sentences // share for share in SHARES), sentences, width, TEMPERATURE)


SMALL, MIDDLE, LARGE = "batch 8", "batch 32", "batch 64"
CACHED, ADDED = "batch 64, cached", "8 batches of 8, added up"
SHORT, QUEUE = "queue 64", "queue 256"
FAST, SLOW = "queue 256, m = .9", "queue 256, m = .999"
COLD, BANK, BOTH, CLUSTERS = "bank, empty at first", "bank", "bank, both views", "prototypes"
FORMS: dict[str, Form] = {
    SMALL: Form(engine=in_batch),
    MIDDLE: Form(engine=in_batch, batch=32),
    LARGE: Form(engine=in_batch, batch=64),
    CACHED: Form(engine=in_batch, batch=64, chunk=8),
    ADDED: Form(engine=in_batch, added=8),
    SHORT: Form(engine=queue(64)),
    QUEUE: Form(engine=queue(256)),
    FAST: Form(engine=queue(256), momentum=0.9),
    SLOW: Form(engine=queue(256), momentum=0.999),
    CLUSTERS: Form(engine=prototypes, beside=1),
    COLD: Form(engine=bank(symmetric=False)),
    BANK: Form(engine=bank(symmetric=False), before=1),
    BOTH: Form(engine=bank(symmetric=True), before=1),
}
"""The batch in three sizes, and twice in pieces; the queue in two lengths and at three speeds; what else there is."""


class Pace(NamedTuple):
    """How often how many sentences are read, and in how many steps."""

    epochs: int
    sentences: int
    steps: int


def pace(form: Form, sentences: int, passes: float) -> Pace:
    """As many steps as the passes allow: over all sentences, or a part of them where the last epoch would not be whole.

    Args:
        form: It says what a sentence costs.
        sentences: That there are.
        passes: To spend, for each of the sentences.

    Raises: ValueError: If that is not one step.
    """
    readings = (passes - form.before) / form.units
    epochs = math.ceil(readings)
    kept = int(readings * sentences / epochs) // form.step * form.step
    if not kept:
        raise ValueError(
            f"expected at least one step of {form.step} sentences, got {readings * sentences:.1f} readings"
        )
    return Pace(epochs, kept, epochs * kept // form.step)


def distinct(plan: courses.Plan, count: int) -> list[tuple[str]]:
    """Sentences of a plan's texts, no two of them equal, each a document of its own.

    Raises: ValueError: If there are fewer.
    """
    found: dict[str, str] = {}
    for text in courses.documents(plan.corpus, plan.texts):
        for sentence in text:
            found.setdefault(normalised(sentence), sentence)
    if len(found) < count:
        raise ValueError(f"expected {count} different sentences in {plan.texts} texts, found {len(found)}; read more")
    return [(sentence,) for sentence in list(found.values())[:count]]


def course(
    plan: courses.Plan,
    form: Form,
    held: Sequence[courses.Held],
    *,
    sentences: int,
    passes: float,
    seed: int = 0,
    callbacks: Callable[[courses.Encoder, int], Sequence[TrainerCallback]] = lambda encoder, steps: (),
) -> courses.Course:
    """Pre-train a fresh encoder in a form until its passes are spent.

    Args:
        plan: Its learning rate is for batches of `RATE_AT`; epochs and batches are the form's.
        form: Where negatives come from.
        held: Sentences to look at.
        sentences: How many to learn from.
        passes: To spend, for each of them.
        seed: Of weights, order and dropout.
        callbacks: Made for the encoder and the number of steps.
    """
    encoder, (epochs, kept, steps) = courses.fresh(plan, seed=seed), pace(form, sentences, passes)
    recipe = replace(
        plan.recipe,
        epochs=epochs,
        batch_size=form.batch,
        gradient_accumulation=form.added,
        learning_rate=plan.recipe.learning_rate * math.sqrt(form.step / RATE_AT),
        log_every=max(1, steps // plan.looks),
    )
    method = form.method(kept, encoder.model.config.hidden_size)
    view = partial(_view, seed)
    texts = distinct(plan, sentences)[:kept]
    rows = sentence_rows(texts, encoder.tokenizer, max_length=recipe.max_length, others={"view": view})
    own = replace(plan, recipe=recipe)
    called = [*callbacks(encoder, steps), *_filling(form, method, encoder, rows)]
    return courses.followed(own, method, encoder, rows, held, seed=seed, callbacks=called)


def _filling(form: Form, method: Method, encoder: courses.Encoder, rows: Dataset) -> list[TrainerCallback]:
    engine = method.objective.engine  # type: ignore[union-attr]  # a form's has one
    return [FillBank(engine, encoder, rows)] if form.before else []


def _view(seed: int, text: str, number: int) -> str:
    return courses.VIEW(text, seed, number)
