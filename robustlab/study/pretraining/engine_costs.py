"""What a step of each form costs: FLOPs beside the passes that the objective counts, and what a graph keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from robustlab.contrastive.engines import Engine, MemoryBank, MomentumQueue, Prototypes
from robustlab.contrastive.landscape import ContrastiveLandscape
from robustlab.methods import Method
from robustlab.models.encoders import Encoder
from robustlab.study import cost
from robustlab.study.pretraining.engine_forms import TEMPERATURE, Form
from robustlab.training.sentence_batches import SentenceCollator, sentence_rows, sentences_of
from robustlab.training.step import accumulate

LEARNING_RATE = 1e-3  # what a method is prepared for; the cost does not depend on it


class Counted(NamedTuple):
    """One step.

    Attributes:
        units: Passes a sentence that the objective counts; a forward is 1.
        counted: FLOPs of all of the step a sentence, in forwards of a sentence.
    """

    units: float
    counted: float


def landscape(encoder: Encoder, texts: Sequence[str]) -> ContrastiveLandscape:
    """A batch of sentences whose views are as long as they are, so that all passes cost the same."""
    rows = sentence_rows([(text,) for text in texts], encoder.tokenizer, others={"view": lambda text, number: text})
    batch = SentenceCollator(encoder.tokenizer)(list(rows))
    given = {"masking": None, "temperature": TEMPERATURE, "noise": "same", "seed": 0, "generator": None}
    return sentences_of(encoder.model, batch, **given)


def ready(form: Form, encoder: Encoder, sentences: int) -> Method:
    """A form's method as it is in the middle of a training: what it remembers with is full."""
    width = encoder.model.config.hidden_size
    method = form.method(sentences, width)
    fill(method.objective.engine, torch.Generator().manual_seed(0))  # type: ignore[union-attr]  # a form's has one
    return method


def fill(engine: Engine, generator: torch.Generator) -> None:
    """Put random representations where an engine remembers."""
    if isinstance(engine, MomentumQueue):
        engine.queue.normal_(generator=generator)
        engine.filled.fill_(engine.size)
    if isinstance(engine, MemoryBank):
        engine.fit(torch.randn(engine.bank.shape, generator=generator))
    if isinstance(engine, Prototypes):
        engine.fit(torch.randn(engine.examples, engine.width, generator=generator))


def counted(forms: Mapping[str, Form], encoder: Encoder, texts: Sequence[str]) -> dict[str, Counted]:
    """FLOPs of one step of each form, in training mode, beside its units.

    Args:
        forms: Of which only what a step does counts; `beside` is left out.
        encoder: That is read with.
        texts: At least as many as the largest batch; the examples that there are.
    """
    encoder.model.train()
    found = {}
    for name, form in forms.items():
        place = landscape(encoder, texts[: form.batch])
        with torch.no_grad():
            forward = cost.count(place.read).get_total_flops()
        method = ready(form, encoder, len(texts))
        method.prepare([place], learning_rate=LEARNING_RATE)
        place = landscape(encoder, texts[: form.batch])  # nothing is read yet
        flops = cost.count(lambda place=place, method=method: accumulate(method, place)).get_total_flops()
        found[name] = Counted(form.units - form.beside, flops / forward)
    encoder.model.zero_grad()
    encoder.model.eval()
    return found


class Ledger:
    """Bytes that graphs made inside keep for their backward passes: now, and at the most.

    What views share is counted once, and parameters not at all, which are there anyway.

    Args:
        model: Whose parameters these are.
    """

    def __init__(self, model: torch.nn.Module):
        self._hooks = saved_tensors_hooks(lambda tensor: _Kept(tensor, self), lambda kept: kept.tensor)
        self.now, self.peak = 0, 0
        self._anyway = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
        self._holders: Counter[int] = Counter()

    def __enter__(self) -> Ledger:
        self._hooks.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._hooks.__exit__(*problem)

    def keep(self, where: int, size: int) -> None:
        """A graph holds a storage."""
        self._holders[where] += 1
        if self._holders[where] == 1 and where not in self._anyway:
            self.now += size
            self.peak = max(self.peak, self.now)

    def let_go(self, where: int, size: int) -> None:
        """It does so no longer."""
        self._holders[where] -= 1
        if not self._holders[where] and where not in self._anyway:
            self.now -= size


class _Kept:
    """A tensor that a graph holds; it is gone when the graph lets go of it."""

    def __init__(self, tensor: Tensor, ledger: Ledger):
        self.tensor, self.ledger = tensor, ledger
        storage = tensor.untyped_storage()
        self.where, self.size = storage.data_ptr(), storage.nbytes()
        ledger.keep(self.where, self.size)

    def __del__(self) -> None:
        self.ledger.let_go(self.where, self.size)


def peak(form: Form, encoder: Encoder, texts: Sequence[str]) -> int:
    """The most bytes that the graphs of one step of a form keep, in training mode."""
    encoder.model.train()
    place, method = landscape(encoder, texts[: form.batch]), ready(form, encoder, len(texts))
    method.prepare([place], learning_rate=LEARNING_RATE)
    place = landscape(encoder, texts[: form.batch])
    with Ledger(encoder.model) as ledger:
        accumulate(method, place)
    encoder.model.zero_grad()
    encoder.model.eval()
    return ledger.peak
