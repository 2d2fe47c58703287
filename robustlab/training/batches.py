"""What rows become: padded tensors, a landscape with its companions, and the source of its random starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DataCollatorWithPadding, PreTrainedTokenizerBase

from robustlab.corpora.documents import Document
from robustlab.landscape import GenerationLandscape, HookedLandscape, Site, TransformerLandscape
from robustlab.landscape.hooked import Noise
from robustlab.models.reasoner.reading import DocumentReader, Row
from robustlab.randomness import ExampleGenerators, Randomness, key

COMPANIONS = ("attacked", "counterfactual")
"""Other texts that a row may have: its columns then begin with these names."""
ENCODED = ("input_ids", "attention_mask", "token_type_ids", "units", "paragraphs", "labels")
ONLY_TRAINING = (
    "example_id",
    "units",
    "support",
    "conflicts",
    *(f"{name}_{column}" for name in COMPANIONS for column in ENCODED),
)
"""Columns that training reads, and neither the model nor an evaluation."""


def _split(row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The columns of a row or a batch itself, and those of each of its companions."""
    own, others = {}, {}
    for column, value in row.items():
        whose, _, name = column.partition("_")
        if whose in COMPANIONS:
            others.setdefault(whose, {})[name] = value
        else:
            own[column] = value
    return own, others


@dataclass(frozen=True)
class Collator:
    """Pad rows to the longest of their batch; the texts of each companion to the longest of theirs.

    Args:
        tokenizer: It knows the padding.
    """

    tokenizer: PreTrainedTokenizerBase

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Turn rows of `robustlab.models.tokenise` into a batch."""
        pad = DataCollatorWithPadding(self.tokenizer)
        return _collate(rows, lambda found: dict(pad(found)))


@dataclass(frozen=True)
class DocumentCollator:
    """Pad encoded documents, and those of each companion, which may have answers of their own.

    Args:
        reader: Of the reasoner; it knows the padding.
    """

    reader: DocumentReader

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Turn rows of `document_row` into a batch."""
        return _collate(rows, self.reader.pad)


def _collate(rows: Sequence[Mapping[str, Any]], pad: Callable[[list[Any]], dict[str, Tensor]]) -> dict[str, Tensor]:
    parts = [_split(row) for row in rows]
    batch = pad([own for own, _ in parts])
    for name in parts[0][1]:
        padded = pad([others[name] for _, others in parts])
        batch |= {f"{name}_{column}": value for column, value in padded.items() if column in ENCODED}
    return batch


def document_row(reader: DocumentReader, document: Document, **companions: Document) -> Row:
    """A document and its companions as a row for `DocumentCollator`.

    Args:
        reader: Of the reasoner.
        document: With its answer.
        **companions: Other documents with their answers, by names among `COMPANIONS`.

    Raises: ValueError: If a companion has another name.
    """
    row = reader.encode(document)
    for name, other in companions.items():
        if name not in COMPANIONS:
            raise ValueError(f"a companion is one of {', '.join(COMPANIONS)}, got {name!r}")
        row |= {f"{name}_{column}": value for column, value in reader.encode(other).items() if column in ENCODED}
    return row


def for_evaluation(batch: Mapping[str, Any]) -> dict[str, Any]:
    """A batch without the columns that only training needs."""
    return {name: value for name, value in batch.items() if name not in ONLY_TRAINING}


def landscape_of(
    model: Any, batch: Mapping[str, Tensor], *, site: Site | None, noise: Noise, seed: int
) -> HookedLandscape:
    """The landscape of a batch, with a companion for each other text that its rows have.

    Labels of several words [b t] make it a `GenerationLandscape`. A companion has the labels of the batch unless it has
    its own, and replays the same dropout masks, as far as its padding allows.

    Args:
        model: A sequence classifier or a model that generates, unwrapped.
        batch: A batch of a collator's.
        site: What is perturbed.
        noise: Dropout of the forwards.
        seed: Of the dropout masks.
    """
    own, others = _split(batch)
    writes = own["labels"].dim() == 2 if "labels" in own else False
    kind = GenerationLandscape if writes else TransformerLandscape
    kept = {name: own[name] for name in ("labels", "example_id") if name in own}
    options = {"site": site, "noise": noise, "seed": seed}
    companions = {name: kind(model, kept | other, **options) for name, other in others.items()}
    return kind(model, own, **options, companions=companions)


def generator_of(batch: Mapping[str, Tensor], *, seed: int, step: int, micro_step: int, rank: int) -> Randomness:
    """Where the random starts of a batch come from: keyed by the example, where the rows say which they are."""
    when = (seed, "start", step)
    if (examples := batch.get("example_id")) is not None:
        return ExampleGenerators(examples.tolist(), *when)
    return torch.Generator().manual_seed(key(*when, micro_step, rank))
