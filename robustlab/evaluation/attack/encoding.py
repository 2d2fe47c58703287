"""Sentence embeddings by MiniLM, for many searches at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from robustlab import resources
from robustlab.models import Reader
from robustlab.models.loading import minilm_place
from robustlab.models.packing import in_fours, steady

LONGEST = 256  # tokens; what the encoder was trained on

Encode = Callable[[Sequence[str]], Tensor]
"""Texts -> embeddings of length 1 [n d]."""


def minilm_encoder(device: torch.device | str = "cpu", *, batch_size: int = 16) -> Reader:
    """The sentence encoder all-MiniLM-L6-v2: the mean of a text's token states, scaled to length 1.

    Args:
        device: Where it runs.
        batch_size: Rows of a forward.
    Raises: MissingResourceError: If it is not on this machine.
    Source: The pooling that the model's own card gives (Reimers and Gurevych, Sentence-BERT, EMNLP 2019).
    """
    from transformers import AutoModel, AutoTokenizer

    resources.require("minilm")
    place, revision = minilm_place()
    tokenizer = AutoTokenizer.from_pretrained(place, revision=revision or "main", local_files_only=True)
    model = AutoModel.from_pretrained(place, revision=revision or "main", local_files_only=True).to(device)
    return Reader(model, tokenizer, mean, steady(batch_size, model.device), around=in_fours, max_length=LONGEST)


def universal_encoder() -> Callable[[list[str]], Tensor]:
    """The Universal Sentence Encoder, by TensorFlow Hub.

    Its embeddings may differ in the last digit with the batch that a text is in.

    Raises: MissingResourceError: If it, or TensorFlow Hub, is not on this machine.
    Source: Cer et al., Universal Sentence Encoder, EMNLP 2018.
    """
    place = resources.require("universal-sentence-encoder")["universal-sentence-encoder"]
    model = importlib.import_module("tensorflow_hub").load(str(place))

    def encode(texts: list[str]) -> Tensor:
        found = model(texts)
        return torch.from_numpy((found["outputs"] if isinstance(found, dict) else found).numpy())

    return encode


def mean(output: Any, mask: Tensor) -> Tensor:
    """The mean of the states of a text's tokens, scaled to length 1.

    Shapes: mask [b l]; result [b d].
    """
    weights = mask[..., None].to(output.last_hidden_state.dtype)
    return F.normalize((output.last_hidden_state * weights).sum(1) / weights.sum(1).clamp(min=1), dim=1)
