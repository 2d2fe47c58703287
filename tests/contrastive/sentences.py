"""A batch of sentences for a tiny encoder: documents of two, three and one sentences, as a trainer collates them."""

import torch
from torch import Tensor
from transformers import BertConfig, BertModel

from robustlab.training.sentence_batches import Masking

WORDS, PAD, CLS, SEP, MASK, FIRST = 60, 0, 1, 2, 3, 5
DOCUMENTS = (2, 3, 1)
THERE = (True, False, False, False, True, True)
MASKING = Masking(mask=MASK, special=(PAD, CLS, SEP, MASK), words=WORDS)


def encoder(*, dropout: float = 0.0, seed: int = 0) -> BertModel:
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=WORDS, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=16, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
        attn_implementation="eager",
    )  # fmt: skip
    return BertModel(config).double()


def text(seed: int, lengths: tuple[int, ...] = (5, 7, 4, 6, 7, 3)) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.full((len(lengths), max(lengths)), PAD)
    for row, length in zip(ids, lengths, strict=True):
        row[:length] = torch.randint(FIRST, WORDS, (length,), generator=generator)
        row[0], row[length - 1] = CLS, SEP
    return {"input_ids": ids, "attention_mask": ids.ne(PAD).long()}


def batch() -> dict[str, Tensor]:
    found = text(0) | {
        "document": torch.tensor([number for number, n in enumerate(DOCUMENTS) for _ in range(n)]),
        "example_id": torch.arange(10, 10 + sum(DOCUMENTS)),
        "negative_there": torch.tensor(THERE),
    }
    for seed, name in ((1, "view"), (2, "negative")):
        found |= {f"{name}_{column}": value for column, value in text(seed, (4, 6, 6, 5, 5, 4)).items()}
    return found
