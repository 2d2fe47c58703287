"""The models of an attack, each behind a service: the victim, a sentence encoder, a masked language model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from robustlab.evaluation.attack.encoding import minilm_encoder, universal_encoder
from robustlab.evaluation.attack.masked_lm import ServedMaskedLM, answers, load_masked_lm
from robustlab.evaluation.attack.names import Recipe
from robustlab.evaluation.attack.served import Served
from robustlab.evaluation.attack.services import Service
from robustlab.models import Loaded, Reader
from robustlab.models.encoding import logits
from robustlab.models.packing import in_fours, steady

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

REMEMBERED = 50_000  # texts; as embeddings of 384 numbers 80 MB


@dataclass(frozen=True)
class Bench:
    """What an attack runs on.

    Attributes:
        loaded: The classifier under attack, where it is to run.
        recipe: The recipe.
        batch_size: Rows of a forward; on an accelerator it decides an answer's last digits.
        max_length: Longer texts are cut to this many tokens; None takes what the model can read.
    """

    loaded: Loaded
    recipe: Recipe
    batch_size: int = 16
    max_length: int | None = None

    @property
    def device(self) -> torch.device:
        """Where everything runs."""
        return self.loaded.model.device

    @property
    def longest(self) -> int:
        """Tokens after which the classifier's texts are cut."""
        return self.max_length or readable(self.loaded)

    @cached_property
    def predict(self) -> Reader:
        """Texts -> logits [n c], each a function of its text alone."""
        return Reader(
            *self.loaded, logits, steady(self.batch_size, self.device), around=in_fours, max_length=self.longest
        )

    @cached_property
    def victim(self) -> Served:
        """Texts -> logits [n c]."""
        return Served("the classifier", self.predict.tokens, self.predict.rows, remembered=REMEMBERED)

    @cached_property
    def encoder(self) -> Served:
        """Texts -> embeddings [n d]."""
        reader = minilm_encoder(self.device, batch_size=self.batch_size)
        return Served("the sentence encoder", reader.tokens, reader.rows, remembered=REMEMBERED)

    @cached_property
    def universal(self) -> Served:
        """Texts -> embeddings by the Universal Sentence Encoder [n d]."""
        return Served("the Universal Sentence Encoder", list, universal_encoder(), remembered=REMEMBERED)

    @cached_property
    def masked_lm(self) -> tuple[ServedMaskedLM, PreTrainedTokenizerBase]:
        """What stands where the recipe keeps its masked language model, and the tokenizer."""
        model, tokenizer = load_masked_lm(self.recipe)
        model.to(self.device)
        answer = answers(model, tokenizer.mask_token_id, tokenizer.pad_token_id, batch_size=self.batch_size)
        service = Service("the masked language model", answer)
        return ServedMaskedLM(model, service, tokenizer.mask_token_id), tokenizer


def readable(loaded: Loaded) -> int:
    """Tokens that a classifier can read at once; 512 where neither model nor tokenizer names a limit."""
    config = loaded.model.config
    limits = (loaded.tokenizer.model_max_length, getattr(config, "max_position_embeddings", None) or 10**9)
    pads = config.pad_token_id or 0
    # RoBERTa's positions begin after the padding token's number.
    offset = pads + 1 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
    least = min(limits[0], limits[1] - offset)
    return least if least < 10**6 else 512
