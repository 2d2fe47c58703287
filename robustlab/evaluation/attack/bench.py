"""The models of an attack, each behind a service: the victim, a sentence encoder, a masked language model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from robustlab.evaluation.attack.encoding import minilm_encoder
from robustlab.evaluation.attack.masked_lm import ServedMaskedLM, answers, load_masked_lm
from robustlab.evaluation.attack.names import Recipe
from robustlab.evaluation.attack.services import Service
from robustlab.models import Loaded, predictor

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

REMEMBERED = 50_000  # embeddings of 384 numbers: 80 MB


@dataclass(frozen=True)
class Bench:
    """What an attack runs on.

    Attributes:
        loaded: The classifier under attack, where it is to run.
        recipe: The recipe.
        batch_size: Texts in one forward.
        max_length: Longer texts are cut to this many tokens; None takes what the model can read.
    """

    loaded: Loaded
    recipe: Recipe
    batch_size: int = 128
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
    def victim(self) -> Service:
        """Texts -> logits [c]."""
        predict = predictor(*self.loaded, batch_size=self.batch_size, max_length=self.longest)
        return Service("the classifier", lambda texts: predict(texts).unbind())

    @cached_property
    def encoder(self) -> Service:
        """Texts -> embeddings [d]."""
        encode = minilm_encoder(self.device, batch_size=self.batch_size)
        return Service("the sentence encoder", lambda texts: encode(texts).unbind(), remembered=REMEMBERED)

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
