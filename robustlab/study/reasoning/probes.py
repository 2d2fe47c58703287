"""Looks at one model without training it: where batch members meet, offsets further on, text beside an attack."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustlab.ascent.divergences import js
from robustlab.corpora.documents import Document
from robustlab.evaluation.reasoning.sensitivity import BUDGET, mean_total_variation, sensitivity
from robustlab.landscape import GenerationLandscape
from robustlab.landscape.sites import intercept
from robustlab.methods import Method
from robustlab.methods.self_constructed import near
from robustlab.models.reasoner import Reasoner
from robustlab.randomness import ExampleGenerators
from robustlab.study.reasoning.cells import SITES
from robustlab.study.reasoning.methods import place
from robustlab.training.batches import DocumentCollator, document_row, landscape_of
from robustlab.training.step import accumulate

Other = Callable[[Document], Document]


def meeting(
    reasoner: Reasoner, documents: Sequence[Document], method: Method, others: Mapping[str, Other] | None = None
) -> float:
    """How far the gradient of a batch is from the mean of the gradients that its members have alone, relative.

    0 says that the batch is nothing but an average. The gradients of the model are emptied.

    Args:
        reasoner: In the precision that the answer is wanted in.
        documents: Of the batch.
        method: Any.
        others: How the companions that its objective needs are made.
    """
    whole = _gradient(reasoner, documents, method, others or {})
    alone = torch.stack([_gradient(reasoner, [one], method, others or {}) for one in documents]).mean(0)
    return float((whole - alone).norm() / whole.norm())


def _gradient(reasoner: Reasoner, documents: Sequence[Document], method: Method, others: Mapping[str, Other]) -> Tensor:
    model = reasoner.model.eval()  # dropout would tell the members of a batch apart
    rows = [
        document_row(reasoner.reader, one, **{name: make(one) for name, make in others.items()}) for one in documents
    ]
    landscape = landscape_of(model, DocumentCollator(reasoner.reader)(rows), site=None, noise="off", seed=0)
    model.zero_grad(set_to_none=True)
    accumulate(method, landscape, generator=ExampleGenerators([one.example_id for one in documents], 0))
    found = [torch.zeros_like(w) if w.grad is None else w.grad for w in model.parameters()]
    model.zero_grad(set_to_none=True)
    return torch.cat([one.flatten() for one in found])


def landscape_at(reasoner: Reasoner, documents: Sequence[Document], site: str) -> GenerationLandscape:
    """The loss of some documents as a function of an offset at a site, by the name that a cell has for it."""
    reasoner.model.eval()
    return GenerationLandscape(reasoner.model, reasoner.batch(documents), site=place(reasoner.model, site), noise="off")


class Reach(NamedTuple):
    """Adversarial Sensitivity of some documents by budget: what a search found, and what random offsets do."""

    budgets: Sequence[float]
    found: Sequence[float]
    noise: Sequence[float]


def reach(
    reasoner: Reasoner, documents: Sequence[Document], site: str, *, budgets: Sequence[float], steps: int
) -> Reach:
    """How the sensitivity at a site grows with its budget, mean over documents."""
    landscape = landscape_at(reasoner, documents, site)
    examples = [document.example_id for document in documents]
    measured = sensitivity(landscape, examples=examples, budgets=budgets, steps=steps, restarts=1)
    return Reach(tuple(budgets), measured.value.mean(1).tolist(), measured.noise.mean(1).tolist())


def attack(
    landscape: GenerationLandscape, examples: Sequence[int], *, steps: int = 10, budget: float = BUDGET
) -> Tensor:
    """The offset within κ₀ at which the output differs most, as A⁺ climbs to it; 0 outside the document's sentences."""
    ascent = near(steps, 2.5 * budget / steps, budget, js)
    return ascent(landscape, generator=ExampleGenerators(examples, 0)).end.detach()


def carried(reasoner: Reasoner, documents: Sequence[Document], site: str, offset: Tensor) -> dict[str, float]:
    """The relative length, ‖change‖/‖states‖, that an offset has at its own site and at those behind it.

    Args:
        reasoner: A small one, whose sites are those of `cells.SITES`.
        documents: That the offset was made for.
        site: Where it is added.
        offset: Of the shape of that site.
    """
    own = landscape_at(reasoner, documents, site)
    found = {}
    for later in SITES[SITES.index(site) :]:
        behind = landscape_at(reasoner, documents, later)
        with torch.no_grad(), intercept(own.site, lambda states: states + offset.to(states.dtype)):
            moved = landscape_at(reasoner, documents, later).base
        length = (behind.base * behind.mask).flatten(1).norm(dim=1)
        found[later] = float((((moved - behind.base) * behind.mask).flatten(1).norm(dim=1) / length).mean())
    return found


class Beside(NamedTuple):
    """One document under a latent attack and under changes of its text.

    Attributes:
        document: As written.
        clean: The model's answer to it.
        apart: TV of the attacked and the clean output, mean over the reference answer's words.
        latent: The answer at the attacked states.
        kept: Share of the variants that get the document's answer.
        wrong: Variants that do not, with the answers that they get.
    """

    document: Document
    clean: str
    apart: float
    latent: str
    kept: float
    wrong: Sequence[tuple[Document, str]]


def side_by_side(
    reasoner: Reasoner,
    documents: Sequence[Document],
    variants: Sequence[Sequence[Document]],
    *,
    steps: int = 10,
    budget: float = BUDGET,
) -> list[Beside]:
    """Both attacks on each document.

    Args:
        reasoner: The model.
        documents: As written.
        variants: Of each document.
        steps: Of the latent attack.
        budget: κ₀ of the latent attack.
    """
    landscape = landscape_at(reasoner, documents, "encoder")
    offset = attack(landscape, [document.example_id for document in documents], steps=steps, budget=budget)
    with torch.no_grad():
        apart = mean_total_variation(landscape.clean().logits, landscape.logits(offset)).tolist()
    clean = reasoner.answer(documents)
    latent = reasoner.answer(documents, offset=offset, site=landscape.site)
    said = iter(reasoner.answer([one for some in variants for one in some]))
    found = []
    for number, (document, some) in enumerate(zip(documents, variants, strict=True)):
        answers = [(one, next(said)) for one in some]
        wrong = [(one, answer) for one, answer in answers if answer.strip() != document.answer]
        kept = 1 - len(wrong) / len(answers)
        found.append(Beside(document, clean[number], apart[number], latent[number], kept, wrong))
    return found


class Moved(NamedTuple):
    """What a change of the text does to the states of sentences that it leaves as they were.

    Attributes:
        kind: Of the change.
        new: Sentences that are new or altered, as a share of the original's.
        kappa: Relative length of the change over the states of the others.
    """

    kind: str
    new: float
    kappa: float


def moved(reasoner: Reasoner, document: Document, variant: Document) -> Moved:
    """Compare the encoder's states of the sentences that a document and its variant share.

    Raises: ValueError: If they share none.
    """
    states = [_sentence_states(reasoner, one) for one in (document, variant)]
    shared = [
        (document.sentences.index(sentence), number)
        for number, sentence in enumerate(variant.sentences)
        if sentence in document.sentences
    ]
    if not shared:
        raise ValueError(f"document {document.example_id} and its variant share no sentence")
    one, two = (states[which][[pair[which] for pair in shared]] for which in (0, 1))
    kind: Any = variant.change.kind if variant.change else ""
    new = (len(variant.sentences) - len(shared)) / len(document.sentences)
    return Moved(kind, new, float((two - one).norm() / one.norm()))


def _sentence_states(reasoner: Reasoner, document: Document) -> Tensor:
    landscape = landscape_at(reasoner, [document], "encoder")
    units = landscape.units
    if units is None:
        raise ValueError("the batch does not say which states a sentence has; take a reader that gives units")
    base = landscape.base[0]
    return torch.stack([base[units[0] == number].mean(0) for number in range(len(document.sentences))])
