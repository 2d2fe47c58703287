"""Negatives whose difficulty follows the model: a controller or a bandit in a training, a memory by document."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from robustlab import methods
from robustlab.ascent.detectors import Detector, Saliency
from robustlab.ascent.difficulty import Difficulty
from robustlab.ascent.divergences import js
from robustlab.ascent.hardness import LEAST, MOST, Strengthen
from robustlab.ascent.moves import Ascend
from robustlab.ascent.negative import Negative
from robustlab.corpora.documents import Document
from robustlab.models.reasoner import Reasoner
from robustlab.objective.one_negative import OneNegative
from robustlab.study.reasoning.calibrating import SHARE
from robustlab.study.reasoning.calibrating import negative as made
from robustlab.study.reasoning.detecting import batches
from robustlab.training.lessons import Lessons, Stage, cycle
from robustlab.training.reasoning import teach

CLIMB = Ascend(steps=3, step_size=0.2)
AIM: dict[Detector, float] = {Saliency(): 1.0}  # type: ignore[dict-item]  # its passes are the class's


class Trained(NamedTuple):
    """A short training.

    Attributes:
        kappas: κ of each step.
        reasoner: What came out.
    """

    kappas: list[float]
    reasoner: Reasoner


def train(
    reasoner: Reasoner,
    documents: Sequence[Document],
    difficulty: Difficulty,
    *,
    steps: int,
    batch_size: int = 16,
    learning_rate: float = 3e-4,
    seed: int = 0,
) -> Trained:
    """Train a copy to answer its negatives like the originals, with a difficulty that hears how it does.

    Args:
        reasoner: Stays as it is.
        documents: Repeated as needed.
        difficulty: Says κ, and follows.
        steps: Of the optimiser.
        batch_size: Documents a step.
        learning_rate: Constant but for its ends.
        seed: Orders the documents.
    """
    operator = Negative(CLIMB, kappa=difficulty, share=SHARE, detectors=AIM, unreachable="nearest")
    method = methods.Method(operator, OneNegative(form="pull", divergence=js, weight=1.0))
    sizes = sorted(len(document.sentences) for document in documents)
    lessons = Lessons(
        stages=(Stage(steps, (sizes[0], sizes[-1])),),
        batch_size=batch_size,
        learning_rate=learning_rate,
        warmup=3,
        fall=0.2,
        validate_every=steps,
    )
    taught = teach(copy.deepcopy(reasoner), method, cycle(documents, seed=seed), lessons, seed=seed)
    return Trained([log["kappa_negative"] for log in taught.history], taught.reasoner)


def strengthened(
    reasoner: Reasoner, documents: Sequence[Document], difficulty: Strengthen, *, passes: int
) -> tuple[np.ndarray, np.ndarray]:
    """κ [passes + 1, n] of every document while its negatives are made harder or easier, and the last effects [n].

    The model does not learn: what moves is the difficulty alone.
    """
    operator = Negative(CLIMB, kappa=difficulty, share=SHARE, detectors=AIM, unreachable="nearest")
    examples = torch.tensor([document.example_id for document in documents])
    found = [difficulty.radii.look_up(examples).numpy()]
    for number in range(passes):
        for _, landscape in batches(reasoner, documents):
            offset = made(operator, landscape, seed=number)
            with torch.no_grad():
                operator.observe(landscape, landscape.logits(offset))
        operator.after_step()
        found.append(difficulty.radii.look_up(examples).numpy())
    return np.stack(found), difficulty.effects.look_up(examples).numpy()


def kept(effects: Sequence[float], *, least: float = LEAST, most: float = MOST) -> tuple[float, float, float]:
    """Share of negatives that say what the original says, that are kept by a filter, and that are destroyed."""
    found = np.asarray(effects)
    return (
        float((found < least).mean()),
        float(((found >= least) & (found <= most)).mean()),
        float((found > most).mean()),
    )
