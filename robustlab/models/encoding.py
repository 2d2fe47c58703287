"""Text in, token ids or logits out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Text = str | tuple[str, str]
"""One text, or a text and its pair."""
Predict = Callable[[Sequence[Text]], Tensor]
"""Texts -> logits [n c], on the CPU, in the order of the texts."""
ATTACKED = "attacked_"
"""What the columns of a row's attacked text begin with."""
Read = Callable[[Any, Tensor], Tensor]
"""A model's output and the attention mask [b l] -> a row for each text [b c]."""
WORTHWHILE, PADDED = 8, 1.2  # a batch of 8 rows may end where padding would pass a fifth of its tokens


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
    encoded = _encode(list(dataset["text"]), pairs, tokenizer, max_length)
    lengths = [len(ids) for ids in encoded["input_ids"]]
    if (attacked := _column(dataset, ATTACKED + "text")) is not None:
        other = _encode(attacked, _column(dataset, ATTACKED + "text_pair") or pairs, tokenizer, max_length)
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
) -> Predict:
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
    return reader(model, tokenizer, _logits, batch_size=batch_size, max_length=max_length, device=device)


def reader(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    read: Read,
    *,
    batch_size: int = 256,
    max_length: int = 128,
    device: torch.device | str | None = None,
) -> Predict:
    """Make a function from texts to whatever is read off a model's output; batches and errors as in `predictor`.

    Args:
        model: Any model of transformers.
        tokenizer: Its tokenizer.
        read: Takes the model's output and the attention mask [b l], gives a row for each text [b c].
        batch_size: Texts in one forward.
        max_length: Longer texts are cut to this many tokens.
        device: Where to run; where the model is, if not given.
    Raises: ValueError: If `batch_size` is not positive or `max_length` leaves no room for text.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be positive, got {batch_size}")
    _check_length(tokenizer, max_length, pair=False)
    if device is not None:
        model.to(device)

    @torch.inference_mode()
    def answer(texts: Sequence[Text]) -> Tensor:
        if not texts:
            return torch.zeros(0, getattr(model.config, "num_labels", 0))
        rows = _rows(texts, tokenizer, max_length)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]["input_ids"]))
        found: list[Tensor] = []
        with _evaluating(model):
            for chosen in sections([len(rows[row]["input_ids"]) for row in order], batch_size):
                batch = _pad([rows[row] for row in order[chosen]], tokenizer.pad_token_id, model.device)
                found.append(read(model(**batch), batch["attention_mask"]).float().cpu())
        ordered = torch.cat(found)
        return torch.empty_like(ordered).index_copy_(0, torch.tensor(order), ordered)

    return answer


def sections(lengths: Sequence[int], batch_size: int) -> Iterator[slice]:
    """Cut rows that are sorted by length into batches that hold little padding.

    Args:
        lengths: Ascending, in tokens.
        batch_size: Most rows in a batch.
    """
    first = 0
    while first < len(lengths):
        end, tokens = first, 0
        while end < len(lengths) and end - first < batch_size:
            padded = (end - first + 1) * lengths[end]
            if end - first >= WORTHWHILE and padded > PADDED * (tokens + lengths[end]):
                break
            tokens += lengths[end]
            end += 1
        yield slice(first, end)
        first = end


def _logits(output: Any, mask: Tensor) -> Tensor:
    return output.logits


def _rows(texts: Sequence[Text], tokenizer: PreTrainedTokenizerBase, max_length: int) -> list[dict[str, list[int]]]:
    paired = [isinstance(text, tuple) for text in texts]
    if any(paired) and not all(paired):
        raise TypeError(f"texts must be all strings or all pairs, got {sum(paired)} pairs among {len(paired)}")
    firsts = [text[0] if isinstance(text, tuple) else text for text in texts]
    seconds = [text[1] for text in texts] if all(paired) else None
    encoded = _encode(firsts, seconds, tokenizer, max_length)
    return [dict(zip(encoded, row, strict=True)) for row in zip(*encoded.values(), strict=True)]


def _encode(
    texts: list[str], pairs: list[str] | None, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> dict[str, list[list[int]]]:
    _check_length(tokenizer, max_length, pair=pairs is not None)
    encoded = tokenizer(texts, pairs, truncation=True, max_length=min(max_length, tokenizer.model_max_length))
    wanted = ("input_ids", "attention_mask", "token_type_ids")
    return {name: encoded[name] for name in wanted if name in encoded}


def _check_length(tokenizer: PreTrainedTokenizerBase, max_length: int, *, pair: bool) -> None:
    special = tokenizer.num_special_tokens_to_add(pair=pair)
    if max_length <= special:
        raise ValueError(f"max_length must be above {special}, the tokens every row has, got {max_length}")


def _pad(rows: list[dict[str, list[int]]], pad_token_id: int, device: torch.device) -> dict[str, Tensor]:
    """Pad on the right, whatever the tokenizer's side: every family here reads right-padded rows."""
    longest = max(len(row["input_ids"]) for row in rows)
    fill = {name: pad_token_id if name == "input_ids" else 0 for name in rows[0]}
    padded = {name: [row[name] + [fill[name]] * (longest - len(row[name])) for row in rows] for name in fill}
    return {name: torch.tensor(values, device=device) for name, values in padded.items()}


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
