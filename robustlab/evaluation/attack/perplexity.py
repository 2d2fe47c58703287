"""Perplexity by a causal language model of transformers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F

from robustlab.models.packing import steady
from robustlab.models.reading import pad

Perplexity = Callable[[Sequence[str]], list[float | None]]
"""Texts -> perplexities; None for a text of fewer than two tokens, which predicts nothing."""


def perplexity_by(name: str, device: torch.device | str = "cpu", *, batch_size: int = 32) -> Perplexity:
    """Make a function from texts to perplexities, exp of a token's mean negative log-likelihood given those before.

    Args:
        name: A causal language model: a folder, or a name in the hub's cache; nothing is downloaded.
        device: Where it runs.
        batch_size: Rows of a forward.
    Raises: FileNotFoundError: If there is no such model on this machine.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(name, local_files_only=True).to(device).eval()
    except OSError as error:
        raise FileNotFoundError(
            f"no language model {name!r} for the perplexity: neither a folder that holds one nor in the hub's cache; "
            f"download it with `hf download {name}`, give a folder, or leave it out"
        ) from error
    longest = min(tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None) or 1024)

    packing = steady(batch_size, model.device)

    @torch.inference_mode()
    def measure(texts: Sequence[str]) -> list[float | None]:
        ids = [tuple(tokenizer(text, truncation=True, max_length=longest)["input_ids"]) for text in texts]
        found: list[float | None] = [None] * len(ids)
        rated = [row for row in range(len(ids)) if len(ids[row]) > 1]
        for places, length in packing([len(ids[row]) for row in rated]):
            chosen = [rated[place] for place in places]
            batch = pad([(ids[row],) for row in chosen], length, 0, model.device)
            tokens, mask = batch["input_ids"], batch["attention_mask"]
            logits = model(**batch).logits[:, :-1].float()
            losses = F.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none") * mask[:, 1:]
            means = losses.sum(1) / mask[:, 1:].sum(1)
            for row, mean in zip(chosen, means.tolist(), strict=True):
                found[row] = round(math.exp(min(mean, 700.0)), 4)
        return found

    return measure
