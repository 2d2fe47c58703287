"""The grids: which cells a study has. A cell is one fine-tuning and its measures; its fields are all that it varies."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from robustlab.corpora.documents import LEVELS

OURS = "self-negative"
CONTROL = "standard"
MATCHED = "standard-matched"  # standard training that takes as many passes as OURS
WITH_BATCH = "self-negative-infonce"  # the only objective in which the examples of a batch meet


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell.

    Attributes:
        study: The grid that it belongs to.
        seed: Of the start, the documents' order and all noise.
        method: How it is trained, from `methods.METHODS`.
        batch_size: None for the protocol's.
        share: Of the optimiser steps that the method takes; the others are standard training.
        kappa: Radius of the negatives, relative to the states.
        invariance: λ_inv of `OURS`.
        data: Share of the pool of training documents.
        site: Whose output is perturbed in training.
        inference: How it answers, from `inference.ANSWERING`.
    """

    study: str
    seed: int
    method: str = OURS
    batch_size: int | None = None
    share: float = 1.0
    kappa: float = LEVELS["medium"]
    invariance: float = 1.0
    data: float = 1.0
    site: str = "encoder"
    inference: str = "greedy"

    @property
    def training(self) -> tuple[Any, ...]:
        """What decides the weights: cells that agree in it share a model."""
        return tuple(value for name, value in asdict(self).items() if name not in ("study", "inference"))

    @property
    def measured_at(self) -> tuple[str, ...]:
        """Sites whose sensitivity is measured, the encoder's output among them.

        A method that perturbs the word embeddings may gain there and nowhere else.
        """
        return {"layer": SITES, "table1": ("words", "encoder")}.get(self.study, ("encoder",))


TABLE_1 = (
    CONTROL,
    MATCHED,
    "augmented",
    "neftune",
    "r3f",
    "r-drop",
    "smart",
    "vat",
    "cat",
    "lat",
    OURS,
    "self-negative-pull",
    "self-negative-push",
    WITH_BATCH,
)
INFERENCE = ("selection-inference", "uellm", "llmcad", "guide", "self-consistency")
BATCHES = (8, 16, 32, 64, 128)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
SCALES = (0.2, 0.4, 0.6, 0.8, 1.0)
WEIGHTS = (0.1, 1.0, 10.0)
SITES = ("words", "encoder.0", "encoder")


def _table1(seed: int) -> list[Cell]:
    # The ways to answer stand behind the model that they share, so that it is trained once.
    ways = [Cell(study="table1", seed=seed, method=CONTROL, inference=way) for way in ("greedy", *INFERENCE)]
    return ways + [Cell(study="table1", seed=seed, method=method) for method in TABLE_1 if method != CONTROL]


def _batch(seed: int) -> list[Cell]:
    return [
        Cell(study="batch", seed=seed, method=method, batch_size=size)
        for size in BATCHES
        for method in (OURS, WITH_BATCH, CONTROL)
    ]


def _ratio(seed: int) -> list[Cell]:
    control = Cell(study="ratio", seed=seed, method=CONTROL)
    return [control] + [Cell(study="ratio", seed=seed, share=share) for share in (*SHARES, 1.0)]


def _difficulty(seed: int) -> list[Cell]:
    control = Cell(study="difficulty", seed=seed, method=CONTROL)
    return [control] + [Cell(study="difficulty", seed=seed, kappa=kappa) for kappa in LEVELS.values()]


def _scale(seed: int) -> list[Cell]:
    return [Cell(study="scale", seed=seed, method=method, data=data) for data in SCALES for method in (OURS, CONTROL)]


def _weight(seed: int) -> list[Cell]:
    control = Cell(study="weight", seed=seed, method=CONTROL)
    return [control] + [Cell(study="weight", seed=seed, invariance=weight) for weight in WEIGHTS]


def _layer(seed: int) -> list[Cell]:
    control = Cell(study="layer", seed=seed, method=CONTROL)
    return [control] + [Cell(study="layer", seed=seed, site=site) for site in SITES]


GRIDS = MappingProxyType(
    {
        "table1": _table1,
        "batch": _batch,
        "ratio": _ratio,
        "difficulty": _difficulty,
        "scale": _scale,
        "layer": _layer,
        "weight": _weight,
    }
)

SUMMARIES: Mapping[str, str] = MappingProxyType(
    {
        "table1": "every method and every way to answer, beside the paper's Table 1",
        "batch": "batch sizes 8 to 128 at equal examples seen (Figure 2)",
        "ratio": "share of adversarial steps .1 to .5 (Figure 3)",
        "difficulty": "radius of the negatives, Easy to Extreme (Figure 4)",
        "scale": "20 to 100 % of the training documents (Figure 5)",
        "layer": "which states are perturbed",
        "weight": "weight of the divergence, which the paper does not state",
    }
)


def cells(study: str, seeds: Sequence[int]) -> list[Cell]:
    """The cells of a study, seed by seed.

    Raises: ValueError: If there is no such study, or no seed.
    """
    if study not in GRIDS:
        nearest = difflib.get_close_matches(study, GRIDS, n=1)
        guess = f"did you mean {nearest[0]!r}? " if nearest else ""
        raise ValueError(f"unknown study {study!r}: {guess}expected one of {', '.join(GRIDS)}")
    if not seeds:
        raise ValueError("expected at least one seed, got none")
    return [cell for seed in seeds for cell in GRIDS[study](seed)]
