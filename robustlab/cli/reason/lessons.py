"""What a reasoner is taught by a command: documents, their companions, and the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from robustlab import text
from robustlab.cli.reason import documents
from robustlab.cli.reason.settings import RECORDED, Changes, Train
from robustlab.corpora import reasoning
from robustlab.corpora.documents import PERTURBATIONS, TASKS, Document
from robustlab.randomness import key
from robustlab.study.reasoning.protocol import profile
from robustlab.study.reasoning.run import TRAINING_SEED
from robustlab.study.reasoning.starts import VOCABULARY
from robustlab.training.lessons import Lessons, Source, Stage, course, cycle

STEPS = profile("laptop").start_steps  # with supporting facts enough for 48 sentences, and so for fewer
RATES = {"folder": 3e-4, "transformers": 1e-4}  # the studies' own, and that of their gpu profile
LOOKS = 10  # at the held-out documents, in one training
HELD_OUT = 10**8  # number of the first generated document that no training reaches
LATER = 2 * 10**8  # of the first one for a model that has learned: none that it has seen
WARM_UP = 0.1
MOST = Changes((), ("medium",), 1, counterfactual=False, uncertified=True, seed=TRAINING_SEED)


@dataclass(frozen=True, eq=False)
class Material:
    """Documents to learn from.

    Attributes:
        words: What a fresh model takes its vocabulary from.
        source: Makes the documents of a step.
        documents: All there are; none where they are made without end.
        held_out: To choose the weights by.
        others: Makes a document's companions.
        left_out: Training documents whose companions cannot be made.
    """

    words: Sequence[Document]
    source: Source
    documents: Sequence[Document]
    held_out: Sequence[Document]
    others: Mapping[str, Callable[[Document], Document]]
    left_out: int = 0


def material(settings: Train, needs: Sequence[str]) -> Material:
    """Load or generate what a training reads.

    Raises:
        ValueError: If the documents are too few, or a companion that the method needs cannot be made of them.
        FileNotFoundError: If the set is not on this machine.
    """
    if settings.source.data == documents.GENERATED:
        return _generated(settings, needs)
    found = documents.load(settings.source)
    originals = [document for document in found if document.change is None]
    hold_out = settings.fit.hold_out
    if hold_out >= len(originals):
        raise ValueError(
            f"--hold-out {hold_out} of {len(originals)} documents leaves none to train on: use more documents or hold "
            "out fewer"
        )
    generator = torch.Generator().manual_seed(key(settings.fit.seed, "hold out"))
    order = torch.randperm(len(originals), generator=generator).tolist()
    held_out = [originals[place] for place in order[:hold_out]]
    kept_back = {document.example_id for document in held_out}  # with their variants
    rest = [document for document in found if document.example_id not in kept_back]
    others = {name: _companions(name, rest) for name in needs}
    able = [document for document in rest if all(document in made for made in others.values())]
    if not able:
        raise ValueError(
            f"{settings.named.method} learns from {' and '.join(needs)} documents, and none can be made of "
            f"{settings.source.data}: choose another method, or --data {documents.GENERATED}"
        )
    makers = {name: made.__getitem__ for name, made in others.items()}
    source = cycle(able, seed=settings.fit.seed)
    return Material(rest, source, able, held_out, makers, len(rest) - len(able))


def _generated(settings: Train, needs: Sequence[str]) -> Material:
    """Made as they are read, without end, of whatever length a stage asks for."""
    seed, sentences = settings.fit.seed, settings.source.sentences or documents.SENTENCES
    # The words of a fresh model and its training are those of the studies' starts.
    words = reasoning.generate(VOCABULARY, seed=seed, sentences=sentences) if settings.fresh else []

    start = 0 if settings.fresh else LATER

    def draw(first: int, n: int, lengths: tuple[int, int]) -> Sequence[Document]:
        return reasoning.generate(n, seed=seed, sentences=lengths, first=start + first)

    hold_out = settings.fit.hold_out
    held_out = reasoning.generate(hold_out, seed=seed, sentences=sentences, first=HELD_OUT) if hold_out else []
    makers = {"counterfactual": partial(reasoning.counterfactual, seed=TRAINING_SEED), "attacked": _disturbed}
    return Material(words, draw, [], held_out, {name: makers[name] for name in needs})


def _disturbed(document: Document) -> Document:
    """One variant of a generated document, of each kind in turn."""
    kind = PERTURBATIONS[document.example_id // len(TASKS) % len(PERTURBATIONS)]  # tasks change with the number, too
    return text.perturb(document, kind=kind, level="medium", seed=TRAINING_SEED)


def _companions(name: str, training: Sequence[Document]) -> dict[Document, Document]:
    """One companion for each document of which one can be made."""
    found = {}
    for document in training:
        if name == "attacked":
            made = _variant(document, training)
        elif document.task in TASKS or document.task.startswith("clutrr"):
            made = documents.counterfactual(document, TRAINING_SEED)
        else:
            made = None
        if made is not None:
            found[document] = made
    return found


def _variant(document: Document, training: Sequence[Document]) -> Document | None:
    """The first variant that can be made, beginning with another kind for every document."""
    kinds = documents.kinds_of(document, uncertified=True)
    turn = document.example_id % max(1, len(kinds))
    for kind in kinds[turn:] + kinds[:turn]:
        if made := documents.variants(document, kind, MOST, training):
            return made[0]
    return None


def lessons(settings: Train) -> Lessons:
    """How long and how fast: from short documents to long ones for a fresh model on generated documents.

    Raises: ValueError: If a number is out of range, or two say how long.
    """
    fit, longest = settings.fit, settings.source.sentences or documents.SENTENCES
    if fit.steps is not None and fit.examples is not None:
        raise ValueError("--steps and --examples say the same: give one of them")
    studied = course(longest, STEPS)
    size = fit.batch_size or studied.batch_size
    steps = fit.steps or (max(1, fit.examples // size) if fit.examples else STEPS)
    grown = course(longest, max(4, steps))
    grows = settings.fresh and settings.source.data == documents.GENERATED and steps >= len(grown.stages)
    stages = grown.stages if grows else (Stage(steps, (longest, longest)),)
    stages = (*stages[:-1], replace(stages[-1], steps=steps - sum(stage.steps for stage in stages[:-1])))
    return replace(
        grown,
        stages=stages,
        batch_size=size,
        learning_rate=fit.learning_rate or (grown.learning_rate if settings.fresh else _rate(settings.model)),
        warmup=min(grown.warmup, round(WARM_UP * steps)),
        validate_every=fit.every or max(1, steps // LOOKS),
    )


def _rate(model: str) -> float:
    """The learning rate that suits a model that has learned."""
    ours = model == RECORDED or Path(model).expanduser().is_dir()
    return RATES["folder" if ours else "transformers"]
