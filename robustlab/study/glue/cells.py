"""The grid: which encoders are fine-tuned how on which task. A cell's fields are all that it varies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from robustlab.objective.scales import Scales

STUDY = "glue-drop"
NONE, WORDS, MATCHED, ALL, TEXT = "none", "words", "words-matched", "multi-scale", "text-views"
STANDARD, ROBUST = "standard", "pgd"

_ALL = Scales(words=1.0, tokens=0.1, replaced=1.0, sentences=1.0, documents=0.5)  # as `robustlab pretrain` has them
_WORDS = Scales(words=1.0, tokens=0.0, replaced=0.0, sentences=0.0, documents=0.0)


@dataclass(frozen=True)
class Pretraining:
    """What a pre-training learns from: the weights of its scales, and how the view of a sentence is made."""

    scales: Scales
    view: str = "dropout"


PRETRAININGS: Mapping[str, Pretraining | None] = MappingProxyType(
    {
        NONE: None,
        WORDS: Pretraining(_WORDS),
        MATCHED: Pretraining(_WORDS),
        ALL: Pretraining(_ALL),
        TEXT: Pretraining(_ALL, view="text"),
        "without-tokens": Pretraining(replace(_ALL, tokens=0.0, replaced=0.0)),
        "without-sentences": Pretraining(replace(_ALL, sentences=0.0)),
        "without-documents": Pretraining(replace(_ALL, documents=0.0)),
    }
)
"""Name -> pre-training; None for none of ours.

`words` reads the same sentences as often as `multi-scale` does: the control at equal tokens. A step of it takes fewer
passes, so that `words-matched` takes as many passes as `multi-scale`, over more sentences: the control at equal cost.
The view of a sentence is the same words under another dropout, and in `text-views` the same in other words.
"""
FINETUNED_ROBUSTLY = (NONE, WORDS, MATCHED, ALL, TEXT)
ELSEWHERE = (NONE, MATCHED, ALL, TEXT)  # on tasks that do not have the whole grid


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One fine-tuning and what is measured of it.

    Attributes:
        study: Always `STUDY`.
        seed: Of the pre-training, the head, the rows and all noise.
        task: The corpus that is learned.
        pretraining: One of `PRETRAININGS`.
        finetuning: `standard`, or `pgd`.
    """

    study: str = STUDY
    seed: int
    task: str
    pretraining: str
    finetuning: str

    @property
    def name(self) -> str:
        """What its line of a table is called."""
        return f"{self.pretraining}, {self.finetuning}"


def cells(seeds: Sequence[int], tasks: Sequence[str], whole: Collection[str]) -> list[Cell]:
    """All cells, seed by seed; those of one encoder stand together.

    Args:
        seeds: That are run.
        tasks: That are fine-tuned.
        whole: Those of them that have the whole grid; the others have the encoder as it was, the control at equal cost
            and all scales with either view, fine-tuned as usual.

    Raises: ValueError: If there is no seed or no task.
    """
    if not seeds or not tasks:
        raise ValueError(f"expected at least one seed and one task, got {len(seeds)} and {len(tasks)}")
    return [
        Cell(seed=seed, task=task, pretraining=pretraining, finetuning=finetuning)
        for seed in seeds
        for pretraining in PRETRAININGS
        for task in tasks
        for finetuning in (STANDARD, ROBUST)
        if _has(pretraining, finetuning, whole=task in whole)
    ]


def _has(pretraining: str, finetuning: str, *, whole: bool) -> bool:
    if not whole:
        return finetuning == STANDARD and pretraining in ELSEWHERE
    return finetuning == STANDARD or pretraining in FINETUNED_ROBUSTLY
