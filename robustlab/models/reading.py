"""Texts through a model: tokenised, batched by length, and each answered in the order in which it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from robustlab.models.packing import Packing

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Text = str | tuple[str, str]
"""One text, or a text and its pair."""
Tokens = tuple[tuple[int, ...], ...]
"""A text as a model reads it: token ids, and token types where the model has them."""
Read = Callable[[Any, Tensor], Tensor]
"""A model's output and the attention mask [b l] -> a row for each text [b c]."""

Around = Callable[[nn.Module], AbstractContextManager[object]]
"""A context that a model is read in."""

WANTED = ("input_ids", "attention_mask", "token_type_ids")


class Reader:
    """Texts -> whatever is read off a model's output [n c], on the CPU, in the order of the texts.

    The model is put into evaluation mode for the call and back afterwards.

    Args:
        model: Any model of transformers.
        tokenizer: Its tokenizer.
        read: What is read off its output.
        packing: How texts share forwards.
        around: What is done to the model for the time of a call.
        max_length: Longer texts are cut to this many tokens.
    Raises: ValueError: If `max_length` leaves no room for text.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        read: Read,
        packing: Packing,
        *,
        around: Around = nullcontext,
        max_length: int = 128,
    ) -> None:
        check_length(tokenizer, max_length, pair=False)
        self.model, self.tokenizer, self.read, self.packing = model, tokenizer, read, packing
        self.around, self.max_length = around, max_length

    def __call__(self, texts: Sequence[Text]) -> Tensor:
        """Read texts."""
        return self.rows(self.tokens(texts))

    def tokens(self, texts: Sequence[Text]) -> list[Tokens]:
        """Tokenise texts; texts that the model cannot tell apart give the same tokens.

        Raises: TypeError: If some texts are pairs and some are not.
        """
        paired = [isinstance(text, tuple) for text in texts]
        if any(paired) and not all(paired):
            raise TypeError(f"texts must be all strings or all pairs, got {sum(paired)} pairs among {len(paired)}")
        if not texts:
            return []
        firsts = [text[0] if isinstance(text, tuple) else text for text in texts]
        seconds = [text[1] for text in texts] if all(paired) else None
        encoded = encode(firsts, seconds, self.tokenizer, self.max_length)
        columns = [encoded[name] for name in ("input_ids", "token_type_ids") if name in encoded]
        return [tuple(map(tuple, row)) for row in zip(*columns, strict=True)]

    @torch.no_grad()
    def rows(self, tokens: Sequence[Tokens]) -> Tensor:
        """Read texts that are tokenised."""
        if not tokens:
            return torch.zeros(0, getattr(self.model.config, "num_labels", 0))
        found: list[Tensor] = [torch.empty(0)] * len(tokens)
        with _evaluating(self.model), self.around(self.model):
            for chosen, length in self.packing([len(row[0]) for row in tokens]):
                batch = pad([tokens[row] for row in chosen], length, self.tokenizer.pad_token_id, self.model.device)
                read = self.read(self.model(**batch), batch["attention_mask"]).float().cpu()
                for row, value in zip(chosen, read.unbind(), strict=True):
                    found[row] = value
        return torch.stack(found)


def pad(rows: Sequence[Tokens], length: int, pad_token_id: int, device: torch.device) -> dict[str, Tensor]:
    """Pad on the right, whatever the tokenizer's side: every family here reads right-padded rows.

    Args:
        rows: Tokenised texts.
        length: Tokens of each row of the batch.
        pad_token_id: What ids are padded with; types and mask with 0.
        device: Where the batch goes.
    """
    gaps = [length - len(row[0]) for row in rows]
    batch = {
        "input_ids": [[*row[0], *[pad_token_id] * gap] for row, gap in zip(rows, gaps, strict=True)],
        "attention_mask": [[1] * (length - gap) + [0] * gap for gap in gaps],
    }
    if len(rows[0]) > 1:
        batch["token_type_ids"] = [[*row[1], *[0] * gap] for row, gap in zip(rows, gaps, strict=True)]
    return {name: torch.tensor(values, device=device) for name, values in batch.items()}


def encode(
    texts: list[str], pairs: list[str] | None, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> dict[str, list[list[int]]]:
    """Token ids, mask and, where the model has them, types, without padding.

    Raises: ValueError: If `max_length` leaves no room for text.
    """
    check_length(tokenizer, max_length, pair=pairs is not None)
    encoded = tokenizer(texts, pairs, truncation=True, max_length=min(max_length, tokenizer.model_max_length))
    return {name: encoded[name] for name in WANTED if name in encoded}


def check_length(tokenizer: PreTrainedTokenizerBase, max_length: int, *, pair: bool) -> None:
    """Refuse a length that leaves no room for text.

    Raises: ValueError: If it does.
    """
    special = tokenizer.num_special_tokens_to_add(pair=pair)
    if max_length <= special:
        raise ValueError(f"max_length must be above {special}, the tokens every row has, got {max_length}")


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
