"""Load an encoder without a head by name, for pre-training, and read sentences with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch

from robustlab.models.loading import load
from robustlab.models.packing import sorted_by_length
from robustlab.models.reading import Reader

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LABELS = ("no", "yes")  # of the classifier that an encoder is taken out of; nothing of it is kept


class Encoder(NamedTuple):
    """An encoder and the tokenizer it reads with."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


def load_encoder(name: str, *, texts: Iterable[str] | None = None, seed: int = 0) -> Encoder:
    """Load what a classifier of `robustlab.models.load` stands on: the same names, the same weights, no head.

    Args:
        name: `tiny`, `minilm`, a folder or a name on the hub.
        texts: What the tokenizer of `tiny` is trained on; not used by the others.
        seed: Seeds the weights that no checkpoint holds.

    Raises:
        ValueError: If `tiny` has no texts, or the tokenizer has no mask to hide words behind.
        FileNotFoundError: If no model of that name is found; the message says what was tried.
    """
    classifier, tokenizer = load(name, labels=LABELS, texts=texts, seed=seed)
    if tokenizer.mask_token_id is None:
        raise ValueError(
            f"the tokenizer of {name} has no mask token, so there is nothing to hide words behind; pre-training needs "
            "an encoder that was made for masked words, such as minilm, BERT, RoBERTa or DeBERTa"
        )
    encoder = classifier.base_model
    encoder.config.architectures = [type(encoder).__name__]
    return Encoder(encoder.eval(), tokenizer)


def represent(encoder: Encoder, texts: Iterable[str], *, batch_size: int = 64, max_length: int = 128) -> torch.Tensor:
    """The mean of the last states over the tokens of each text, in evaluation mode and on the CPU.

    Args:
        encoder: With its tokenizer.
        texts: Read in batches of like length, returned in their order.
        batch_size: Texts in one forward.
        max_length: Longer texts are cut to this many tokens.

    Shapes: result [n d].

    Raises: ValueError: If there are no texts.
    """
    wanted = list(texts)
    if not wanted:
        raise ValueError("expected at least one text, got none")
    return _reader(encoder, batch_size, max_length)(wanted)


def represent_ids(encoder: Encoder, rows: Iterable[Sequence[int]], *, batch_size: int = 64) -> torch.Tensor:
    """The same of texts that are tokenised already.

    Args:
        encoder: With its tokenizer.
        rows: Token ids of each text.
        batch_size: Texts in one forward.

    Shapes: result [n d].
    """
    return _reader(encoder, batch_size, encoder.model.config.max_position_embeddings).rows(
        [(tuple(ids),) for ids in rows]
    )


def _reader(encoder: Encoder, batch_size: int, max_length: int) -> Reader:
    return Reader(encoder.model, encoder.tokenizer, mean_state, sorted_by_length(batch_size), max_length=max_length)


def mean_state(output: object, mask: torch.Tensor) -> torch.Tensor:
    """The mean over the tokens of each text."""
    hidden = output[0]  # type: ignore[index]  # a tuple or a ModelOutput, both of which count
    share = mask.to(hidden.dtype) / mask.sum(1, keepdim=True).clamp_min(1)
    return torch.einsum("bld,bl->bd", hidden, share)
