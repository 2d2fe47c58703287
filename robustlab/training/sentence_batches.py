"""What unlabelled text becomes: rows of neighbouring sentences, padded batches, masks, a landscape of each batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from datasets import Dataset
from jaxtyping import Bool, Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from robustlab.ascent.checks import positive
from robustlab.contrastive.landscape import ContrastiveLandscape
from robustlab.landscape.hooked import Noise
from robustlab.models.reading import encode
from robustlab.randomness import Randomness, draw, key

OTHERS = ("view", "negative")
"""Texts that a sentence may have beside it: a positive, and what it must be told from."""
MASKED, RANDOM = 0.8, 0.1  # of the chosen words: hidden, and replaced by any word; the rest stays (BERT)
Other = Callable[[str, int], str | None]
"""A sentence and its number -> another text, or none."""


def sentence_rows(
    texts: Sequence[Sequence[str]],
    tokenizer: PreTrainedTokenizerBase,
    *,
    sentences: int = 4,
    max_length: int = 64,
    others: Mapping[str, Other] | None = None,
) -> Dataset:
    """Cut documents into runs of neighbouring sentences and tokenise them with what stands beside them.

    Args:
        texts: Documents as lists of sentences.
        tokenizer: The encoder's.
        sentences: Of a run, at most.
        max_length: Longer sentences are cut to this many tokens.
        others: "view" and "negative", as far as they are wanted.

    Returns: A row a run: `ids`, `view_ids` and `negative_ids` are lists of token ids, one a sentence, empty where there
        is no such text; `example_id` are the numbers of its sentences, `length` is that of its longest.

    Raises: ValueError: If there are no sentences, or a number is not positive.
    """
    positive("sentences", sentences)
    others = others or {}
    if unknown := set(others) - set(OTHERS):
        raise ValueError(f"others must be among {', '.join(OTHERS)}, got {', '.join(sorted(unknown))}")
    flat = [sentence for text in texts for sentence in text]
    if not flat:
        raise ValueError("expected at least one sentence to pre-train on, got none")
    columns = {"ids": _tokens(flat, tokenizer, max_length)}
    for name, other in others.items():
        made = [other(sentence, number) for number, sentence in enumerate(flat)]
        columns[f"{name}_ids"] = _tokens(made, tokenizer, max_length)
    rows: dict[str, list[Any]] = {name: [] for name in (*columns, "example_id", "length")}
    first = 0
    for text in texts:
        for start in range(first, first + len(text), sentences):
            run = range(start, min(start + sentences, first + len(text)))
            for name, column in columns.items():
                rows[name].append([column[number] for number in run])
            rows["example_id"].append(list(run))
            rows["length"].append(max(len(columns["ids"][number]) for number in run))
        first += len(text)
    return Dataset.from_dict(rows)


def _tokens(texts: Sequence[str | None], tokenizer: PreTrainedTokenizerBase, max_length: int) -> list[list[int]]:
    encoded = encode([text or "" for text in texts], None, tokenizer, max_length)["input_ids"]
    return [list(ids) if text else [] for text, ids in zip(texts, encoded, strict=True)]


@dataclass(frozen=True)
class SentenceCollator:
    """Put the runs of a batch one behind the other and pad their sentences.

    Args:
        tokenizer: It knows the padding.
    """

    tokenizer: PreTrainedTokenizerBase

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """Turn rows of `sentence_rows` into a batch: [n l] for each text, `document` and `example_id` [n].

        A sentence without a negative has itself in the negative's place, and False in `negative_there`.
        """
        sentences = [ids for row in rows for ids in row["ids"]]
        batch = self._padded(sentences)
        batch["document"] = torch.tensor([number for number, row in enumerate(rows) for _ in row["ids"]])
        batch["example_id"] = torch.tensor([number for row in rows for number in row["example_id"]])
        for name in OTHERS:
            if f"{name}_ids" in rows[0]:
                other = [ids for row in rows for ids in row[f"{name}_ids"]]
                filled = [ids or own for ids, own in zip(other, sentences, strict=True)]
                batch |= {f"{name}_{column}": value for column, value in self._padded(filled).items()}
                if name == "negative":
                    batch["negative_there"] = torch.tensor([bool(ids) for ids in other])
        return batch

    def _padded(self, sentences: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        length = max(map(len, sentences))
        ids = torch.full((len(sentences), length), cast(int, self.tokenizer.pad_token_id))
        for row, own in zip(ids, sentences, strict=True):
            row[: len(own)] = torch.tensor(own)
        lengths = torch.tensor([len(own) for own in sentences])
        return {"input_ids": ids, "attention_mask": (torch.arange(length) < lengths[:, None]).long()}


@dataclass(frozen=True, kw_only=True)
class Masking:
    """Which words are hidden.

    Args:
        mask: The id of the mask.
        special: Ids that are no words: never hidden.
        words: Size of the vocabulary.
        rate: Share of the words of a sentence, of which there is always one.

    Raises: ValueError: If the rate is not a share.
    """

    mask: int
    special: tuple[int, ...]
    words: int
    rate: float = 0.15

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1:
            raise ValueError(f"rate must be a share above 0 and at most 1, got {self.rate}")

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, rate: float = 0.15) -> Masking:
        """As a tokenizer has it."""
        return cls(
            mask=cast(int, tokenizer.mask_token_id),
            special=tuple(tokenizer.all_special_ids),
            words=len(tokenizer),
            rate=rate,
        )

    def __call__(self, ids: Int[Tensor, "n l"], generator: Randomness) -> tuple[Tensor, Tensor]:
        """The text with some words hidden, and these words [n l], -100 elsewhere; the same for the same example."""
        free = ~torch.isin(ids, torch.tensor(self.special, device=ids.device))
        chance, fate, word = (self._uniform(ids, free, generator) for _ in range(3))
        chosen = free & ((chance < self.rate) | self._least(chance, free))
        labels = ids.masked_fill(~chosen, -100)
        hidden = ids.masked_fill(chosen & (fate < MASKED), self.mask)
        other = (word * self.words).long().clamp_max(self.words - 1)
        return torch.where(chosen & (fate >= MASKED) & (fate < MASKED + RANDOM), other, hidden), labels

    @staticmethod
    def _uniform(ids: Tensor, free: Bool[Tensor, "n l"], generator: Randomness) -> Tensor:
        return draw(ids.shape, free.float(), lambda noise, own: noise.uniform_(generator=own), generator)

    @staticmethod
    def _least(chance: Tensor, free: Bool[Tensor, "n l"]) -> Bool[Tensor, "n l"]:
        lowest = chance.masked_fill(~free, torch.inf).amin(1, keepdim=True)
        return free & (chance == lowest)


def sentences_of(
    model: Any,
    batch: Mapping[str, Tensor],
    *,
    masking: Masking | None,
    temperature: float,
    noise: Noise,
    seed: int,
    generator: Randomness,
) -> ContrastiveLandscape:
    """The landscape of a batch, with a companion for each other text and one for the text with hidden words.

    Args:
        model: An encoder, unwrapped.
        batch: A batch of the collator's.
        masking: Which words are hidden; None for no such companion.
        temperature: τ of the loss that adversarial views climb.
        noise: Dropout of the forwards.
        seed: Of the dropout masks.
        generator: Of the hidden words.
    """
    own, parts = {}, {name: {} for name in OTHERS}
    for column, value in batch.items():
        whose, _, name = column.partition("_")
        if whose in OTHERS and name != "there":
            parts[whose][name] = value
        else:
            own[column] = value
    if masking is not None:
        hidden, labels = masking(own["input_ids"], generator)
        parts["masked"] = {"input_ids": hidden, "attention_mask": own["attention_mask"], "labels": labels}
    given = {"temperature": temperature, "noise": noise}
    companions = {
        name: ContrastiveLandscape(model, part, seed=key(seed, name), **given) for name, part in parts.items() if part
    }
    return ContrastiveLandscape(model, own, seed=seed, companions=companions, **given)
