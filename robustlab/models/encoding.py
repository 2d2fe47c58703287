"""Text in, token ids or logits out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from robustlab.models.packing import sorted_by_length
from robustlab.models.reading import Reader, Text, encode

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Predict = Callable[[Sequence[Text]], Tensor]
"""Texts -> logits [n c], on the CPU, in the order of the texts."""
ATTACKED = "attacked_"
"""What the columns of a row's attacked text begin with."""


def tokenise(dataset: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int = 128) -> Dataset:
    """Turn rows of text into rows of token ids, without padding.

    Args:
        dataset: Columns `text`, optional `text_pair`, `label` and `example_id`; for methods that train on attacked text
            also `attacked_text`, and `attacked_text_pair` where the attack changed the pair.
        tokenizer: The model's tokenizer.
        max_length: Longer rows are cut to this many tokens.
    Returns: Columns `input_ids`, `attention_mask`, `token_type_ids` where the model has them, the same with
        `attacked_` before their names if there is attacked text, `labels`, `example_id`, `length` (of the text itself).
    Raises: ValueError: If a column is missing or `max_length` leaves no room for text.
    """
    from datasets import Dataset

    for column in ("text", "label", "example_id"):
        if column not in dataset.column_names:
            raise ValueError(f"expected a column {column!r}, got {', '.join(dataset.column_names)}")
    pairs = _column(dataset, "text_pair")
    encoded = encode(list(dataset["text"]), pairs, tokenizer, max_length)
    lengths = [len(ids) for ids in encoded["input_ids"]]
    if (attacked := _column(dataset, ATTACKED + "text")) is not None:
        other = encode(attacked, _column(dataset, ATTACKED + "text_pair") or pairs, tokenizer, max_length)
        encoded |= {ATTACKED + name: ids for name, ids in other.items()}
    rows = {"labels": list(dataset["label"]), "example_id": list(dataset["example_id"]), "length": lengths}
    return Dataset.from_dict({**encoded, **rows})


def _column(dataset: Dataset, name: str) -> list[str] | None:
    return list(dataset[name]) if name in dataset.column_names else None


def predictor(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    batch_size: int = 256,
    max_length: int = 128,
    device: torch.device | str | None = None,
) -> Reader:
    """Make a function from texts to logits.

    Texts are batched by length and padded to the longest of their batch. The model is put into evaluation mode for the
    call and back afterwards.

    Args:
        model: A sequence classifier.
        tokenizer: Its tokenizer.
        batch_size: Texts in one forward.
        max_length: Longer texts are cut to this many tokens.
        device: Where to run; where the model is, if not given.
    Raises: ValueError: If `batch_size` is not positive or `max_length` leaves no room for text.
    """
    if device is not None:
        model.to(device)
    return Reader(model, tokenizer, logits, sorted_by_length(batch_size), max_length=max_length)


def logits(output: Any, mask: Tensor) -> Tensor:
    """What a classifier says [b c]."""
    return output.logits
